"""Batches of rows by index: the one way data reaches a network."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from scipy import sparse

from imbalanced_nn.validation import take_rows

__all__ = ["RowBatches", "as_network_input"]


def as_network_input(data: Any) -> Any:
    """Return a batch as dense arrays, floats in Keras' float type."""
    if isinstance(data, dict):
        return {key: as_network_input(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return tuple(as_network_input(value) for value in data)
    if sparse.issparse(data):
        data = data.toarray()
    if data.dtype.kind == "f":
        data = np.asarray(data, dtype=keras.backend.floatx())
    return data


class RowBatches(keras.utils.PyDataset):
    """Batches of the given rows; the data itself is never copied as a whole.

    Parameters
    ----------
    X, y : array, sparse matrix, or list or dict of arrays
        Encoded inputs and targets.
    sample_weight : ndarray of shape (n_samples,) or (n_samples, n_steps) or None
        Weight of every row of X, or of its time steps.
    rows : ndarray of int of shape (n_selected,)
        Row numbers of X and y, repeats allowed.
    batch_size : int
        Rows in a batch; the last one may be smaller.
    seed : int or None, default=None
        Seed of a fresh order for each epoch; None keeps the order of ``rows``.
    draw : callable or None, default=None
        Maps the number of an epoch after the first to its rows, as many as ``rows``.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        sample_weight: np.ndarray | None,
        rows: np.ndarray,
        batch_size: int,
        seed: int | None = None,
        draw: Callable[[int], np.ndarray] | None = None,
    ):
        super().__init__()
        self.X, self.y, self.rows = X, y, rows
        self._sample_weight = None
        if sample_weight is not None:
            self._sample_weight = sample_weight.astype(keras.backend.floatx())
        self.batch_size = batch_size
        self._generator = None if seed is None else np.random.default_rng(seed)
        self._draw = draw
        self._epoch = -1

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        rows = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        batch = (as_network_input(take_rows(self.X, rows)), _target(take_rows(self.y, rows)))
        return batch if self._sample_weight is None else (*batch, self._sample_weight[rows])

    def weight_of_each_row(self) -> np.ndarray:
        """Weights of all rows of X, ones where there are none."""
        if self._sample_weight is not None:
            return self._sample_weight
        # With a label for each time step a loss has a value, and wants a weight, for each.
        return np.ones(self.y.shape[: max(1, self.y.ndim - 1)], dtype=keras.backend.floatx())

    def on_epoch_begin(self) -> None:
        """Draw the rows and the order of the epoch."""
        self._epoch += 1
        # Keras may still be reading ahead, so the old array must not change under it.
        if self._draw is not None and self._epoch > 0:
            self.rows = self._draw(self._epoch)
        if self._generator is not None:
            self.rows = self._generator.permutation(self.rows)


def _target(y: Any) -> Any:
    """Return a batch of targets in the types that losses take."""
    if sparse.issparse(y):
        return as_network_input(y)
    return y if isinstance(y, dict | list | tuple) else np.asarray(y)
