"""Boundary checks of X, y and weights, and the split that holds rows out."""

import numbers
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import assert_all_finite, check_array, column_or_1d

from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

__all__ = [
    "check_features",
    "check_groups",
    "check_target",
    "check_weights",
    "dense",
    "hold_out_rows",
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
    if isinstance(data, np.ndarray) and data.flags.c_contiguous and not isinstance(rows, slice):
        # Four times as fast as an index; of data in another order it would copy the whole.
        return np.asarray(data).take(rows, axis=0)
    return data[rows]


def dense(data: Any, floatx: str) -> Any:
    """Return a batch as dense arrays, floats in the type ``floatx``."""
    if isinstance(data, dict):
        return {key: dense(value, floatx) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return tuple(dense(value, floatx) for value in data)
    if sparse.issparse(data):
        data = data.toarray()
    if data.dtype.kind == "f":
        data = np.asarray(data, dtype=floatx)
    return data


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

    With a label for each time step it is of shape (n_sequences, n_steps, 1), or one-hot of
    shape (n_sequences, n_steps, n_classes). A column vector is flattened with scikit-learn's
    ``DataConversionWarning``.

    Raises
    ------
    ValueError
        If y is empty, holds NaN or infinity, or has more dimensions.
    """
    if sparse.issparse(y):
        # Only a label indicator is sparse; the network's output is dense in any case.
        y = y.toarray()
    y = check_array(
        y,
        ensure_2d=False,
        allow_nd=True,
        dtype=None,
        input_name="y",
        estimator=estimator_name,
    )
    if y.ndim > 3 or 0 in y.shape:
        raise ValueError(
            f"y has shape {y.shape}. Accepted are one label for each row, (n_samples,), an "
            f"indicator of labels, (n_samples, n_labels), and one label for each time step, "
            f"(n_sequences, n_steps, 1)."
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return y


def check_weights(
    sample_weight: Any, X: Any, name: str = "sample_weight", steps: tuple[int, ...] = ()
) -> np.ndarray:
    """Return a fresh float64 array of weights, ones if None.

    Parameters
    ----------
    sample_weight : None, number or array-like
        Weight of all rows, of each row, or of each time step.
    X : array, sparse matrix, or list or dict of them
        Data, for its number of rows.
    name : str, default="sample_weight"
        Name of the parameter, for messages.
    steps : tuple of int, default=()
        ``(n_steps,)`` if every time step has a weight of its own.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_steps)

    Raises
    ------
    ValueError
        If a weight is negative, not finite or of the wrong shape, or all are zero.
    """
    shape = (n_rows(X), *steps)
    if sample_weight is None:
        return np.ones(shape)
    if isinstance(sample_weight, numbers.Real):
        sample_weight = np.full(shape, sample_weight)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, copy=True, input_name=name
    )
    if steps and weights.shape == shape[:1]:
        weights = np.repeat(weights[:, None], *steps, axis=1)
    if weights.shape != shape:
        or_steps = f", or for each of its time steps, of shape {shape}" if steps else ""
        raise ValueError(
            f"{name} has shape {weights.shape}, but X has {shape[0]} rows. Pass one weight for "
            f"each row{or_steps}."
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


def hold_out_rows(
    codes: np.ndarray,
    share: float,
    labels: np.ndarray,
    seed: int,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into training and held-out rows, stratified by class.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class code of each row, or the 0/1 indicator of a multilabel target.
    share : float
        Share of each class to hold out, between 0 and 1. At least one row of each class is
        held out and at least one is left to train on.
    labels : ndarray of shape (n_classes,)
        Original labels, for messages.
    seed : int
        Seed of the draw.
    groups : ndarray of shape (n_samples,), default=None
        Rows of one group stay on one side.

    Returns
    -------
    train, held_out : ndarray of int
        Sorted row numbers.

    Raises
    ------
    TooFewRowsError
        If a class has too few rows, or too few groups, to be on both sides.
    """
    if groups is not None:
        return _hold_out_groups(codes, share, labels, seed, groups)
    generator = np.random.default_rng(seed)
    if codes.ndim == 2:
        held_out = _draw_label_sets(codes, share, generator)
    else:
        held_out = np.concatenate(
            [
                _draw_class(np.flatnonzero(codes == code), share, labels.tolist()[code], generator)
                for code in np.unique(codes)
            ]
        )
    mask = np.zeros(len(codes), dtype=bool)
    mask[held_out] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def _draw_class(
    rows: np.ndarray, share: float, label: Any, generator: np.random.Generator
) -> np.ndarray:
    """Draw the held-out rows of one class."""
    if len(rows) < 2:
        raise TooFewRowsError(
            f"validation_split={share} holds out rows of every class, but class {label!r} has "
            f"{len(rows)} row and needs at least 2. Collect more rows, leave the class out, "
            f"pass X_val and y_val, or set validation_split=0."
        )
    count = int(np.clip(round(share * len(rows)), 1, len(rows) - 1))
    return generator.permutation(rows)[:count]


def _draw_label_sets(
    indicator: np.ndarray, share: float, generator: np.random.Generator
) -> np.ndarray:
    """Draw multilabel rows evenly over the label sets, the rare ones included."""
    if len(indicator) < 2:
        raise TooFewRowsError(
            f"validation_split={share} needs at least 2 rows, got {len(indicator)}."
        )
    _, label_set = np.unique(indicator, axis=0, return_inverse=True)
    order = np.lexsort((generator.random(len(indicator)), label_set.ravel()))
    # Every 1/share-th row in the order of label sets: each set gives its share, up to one row.
    steps = np.floor(generator.random() + share * np.arange(len(order) + 1)).astype(int)
    held_out = order[np.diff(steps) > 0]
    if len(held_out) in (0, len(order)):
        held_out = order[: int(np.clip(len(held_out), 1, len(order) - 1))]
    return held_out


def _hold_out_groups(
    codes: np.ndarray, share: float, labels: np.ndarray, seed: int, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out whole groups, about ``share`` of the rows, stratified as far as groups allow."""
    if codes.ndim == 2:
        raise InvalidParameterError(
            "groups with a multilabel y is not supported: split the rows by group yourself and "
            "pass X_val and y_val."
        )
    n_splits = max(2, round(1 / min(share, 1 - share)))
    if len(np.unique(groups)) < n_splits:
        raise TooFewRowsError(
            f"validation_split={share} with groups needs at least {n_splits} groups, got "
            f"{len(np.unique(groups))}. Pass X_val and y_val or a validation_split nearer to 0.5."
        )
    splitter = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Its warning of a class in fewer rows than folds is of no use here: one fold is enough.
        warnings.simplefilter("ignore", UserWarning)
        folds = list(splitter.split(np.zeros(len(codes)), codes, groups))
    for others, fold in folds:
        train, held_out = (others, fold) if share <= 0.5 else (fold, others)
        missing = {
            side: np.setdiff1d(codes, codes[rows])
            for side, rows in (("train on", train), ("hold out", held_out))
        }
        if not any(map(len, missing.values())):
            return train, held_out
    side, lost = next((side, lost) for side, lost in missing.items() if len(lost))
    raise TooFewRowsError(
        f"groups leaves no row of class {labels.tolist()[lost[0]]!r} to {side}: its rows lie in "
        f"too few groups. Pass X_val and y_val, or set validation_split=0."
    )
