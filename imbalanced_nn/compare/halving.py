"""Which strategies can no longer win, judged by the folds that are done."""

from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.compare.intervals import corrected_intervals

__all__ = ["MIN_FOLDS", "losers"]

MIN_FOLDS = 3
"""Folds before the first strategy may be dropped: of two, the spread is hardly known."""

_CONFIDENCE_LEVEL = 0.95


def losers(scores, scoring: str, ratios, baseline: str) -> list[str]:
    """Return the strategies whose interval lies wholly on the losing side of the leader.

    Parameters
    ----------
    scores : DataFrame of shape (n_folds, n_strategies)
        Measure of the strategies that are still run, in every fold that is done.
    scoring : str
        Name of the measure.
    ratios : array-like of shape (n_folds,)
        Test rows per training row of those folds.
    baseline : str
        The strategy that is never dropped.

    Returns
    -------
    list of str
        Each is worse than the best of the others by a variance-corrected 95 % interval of its
        own. None before `MIN_FOLDS` folds.
    """
    if len(scores) < MIN_FOLDS:
        return []
    better = scores if GREATER_IS_BETTER[scoring] else -scores
    leader = better.mean().idxmax()
    paired = better.drop(columns=leader).sub(better[leader], axis=0)
    high = corrected_intervals(paired, ratios, _CONFIDENCE_LEVEL, 1)["high"]
    return [name for name in paired if high[name] < 0 and name != baseline]
