"""The bootstrap of a cut: by brute force, for weights, costs, constraints and several cuts."""

import time

import numpy as np
import pytest

from imbalanced_nn import ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import spread as module
from imbalanced_nn.threshold.constraints import get_constraint
from imbalanced_nn.threshold.learner import learn
from imbalanced_nn.threshold.spread import bootstrap_rule

# Rows are drawn with scores that rank either way, and either class the rarer one.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[45]\]")

OBJECTIVES = [
    "accuracy",
    "balanced_accuracy",
    "break_even",
    "class_balance_accuracy",
    "cohen_kappa",
    "f0.5",
    "f1",
    "f1_macro",
    "geometric_mean",
    "jaccard_weighted",
    "matthews_corrcoef",
    "net_benefit_0.1",
    "youden",
]


def scores(seed=0, n=300, share=0.15):
    """Labels and tied scores in [0, 1]."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    return y, np.clip(rng.normal(0.3 + 0.3 * y, 0.2), 0, 1).round(2)


def brute_force(tuner, y, score, counts, weight=None, cost=None):
    """Fit to the rows as they were drawn; return the tuner and the old rule's value on them."""
    drawn = np.repeat(np.arange(len(y)), counts.astype(int))
    arguments = {
        "sample_weight": None if weight is None else weight[drawn],
        "sample_cost": None if cost is None else cost[drawn],
    }
    twin = ThresholdTuner(**tuner.get_params())
    twin.fit(y[drawn], score[drawn], pos_label=tuner.pos_label_, **arguments)
    rows, aim = twin._checked(
        y[drawn], score[drawn], *arguments.values(), tuner.pos_label_, tuner.classes_
    )
    return twin, rows.value(aim.objective, rows.decide(tuner.decision_rule_))


def draws_of(tuner, y, score, n, weight=None, cost=None):
    """Return the bootstrap of a tuner, and how often it drew each row of y."""
    seen = []
    original = module._resamples

    def spy(rows, n_resamples, generator):
        order = (
            np.argsort(-rows.positive_score, kind="stable")
            if rows.kind == "binary"
            else np.arange(len(rows.y))
        )
        assert (rows.positive_score[order] == rows.positive_score).all() or rows.kind != "binary"
        for counts in original(rows, n_resamples, generator):
            seen.append(counts.copy())
            yield counts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_resamples", spy)
        result = tuner.bootstrap(
            y, score, sample_weight=weight, sample_cost=cost, n_resamples=n, random_state=0
        )
    if y.ndim == 1 and len(np.unique(y)) == 2:
        order = np.argsort(-score, kind="stable")
        by_row = []
        for counts in seen:
            back = np.empty(len(y))
            back[order] = counts
            by_row.append(back)
        seen = by_row
    return result, seen


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_resample_is_searched_as_by_a_fit(objective, weighted):
    y, score = scores()
    weight = np.random.default_rng(1).integers(1, 4, len(y)).astype(float) if weighted else None
    tuner = ThresholdTuner(objective).fit(y, score, sample_weight=weight)
    result, draws = draws_of(tuner, y, score, 8, weight)
    optimism = []
    for counts, cut, value in zip(draws, result.thresholds, result.scores, strict=True):
        assert counts[y == 1].sum() == y.sum()
        twin, kept = brute_force(tuner, y, score, counts, weight)
        assert value == pytest.approx(kept)
        at_cut = np.where(score >= cut, 1, 0)
        both = np.ones(len(y)) if weight is None else weight
        reached = tuner.objective_.score(y, at_cut, both * counts)
        assert reached == pytest.approx(twin.best_score_)
        optimism.append(reached - tuner.objective_.score(y, at_cut, both))
    assert result.optimism == pytest.approx(np.mean(optimism))


@pytest.mark.parametrize(
    ("params", "costly"),
    [
        ({"objective": "recall", "constraint": ("precision", 0.5)}, False),
        ({"objective": "precision", "constraint": ("recall", 0.7)}, False),
        ({"objective": "recall", "constraint": ("alert_rate", 0.2)}, False),
        ({"objective": "f1", "constraint": ("false_positive_rate", 0.1)}, False),
        ({"objective": "recall", "constraint": ("precision", 0.5), "confidence": 0.8}, False),
        ({"cost_matrix": [[0, 1], [7, 0]]}, False),
        ({}, True),
        ({"objective": "f1", "min_positives": 90}, False),
        ({"min_positives": 90}, False),
    ],
)
@pytest.mark.filterwarnings(r"ignore:\[INN010\]")
def test_constraints_costs_and_few_positives_are_honoured(params, costly):
    y, score = scores(2)
    cost = np.column_stack([9.0 * y * score, 1.0 - y]) if costly else None
    tuner = ThresholdTuner(**params).fit(y, score, sample_cost=cost)
    result, draws = draws_of(tuner, y, score, 8, cost=cost)
    constraint = get_constraint(tuner.constraint, tuner.confidence)
    for counts, cut in zip(draws, result.thresholds, strict=True):
        drawn = np.repeat(np.arange(len(y)), counts.astype(int))
        flagged = (score[drawn] >= cut).astype(int)
        if tuner.confidence is None:
            twin, _ = brute_force(tuner, y, score, counts, cost=cost)
        if params.get("min_positives"):
            assert flagged.sum() == (score[drawn] >= twin.best_threshold_).sum()
        elif costly:
            paid = cost[drawn, flagged].mean()
            assert paid == pytest.approx(-twin.best_score_)
        # A proof goes through other cuts where other rows are there: it may end earlier.
        elif tuner.confidence is None:
            assert tuner.objective_.score(y[drawn], flagged) == pytest.approx(twin.best_score_)
        if constraint is not None and not np.isnan(cut):
            hits = np.bincount(2 * y[drawn] + flagged, minlength=4).astype(float)
            assert constraint.met(hits[3], hits[1], hits[2], hits[0])


