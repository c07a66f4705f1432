"""Decision rules turn probabilities into class codes."""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import (
    BinaryRule,
    CostRule,
    MulticlassRule,
    MultilabelRule,
    fixed_rule,
    prior_rule,
)

RULES = [
    BinaryRule(0.3, positive=0),
    MulticlassRule((0.5, 0.3, 0.2)),
    MultilabelRule((0.5, 0.1)),
    CostRule([[0, 1], [5, 0]]),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_rules_are_equal_hashable_and_picklable(rule):
    copy = pickle.loads(pickle.dumps(rule))
    assert copy == rule and hash(copy) == hash(rule)
    assert eval(repr(rule)) == rule


def test_rules_of_arrays_are_plain_values():
    assert MulticlassRule(np.array([0.5, 0.25, 0.25])) == MulticlassRule((0.5, 0.25, 0.25))
    assert BinaryRule(np.float64(0.3)) == BinaryRule(0.3)
    assert repr(BinaryRule(np.float64(0.3))) == "BinaryRule(threshold=0.3, positive=1)"


@pytest.mark.parametrize("positive", [0, 1])
def test_binary_rule_flags_at_the_cut(positive):
    score = np.array([0.2, 0.25, 0.3])
    proba = np.column_stack([1 - score, score])
    if positive == 0:
        proba = np.column_stack([score, 1 - score])
    expected = np.where(score >= 0.25, positive, 1 - positive)
    rule = BinaryRule(0.25, positive)
    np.testing.assert_array_equal(rule.decide(proba), expected)
    np.testing.assert_array_equal(rule.decide_scores(score), expected)
    assert rule.thresholds_ == 0.25


def test_binary_rule_compares_in_float64():
    low = np.linspace(0.1, 0.9, 20, dtype=np.float32)
    for score in np.column_stack([low, np.nextafter(low, np.float32(1))]):
        cut = score.astype(np.float64).mean()
        np.testing.assert_array_equal(BinaryRule(cut).decide_scores(score), [0, 1])


@given(
    hnp.arrays(np.float64, (6, 4), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])),
    st.sampled_from([0.05, 0.25, 1.0]),
)
def test_equal_cuts_are_argmax(proba, cut):
    np.testing.assert_array_equal(
        MulticlassRule((cut,) * 4).decide(proba), np.argmax(proba, axis=1)
    )


def test_multiclass_ties_go_to_the_lowest_code():
    rule = MulticlassRule((0.5, 0.25, 0.25))
    np.testing.assert_array_equal(rule.decide([[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]]), [0, 1])


def test_multilabel_rule_assigns_at_the_cut():
    rule = MultilabelRule((0.5, 0.1))
    np.testing.assert_array_equal(rule.decide([[0.5, 0.1], [0.49, 0.09]]), [[1, 1], [0, 0]])
    np.testing.assert_array_equal(rule.thresholds_, [0.5, 0.1])


def test_cost_rule_takes_the_least_expected_cost():
    costs = np.array([[0.0, 1, 2], [10, 0, 3], [20, 5, 0]])
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=50)
    expected = [min(range(3), key=lambda j: sum(p * costs[:, j])) for p in proba]
    np.testing.assert_array_equal(CostRule(costs).decide(proba), expected)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_rules_refuse_other_columns(rule):
    with pytest.raises(ValueError, match=r"needs probabilities of shape \(n_samples, \d\)"):
        rule.decide(np.zeros((2, 5)))


@pytest.mark.parametrize("cuts", [(0.5, 0.0), (0.5, -1), (0.5, np.nan), (0.5, np.inf)])
def test_multiclass_cuts_must_be_positive(cuts):
    with pytest.raises(InvalidParameterError, match="positive and finite"):
        MulticlassRule(cuts)


def test_fixed_rules():
    assert fixed_rule(None, "binary", 2) == BinaryRule(0.5, 1)
    assert fixed_rule(0, "binary", 2, positive=0) == BinaryRule(0.0, 0)
    assert fixed_rule(np.float32(0.25), "binary", 2) == BinaryRule(0.25)
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=20)
    for threshold in (None, 0.3, 1):
        decided = fixed_rule(threshold, "multiclass", 3).decide(proba)
        np.testing.assert_array_equal(decided, proba.argmax(axis=1))
    assert fixed_rule([0.1, 0.2, 1], "multiclass", 3) == MulticlassRule((0.1, 0.2, 1))
    assert fixed_rule(None, "multilabel", 2) == MultilabelRule((0.5, 0.5))
    assert fixed_rule(0.2, "multilabel", 2) == MultilabelRule((0.2, 0.2))
    assert fixed_rule(np.array([0.2, 0]), "multilabel", 2) == MultilabelRule((0.2, 0))


