"""Outputs back to the posterior: where a loss, written out in float64, is least."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, softmax

from imbalanced_nn.calibration import (
    asymmetric_posterior,
    binary_focal_posterior,
    cost_posterior,
    focal_posterior,
    margin_posterior,
    output_for,
    smoothing_posterior,
)
from imbalanced_nn.losses import CostSensitiveCrossentropy


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


SHARES = [0.3, 0.05, 1e-3, 1e-4]


def of_labels(posterior, share):
    return posterior, np.array([share, 0.5, 1 - share]), True


def starts():
    """Posteriors and the priors that they are to give."""
    for gamma in (0.0, 0.5, 2.0, 3.5, 5.0):
        for share in SHARES:
            yield of_labels(lambda q, g=gamma: binary_focal_posterior(q, g, 0.25), share)
            for prior in ([1 - share, share], [1 - share - 1e-4, 1e-4, share]):
                weights = np.linspace(1, 3, len(prior))
                yield lambda q, g=gamma, a=weights: focal_posterior(q, g, a), np.array(prior), False
    for share in SHARES:
        yield of_labels(lambda q: asymmetric_posterior(q, 0.0, 4.0, 0.0), share)
        yield of_labels(lambda q: asymmetric_posterior(q, 1.0, 4.0, 0.05), share)
        prior = np.array([1 - 6 * share / 2, *[share / 2] * 6]) if share < 0.3 else np.ones(7) / 7
        yield lambda q: margin_posterior(q, np.linspace(0, 4, 7)), prior, False


@pytest.mark.parametrize(("posterior", "prior", "multilabel"), list(starts()))
def test_a_network_starts_where_its_outputs_stand_for_the_prior(posterior, prior, multilabel):
    output = output_for(posterior, prior, multilabel)
    np.testing.assert_allclose(posterior(output[None])[0], prior, rtol=1e-6)
    if not multilabel:
        assert output.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "costs",
    [[[0, 1], [50, 0]], [[0, 1, 2], [5, 0, 5], [30, 20, 0]], [[0, 1, 9], [4, 0, 1], [9, 3, 0]]],
)
def test_costs_start_where_the_expected_loss_is_least(costs):
    prior = np.array([0.9, 0.1]) if len(costs) == 2 else np.array([0.9, 0.08, 0.02])
    loss = CostSensitiveCrossentropy(costs, prior=prior)

    def expected(free):
        return -prior @ loss.gains @ np.log(softmax(np.append(0.0, free)))

    best = minimize(expected, np.zeros(len(prior) - 1), method="BFGS", options={"gtol": 1e-9}).x
    start = loss.start(prior)
    np.testing.assert_allclose(start, softmax(np.append(0.0, best)), atol=1e-5)
    np.testing.assert_allclose(cost_posterior(start[None], loss.gains)[0], prior, rtol=1e-5)


@pytest.mark.parametrize("gamma_negative", [0.0, 0.5, 4.0])
def test_outputs_below_a_margin_stand_for_nothing(gamma_negative):
    below, above = asymmetric_posterior(np.array([[0.03], [0.07]]), 0.0, gamma_negative, 0.05)
    assert below == 0 < above


def test_the_output_of_one_stands_for_the_least_posterior_that_leads_there():
    (top,) = asymmetric_posterior(np.array([1.0]), 0.0, 4.0, 0.05)

    def slope(eta, p=1 - 1e-6):
        """Of the expected loss, by differences."""
        terms = [
            -eta * np.log(q) - (1 - eta) * (q - 0.05) ** 4 * np.log1p(0.05 - q) for q in (p, 1)
        ]
        return terms[1] - terms[0]

    assert slope(top + 1e-3) < 0 < slope(top - 1e-3)
    assert top == pytest.approx(0.964, abs=5e-4)
