"""Calibrators: against scikit-learn on the same scores, and what must hold of any of them."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from imbalanced_nn.calibration import fit_calibrator
from imbalanced_nn.exceptions import ImbalanceWarning

METHODS = ["temperature", "sigmoid", "isotonic"]
pytestmark = pytest.mark.filterwarnings("ignore:.*INN011")


def bent(n, n_classes, seed, prior=0.2):
    """Class codes and probabilities that are too sure and too high for the last class."""
    generator = np.random.default_rng(seed)
    shares = np.append(np.full(n_classes - 1, (1 - prior) / (n_classes - 1)), prior)
    codes = generator.choice(n_classes, n, p=shares)
    score = generator.normal(size=(n, n_classes)) + 1.5 * np.eye(n_classes)[codes] + np.log(shares)
    score = 2.5 * score
    score[:, -1] += 1.5
    proba = np.exp(score - score.max(axis=1, keepdims=True))
    return codes, (proba / proba.sum(axis=1, keepdims=True)).astype("float32")


def fitted(method, codes, proba, weight=None, kind="binary"):
    """A calibrator of all rows."""
    weight = np.ones(len(codes)) if weight is None else weight
    return fit_calibrator(method, proba, codes, weight, kind)


@settings(max_examples=25)
@given(
    method=st.sampled_from(METHODS),
    n_classes=st.integers(2, 4),
    n=st.integers(20, 120),
    seed=st.integers(0, 2**16),
)
def test_what_comes_out_are_probabilities_in_a_new_array(method, n_classes, n, seed):
    codes, proba = bent(n, n_classes, seed)
    before = proba.copy()
    kind = "binary" if n_classes == 2 else "multiclass"
    calibrator = fitted(method, codes, proba, kind=kind)
    edges = np.eye(n_classes, dtype="float32")
    for rows in (proba, edges):
        out = calibrator.apply(rows)
        assert out.dtype == rows.dtype
        assert np.isfinite(out).all()
        assert (out >= 0).all()
        np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(proba, before)
    twin = pickle.loads(pickle.dumps(calibrator))
    np.testing.assert_array_equal(twin.apply(proba), calibrator.apply(proba))


@settings(max_examples=15)
@given(method=st.sampled_from(METHODS), seed=st.integers(0, 2**16))
def test_two_classes_keep_their_order(method, seed):
    codes, proba = bent(300, 2, seed)
    order = np.argsort(proba[:, 1], kind="stable")
    assert (np.diff(fitted(method, codes, proba).apply(proba)[order, 1]) >= -1e-6).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_new_rows_are_better_calibrated(method, n_classes):
    codes, proba = bent(4000, n_classes, 0)
    kind = "binary" if n_classes == 2 else "multiclass"
    calibrator = fitted(method, codes, proba, kind=kind)
    new, untouched = bent(4000, n_classes, 1)
    labels = np.arange(n_classes)
    assert log_loss(new, calibrator.apply(untouched), labels=labels) < 0.93 * log_loss(
        new, untouched, labels=labels
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_row_of_weight_two_is_a_row_given_twice(method):
    codes, proba = bent(200, 2, 3)
    weight = np.random.default_rng(0).integers(1, 4, 200).astype(float)
    repeats = np.repeat(np.arange(200), weight.astype(int))
    weighed = fitted(method, codes, proba, weight).apply(proba)
    repeated = fitted(method, codes[repeats], proba[repeats]).apply(proba)
    # The bound of isotonic steps counts rows.
    np.testing.assert_allclose(weighed, repeated, atol=0.005 if method == "isotonic" else 1e-5)


def test_temperature_is_the_maximum_of_the_likelihood():
    codes, proba = bent(500, 3, 4)
    weight = np.random.default_rng(1).random(500)
    log_p = np.log(np.asarray(proba, float))

    def loss(log_beta):
        scaled = np.exp(log_beta) * log_p
        scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -weight @ scaled[np.arange(500), codes]

    beta = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    expected = np.exp(beta * log_p)
    expected /= expected.sum(axis=1, keepdims=True)
    out = fitted("temperature", codes, proba, weight, "multiclass").apply(proba)
    np.testing.assert_allclose(out, expected, atol=1e-4)


def test_sigmoid_is_platts_maximum():
    codes, proba = bent(400, 2, 5)
    x = logit(np.clip(proba[:, 1].astype(float), 1e-12, 1 - 1e-12))
    n = np.bincount(codes)
    target = np.where(codes, (n[1] + 1) / (n[1] + 2), 1 / (n[0] + 2))

    def loss(parameters):
        p = expit(parameters[0] * x + parameters[1])
        return -(target * np.log(p) + (1 - target) * np.log1p(-p)).sum()

    slope, shift = minimize(loss, [0.5, 0.0], method="Nelder-Mead", options={"fatol": 1e-10}).x
    out = fitted("sigmoid", codes, proba).apply(proba)[:, 1]
    np.testing.assert_allclose(out, expit(slope * x + shift), atol=2e-3)


def test_isotonic_is_a_moving_average_of_scikit_learns():
    codes, proba = bent(400, 2, 6)
    scores = logit(np.clip(proba[:, 1].astype(float), 1e-12, 1 - 1e-12))
    weight = np.random.default_rng(0).integers(0, 4, 400).astype(float)
    steps = IsotonicRegression(out_of_bounds="clip").fit(scores, codes, weight)
    half = min(1 / 4, np.std(np.repeat(scores, weight.astype(int))) / 8)
    # Where the average bends, it is met; between, it is a line.
    bends = np.concatenate([steps.X_thresholds_ - half, steps.X_thresholds_ + half])
    floor = 1 / (np.sum(weight > 0) + 2)
    window = np.linspace(-half, half, 20_001)
    expected = [np.trapezoid(steps.predict(at + window), dx=1 / 20_000) for at in bends]
    p = expit(bends)
    out = fitted("isotonic", codes, proba, weight).apply(np.column_stack([1 - p, p]))[:, 1]
    np.testing.assert_allclose(out, np.clip(expected, floor, 1 - floor), atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_the_last_digits_of_an_output_do_not_decide_behind_steps(seed):
    codes, proba = bent(2000, 2, seed)
    calibrator = fitted("isotonic", codes, proba)
    odds = np.sort(logit(np.clip(proba[:, 1].astype(float), 1e-12, 1 - 1e-12)))
    near = np.concatenate([odds, (odds[1:] + odds[:-1]) / 2])
    before, after = (
        calibrator.apply(np.column_stack([expit(-at), expit(at)]))[:, 1]
        for at in (near - 2.5e-6, near + 2.5e-6)
    )
    assert np.abs(after - before).max() < 1e-5
    steps = IsotonicRegression(out_of_bounds="clip").fit(odds, codes[np.argsort(proba[:, 1])])
    assert np.abs(steps.predict(near + 2.5e-6) - steps.predict(near - 2.5e-6)).max() > 1e-5


@pytest.mark.parametrize("scale", [0.05, 1, 100])
def test_steps_are_told_apart_at_every_scale_of_scores(scale):
    codes = np.tile(np.repeat([0, 1], [50, 50]), 4)
    odds = scale * (np.arange(400) % 100 - 49.5) / 50
    proba = np.column_stack([expit(-odds), expit(odds)])
    out = fitted("isotonic", codes, proba).apply(proba)[:, 1]
    assert (out[codes == 1] > 0.5).all()
    assert (out[codes == 0] < 0.5).all()
    assert np.mean((out < 0.01) | (out > 0.99)) > 0.8


def test_what_no_output_tells_apart_is_tied():
    low = np.float32(0.3)
    p = np.repeat([low, np.nextafter(low, np.float32(1))], 100)
    proba, codes = np.column_stack([1 - p, p]), np.repeat([0, 1], 100)
    np.testing.assert_allclose(fitted("isotonic", codes, proba).apply(proba), 0.5, atol=1e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_level_of_steps_is_one_number(n_classes):
    generator = np.random.default_rng(0)
    p = expit(generator.normal(-2, 1.5, 3000)).astype("float32")
    # Rounded, the two do not add up to 1; of a third class there are no rows.
    proba = np.column_stack([1 - p, p, np.zeros_like(p)])[:, :n_classes]
    assert not (proba.astype(float).sum(axis=1) == 1).all()
    codes = (generator.random(3000) < p).astype(int)
    kind = "binary" if n_classes == 2 else "multiclass"
    out = fitted("isotonic", codes, proba, kind=kind).apply(proba)[:, 1]
    values, counts = np.unique(out, return_counts=True)
    assert (counts > 20).sum() > 2
    levels = counts > 3
    beside = np.diff(values) <= 2 * np.spacing(values[1:])
    assert not (beside & levels[1:] & levels[:-1]).any()


@pytest.mark.parametrize("method", METHODS)
def test_what_is_left_beside_a_class_that_is_all_but_sure_keeps_its_digits(method):
    codes, proba = bent(300, 2, 8)
    three = np.column_stack([1e-12 * proba.astype(float), np.ones(300)]).astype("float32")
    out = fitted(method, codes, three, kind="multiclass").apply(three)
    np.testing.assert_allclose(out[:, :2].sum(axis=1), 1e-12, rtol=1e-5)
    np.testing.assert_array_equal(out[:, 2], 1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_a_row_of_weight_zero_is_no_row(method, kind):
    n_classes = 2 if kind == "binary" else 3
    codes, proba = bent(200, n_classes, 11)
    weight = np.where(np.arange(200) < 120, 1.0, 0.0)
    # Of the last class no row counts.
    weight[codes == 2] = 0
    told = weight > 0
    weighed = fitted(method, codes, proba, weight, kind).apply(proba)
    alone = fitted(method, codes[told], proba[told], None, kind).apply(proba)
    np.testing.assert_array_equal(weighed, alone)
    if n_classes == 3:
        np.testing.assert_allclose(weighed[:, 2], proba[:, 2], rtol=1e-6)


def test_whole_numbers_and_flags_are_taken_as_what_they_are():
    codes, proba = bent(200, 2, 12)
    out = fitted("isotonic", codes, proba).apply(np.array([[0, 1], [1, 0]]))
    np.testing.assert_array_equal(
        out, fitted("isotonic", codes, proba).apply(np.array([[0.0, 1.0], [1.0, 0.0]]))
    )
    labels = np.column_stack([codes == 1, codes == 0])
    flags, ones = (
        fitted("sigmoid", given, proba, kind="multilabel").apply(proba)
        for given in (labels, labels.astype(int))
    )
    np.testing.assert_array_equal(flags, ones)


def test_labels_are_calibrated_each_on_its_own():
    codes, proba = bent(300, 2, 7)
    labels = np.column_stack([codes, 1 - codes, np.zeros(300, int)])
    columns = np.column_stack([proba[:, 1], proba[:, 0], proba[:, 0]])
    out = fitted("sigmoid", labels, columns, kind="multilabel").apply(columns)
    alone = fitted("sigmoid", codes, proba).apply(proba)
    np.testing.assert_allclose(out[:, 0], alone[:, 1], atol=1e-5)
    np.testing.assert_array_equal(out[:, 2], columns[:, 2])


@pytest.mark.parametrize("method", METHODS)
def test_a_class_without_rows_keeps_its_probability(method):
    codes, proba = bent(300, 2, 8)
    three = np.column_stack([0.9 * proba, np.full(300, 0.1)]).astype("float32")
    out = fitted(method, codes, three, kind="multiclass").apply(three)
    np.testing.assert_allclose(out[:, 2], 0.1, rtol=1e-5)
    two = fitted(method, codes, proba).apply(proba)
    np.testing.assert_allclose(out[:, :2], 0.9 * two, atol=2e-3)


def test_rows_of_one_class_teach_nothing():
    _, proba = bent(50, 2, 9)
    np.testing.assert_array_equal(fitted("sigmoid", np.zeros(50, int), proba).apply(proba), proba)


@pytest.mark.parametrize(("n_rare", "noted"), [(49, True), (50, False)])
def test_few_rows_for_steps_are_noted(n_rare, noted):
    codes = np.repeat([0, 1], [200, n_rare])
    p = np.linspace(0.1, 0.9, len(codes))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted("isotonic", codes, np.column_stack([1 - p, p]))
        fitted("sigmoid", codes, np.column_stack([1 - p, p]))
    notes = [w.message for w in caught if isinstance(w.message, ImbalanceWarning)]
    assert [note.code for note in notes] == ["INN011"] * noted
    assert all("49 held-out rows" in str(note) for note in notes)
