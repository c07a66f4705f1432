"""Rows to train on or to judge by: an index into data that is never copied."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["Rows", "StackedRows", "TimestepRows", "counted_rows"]


class StackedRows:
    """Data with further rows behind its last one, read as one; the data is not copied.

    Parameters
    ----------
    data : ndarray or sparse matrix of shape (n_samples, ...)
        May be memory-mapped.
    further : ndarray or sparse matrix of shape (n_further, ...)
        The rows that follow, of the same shape.
    """

    def __init__(self, data: Any, further: Any):
        self.data, self.further = data, further
        self.shape = (data.shape[0] + further.shape[0], *data.shape[1:])
        self.ndim = len(self.shape)
        self.dtype = np.result_type(data.dtype, further.dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: np.ndarray | slice) -> Any:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        n = self.data.shape[0]
        behind = rows >= n
        if sparse.issparse(self.data):
            parts = sparse.vstack([self.data[rows[~behind]], self.further[rows[behind] - n]])
            place = np.empty(len(rows), dtype=int)
            place[np.concatenate([np.flatnonzero(~behind), np.flatnonzero(behind)])] = np.arange(
                len(rows)
            )
            return parts.tocsr()[place]
        taken = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        taken[~behind] = self.data[rows[~behind]]
        taken[behind] = self.further[rows[behind] - n]
        return taken

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.concatenate([self.data, self.further], dtype=dtype or self.dtype)


def counted_rows(sample_weight: np.ndarray) -> np.ndarray:
    """Numbers of the rows with a weight, or with a time step that has one."""
    return np.flatnonzero(sample_weight.any(axis=tuple(range(1, sample_weight.ndim))))


@dataclass(frozen=True)
class Rows:
    """Selected rows of encoded data.

    Parameters
    ----------
    X, y : array or sparse matrix of shape (n_samples, ...), or list or dict of arrays
        Encoded inputs and targets.
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class codes, or the 0/1 indicator of a multilabel target, of all rows of X.
    sample_weight : ndarray of shape (n_samples,)
        Weights of all rows of X.
    index : ndarray of int of shape (n_selected,)
        The selected rows, repeats allowed; kept in four bytes each where they fit.
    """

    X: Any
    y: Any
    codes: np.ndarray
    sample_weight: np.ndarray
    index: np.ndarray

    def __post_init__(self):
        if len(self.codes) <= np.iinfo(np.int32).max:
            object.__setattr__(self, "index", self.index.astype(np.int32, copy=False))

    @property
    def selected_codes(self) -> np.ndarray:
        """Codes of the selected rows."""
        return self.codes[self.index]

    @property
    def selected_weight(self) -> np.ndarray:
        """Weights of the selected rows."""
        return self.sample_weight[self.index]

    @property
    def counted_steps(self) -> np.ndarray | None:
        """Which time steps of all rows count, None where a row is one decision."""
        return None

    def decisions(self, values: np.ndarray) -> np.ndarray:
        """Of values for every decision of the selected rows, those of decisions that count."""
        return values

    def weighted(self, sample_weight: np.ndarray) -> "Rows":
        """The same rows with other weights; rows of weight 0 are left out."""
        index = self.index[sample_weight[self.index] > 0]
        return dataclasses.replace(self, sample_weight=sample_weight, index=index)

    def network_weight(self, normalize: bool = True) -> np.ndarray | None:
        """Weights of all rows, of mean 1 over the selected ones; None if those are all 1.

        Keras divides a weighted loss by the number of rows, not by the sum of their weights:
        only a mean of 1 leaves the learning rate its meaning.
        """
        weight, selected = self.sample_weight, self.selected_weight
        if normalize:
            weight = weight / selected.mean()
        return None if np.all(weight[self.index] == 1) else weight


@dataclass(frozen=True)
class TimestepRows(Rows):
    """Selected sequences with a label for each time step: a row is as many decisions.

    What is selected are rows; their codes and weights come one for each step that counts, as
    if each were a row. Steps of weight 0 do not count.

    Parameters
    ----------
    X, y : array of shape (n_sequences, n_steps, ...), or list or dict of arrays
        Encoded inputs and targets.
    codes : ndarray of shape (n_sequences, n_steps)
        Class codes of all rows of X.
    sample_weight : ndarray of shape (n_sequences, n_steps)
        Weights of the steps of all rows of X.
    index : ndarray of int of shape (n_selected,)
        The selected rows, repeats allowed.
    """

    @property
    def selected_codes(self) -> np.ndarray:
        """Codes of the steps that count."""
        return self.decisions(self.codes[self.index].ravel())

    @property
    def selected_weight(self) -> np.ndarray:
        """Weights of the steps that count."""
        return self.decisions(self.sample_weight[self.index].ravel())

    @property
    def counted_steps(self) -> np.ndarray:
        """Which steps of all rows count."""
        return self.sample_weight > 0

    def decisions(self, values: np.ndarray) -> np.ndarray:
        """Of values for every step of the selected rows, in order, those of steps that count."""
        return values[self.counted_steps[self.index].ravel()]

    def weighted(self, sample_weight: np.ndarray) -> "TimestepRows":
        """The same rows with other weights; rows without a positive one are left out."""
        index = self.index[counted_rows(sample_weight[self.index])]
        return dataclasses.replace(self, sample_weight=sample_weight, index=index)
