"""Batches of rows by index: the one way data reaches a network."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from scipy import sparse

from imbalanced_nn.data import StackedRows, dense, row_bytes, take_rows
from imbalanced_nn.sampling import Draw
from imbalanced_nn.training.sparse_rows import SparseRows, mean_row_bytes

__all__ = ["RowBatches", "as_network_input"]

# Up to here all inputs are copied into a tensor once, which then gives every batch its rows.
WHOLE_BYTES = 2**26

# Of others, rows for so much are gathered at once: many batches of a call, little memory.
BLOCK_BYTES = 2**24


def as_network_input(data: Any) -> Any:
    """Return a batch as dense arrays, floats in Keras' float type."""
    return dense(data, keras.config.floatx())


def _is_mapped(X: Any) -> bool:
    """Whether an array is a view of a memory map."""
    while X is not None and not isinstance(X, np.memmap):
        X = getattr(X, "base", None)
    return X is not None


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
    draw : Draw or None, default=None
        Draws the rows of the epochs after the first, as many as ``rows``.
    first_epoch : int, default=0
        Number of the first epoch.
    classes : ndarray of int of shape (n_samples,), default=None
        Class of every row of X, where each batch is to weigh its classes equally: its loss is
        then the mean over its classes of the class's mean.
    filled : {"mean", "sum"}, default=None
        Whether the last batch is filled to its full size, by copies of its rows that weigh
        nothing, and how the loss is taken of a batch. With a mean the others weigh more, so that
        it is theirs.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        sample_weight: np.ndarray | None,
        rows: np.ndarray,
        batch_size: int,
        seed: int | None = None,
        draw: Draw | None = None,
        first_epoch: int = 0,
        classes: np.ndarray | None = None,
        filled: str | None = None,
    ):
        super().__init__()
        self.X, self.y, self.rows = X, y, rows
        self.batch_size = batch_size
        self._sample_weight = _as_weights(sample_weight)
        self._classes, self._filled = classes, filled
        shuffles = seed is not None and not (draw is not None and draw.ordered)
        self._generator = np.random.default_rng(seed) if shuffles else None
        self._draw = draw
        self._first_epoch = first_epoch
        self.epoch = first_epoch - 1
        # Whether blocks of sparse inputs are given as they are; whoever takes them says so.
        self.stays_sparse = False
        self._weight_of_epoch = self._weights()

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        part: Any = slice(index * self.batch_size, (index + 1) * self.batch_size)
        n = len(self.rows[part])
        fills = self._filled is not None and n < self.batch_size
        if fills:
            part = np.resize(np.arange(part.start, part.start + n), self.batch_size)
        rows = self.rows[part]
        batch = (as_network_input(take_rows(self.X, rows)), _target(take_rows(self.y, rows)))
        weight = self._weight_of_epoch
        if weight is None:
            return batch
        weight = weight[part]
        if fills:
            weight[n:] = 0
            weight *= self.batch_size / n if self._filled == "mean" else 1
        return (*batch, weight)

    @property
    def is_whole(self) -> bool:
        """Whether the inputs may become tensors as a whole, a second copy.

        What lies on disk, is sparse or is large is gathered block by block.
        """
        if isinstance(self.X, StackedRows):
            parts = [self.X.data, self.X.further]
        else:
            parts = keras.tree.flatten(self.X)
        held = all(isinstance(part, np.ndarray) and not _is_mapped(part) for part in parts)
        return held and sum(part.nbytes for part in parts) <= WHOLE_BYTES

    def whole(self) -> tuple[Any, np.ndarray]:
        """Return the inputs and targets of all rows of X, dense and in the network's types."""
        X = np.asarray(self.X) if isinstance(self.X, StackedRows) else self.X
        return as_network_input(X), np.asarray(self.y)

    def blocks(self, rows: np.ndarray | None = None) -> Iterator[tuple[Any, Any, np.ndarray]]:
        """Gather rows of the epoch in their order, some batches at a time.

        Parameters
        ----------
        rows : ndarray of int, default=None
            The first rows of the epoch, all if None.

        Yields
        ------
        tuple
            Inputs, targets and weights, dense but for inputs that stay sparse.
        """
        rows, size = self.rows if rows is None else rows, self.batch_size
        # Synthetic rows of an epoch may stand behind them, dense.
        is_sparse = self.stays_sparse and sparse.issparse(self.X)
        as_inputs = SparseRows.of if is_sparse else as_network_input
        n_bytes = mean_row_bytes(self.X) if is_sparse else row_bytes(self.X)
        n_batches = max(1, BLOCK_BYTES // max(1, n_bytes * size))
        weight = self.epoch_weight()
        for start in range(0, len(rows), n_batches * size):
            part = slice(start, start + n_batches * size)
            X = as_inputs(take_rows(self.X, rows[part]))
            yield X, np.asarray(take_rows(self.y, rows[part])), weight[: len(rows)][part]

    def first_row(self) -> Any:
        """Return the inputs of a row, dense."""
        return as_network_input(take_rows(self.X, np.zeros(1, dtype=int)))

    @property
    def keeps_data(self) -> bool:
        """Whether all epochs take their rows from the same inputs, targets and weights."""
        return self._draw is None or type(self._draw).data is Draw.data

    def epoch_weight(self) -> np.ndarray:
        """Weights of the rows of this epoch in their order, ones where there are none."""
        return self._ones() if self._weight_of_epoch is None else self._weight_of_epoch

    def _ones(self) -> np.ndarray:
        """Weights of 1 for the rows of the epoch."""
        # With a label for each time step a loss has a value, and wants a weight, for each.
        steps = self.y.shape[1 : max(1, self.y.ndim - 1)]
        return np.ones((len(self.rows), *steps), dtype=keras.config.floatx())

    def on_epoch_begin(self) -> None:
        """Draw the rows and the order of the epoch."""
        self.epoch += 1
        # Keras may still be reading ahead, so the old array must not change under it.
        if self._draw is not None and self.epoch > self._first_epoch:
            self.rows = self._draw.rows(self.epoch)
            data = self._draw.data(self.epoch)
            if data is not None:
                self.X, self.y, weight = data
                self._sample_weight = _as_weights(weight)
        if self._generator is not None:
            self.rows = self._generator.permutation(self.rows)
        self._weight_of_epoch = self._weights()

    def _weights(self) -> np.ndarray | None:
        """Weights of the rows of the epoch, None if all are 1 and none are filled in."""
        weight = None if self._sample_weight is None else self._sample_weight[self.rows]
        if weight is None and self._filled is not None and len(self.rows) % self.batch_size:
            weight = self._ones()
        if self._classes is None:
            return weight
        return _equal_within_batches(self._classes[self.rows], weight, self.batch_size)


def _equal_within_batches(
    classes: np.ndarray, weight: np.ndarray | None, batch_size: int
) -> np.ndarray:
    """Scale weights so that in each batch all its classes have the same total, of mean 1."""
    weight = np.ones(len(classes)) if weight is None else weight.astype(np.float64)
    batch = np.arange(len(classes)) // batch_size
    n_batches, n_classes = batch[-1] + 1, classes.max() + 1
    cell = batch * n_classes + classes
    totals = np.bincount(cell, weights=weight, minlength=n_batches * n_classes)
    n_present = (totals.reshape(n_batches, n_classes) > 0).sum(axis=1)
    size = np.bincount(batch)
    return _as_weights(weight / totals[cell] * (size / n_present)[batch])


def _as_weights(weight: Any) -> Any:
    """Return weights in Keras' float type."""
    return None if weight is None else weight.astype(keras.config.floatx())


def _target(y: Any) -> Any:
    """Return a batch of targets in the types that losses take."""
    if sparse.issparse(y):
        return as_network_input(y)
    return y if isinstance(y, dict | list | tuple) else np.asarray(y)
