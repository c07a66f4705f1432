"""Class weights: against scikit-learn's, against sums by hand, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.utils.class_weight import compute_class_weight

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.weighting import class_totals, class_weights, label_weights

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
        ([1, 2, 3], r"None, 'balanced' or a dict from label to weight; got \[1, 2, 3\]"),
        ({"fruad": 5}, r"'fruad', which is not in y.*'fraud', 'ok'.*Did you mean 'fraud'\?"),
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
