"""Search of thresholds that act jointly: several classes, or labels with a joint objective."""

import numpy as np

from imbalanced_nn.threshold.candidates import Candidates, binary_counts, ends, thin
from imbalanced_nn.threshold.objectives import confusion_totals, label_counts
from imbalanced_nn.threshold.rules import MulticlassRule, MultilabelRule
from imbalanced_nn.threshold.search import (
    TIE,
    ThresholdCurve,
    best_candidate,
    search_binary,
    warn_if_thinned,
)

__all__ = ["search_multiclass", "search_multilabel"]

MAX_CANDIDATES_PER_SWEEP = 250  # of a metric callable
_MAX_SWEEPS = 20
MANY_CLASSES = 30
"""Number of classes up to which all cuts are tried, over and over."""
_MANY_CANDIDATES = 64  # of each sort, with more classes
_ROWS_AT_ONCE = 4096


def _per_line(n_cuts):
    """Return how many candidates of one of several cuts a metric callable is tried on."""
    return max(20, MAX_CANDIDATES_PER_SWEEP // n_cuts)


def search_multiclass(objective, codes, proba, weight, sample_cost=None):
    """Return one cut per class, summing to 1, and their objective value.

    Coordinate ascent from argmax, from the class priors and from between; along each class's
    cut every distinct decision is tried. Never worse than argmax on these rows, but a local
    optimum. A class without rows keeps its starting cut: its errors alone would rule it out.
    With more than 30 classes the cuts tried are those next to rows of the class and some others,
    and the classes are gone through fewer times, once with 600: the time is that of the scores.

    Parameters
    ----------
    objective : Objective
        Of a multiclass target.
    codes : ndarray of shape (n_samples,)
        Class codes.
    proba : ndarray of shape (n_samples, K)
        Probabilities, float64, finite and not negative.
    weight : ndarray of shape (n_samples,)
        Row weights, positive.
    sample_cost : ndarray of shape (n_samples, K) or None, default=None
        Cost of each decision about each row, whose negative mean is maximised in place of the
        objective.

    Returns
    -------
    cuts : ndarray of shape (K,)
    value : float
    """
    n_classes = proba.shape[1]
    if sample_cost is None:
        warn_if_thinned(objective, _per_line(n_classes), len(proba) + 1)
    share = np.bincount(codes, weight, minlength=n_classes) / weight.sum()
    prior = np.where(share > 0, share, 1 / n_classes)
    problem = _Multiclass(objective, codes, proba, weight, np.flatnonzero(share > 0), sample_cost)
    return _best_of(problem.ascend(prior**power) for power in (0, 0.5, 1))


def _best_of(found):
    """Return the cuts and value of the best result, of equals the first; refuse NaN alone."""
    best_cuts, best_value = None, np.nan
    for cuts, value in found:
        if best_cuts is None or _improves(value, best_value):
            best_cuts, best_value = cuts, value
    best_candidate(np.array([best_value]))
    return best_cuts, best_value


def _improves(value, than):
    """Whether a value is larger by more than rounding; NaN never is."""
    if np.isnan(than):
        return not np.isnan(value)
    return bool(value > than + TIE * max(abs(value), abs(than)))


def _is_defined(values):
    """Whether any candidate has a value; where a metric is NaN, another cut may define it."""
    return bool((values > -np.inf).any())


class _Standings:
    """The two classes of the largest probability relative to their cut, row by row.

    What one class competes with is then known without a look at the others.
    """

    def __init__(self, proba, cuts):
        self.proba, self.cuts = proba, cuts.copy()
        n = len(proba)
        self.first, self.second = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
        self.first_score, self.second_score = np.zeros(n), np.zeros(n)
        for start in range(0, n, _ROWS_AT_ONCE):
            self._rank(np.arange(start, min(start + _ROWS_AT_ONCE, n)))

    def _rank(self, rows):
        """Look at all classes of some rows."""
        scaled = self.proba[rows] / self.cuts
        place = np.arange(len(rows))
        self.first[rows] = first = scaled.argmax(axis=1)
        self.first_score[rows] = scaled[place, first]
        scaled[place, first] = -np.inf
        self.second[rows] = second = scaled.argmax(axis=1)
        self.second_score[rows] = scaled[place, second]

    def rival(self, j):
        """Return the class that wins without class j in each row, and its score."""
        leads = self.first == j
        rival = np.where(leads, self.second, self.first)
        return rival, np.where(leads, self.second_score, self.first_score)

    def decided(self, j, cut):
        """Return the winner of each row if class j had another cut."""
        rival, score = self.rival(j)
        mine = self.proba[:, j] / cut
        return np.where((mine > score) | ((mine == score) & (j < rival)), j, rival)

    def set_cut(self, j, cut):
        """Give class j another cut."""
        self.cuts[j] = cut
        mine = self.proba[:, j] / cut
        among = (self.first == j) | (self.second == j)
        self._rank(np.flatnonzero(among | (mine >= self.second_score)))


class _Multiclass:
    """Coordinate ascent over the cuts of a multiclass rule."""

    def __init__(self, objective, codes, proba, weight, movable, sample_cost=None):
        self.objective, self.codes, self.proba, self.weight = objective, codes, proba, weight
        self.movable = movable
        self.n_classes = proba.shape[1]
        if sample_cost is None and objective.costs is not None:
            sample_cost = np.array(objective.costs)[codes]
        self.sample_cost = sample_cost
        # A line takes time by the number of rows: with many classes there are fewer of them.
        self.n_lines = max(_MAX_SWEEPS * MANY_CLASSES, self.n_classes)
        if sample_cost is None and objective.formula is None:
            most = _MAX_SWEEPS * MAX_CANDIDATES_PER_SWEEP // _per_line(self.n_classes)
            self.n_lines = min(self.n_lines, most)

    def value(self, decided):
        if self.sample_cost is not None:
            return -np.average(self._cost_of(decided), weights=self.weight)
        return self.objective.score(self.codes, decided, self.weight)

    def _cost_of(self, decided):
        return np.take_along_axis(self.sample_cost, decided[:, None], axis=1)[:, 0]

    def ascend(self, cuts):
        """Improve one cut at a time until no single cut can be improved."""
        standings = _Standings(self.proba, cuts / cuts.sum())
        value, left = self.value(standings.first), self.n_lines
        for _ in range(_MAX_SWEEPS):
            before = value
            for j in self.movable[:left]:
                cut = self.best_cut(standings, j)
                shares = np.append(standings.cuts, cut)
                if not (shares / shares.sum()).all():  # underflow: close to the smallest float
                    continue
                trial_value = self.value(standings.decided(j, cut))
                if _improves(trial_value, value):
                    standings.set_cut(j, cut)
                    value = trial_value
            left -= len(self.movable)
            if left <= 0 or not _improves(value, before):
                break
        cuts = standings.cuts / standings.cuts.sum()
        return cuts, self.value(MulticlassRule(cuts).decide(self.proba))

    def best_cut(self, standings, j):
        """Return the best cut of class j with the others fixed."""
        candidates, rest, movable, below = self.split(standings, j)
        if candidates is None:
            return standings.cuts[j]
        values, chosen = self.line(candidates, rest, movable, j)
        if not _is_defined(values):
            return standings.cuts[j]
        lowest, highest = candidates.lowest[-1], candidates.highest[0]
        k = chosen[best_candidate(values)]
        below = lowest - 2 * np.log(2) if below is None else below
        return np.exp(candidates.cuts(k, below, highest + 2 * np.log(2)))

    def split(self, standings, j):
        """Return the candidates for the logarithm of class j's cut, and what they decide on.

        Beside the candidates, of the rows that the cut moves, these are the codes of all rows
        if it moves none to class j, the places of the rows it moves, and where the next row would
        be. Of many classes a cut moves some times a class's mean number of rows, or of those that
        class j has.
        """
        rival, rival_score = standings.rival(j)
        mine = self.proba[:, j]
        # Row i goes to class j where the cut is below mine / rival_score. A row whose other
        # probabilities are all 0 goes to j at any cut, a row with mine 0 at none.
        certain = (rival_score == 0) & ((mine > 0) | (j < rival))
        movable = np.flatnonzero((rival_score > 0) & (mine > 0))
        rest = np.where(certain, j, rival)
        if not len(movable):
            return None, rest, movable, None
        turning, below = np.log(mine[movable]) - np.log(rival_score[movable]), None
        if self.n_classes > MANY_CLASSES:
            limit = MANY_CLASSES * len(self.codes) // self.n_classes
            limit = max(limit, 2 * np.count_nonzero(standings.first == j), _MANY_CANDIDATES)
            if limit < len(movable):
                order = np.argpartition(turning, -limit - 1)
                below, kept = turning[order[-limit - 1]], order[-limit:]
                movable, turning = movable[kept], turning[kept]
        return Candidates(turning, min_gap=TIE), rest, movable, below

    def line(self, candidates, rest, movable, j):
        """Return the objective of candidates along class j's cut, and which these are."""
        if self.sample_cost is not None:
            before = self._cost_of(rest)
            saved = self.weight * (before - self.sample_cost[:, j])
            values = candidates.totals(saved[movable]) - self.weight @ before
            return values / self.weight.sum(), np.arange(len(candidates))
        if self.objective.formula is None:
            chosen = thin(np.arange(len(candidates)), _per_line(self.n_classes))
            values = []
            for k in chosen:
                decided = rest.copy()
                decided[movable[candidates.flagged(k)]] = j
                values.append(self.objective.score(self.codes, decided, self.weight))
            return np.array(values, float), chosen
        hit, true, pred = confusion_totals(self.codes, rest, self.weight, self.n_classes)
        weight, codes, rival = self.weight[movable], self.codes[movable], rest[movable]
        chosen = self._chosen(candidates, codes == j)
        # Sums of each class between one candidate and the next.
        step = candidates.steps(chosen)
        shape = len(chosen), self.n_classes
        place = step * self.n_classes

        def moved(at, weights):
            return np.bincount(place + at, weights, len(chosen) * self.n_classes).reshape(shape)

        leaving = moved(rival, weight) - moved(np.full_like(rival, j), weight)
        lost = moved(rival, weight * (codes == rival)) - moved(
            np.full_like(rival, j), weight * (codes == j)
        )
        hits = np.maximum(hit - np.cumsum(lost, axis=0), 0.0)
        preds = np.maximum(pred - np.cumsum(leaving, axis=0), 0.0)
        return self.objective.formula(hits, true, preds), chosen

    def _chosen(self, candidates, own):
        """Return the candidates to look at: of many classes those that end in a row of class j.

        There alone is one more hit than before; some others follow what else moves a score.
        """
        if self.n_classes <= MANY_CLASSES:
            return np.arange(len(candidates))
        limit = _MANY_CANDIDATES
        with_own = np.unique(candidates.step_of(own))
        return np.union1d(thin(with_own, limit), thin(np.arange(len(candidates)), limit))


def search_multilabel(objective, y, proba, weight, belief=None):
    """Return one cut per label, their objective value and one curve per label.

    Macro and weighted averages are searched label by label, exactly. For a micro-averaged F or
    Jaccard score, a ratio of sums over labels, cuts that no single change improves are the
    global optimum, so coordinate ascent is exact. Other objectives are raised label by label
    (to a local optimum), a metric callable over a bounded number of cuts. A label of which
    the rows hold one value only keeps 0.5.

    Parameters
    ----------
    objective : Objective
        Of a multilabel target.
    y : ndarray of shape (n_samples, n_labels)
        0/1 indicator.
    proba : ndarray of shape (n_samples, n_labels)
        Probabilities, float64 and finite.
    weight : ndarray of shape (n_samples,)
        Row weights, positive.
    belief : list of (ndarray of shape (n_samples,) or None) or None, default=None
        Soft labels as in `search_binary`, for macro and weighted averages.

    Returns
    -------
    cuts : ndarray of shape (n_labels,)
    value : float
    curves : tuple of ThresholdCurve
        The objective along each label's cut with the others fixed; for macro and weighted
        averages the label's own score.
    """
    n_labels = proba.shape[1]
    varies = [j for j in range(n_labels) if 0 < y[:, j].sum() < len(y)]
    cuts = np.full(n_labels, 0.5)
    if objective.average in ("macro", "weighted"):
        belief = [None] * n_labels if belief is None else belief
        found = [
            search_binary(objective, y[:, j], proba[:, j], weight, belief=belief[j])
            for j in range(n_labels)
        ]
        cuts[varies] = [found[j][0] for j in varies]
        curves = tuple(curve for _, _, curve in found)
        return cuts, objective.score(y, MultilabelRule(cuts).decide(proba), weight), curves
    warn_if_thinned(objective, _per_line(n_labels), len(proba) + 1)
    problem = _Multilabel(objective, y, proba, weight)
    prevalence = cuts.copy()
    prevalence[varies] = (weight @ y / weight.sum())[varies]
    cuts, value = _best_of(problem.ascend(start, varies) for start in (cuts, prevalence))
    return cuts, value, tuple(problem.line(cuts, j) for j in range(n_labels))


class _Multilabel:
    """Coordinate ascent over the cuts of an objective that does not decompose by label."""

    def __init__(self, objective, y, proba, weight):
        self.objective, self.y, self.proba, self.weight = objective, y, proba, weight
        self.candidates = [Candidates(column) for column in proba.T]

    def ascend(self, cuts, varies):
        """Improve one cut at a time until no single cut can be improved."""
        value = self.value(cuts)
        for _ in range(_MAX_SWEEPS):
            before = value
            for j in varies:
                curve = self.line(cuts, j)
                if not _is_defined(curve.scores):
                    continue
                trial = cuts.copy()
                trial[j] = curve.thresholds[::-1][best_candidate(curve.scores[::-1])]
                trial_value = self.value(trial)
                if _improves(trial_value, value):
                    cuts, value = trial, trial_value
            if not _improves(value, before):
                break
        return cuts, value

    def value(self, cuts):
        decided = MultilabelRule(cuts).decide(self.proba)
        return self.objective.score(self.y, decided, self.weight)

    def line(self, cuts, j):
        """Return the curve along label j's cut."""
        candidates = self.candidates[j]
        decided = MultilabelRule(cuts).decide(self.proba)
        if self.objective.formula is None:
            chosen = thin(np.arange(len(candidates)), _per_line(len(cuts)))
            scored = []
            for k in chosen:
                decided[:, j] = candidates.flagged(k)
                scored.append(self.objective.score(self.y, decided, self.weight))
            values = np.array(scored, float)
        else:
            chosen = np.arange(len(candidates))
            by_line = self._rows_line if self.objective.average == "samples" else self._counts_line
            values = by_line(candidates, decided, j)
        thresholds = candidates.cuts(chosen, *ends(candidates))
        return ThresholdCurve(thresholds[::-1], values[::-1])

    def _counts_line(self, candidates, decided, j):
        """Return a micro average at every candidate of label j."""
        own = binary_counts(candidates, self.y[:, j], self.weight)
        counts = label_counts(self.y, decided, self.weight)
        others = (np.delete(count, j).sum() for count in counts)
        return self.objective.from_counts(*(a + b for a, b in zip(own, others, strict=True)))

    def _rows_line(self, candidates, decided, j):
        """Return a mean of row scores at every candidate of label j."""
        off, on = decided.copy(), decided.copy()
        off[:, j], on[:, j] = 0, 1
        without, with_label = (self.objective.row_scores(self.y, d) for d in (off, on))
        gained = candidates.totals(self.weight * (with_label - without))
        return (self.weight @ without + gained) / self.weight.sum()
