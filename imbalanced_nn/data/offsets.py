"""Columns whose differences float32, in which networks calculate, rounds away."""

from typing import Any

import numpy as np

from imbalanced_nn.data.streams import StreamedRows
from imbalanced_nn.exceptions import warn

__all__ = ["note_offsets"]

# Relative step of float32; rows that a column is looked at by first, and how much further they may
# spread than the standard deviation; rows that the deviation is taken of; and fewer where rows are
# large, such as pictures.
FLOAT32_STEP = float(np.finfo(np.float32).eps)
FLOAT32_MOST = float(np.finfo(np.float32).max)
SCREENED_ROWS, SCREENED_SPAN, SPREAD_ROWS = 64, 16, 10_000
SCREENED_CELLS, FEWEST_ROWS = 2**22, 8


def note_offsets(X: Any, index: np.ndarray) -> None:
    """Warn of columns whose values differ by less than float32 tells apart where they are.

    Of a dataset of batches its first rows are looked at, of time steps all of some rows.
    """
    is_streamed = isinstance(X, StreamedRows)
    if is_streamed:
        X = X.first
        index = np.arange(len(X))
    if not isinstance(X, np.ndarray) or X.ndim < 2 or X.dtype.kind not in "fiu" or not len(index):
        return
    n_few = int(np.clip(SCREENED_CELLS // max(X[0].size, 1), 2, SCREENED_ROWS))
    few = X[index[:: -(-len(index) // n_few)]].astype(np.float64, copy=False)
    few = few.reshape(-1, X.shape[-1])
    size = np.abs(few[0])
    with np.errstate(invalid="ignore"):
        narrow = few.max(axis=0) - few.min(axis=0) < SCREENED_SPAN * FLOAT32_STEP * size
    near = np.flatnonzero(narrow & (size < FLOAT32_MOST))
    if not len(near):
        return
    n_spread = max(FEWEST_ROWS, SPREAD_ROWS // (X[0].size // X.shape[-1]))
    more = index[:: -(-len(index) // n_spread)]
    columns = []
    for start in range(0, len(near), SCREENED_ROWS):
        part = near[start : start + SCREENED_ROWS]
        values = np.stack([_column(X, more, column) for column in part], axis=1)
        spread = values.std(axis=0)
        rounded = (spread < FLOAT32_STEP * np.abs(values.mean(axis=0))) & (
            np.ptp(values, axis=0) > 0
        )
        columns += part[rounded].tolist()
    if columns:
        shown = ", ".join(map(str, columns[:5])) + (", ..." if len(columns) > 5 else "")
        first = _column(X, more, columns[0])
        # Neither datasets nor rows of more axes go through it.
        how = "" if is_streamed or X.ndim > 2 else ", as with StandardScaler in a Pipeline"
        warn(
            "INN023",
            f"column{'s' if len(columns) > 1 else ''} {shown} of X, counted from 0: values lie at "
            f"{first.mean():.4g} and spread by {first.std():.2g} in column {columns[0]}, less than "
            f"float32, in which networks calculate, tells apart there. Take their mean off before "
            f"the fit{how}.",
        )


def _column(X: np.ndarray, rows: np.ndarray, column: int) -> np.ndarray:
    """Return the values of a column in some rows, of all their time steps."""
    return X[rows, ..., column].astype(np.float64).ravel()
