"""How far a learned cut and its score would move with other rows: the stratified bootstrap."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.threshold.candidates import Candidates, ends
from imbalanced_nn.threshold.learner import Aim, Learned, has_theory, labels_share, learn
from imbalanced_nn.threshold.recalibration import Recalibration, fit_line, logits
from imbalanced_nn.threshold.search import TIE
from imbalanced_nn.threshold.tuning_rows import TuningRows

__all__ = ["ThresholdBootstrap", "bootstrap_rule"]


@dataclass(frozen=True, eq=False)
class ThresholdBootstrap:
    """Cuts and scores of resampled rows. Made by `ThresholdTuner.bootstrap`.

    Parameters
    ----------
    thresholds : ndarray of shape (n_resamples,) or (n_resamples, n_classes), or None
        Best cut of each resample; NaN where none keeps the constraint. None for a rule without
        cuts.
    scores : ndarray of shape (n_resamples,)
        Objective of the learned rule, as it is, on each resample.
    optimism : float
        By how much a rule that was learned on rows scores better on them than on others: the
        mean of its score on the resample less that on the original rows [1]_. On the low side, by
        about a third, since the two share rows.

    References
    ----------
    .. [1] B. Efron, "Estimating the error rate of a prediction rule: improvement on
       cross-validation", Journal of the American Statistical Association 78, 1983.

    Examples
    --------
    >>> from imbalanced_nn import ThresholdTuner
    >>> y, score = [0, 0, 0, 0, 1, 0, 1, 1], [0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9]
    >>> tuner = ThresholdTuner("f1").fit(y, score)
    >>> spread = tuner.bootstrap(y, score, n_resamples=200, random_state=0)
    >>> low, high = spread.threshold_interval(0.9)
    >>> bool(low <= tuner.best_threshold_ <= high), bool(spread.optimism > 0)
    (True, True)
    """

    thresholds: np.ndarray | None
    scores: np.ndarray
    optimism: float

    def threshold_interval(self, confidence_level: float = 0.95) -> Any:
        """Return the lower and upper percentile of the cuts, of one or of each class."""
        if self.thresholds is None:
            raise ValueError("The rule weighs all probabilities and has no cut to give a range of.")
        return np.nanquantile(self.thresholds, _tails(confidence_level), axis=0)

    def score_interval(self, confidence_level: float = 0.95) -> np.ndarray:
        """Return the lower and upper percentile of the scores of the learned rule.

        They tell how far its score varies among rows such as those it was learned from, on which
        it scores too well. For new rows it is no confidence interval: in simulations with 20 and
        50 positives a nominal 95 % covered the score there in .73 to .84 of cases
        (``benchmarks/results/coverage.md``). Measure it on rows of their own, as
        `imbalanced_nn.imbalance_report` does.
        """
        return np.nanquantile(self.scores, _tails(confidence_level))


def _tails(confidence_level):
    if not 0 < confidence_level < 1:
        raise InvalidParameterError(
            f"confidence_level={confidence_level!r} must be a number between 0 and 1, such as 0.95."
        )
    return [(1 - confidence_level) / 2, (1 + confidence_level) / 2]


def bootstrap_rule(
    rows: TuningRows,
    aim: Aim,
    rule: Any,
    n_resamples: int,
    generator: np.random.Generator,
) -> ThresholdBootstrap:
    """Learn the rule again from resampled rows.

    Rows are drawn with replacement class by class, so that each resample has the counts of the
    original; of a multilabel target, whose rows have no one class, from all rows.

    Parameters
    ----------
    rows : TuningRows
        The rows that the rule was learned from.
    aim : Aim
        What it is to achieve.
    rule : BinaryRule, MulticlassRule, MultilabelRule or CostRule
        The rule.
    n_resamples : int
        Number of resamples.
    generator : numpy.random.Generator
        Draws the rows.

    Returns
    -------
    ThresholdBootstrap

    Raises
    ------
    InvalidParameterError
        If the objective is a metric callable, which would be called a million times.
    """
    if not aim.objective.exact and rows.sample_cost is None:
        raise InvalidParameterError(
            f"The objective {aim.objective.name!r} is a callable, which a bootstrap would call for "
            f"every cut of every resample. Use a named objective."
        )
    if rows.kind == "binary":
        rows = rows.taken(np.argsort(-rows.positive_score, kind="stable"))
    counts = _resamples(rows, n_resamples, generator)
    if rows.kind == "binary" and not aim.bayes:
        return _bootstrap_cuts(rows, aim, rule, counts)
    return _bootstrap_search(rows, aim, rule, counts)


def _resamples(rows, n_resamples, generator) -> Iterator[np.ndarray]:
    """Yield how often each row is drawn."""
    n = len(rows.weight)
    if rows.kind == "multilabel":
        strata = [np.arange(n)]
    else:
        strata = [np.flatnonzero(rows.y == code) for code in np.unique(rows.y)]
    for _ in range(n_resamples):
        counts = np.empty(n)
        for stratum in strata:
            drawn = generator.integers(len(stratum), size=len(stratum))
            counts[stratum] = np.bincount(drawn, minlength=len(stratum))
        yield counts


def _bootstrap_search(rows, aim, rule, resamples):
    """Learn every resample's rule by a search of its own."""
    thresholds, scores, optimism = [], [], []
    decided = rows.decide(rule)
    for counts in resamples:
        weight, there = rows.weight * counts, counts > 0
        drawn = rows.taken(there, weight)
        scores.append(drawn.value(aim.objective, decided[there]))
        if aim.bayes:
            continue
        learned = _learn_quietly(drawn, aim)
        thresholds.append(learned.rule.thresholds_)
        optimism.append(learned.score - rows.value(aim.objective, rows.decide(learned.rule)))
    return ThresholdBootstrap(
        np.array(thresholds) if thresholds else None,
        np.array(scores),
        float(np.mean(optimism)) if optimism else 0.0,
    )