@pytest.mark.parametrize(
    ("threshold", "kind"),
    [
        (1.5, "binary"),
        (-0.1, "binary"),
        (float("nan"), "binary"),
        (True, "binary"),
        (np.True_, "binary"),
        ("0.5", "binary"),
        ([0.5, 0.5], "binary"),
        (0, "multiclass"),
        (2, "multiclass"),
        ([0.5, 0.5], "multiclass"),
        ([0, 0, 0], "multiclass"),
        ([0.5, 0, 0.5], "multiclass"),
        ([0.5, np.nan, 0.5], "multiclass"),
        ([0.5, True, 0.5], "multiclass"),
        ("abc", "multiclass"),
        ([[0.5], [0.5], [0.5]], "multiclass"),
        (np.array(["a", "b", "c"]), "multiclass"),
        ([0.5, 0.5, 1.5], "multilabel"),
        ([0.5, 0.5], "multilabel"),
        ({"a": 0.5}, "multilabel"),
        (object(), "multilabel"),
    ],
)
def test_fixed_rule_refusals_name_the_parameter(threshold, kind):
    n_classes = 2 if kind == "binary" else 3
    with pytest.raises(ValueError, match="The 'threshold' parameter must be None") as caught:
        fixed_rule(threshold, kind, n_classes)
    assert isinstance(caught.value, InvalidParameterError)
    assert f"Got {threshold!r}" in str(caught.value)


def test_prior_rules():
    assert prior_rule([0.9, 0.1], "binary") == BinaryRule(0.1, 1)
    assert prior_rule(np.array([0.1, 0.9]), "binary", positive=0) == BinaryRule(0.1, 0)
    assert prior_rule([0.7, 0.2, 0.1], "multiclass") == MulticlassRule((0.7, 0.2, 0.1))
    assert prior_rule([0.7, 0.2, 0.3], "multilabel") == MultilabelRule((0.7, 0.2, 0.3))


@pytest.mark.parametrize("prior", [[1.0, 0.0], [0.5, np.nan], 0.5, ["a", "b"], [0.5, True]])
def test_prior_rule_refuses_what_is_no_prior(prior):
    with pytest.raises(InvalidParameterError, match="The 'prior' parameter must hold"):
        prior_rule(prior, "binary")


def test_binary_prior_rule_needs_two():
    with pytest.raises(InvalidParameterError, match="two numbers for a binary target"):
        prior_rule([0.5, 0.3, 0.2], "binary")


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_prior_rule_is_optimal_for_balanced_accuracy(kind):
    """No other rule has more expected recall, averaged over classes, on true probabilities."""
    prior = np.array([0.9, 0.1] if kind == "binary" else [0.7, 0.2, 0.1])
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(prior * 3, size=500)
    # Every row is an atom of which a share proba[i, k] belongs to class k.
    prior = proba.mean(axis=0)

    def expected_balanced_accuracy(decided):
        hit = proba[np.arange(len(proba)), decided]
        return np.mean(np.bincount(decided, hit, minlength=len(prior)) / proba.sum(axis=0))

    best = expected_balanced_accuracy(prior_rule(prior, kind).decide(proba))
    for _ in range(200):
        other = rng.dirichlet(np.ones(len(prior)))
        rule = BinaryRule(other[1]) if kind == "binary" else MulticlassRule(other)
        assert expected_balanced_accuracy(rule.decide(proba)) <= best + 1e-12


@pytest.mark.parametrize(
    "rule", [MulticlassRule([0.02] * 50), CostRule(1 - np.eye(50))], ids=["cuts", "costs"]
)
def test_many_rows_of_many_classes_are_never_there_in_float64(rule):
    proba = np.random.default_rng(0).random((200_000, 50), dtype=np.float32)
    tracemalloc.start()
    decided = rule.decide(proba)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * proba.nbytes
    np.testing.assert_array_equal(decided, proba.argmax(axis=1))
