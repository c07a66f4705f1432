"""Boundary checks of X, y, weights and groups."""

import numbers
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array, column_or_1d

from imbalanced_nn.data.containers import n_rows, row_blocks
from imbalanced_nn.data.refused_columns import (
    columns_of_other_kinds,
    columns_with_gaps,
    encoded_first,
)
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = [
    "check_features",
    "check_given",
    "check_groups",
    "check_indicator",
    "check_labels",
    "check_target",
    "check_weighed_classes",
    "check_weights",
    "refuse_streams",
    "validation_tuple",
]


def check_given(**parts: Any) -> None:
    """Refuse None in place of rows or labels.

    Parameters
    ----------
    **parts : object
        What was given, by the names of the arguments.

    Raises
    ------
    ValueError
        With the name of the first that is None.
    """
    for name, part in parts.items():
        if part is None:
            kind = "one label for each row of X" if name == "y" else "an array of one line per row"
            raise ValueError(f"{name} is None. Pass {kind}.")


def refuse_streams(X: Any) -> None:
    """Refuse rows that come one after the other, and cannot be taken by number.

    Parameters
    ----------
    X : object
        What the caller gave as rows.

    Raises
    ------
    InvalidParameterError
        If it is a generator or another iterator, a dataset of batches, a query that was not run,
        the name of a file, or a set.
    """
    names = {base.__name__ for base in type(X).__mro__}
    if hasattr(X, "shape") or hasattr(X, "__array__") or isinstance(X, list | tuple | dict):
        return
    if isinstance(X, str | bytes | os.PathLike):
        remedy = "Read the file first, as with pandas.read_csv."
    elif "LazyFrame" in names:
        remedy = "Run the query first: pass X.collect()."
    elif isinstance(X, set | frozenset):
        remedy = "A set has no order; pass a list."
    elif {"PyDataset", "DatasetV2", "DataLoader", "IterableDataset"} & names:
        remedy = (
            "fit takes a PyDataset or a tf.data.Dataset of (X, y) for training alone; put batches "
            "together here, X = np.concatenate([batch[0] for batch in dataset]) and y alike. Where "
            "they do not fit the memory, write them to a .npy file once and pass np.load(path, "
            "mmap_mode='r'), which is read batch by batch."
        )
    elif hasattr(X, "__next__") or not hasattr(X, "__getitem__"):
        remedy = "Pass np.stack(list(X)), or an array that is read batch by batch: np.memmap."
    else:
        return
    raise InvalidParameterError(
        f"X is a {type(X).__name__}, whose rows cannot be taken by number; but the rows that judge "
        f"are split off before any training. {remedy}"
    )


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
    if isinstance(X, dict) and not sparse.issparse(X):
        names = ", ".join(map(repr, list(X)[:3]))
        raise InvalidParameterError(
            f"X is a dict of {len(X)} arrays ({names}). Rows are split and resampled as those of "
            f"one table: pass its columns side by side, np.column_stack(list(X.values())), and "
            f"take them apart for the network's inputs in feature_encoder, a property of a "
            f"subclass."
        )
    given = X
    try:
        X = check_array(
            X,
            accept_sparse="csr",
            dtype="numeric",
            allow_nd=True,
            ensure_all_finite=False,
            input_name="X",
            estimator=estimator_name,
        )
        if X.dtype == object:
            # Of some containers, and of categories, objects are left as they are.
            X = X.astype(np.float64)
        elif X.dtype.kind not in "biuf":
            raise ValueError(f"X is of dtype {X.dtype}")
    except (TypeError, ValueError) as error:
        other = columns_of_other_kinds(given)
        if other is None:
            raise
        told = f"{str(error).rstrip('.')}. {other}, which a network cannot take"
        raise ValueError(f"{told}. {encoded_first(estimator_name)}") from error
    if X.dtype.kind == "f":
        values = X.data if sparse.issparse(X) else X
        for block in row_blocks(values):
            with np.errstate(over="ignore"):
                single = np.asarray(values[block], dtype=np.float32)
            try:
                assert_all_finite(single, input_name="X", estimator_name=estimator_name)
            except ValueError as error:
                gaps = columns_with_gaps(given)
                if gaps is None:
                    raise
                told = f"Input X contains NaN. Values are missing in {gaps}"
                raise ValueError(f"{told}. {encoded_first(estimator_name)}") from error
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


