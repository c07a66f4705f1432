"""Held-out rows through the network after each epoch: outputs and loss in one call."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from imbalanced_nn.data import take_rows
from imbalanced_nn.training.batches import as_network_input
from imbalanced_nn.training.eligibility import runs_eagerly
from imbalanced_nn.training.fixed_batches import fixed_batch_size
from imbalanced_nn.training.forward_pass import forward, forward_blocks, padded_tensors
from imbalanced_nn.training.kept import kept_with

__all__ = ["HeldOutPass", "outputs_and_loss"]


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
            convert = keras.ops.convert_to_tensor
            self._targets = [convert(part) for part in given if part is not None]
        self._inputs = None
        self.ready: tuple[np.ndarray, np.ndarray] | None = None
        if len(forward_blocks(X, len(rows))) == 1:
            self._inputs = padded_tensors(as_network_input(take_rows(X, rows)), len(rows))

    @property
    def tensors(self) -> list[tf.Tensor]:
        """What `outputs_and_loss` takes after the network; empty unless one call does it all."""
        single = isinstance(self._inputs, tf.Tensor) and self._targets
        return [self._inputs, *self._targets] if single else []

    def __call__(self, model: keras.Model) -> tuple[np.ndarray, float | None]:
        """Return the outputs, and the loss where it is wanted.

        What is `ready`, because an epoch's own program computed it, is returned once.
        """
        if self.ready is not None:
            (outputs, loss), self.ready = self.ready, None
            return outputs, float(loss)
        if self.tensors and fixed_batch_size(model) is None:
            outputs, loss = _traced(model, self.tensors, outputs_and_loss)
            return outputs.numpy(), float(loss)
        outputs = forward(model, self._X, self._rows)
        if not self._targets:
            return outputs, None
        given = [keras.ops.convert_to_tensor(outputs), *self._targets]
        return outputs, float(_traced(model, given, _loss))


def outputs_and_loss(
    model: keras.Model, X: tf.Tensor, y: tf.Tensor, *weight: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return outputs of the rows without those that pad them, and their loss."""
    outputs = model.predict_step((X,))[: tf.shape(y)[0]]
    return outputs, _loss(model, outputs, y, *weight)


def _loss(model: keras.Model, outputs: tf.Tensor, y: tf.Tensor, *weight: tf.Tensor) -> tf.Tensor:
    """The network's loss of outputs that are already there."""
    given = weight[0] if weight else None
    return model.compute_loss(y=y, y_pred=outputs, sample_weight=given, training=False)


def _traced(model: keras.Model, tensors: list[tf.Tensor], function: Any) -> Any:
    """Call a function of a network and tensors as a graph that is kept with the network."""
    if runs_eagerly(model):
        return function(model, *tensors)
    specs = [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in tensors]
    key = f"{function.__name__} {specs!r}"
    kept = kept_with(model)
    if key not in kept:
        step = tf.function(lambda *given: function(model, *given), autograph=False)
        kept[key] = step.get_concrete_function(*specs)
    return kept[key](*tensors)
