"""What the columns of a table hold, as layers learn it from the training rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy import sparse

from imbalanced_nn.data import n_rows

__all__ = ["Column", "ColumnLayer", "columns_of"]

SAMPLE_ROWS = 100_000
# A spike is a value that holds this share of the rows, and this many times those of the next.
SPIKE_SHARE, SPIKE_LEAD, SPIKE_VALUES = 0.01, 4, 10


@dataclass(frozen=True)
class Column:
    """Distinct values of a column, in float32 and sorted, and the number of rows of each.

    Parameters
    ----------
    values : ndarray of float32 of shape (n_values,)
        Values.
    counts : ndarray of int of shape (n_values,)
        Rows of each.
    """

    values: np.ndarray
    counts: np.ndarray

    @property
    def is_numeric(self) -> bool:
        """Whether there are more than two values."""
        return len(self.values) > 2

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    @property
    def spike(self) -> tuple[float, float] | None:
        """A value far more common than any other, such as an imputed one, and its share."""
        if len(self.values) <= SPIKE_VALUES:
            return None
        second, first = np.argsort(self.counts, kind="stable")[-2:]
        share = self.counts[first] / self.n_rows
        if share < SPIKE_SHARE or self.counts[first] < SPIKE_LEAD * self.counts[second]:
            return None
        return float(self.values[first]), float(share)


def columns_of(X: Any, rows: np.ndarray | None = None) -> list[Column]:
    """Return the columns of rows of a table, of at most 100,000 of them.

    Parameters
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
        Table.
    rows : ndarray of int, default=None
        Rows to look at; None takes all.
    """
    rows = np.arange(n_rows(X)) if rows is None else rows
    rows = rows[:: -(-len(rows) // SAMPLE_ROWS) or 1]
    return [Column(*np.unique(part, return_counts=True)) for part in _parts(X[rows])]


def _parts(sample: Any) -> Iterator[np.ndarray]:
    """Yield the columns of a table one by one, in float32."""
    sample = sample.tocsc() if sparse.issparse(sample) else np.asarray(sample)
    for number in range(sample.shape[1]):
        part = sample[:, [number]].toarray() if sparse.issparse(sample) else sample[:, number]
        yield part.ravel().astype(np.float32)


class ColumnLayer(keras.layers.Layer):
    """A layer that learns from the training rows what each column of a table holds."""

    def adapt(self, X: Any, rows: np.ndarray | None = None) -> None:
        """Learn from rows of X, at most 100,000 of them.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features)
            Table.
        rows : ndarray of int, default=None
            Rows to learn from; None takes all.
        """
        self.adapt_to(columns_of(X, rows))

    def adapt_to(self, columns: list[Column]) -> None:
        """Learn from what the columns hold.

        Parameters
        ----------
        columns : list of Column
            One for each column of the inputs.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it learns.")
