"""Every measure, under the weights of resamples, against scikit-learn's with sample_weight."""

import numpy as np
import pytest
from imblearn.metrics import geometric_mean_score
from sklearn import metrics

from imbalanced_nn.inspection.estimates import _measure
from imbalanced_nn.inspection.predictions import Predictions
from imbalanced_nn.metrics import break_even_point, class_balance_accuracy_score
from imbalanced_nn.metrics.bootstrap import resampled_weights
from imbalanced_nn.metrics.measures import MEASURES, binary_measures
from imbalanced_nn.metrics.one_vs_rest import N_BINS, BinaryProblem

COSTS = np.array([[0.0, 1.0, 2.0], [5.0, 0.0, 1.0], [50.0, 9.0, 0.0]])


def calibration_error(y, p, weight, of):
    """Mean gap of bins: the tenth of the weight `of` that the rows with higher scores fill."""
    bins = {}
    for row, score in enumerate(p):
        tenth = int(of[p > score].sum() / of.sum() * N_BINS + 1e-9)
        bins.setdefault(tenth, []).append(row)
    gaps = [abs((weight[rows] * (y[rows] - p[rows])).sum()) for rows in bins.values()]
    return sum(gaps) / weight.sum()


def oracle_of_class(y, p, decided, weight, of, cost):
    """The measures of one class against the rest, by scikit-learn."""
    kw = {"sample_weight": weight}
    precision, recall, _ = metrics.precision_recall_curve(y, p, **kw)
    prevalence = np.average(y, weights=weight)
    values = {
        "average_precision": metrics.average_precision_score(y, p, **kw),
        "prevalence": prevalence,
        "roc_auc": metrics.roc_auc_score(y, p, **kw),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided, **kw),
        "precision": metrics.precision_score(y, decided, zero_division=0, **kw),
        "recall": metrics.recall_score(y, decided, **kw),
        "f1": metrics.f1_score(y, decided, **kw),
        "matthews_corrcoef": metrics.matthews_corrcoef(y, decided, **kw),
        "geometric_mean": geometric_mean_score(y, decided, average="multiclass", **kw),
        "break_even_point": break_even_point(y, p, **kw),
        "recall_at_precision": recall[precision >= 0.9 - 1e-12].max(),
        "brier": metrics.brier_score_loss(y, p, **kw),
        "log_loss": metrics.log_loss(y, p, labels=[0, 1], **kw),
        "calibration_error": calibration_error(y, p, weight, of),
        "cost": np.average(cost[y == 1], weights=weight[y == 1]),
    }
    values["lift"] = values["average_precision"] / prevalence
    values["class_balance_accuracy"] = min(values["precision"], values["recall"])
    return values


def oracle_overall(kind, y, proba, decided, weight, per_class, cost):
    """The measures of all classes together."""
    kw = {"sample_weight": weight}
    if kind == "multilabel":
        values = {m: np.mean([v[m] for v in per_class]) for m in MEASURES}
        return values | {
            "f1": metrics.f1_score(y, decided, average="macro", **kw),
            "roc_auc": metrics.roc_auc_score(y, proba, **kw),
            "average_precision": metrics.average_precision_score(y, proba, **kw),
            "class_balance_accuracy": class_balance_accuracy_score(y, decided, **kw),
        }
    both = {
        "class_balance_accuracy": class_balance_accuracy_score(y, decided, **kw),
        "cost": np.average(cost, weights=weight),
    }
    if kind == "binary":
        return per_class[1] | both
    averaged = ("average_precision", "prevalence", "break_even_point", "recall_at_precision")
    macro = {"average": "macro", "zero_division": 0, **kw}
    values = {
        **{m: np.mean([v[m] for v in per_class]) for m in (*averaged, "calibration_error")},
        "roc_auc": metrics.roc_auc_score(y, proba, multi_class="ovr", **kw),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided, **kw),
        "precision": metrics.precision_score(y, decided, **macro),
        "recall": metrics.recall_score(y, decided, **macro),
        "f1": metrics.f1_score(y, decided, **macro),
        "matthews_corrcoef": metrics.matthews_corrcoef(y, decided, **kw),
        "geometric_mean": geometric_mean_score(y, decided, average="multiclass", **kw),
        "brier": metrics.brier_score_loss(y, proba, labels=np.unique(y), **kw),
        "log_loss": metrics.log_loss(y, proba, **kw),
        **both,
    }
    return values | {"lift": values["average_precision"] / values["prevalence"]}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_each_measure_of_each_resample_is_scikit_learns(kind, seed, weighted, made, repeats):
    y, proba, decided = made(kind, seed)
    weight = np.random.default_rng(seed).uniform(0.2, 3, len(y)) if weighted else np.ones(len(y))
    rows = Predictions.from_estimator(
        repeats(y, proba, decided), np.arange(len(y)), y, sample_weight=weight
    )
    n_classes = proba.shape[1]
    if kind == "multilabel":
        truth, cuts, cost = y, decided, np.zeros(len(y))
    else:
        truth, cuts = (v[:, None] == np.unique(y) for v in (y, decided))
        cost = COSTS[truth.argmax(axis=1), cuts.argmax(axis=1)]
    problems = [
        BinaryProblem(truth[:, k] == 1, proba[:, k], cuts[:, k] == 1, rows.weight, cost)
        for k in range(n_classes)
    ]
    strata = y[:, 0] if kind == "multilabel" else truth.argmax(axis=1)
    (resamples,) = resampled_weights(strata, weight, 6, np.random.default_rng(seed))
    got = _measure(rows, problems, np.vstack([weight, resamples]))
    for place, w in enumerate([weight, *resamples]):
        per_class = [
            oracle_of_class(truth[:, k].astype(int), proba[:, k], cuts[:, k], w, weight, cost)
            for k in range(n_classes)
        ]
        overall = oracle_overall(kind, y, proba, decided, w, per_class, cost)
        for row, expected in zip(got[:, :, place], [overall, *per_class], strict=True):
            assert dict(zip(MEASURES, row, strict=True)) == pytest.approx(expected, abs=1e-9)


