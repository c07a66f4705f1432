"""Exact search of one decision threshold over every distinct score."""

from dataclasses import dataclass

import numpy as np

from imbalanced_nn.exceptions import warn

__all__ = [
    "TIE",
    "Candidates",
    "ThresholdCurve",
    "best_candidate",
    "binary_counts",
    "ends",
    "search_binary",
    "thin",
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
        Cuts, rising; each lies between two neighbouring distinct scores.
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


class Candidates:
    """The distinct decisions that a cut on one score can make.

    Candidate k flags the rows of the k highest distinct scores, k = 0 … number of distinct
    scores. A cut lies in gaps wider than ``min_gap`` only.
    """

    def __init__(self, score, min_gap=0.0):
        self.order = np.argsort(-score, kind="stable")
        falling = score[self.order]
        self._last = np.flatnonzero(np.append(falling[:-1] - falling[1:] > min_gap, True))
        self.lowest = falling[self._last]
        self.highest = falling[np.append(0, self._last[:-1] + 1)]
        self.n_flagged = np.append(0, self._last + 1)

    def __len__(self):
        return len(self.n_flagged)

    def totals(self, values):
        """Return the sum of the values over the flagged rows, for every candidate."""
        sums = np.cumsum(values[self.order], axis=0)[self._last]
        return np.concatenate((np.zeros_like(sums[:1]), sums))

    def flagged(self, k):
        """Return the mask of the rows that candidate k flags."""
        mask = np.zeros(len(self.order), bool)
        mask[self.order[: self.n_flagged[k]]] = True
        return mask

    def cuts(self, k, bottom, top):
        """Return the cut of each candidate in k, halfway between the two scores around it.

        ``bottom`` and ``top`` stand for the score below the lowest and above the highest.
        """
        k = np.asarray(k)
        above, below = np.append(top, self.lowest)[k], np.append(self.highest, bottom)[k]
        cut = below + (above - below) / 2
        # Between neighbouring floats the halfway point is one of them: take the flagged one.
        cut = np.where((cut > below) | (k == len(self) - 1), cut, above)
        # Above a highest score that is the top itself there is only the next float.
        return np.where((k == 0) & (cut <= below), np.nextafter(below, np.inf), cut)


def thin(chosen, limit):
    """Return at most ``limit`` evenly ranked candidates, both ends among them."""
    if len(chosen) <= limit:
        return chosen
    return chosen[np.linspace(0, len(chosen) - 1, limit).round().astype(int)]


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


def search_binary(objective, y, score, weight, positive=1, constraint=None):
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

    Returns
    -------
    cut : float
    value : float
    curve : ThresholdCurve
    """
    candidates = Candidates(score)
    counts = binary_counts(candidates, y, weight)
    chosen = np.arange(len(candidates))
    thresholds = candidates.cuts(chosen, *ends(candidates))
    if constraint is not None:
        chosen = np.flatnonzero(constraint.met(*counts))
        if not len(chosen):
            place, value = constraint.best(*counts)
            raise constraint.unattainable(thresholds[place], value, y.sum(), (1 - y).sum())
    if objective.formula is None:
        n_candidates, chosen = len(chosen), thin(chosen, MAX_CANDIDATES)
        warn_if_thinned(objective, len(chosen), n_candidates)
        codes = y == positive  # True is code 1: the positive class, or the other one
        decided = (candidates.flagged(k) == positive for k in chosen)
        tried = np.array([objective.score(codes, d, weight, positive) for d in decided], float)
        thresholds, values = thresholds[chosen], tried
    else:
        values = np.full(len(candidates), np.nan)
        values[chosen] = objective.from_counts(*counts)[chosen]
    best = best_candidate(values)
    curve = ThresholdCurve(thresholds[::-1], values[::-1])
    return float(thresholds[best]), float(values[best]), curve


def ends(candidates):
    """Return the scale's ends: 0 and 1 for probabilities, else a range beyond the scores."""
    lowest, highest = candidates.lowest[-1], candidates.highest[0]
    if lowest >= 0 and highest <= 1:
        return 0.0, 1.0
    return lowest - (highest - lowest + 1), highest + (highest - lowest + 1)


def binary_counts(candidates, y, weight):
    """Return tp, fp, fn and tn of every candidate."""
    tp, fp = candidates.totals(weight * y), candidates.totals(weight * (1 - y))
    # The totals are the sums' own last entries, so that "flag all" leaves exactly 0 behind.
    return tp, fp, tp[-1] - tp, fp[-1] - fp


def warn_if_thinned(objective, looked_at, of):
    """Note that only some of the distinct cuts were tried."""
    if not objective.exact and looked_at < of:
        warn(
            "INN005",
            f"The objective {objective.name!r} is a callable: {looked_at} of {of} distinct cuts "
            f"were tried. A named objective is searched over all of them.",
        )
