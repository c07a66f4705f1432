"""From outputs to probabilities, without a network."""

import copy
import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy.special import expit, logit, softmax

from imbalanced_nn.calibration import PriorCorrection, focal_posterior
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting import undone
from imbalanced_nn.fitting.posterior import (
    Posterior,
    calibrated,
    check_calibration,
    new_calibrator,
)
from imbalanced_nn.fitting.records import HeldOutScores
from imbalanced_nn.losses import (
    AsymmetricCrossentropy,
    CostSensitiveCrossentropy,
    FocalCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
)

NATURAL, BALANCED = np.array([0.9, 0.1]), np.array([0.5, 0.5])


def posterior(**given):
    usual = {"kind": "binary", "steps": (), "logits": False, "calibration": "prior"}
    return Posterior(**usual | {"natural": NATURAL, "in_loss": NATURAL} | given)


def put_back(p, source, target):
    """Bayes' rule for two classes, by odds."""
    odds = p / (1 - p) * (target[1] / target[0]) / (source[1] / source[0])
    return odds / (1 + odds)


OUTPUTS = np.array([[0.2], [0.5], [0.9]])


def test_one_unit_is_the_probability_of_the_second_class():
    np.testing.assert_allclose(posterior()(OUTPUTS), np.hstack([1 - OUTPUTS, OUTPUTS]))


@pytest.mark.parametrize("units", [1, 2])
def test_log_odds_become_probabilities(units):
    z = logit(OUTPUTS) if units == 1 else np.hstack([np.zeros((3, 1)), logit(OUTPUTS)])
    np.testing.assert_allclose(posterior(logits=True)(z)[:, 1], OUTPUTS[:, 0])


def test_the_shares_in_the_loss_are_put_back():
    correction = PriorCorrection(tuple(BALANCED), tuple(NATURAL))
    found = posterior(in_loss=BALANCED, correction=correction)(OUTPUTS)
    np.testing.assert_allclose(found[:, 1], put_back(OUTPUTS[:, 0], BALANCED, NATURAL))


def test_a_loss_is_undone_before_the_prior_is_corrected():
    correction = PriorCorrection(tuple(BALANCED), tuple(NATURAL))
    undo = lambda p: focal_posterior(p, 2.0)  # noqa: E731 - a function of one use
    found = posterior(undo=undo, correction=correction)(OUTPUTS)[:, 1]
    bent = focal_posterior(np.hstack([1 - OUTPUTS, OUTPUTS]), 2.0)[:, 1]
    np.testing.assert_allclose(found, put_back(bent, BALANCED, NATURAL))


def test_without_calibration_outputs_stay():
    correction = PriorCorrection(tuple(BALANCED), tuple(NATURAL))
    raw = posterior(calibration=None, correction=correction, in_loss=BALANCED)
    np.testing.assert_allclose(raw(OUTPUTS)[:, 1], OUTPUTS[:, 0])
    np.testing.assert_allclose(raw.refers_to, BALANCED)


def test_priors_come_last():
    elsewhere = np.array([0.3, 0.7])
    moved = posterior(priors=elsewhere)
    np.testing.assert_allclose(moved(OUTPUTS)[:, 1], put_back(OUTPUTS[:, 0], NATURAL, elsewhere))
    np.testing.assert_allclose(moved.at_prevalence(OUTPUTS)[:, 1], OUTPUTS[:, 0])
    np.testing.assert_allclose(moved.refers_to, elsewhere)


def test_a_free_constant_is_found_where_the_mean_is_the_prior():
    scores = np.random.default_rng(0).normal(3, 2, (500, 1))
    weight = np.random.default_rng(1).uniform(0.5, 2, 500)
    free = posterior(logits=True, offset_is_free=True).matched(scores, weight)
    proba = free.at_prevalence(scores)
    assert np.average(proba[:, 1], weights=weight) == pytest.approx(0.1)
    np.testing.assert_allclose(proba[:, 1], expit(scores[:, 0] + free.offset))
    assert posterior().matched(scores, weight).offset is None


def test_steps_are_decisions_each():
    outputs = softmax(np.random.default_rng(0).normal(size=(4, 5, 3)), axis=-1)
    shares = np.ones(3) / 3
    each = posterior(kind="multiclass", steps=(5,), natural=shares, in_loss=shares)
    np.testing.assert_allclose(each(outputs), outputs.reshape(20, 3))


