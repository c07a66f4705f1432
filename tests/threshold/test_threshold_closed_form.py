"""When the cuts at the prior are kept although a search was made."""

import numpy as np
import pytest

from imbalanced_nn.threshold import MulticlassRule, get_objective
from imbalanced_nn.threshold.closed_form import prefer_closed_form


def settle(learned, codes, proba, prior):
    objective = get_objective("balanced_accuracy", "multiclass")
    weight = np.ones(len(codes))
    return prefer_closed_form(learned, codes, proba, np.asarray(prior), objective, weight)


def three_classes(n_errors, n=400):
    """Rows of which each class's rule decides eight in ten right, as sure as it may be.

    But for ``n_errors`` of the first class, which a lower cut of it would get right, and as many
    of the second that seem to be of the first, so that no intercept puts the probabilities right.
    """
    codes = np.repeat([0, 1, 2], n)
    decided = codes.copy()
    for code in range(3):
        for step in (1, 2):
            start = code * n + (7 + step) * n // 10
            decided[start : start + n // 10] = (code + step) % 3
    proba = np.full((len(codes), 3), 0.1)
    proba[np.arange(len(codes)), decided] = 0.8
    proba[:n_errors] = [0.4, 0.5, 0.1]
    proba[n : n + n_errors] = [0.8, 0.1, 0.1]
    return codes, proba


@pytest.mark.parametrize(("n_errors", "kept"), [(2, True), (60, False)])
def test_multiclass_search_must_beat_the_prior_by_two_standard_errors(n_errors, kept):
    codes, proba = three_classes(n_errors)
    learned = MulticlassRule((0.2, 0.4, 0.4))
    rule, score = settle(learned, codes, proba, [1 / 3] * 3)
    assert (rule != learned) == kept
    expected = np.mean([np.mean(rule.decide(proba)[codes == k] == k) for k in range(3)])
    assert score == pytest.approx(expected)


def test_where_higher_probabilities_mean_less_the_search_is_taken():
    codes, proba = three_classes(0)
    learned = MulticlassRule((0.2, 0.4, 0.4))
    turned = (1 - proba) / 2
    assert settle(learned, codes, turned, [1 / 3] * 3)[0] == learned


@pytest.mark.parametrize("power", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_cuts_are_those_of_probabilities_put_right(power, shift):
    rng = np.random.default_rng(0)
    counts = np.array([400, 100, 30])
    codes, prior = np.repeat([0, 1, 2], counts), counts / counts.sum()
    x = rng.normal(size=len(codes)) + 2 * codes
    right = prior * np.exp(-((x[:, None] - 2 * np.arange(3)) ** 2) / 2)
    proba = right**power * [1, 1, np.exp(shift)]
    proba /= proba.sum(axis=1, keepdims=True)
    learned = MulticlassRule(prior)
    rule, _ = settle(learned, codes, proba, prior)
    if (power, shift) == (1.0, 0.0):
        assert rule == learned
    else:
        # Nearer to what the right probabilities decide at the prior than the wrong ones are.
        best = (right / prior).argmax(axis=1)
        off, before = (np.mean(r.decide(proba) != best) for r in (rule, learned))
        assert 2 * off < before