def _learn_quietly(rows, aim) -> Learned:
    """Learn without notes: what is to be said of the rows was said of all of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImbalanceWarning)
        return learn(rows, aim)


def _bootstrap_cuts(rows, aim, rule, resamples):
    """Find every resample's best cut among those of the original rows, all cuts at once."""
    line = _Line(rows, aim)
    learned = line.place_of(rule.threshold)
    original = line.values(rows.weight)
    thresholds, scores, optimism = [], [], []
    for counts in resamples:
        weight = rows.weight * counts
        values = line.values(weight)
        scores.append(values[learned])
        trust = line.recalibrated(weight)
        best = line.best(weight, values, trust)
        cut = np.nan if best is None else line.cut(best)
        at_prior = None
        if has_theory(rows, aim):
            at_prior = trust.score_of(weight @ line.indicator / weight.sum())
        if at_prior is not None:
            place = line.place_of(at_prior)
            best, cut = (place, at_prior) if values[place] >= values[best] else (best, cut)
        thresholds.append(cut)
        if best is not None:
            optimism.append(values[best] - original[best])
    return ThresholdBootstrap(
        np.array(thresholds), np.array(scores), float(np.mean(optimism)) if optimism else np.nan
    )


class _Line:
    """The cuts along one score, and what they are worth for any weights of the rows.

    The rows come by falling score. Of the cuts between two positives only the highest is kept
    where labels alone decide: the others flag more negatives and no more positives, which no
    objective or constraint rewards. A constraint at a confidence tests cuts of all numbers of
    rows, and keeps them all.
    """

    def __init__(self, rows, aim):
        self.rows, self.aim = rows, aim
        self.candidates = Candidates(rows.positive_score)
        self.indicator = rows.indicator
        # Costs of rows are searched by costs alone.
        self.share = 1.0 if rows.sample_cost is not None else labels_share(self.indicator, aim)
        self.logit: Any = None if self.share == 1 else logits(rows.positive_score)
        self.trust = None
        self.trust = self.recalibrated(rows.weight)
        kept = np.arange(len(self.candidates))
        tested = aim.constraint is not None and aim.constraint.confidence is not None
        if self.share == 1 and rows.sample_cost is None and not tested:
            hits = self.candidates.totals(self.indicator)
            kept = np.append(0, np.flatnonzero(np.diff(hits) > 0) + 1)
        self.kept = kept
        # Where the rows begin that the next cut flags too.
        self.starts = self.candidates.n_flagged[kept]
        self.flags_all = self.starts[-1] == len(self.indicator)

    def place_of(self, threshold: float) -> int:
        """Return the place of the cut that decides as a threshold does, or nearly so."""
        n_flagged = np.count_nonzero(self.rows.positive_score >= threshold)
        return int(np.searchsorted(self.starts, n_flagged, side="right") - 1)

    def cut(self, place: int) -> float:
        """Return the cut at a place."""
        return float(self.candidates.cuts(self.kept[place], *ends(self.candidates)))

    def totals(self, values: np.ndarray) -> tuple[np.ndarray, float]:
        """Return sums of values over the rows that each cut flags, and over all rows."""
        starts = self.starts[:-1] if self.flags_all else self.starts
        sums = np.cumsum(np.add.reduceat(values, starts))
        return np.append(0.0, sums if self.flags_all else sums[:-1]), sums[-1]

    def counts(self, weight: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return tp, fp, fn and tn of each cut."""
        tp, positives = self.totals(weight * labels)
        fp, negatives = self.totals(weight * (1 - labels))
        return tp, fp, positives - tp, negatives - fp

    def values(self, weight: np.ndarray) -> np.ndarray:
        """Return the objective at each cut."""
        cost = self.rows.binary_cost
        if cost is None:
            return self.aim.objective.from_counts(*self.counts(weight, self.indicator))
        saved, _ = self.totals(weight * (cost[:, 0] - cost[:, 1]))
        return (saved - weight @ cost[:, 0]) / weight.sum()

    def recalibrated(self, weight: np.ndarray) -> Recalibration:
        """Return the line that puts the probabilities right before a cut leans on them."""
        if self.share == 1:
            return Recalibration()
        # A row that is drawn twice is two rows, and not one of twice the weight.
        times = weight * (weight.sum() / (weight @ self.rows.weight))
        return fit_line(self.indicator, self.logit, times, self.trust)

    def best(self, weight: np.ndarray, values: np.ndarray, trust: Recalibration) -> int | None:
        """Return the place of the best cut that keeps the constraint, None without any."""
        if self.share < 1:
            score = self.rows.positive_score
            believed = score if trust.is_neutral else trust.of_logits(self.logit)
            labels = self.share * self.indicator + (1 - self.share) * believed
            values = self.aim.objective.from_counts(*self.counts(weight, labels))
        constraint = self.aim.constraint
        if constraint is None:
            return _middle_of_best(values)
        expected, _ = self.totals(weight * self.rows.positive_score)
        allowed = constraint.allowed(self.counts(weight, self.indicator), expected)
        return int(allowed[_middle_of_best(values[allowed])]) if len(allowed) else None


def _middle_of_best(values):
    """Return the middle of the first run of best values."""
    best = values.max()
    tied = values >= best - TIE * np.abs(values).max()
    start = int(np.argmax(tied))
    behind = np.flatnonzero(~tied[start:])
    stop = start + int(behind[0]) if len(behind) else len(tied)
    return (start + stop - 1) // 2
