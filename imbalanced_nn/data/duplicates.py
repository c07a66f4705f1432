"""Equal rows, and other marks of a table that was resampled before it was split."""

from typing import Any

import numpy as np
from scipy import sparse

from imbalanced_nn.data.containers import n_rows, row_hashes, take_rows

__all__ = [
    "MANY_COPIES",
    "appended_rows",
    "content_hashes",
    "copies_message",
    "counts_message",
    "duplicate_groups",
    "leaked_copies",
]

MANY_COPIES = 0.2
"""Share of rows that equal others from which on they are noted: fewer are chance."""

FEW_COPIES = 5
FEW_VALUES = 20
FEW_DISTINCT = 20
SAMPLE_ROWS = 1000
LONG_TAIL = 50
# Parts of 1 that people give as a ratio.
RATIOS = 20
# Classes of exactly so many rows or more are seldom so by chance.
MANY_ROWS = 100


def duplicate_groups(X: Any) -> np.ndarray:
    """Number groups of equal rows, to keep each on one side of a split.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, ...)
        Rows; numbers of arrays are compared as float32, those of a table as they are.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        The ``groups`` of `BalancedKerasClassifier.fit`, `compare_strategies` and scikit-learn's
        splitters by group.

    Examples
    --------
    >>> from imbalanced_nn.sampling import duplicate_groups
    >>> groups = duplicate_groups([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])
    >>> bool(groups[0] == groups[2] != groups[1])
    True
    """
    return np.unique(content_hashes(X), return_inverse=True)[1]


def content_hashes(X: Any) -> np.ndarray:
    """Return a number for each row of a table of any kind that equal rows share."""
    if hasattr(X, "columns"):
        import pandas as pd

        return pd.util.hash_pandas_object(pd.DataFrame(X), index=False).to_numpy()
    return row_hashes(X if sparse.issparse(X) or hasattr(X, "dtype") else np.asarray(X))


def leaked_copies(
    X: Any, codes: tuple[np.ndarray, np.ndarray], hashes: tuple[np.ndarray, np.ndarray]
) -> int:
    """Return how many held-out rows are copies of trained ones, 0 where they may be by chance.

    A copy has the class of the rows that it equals. Where tables hold few values, rows are alike
    by themselves, unless all of them come equally often.

    Parameters
    ----------
    X : array or sparse matrix
        Held-out rows, or the data that they are from.
    codes : tuple of ndarray
        Class codes, or indicators of labels, of the trained and of the held-out rows.
    hashes : tuple of ndarray
        Their `row_hashes`.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.data.duplicates import leaked_copies
    >>> X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    >>> leaked_copies(X, (y, y), (np.arange(20), np.arange(20)))
    20
    """
    (trained, held), (seen, new) = codes, hashes
    known = np.isin(new, seen)
    if not known.any():
        return 0
    if trained.ndim > 1:
        _, labels = np.unique(np.concatenate([trained, held]), axis=0, return_inverse=True)
        trained, held, kinds = labels[: len(seen)], labels[len(seen) :], np.zeros(len(new), int)
    else:
        kinds = held
    rows, inverse = np.unique(seen, return_inverse=True)
    low, high = np.full(len(rows), trained.max()), np.full(len(rows), trained.min())
    np.minimum.at(low, inverse, trained)
    np.maximum.at(high, inverse, trained)
    place = np.minimum(np.searchsorted(rows, new), len(rows) - 1)
    copies = known & (low[place] == held) & (high[place] == held)
    found, total = (np.bincount(kinds[part]) for part in (copies, slice(None)))
    found = np.pad(found, (0, len(total) - len(found)))
    if not ((found >= FEW_COPIES) & (found >= MANY_COPIES * total)).any():
        return 0
    if _has_few_values(X):
        _, times = np.unique(np.concatenate([seen, new]), return_counts=True)
        if len(times) < FEW_DISTINCT or np.gcd.reduce(times) == 1:
            return 0
    return int(copies.sum())


def _has_few_values(X: Any) -> bool:
    """Whether every column holds few values, as codes and counts do."""
    if isinstance(X, dict | list | tuple):
        return all(map(_has_few_values, X.values() if isinstance(X, dict) else X))
    if hasattr(X, "columns"):
        return all(X[name].nunique() <= FEW_VALUES for name in X)
    every = max(1, n_rows(X) // SAMPLE_ROWS)
    sample = take_rows(X, np.arange(0, n_rows(X), every))
    if sparse.issparse(sample):
        return len(np.unique(sample.data)) <= FEW_VALUES
    table = np.sort(np.asarray(sample).reshape(len(sample), -1), axis=0)
    return bool(((np.diff(table, axis=0) != 0).sum(axis=0) < FEW_VALUES).all())


def appended_rows(codes: np.ndarray) -> int:
    """Return how many rows at the end look as if a sampler had put them there, 0 if none do.

    Samplers append new rows of a class to the old ones, which lie among all others, up to a round
    ratio of two classes.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Class codes.

    Examples
    --------
    >>> import numpy as np
    >>> from imbalanced_nn.data.duplicates import appended_rows
    >>> natural = (np.arange(500) % 5 == 0).astype(int)
    >>> appended_rows(natural), appended_rows(np.append(natural, np.ones(100, int)))
    (0, 100)
    """
    others = np.flatnonzero(codes != codes[-1])
    if not len(others):
        return 0
    tail = len(codes) - 1 - others[-1]
    before = codes[: others[-1] + 1] == codes[-1]
    spread = before.any() and np.ptp(np.flatnonzero(before)) >= len(before) / 2
    long = tail >= max(LONG_TAIL, len(codes) / 10)
    counts = np.unique(codes, return_counts=True)[1]
    small, large = counts.min(), counts.max()
    ratio = round(RATIOS * small / large) / RATIOS
    round_ratio = len(counts) == 2 and abs(small - ratio * large) <= 1
    return int(tail) if long and spread and round_ratio and before.mean() < 0.5 else 0


def copies_message(copies: int, n_rows: int, which: str) -> str:
    """Say that rows to judge by are copies of trained ones, and what to do."""
    return (
        f"{copies} of the {n_rows} {which} rows are copies of rows that are trained on, as if the "
        f"rows had been resampled before they were split: scores are too good, and probabilities "
        f"at the resampled shares. Give the rows as they were and resample by sampler=..., which "
        f"comes after the split, or keep equal rows on one side: "
        f"groups=imbalanced_nn.sampling.duplicate_groups(X)."
    )


def counts_message(codes: np.ndarray) -> str | None:
    """Say that classes look resampled by their numbers of rows, None if they do not."""
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    if len(counts) > 1 and counts.min() == counts.max() >= MANY_ROWS:
        found = f"all {len(counts)} classes have exactly {counts[0]} rows"
    elif tail := appended_rows(codes):
        found = f"the last {tail} rows are all of one class, which before is the rarer"
    else:
        return None
    return (
        f"{found}, as after a sampler. If the rows were resampled before, in a pipeline or in "
        f"their file, probabilities are at those shares and held-out rows may be made of trained "
        f"ones: take that step out and use sampler=..., or tell the shares by priors=[...]. If the "
        f"data is so by itself, nothing is wrong."
    )
