"""Probabilities that are wrong on average are brought to the shares, and no others."""

from functools import partial

import numpy as np
import pytest
from scipy.special import expit, logit

from imbalanced_nn.calibration import PriorCorrection, in_the_large, odds_factors, weighted_means
from imbalanced_nn.data import row_blocks

RNG = np.random.default_rng(0)


def rows(share, n, spread=1.0):
    """Return probabilities of two classes with that mean, spread over the log-odds."""
    odds = logit(share) + spread * RNG.normal(size=n)
    positive = expit(odds)
    positive *= share / positive.mean()
    return np.column_stack([1 - positive, positive])


def shifted(proba, factor):
    """Return probabilities whose odds of the second class are multiplied."""
    odds = factor * proba[:, 1] / proba[:, 0]
    return np.column_stack([1 / (1 + odds), odds / (1 + odds)])


def factors(proba, shares, n, kind="binary", weight=None):
    weight = np.ones(len(proba)) if weight is None else weight
    return odds_factors(proba, weight, np.array(shares), n * np.array(shares), kind)


@pytest.mark.parametrize("factor", [1 / 17, 1 / 70, 5.0])
def test_a_shift_of_the_log_odds_is_found(factor):
    share = 20 / 2_000_000
    proba = rows(share, 400_000)
    found = factors(shifted(proba, factor), [1 - share, share], 2_000_000)
    assert found == pytest.approx([1, 1 / factor], rel=1e-3)
    same = PriorCorrection((1 - share, share), (1 - share, share))
    right = same.times(found).apply(shifted(proba, factor))
    np.testing.assert_allclose(right, proba, rtol=1e-3)


@pytest.mark.parametrize("factor", [1.0, 1.9, 1 / 1.9])
def test_less_than_a_factor_of_two_is_left(factor):
    assert factors(shifted(rows(0.01, 50_000), factor), [0.99, 0.01], 50_000) is None


def test_classes_that_are_not_rare_are_left():
    assert factors(shifted(rows(0.02, 50_000), 0.1), [0.98, 0.02], 50_000) is None
    assert factors(shifted(rows(0.01, 50_000), 0.1), [0.99, 0.01], 50_000) is not None


def test_what_chance_explains_is_left():
    # One or two rows that tell the share cannot tell it from a third.
    proba = shifted(rows(1e-3, 2000), 1 / 3)
    assert factors(proba, [0.999, 0.001], 2000) is None
    assert factors(proba, [0.999, 0.001], 200_000) is not None
    # The mean rests on one row: without it, it were far too low.
    few = np.tile([1 - 1e-9, 1e-9], (5000, 1))
    few[0] = 0.1, 0.9
    assert factors(few, [1 - 5e-4, 5e-4], 500_000) is None


def test_rows_of_weight_count_as_often():
    proba = np.concatenate([shifted(rows(1e-3, 5000), 0.1), rows(0.5, 5000)])
    weight = np.repeat([1.0, 0.0], 5000)
    found = factors(proba, [0.999, 0.001], 100_000, weight=weight)
    assert found == pytest.approx([1, 10], rel=1e-2)


def test_each_of_several_classes_gets_its_share():
    shares = np.array([0.989, 0.01, 0.001])
    proba = RNG.dirichlet(50 * np.array([0.9998, 1e-4, 1e-4]), size=20_000)
    found = factors(proba, shares, 20_000, "multiclass")
    same = PriorCorrection(tuple(shares), tuple(shares))
    np.testing.assert_allclose(same.times(found).apply(proba).mean(axis=0), shares, rtol=1e-6)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_rows_taken_some_at_a_time_lead_to_the_same(kind, monkeypatch):
    shares = np.array([0.989, 0.01, 0.001])
    proba = RNG.dirichlet(50 * np.array([0.9998, 1e-4, 1e-4]), size=20_000).astype(np.float32)
    weight = RNG.random(20_000)
    at_once = factors(proba, shares, 20_000, kind, weight)
    monkeypatch.setattr(in_the_large, "row_blocks", partial(row_blocks, n_bytes=12 * 999))
    np.testing.assert_allclose(factors(proba, shares, 20_000, kind, weight), at_once, rtol=1e-9)
    expected = np.average(proba.astype(np.float64), axis=0, weights=weight)
    np.testing.assert_allclose(weighted_means(proba, weight), expected, rtol=1e-12)


def test_of_several_labels_those_that_are_wrong():
    proba = np.column_stack([rows(0.2, 9000)[:, 1], shifted(rows(1e-3, 9000), 0.1)[:, 1]])
    found = factors(proba, [0.2, 0.001], 90_000, "multilabel")
    assert found[0] == 1 and found[1] == pytest.approx(10, rel=1e-2)
    same = PriorCorrection((0.2, 0.001), (0.2, 0.001), multilabel=True)
    right = same.times(found).apply(proba)
    np.testing.assert_allclose(right.mean(axis=0), [0.2, 0.001], rtol=1e-6)


def test_a_correction_goes_on_from_another():
    first = PriorCorrection((0.5, 0.5), (0.99, 0.01))
    both, proba = first.times(np.array([1.0, 4.0])), rows(0.5, 9)
    np.testing.assert_allclose(both.apply(proba), shifted(first.apply(proba), 4.0))
    assert both.target == first.target and sum(both.trained) == pytest.approx(1)


def test_classes_without_rows_or_probabilities_are_passed_over():
    proba = np.tile([1.0, 0.0], (100, 1))
    assert factors(proba, [1.0, 0.0], 100) is None
    assert factors(proba, [0.5, 0.5], 100) is None
