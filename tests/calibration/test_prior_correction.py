"""Prior correction: Bayes' rule by hand, its inverse, and what must not move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from imbalanced_nn.calibration import PriorCorrection, focal_posterior

SHARES = st.floats(0.01, 1.0)


def normalised(values):
    """Rows that sum to 1."""
    values = np.asarray(values, dtype=np.float64)
    return values / values.sum(axis=-1, keepdims=True)


@st.composite
def corrections(draw):
    """Probabilities of some classes, the shares trained on, and the population's."""
    n_classes = draw(st.integers(2, 5))
    trained, target = (
        normalised(draw(arrays(np.float64, n_classes, elements=SHARES))) for _ in range(2)
    )
    n_rows = draw(st.integers(1, 8))
    return (
        normalised(draw(arrays(np.float64, (n_rows, n_classes), elements=SHARES))),
        trained,
        target,
    )


def bayes(proba, trained, target):
    """Posterior at other priors, one entry after the other."""
    corrected = np.empty_like(proba)
    for i, row in enumerate(proba):
        joint = [p * new / old for p, old, new in zip(row, trained, target, strict=True)]
        corrected[i] = [value / sum(joint) for value in joint]
    return corrected


def test_bayes_rule_by_hand():
    # At equal classes the likelihood ratio is the odds: 3 to 1. At 1 to 9 they are 3 to 9.
    correction = PriorCorrection(trained=(0.5, 0.5), target=(0.9, 0.1))
    np.testing.assert_allclose(correction.apply(np.array([[0.25, 0.75]])), [[0.75, 0.25]])


@given(corrections())
def test_every_class_is_scaled_and_the_row_renormalised(case):
    proba, trained, target = case
    corrected = PriorCorrection(tuple(trained), tuple(target)).apply(proba)
    np.testing.assert_allclose(corrected, bayes(proba, trained, target), rtol=1e-12)
    np.testing.assert_allclose(corrected.sum(axis=1), 1)


@given(corrections())
def test_there_and_back_is_where_it_started(case):
    proba, trained, target = case
    there = PriorCorrection(tuple(trained), tuple(target)).apply(proba)
    back = PriorCorrection(tuple(target), tuple(trained)).apply(there)
    np.testing.assert_allclose(back, proba, rtol=1e-10)


@given(corrections())
def test_equal_shares_change_nothing(case):
    proba, trained, _ = case
    np.testing.assert_allclose(
        PriorCorrection(tuple(trained), tuple(trained)).apply(proba), proba, rtol=1e-14
    )


@given(corrections())
def test_the_order_of_two_rows_by_odds_is_kept(case):
    proba, trained, target = case
    corrected = PriorCorrection(tuple(trained), tuple(target)).apply(proba)
    before, after = (np.log(p[:, 1] / p[:, 0]) for p in (proba, corrected))
    shift = np.log(target[1] / target[0]) - np.log(trained[1] / trained[0])
    np.testing.assert_allclose(after - before, shift, atol=1e-9)


@given(
    arrays(np.float64, (4, 3), elements=st.floats(0.01, 0.99)),
    arrays(np.float64, (2, 3), elements=st.floats(0.01, 0.99)),
)
def test_each_label_is_corrected_by_its_own_odds(proba, shares):
    trained, target = shares
    corrected = PriorCorrection(tuple(trained), tuple(target), multilabel=True).apply(proba)
    for j in range(3):
        pair = np.column_stack([1 - proba[:, j], proba[:, j]])
        expected = bayes(pair, (1 - trained[j], trained[j]), (1 - target[j], target[j]))
        np.testing.assert_allclose(corrected[:, j], expected[:, 1], rtol=1e-9)


def test_two_gaussians_get_their_true_posterior_back():
    x = np.linspace(-3, 5, 81)
    density = np.column_stack([norm.pdf(x), norm.pdf(x, loc=2)])
    trained, target = np.array([0.5, 0.5]), np.array([0.97, 0.03])
    corrected = PriorCorrection(tuple(trained), tuple(target)).apply(normalised(density * trained))
    np.testing.assert_allclose(corrected, normalised(density * target), rtol=1e-12)


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_float_type_and_the_callers_array_are_kept(dtype, multilabel):
    proba = np.array([[0.25, 0.75]], dtype=dtype)
    before = proba.copy()
    proba.flags.writeable = False
    correction = PriorCorrection((0.5, 0.5), (0.9, 0.1), multilabel)
    assert correction.apply(proba).dtype == dtype
    np.testing.assert_array_equal(proba, before)


def test_a_class_that_was_not_trained_on_has_no_probability():
    correction = PriorCorrection(trained=(0.0, 0.5, 0.5), target=(0.2, 0.4, 0.4))
    np.testing.assert_allclose(correction.apply(np.array([[0.5, 0.3, 0.2]])), [[0, 0.6, 0.4]])


@pytest.mark.parametrize("multilabel", [False, True])
def test_certainty_of_a_class_that_was_not_trained_on_stays_finite(multilabel):
    # In float32 a softmax or a sigmoid reaches 0 and 1 exactly.
    correction = PriorCorrection((0.0, 0.5), (0.2, 0.8), multilabel)
    corrected = correction.apply(np.array([[1.0, 0.0]], dtype=np.float32))
    assert np.isfinite(corrected).all()
    assert corrected[0, 0] == 0


def test_labels_that_every_row_or_no_row_has_stay_as_they_are():
    correction = PriorCorrection((1.0, 0.5), (1.0, 0.5), multilabel=True)
    proba = np.array([[0.9, 0.2]])
    np.testing.assert_allclose(correction.apply(proba), proba)


@given(
    outputs=st.lists(st.floats(1e-6, 1), min_size=3, max_size=3),
    gamma=st.floats(0, 5),
    alpha=st.lists(st.floats(0.1, 10), min_size=3, max_size=3),
)
def test_focal_posteriors_of_three_classes_are_the_stationary_ones_and_sum_to_one(
    outputs, gamma, alpha
):
    q = normalised(np.array([outputs]))
    eta = focal_posterior(q, gamma, np.array(alpha))
    np.testing.assert_allclose(eta.sum(axis=1), 1)
    # At the minimum of the expected loss its derivatives by all outputs are equal.
    slope = gamma * (1 - q) ** (gamma - 1) * np.log(q) - (1 - q) ** gamma / q
    pull = eta * alpha * slope
    np.testing.assert_allclose(pull, pull[:, :1] * np.ones(3), rtol=1e-6)


def test_a_label_that_all_rows_have():
    proba = np.array([[0.3, 0.3], [0.9, 0.9]])
    correction = PriorCorrection((0.5, 1.0), (1.0, 1.0), multilabel=True)
    np.testing.assert_allclose(correction.apply(proba), [[1, 0.3], [1, 0.9]])
    doubled = correction.times(np.array([2.0, 2.0]))
    assert np.isfinite(doubled.trained).all()
    np.testing.assert_allclose(doubled.apply(proba)[:, 0], 1)
