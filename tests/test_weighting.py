"""Class weights: against scikit-learn's, against sums by hand, and refusals."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.utils.class_weight import compute_class_weight

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.weighting import (
    NAMES,
    class_totals,
    class_weights,
    effective_number,
    label_weights,
    weight_span,
)

LABELS = np.array(["fraud", "ok", "unsure"])
CODES = np.array([0, 1, 1, 1, 1, 2, 2])


@st.composite
def codes_of_all_classes(draw):
    """Class codes in which every one of some classes occurs."""
    n_classes = draw(st.integers(2, 5))
    more = draw(st.lists(st.integers(0, n_classes - 1), max_size=40))
    return np.array([*range(n_classes), *more]), n_classes


@given(codes_of_all_classes())
def test_balanced_is_scikit_learns_balanced(case):
    codes, n_classes = case
    expected = compute_class_weight("balanced", classes=np.arange(n_classes), y=codes)
    np.testing.assert_allclose(class_weights("balanced", codes, np.arange(n_classes)), expected)


@given(codes_of_all_classes())
def test_balanced_gives_every_class_the_same_total(case):
    codes, n_classes = case
    weights = class_weights("balanced", codes, np.arange(n_classes))
    totals = class_totals(codes, weights[codes], n_classes)
    np.testing.assert_allclose(totals, len(codes) / n_classes)


@given(codes_of_all_classes(), st.sampled_from(NAMES))
def test_named_weights_have_mean_one_over_the_rows(case, name):
    codes, n_classes = case
    weights = class_weights(name, codes, np.arange(n_classes))
    np.testing.assert_allclose(weights[codes].mean(), 1)


@given(st.integers(1, 10_000), st.integers(2, 5), st.sampled_from(NAMES))
def test_equal_classes_weigh_exactly_one(count, n_classes, name):
    # Not nearly: a network without weights is then trained as one with none.
    weights = class_weights(name, np.repeat(np.arange(n_classes), count), np.arange(n_classes))
    np.testing.assert_array_equal(weights, 1)


@given(codes_of_all_classes())
def test_balanced_sqrt_is_the_square_root_of_balanced_up_to_a_factor(case):
    codes, n_classes = case
    root = class_weights("balanced_sqrt", codes, np.arange(n_classes))
    balanced = class_weights("balanced", codes, np.arange(n_classes))
    np.testing.assert_allclose(root**2 / root[0] ** 2, balanced / balanced[0])


@given(codes_of_all_classes(), st.sampled_from([0, 0.5, 0.99, 0.9999]))
def test_effective_number_is_the_formula_of_the_paper_up_to_a_factor(case, beta):
    codes, n_classes = case
    weights = class_weights(partial(effective_number, beta=beta), codes, np.arange(n_classes))
    # E_n = 1 + beta * E_(n - 1), summed by hand.
    expected = [1 / sum(beta**power for power in range(n)) for n in np.bincount(codes)]
    np.testing.assert_allclose(weights / weights[0], np.array(expected) / expected[0])
    np.testing.assert_allclose(weights[codes].mean(), 1)
    if beta == 0.9999:
        by_name = class_weights("effective_number", codes, np.arange(n_classes))
        np.testing.assert_array_equal(weights, by_name)


def test_effective_number_lies_between_no_weights_and_balanced():
    codes = np.repeat([0, 1], [10, 100_000])
    ratios = [
        np.divide(*class_weights(given_weight, codes, np.arange(2)))
        for given_weight in (
            None,
            lambda y: effective_number(y, 0.9),
            "effective_number",
            lambda y: effective_number(y, 1 - 1e-9),
        )
    ]
    assert ratios == sorted(ratios)
    assert ratios[-1] == pytest.approx(10_000, rel=1e-3)


@pytest.mark.parametrize("beta", [1, 1.5, -0.1, float("nan"), "0.9"])
def test_a_beta_without_effective_numbers_is_refused(beta):
    with pytest.raises(InvalidParameterError, match="beta must be.*less than 1; got.*'balanced'"):
        effective_number(LABELS, beta)


def test_a_callable_is_given_the_original_label_of_every_row():
    seen = []

    def weigh(y):
        seen.append(y)
        return {"fraud": 5}

    np.testing.assert_array_equal(class_weights(weigh, CODES, LABELS), [5, 1, 1])
    np.testing.assert_array_equal(seen[0], LABELS[CODES])


@pytest.mark.parametrize("returned", [[3, 0, 1.5], (3, 0, 1.5), np.array([3, 0, 1.5], "float32")])
def test_an_array_of_a_callable_is_in_the_order_of_the_classes(returned):
    np.testing.assert_array_equal(class_weights(lambda y: returned, CODES, LABELS), [3, 0, 1.5])


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, r"must return a dict.*each of \['fraud', 'ok', 'unsure'\].*it returned None"),
        ([1, 2], r"one weight for each.*it returned \[1, 2\]"),
        ([[1], [2], [3]], "one weight for each"),
        (["a", "b", "c"], "one weight for each"),
        (2.0, r"it returned 2\.0"),
        ([1, -1, 1], "at least 0; got -1.0 for the label 'ok'"),
        ([1, 1, np.inf], "finite.*got inf for the label 'unsure'"),
        ({"fruad": 1}, "'fruad', which is not in y.*Did you mean 'fraud'"),
        ({"fraud": None}, "got None for the label 'fraud'"),
    ],
)
def test_what_a_callable_must_not_return_is_refused(returned, message):
    with pytest.raises(InvalidParameterError, match=message):
        class_weights(lambda y: returned, CODES, LABELS)
    with pytest.raises(InvalidParameterError, match=message):
        label_weights(lambda y: returned, np.eye(3, dtype=int), LABELS)


def test_none_weighs_all_classes_alike():
    np.testing.assert_array_equal(class_weights(None, CODES, LABELS), [1, 1, 1])


def test_a_dict_maps_original_labels_and_leaves_the_others_at_one():
    np.testing.assert_array_equal(class_weights({"fraud": 5}, CODES, LABELS), [5, 1, 1])
    np.testing.assert_array_equal(
        class_weights({-1: 0, 1: 2.5}, CODES, np.array([-1, 1])), [0, 2.5]
    )
    booleans = np.array([False, True])
    np.testing.assert_array_equal(class_weights({True: 3}, CODES[:5], booleans), [1, 3])


def test_a_class_that_is_not_there_yet_keeps_weight_one():
    weights = class_weights("balanced", np.array([0, 0, 0, 1]), LABELS)
    np.testing.assert_allclose(weights, [4 / 6, 4 / 2, 1])


def test_weights_below_the_reach_of_float32_are_zero():
    weights = class_weights({"fraud": 1, "ok": 1e-7, "unsure": 1e-5}, CODES, LABELS)
    np.testing.assert_array_equal(weights, [1, 0, 1e-5])


@pytest.mark.parametrize(
    ("given_weight", "message"),
    [
        ("auto", r"got 'auto'.*write class_weight='balanced'"),
        ("balance", r"got 'balance'.*Did you mean 'balanced'\?"),
        ("balanced_sqr", r"Did you mean 'balanced_sqrt'\?"),
        ([1, 2, 3], r"None, 'balanced', .*dict from label to weight or a callable.*got \[1, 2, 3"),
        ({"fruad": 5}, r"'fruad', which is not in y.*'fraud', 'ok'.*Did you mean 'fraud'\?"),
        ({0: 5}, "labels are .*The key is an integer, but a label is text: write 'fraud'"),
        ({9: 5}, r"The key is an integer, but a label is text\.$"),
        ({0: 5}, r"label 0, which is not in y"),
        ({"fraud": -1}, r"at least 0; got -1 for the label 'fraud'"),
        ({"fraud": float("nan")}, r"finite.*got nan"),
        ({"fraud": float("inf")}, r"finite.*got inf"),
        ({"fraud": "high"}, r"finite.*got 'high'"),
    ],
)
def test_what_cannot_be_a_class_weight_is_refused(given_weight, message):
    with pytest.raises(InvalidParameterError, match=message):
        class_weights(given_weight, CODES, LABELS)
    if isinstance(given_weight, dict):
        return
    with pytest.raises(InvalidParameterError, match=message):
        label_weights(given_weight, np.eye(3, dtype=int), np.arange(3))


INDICATORS = arrays(
    np.int64, st.tuples(st.integers(2, 20), st.integers(1, 4)), elements=st.integers(0, 1)
)


@given(INDICATORS)
def test_balanced_label_weights_give_both_sides_of_a_label_the_same_total(indicator):
    weights = label_weights("balanced", indicator, np.arange(indicator.shape[1]))
    for j, column in enumerate(indicator.T):
        of_rows = weights[column, j]
        np.testing.assert_allclose(of_rows.mean(), 1)
        if 0 < column.sum() < len(column):
            np.testing.assert_allclose(of_rows[column == 1].sum(), of_rows[column == 0].sum())


@given(INDICATORS, st.sampled_from(NAMES))
def test_the_two_sides_of_a_label_are_weighed_as_two_classes(indicator, name):
    weights = label_weights(name, indicator, np.arange(indicator.shape[1]))
    for j, column in enumerate(indicator.T):
        np.testing.assert_allclose(weights[column, j].mean(), 1)
        if 0 < column.sum() < len(column):
            np.testing.assert_allclose(weights[:, j], class_weights(name, column, np.arange(2)))
        else:
            np.testing.assert_array_equal(weights[:, j], [1, 1])


@given(INDICATORS)
def test_a_callable_weighs_positives_by_the_indicator(indicator):
    labels = np.arange(indicator.shape[1])
    np.testing.assert_allclose(
        label_weights(effective_number, indicator, labels),
        label_weights("effective_number", indicator, labels),
    )
    before = indicator.copy()

    def weigh(y):
        y += 1
        return np.full(y.shape[1], 2.0)

    by_array = label_weights(weigh, indicator, labels)
    np.testing.assert_array_equal(indicator, before)
    by_dict = label_weights(dict.fromkeys(labels.tolist(), 2.0), indicator, labels)
    np.testing.assert_array_equal(by_array, by_dict)


def test_a_label_whose_only_side_weighs_nothing_is_no_division_by_zero():
    weights = label_weights({0: 0}, np.ones((3, 1), dtype=int), np.arange(1))
    np.testing.assert_array_equal(weights, [[1], [0]])


@given(INDICATORS, st.floats(0.01, 100))
def test_a_dict_of_labels_sets_the_ratio_of_positives_to_negatives(indicator, ratio):
    weights = label_weights({0: ratio}, indicator, np.arange(indicator.shape[1]))
    np.testing.assert_allclose(weights[1, 0] / weights[0, 0], ratio)
    np.testing.assert_allclose(weights[0, 1:], 1)
    np.testing.assert_allclose(weights[1, 1:], 1)
    if indicator[:, 0].any():
        np.testing.assert_allclose(weights[indicator[:, 0], 0].mean(), 1)


def test_totals_are_sums_of_weights():
    weight = np.array([0.5, 1, 2, 0, 1, 3, 0.25])
    np.testing.assert_allclose(class_totals(CODES, weight, 3), [0.5, 4, 3.25])
    np.testing.assert_allclose(class_totals(CODES, weight, 4), [0.5, 4, 3.25, 0])
    indicator = np.array([[1, 0], [1, 1]])
    np.testing.assert_allclose(class_totals(indicator, np.array([2.0, 0.5]), 2), [2.5, 0.5])


def test_the_span_is_of_positive_weights_of_classes_with_rows():
    assert weight_span(np.array([0.5, 2, 1]), np.array([1, 1, 1])) == 4
    assert weight_span(np.array([0.5, 2, 0]), np.array([0, 3, 1])) == 1
    assert weight_span(np.zeros(2), np.ones(2)) == 1


@pytest.mark.parametrize(
    ("key", "labels", "says"),
    [
        ("0", [0, 1], "The key is text, but a label is an integer: write 0."),
        ("1.0", [0.0, 1.0], "The key is text, but a label is a floating-point number: write 1.0."),
        ("True", [False, True], "The key is text, but a label is a boolean: write True."),
        (1, ["0", "1"], "The key is an integer, but a label is text: write '1'."),
        (2, [0, 1], "the labels are [0, 1]."),
    ],
)
def test_a_key_of_another_type_than_the_labels_is_told_apart(key, labels, says):
    with pytest.raises(InvalidParameterError) as refusal:
        class_weights({key: 2.0}, np.array([0, 1]), np.array(labels))
    assert str(refusal.value).endswith(says)
