"""Boundary checks of X, y, weights and groups, and rows of any container."""

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array, column_or_1d

__all__ = [
    "check_features",
    "check_groups",
    "check_target",
    "check_weights",
    "n_rows",
    "row_blocks",
    "take_rows",
]

BLOCK_BYTES = 16 * 2**20


def n_rows(data: Any) -> int:
    """Number of rows of an array, a sparse matrix, or a list or dict of them."""
    if isinstance(data, dict):
        return n_rows(next(iter(data.values())))
    if isinstance(data, list | tuple):
        return n_rows(data[0])
    return data.shape[0]


def take_rows(data: Any, rows: np.ndarray | slice) -> Any:
    """Select rows of an array, a sparse matrix, or a list or dict of them."""
    if isinstance(data, dict):
        return {key: take_rows(value, rows) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(take_rows(value, rows) for value in data)
    return data[rows]


def row_blocks(
    data: Any,
    n_bytes: int = BLOCK_BYTES,
    max_rows: int | None = None,
    total: int | None = None,
) -> Iterator[slice]:
    """Cut the rows of ``data``, or ``total`` of them, into slices of at most ``n_bytes``.

    Counted as float32. An empty table still gives one, empty, slice.
    """
    total = n_rows(data) if total is None else total
    parts = data.values() if isinstance(data, dict) else data
    parts = parts if isinstance(data, list | tuple | dict) else [data]
    row_bytes = 4 * sum(int(np.prod(part.shape[1:])) for part in parts)
    step = max(1, n_bytes // max(1, row_bytes))
    step = step if max_rows is None else min(step, max_rows)
    for start in range(0, max(total, 1), step):
        yield slice(start, min(start + step, total))


def check_features(X: Any, estimator_name: str) -> Any:
    """Return X as a numeric array or CSR matrix whose values fit a float32.

    X keeps its dtype: networks compute in float32, and rows are cast batch by batch so that
    a memory-mapped X is never copied as a whole.

    Raises
    ------
    ValueError
        If X is empty, not numeric, has fewer than two dimensions, or holds NaN, infinity or
        a value beyond the range of float32.
    """
    X = check_array(
        X,
        accept_sparse="csr",
        dtype="numeric",
        allow_nd=True,
        ensure_all_finite=False,
        input_name="X",
        estimator=estimator_name,
    )
    if X.dtype.kind == "f":
        values = X.data if sparse.issparse(X) else X
        for block in row_blocks(values):
            with np.errstate(over="ignore"):
                single = np.asarray(values[block], dtype=np.float32)
            assert_all_finite(single, input_name="X", estimator_name=estimator_name)
    return X


def check_target(y: Any, estimator_name: str) -> np.ndarray:
    """Return y as an array of shape (n_samples,) or (n_samples, n_outputs).

    A column vector is flattened with scikit-learn's ``DataConversionWarning``.
    """
    if sparse.issparse(y):
        # Only a label indicator is sparse; the network's output is dense in any case.
        y = y.toarray()
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator_name)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return y


def check_weights(sample_weight: Any, X: Any, name: str = "sample_weight") -> np.ndarray:
    """Return a fresh float64 array of weights, ones if None.

    Raises
    ------
    ValueError
        If a weight is negative, not finite or of the wrong shape, or all are zero.
    """
    if sample_weight is None:
        return np.ones(n_rows(X))
    if isinstance(sample_weight, numbers.Real):
        sample_weight = np.full(n_rows(X), sample_weight)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, copy=True, input_name=name
    )
    if weights.shape != (n_rows(X),):
        raise ValueError(
            f"{name} has shape {weights.shape}, but X has {n_rows(X)} rows. Pass one weight for "
            f"each row."
        )
    if weights.min() < 0:
        raise ValueError(
            f"{name} holds negative weights, down to {weights.min():g}. Weights must be at "
            f"least 0; a row of weight 0 is left out."
        )
    if not weights.any():
        raise ValueError(
            f"{name} holds only zeros, so there is nothing to train on. "
            f"Give at least one row of each class a positive weight."
        )
    return weights


def check_groups(groups: Any, n_samples: int) -> np.ndarray:
    """Return the group of each row as an array."""
    groups = column_or_1d(groups)
    if len(groups) != n_samples:
        raise ValueError(
            f"groups must hold one group for each row; got {len(groups)} for {n_samples} rows "
            f"of X. Pass the groups of the same rows, in the same order."
        )
    return groups