def test_measures_of_a_class_without_rows_are_undefined(made, repeats):
    y, proba, decided = made("multiclass")
    kept = y != "c"
    clf = repeats(y, proba, decided)
    rows = Predictions.from_estimator(clf, np.flatnonzero(kept), y[kept])
    problems = [
        BinaryProblem(rows.codes == k, rows.proba[:, k], rows.decided == k, rows.weight)
        for k in range(3)
    ]
    overall, *per_class = _measure(rows, problems, rows.weight[None])[:, :, 0]
    assert np.isnan(per_class[2]).all()
    assert not np.isnan(per_class[:2]).any()
    assert not np.isnan(overall).any()
    names = list(MEASURES)
    for name in ("average_precision", "roc_auc", "calibration_error"):
        of_present = [values[names.index(name)] for values in per_class[:2]]
        assert overall[names.index(name)] == pytest.approx(np.mean(of_present))


def test_reweighting_the_sums_is_reweighting_the_rows(made):
    y, proba, _ = made("binary")
    y = y == "yes"
    problem = BinaryProblem(y, proba[:, 1], proba[:, 1] > 0.4, np.ones(len(y)), np.arange(len(y)))
    weight = np.random.default_rng(0).uniform(0, 2, (3, len(y)))
    scaled = problem.sums(weight * np.where(y, 5.0, 0.25))
    for name, value in vars(problem.sums(weight).reweighted(0.25, 5.0)).items():
        np.testing.assert_allclose(value, getattr(scaled, name), atol=1e-12)


def calibration_error_of_bins(problem, y, p, weight):
    """The calibration error of other outcomes at the same probabilities."""
    other = BinaryProblem(y, p, p > 0.5, weight)
    np.testing.assert_array_equal(other._bins, problem._bins)
    return binary_measures(other.sums(weight[None]))["calibration_error"][0]


def test_calibrated_probabilities_stay_below_their_noise_as_often_as_it_says():
    rng = np.random.default_rng(0)
    p, weight = rng.beta(1, 9, size=3000), rng.uniform(0.5, 2, size=3000)
    drawn = rng.random((400, 3000)) < p
    problem = BinaryProblem(drawn[0], p, p > 0.5, weight)
    errors = np.array([calibration_error_of_bins(problem, y, p, weight) for y in drawn])
    for level in (0.5, 0.9):
        # The limit is that of a two-sided interval's upper end.
        limit = problem.calibration_noise(weight, level)
        assert (errors <= limit).mean() == pytest.approx((1 + level) / 2, abs=0.05)


def test_the_better_direction_of_every_measure():
    """A classifier that hardly errs against one that often does, on the same rows."""
    y, noise = np.repeat([0, 1], [160, 40]), np.random.default_rng(0).normal(scale=0.1, size=200)
    good, bad = (np.clip(0.5 + share * (y - 0.5) + noise, 0.01, 0.99) for share in (0.8, 0.1))
    values = []
    for p in (good, bad):
        cost = np.array([[0.0, 1.0], [5.0, 0.0]])[y, (p > 0.5) * 1]
        problem = BinaryProblem(y == 1, p, p > 0.5, np.ones(200), cost)
        values.append(binary_measures(problem.sums(np.ones((1, 200)))))
    for name, measure in MEASURES.items():
        gain = values[0][name][0] - values[1][name][0]
        assert measure.greater_is_better == (None if gain == 0 else gain > 0), name
