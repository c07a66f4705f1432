"""Exact search of one decision threshold over every distinct score."""

from dataclasses import dataclass

import numpy as np

from imbalanced_nn.exceptions import warn
from imbalanced_nn.threshold.candidates import (
    MAX_CURVE,
    Candidates,
    binary_counts,
    ends,
    thin,
    useful_cuts,
)

__all__ = [
    "TIE",
    "ThresholdCurve",
    "best_candidate",
    "cost_values",
    "search_binary",
    "warn_if_thinned",
]

MAX_CANDIDATES = 1000  # of a metric callable, for a binary target
TIE = 1e-12  # relative difference up to which two values are equal


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """The objective at every candidate cut.

    Parameters
    ----------
    thresholds : ndarray of shape (n_candidates,)
        Cuts, rising; each lies between two neighbouring distinct scores. Of more than 10,000
        cuts those that could be best for some objective, and 10,000 others.
    scores : ndarray of shape (n_candidates,)
        Objective at each cut; NaN where a constraint is not met.

    Examples
    --------
    >>> from imbalanced_nn.threshold import ThresholdTuner
    >>> curve = ThresholdTuner("accuracy").fit([0, 0, 1], [0.1, 0.3, 0.8]).threshold_curve_
    >>> curve.scores.round(2)
    array([0.33, 0.67, 1.  , 0.67])
    """

    thresholds: np.ndarray
    scores: np.ndarray


def best_candidate(values):
    """Return the middle of the longest run of best values; NaN is never best."""
    values = np.where(np.isnan(values), -np.inf, values)
    best = values.max()
    if best == -np.inf:
        raise ValueError("The objective is undefined (NaN) at every threshold.")
    scale = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    tied = np.concatenate(([False], values >= best - TIE * scale, [False]))
    starts, stops = np.flatnonzero(np.diff(tied.astype(int))).reshape(-1, 2).T
    longest = np.argmax(stops - starts)
    return int((starts[longest] + stops[longest] - 1) // 2)


def search_binary(
    objective, y, score, weight, positive=1, constraint=None, belief=None, sample_cost=None
):
    """Return the best cut, its objective value and the curve.

    Parameters
    ----------
    objective : Objective
        Of a binary target, or of one label of a multilabel target.
    y : ndarray of shape (n_samples,)
        1 for the positive class, else 0.
    score : ndarray of shape (n_samples,)
        Score of the positive class, float64 and finite.
    weight : ndarray of shape (n_samples,)
        Row weights, positive.
    positive : {0, 1}, default=1
        Code of the positive class, for an objective that is a metric callable.
    constraint : Constraint or None, default=None
        Bound that the decisions must keep.
    belief : ndarray of shape (n_samples,) or None, default=None
        Soft labels in [0, 1] by which the best cut is chosen in place of ``y``; value and curve
        stay those of ``y``.
    sample_cost : ndarray of shape (n_samples, 2) or None, default=None
        Cost of deciding each row negative and positive, whose negative mean is maximised in
        place of the objective.

    Returns
    -------
    cut : float
    value : float
    curve : ThresholdCurve
    """
    by_labels = objective.formula is not None and belief is None and sample_cost is None
    proves = constraint is not None and constraint.confidence is not None
    if by_labels and not proves and len(score) > MAX_CURVE:
        thresholds, counts = useful_cuts(y, score, weight)
        expected = None
    else:
        candidates = Candidates(score)
        counts = binary_counts(candidates, y, weight)
        thresholds = candidates.cuts(np.arange(len(candidates)), *ends(candidates))
        expected = candidates.totals(weight * score) if proves else None
    chosen = np.arange(len(thresholds))
    if constraint is not None:
        chosen = constraint.allowed(counts, expected)
        if not len(chosen):
            place, value = constraint.best(*counts)
            raise constraint.unattainable(thresholds[place], value, y.sum(), (1 - y).sum())
    if objective.formula is None and sample_cost is None:
        n_candidates, chosen = len(chosen), thin(chosen, MAX_CANDIDATES)
        warn_if_thinned(objective, len(chosen), n_candidates)
        codes = y == positive  # True is code 1: the positive class, or the other one
        decided = (candidates.flagged(k) == positive for k in chosen)
        values = np.array([objective.score(codes, d, weight, positive) for d in decided], float)
        thresholds, belief = thresholds[chosen], None
    elif sample_cost is not None:
        values = _only(chosen, cost_values(candidates, sample_cost, weight))
    else:
        values = _only(chosen, objective.from_counts(*counts))
    ranked = values
    if belief is not None:
        believed = binary_counts(candidates, belief, weight)
        ranked = _only(chosen, objective.from_counts(*believed))
    best = best_candidate(ranked)
    curve = ThresholdCurve(thresholds[::-1], values[::-1])
    return float(thresholds[best]), float(values[best]), curve


def _only(chosen, values):
    """Return values that are NaN but where chosen."""
    kept = np.full(len(values), np.nan)
    kept[chosen] = values[chosen]
    return kept


def cost_values(candidates, sample_cost, weight):
    """Return the negative mean cost of every candidate."""
    saved = candidates.totals(weight * (sample_cost[:, 0] - sample_cost[:, 1]))
    return (saved - weight @ sample_cost[:, 0]) / weight.sum()


def warn_if_thinned(objective, looked_at, of):
    """Note that only some of the distinct cuts were tried."""
    if not objective.exact and looked_at < of:
        warn(
            "INN005",
            f"The objective {objective.name!r} is a callable: {looked_at} of {of} distinct cuts "
            f"were tried. A named objective is searched over all of them.",
        )