def check_labels(y: np.ndarray) -> None:
    """Refuse what is no classes to scikit-learn, with what to write instead.

    Parameters
    ----------
    y : ndarray
        What `check_target` returned.

    Raises
    ------
    ValueError
        If y is continuous, or of dtype object and not of text throughout.
    """
    if y.dtype.kind == "f" and (y != np.trunc(y)).any():
        raise ValueError(
            f"Unknown label type: continuous. y holds {len(np.unique(y))} different numbers, "
            f"and not all of them are whole: a classifier takes classes. Cut y into some first, "
            f"as (y > limit).astype(int)."
        )
    if y.ndim == 2 and y.dtype.kind in "biuf" and len(np.unique(y)) < 3:
        # What holds more values is no indicator to scikit-learn.
        check_indicator(y)
    kinds = {type(value) for value in y.flat} if y.dtype == object else set()
    if all(issubclass(kind, str) for kind in kinds):
        return
    names = " and ".join(sorted(kind.__name__ for kind in kinds))
    held = f"Unknown label type: y is of dtype object and holds {names}"
    missing = sum(value is None or value != value for value in y.flat)
    if missing:
        raise ValueError(f"{held}: {missing} of {y.size} labels are missing. Leave those rows out.")
    if all(issubclass(kind, bool | np.bool_) for kind in kinds):
        raise ValueError(f"{held}. Write y.astype(bool).")
    if all(issubclass(kind, numbers.Real | np.bool_) for kind in kinds):
        whole = all(float(value).is_integer() for value in y.flat)
        raise ValueError(f"{held}. Write y.astype({'int' if whole else 'float'}).")
    raise ValueError(f"{held}. Labels are of one type: write y.astype(str), or numbers for all.")


def check_indicator(y: np.ndarray) -> None:
    """Refuse other values than 0 and 1 where y says which labels each row has.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_labels)
        Numbers or truth values.

    Raises
    ------
    ValueError
        With how to write them as 0 and 1.
    """
    values = np.unique(y).tolist()
    if not set(values) <= {0, 1}:
        raise ValueError(
            f"y of several labels is 1 where a row has a label and 0 where it has not; got "
            f"{values[:5]}. Write (y == {values[-1]}).astype(int)."
        )


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
    if isinstance(sample_weight, str | Mapping):
        raise ValueError(
            f"{name} must be one weight for each row, or None; got {sample_weight!r}. Classes are "
            f"weighed by the parameter class_weight of the estimator."
        )
    shape = (n_rows(X), *steps)
    if sample_weight is None:
        return np.ones(shape)
    if isinstance(sample_weight, numbers.Real):
        sample_weight = np.full(shape, sample_weight)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, copy=True, input_name=name
    )
    if steps and weights.shape == shape[:1]:
        weights = np.repeat(weights[:, None], steps[0], axis=1)
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
    if weights.max() > np.finfo(np.float64).max / weights.size:
        raise ValueError(
            f"{name} holds weights up to {weights.max():g}, whose sum is not finite. Divide them: "
            f"their ratios count alone."
        )
    if not weights.any():
        raise ValueError(
            f"{name} holds only zeros, so there is nothing to train on. "
            f"Give at least one row of each class a positive weight."
        )
    return weights


def check_weighed_classes(codes: np.ndarray, weights: np.ndarray, classes: np.ndarray) -> None:
    """Refuse weights that leave out all rows of a class.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Class codes.
    weights : ndarray of shape (n_samples,)
        Weights of rows.
    classes : ndarray of shape (n_classes,)
        Labels.

    Raises
    ------
    ValueError
        If every row of a class has weight 0.
    """
    lost = np.setdiff1d(codes, codes[weights > 0])
    if len(lost):
        raise ValueError(
            f"sample_weight is 0 for every row of class {classes.tolist()[lost[0]]!r}, which "
            f"leaves nothing to learn it from. Give at least one row of each class a positive "
            f"weight, or leave the class out of y."
        )


def check_groups(groups: Any, n_samples: int) -> np.ndarray:
    """Return the group of each row as an array."""
    import pandas as pd

    groups = column_or_1d(groups)
    if len(groups) != n_samples:
        raise ValueError(
            f"groups must hold one group for each row; got {len(groups)} for {n_samples} rows "
            f"of X. Pass the groups of the same rows, in the same order."
        )
    missing = np.flatnonzero(pd.isna(groups))
    if len(missing):
        raise ValueError(
            f"groups names no group for {len(missing):,} rows, the first of them row "
            f"{missing[0]}. Give each a group of its own, or leave these rows out."
        )
    try:
        np.unique(groups)
    except TypeError:
        # Of numbers and text, which have no order, it counts which are equal.
        return pd.factorize(groups)[0]
    return groups


def validation_tuple(X_val, y_val, sample_weight_val, given):
    """Return the caller's held-out rows as one tuple, Keras' ``validation_data`` included."""
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise InvalidParameterError(
                "sample_weight_val holds weights of X_val, which is None. Pass X_val and y_val "
                "too, or leave the weights out."
            )
        if given is None:
            return None
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise InvalidParameterError(
                f"validation_data must be (X, y) or (X, y, sample_weight); got a "
                f"{type(given).__name__} that is neither. Pass X_val and y_val instead."
            )
        return (*given, None) if len(given) == 2 else tuple(given)
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise InvalidParameterError(f"X_val and y_val go together, but {missing} is None.")
    if given is not None:
        raise InvalidParameterError(
            "Both X_val and validation_data are given; they are the same thing. Pass one of them."
        )
    return X_val, y_val, sample_weight_val
