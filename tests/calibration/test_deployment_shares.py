"""Shares of deployment: their estimate, their check, and rows handed on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from imbalanced_nn.calibration import (
    PriorCorrection,
    check_priors,
    chow_reject,
    estimate_priors,
)
from imbalanced_nn.exceptions import InvalidParameterError


def scored(n, share, seed, prior=0.1):
    """Exact posteriors at ``prior`` of rows of which another share is positive."""
    generator = np.random.default_rng(seed)
    y = generator.random(n) < share
    x = generator.normal(size=n) + 2.0 * y
    odds = prior / (1 - prior) * norm.pdf(x, 2) / norm.pdf(x)
    p = odds / (1 + odds)
    return y, np.column_stack([1 - p, p]), np.array([1 - prior, prior])


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_the_shares_of_new_rows_are_found(share):
    found = [estimate_priors(*scored(4000, share, seed)[1:])[1] for seed in range(5)]
    # Four standard errors of a share that overlapping classes make half as sure.
    assert np.mean(found) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 5000))


@settings(max_examples=25)
@given(share=st.floats(0.02, 0.98), n=st.integers(20, 300), seed=st.integers(0, 2**16))
def test_the_estimate_is_the_maximum_of_the_likelihood(share, n, seed):
    _, proba, prior = scored(n, share, seed)
    likelihood = proba / prior

    def loss(p):
        return -np.log(likelihood @ [1 - p, p]).sum()

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    found = estimate_priors(proba, prior, max_iter=100_000, tol=1e-12)
    assert loss(found[1]) <= best.fun + 1e-3
    assert found.sum() == pytest.approx(1)


def test_weights_count_rows():
    _, proba, prior = scored(100, 0.3, 0)
    weight = np.random.default_rng(0).integers(0, 4, 100)
    np.testing.assert_allclose(
        estimate_priors(proba, prior, sample_weight=weight),
        estimate_priors(np.repeat(proba, weight, axis=0), prior),
        atol=1e-6,
    )


def test_rows_that_tell_nothing_leave_the_prior():
    prior = np.array([0.7, 0.2, 0.1])
    np.testing.assert_allclose(estimate_priors(np.tile(prior, (50, 1)), prior), prior)


def test_a_class_of_share_zero_keeps_it():
    proba = np.array([[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]])
    found = estimate_priors(proba, np.array([0.6, 0.4, 0.0]))
    assert found[2] == 0
    assert np.isfinite(found).all()


def test_probabilities_at_the_estimate_average_to_it():
    _, proba, prior = scored(3000, 0.4, 1)
    found = estimate_priors(proba, prior)
    moved = PriorCorrection(tuple(prior), tuple(found)).apply(proba)
    np.testing.assert_allclose(moved.mean(axis=0), found, atol=1e-5)


def test_priors_come_in_class_order_or_by_label():
    classes = np.array(["a", "b", "c"])
    for given_ in ([0.2, 0.3, 0.5], {"c": 0.5, "a": 0.2, "b": 0.3}, np.array([0.2, 0.3, 0.5])):
        np.testing.assert_allclose(check_priors(given_, classes), [0.2, 0.3, 0.5])


@pytest.mark.parametrize(
    "priors",
    [0.2, [0.2, 0.8, 0.1], [1.2, -0.2], [np.nan, 1.0], {"ok": 1.0}, ["x", "y"], [[0.5, 0.5]]],
)
def test_priors_that_are_none_are_refused(priors):
    with pytest.raises(
        InvalidParameterError, match=r"priors=.*one share above 0 for each of.*sum"
    ) as info:
        check_priors(priors, np.array(["ok", "fraud"]))
    assert "ok" in str(info.value)


@settings(max_examples=40)
@given(
    n_classes=st.integers(2, 4),
    cost=st.floats(0, 2),
    seed=st.integers(0, 2**16),
)
def test_asking_is_never_dearer_than_deciding(n_classes, cost, seed):
    generator = np.random.default_rng(seed)
    proba = generator.dirichlet(np.ones(n_classes), 30)
    costs = generator.random((n_classes, n_classes)) * 3 + 0.1
    np.fill_diagonal(costs, 0.1 * generator.random(n_classes))
    codes, least, rejected = chow_reject(proba, cost, costs)
    for row, code, value, asked in zip(proba, codes, least, rejected, strict=True):
        expected = [sum(row[k] * costs[k, j] for k in range(n_classes)) for j in range(n_classes)]
        assert value == pytest.approx(min(expected))
        assert expected[code] == pytest.approx(min(expected))
        assert asked == (value > cost)


def test_without_costs_the_doubtful_rows_are_asked_about():
    proba = np.array([[0.8, 0.2], [0.79, 0.21], [0.1, 0.9]])
    codes, cost, rejected = chow_reject(proba, 0.2)
    assert codes.tolist() == [0, 0, 1]
    np.testing.assert_allclose(cost, [0.2, 0.21, 0.1])
    assert rejected[1]
    assert not rejected[2]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((-1,), "reject_cost"),
        ((np.nan,), "reject_cost"),
        (([1, 2],), "reject_cost"),
        ((1, [[0, 1]]), "cost_matrix"),
        ((1, [[0, np.inf], [1, 0]]), "cost_matrix"),
        ((1, "costs"), "cost_matrix"),
        ((1, [[5, 1], [1, 0]]), "cost_matrix"),
    ],
)
def test_costs_that_are_none_are_refused(arguments, name):
    with pytest.raises(InvalidParameterError, match=f"{name}.* must"):
        chow_reject(np.array([[0.5, 0.5]]), *arguments)


def test_a_row_of_no_class_that_there_is_tells_nothing():
    proba, prior = np.array([[0, 0, 1.0], [0.5, 0.5, 0], [0.2, 0.8, 0]]), np.array([0.5, 0.5, 0.0])
    np.testing.assert_array_equal(estimate_priors(proba, prior), estimate_priors(proba[1:], prior))
    np.testing.assert_array_equal(estimate_priors(proba[:1], prior), prior)