def test_a_constraint_that_a_resample_cannot_keep_gives_no_cut():
    y = np.repeat([0, 1], [50, 4])
    score = np.append(np.linspace(0, 0.5, 50), [0.1, 0.6, 0.7, 0.8])
    tuner = ThresholdTuner("f1", constraint=("precision", 0.99)).fit(y, score)
    result = tuner.bootstrap(y, score, n_resamples=300, random_state=0)
    assert 0 <= np.isnan(result.thresholds).mean() < 0.05
    strict = ThresholdTuner("f1", constraint=("precision", 0.2), confidence=0.9).fit(y, score)
    lost = strict.bootstrap(y, score, n_resamples=300, random_state=0)
    assert np.isnan(lost.thresholds).any()
    assert np.isfinite(lost.threshold_interval()).all()


def test_several_classes_are_searched_each_time():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [120, 40, 20])
    proba = rng.dirichlet(np.ones(3), size=180) + 0.8 * np.eye(3)[y]
    proba /= proba.sum(axis=1, keepdims=True)
    tuner = ThresholdTuner("f1_macro").fit(y, proba)
    result = tuner.bootstrap(y, proba, n_resamples=20, random_state=0)
    assert result.thresholds.shape == (20, 3)
    low, high = result.threshold_interval()
    assert (low < high).all()
    assert np.abs(np.median(result.thresholds, axis=0) - tuner.best_threshold_).max() < 0.05
    assert result.optimism > 0


def test_labels_are_searched_each_time():
    rng = np.random.default_rng(0)
    y = (rng.random((150, 3)) < [0.1, 0.3, 0.5]).astype(int)
    proba = np.clip(rng.normal(0.3 + 0.3 * y, 0.2), 0, 1)
    tuner = ThresholdTuner("f1_micro").fit(y, proba)
    result = tuner.bootstrap(y, proba, n_resamples=10, random_state=0)
    assert result.thresholds.shape == (10, 3)
    assert result.scores.std() > 0


def test_a_rule_without_cuts_has_scores_only():
    y, proba = np.array([0, 1, 2, 0, 1, 2]), np.random.default_rng(0).dirichlet(np.ones(3), 6)
    tuner = ThresholdTuner(cost_matrix=1 - np.eye(3), calibrated=True).fit(y, proba)
    result = tuner.bootstrap(y, proba, n_resamples=50, random_state=0)
    assert result.optimism == 0
    assert np.ptp(result.score_interval()) > 0
    with pytest.raises(ValueError, match="has no cut"):
        result.threshold_interval()


def test_the_seed_decides_and_levels_are_checked():
    y, score = scores()
    tuner = ThresholdTuner("f1").fit(y, score)
    one, same, other = (
        tuner.bootstrap(y, score, n_resamples=30, random_state=seed).thresholds
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    with pytest.raises(InvalidParameterError, match="confidence_level=95 must be"):
        tuner.bootstrap(y, score, n_resamples=2).score_interval(95)


def test_a_callable_is_refused():
    y, score = scores(n=40)
    tuner = ThresholdTuner(lambda t, p: float(np.mean(t == p))).fit(y, score)
    with pytest.raises(InvalidParameterError, match="is a callable, which a bootstrap"):
        tuner.bootstrap(y, score)


@pytest.mark.slow
def test_optimism_is_part_of_what_the_score_loses_on_new_rows():
    """It is an estimate on the low side: a resample shares rows with the original."""
    losses, optimism = [], []
    for seed in range(60):
        y, score = scores(seed, n=200)
        tuner = ThresholdTuner("f1").fit(y, score)
        optimism.append(tuner.bootstrap(y, score, n_resamples=60, random_state=seed).optimism)
        y_new, new = scores(1000 + seed, n=4000)
        flagged = (new >= tuner.best_threshold_).astype(int)
        losses.append(tuner.best_score_ - tuner.objective_.score(y_new, flagged))
    error = np.std(losses) / np.sqrt(len(losses))
    assert np.mean(losses) > 3 * error
    assert np.mean(losses) / 3 < np.mean(optimism) < np.mean(losses) + 3 * error


@pytest.mark.slow
def test_a_thousand_resamples_of_a_hundred_thousand_rows_take_seconds():
    rng = np.random.default_rng(0)
    y = (rng.random(100_000) < 0.01).astype(int)
    score = rng.normal(size=100_000) + 2 * y
    tuner = ThresholdTuner("f1").fit(y, score)
    start = time.process_time()
    tuner.bootstrap(y, score, random_state=0)
    assert time.process_time() - start < 20


def test_learning_and_resampling_agree_on_the_whole():
    y, score = scores()
    tuner = ThresholdTuner("f1").fit(y, score)
    rows, aim = tuner._checked(y, score, None, None, 1, None)
    learned = learn(rows, aim)
    result = bootstrap_rule(rows, aim, learned.rule, 3, np.random.default_rng(0))
    assert len(result.scores) == 3