def test_the_type_of_the_outputs_stays():
    correction = PriorCorrection(tuple(BALANCED), tuple(NATURAL))
    undo = lambda p: focal_posterior(p, 2.0)  # noqa: E731 - a function of one use
    outputs = OUTPUTS.astype("float32")
    assert posterior(undo=undo, correction=correction)(outputs).dtype == np.float32


def scores(n=400, n_folds=None):
    rng = np.random.default_rng(0)
    codes = (rng.random(n) < 0.3).astype(int)
    p = expit(3 * (rng.normal(size=n) + 2 * codes - 1))
    fold = None if n_folds is None else np.arange(n) % n_folds
    return HeldOutScores(codes, np.column_stack([1 - p, p]), np.ones(n), fold)


def test_each_fold_is_calibrated_by_the_others():
    held_out, sigmoid = scores(n_folds=4), posterior(calibration="sigmoid")
    fitted = replace(sigmoid, calibrator=new_calibrator(sigmoid, held_out))
    found = calibrated(fitted, held_out)
    for fold in range(4):
        inside = held_out.fold == fold
        others = new_calibrator(sigmoid, held_out, ~inside)
        np.testing.assert_allclose(found[inside], others.apply(held_out.proba[inside]))
    assert not np.allclose(found, fitted.calibrator.apply(held_out.proba))


@pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
def test_weights_of_a_fit_mean_their_ratios_alone(method):
    rng = np.random.default_rng(1)
    held_out, of_method = scores(), posterior(calibration=method)
    weight = rng.integers(0, 4, 400).astype(float)
    expected, small = (
        new_calibrator(of_method, replace(held_out, weight=scale * weight)).apply(held_out.proba)
        for scale in (1.0, 1e-6)
    )
    np.testing.assert_allclose(small, expected, atol=1e-6)
    ones = new_calibrator(of_method, held_out).apply(held_out.proba)
    thousandth = replace(held_out, weight=np.full(400, 1e-3))
    np.testing.assert_allclose(
        new_calibrator(of_method, thousandth).apply(held_out.proba), ones, atol=1e-6
    )


def test_without_folds_there_is_one_calibrator():
    held_out, sigmoid = scores(), posterior(calibration="sigmoid")
    assert calibrated(sigmoid, held_out) is held_out.proba
    fitted = replace(sigmoid, calibrator=new_calibrator(sigmoid, held_out))
    expected = fitted.calibrator.apply(held_out.proba)
    np.testing.assert_allclose(calibrated(fitted, held_out), expected)
    outputs = held_out.proba[:, 1:]
    np.testing.assert_allclose(fitted(outputs), expected)


LOSSES = {
    "focal": FocalCrossentropy(alpha="prior", prior=[0.8, 0.2]),
    "logit adjusted": LogitAdjustedCrossentropy(prior=[0.8, 0.2]),
    "margins": LDAMCrossentropy(prior=[0.8, 0.2], reweighted=True),
    "costs": CostSensitiveCrossentropy([[0, 1], [9, 0]], prior=[0.8, 0.2]),
    "labels": AsymmetricCrossentropy(),
    "Keras' focal": keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True),
    "smoothed": keras.losses.BinaryCrossentropy(label_smoothing=0.1),
}


@pytest.mark.parametrize("name", LOSSES)
def test_copies_undo_the_loss_as_it_was(name):
    loss = LOSSES[name]
    given = undone(posterior(in_loss=BALANCED), loss)
    expected = given(OUTPUTS)
    assert not np.allclose(expected, posterior()(OUTPUTS))
    for twin in (copy.copy(given), copy.deepcopy(given), pickle.loads(pickle.dumps(given))):
        np.testing.assert_array_equal(twin(OUTPUTS), expected)
    if hasattr(loss, "fill"):
        loss.fill([0.99, 0.01])
        if name == "margins":
            loss.reweight(False)
        np.testing.assert_array_equal(given(OUTPUTS), expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("sigmoid", False, False, False), r"calibration='sigmoid'.*validation_split=0"),
        (("isotonic", False, True, False), r"initialize and partial_fit hold none out"),
    ],
)
def test_a_calibrator_without_rows_is_refused(given, message):
    with pytest.raises(InvalidParameterError, match=message):
        check_calibration(*given)


@pytest.mark.parametrize(
    "given",
    [
        ("prior", False, False, False),
        (None, False, True, False),
        ("sigmoid", True, False, False),
        ("sigmoid", False, True, True),
    ],
)
def test_a_calibrator_with_rows_is_not(given):
    check_calibration(*given)
