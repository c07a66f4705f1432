"""Held-out rows through the network after each epoch: outputs and loss in one call."""

from typing import Any

import keras
import numpy as np

from imbalanced_nn.data import take_rows
from imbalanced_nn.training.backends import passes_module, tensors
from imbalanced_nn.training.batches import as_network_input
from imbalanced_nn.training.fixed_batches import fixed_batch_size
from imbalanced_nn.training.forward_pass import forward, forward_blocks, padded_tensors

__all__ = ["HeldOutPass"]

_PASSES = passes_module()


class HeldOutPass:
    """Outputs and loss of the same rows by a network that changes.

    Few rows are gathered once and kept as tensors, more are read block by block each time.

    Parameters
    ----------
    X, y : array, sparse matrix, or list or dict of arrays
        Encoded inputs and targets.
    rows : ndarray of int
        The rows to judge by.
    sample_weight : ndarray or None
        Weights of all rows of X in the loss.
    with_loss : bool
        Whether the loss is wanted.
    """

    def __init__(
        self, X: Any, y: Any, rows: np.ndarray, sample_weight: np.ndarray | None, with_loss: bool
    ):
        self._X, self._rows = X, rows
        self._targets = []
        if with_loss:
            given = [take_rows(y, rows), None if sample_weight is None else sample_weight[rows]]
            self._targets = [tensors.as_tensors(part) for part in given if part is not None]
        self._inputs = None
        self.ready: tuple[np.ndarray, np.ndarray] | None = None
        if len(forward_blocks(X, len(rows))) == 1:
            self._inputs = padded_tensors(as_network_input(take_rows(X, rows)), len(rows))

    @property
    def tensors(self) -> list[Any]:
        """Inputs, targets and weights; empty unless one call can judge all rows."""
        single = tensors.is_tensor(self._inputs) and self._targets
        return [self._inputs, *self._targets] if single else []

    def __call__(self, model: keras.Model) -> tuple[np.ndarray, float | None]:
        """Return the outputs, and the loss where it is wanted.

        What is `ready`, because an epoch's own program computed it, is returned once.
        """
        if self.ready is not None:
            (outputs, loss), self.ready = self.ready, None
            return outputs, float(loss)
        if self.tensors and fixed_batch_size(model) is None:
            return _PASSES.judge_rows(model, self.tensors)
        outputs = forward(model, self._X, self._rows)
        if not self._targets:
            return outputs, None
        return outputs, _PASSES.held_out_loss(model, outputs, self._targets)
