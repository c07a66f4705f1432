"""From probabilities to decisions, without a network."""

import warnings

import numpy as np
import pytest

from imbalanced_nn import ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting.cross_fit import out_of_fold
from imbalanced_nn.fitting.decision import (
    Criterion,
    check_criterion,
    fixed_decision,
    learn_decision,
    note_choice_of_positive,
    rows_to_tune_on,
    tuned_decision,
)
from imbalanced_nn.fitting.posterior import Posterior
from imbalanced_nn.fitting.records import HeldOutScores, Target

NATURAL = np.array([0.8, 0.2])
TARGET = Target("binary", np.array(["fraud", "ok"]), np.array([20, 80]), positive=0)


def posterior(**given):
    usual = {"kind": "binary", "steps": (), "logits": False, "calibration": "prior"}
    return Posterior(**usual | {"natural": NATURAL, "in_loss": NATURAL} | given)


def scores(seed=0, n=300):
    rng = np.random.default_rng(seed)
    codes = (rng.random(n) < 0.8).astype(int)
    p = 1 / (1 + np.exp(-(rng.normal(size=n) + 3 * codes - 1)))
    return HeldOutScores(codes, np.column_stack([1 - p, p]), rng.uniform(0.5, 2, n))


@pytest.mark.parametrize("threshold", [None, 0.3])
def test_a_fixed_cut_needs_no_rows(threshold):
    decision = learn_decision(Criterion(threshold, {}), posterior(), scores(), TARGET)
    assert decision == fixed_decision(threshold, TARGET)
    assert decision.score is None
    # A half of each class is the first in argmax.
    proba = np.array([[0.31, 0.69], [0.5, 0.5]])
    expected = [1, 0] if threshold is None else [0, 0]
    assert decision.rule.decide(proba).tolist() == expected


def test_a_score_is_maximised_on_the_held_out_rows():
    held_out = scores()
    decision = learn_decision(Criterion("f1", {}), posterior(), held_out, TARGET)
    tuner = ThresholdTuner("f1", min_positives=50)
    labels = {"pos_label": "fraud", "classes": TARGET.classes}
    y = TARGET.classes[held_out.codes]
    tuner.fit(y, held_out.proba, sample_weight=held_out.weight, **labels)
    assert decision.rule == tuner.decision_rule_
    assert decision.score == tuner.best_score_
    assert decision.objective.name == "f1"


def test_without_rows_balanced_accuracy_cuts_at_the_prior():
    decision = learn_decision(Criterion("balanced_accuracy", {}), posterior(), None, TARGET)
    assert decision.rule.thresholds_ == pytest.approx(0.8)
    moved = learn_decision(
        Criterion("balanced_accuracy", {}), posterior(priors=np.array([0.3, 0.7])), None, TARGET
    )
    assert moved.rule.thresholds_ == pytest.approx(0.3)
    assert learn_decision(Criterion("f1", {}), posterior(), None, TARGET) == fixed_decision(
        None, TARGET
    )


def test_a_class_that_the_loss_has_not_seen_is_not_cut():
    unseen = posterior(in_loss=np.array([1.0, 0.0]))
    found = learn_decision(Criterion("f1", {}), unseen, scores(), TARGET)
    assert found == fixed_decision(None, TARGET)


def test_rows_are_weighed_to_the_priors():
    held_out, priors = scores(), np.array([0.5, 0.5])
    y, proba, weight, _ = rows_to_tune_on(posterior(priors=priors), held_out, TARGET)
    share = weight[y == "fraud"].sum() / weight.sum()
    assert share == pytest.approx(0.5)
    np.testing.assert_allclose(proba, posterior(priors=priors).at_priors(held_out.proba))
    np.testing.assert_array_equal(
        rows_to_tune_on(posterior(), held_out, TARGET)[2], held_out.weight
    )


