"""Targets of sequences: padding is no label, strata leave every class on both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbalanced_nn.data.splits import hold_out_rows
from imbalanced_nn.data.target import class_codes, fill_padding, sequence_strata


def test_padding_is_filled_in_a_copy():
    y = np.array([["b", "pad"], ["a", "a"]])[:, :, None]
    weight = np.array([[1, 0], [1, 2]])
    filled = fill_padding(y, weight)
    assert filled[:, :, 0].tolist() == [["b", "b"], ["a", "a"]]
    assert y[0, 1, 0] == "pad"
    # A weight of a row is that of its steps; lists are arrays.
    assert fill_padding(y.tolist(), [0, 1])[:, :, 0].tolist() == [["a", "a"], ["a", "a"]]


@pytest.mark.parametrize(
    ("shape", "weight"),
    [
        ((2, 3, 1), None),
        ((2, 3, 1), np.ones((2, 3))),
        ((2, 3, 1), np.zeros((2, 3))),
        ((2, 3, 1), np.eye(3)),
        ((2, 3, 1), np.full((2, 3), "0")),
        ((2, 3), np.zeros((2, 3))),
        ((2,), np.array([0, 1])),
    ],
    ids=["none", "all count", "none counts", "shape", "strings", "indicator", "rows"],
)
def test_everything_else_is_returned_as_it_is(shape, weight):
    y = np.zeros(shape)
    assert fill_padding(y, weight) is y


def test_codes_of_steps_keep_their_shape():
    codes = np.array([[0, 2, 1], [1, 1, 0]])
    for encoded in (codes[:, :, None].astype("float32"), np.eye(3, dtype="float32")[codes]):
        np.testing.assert_array_equal(class_codes(encoded, "multiclass"), codes)


def test_a_sequence_counts_as_the_class_in_the_fewest_sequences():
    codes = np.array([[0, 0, 2], [0, 1, 2], [0, 0, 0], [0, 0, 0], [1, 1, 0], [1, 0, 0], [2, 0, 0]])
    strata = sequence_strata(codes, np.ones(codes.shape, bool), 3)
    assert strata.tolist() == [2, 1, 0, 0, 1, 1, 2]
    # A step that does not count is not there.
    counts = np.ones(codes.shape, bool)
    counts[1, 1] = False
    assert sequence_strata(codes, counts, 3).tolist() == [2, 2, 0, 0, 1, 1, 2]


def test_one_sequence_alone_joins_the_largest_stratum_if_its_class_is_in_others():
    codes = np.array([[0, 1], [1, 0], [0, 1], [0, 0]])
    assert sequence_strata(codes, np.ones(codes.shape, bool), 2).tolist() == [1, 1, 1, 1]
    codes = np.array([[0, 0], [0, 0], [0, 1]])
    assert sequence_strata(codes, np.ones(codes.shape, bool), 2).tolist() == [0, 0, 1]


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 4), st.floats(0.05, 0.6))
def test_every_class_of_a_stratum_is_on_both_sides(seed, n_classes, share):
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(n_classes, 0.4))
    codes = generator.choice(n_classes, size=(40, 5), p=shares)
    counts = generator.random(codes.shape) < 0.8
    counts[:, 0] = True
    strata = sequence_strata(codes, counts, n_classes)
    for sequence, own, stratum in zip(codes, counts, strata, strict=True):
        assert stratum in sequence[own] or (strata == stratum).sum() > 1
    if np.bincount(strata)[np.unique(strata)].min() < 2:
        return
    train, held_out = hold_out_rows(strata, share, np.arange(n_classes), seed)
    for side in (train, held_out):
        np.testing.assert_array_equal(np.unique(strata[side]), np.unique(strata))
