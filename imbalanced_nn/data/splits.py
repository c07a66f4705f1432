"""Splits that hold rows out: a share of every class, whole groups, or the folds of a splitter."""

import copy
import numbers
import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    PredefinedSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

__all__ = ["USUAL_SHARE", "deal_folds", "hold_out_rows", "split_rows"]

USUAL_SHARE = 0.2
"""Share of the rows that one network is judged by where nothing is said of it."""

GROUP_DRAWS = 20


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
        Rows of one group stay on one side. Classes, and the positives of labels, are
        stratified as far as the groups allow.

    Returns
    -------
    train, held_out : ndarray of int
        Sorted row numbers.

    Raises
    ------
    TooFewRowsError
        If a class has too few rows, or too few groups, to be on both sides.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.data.splits import hold_out_rows
    >>> codes = np.repeat([0, 1], [90, 10])
    >>> train, held_out = hold_out_rows(codes, 0.2, np.array(["ok", "fraud"]), seed=0)
    >>> np.bincount(codes[held_out])
    array([18,  2])
    """
    if groups is not None:
        hold_out = _hold_out_groups if codes.ndim == 1 else _hold_out_label_groups
        return hold_out(codes, share, labels, seed, groups)
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


def split_rows(
    splitter: Any,
    X: Any,
    codes: np.ndarray,
    labels: np.ndarray,
    seed: int,
    groups: np.ndarray | None = None,
    present: np.ndarray | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split rows into training and held-out rows as a splitter does, once or several times.

    Parameters
    ----------
    splitter : int, object with ``split``, or list of pairs of row numbers
        Number of folds as in `deal_folds`, any scikit-learn splitter, or its splits. A splitter
        is copied; where it shuffles and its ``random_state`` is None, the copy is seeded.
    X : array or sparse matrix of shape (n_samples, ...)
        Rows, all of them: a splitter may know them by their numbers.
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class code of each row, or the 0/1 indicator of a multilabel target.
    labels : ndarray of shape (n_classes,)
        Original labels.
    seed : int
        Seed of a splitter that has none.
    groups : ndarray of shape (n_samples,), default=None
        Given to the splitter, which must keep the rows of one group on one side.
    present : ndarray of int, default=None
        Numbers of the rows that either side may hold, all if None.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Sorted numbers of the training and of the held-out rows of each split. Rows that a
        split leaves out, such as the gap of ``TimeSeriesSplit``, are in neither.

    Raises
    ------
    InvalidParameterError
        If the splitter cannot split these rows, or a row or a group is on both sides.
    TooFewRowsError
        If a class is not on both sides of each split.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.data.splits import split_rows
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> X, codes = np.zeros((12, 1)), np.tile([0, 1], 6)
    >>> splitter = TimeSeriesSplit(3, gap=1)
    >>> folds = split_rows(splitter, X, codes, np.arange(2), seed=0)
    >>> len(folds), folds[-1]
    (3, (array([0, 1, 2, 3, 4, 5, 6, 7]), array([ 9, 10, 11])))
    """
    listed = isinstance(splitter, list | tuple)
    name = f"validation_split={'[...]' if listed else repr(splitter)}"
    y = codes if codes.ndim == 2 else labels[codes]
    present = np.arange(len(codes)) if present is None else present
    try:
        with warnings.catch_warnings():
            # Of classes with fewer rows than folds, or of groups, both checked below.
            warnings.simplefilter("ignore", UserWarning)
            if isinstance(splitter, numbers.Integral):
                of_present = None if groups is None else groups[present]
                pairs = deal_folds(int(splitter), codes[present], seed, of_present)
                pairs = [(present[train], present[held_out]) for train, held_out in pairs]
            else:
                pairs = splitter if listed else _seeded(splitter, seed).split(X, y, groups)
            folds: Any = [
                tuple(np.intersect1d(_row_numbers(side, len(codes)), present) for side in pair)
                for pair in pairs
            ]
            if not folds or {len(sides) for sides in folds} != {2}:
                raise ValueError("it gives no pairs of training and held-out rows.")
    except (IndexError, TypeError, ValueError) as error:
        raise InvalidParameterError(
            f"{name} cannot split these {len(codes)} rows: {error} Give an instance of a "
            f"splitter that fits them, with groups where it needs them, or a share such as 0.2."
        ) from error
    for train, held_out in folds:
        _check_apart(train, held_out, groups, name)
        _check_sides(codes[present], codes[train], codes[held_out], labels, name)
    return folds


