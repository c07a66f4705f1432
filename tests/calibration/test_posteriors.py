"""Outputs back to the posterior: where a loss, written out in float64, is least."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, softmax

from imbalanced_nn.calibration import binary_focal_posterior, smoothing_posterior


def focal_term(q, label, gamma, alpha):
    """What Keras' binary focal crossentropy makes of an output and a label between 0 and 1."""
    right = label * q + (1 - label) * (1 - q)
    entropy = -(label * np.log(q) + (1 - label) * np.log(1 - q))
    return (label * alpha + (1 - label) * (1 - alpha)) * (1 - right) ** gamma * entropy


def least(eta, gamma, alpha, smoothing):
    """Output at which the expected loss is least."""

    def expected(z):
        q = expit(z)
        terms = [
            focal_term(q, label * (1 - smoothing) + smoothing / 2, gamma, alpha) for label in (0, 1)
        ]
        return (1 - eta) * terms[0] + eta * terms[1]

    return expit(minimize_scalar(expected, bounds=(-12, 12), options={"xatol": 1e-10}).x)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 4.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("eta", [0.06, 0.3, 0.9])
def test_binary_focal_crossentropy_is_undone(gamma, smoothing, eta):
    q = least(eta, gamma, 0.25, smoothing)
    found = binary_focal_posterior(np.array([[q]]), gamma, 0.25, smoothing, prior=0.1)
    assert found[0, 0] == pytest.approx(eta, abs=2e-5)


@pytest.mark.parametrize("eta", [(0.9, 0.07, 0.03), (0.2, 0.5, 0.3), (0.05, 0.9, 0.05)])
def test_smoothed_labels_of_classes_are_undone(eta):
    smoothed = 0.8 * np.array(eta) + 0.2 / 3

    def expected(free):
        return -smoothed @ np.log(softmax(np.append(0.0, free)))

    best = minimize(expected, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9}).x
    output = softmax(np.append(0.0, best))[None]
    found = smoothing_posterior(output, 0.2, np.array([0.9, 0.06, 0.04]))
    np.testing.assert_allclose(found[0], eta, atol=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
@pytest.mark.parametrize("prior", [0.3, 0.01, 1e-4])
def test_outputs_below_the_smoothing_keep_their_order_and_are_probabilities(gamma, prior):
    q = expit(np.linspace(-14, 14, 400))[:, None]
    found = binary_focal_posterior(q, gamma, 0.5, 0.2, prior)[:, 0]
    assert (np.diff(found[found < 0.9]) > 0).all()
    assert (np.diff(found) >= 0).all()
    assert 0 <= found.min() < prior / 10
    assert 0.99 < found.max() <= 1
    if not gamma:
        of_two = smoothing_posterior(np.column_stack([1 - q, q]), 0.2, [1 - prior, prior])
        exact = (found > prior) & (found < 0.7)
        np.testing.assert_allclose(of_two[exact, 1], found[exact])
        np.testing.assert_allclose(of_two.sum(axis=1), 1)
