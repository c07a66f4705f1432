"""The binary search is exact: never below any cut, whatever the ties and weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV

from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.threshold import (
    BinaryRule,
    ThresholdTuner,
    get_objective,
    objective_names,
    search,
)
from imbalanced_nn.threshold.candidates import Candidates, useful_cuts
from imbalanced_nn.threshold.search import best_candidate

# Rows are drawn with scores that rank either way, and either class the rarer one.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[45]\]")

TIED = st.sampled_from([0.0, 0.1, 0.3, 0.30000000000000004, 0.5, 1.0])
PROBABILITIES = TIED | st.floats(0, 1)


@st.composite
def binary_rows(draw, scores=PROBABILITIES):
    """Draw labels that hold both classes, scores with ties, and weights."""
    n = draw(st.integers(2, 25))
    y = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    if y.min() == y.max():
        y[0] = 1 - y[0]
    score = np.array(draw(st.lists(scores, min_size=n, max_size=n)))
    weight = np.array(draw(st.lists(st.sampled_from([0.1, 0.7, 1.0, 3.0]), min_size=n, max_size=n)))
    return y, score, weight


def brute_force(objective, y, score, weight):
    """Return the best objective over every cut."""
    cuts = np.append(np.unique(score), np.inf)
    return max(objective.score(y, (score >= cut).astype(int), weight) for cut in cuts)


@pytest.mark.parametrize("weighted", [False, True])
@settings(max_examples=40)
@given(rows=binary_rows())
def test_no_cut_is_better(weighted, rows):
    y, score, weight = rows
    weight = weight if weighted else None
    for name in objective_names("binary"):
        tuner = ThresholdTuner(name).fit(y, score, sample_weight=weight, pos_label=1)
        objective = get_objective(name, "binary")
        best = brute_force(objective, y, score, weight)
        assert tuner.best_score_ == pytest.approx(best, abs=1e-9), name
        # The rule makes the decisions that the search counted.
        attained = objective.score(y, tuner.decision_rule_.decide_scores(score), weight)
        assert attained == pytest.approx(tuner.best_score_, abs=1e-9), name


@given(rows=binary_rows(st.floats(-1e6, 1e6)))
def test_scores_need_not_be_probabilities(rows):
    y, score, _ = rows
    tuner = ThresholdTuner("f1").fit(y, score, pos_label=1)
    best = brute_force(get_objective("f1", "binary"), y, score, None)
    assert tuner.best_score_ == pytest.approx(best)
    assert sk.f1_score(y, tuner.predict(score), zero_division=0) == pytest.approx(best)


@settings(max_examples=30)
@given(rows=binary_rows())
def test_curve_holds_every_candidate_and_the_rule_reproduces_it(rows):
    y, score, weight = rows
    tuner = ThresholdTuner("balanced_accuracy").fit(y, score, sample_weight=weight, pos_label=1)
    curve = tuner.threshold_curve_
    assert len(curve.thresholds) == len(np.unique(score)) + 1
    assert (np.diff(curve.thresholds) > 0).all()
    for cut, value in zip(curve.thresholds, curve.scores, strict=True):
        decided = BinaryRule(cut).decide_scores(score)
        expected = sk.balanced_accuracy_score(y, decided, sample_weight=weight)
        assert value == pytest.approx(expected, abs=1e-9)
    assert tuner.best_threshold_ in curve.thresholds


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20, unique=True),
    st.sampled_from([np.float32, np.float64]),
)
def test_cuts_lie_strictly_between_neighbours(scores, dtype):
    score = np.sort(np.array(scores, dtype=dtype).astype(np.float64))[::-1]
    candidates = Candidates(score)
    cuts = candidates.cuts(np.arange(len(candidates)), 0.0, 1.0)
    for k in range(1, len(score)):
        assert score[k] < cuts[k] <= score[k - 1]
        if score[k - 1] > np.nextafter(score[k], 1):
            assert cuts[k] < score[k - 1]
    assert score[0] < cuts[0]
    assert 0 <= cuts[-1] <= score[-1]
    assert cuts[0] <= 1 or score[0] == 1


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([0, 1, 0], 1),
        ([0, 1, 1, 1, 0], 2),
        ([1, 0, 1, 1, 1, 0, 1], 3),
        ([1, 1], 0),
        ([np.nan, 0.2, np.nan], 1),
        ([np.nextafter(0.5, 1), 0.5, 0.5, 0.1], 1),
        ([-1e-20, -2e-20], 0),
        ([-np.inf, -3.0], 1),
    ],
)
def test_ties_take_the_middle_of_the_longest_run(values, place):
    assert best_candidate(np.array(values, float)) == place


def test_an_objective_without_values_is_an_error():
    with pytest.raises(ValueError, match="undefined"):
        best_candidate(np.array([np.nan, np.nan]))


def test_constant_scores_decide_for_one_class():
    tuner = ThresholdTuner("accuracy").fit([0, 0, 1], [0.3, 0.3, 0.3])
    assert tuner.predict([0.3]).tolist() == [0]
    tuner = ThresholdTuner("accuracy").fit([0, 1, 1], [1.0, 1.0, 1.0], pos_label=0)
    assert tuner.predict([1.0]).tolist() == [1]
    assert tuner.best_threshold_ > 1
    tuner = ThresholdTuner("f1").fit([0, 0, 1], [0.0, 0.0, 0.0])
    assert tuner.predict([0.0]).tolist() == [1]


def test_neighbouring_floats_are_told_apart():
    low = 0.1
    high = np.nextafter(low, 1)
    tuner = ThresholdTuner("accuracy").fit([0, 1, 0], [low, high, 0.01])
    assert tuner.best_score_ == 1
    assert tuner.predict([low, high]).tolist() == [0, 1]


def test_perfect_separation_cuts_halfway():
    assert ThresholdTuner("f1").fit([0, 0, 1], [0.1, 0.2, 0.6]).best_threshold_ == 0.4


def imbalanced_scores(seed, n=3000, share=0.02):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    return y, 1 / (1 + np.exp(4.5 - 2 * y - rng.normal(size=n)))


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "matthews_corrcoef"])
def test_never_below_metric_at_thresholds(name):
    function = sk.get_scorer(name)._score_func
    y, score = imbalanced_scores(0, n=400, share=0.05)
    values, _ = sk.metric_at_thresholds(y, score, function)
    assert ThresholdTuner(name).fit(y, score).best_score_ >= values.max() - 1e-12


class Scores(DummyClassifier):
    """A fitted classifier of which the only feature is the positive probability."""

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "jaccard"])
def test_never_below_the_grid_of_scikit_learn(name):
    better = 0
    for seed in range(5):
        y, score = imbalanced_scores(seed)
        X = score[:, None]
        grid = TunedThresholdClassifierCV(
            Scores().fit(X, y), scoring=name, cv="prefit", refit=False
        ).fit(X, y)
        exact = ThresholdTuner(name).fit(y, score).best_score_
        assert exact >= grid.best_score_ - 1e-12
        better += exact > grid.best_score_ + 1e-12
    assert better


def test_callable_is_tried_on_every_cut_where_they_are_few():
    y, score = imbalanced_scores(0, n=300, share=0.05)

    def metric(y_true, y_pred):
        return sk.f1_score(y_true, y_pred, zero_division=0)

    by_callable, by_name = ThresholdTuner(metric).fit(y, score), ThresholdTuner("f1").fit(y, score)
    assert by_callable.best_threshold_ == by_name.best_threshold_
    assert by_callable.best_score_ == pytest.approx(by_name.best_score_)


def test_callable_on_many_cuts_is_thinned_with_a_note():
    y, score = imbalanced_scores(0)
    calls = []

    def metric(y_true, y_pred):
        calls.append(1)
        return np.mean(y_true == y_pred)

    with pytest.warns(ImbalanceWarning, match=r"INN005.*'metric'.*1000 of 3001") as caught:
        tuner = ThresholdTuner(metric).fit(y, score)
    assert caught[0].filename == __file__
    assert len(calls) == len(tuner.threshold_curve_.scores) == 1000


def test_callable_with_the_lower_code_positive():
    """A metric sees original codes, not the indicator of the positive class."""
    y = np.array([0, 0, 1, 1, 1, 1])
    score = np.array([0.9, 0.4, 0.6, 0.3, 0.2, 0.1])

    def true_zeros_found(y_true, y_pred, pos_label):
        assert pos_label == 0
        return np.sum((y_true == 0) & (y_pred == 0)) - 0.6 * np.sum((y_true == 1) & (y_pred == 0))

    tuner = ThresholdTuner(true_zeros_found).fit(y, score, pos_label=0)
    assert tuner.best_score_ == pytest.approx(1.4)
    assert tuner.best_threshold_ == pytest.approx(0.35)
    assert tuner.predict(score).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.slow
def test_a_million_rows_take_seconds():
    y, score = imbalanced_scores(0, n=1_000_000)
    tuner = ThresholdTuner("f1").fit(y, score)
    assert tuner.best_score_ == pytest.approx(sk.f1_score(y, tuner.predict(score)))


def test_works_on_any_classifiers_scores():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    y = np.where(X[:, 0] + rng.normal(size=500) > 2, "rare", "common")
    proba = LogisticRegression().fit(X, y).predict_proba(X)
    tuner = ThresholdTuner("f1").fit(y, proba)
    assert tuner.pos_label_ == "rare"
    from_scores = ThresholdTuner("f1").fit(y, proba[:, 1])
    assert from_scores.best_threshold_ == tuner.best_threshold_
    predicted = tuner.predict(proba)
    assert sk.f1_score(y, predicted, pos_label="rare") == pytest.approx(tuner.best_score_)
    np.testing.assert_array_equal(from_scores.predict(proba[:, 1]), predicted)


@given(
    st.integers(0, 10_000),
    st.booleans(),
    st.sampled_from(
        [
            None,
            ("precision", 0.4),
            ("recall", 0.5),
            ("alert_rate", 0.3),
            ("false_positive_rate", 0.2),
        ]
    ),
)
@settings(max_examples=100)
def test_the_cuts_of_many_rows_are_as_good_as_all(seed, weighted, constraint):
    """What is done with more than ten thousand rows, on few of them."""
    rng = np.random.default_rng(seed)
    n = 60
    y = np.append([0, 1], rng.integers(2, size=n - 2) * (rng.random(n - 2) < 0.5))
    score = np.clip(rng.normal(0.3 + 0.2 * y, 0.3), 0, 1).round(2)
    weight = rng.integers(1, 4, size=n).astype(float) if weighted else np.full(n, 2.0)
    for name in ("f1", "balanced_accuracy", "matthews_corrcoef", "cohen_kappa", "f1_macro"):
        tuner = ThresholdTuner(name, constraint=constraint)

        def fit(tuner=tuner):
            return tuner.fit(y, score, sample_weight=weight, pos_label=1)

        try:
            best = fit().best_score_
        except ValueError:
            best = None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "MAX_CURVE", 0)
            if best is None:
                with pytest.raises(ValueError, match="No threshold meets"):
                    fit()
                continue
            few = fit()
        assert few.best_score_ == pytest.approx(best, abs=1e-12)
        assert few.best_score_ == pytest.approx(
            few.objective_.score(y, few.predict(score), weight, 1)
        )


def test_every_cut_of_many_rows_decides_as_its_counts_say():
    rng = np.random.default_rng(0)
    y = (rng.random(500) < 0.1).astype(int)
    score, weight = rng.random(500).round(2), rng.random(500) + 0.5
    for rows in (weight, np.ones(500)):
        thresholds, counts = useful_cuts(y, score, rows)
        assert (np.diff(thresholds) < 0).all()
        for cut, tp, fp, fn, tn in zip(thresholds, *counts, strict=True):
            flagged = score >= cut
            expected = [
                rows[flagged & (y == 1)].sum(),
                rows[flagged & (y == 0)].sum(),
                rows[~flagged & (y == 1)].sum(),
                rows[~flagged & (y == 0)].sum(),
            ]
            np.testing.assert_allclose([tp, fp, fn, tn], expected, atol=1e-9)


def test_a_curve_of_many_rows_is_thinned_between_the_positives():
    rng = np.random.default_rng(0)
    y = (rng.random(40_000) < 0.01).astype(int)
    score = rng.random(40_000)
    curve = ThresholdTuner("f1").fit(y, score).threshold_curve_
    assert 10_000 < len(curve.scores) <= 10_001 + y.sum()
    assert np.isfinite(curve.scores).all() and (np.diff(curve.thresholds) > 0).all()
