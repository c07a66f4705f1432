"""The batches of a draw as a Keras data set; Keras is loaded on the first call."""

from functools import cache
from typing import Any

import numpy as np

from imbalanced_nn.data import dense, take_rows
from imbalanced_nn.sampling.draws import QuotaDraw

__all__ = ["balanced_dataset"]


def balanced_dataset(
    sampler: Any,
    X: Any,
    y: np.ndarray,
    sample_weight: np.ndarray | None,
    draw: QuotaDraw,
    batch_size: int,
) -> Any:
    """Return a ``keras.utils.PyDataset`` of the batches of a draw.

    Parameters
    ----------
    sampler : BalancedBatches
        Whose ``coverage_`` is kept up to date.
    X : array, sparse matrix, or list or dict of arrays
        Rows of the inputs.
    y : ndarray of shape (n_samples, ...)
        Targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights.
    draw : QuotaDraw
        Deals the row numbers.
    batch_size : int
        Rows in a batch.
    """
    return _dataset_class()(sampler, X, y, sample_weight, draw, batch_size)


@cache
def _dataset_class() -> type:
    """Make the class, whose base is Keras'."""
    import keras

    class BalancedDataset(keras.utils.PyDataset):
        """Batches with an exact quota of each class."""

        def __init__(self, sampler, X, y, sample_weight, draw, batch_size):
            super().__init__()
            self._data = sampler, X, y, sample_weight, draw, batch_size
            self._epoch = -1
            self._rows = draw.rows(0)

        @property
        def coverage_(self) -> dict:
            """Share of each class's rows that the epochs so far have shown."""
            return self._data[0].cover(self._data[4])

        def __len__(self):
            return self._data[4].n_batches

        def __getitem__(self, number):
            _, X, y, sample_weight, _, size = self._data
            if not 0 <= number < len(self):
                raise IndexError(number)
            rows = self._rows[number * size : (number + 1) * size]
            batch = dense(take_rows(X, rows), keras.config.floatx()), take_rows(y, rows)
            return batch if sample_weight is None else (*batch, sample_weight.take(rows))

        def on_epoch_begin(self):
            """Deal the batches of the next epoch."""
            self._epoch += 1
            sampler, *_, draw, _ = self._data
            self._rows = draw.rows(self._epoch)
            sampler.cover(draw)

        def __reduce__(self):
            return _rebuilt, (self._data, self._epoch)

    BalancedDataset.__qualname__ = "BalancedDataset"
    return BalancedDataset


def _rebuilt(data: tuple, epoch: int) -> Any:
    """Unpickle a data set."""
    dataset = balanced_dataset(*data)
    dataset._epoch, dataset._rows = epoch, data[4].rows(max(epoch, 0))
    return dataset
