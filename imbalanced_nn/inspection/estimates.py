"""All measures of a classifier with their intervals, each by the method made for it."""

from dataclasses import dataclass, replace

import numpy as np

from imbalanced_nn.inspection.confidence import (
    auc_interval,
    average_precision_interval,
    calibration_interval,
    effective_sample_size,
    exact_binomial,
    interval_of_mean,
    studentised_interval,
)
from imbalanced_nn.inspection.decision_draws import MANY_CLASSES, against_the_rest, draw_totals
from imbalanced_nn.metrics import (
    MATRIX_FORMULAS,
    MEASURES,
    BinaryProblem,
    averaged,
    binary_measures,
    bootstrap_interval,
    drawn_shares,
    overall_measures,
    ratio,
    recall_at_precision,
    resampled_weights,
    strata_of,
)

__all__ = ["affordable_resamples", "estimates_of"]

_PLACE = {name: place for place, name in enumerate(MEASURES)}
_OF_MATRIX = ("balanced_accuracy", "matthews_corrcoef", "geometric_mean", "class_balance_accuracy")
_MANY_ROWS = 50_000
"""Rows from which on those of nearly one score are drawn together."""
_MOST_CUTS = 10_000
_N_CELLS = 40_000
"""Cells of confusion matrices that are drawn whatever the number of resamples."""
_JOINED_CELLS = 2**21
"""Cells of resampled weights that very many classes are measured by at a time."""
_MOST_SUMMED = 2**28
"""Probabilities that all resamples together look at, or those of so many resamples."""
_FEW_RESAMPLES = 200


def affordable_resamples(rows, n_resamples):
    """Return the number of resamples that rows of many classes take seconds, not minutes, for.

    Parameters
    ----------
    rows : Predictions
        Labelled rows.
    n_resamples : int
        Number asked for.

    Returns
    -------
    int
        At most that, and at least 200 of it.
    """
    if _is_merged(rows):
        return n_resamples
    affordable = _MOST_SUMMED // (len(rows.weight) * len(rows.classes))
    return min(n_resamples, max(affordable, _FEW_RESAMPLES))


def _is_merged(rows):
    """Whether rows of nearly one score are drawn together."""
    many = rows.kind == "binary" and len(rows.weight) > _MANY_ROWS
    return many and not np.ptp(rows.weight)


