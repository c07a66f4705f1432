"""What the columns of a table hold, as layers learn it from the training rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy import sparse

from imbalanced_nn.data import n_rows

__all__ = ["Column", "ColumnLayer", "Tails", "columns_of", "quantiles"]

SAMPLE_ROWS = 100_000
# Of the sample so many are copied at a time.
BLOCK_CELLS = 2**24
# A spike is a value that holds this share of the rows, and this many times those of the next.
SPIKE_SHARE, SPIKE_LEAD, SPIKE_VALUES = 0.01, 4, 10
# Tails are heavy if a value lies so many spreads from the median.
HEAVY = 100
# Half the distance of the quartiles of a normal distribution of spread 1.
HALF_OF_NORMAL = 0.6745
# Below it, a spread cannot be divided by in float32.
LEAST_SPREAD = 1e-30


@dataclass(frozen=True)
class Tails:
    """How far the values of a column reach.

    Parameters
    ----------
    center : float
        Median.
    spread : float
        Half the distance of the quartiles over that of a normal distribution; where the middle
        half of the rows is one value, the root of the mean squared distance from it.
    lowest, highest : float
        Outermost values.
    """

    center: float
    spread: float
    lowest: float
    highest: float

    @property
    def reach(self) -> float:
        """Largest distance from the median, in spreads."""
        return max(self.center - self.lowest, self.highest - self.center) / self.spread


@dataclass(frozen=True)
class Column:
    """What a column holds: values in float32, sorted, and how many rows lie where.

    Parameters
    ----------
    values : ndarray of float32 of shape (n_values,)
        Distinct values; where more were seen than are asked for, those at equal steps of rank,
        the first and the last among them.
    left, right : ndarray of int of shape (n_values,)
        Rows below each, and up to each.
    n_rows : int
        Number of rows.
    is_numeric : bool
        Whether there are more than two values.
    spike : (float, float) or None
        A value far more common than any other, such as an imputed one, and its share.
    tails : Tails or None
        Where they are heavy.
    """

    values: np.ndarray
    left: np.ndarray
    right: np.ndarray
    n_rows: int
    is_numeric: bool
    spike: tuple[float, float] | None
    tails: Tails | None

    @classmethod
    def of(cls, cells: np.ndarray, n_knots: int | None) -> "Column":
        """Return what the cells of a column hold, of at most so many values."""
        values, counts = np.unique(cells, return_counts=True)
        right = np.cumsum(counts)
        left, is_numeric, spike = right - counts, len(values) > 2, _spike(values, counts)
        tails = _tails(values.astype(np.float64), counts, right) if is_numeric else None
        if is_numeric and n_knots is not None and len(values) > n_knots:
            kept = quantiles(right, n_knots)
            values, left, right = values[kept], left[kept], right[kept]
        return cls(values, left, right, len(cells), is_numeric, spike, tails)


def _spike(values: np.ndarray, counts: np.ndarray) -> tuple[float, float] | None:
    """Return the value that is far more common than any other, and its share."""
    if len(values) <= SPIKE_VALUES:
        return None
    first, second = counts.argmax(), np.partition(counts, -2)[-2]
    share = counts[first] / counts.sum()
    if share < SPIKE_SHARE or counts[first] < SPIKE_LEAD * second:
        return None
    return float(values[first]), float(share)


def _tails(values: np.ndarray, counts: np.ndarray, right: np.ndarray) -> Tails | None:
    """Return how far values reach that were seen so often each, where that is far."""
    ranks = right[-1] * np.array([0.25, 0.5, 0.75])
    first, center, third = values[np.searchsorted(right, ranks)]
    spread = (third - first) / 2 / HALF_OF_NORMAL
    if spread == 0:
        spread = np.average((values - center) ** 2, weights=counts) ** 0.5
    if spread < LEAST_SPREAD:
        return None
    tails = Tails(center, spread, values[0], values[-1])
    return tails if tails.reach > HEAVY else None


def quantiles(through: np.ndarray, n_knots: int) -> np.ndarray:
    """Return which of sorted values to keep, the first and the last among them.

    ``through`` counts the rows up to each value. All are kept if they are no more than asked for,
    else those at equal steps of rank.
    """
    if len(through) <= n_knots:
        return np.arange(len(through))
    ranks = np.linspace(1, through[-1], n_knots)
    return np.unique(np.searchsorted(through, ranks))


def columns_of(X: Any, rows: np.ndarray | None = None, n_knots: int | None = None) -> list[Column]:
    """Return the columns of rows of a table, of at most 100,000 of them.

    Parameters
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
        Table.
    rows : ndarray of int, default=None
        Rows to look at; None takes all.
    n_knots : int, default=None
        Largest number of values of a column to keep; None is all of them.
    """
    rows = np.arange(n_rows(X)) if rows is None else rows
    rows = rows[:: -(-len(rows) // SAMPLE_ROWS) or 1]
    return [Column.of(part, n_knots) for part in _parts(X, rows)]


def _parts(X: Any, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the columns of rows one by one, in float32."""
    if isinstance(X, np.ndarray):
        # Some columns at a time: the sample may be all that a memory map holds.
        step = max(1, BLOCK_CELLS // max(1, len(rows)))
        for start in range(0, X.shape[1], step):
            block = X[rows, start : start + step]
            yield from (part.astype(np.float32) for part in block.T)
        return
    sample: Any = X[rows]
    sample = sample.tocsc() if sparse.issparse(sample) else np.asarray(sample)
    for number in range(sample.shape[1]):
        part = sample[:, [number]].toarray() if sparse.issparse(sample) else sample[:, number]
        yield part.ravel().astype(np.float32)


class ColumnLayer(keras.layers.Layer):
    """A layer that learns from the training rows what each column of a table holds."""

    # Of how many values of a column it learns where they lie.
    n_knots = 0

    def adapt(self, X: Any, rows: np.ndarray | None = None) -> None:
        """Learn from rows of X, at most 100,000 of them.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_samples, n_features)
            Table.
        rows : ndarray of int, default=None
            Rows to learn from; None takes all.
        """
        self.adapt_to(columns_of(X, rows, self.n_knots))

    def adapt_to(self, columns: list[Column]) -> None:
        """Learn from what the columns hold.

        Parameters
        ----------
        columns : list of Column
            One for each column of the inputs.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it learns.")
