"""What a sampler gives back: rows of the data that it picked, and synthetic ones."""

import dataclasses
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from imbalanced_nn.data import Rows, StackedRows, row_hashes

__all__ = ["checked_output", "picked_and_synthetic"]


def checked_output(
    sampler: Any, output: Any, table: Any, classes: np.ndarray
) -> tuple[Any, np.ndarray]:
    """Return the rows that a sampler gave back, as an array or matrix, and their class codes.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        For messages.
    output : object
        What its ``fit_resample`` returned.
    table : array or sparse matrix of shape (n_samples, n_features)
        Rows that it was given; the result is sparse where these are.
    classes : ndarray of shape (n_classes,)
        Original labels, rising.

    Raises
    ------
    ValueError
        If the output is no pair of rows and labels like those that were given.
    """
    if not isinstance(output, tuple) or len(output) != 2:
        raise ValueError(
            f"sampler={sampler!r} returned {type(output).__name__} from fit_resample, which "
            f"returns the pair (X_resampled, y_resampled)."
        )
    try:
        X, labels = output
        X = check_array(X, accept_sparse="csr", input_name="X")
        labels = column_or_1d(labels)
        check_consistent_length(X, labels)
        if X.shape[1] != table.shape[1]:
            raise ValueError(f"X has {X.shape[1]} columns, {table.shape[1]} were given.")
        strange = [label for label in np.unique(labels).tolist() if label not in classes.tolist()]
        if strange:
            raise ValueError(f"y holds {strange}, labels that are not among {classes.tolist()}.")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"sampler={sampler!r} returned from fit_resample what cannot be trained on: {error}"
        ) from error
    if sparse.issparse(table):
        X = sparse.csr_matrix(X)
    elif sparse.issparse(X):
        X = X.toarray()
    return X, np.searchsorted(classes, labels.astype(classes.dtype))


def picked_and_synthetic(
    sampler: Any,
    rows: Rows,
    table: Any,
    X_new: Any,
    codes_new: np.ndarray,
    shape: tuple[int, ...],
) -> tuple[Rows, np.ndarray]:
    """Return resampled rows: those of the data by number, synthetic ones behind the data.

    Parameters
    ----------
    sampler : object with ``fit_resample``
        Fitted.
    rows : Rows
        Rows that it was given.
    table : array or sparse matrix of shape (n_samples, n_features)
        Their inputs, flattened.
    X_new : array or sparse matrix of shape (n_resampled, n_features)
        What it returned.
    codes_new : ndarray of int of shape (n_resampled,)
        Classes of these.
    shape : tuple of int
        Shape of a row of the data.

    Returns
    -------
    rows : Rows
        Synthetic rows have the mean weight of their class.
    sample_indices : ndarray of int of shape (n_resampled,)
        Row of the data that each row is, -1 for a synthetic row.
    """
    codes, weight = rows.selected_codes, rows.selected_weight
    places = _places(sampler, table, codes, X_new, codes_new)
    indices = np.where(places < 0, -1, rows.index[places])
    synthetic = indices < 0
    if not synthetic.any():
        return dataclasses.replace(rows, index=indices), indices
    further = X_new[synthetic]
    if len(shape) > 1:
        further = further.reshape(-1, *shape)
    codes_further = codes_new[synthetic]
    totals, counts = np.bincount(codes, weights=weight), np.bincount(codes)
    means = np.divide(totals, counts, out=np.ones_like(totals), where=counts > 0)
    index = indices.copy()
    index[synthetic] = len(rows.codes) + np.arange(synthetic.sum())
    resampled = Rows(
        StackedRows(rows.X, further),
        None,
        np.concatenate([rows.codes, codes_further]),
        np.concatenate([rows.sample_weight, means[codes_further]]),
        index,
    )
    return resampled, indices


def _places(
    sampler: Any, table: Any, codes: np.ndarray, X_new: Any, codes_new: np.ndarray
) -> np.ndarray:
    """Return which of the rows that a sampler was given each row is, -1 where it is none."""
    n = len(codes)
    places = np.full(len(codes_new), -1)
    cleaner = getattr(sampler, "tomek_", getattr(sampler, "enn_", None))
    if cleaner is not None:
        # Cleaning comes after blending, whose output starts with the rows that it was given.
        kept = cleaner.sample_indices_
        places[kept < n] = kept[kept < n]
    elif np.array_equal(codes_new[:n], codes) and _same_values(X_new[:n], table):
        places[:n] = np.arange(n)
    else:
        places = _matched(table, codes, X_new, codes_new)
    return places


def _matched(table: Any, codes: np.ndarray, X_new: Any, codes_new: np.ndarray) -> np.ndarray:
    """Return which row of a table each row of another repeats, with its class; -1 where none.

    Copies take turns: the second of equal rows stands for the second one of the table.
    """
    by_class = np.random.default_rng(1).integers(2**63, size=codes.max() + 1, dtype=np.uint64)
    before = row_hashes(table) ^ by_class[codes]
    after = row_hashes(X_new) ^ by_class[np.minimum(codes_new, codes.max())]
    order = np.argsort(before, kind="stable")
    first, last = (np.searchsorted(before[order], after, side) for side in ("left", "right"))
    found = last > first
    turn = _turns(after) % np.maximum(last - first, 1)
    return np.where(found, order[np.minimum(first + turn, len(order) - 1)], -1)


def _turns(keys: np.ndarray) -> np.ndarray:
    """Return how many equal keys stand before each."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[[True] * bool(len(keys)), ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(keys)]).astype(int)
    turns = np.empty(len(keys), int)
    turns[order] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return turns


def _same_values(left: Any, right: Any) -> bool:
    """Whether two tables hold the same values."""
    if left.shape != right.shape:
        return False
    if sparse.issparse(left):
        return (left != right).nnz == 0
    return np.array_equal(left, right)