def deal_folds(
    n_folds: int,
    codes: np.ndarray,
    seed: int,
    groups: np.ndarray | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split rows into folds, each of which is held out once.

    Parameters
    ----------
    n_folds : int
        Number of folds.
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Class code of each row, or the 0/1 indicator of a multilabel target. Folds are
        stratified by class, or by label set.
    seed : int
        Seed of the shuffle.
    groups : ndarray of shape (n_samples,), default=None
        Rows of one group stay in one fold; of multilabel rows nothing is then stratified.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Numbers of the training and of the held-out rows of each split.

    Raises
    ------
    ValueError
        If there are fewer groups, or rows of every class, than folds.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.data.splits import deal_folds
    >>> codes = np.repeat([0, 1], [90, 10])
    >>> [np.bincount(codes[held_out]).tolist() for _, held_out in deal_folds(2, codes, seed=0)]
    [[45, 5], [45, 5]]
    """
    X = np.zeros(len(codes))
    if codes.ndim == 2 and groups is None:
        # Dealt in the order of label sets, each fold gets its share of every set.
        _, label_set = np.unique(codes, axis=0, return_inverse=True)
        order = np.lexsort((np.random.default_rng(seed).random(len(codes)), label_set.ravel()))
        fold = np.empty(len(codes), dtype=int)
        fold[order] = np.arange(len(codes)) % n_folds
        return list(PredefinedSplit(fold).split())
    if codes.ndim == 2:
        splitter = GroupKFold(n_folds, shuffle=True, random_state=seed)
    elif groups is None:
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    else:
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return list(splitter.split(X, codes, groups))


def _draw_class(
    rows: np.ndarray, share: float, label: Any, generator: np.random.Generator
) -> np.ndarray:
    """Draw the held-out rows of one class."""
    if len(rows) < 2:
        raise TooFewRowsError(
            f"Of every class {share:.3g} of the rows are held out to judge by, but class {label!r} "
            f"has {len(rows)} row and needs at least 2. Collect more rows, leave the class out, "
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
            f"Of the rows {share:.3g} are held out to judge by, which needs at least 2 rows, got "
            f"{len(indicator)}. Pass X_val and y_val, or set validation_split=0."
        )
    _, label_set = np.unique(indicator, axis=0, return_inverse=True)
    order = np.lexsort((generator.random(len(indicator)), label_set.ravel()))
    # Every 1/share-th row in the order of label sets: each set gives its share, up to one row.
    steps = np.floor(generator.random() + share * np.arange(len(order) + 1)).astype(int)
    held_out = order[np.diff(steps) > 0]
    if len(held_out) in (0, len(order)):
        held_out = order[: int(np.clip(len(held_out), 1, len(order) - 1))]
    return held_out


def _seeded(splitter: Any, seed: int) -> Any:
    """Return a copy of a splitter, seeded if it draws without a seed of its own."""
    # A copy, so that a generator of the caller's is not advanced either.
    splitter = copy.deepcopy(splitter)
    draws = getattr(splitter, "shuffle", True)
    if draws and getattr(splitter, "random_state", seed) is None:
        splitter.random_state = seed
    return splitter


def _row_numbers(side: Any, n: int) -> np.ndarray:
    """Return one side of a split, row numbers or a mask, as sorted row numbers."""
    side = np.asarray(side)
    return np.unique(np.arange(n)[side]) if len(side) else np.arange(0)


def _check_apart(
    train: np.ndarray, held_out: np.ndarray, groups: np.ndarray | None, name: str
) -> None:
    """Refuse a split with a row or a group on both sides."""
    both = np.intersect1d(train, held_out)
    if len(both):
        raise InvalidParameterError(
            f"{name} puts {len(both)} rows on both sides, row {both[0]} among them, which would "
            f"be trained on and judged by. Give a splitter whose two sides share no row."
        )
    shared: Any = [] if groups is None else np.intersect1d(groups[train], groups[held_out])
    if len(shared):
        raise InvalidParameterError(
            f"{name} puts rows of the group {shared.tolist()[0]!r} on both sides. Give a "
            f"splitter that keeps groups together, such as GroupKFold or "
            f"StratifiedGroupKFold, or leave groups out."
        )


def _check_sides(
    codes: np.ndarray, train: np.ndarray, held_out: np.ndarray, labels: np.ndarray, name: str
) -> None:
    """Refuse a split whose sides, given by their codes, lack rows or rows of a class."""
    for side, of_side in (("train on", train), ("hold out", held_out)):
        lost: Any = np.setdiff1d(codes, of_side) if codes.ndim == 1 else []
        if len(of_side) and not len(lost):
            continue
        row = f"row of class {labels.tolist()[lost[0]]!r}" if len(lost) else "row"
        raise TooFewRowsError(
            f"{name} leaves no {row} to {side}. Give a splitter with fewer splits, each of which "
            f"has rows of every class on both sides, or pass X_val and y_val."
        )


def _hold_out_groups(
    codes: np.ndarray, share: float, labels: np.ndarray, seed: int, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out whole groups, about ``share`` of the rows, stratified as far as groups allow."""
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


def _hold_out_label_groups(
    indicator: np.ndarray, share: float, labels: np.ndarray, seed: int, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hold out whole groups, about ``share`` of the rows and of each label's positives."""
    _, group = np.unique(groups, return_inverse=True)
    n_groups = group.max() + 1
    if n_groups < 2:
        raise TooFewRowsError(
            f"validation_split={share} with groups needs at least 2 groups, got {n_groups}. Pass "
            f"X_val and y_val, or set validation_split=0."
        )
    # The rows of each group count as one more label, last.
    table = np.column_stack([indicator != 0, np.ones(len(indicator))])
    sums = np.zeros((n_groups, table.shape[1]))
    np.add.at(sums, group, table)
    generator = np.random.default_rng(seed)
    draws = [_draw_label_groups(sums, share, generator) for _ in range(GROUP_DRAWS)]
    held_out = min(draws, key=lambda draw: _distance(sums, draw, share))[group]
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _draw_label_groups(
    sums: np.ndarray, share: float, generator: np.random.Generator
) -> np.ndarray:
    """Draw the groups to hold out, those of the label in the fewest groups first."""
    side = np.full(len(sums), -1)  # 1 is held out, 0 is trained on, -1 is open
    for column in np.argsort((sums > 0).sum(axis=0), kind="stable"):
        of_groups = sums[:, column]
        undecided = generator.permutation(np.flatnonzero((side < 0) & (of_groups > 0)))
        held, trained = (of_groups[side == code].sum() for code in (1, 0))
        before = np.concatenate([[0], np.cumsum(of_groups[undecided])])
        count = int(np.argmin(np.abs(held + before - share * of_groups.sum())))
        # Both sides get a group wherever there are two.
        count = int(min(max(count, held == 0), len(undecided) - (trained == 0)))
        side[undecided] = 0
        side[undecided[: max(count, 0)]] = 1
    if not (side == 1).any():
        side[generator.integers(len(side))] = 1
    return side == 1


def _distance(sums: np.ndarray, draw: np.ndarray, share: float) -> tuple[int, float]:
    """Number of labels missing on a side, then how far the labels are from their share."""
    totals, held = sums.sum(axis=0), sums[draw].sum(axis=0)
    occurs = totals > 0
    missing = occurs & ((held == 0) | (held == totals))
    return int(missing.sum()), float(np.abs(held[occurs] / totals[occurs] - share).sum())
