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
    """Rows that the prior's rule decides right but for ``n_errors`` of the first class."""
    codes = np.repeat([0, 1, 2], n)
    proba = np.full((len(codes), 3), 0.1)
    proba[np.arange(len(codes)), codes] = 0.8
    proba[:n_errors] = [0.4, 0.5, 0.1]
    return codes, proba


@pytest.mark.parametrize(("n_errors", "kept"), [(2, True), (60, False)])
def test_multiclass_search_must_beat_the_prior_by_two_standard_errors(n_errors, kept):
    codes, proba = three_classes(n_errors)
    learned = MulticlassRule((0.2, 0.4, 0.4))
    rule, score = settle(learned, codes, proba, [1 / 3] * 3)
    assert (rule != learned) == kept
    expected = np.mean([np.mean(rule.decide(proba)[codes == k] == k) for k in range(3)])
    assert score == pytest.approx(expected)


def test_multiclass_incumbent_is_never_below_argmax():
    codes, proba = three_classes(0)
    misleading_prior = [0.9, 0.05, 0.05]
    rule, score = settle(MulticlassRule((0.9, 0.05, 0.05)), codes, proba, misleading_prior)
    assert score == 1
    assert rule == MulticlassRule((1 / 3,) * 3)
