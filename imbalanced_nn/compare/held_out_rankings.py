"""What a comparison keeps of held-out rows: how each fit ranked and decided them."""

from typing import Any

import numpy as np

from imbalanced_nn.inspection import RANKED_SHARES, found_at_shares, ranked, rarest

__all__ = ["combined_ranking", "is_ranking", "ranking"]

# Digits of what is kept: far below what rows of any number tell apart.
_DIGITS = 5


def ranking(codes, proba, decided, *, class_count, positive, sample_weight=None) -> dict:
    """Return how rows of one fold are ranked and decided, as JSON's types, however many they are.

    Parameters
    ----------
    codes, decided : ndarray of int of shape (n_samples,)
        True classes, and those decided for.
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.
    class_count : array-like of int of shape (n_classes,)
        Rows of each class in all folds.
    positive : int or None
        Position of the positive class of two.
    sample_weight : ndarray of shape (n_samples,), optional
        Weights.

    Returns
    -------
    dict
        ``found`` has, for the positive class or for each of the rarest, its position and the share
        that is found at each of `RANKED_SHARES`; ``confusion`` has true class, decided class and
        weight of the rows, where there are some; ``n_rows`` is a count.
    """
    weight = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight, float)
    found = []
    for place in rarest(class_count) if positive is None else [positive]:
        curve = ranked(codes == place, decided == place, proba[:, place], weight)
        if curve["n_positive"] > 0:
            found.append([int(place), [_short(share) for share in found_at_shares(curve)]])
    cells, place_of = np.unique(np.column_stack([codes, decided]), axis=0, return_inverse=True)
    sums = np.bincount(place_of.ravel(), weights=weight)
    confusion = [
        [int(true), int(taken), _short(total)]
        for (true, taken), total in zip(cells, sums, strict=True)
    ]
    return {"found": found, "confusion": confusion, "n_rows": len(codes)}


def combined_ranking(rankings: list[dict], n_classes: int) -> dict[str, Any]:
    """Return the mean of the rankings of several folds, and the sum of their decisions.

    Parameters
    ----------
    rankings : list of dict
        As of `ranking`, of one strategy.
    n_classes : int
        Number of classes.

    Returns
    -------
    dict
        ``confusion`` of shape (n_classes, n_classes); and ``curves``, by position of the class,
        each as of `imbalanced_nn.inspection.ranked`: what is found where the same share of the
        rows is flagged in every fold.
    """
    confusion = np.zeros((n_classes, n_classes))
    hits: dict[int, np.ndarray] = {}
    for each in rankings:
        of_fold = np.zeros_like(confusion)
        for true, taken, total in each["confusion"]:
            of_fold[true, taken] = total
        confusion += of_fold
        for place, found in each["found"]:
            hits[place] = hits.get(place, 0.0) + np.asarray(found) * of_fold[place].sum()
    n = float(confusion.sum())
    curves = {
        place: {
            "alerts": RANKED_SHARES * n,
            "hits": hits[place],
            "n": n,
            "n_rows": sum(each["n_rows"] for each in rankings),
            "n_positive": float(confusion[place].sum()),
            "decided_alerts": float(confusion[:, place].sum()),
            "decided_hits": float(confusion[place, place]),
        }
        for place in sorted(hits)
    }
    return {"confusion": confusion, "curves": curves}


def is_ranking(value) -> bool:
    """Whether a value is a ranking that this version kept."""
    return (
        {*value} == {"found", "confusion", "n_rows"}
        and all(len(found) == len(RANKED_SHARES) for _, found in value["found"])
        and all(len(cell) == 3 for cell in value["confusion"])
    )


def _short(value: float):
    """Return a number without digits that tell nothing."""
    rounded = float(f"{value:.{_DIGITS}g}")
    return int(value) if value == int(value) else rounded
