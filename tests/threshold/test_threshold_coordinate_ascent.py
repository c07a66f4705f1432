"""Cuts that act jointly: several classes, and labels with a joint objective."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.threshold import (
    MulticlassRule,
    MultilabelRule,
    ThresholdTuner,
    get_objective,
    objective_names,
    prior_rule,
)
from imbalanced_nn.threshold.coordinate_ascent import (
    _Multiclass,
    _Standings,
    search_multiclass,
)

# Rows are drawn with scores that rank either way, and either class the rarer one.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[45]\]")

PRIOR = np.array([0.7, 0.2, 0.1])


def multiclass_rows(seed, n=60, prior=PRIOR, signal=1.2):
    rng = np.random.default_rng(seed)
    k = len(prior)
    y = np.concatenate([np.arange(k), rng.choice(k, size=n - k, p=prior)])
    logit = rng.normal(size=(n, k)) + signal * np.eye(k)[y] + np.log(prior)
    proba = np.exp(logit)
    return y, proba / proba.sum(axis=1, keepdims=True), rng.integers(1, 5, size=n).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", objective_names("multiclass"))
def test_never_below_argmax_or_the_prior_rule(name, weighted):
    objective = get_objective(name, "multiclass")
    better = 0
    for seed in (*range(6), 24):  # with seed 24 the ascent from argmax alone ends below the prior
        y, proba, weight = multiclass_rows(seed)
        weight = weight if weighted else None
        tuner = ThresholdTuner(name).fit(y, proba, sample_weight=weight)
        at_argmax = objective.score(y, proba.argmax(axis=1), weight)
        prior = np.bincount(y, weight) / np.bincount(y, weight).sum()
        at_prior = objective.score(y, prior_rule(prior, "multiclass").decide(proba), weight)
        assert tuner.best_score_ >= max(at_argmax, at_prior) - 1e-12
        better += tuner.best_score_ > max(at_argmax, at_prior) + 1e-12
        assert tuner.best_threshold_.sum() == pytest.approx(1)
        attained = objective.score(y, tuner.decision_rule_.decide(proba), weight)
        assert attained == pytest.approx(tuner.best_score_)
    assert better


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.1, 0.5, 1.0])] * 3), min_size=3, max_size=12))
def test_ties_zeros_and_certain_rows(rows):
    proba = np.array(rows)
    y = np.arange(len(rows)) % 3
    tuner = ThresholdTuner("f1_macro").fit(y, proba)
    objective = get_objective("f1_macro", "multiclass")
    decided = MulticlassRule(tuner.best_threshold_).decide(proba)
    assert tuner.best_score_ == pytest.approx(objective.score(y, decided))
    assert tuner.best_score_ >= objective.score(y, proba.argmax(axis=1)) - 1e-12


@pytest.mark.parametrize("name", ["balanced_accuracy", "f1_macro", "accuracy", "geometric_mean"])
def test_close_to_the_best_of_a_fine_grid(name):
    """The ascent may end in a local optimum, but seldom and not far below a brute-force grid."""
    objective, cuts = get_objective(name, "multiclass"), np.exp(np.linspace(-5, 5, 25))
    gaps = []
    for seed in range(12):
        y, proba, _ = multiclass_rows(seed, n=40)
        rules = (MulticlassRule((1, a, b)) for a, b in itertools.product(cuts, cuts))
        best = max(objective.score(y, rule.decide(proba)) for rule in rules)
        gaps.append(best - ThresholdTuner(name).fit(y, proba).best_score_)
    assert np.mean(gaps) <= 0.002
    assert np.mean(np.array(gaps) > 1e-12) <= 0.15


@pytest.mark.parametrize("scale", [1, 1e-3])
@pytest.mark.parametrize("name", [*objective_names("multiclass"), "cost"])
def test_every_point_of_a_line_is_exact(name, scale):
    """The cumulative totals give the objective of the decisions at each cut of one class."""
    y, proba, weight = multiclass_rows(3)
    proba = np.vstack([proba, np.eye(3), [[0, 0.5, 0.5], [0.5, 0, 0.5], [0, 0, 0]]])
    y, weight = np.append(y, [1, 1, 2, 0, 2, 1]), scale * np.append(weight, [1, 2, 3, 4, 5, 6])
    costs = [[0, 1, 2], [5, 0, 1], [9, 3, 0]]
    tuner = ThresholdTuner(cost_matrix=costs) if name == "cost" else ThresholdTuner(name)
    objective = tuner.fit(y, proba).objective_
    problem = _Multiclass(objective, y, proba, weight, np.arange(3))
    base = np.array([0.5, 0.3, 0.2])
    for j in range(3):
        candidates, rest, movable, _ = problem.split(_Standings(proba, base), j)
        values, chosen = problem.line(candidates, rest, movable, j)
        assert len(values) == len(chosen) > 50
        for k in chosen:
            cuts = base.copy()
            cuts[j] = np.exp(candidates.cuts(k, -50.0, 50.0))
            expected = objective.score(y, MulticlassRule(cuts).decide(proba), weight)
            assert values[k] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", ["balanced_accuracy", "f1_macro"])
def test_many_classes_are_gone_through_in_time_and_never_made_worse(name):
    rng = np.random.default_rng(0)
    y = rng.choice(200, 3000, p=rng.dirichlet(np.ones(200)))
    proba = np.exp(rng.normal(size=(3000, 200)) + 3 * np.eye(200)[y])
    proba /= proba.sum(axis=1, keepdims=True)
    objective = get_objective(name, "multiclass")
    cuts, value = search_multiclass(objective, y, proba, np.ones(len(y)))
    decided = MulticlassRule(cuts).decide(proba)
    assert value == objective.score(y, decided)
    # Cuts at the prior are a start of the search; what it finds is better.
    prior = np.bincount(y, minlength=200) / len(y)
    starts = [np.ones(200), np.where(prior > 0, prior, 1 / 200)]
    started = max(objective.score(y, MulticlassRule(c).decide(proba)) for c in starts)
    assert value > started + 0.01


def test_standings_are_those_of_the_whole_table():
    """The two best classes of each row are known after any change of a cut."""
    rng = np.random.default_rng(0)
    proba = np.round(rng.dirichlet(np.ones(7), size=300), 2)
    standings = _Standings(proba, np.full(7, 1 / 7))
    for j in rng.integers(7, size=60):
        cut = float(rng.choice([0.05, 0.1, 0.3, 1.0]))
        expected = standings.cuts.copy()
        expected[j] = cut
        decided = standings.decided(j, cut)
        np.testing.assert_array_equal(decided, (proba / expected).argmax(axis=1))
        standings.set_cut(j, cut)
        scaled = proba / standings.cuts
        np.testing.assert_array_equal(standings.first, scaled.argmax(axis=1))
        np.testing.assert_array_equal(standings.second_score, np.sort(scaled, axis=1)[:, -2])


def test_no_single_cut_can_be_improved():
    y, proba, _ = multiclass_rows(0, n=30)
    tuner = ThresholdTuner("f1_macro").fit(y, proba)
    for j, factor in itertools.product(range(3), np.exp(np.linspace(-6, 6, 150))):
        cuts = tuner.best_threshold_.copy()
        cuts[j] *= factor
        decided = MulticlassRule(cuts).decide(proba)
        score = sk.f1_score(y, decided, average="macro", zero_division=0)
        assert score <= tuner.best_score_ + 1e-12


def test_two_of_three_classes_agree_with_the_binary_search():
    """With a third class that no row is near, the joint search is the binary one."""
    rng = np.random.default_rng(0)
    y = (rng.random(200) < 0.2).astype(int)
    score = 1 / (1 + np.exp(1.5 - 2 * y - rng.normal(size=200)))
    y, score = np.append(y, 2), np.append(score, 0.0)
    proba = np.column_stack([1 - score, score, np.zeros(201)])
    proba[-1] = [0, 0, 1]
    binary = ThresholdTuner("balanced_accuracy").fit(y[:-1], score[:-1]).best_score_
    joint = ThresholdTuner("balanced_accuracy").fit(y, proba).best_score_
    assert joint == pytest.approx((2 * binary + 1) / 3)


def test_argmax_where_nothing_is_better():
    proba = np.eye(3)[[0, 1, 2, 0]] * 0.7 + 0.1
    tuner = ThresholdTuner("accuracy").fit([0, 1, 2, 0], proba)
    np.testing.assert_allclose(tuner.best_threshold_, 1 / 3)


def test_a_class_without_rows_keeps_its_cut_and_is_noted():
    y, proba, _ = multiclass_rows(0)
    y = np.where(y == 2, 0, y)
    with pytest.warns(ImbalanceWarning, match=r"INN006.*no row of \[2\]") as caught:
        tuner = ThresholdTuner("accuracy").fit(y, proba, classes=[0, 1, 2])
    assert caught[0].filename == __file__
    assert tuner.best_threshold_.shape == (3,)
    assert tuner.best_score_ >= np.mean(proba.argmax(axis=1) == y)


def test_multiclass_callable_is_bounded():
    y, proba, _ = multiclass_rows(0, n=120)
    calls = []

    def metric(y_true, y_pred):
        calls.append(1)
        return sk.balanced_accuracy_score(y_true, y_pred)

    with pytest.warns(ImbalanceWarning, match="INN005"):
        tuner = ThresholdTuner(metric).fit(y, proba)
    exact = ThresholdTuner("balanced_accuracy").fit(y, proba)
    assert len(calls) < 3 * 5 * 260
    assert sk.balanced_accuracy_score(y, proba.argmax(axis=1)) < tuner.best_score_
    assert tuner.best_score_ <= exact.best_score_ + 0.02


def test_multiclass_callable_sees_labels():
    y, proba, _ = multiclass_rows(0, n=15)
    labels = np.array(["a", "b", "c"])

    def metric(y_true, y_pred):
        assert set(y_true) == {"a", "b", "c"}
        return np.mean(y_true == y_pred)

    assert ThresholdTuner(metric).fit(labels[y], proba).best_score_ == pytest.approx(
        ThresholdTuner("accuracy").fit(y, proba).best_score_
    )


@pytest.mark.slow
def test_seven_classes_and_100000_rows():
    prior = np.array([0.7, 0.15, 0.08, 0.04, 0.02, 0.007, 0.003])
    y, proba, _ = multiclass_rows(0, n=100_000, prior=prior, signal=2.0)
    tuner = ThresholdTuner("f1_macro").fit(y, proba)
    at_argmax = sk.f1_score(y, proba.argmax(axis=1), average="macro")
    assert tuner.best_score_ > at_argmax + 0.1


def multilabel_rows(seed, n=12, shares=(0.5, 0.25)):
    rng = np.random.default_rng(seed)
    y = (rng.random((n, len(shares))) < shares).astype(int)
    y[0], y[1] = 1, 0
    proba = 1 / (1 + np.exp(2 - 2 * y - rng.normal(size=y.shape)))
    return y, proba.round(2), rng.integers(1, 4, size=n).astype(float)


def multilabel_brute_force(objective, y, proba, weight):
    cuts = [np.append(np.unique(column), np.inf) for column in proba.T]
    return max(
        objective.score(y, (proba >= np.array(c)).astype(int), weight)
        for c in itertools.product(*cuts)
    )


JOINT = [name for name in objective_names("multilabel") if not name.endswith("samples")]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", [name for name in JOINT if name != "accuracy"])
def test_multilabel_is_exact(name, weighted):
    """Macro and weighted averages decompose; a micro ratio has no other local optimum."""
    objective = get_objective(name, "multilabel")
    for seed in range(4):
        y, proba, weight = multilabel_rows(seed)
        weight = weight if weighted else None
        tuner = ThresholdTuner(name).fit(y, proba, sample_weight=weight)
        best = multilabel_brute_force(objective, y, proba, weight)
        assert tuner.best_score_ == pytest.approx(best)
        assert objective.score(y, tuner.predict(proba), weight) == pytest.approx(best)
        assert len(tuner.threshold_curve_) == 2


@pytest.mark.parametrize("name", ["accuracy", "f1_samples", "jaccard_samples", "f1_micro"])
def test_joint_scores_along_a_line_are_exact(name):
    y, proba, weight = multilabel_rows(1, n=40, shares=(0.5, 0.25, 0.2))
    tuner = ThresholdTuner(name).fit(y, proba, sample_weight=weight)
    objective = get_objective(name, "multilabel")
    for j, curve in enumerate(tuner.threshold_curve_):
        for cut, value in zip(curve.thresholds, curve.scores, strict=True):
            cuts = tuner.best_threshold_.copy()
            cuts[j] = cut
            expected = objective.score(y, MultilabelRule(cuts).decide(proba), weight)
            assert value == pytest.approx(expected)
            assert value <= tuner.best_score_ + 1e-12
    assert tuner.best_score_ >= objective.score(y, proba >= 0.5, weight)


@pytest.mark.parametrize("name", ["accuracy", "f1_samples", "jaccard_samples"])
def test_scores_of_rows_nearly_always_reach_the_best_of_all_cuts(name):
    """No line alone leads away from their other local optima, of which there are few."""
    objective, short = get_objective(name, "multilabel"), []
    for seed in range(20):
        y, proba, weight = multilabel_rows(seed, n=10, shares=(0.5, 0.25, 0.2))
        tuner = ThresholdTuner(name).fit(y, proba, sample_weight=weight)
        assert objective.score(y, tuner.predict(proba), weight) == pytest.approx(tuner.best_score_)
        short.append(multilabel_brute_force(objective, y, proba, weight) - tuner.best_score_)
    assert min(short) > -1e-12
    assert np.mean(np.array(short) < 1e-12) >= 0.9
    assert max(short) < 0.1


def test_multilabel_callable():
    y, proba, _ = multilabel_rows(0)

    def metric(y_true, y_pred):
        return sk.f1_score(y_true, y_pred, average="micro", zero_division=0)

    by_name = ThresholdTuner("f1_micro").fit(y, proba)
    assert ThresholdTuner(metric).fit(y, proba).best_score_ == pytest.approx(by_name.best_score_)


def test_a_constant_label_keeps_one_half():
    y, proba, _ = multilabel_rows(0)
    y = np.column_stack([y, np.zeros(len(y), int)])
    proba = np.column_stack([proba, proba[:, 0]])
    for name in ("f1_macro", "f1_micro", "balanced_accuracy"):
        with pytest.warns(ImbalanceWarning, match=r"INN006.*one value only of label \[2\]"):
            tuner = ThresholdTuner(name).fit(y, proba)
        assert tuner.best_threshold_[2] == 0.5


def test_a_metric_that_is_undefined_where_the_search_starts():
    """Neither argmax nor the priors decide for the third class, of which the metric is a ratio."""
    y = np.repeat([0, 1, 2], [9, 9, 2])
    proba = np.array([[0.6, 0.38, 0.02], [0.38, 0.6, 0.02], [0.5, 0.46, 0.04]])[y]

    def precision_of_the_third(y_true, y_pred):
        flagged = y_pred == 2
        return np.mean(y_true[flagged] == 2) if flagged.any() else np.nan

    assert np.isnan(precision_of_the_third(y, (proba / np.bincount(y)).argmax(axis=1)))
    tuner = ThresholdTuner(precision_of_the_third).fit(y, proba)
    assert tuner.best_score_ == 1.0
    np.testing.assert_array_equal(tuner.decision_rule_.decide(proba) == 2, y == 2)
    with pytest.raises(ValueError, match=r"undefined \(NaN\) at every threshold"):
        ThresholdTuner(lambda y_true, y_pred: np.nan).fit(y, proba)


def test_a_metric_of_labels_that_is_undefined_where_the_search_starts():
    """No row has the second label at 0.5 or at its prevalence."""
    y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]] * 5)
    proba = np.column_stack([0.2 + 0.6 * y[:, 0], 0.01 + 0.02 * y[:, 1]])

    def precision_of_the_second(y_true, y_pred):
        flagged = y_pred[:, 1] == 1
        return np.mean(y_true[flagged, 1]) if flagged.any() else np.nan

    tuner = ThresholdTuner(precision_of_the_second).fit(y, proba)
    assert tuner.best_score_ == 1.0
    np.testing.assert_array_equal(tuner.decision_rule_.decide(proba)[:, 1], y[:, 1])


@pytest.mark.filterwarnings(r"ignore:\[INN006\]")
def test_the_cut_of_a_class_without_rows_is_not_moved():
    """Raising it would mend the second group; lowering the first class's would spoil the third."""
    proba = np.repeat([[0.9, 0.05, 0.05], [0.3, 0.1, 0.6], [0.3, 0.6, 0.1]], [10, 5, 10], axis=0)
    y = np.repeat([0, 0, 1], [10, 5, 10])
    tuner = ThresholdTuner("accuracy").fit(y, proba, classes=[0, 1, 2])
    np.testing.assert_allclose(tuner.best_threshold_, 1 / 3)
    assert tuner.best_score_ == 20 / 25