def estimates_of(rows, problems, costs, *, n_resamples, confidence_level, rng):
    """Return value, low and high end of all measures, overall and of each class.

    Parameters
    ----------
    rows : Predictions
        Labelled rows and what the classifier says of them.
    problems : list of BinaryProblem
        Each class against the rest.
    costs : ndarray of shape (n_classes, n_classes) or None
        Cost of each decision, rows true and columns predicted classes.
    n_resamples : int
        Number of resamples; without them there are no intervals.
    confidence_level : float in (0, 1)
        Probability that an interval holds the true value.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of shape (1 + n_classes, n_measures, 3)
    """
    value = _measure(rows, problems, rows.weight[None])[:, :, 0]
    ends = np.full((*value.shape, 2), np.nan)
    if not n_resamples:
        return np.concatenate([value[..., None], ends], axis=-1)
    resamples = _resample(rows, problems, n_resamples, rng)
    n_draws = max(n_resamples, _N_CELLS // len(rows.classes) ** 2)
    costs = np.zeros(2 * (len(rows.classes),)) if costs is None else costs
    drawn_totals = draw_totals(rows, costs, n_draws, rng)
    for k, problem in enumerate(problems):
        if np.isnan(value[1 + k]).all():
            continue
        drawn = drawn_totals[k] if rows.kind == "multilabel" else against_the_rest(drawn_totals, k)
        _put(ends[1 + k], _of_ranks(rows, problem, k, confidence_level))
        _put(ends[1 + k], _of_decisions(rows, k, drawn, value[1 + k], confidence_level))
        _put(ends[1 + k], _of_resamples(rows, resamples, value, k, confidence_level))
        _put(ends[1 + k], _of_lift(resamples, value[1 + k], ends[1 + k], k))
        if rows.kind != "multilabel":
            paid = drawn_totals.paid[:, k] / drawn_totals.true[:, k]
            _put(ends[1 + k], {"cost": bootstrap_interval(0.0, paid, confidence_level)})
    if rows.kind == "binary":
        ends[0] = ends[1 + rows.positive]
    else:
        _put(ends[0], _of_means(rows, resamples, value, ends, confidence_level))
    if rows.kind != "multilabel":
        _put(ends[0], _of_all_classes(rows, drawn_totals, confidence_level))
    ends[:, [_PLACE["brier"], _PLACE["log_loss"]]] = resamples.loss_intervals(confidence_level)
    return np.stack([value, *_contain(value, ends)], axis=-1)


def _measure(rows, problems, weights):
    """Return the measures, overall and of each class, under each set of weights."""
    return _measures_of(rows, [problem.sums(weights) for problem in problems])


def _measures_of(rows, sums):
    per_class = [binary_measures(part) for part in sums]
    overall = overall_measures(rows.kind, sums, per_class, rows.positive)
    return np.array([list(values.values()) for values in (overall, *per_class)])


def _put(ends, intervals):
    """Store intervals by name."""
    for name, of_measure in intervals.items():
        ends[_PLACE[name]] = of_measure


def _contain(value, ends):
    """Return low and high ends that hold the value and stay in the range of the measure."""
    ends = np.where(np.isnan(value)[..., None], np.nan, ends)
    least, most = np.array([measure.bounds for measure in MEASURES.values()]).T
    low = np.maximum(np.fmin(ends[..., 0], value), np.minimum(least, value))
    high = np.minimum(np.fmax(ends[..., 1], value), np.maximum(most, value))
    return low, high


@dataclass(frozen=True)
class _Resamples:
    """Measures of resampled rows.

    Parameters
    ----------
    measures : ndarray of shape (1 + n_classes, n_measures, n_resamples)
        All measures.
    strict : ndarray of shape (n_classes, n_resamples)
        Recall at precision .9 with one negative more above all others.
    loss, loss_variance : ndarray of shape (1 + n_resamples, 1 + n_classes, 2)
        Brier score and log loss, of the rows themselves first, with their variances.
    """

    measures: np.ndarray
    strict: np.ndarray
    loss: np.ndarray
    loss_variance: np.ndarray

    def loss_intervals(self, confidence_level):
        """Return low and high ends of shape (1 + n_classes, 2, 2)."""
        of_rows, of_resamples = zip(
            *((part[0], part[1:]) for part in (self.loss, self.loss_variance)), strict=True
        )
        (loss, variance), (losses, variances) = of_rows, of_resamples
        ends = studentised_interval(loss, variance, losses, variances, confidence_level)
        return np.stack(ends, axis=-1)


def _resample(rows, problems, n_resamples, rng):
    """Measure resamples in which the classes have random shares too."""
    losses = _row_losses(rows).reshape(len(rows.weight), -1)
    squares = losses**2
    n_effective = effective_sample_size(rows.weight)
    unit, often, of_rows = np.mean(rows.weight), None, None
    if _is_merged(rows):
        of_rows = _ranks_of(rows, problems, rows.weight[None], unit)
        rows, often, (losses, squares) = _merged(rows, (losses, squares))
        problems = [BinaryProblem.of_class(rows, k) for k in range(len(rows.classes))]
    drawn_once = rows.weight if often is None else rows.weight * often
    strata = strata_of(rows.codes)
    measures: list[np.ndarray] = []
    strict: list[np.ndarray] = []
    moments = [_mean_and_variance(drawn_once[None], losses, squares, n_effective)]
    blocks = resampled_weights(strata, rows.weight, n_resamples, rng, often)
    blocks = drawn_shares(blocks, strata, rng, often)
    if len(rows.classes) > MANY_CLASSES:
        blocks = _joined(blocks)
    for weights in blocks:
        for found, part in zip(
            (measures, strict), _ranks_of(rows, problems, weights, unit), strict=True
        ):
            found.append(part)
        moments.append(_mean_and_variance(weights, losses, squares, n_effective))
    shape = (1 + n_resamples, 1 + len(rows.classes), 2)
    loss, variance = (np.concatenate(part).reshape(shape) for part in zip(*moments, strict=True))
    found = [np.concatenate(measures, axis=2), np.concatenate(strict, axis=1)]
    if of_rows is not None:
        # A cut within merged rows is not looked at: what that costs is known of all rows.
        merged = _ranks_of(rows, problems, drawn_once[None], unit)
        found = [
            drawn + np.nan_to_num(whole - part)
            for drawn, whole, part in zip(found, of_rows, merged, strict=True)
        ]
    return _Resamples(found[0], found[1], loss, variance)


def _joined(blocks):
    """Yield blocks of resamples as larger ones, so that tables of many classes are made seldom."""
    held, size = [], 0
    for block in blocks:
        held.append(block)
        size += block.size
        if size >= _JOINED_CELLS:
            yield np.concatenate(held)
            held, size = [], 0
    if held:
        yield np.concatenate(held)


def _ranks_of(rows, problems, weights, unit):
    """Return all measures, and recall at precision .9 with one negative more above all others."""
    sums = [problem.sums(weights) for problem in problems]
    strict = np.array([recall_at_precision(part, unit) for part in sums])
    return _measures_of(rows, sums), strict


def _merged(rows, values):
    """Return rows that stand for many of one class and nearly one score, and for how many.

    Scores are cut at those of the rarer class, or at 10,000 of them, and at 10,000 of all, so that
    what ranks tell stays. What was predicted is not kept, which no resample is asked for.

    Parameters
    ----------
    rows : Predictions
        Of two classes, with equal weights.
    values : tuple of ndarray of shape (n_samples, ...)
        Of which each row gets the means.

    Returns
    -------
    rows : Predictions
    often : ndarray of int
    values : tuple of ndarray
    """
    score = rows.proba[:, 1]
    order = np.argsort(score, kind="stable")
    codes, score = rows.codes[order], score[order]
    n, rarer = len(order), np.flatnonzero(codes == np.bincount(codes, minlength=2).argmin())
    cuts = np.unique([*_spread(rarer), *_spread(np.arange(n))])
    # Rows of one score are of one part.
    first = np.searchsorted(score, score[cuts])
    part = np.searchsorted(np.unique(np.append(0, first)), np.arange(n), side="right")
    cells, place, often = np.unique(2 * part + codes, return_inverse=True, return_counts=True)

    def mean(column):
        return np.bincount(place, column[order]) / often

    def means(columns):
        return np.column_stack([mean(column) for column in columns.T])

    few = replace(
        rows,
        codes=cells % 2,
        decided=cells % 2,
        proba=means(rows.proba),
        weight=np.full(len(cells), rows.weight[0]),
    )
    return few, often, tuple(means(each) for each in values)


def _spread(places):
    """Return at most 10,000 of the places."""
    return places[:: -(-len(places) // _MOST_CUTS)]


def _row_losses(rows):
    """Return squared error and negative log likelihood of each row, overall and of each class."""
    true = np.stack([rows.is_class(k)[0] for k in range(len(rows.classes))], axis=1)
    error = np.abs(true - rows.proba)
    log = -np.log(np.clip(1 - error, rows.smallest, 1 - rows.smallest))
    of_class = np.stack([error**2, log], axis=-1)
    if rows.kind == "multiclass":
        overall = np.stack([(error**2).sum(axis=1), log[true]], axis=-1)
    else:
        overall = of_class.mean(axis=1)
    return np.concatenate([overall[:, None], of_class], axis=1)


def _mean_and_variance(weights, losses, squares, n_effective):
    """Return the mean of each loss under each set of weights, and the variance of that mean."""
    total = weights.sum(axis=1, keepdims=True)
    mean = weights @ losses / total
    return mean, (weights @ squares / total - mean**2) / max(n_effective - 1, 1)


def _of_ranks(rows, problem, k, confidence_level):
    """Return the intervals of one class that come from the order or the bins of its scores."""
    positive = rows.is_class(k)[0]
    sums = problem.sums(rows.weight[None])
    n = tuple(effective_sample_size(rows.weight[positive == side]) for side in (False, True))
    share = sums.count[0, 1] / sums.count[0].sum()
    gaps, error = problem.calibration_gaps(rows.weight)
    noise = problem.calibration_noise(rows.weight, confidence_level)
    return {
        "average_precision": average_precision_interval(sums, n, confidence_level),
        "roc_auc": auc_interval(sums, n, confidence_level),
        "prevalence": exact_binomial(share, effective_sample_size(rows.weight), confidence_level),
        "calibration_error": calibration_interval(gaps, error, noise, min(n), confidence_level),
    }


def _of_decisions(rows, k, totals, value, confidence_level):
    """Return the intervals of one class that come from its confusion matrix."""
    of_class = [part[:, 1] for part in totals]
    drawn = {name: MATRIX_FORMULAS[name](*totals) for name in _OF_MATRIX}
    drawn["f1"] = ratio("f1")(*of_class)
    drawn["class_balance_accuracy"] = np.minimum(
        ratio("precision")(*of_class), ratio("recall")(*of_class)
    )
    intervals = {
        name: bootstrap_interval(0.0, part, confidence_level) for name, part in drawn.items()
    }
    for name, which in zip(("recall", "precision"), rows.is_class(k), strict=True):
        n = effective_sample_size(rows.weight[which])
        # Of no flagged row nothing is known.
        share = value[_PLACE[name]]
        intervals[name] = exact_binomial(share, n, confidence_level) if n else (0.0, 1.0)
    return intervals


def _of_resamples(rows, resamples, value, k, confidence_level):
    """Return the intervals of one class that are percentiles of resamples."""
    n = effective_sample_size(rows.weight[rows.is_class(k)[0]])
    intervals = {}
    for name in ("recall_at_precision", "break_even_point"):
        at = value[1 + k, _PLACE[name]]
        resampled = resamples.measures[1 + k, _PLACE[name]]
        low, high = bootstrap_interval(at, resampled, confidence_level)
        if name == "recall_at_precision":
            low = bootstrap_interval(at, resamples.strict[k], confidence_level)[0]
        if at in (0, 1):
            # Where all or none are found no resample tells otherwise.
            ends = exact_binomial(at, n, confidence_level)
            low, high = min(low, ends[0]), max(high, ends[1])
        intervals[name] = low, high
    return intervals


def _of_lift(resamples, value, ends, k):
    """Return the interval of average precision over prevalence from those of the two."""
    places = [_PLACE["average_precision"], _PLACE["prevalence"]]
    (precision, share), resampled = np.log(value[places]), resamples.measures[1 + k, places]
    low, high = np.log(np.maximum(ends[places], np.finfo(float).tiny)).T
    ends_of_half = interval_of_mean(
        np.array([precision, -share]),
        np.array([low[0], -high[1]]),
        np.array([high[0], -low[1]]),
        np.log(resampled) * [[1], [-1]],
    )
    return {"lift": np.exp(2 * np.array(ends_of_half))}


def _of_means(rows, resamples, value, ends, confidence_level):
    """Return the intervals of means over classes or labels."""
    intervals = {
        name: interval_of_mean(
            value[1:, place], ends[1:, place, 0], ends[1:, place, 1], resamples.measures[1:, place]
        )
        for name, place in _PLACE.items()
    }
    # Chance makes every gap greater, so that errors do not make up for each other in their mean.
    low = ends[1:, _PLACE["calibration_error"], 0]
    if not np.isnan(low).all():
        intervals["calibration_error"] = np.nanmean(low), intervals["calibration_error"][1]
    if rows.kind == "multiclass":
        # The mean share of the classes is fixed by their number.
        share = value[0, _PLACE["prevalence"]]
        intervals["prevalence"] = share, share
        intervals["lift"] = np.divide(intervals["average_precision"], share)
    return intervals


def _of_all_classes(rows, totals, confidence_level):
    """Return the intervals that come from the confusion matrix of all classes."""
    drawn = {"cost": totals.paid.sum(axis=1) / totals.true.sum(axis=1)}
    names = _OF_MATRIX if rows.kind == "multiclass" else _OF_MATRIX[-1:]
    drawn |= {name: MATRIX_FORMULAS[name](*totals) for name in names}
    if rows.kind == "multiclass":
        drawn |= {
            name: averaged(*totals, per_class=ratio(name), average="macro")
            for name in ("precision", "recall", "f1")
        }
    return {name: bootstrap_interval(0.0, part, confidence_level) for name, part in drawn.items()}
