"""Class labels and cross-validation folds, checked before anything is fitted."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from imbalanced_nn.data import positive_code
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

__all__ = ["as_codes", "make_folds", "positive_class"]


def as_codes(y) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted class labels and the class of every row as a position among them."""
    import pandas as pd

    if np.ndim(y) > 1 and np.shape(y)[1] > 1:
        raise InvalidParameterError(
            f"y: has shape {np.shape(y)}; strategies are compared on one column of class labels."
        )
    labels = column_or_1d(y)
    missing = int(pd.isna(labels).sum())
    if missing:
        raise InvalidParameterError(
            f"y: {missing} of {len(labels)} labels are missing. Leave those rows out first."
        )
    if type_of_target(labels) not in ("binary", "multiclass"):
        raise InvalidParameterError(
            f"y: is {type_of_target(labels)}; strategies are compared on class labels. Cut a "
            "continuous target into classes first."
        )
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InvalidParameterError(
            f"y: holds the one class {_shown(classes[0])}; at least two are needed."
        )
    return classes, codes


def positive_class(pos_label, classes, counts) -> int | None:
    """Return the position of the positive one of two classes, None of more."""
    if len(classes) != 2 and pos_label is None:
        return None
    code = positive_code(pos_label, classes, counts) if len(classes) == 2 else None
    if code is None:
        raise InvalidParameterError(
            f"pos_label: {pos_label!r} is not one of two classes; the classes of y are "
            f"{', '.join(map(_shown, classes))}."
        )
    return code


def make_folds(cv, X, y, codes, classes, groups, seeds: list[int]) -> list[tuple]:
    """Return (train, test) row positions of every fold; each side holds every class.

    An integer ``cv`` is repeated once for each seed.
    """
    if cv is None or isinstance(cv, Integral):
        n_splits = 5 if cv is None else int(cv)
        splitters = [_stratified(n_splits, codes, classes, groups, seed) for seed in seeds]
    elif len(seeds) > 1:
        raise InvalidParameterError(
            f"n_repeats: got {len(seeds)}, which repeats the folds of an integer cv; cv is "
            f"{cv!r}. Give a splitter that repeats itself, such as RepeatedStratifiedKFold."
        )
    else:
        splitters = [check_cv(cv)]
    # Splitters may give masks as well.
    every = np.arange(len(codes))
    folds = [
        (every[train], every[test])
        for splitter in splitters
        for train, test in splitter.split(X, y, groups)
    ]
    for number, (train, test) in enumerate(folds, start=1):
        if shared := len(np.intersect1d(train, test)):
            raise InvalidParameterError(
                f"cv: fold {number} of {len(folds)} tests {shared} rows that it trains on. Give "
                f"folds whose training and test rows differ."
            )
        for side, rows in (("training", train), ("test", test)):
            absent = np.bincount(codes[rows], minlength=len(classes)) == 0
            if absent.any():
                raise TooFewRowsError(
                    f"cv: fold {number} of {len(folds)} has no {side} rows of class "
                    f"{_shown(classes[absent.argmax()])}. Use fewer folds, or a splitter that "
                    "stratifies by class."
                )
    return folds


def _stratified(n_splits: int, codes, classes, groups, seed: int):
    """Return a shuffled stratified splitter, or refuse a class with fewer rows than folds."""
    counts = np.bincount(codes)
    rarest = counts.argmin()
    if counts[rarest] < n_splits:
        rows = "row" if counts[rarest] == 1 else "rows"
        raise TooFewRowsError(
            f"cv: class {_shown(classes[rarest])} has {counts[rarest]} {rows}, fewer than the "
            f"{n_splits} folds. {_remedy(counts[rarest])}"
        )
    n_groups = n_splits if groups is None else len(np.unique(groups))
    if n_groups < n_splits:
        raise TooFewRowsError(
            f"cv: there are {n_groups} groups, fewer than the {n_splits} folds. Use at most "
            f"{n_groups} folds, or leave groups out."
        )
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    return kind(n_splits, shuffle=True, random_state=seed)


def _remedy(count: int) -> str:
    """Return what to do about a class of ``count`` rows."""
    if count < 2:
        return "Leave this class out, merge it with another, or gather more of its rows."
    return f"Use at most {count} folds, merge the class with another, or gather more of its rows."


def _shown(label) -> str:
    """Return a class label as its plain Python value."""
    return repr(label.item() if isinstance(label, np.generic) else label)