def test_routed_parameters_reach_the_tuner():
    tuner = Criterion("f1", {"min_positives": 7}).tuner("prior")
    assert (tuner.objective, tuner.min_positives) == ("f1", 7)


@pytest.mark.parametrize(
    ("calibration", "high", "few"), [("prior", 1.0, 50), (None, 1.0, 0), ("prior", 1.5, 0)]
)
def test_only_probabilities_are_leaned_on(calibration, high, few):
    tuner = Criterion("f1", {}).tuner(calibration, np.array([[0.0, high]]))
    assert tuner.min_positives == few


def test_a_tuner_of_the_users_own_is_copied():
    given = ThresholdTuner("f1", constraint=("precision", 0.3))
    tuner = Criterion(given, {}).tuner("prior")
    assert tuner is not given
    assert tuner.constraint == given.constraint


PROVED = Criterion(ThresholdTuner("recall", constraint=("precision", 0.3), confidence=0.9), {})


def checked(criterion, calibration="prior", **given):
    usual = {"held_out": True, "partial": False, "ships": None, "weighs": None}
    check_criterion(criterion, TARGET, calibration, **usual | given)


@pytest.mark.parametrize(
    ("criterion", "given", "message"),
    [
        (Criterion("f1", {}), {"held_out": False}, "is learned on held-out rows"),
        (Criterion("f-one", {}), {}, "f-one"),
        (Criterion(1.5, {}), {}, "1.5"),
        (PROVED, {"weighs": "sample_weight of unequal weights"}, "weighs rows"),
        (PROVED, {"ships": "their average"}, "ships their average"),
        (PROVED, {"calibration": "isotonic"}, "A bound on precision"),
    ],
)
def test_what_cannot_be_learned_is_refused(criterion, given, message):
    with pytest.raises((InvalidParameterError, ValueError), match=message):
        checked(criterion, **given)


@pytest.mark.parametrize(
    ("criterion", "given"),
    [
        (Criterion("balanced_accuracy", {}), {"held_out": False}),
        (Criterion("f1", {}), {"held_out": False, "partial": True}),
        (Criterion(0.3, {}), {"held_out": False, "weighs": "priors"}),
        (Criterion("f1", {}), {"weighs": "priors", "ships": "their average"}),
        (PROVED, {}),
    ],
)
def test_what_can_be_is_not(criterion, given):
    checked(criterion, **given)


def test_a_proof_takes_rows_that_came_later_from_any_calibrator():
    later = scores()
    later = HeldOutScores(later.codes, later.proba, np.ones(300), later=True)
    found = tuned_decision(PROVED, posterior(calibration="isotonic"), later, TARGET)
    assert found.score is not None
    kept = HeldOutScores(later.codes, later.proba, np.ones(300))
    with pytest.raises(InvalidParameterError, match="A bound on precision"):
        tuned_decision(PROVED, posterior(calibration="isotonic"), kept, TARGET)


@pytest.mark.parametrize(
    ("threshold", "told"), [(None, False), (0.5, False), (0.3, True), ("f1", True), ("mcc", False)]
)
def test_an_open_choice_is_told_where_the_cut_depends_on_it(threshold, told):
    """Of 0 and 1 the one is positive, though here it is the commoner."""
    target = Target("binary", np.array([0, 1]), np.array([20, 80]), positive=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        note_choice_of_positive(Criterion(threshold, {}), target, "prior")
    assert [note.message.code for note in caught] == ["INN014"] * told


def test_every_folds_rows_are_judged_once_and_know_their_fold():
    parts = [scores(seed, n) for seed, n in ((0, 5), (1, 7))]
    whole = out_of_fold(parts)
    assert whole.fold.tolist() == [0] * 5 + [1] * 7
    np.testing.assert_array_equal(whole.codes, np.concatenate([p.codes for p in parts]))
    np.testing.assert_array_equal(whole.proba, np.concatenate([p.proba for p in parts]))
    np.testing.assert_array_equal(whole.weight, np.concatenate([p.weight for p in parts]))
