"""Cost matrices: the least mean cost on the rows, or the Bayes decision on probabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import BinaryRule, CostRule, MulticlassRule, ThresholdTuner

# Rows are drawn with scores that rank either way, and either class the rarer one.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[45]\]")

COSTS = np.array([[0.0, 1.0], [20.0, -3.0]])
COSTS_3 = np.array([[0.0, 1, 2], [10, 0, 3], [40, 5, -1]])


def mean_cost(costs, y, decided, weight=None):
    return np.average(costs[y, decided], weights=weight)


def binary_rows(seed, n=60):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.2).astype(int)
    y[:2] = 0, 1
    score = (1 / (1 + np.exp(1.5 - 2 * y - rng.normal(size=n)))).round(2)
    return y, score, rng.random(n) + 0.1


@pytest.mark.parametrize("positive", [0, 1])
@settings(max_examples=30)
@given(seed=st.integers(0, 1000), weighted=st.booleans())
def test_no_cut_costs_less(positive, seed, weighted):
    y, score, weight = binary_rows(seed)
    weight = weight if weighted else None
    tuner = ThresholdTuner(cost_matrix=COSTS)
    tuner.fit(y, score, sample_weight=weight, pos_label=positive)
    flags = [score >= cut for cut in np.append(np.unique(score), np.inf)]
    best = min(
        mean_cost(COSTS, y, np.where(flag, positive, 1 - positive), weight) for flag in flags
    )
    assert tuner.best_score_ == pytest.approx(-best)
    decided = tuner.predict(score)
    assert mean_cost(COSTS, y, decided, weight) == pytest.approx(best)
    attained = tuner.objective_.score(y, decided, weight, positive)
    assert attained == pytest.approx(tuner.best_score_)


def test_labels_are_in_class_order():
    """Rows and columns are sorted classes, as in a confusion matrix, whatever is positive."""
    y = ["ok", "ok", "ok", "fraud", "fraud"]
    score = np.array([0.1, 0.5, 0.6, 0.55, 0.9])
    missed_fraud_is_dear = [[0, 10], [1, 0]]
    alarm_is_dear = [[0, 1], [10, 0]]
    tuner = ThresholdTuner(cost_matrix=missed_fraud_is_dear).fit(y, score, pos_label="fraud")
    assert tuner.best_score_ == pytest.approx(-1 / 5)
    assert tuner.predict(score).tolist() == ["ok", "ok", "fraud", "fraud", "fraud"]
    tuner = ThresholdTuner(cost_matrix=alarm_is_dear).fit(y, score, pos_label="fraud")
    assert tuner.best_score_ == pytest.approx(-1 / 5)
    assert tuner.predict(score).tolist() == ["ok", "ok", "ok", "ok", "fraud"]


def test_cost_under_a_constraint():
    y, score, _ = binary_rows(0)
    costs = [[0, 5], [1, 0]]
    free = ThresholdTuner(cost_matrix=costs).fit(y, score)
    bound = ThresholdTuner(cost_matrix=costs, constraint=("recall", 0.9)).fit(y, score)
    assert np.mean(bound.predict(score)[y == 1]) >= 0.9 > np.mean(free.predict(score)[y == 1])
    assert bound.best_score_ < free.best_score_


def multiclass_rows(seed, n=80):
    rng = np.random.default_rng(seed)
    prior = np.array([0.7, 0.2, 0.1])
    y = np.concatenate([np.arange(3), rng.choice(3, size=n - 3, p=prior)])
    proba = np.exp(rng.normal(size=(n, 3)) + 1.2 * np.eye(3)[y] + np.log(prior))
    return y, proba / proba.sum(axis=1, keepdims=True), rng.random(n) + 0.1


@pytest.mark.parametrize("weighted", [False, True])
def test_multiclass_costs(weighted):
    cuts = np.exp(np.linspace(-4, 4, 13))
    gaps = []
    for seed in range(8):
        y, proba, weight = multiclass_rows(seed)
        weight = weight if weighted else None
        tuner = ThresholdTuner(cost_matrix=COSTS_3).fit(y, proba, sample_weight=weight)
        attained = mean_cost(COSTS_3, y, tuner.predict(proba), weight)
        assert attained == pytest.approx(-tuner.best_score_)
        assert attained <= mean_cost(COSTS_3, y, proba.argmax(axis=1), weight) + 1e-12
        rules = (MulticlassRule((1, a, b)) for a in cuts for b in cuts)
        best = min(mean_cost(COSTS_3, y, rule.decide(proba), weight) for rule in rules)
        gaps.append(attained - best)
    assert np.mean(gaps) <= 0.01


def calibrated_rows(seed, n_classes, n=200_000):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.arange(n_classes, 0, -1), size=n)
    y = (proba.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return np.minimum(y, n_classes - 1), proba


@pytest.mark.parametrize("positive", [0, 1])
def test_binary_bayes_rule_is_the_cut_of_elkan(positive):
    y, proba = calibrated_rows(0, 2, n=2000)
    tuner = ThresholdTuner(cost_matrix=COSTS, calibrated=True).fit(y, proba, pos_label=positive)
    # Flag where the expected cost of flagging is least: (C10 - C00) / (C10 - C00 + C01 - C11).
    cut = 1 / (1 + 23) if positive == 1 else 23 / (1 + 23)
    assert tuner.decision_rule_ == BinaryRule(cut, positive)
    expected = np.argmin(proba @ COSTS, axis=1)
    np.testing.assert_array_equal(tuner.predict(proba), expected)
    assert tuner.best_score_ == pytest.approx(-mean_cost(COSTS, y, expected))


def test_binary_bayes_rule_from_scores():
    tuner = ThresholdTuner(cost_matrix=COSTS, calibrated=True).fit([0, 0, 1], [0.01, 0.2, 0.03])
    assert tuner.best_threshold_ == pytest.approx(1 / 24)
    assert tuner.predict([0.03, 0.05]).tolist() == [0, 1]


def test_multiclass_bayes_rule():
    y, proba = calibrated_rows(0, 3, n=2000)
    tuner = ThresholdTuner(cost_matrix=COSTS_3, calibrated=True).fit(y, proba)
    assert tuner.decision_rule_ == CostRule(COSTS_3)
    assert tuner.best_threshold_ is None
    decided = tuner.predict(proba)
    assert tuner.best_score_ == pytest.approx(-mean_cost(COSTS_3, y, decided))


@pytest.mark.slow
def test_search_and_bayes_rule_agree_on_calibrated_probabilities():
    y, proba = calibrated_rows(1, 2)
    learned = ThresholdTuner(cost_matrix=COSTS).fit(y, proba, pos_label=1)
    assert learned.best_threshold_ == pytest.approx(1 / 24, abs=0.02)


@pytest.mark.parametrize(
    "costs", [[0, 1], [[0, 1, 2], [1, 0, 2]], [[0, np.nan], [1, 0]], [["a"], ["b"]], [[0], [1, 0]]]
)
def test_cost_matrix_must_be_square_and_finite(costs):
    with pytest.raises(InvalidParameterError, match=r"'cost_matrix' parameter must hold 2 x 2"):
        ThresholdTuner(cost_matrix=costs).fit([0, 1, 0], [0.1, 0.9, 0.2])


@pytest.mark.parametrize("costs", [[[0, 0], [1, 0]], [[1, 0], [1, 0]], [[0, -1], [-5, 0]]])
def test_the_right_decision_must_cost_least(costs):
    with pytest.raises(InvalidParameterError, match=r"the right decision.*must cost least"):
        ThresholdTuner(cost_matrix=costs).fit([0, 1, 0], [0.1, 0.9, 0.2])


def test_the_right_decision_must_cost_least_of_all():
    costs = [[0, 1, -1], [1, 0, 1], [1, 1, 0]]
    with pytest.raises(InvalidParameterError, match=r"the right decision.*must cost least"):
        ThresholdTuner(cost_matrix=costs).fit([0, 1, 2], np.eye(3))


def test_cost_matrix_takes_the_place_of_the_objective():
    with pytest.raises(InvalidParameterError, match="takes the place of 'objective'"):
        ThresholdTuner("f1", cost_matrix=COSTS).fit([0, 1, 0], [0.1, 0.9, 0.2])


def test_calibrated_is_for_costs_or_a_proof():
    for params, message in (
        ({}, "'calibrated' parameter is for"),
        ({"constraint": ("recall", 0.5)}, "'calibrated' parameter is for"),
        (
            {"cost_matrix": COSTS, "constraint": ("recall", 0.5), "confidence": 0.9},
            "'calibrated' parameter is for",
        ),
        ({"cost_matrix": COSTS, "constraint": ("recall", 0.5)}, "takes no constraint"),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            ThresholdTuner(calibrated=True, **params).fit([0, 1, 0], [0.1, 0.9, 0.2])


def test_calibrated_needs_probabilities():
    with pytest.raises(ValueError, match=r"must hold probabilities. Got values between -2 and 3"):
        ThresholdTuner(cost_matrix=COSTS, calibrated=True).fit([0, 1, 0], [-2, 3, 0])


def test_multilabel_has_no_cost_matrix():
    with pytest.raises(InvalidParameterError, match="'cost_matrix' parameter is for a binary or"):
        ThresholdTuner(cost_matrix=COSTS).fit([[0, 1], [1, 0]], np.eye(2))


class TestCostOfEachRow:
    @given(st.integers(0, 10_000), st.booleans(), st.sampled_from([2, 3]))
    @settings(max_examples=60)
    def test_no_cut_costs_less(self, seed, weighted, n_classes):
        rng = np.random.default_rng(seed)
        n = 30
        y = np.append(np.arange(n_classes), rng.integers(n_classes, size=n - n_classes))
        proba = rng.dirichlet(np.ones(n_classes), size=n).round(1) + 1e-3
        cost = rng.exponential(size=(n, n_classes)) * (np.arange(n_classes) != y[:, None])
        weight = rng.integers(1, 4, size=n) if weighted else np.ones(n)
        tuner = ThresholdTuner().fit(y, proba, sample_cost=cost, sample_weight=weight)

        def mean_cost(codes):
            return np.average(cost[np.arange(n), codes], weights=weight)

        decided = tuner.decision_rule_.decide(proba)
        assert tuner.best_score_ == pytest.approx(-mean_cost(decided))
        if n_classes == 3:
            assert mean_cost(decided) <= mean_cost(proba.argmax(axis=1)) + 1e-12
            return
        positive = int(np.flatnonzero(tuner.classes_ == tuner.pos_label_)[0])
        score = proba[:, positive]
        every = [
            mean_cost(np.where(score >= cut, positive, 1 - positive))
            for cut in [*np.unique(score), 2.0]
        ]
        assert mean_cost(decided) == pytest.approx(min(every))

    def test_a_matrix_is_the_cost_of_each_row_by_its_class(self):
        rng = np.random.default_rng(0)
        for n_classes in (2, 3):
            y = rng.integers(n_classes, size=200)
            proba = rng.dirichlet(np.ones(n_classes), size=200)
            costs = rng.exponential(size=(n_classes, n_classes)) * (1 - np.eye(n_classes))
            by_matrix = ThresholdTuner(cost_matrix=costs).fit(y, proba)
            by_row = ThresholdTuner().fit(y, proba, sample_cost=costs[y])
            np.testing.assert_allclose(by_row.best_threshold_, by_matrix.best_threshold_)
            assert by_row.best_score_ == pytest.approx(by_matrix.best_score_)

    def test_a_constraint_is_kept(self):
        rng = np.random.default_rng(0)
        y, score = (rng.random(300) < 0.2).astype(int), rng.random(300)
        cost = np.column_stack([100.0 * y, 1.0 - y])
        tuner = ThresholdTuner(constraint=("alert_rate", 0.1)).fit(y, score, sample_cost=cost)
        assert 0 < (score >= tuner.best_threshold_).mean() <= 0.1

    @pytest.mark.parametrize(
        ("params", "cost", "message"),
        [
            ({}, np.ones((4, 2)), r"3 rows and 2 decisions.*shape \(4, 2\)"),
            ({}, np.full((3, 2), np.nan), "with NaN or infinity"),
            ({}, "dear", "finite cost for each"),
            ({"objective": "f1"}, np.ones((3, 2)), "'sample_cost' parameter takes the place"),
            ({"cost_matrix": COSTS}, np.ones((3, 2)), "takes the place of 'cost_matrix'"),
        ],
    )
    def test_refusals(self, params, cost, message):
        with pytest.raises(InvalidParameterError, match=message):
            ThresholdTuner(**params).fit([0, 1, 0], [0.1, 0.9, 0.2], sample_cost=cost)

    def test_labels_have_none(self):
        with pytest.raises(InvalidParameterError, match="for a multilabel target"):
            ThresholdTuner().fit([[0, 1], [1, 0]], np.eye(2), sample_cost=np.ones((2, 2)))
