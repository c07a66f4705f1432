"""Boundary checks and the split that holds rows out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError
from imbalanced_nn.validation import (
    check_features,
    check_target,
    check_weights,
    hold_out_rows,
    n_rows,
    row_blocks,
    take_rows,
)

NAME = "TheEstimator"
TABLE = np.arange(12.0).reshape(6, 2)


@pytest.mark.parametrize(
    "data",
    [
        TABLE,
        sparse.csr_array(TABLE),
        [TABLE, TABLE[:, :1]],
        (TABLE, TABLE),
        {"left": TABLE, "right": TABLE[:, 1:]},
    ],
    ids=["array", "sparse", "list", "tuple", "dict"],
)
def test_rows_of_every_container_are_counted_and_taken(data):
    assert n_rows(data) == 6
    taken = take_rows(data, np.array([4, 0, 0]))
    assert type(taken) is type(data)
    assert n_rows(taken) == 3
    first = taken
    if isinstance(taken, dict):
        first = taken["left"]
        np.testing.assert_array_equal(taken["right"], TABLE[[4, 0, 0], 1:])
    elif isinstance(taken, list | tuple):
        first = taken[0]
    first = first.toarray() if sparse.issparse(first) else first
    np.testing.assert_array_equal(first, TABLE[[4, 0, 0]])


@given(
    total=st.integers(1, 60),
    width=st.integers(0, 9),
    n_bytes=st.integers(1, 400),
    max_rows=st.none() | st.integers(1, 20),
)
def test_blocks_are_all_rows_in_order_and_no_larger_than_asked(total, width, n_bytes, max_rows):
    data = np.zeros((total, width), dtype=np.float32)
    blocks = list(row_blocks(data, n_bytes, max_rows))
    assert np.concatenate([np.arange(total)[block] for block in blocks]).tolist() == list(
        range(total)
    )
    for block in blocks:
        size = block.stop - block.start
        assert size == 1 or data[block].nbytes <= n_bytes
        assert max_rows is None or size <= max_rows


def test_blocks_count_the_bytes_of_all_inputs_together():
    data = {"a": np.zeros((10, 2), np.float32), "b": np.zeros((10, 3, 1), np.float32)}
    assert [block.stop - block.start for block in row_blocks(data, 40)] == [2] * 5


def test_an_empty_table_is_one_empty_block():
    assert list(row_blocks(np.zeros((0, 3)))) == [slice(0, 0)]


def test_blocks_of_a_selection_are_counted_by_its_length():
    assert [b.stop for b in row_blocks(np.zeros((100, 1)), max_rows=4, total=10)] == [4, 8, 10]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64"])
def test_features_keep_their_type_and_are_not_copied(dtype):
    X = TABLE.astype(dtype)
    X.flags.writeable = False
    checked = check_features(X, NAME)
    assert checked.dtype == X.dtype
    assert np.shares_memory(checked, X)


def test_a_memory_mapped_table_stays_on_disk(tmp_path):
    np.save(tmp_path / "table.npy", TABLE)
    X = np.load(tmp_path / "table.npy", mmap_mode="r")
    assert np.shares_memory(check_features(X, NAME), X)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_every_sparse_format_becomes_rows(container, kind):
    X = container(TABLE).asformat(kind)
    checked = check_features(X, NAME)
    assert checked.format == "csr"
    np.testing.assert_array_equal(checked.toarray(), TABLE)


def test_numbers_in_objects_and_frames_become_numbers():
    np.testing.assert_array_equal(check_features(TABLE.astype(object), NAME), TABLE)
    np.testing.assert_array_equal(check_features(pd.DataFrame(TABLE), NAME), TABLE)
    np.testing.assert_array_equal(check_features(TABLE.tolist(), NAME), TABLE)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "Input X contains NaN"),
        (np.inf, "Input X contains infinity"),
        (-np.inf, "Input X contains infinity"),
        (1e300, "Input X contains infinity or a value too large for dtype.'float32'"),
    ],
)
def test_a_value_that_no_network_can_take_is_refused_wherever_it_stands(make, value, message):
    for row, column in [(0, 0), (5, 1)]:
        X = TABLE + 1
        X[row, column] = value
        with pytest.raises(ValueError, match=message):
            check_features(make(X), NAME)


def test_a_bad_value_beyond_the_first_block_is_found():
    X = np.ones((5_000_000, 1), dtype=np.float32)
    X[-1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        check_features(X, NAME)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 3)), r"0 sample\(s\)"),
        (np.zeros((3, 0)), r"0 feature\(s\)"),
        (np.zeros(3), "Expected 2D array, got 1D array"),
        (np.array([["a", "b"]], dtype=object), "could not convert string to float"),
        (np.array([[1 + 2j]]), "Complex data not supported"),
    ],
)
def test_features_that_are_no_table_of_numbers_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        check_features(X, NAME)


def test_a_column_of_labels_is_flattened_with_scikit_learns_warning():
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        y = check_target(np.array([["a"], ["b"]]), NAME)
    assert y.tolist() == ["a", "b"]


def test_a_target_keeps_its_labels():
    assert check_target(["ok", "fraud"], NAME).tolist() == ["ok", "fraud"]
    indicator = np.array([[1, 0], [0, 1]])
    np.testing.assert_array_equal(check_target(sparse.csr_array(indicator), NAME), indicator)
    assert check_target(pd.Series([True, False]), NAME).tolist() == [True, False]


@pytest.mark.parametrize(
    ("y", "message"),
    [([1.0, np.nan], "Input y contains NaN"), ([], "0 sample"), ([np.inf, 0], "infinity")],
)
def test_a_target_with_gaps_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        check_target(np.array(y), NAME)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32", "float64", "bool"])
def test_weights_are_a_fresh_copy_in_float64(dtype):
    given_weight = np.array([1, 0, 1, 1, 0, 1], dtype=dtype)
    given_weight.flags.writeable = False
    weight = check_weights(given_weight, TABLE)
    assert weight.dtype == np.float64
    assert not np.shares_memory(weight, given_weight)
    np.testing.assert_array_equal(weight, given_weight)


def test_no_weights_are_ones_and_one_number_is_the_weight_of_all_rows():
    np.testing.assert_array_equal(check_weights(None, TABLE), np.ones(6))
    np.testing.assert_array_equal(check_weights(2, TABLE), np.full(6, 2.0))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(6), "my_weight holds only zeros.*positive weight"),
        (-np.ones(6), "my_weight holds negative weights, down to -1"),
        (np.full(6, np.nan), "my_weight contains NaN"),
        (np.full(6, np.inf), "my_weight contains infinity"),
        (np.ones(5), r"my_weight has shape \(5,\), but X has 6 rows"),
        (np.ones((6, 2)), r"my_weight has shape \(6, 2\)"),
    ],
)
def test_weights_that_weigh_nothing_or_nonsense_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weight, TABLE, "my_weight")


@st.composite
def class_rows(draw):
    """Shuffled codes of some classes of at least two rows, a share and a seed."""
    counts = draw(st.lists(st.integers(2, 60), min_size=2, max_size=4))
    codes = np.repeat(np.arange(len(counts)), counts)
    seed = draw(st.integers(0, 2**31))
    codes = np.random.default_rng(seed).permutation(codes)
    return codes, draw(st.floats(0.001, 0.999)), seed


def assert_partition(n, train, held_out):
    """Each row lies on exactly one side, and both sides are sorted and not empty."""
    assert np.array_equal(np.sort(np.concatenate([train, held_out])), np.arange(n))
    for side in (train, held_out):
        assert len(side)
        assert (np.diff(side) > 0).all()


@given(class_rows())
def test_the_split_is_a_partition_with_the_share_of_every_class(case):
    codes, share, seed = case
    train, held_out = hold_out_rows(codes, share, np.arange(codes.max() + 1), seed)
    assert_partition(len(codes), train, held_out)
    for code in np.unique(codes):
        n, n_held_out = np.sum(codes == code), np.sum(codes[held_out] == code)
        assert 1 <= n_held_out <= n - 1
        assert abs(n_held_out - share * n) <= 0.5 or n_held_out in (1, n - 1)


@given(class_rows())
def test_the_seed_alone_decides_the_split(case):
    codes, share, seed = case
    labels = np.arange(codes.max() + 1)
    first, second = (hold_out_rows(codes, share, labels, seed)[1] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_another_split():
    codes = np.repeat([0, 1], 50)
    splits = {tuple(hold_out_rows(codes, 0.2, np.arange(2), seed)[1]) for seed in range(5)}
    assert len(splits) == 5


@given(
    arrays(np.int64, st.tuples(st.integers(2, 80), st.integers(1, 3)), elements=st.integers(0, 1)),
    st.floats(0.001, 0.999),
    st.integers(0, 2**31),
)
def test_a_multilabel_split_takes_the_share_of_every_label_set(indicator, share, seed):
    train, held_out = hold_out_rows(indicator, share, np.arange(indicator.shape[1]), seed)
    assert_partition(len(indicator), train, held_out)
    sets, of_row = np.unique(indicator, axis=0, return_inverse=True)
    for k in range(len(sets)):
        members = of_row.ravel() == k
        assert abs(members[held_out].sum() - share * members.sum()) < 1 + 1e-9 or (
            1 in (len(held_out), len(train))
        )


@given(
    share=st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.75, 0.8]),
    n_groups=st.integers(20, 40),
    seed=st.integers(0, 2**16),
)
def test_rows_of_a_group_stay_together_and_the_share_is_about_right(share, n_groups, seed):
    groups = np.repeat(np.arange(n_groups), 4)
    codes = np.tile([0, 0, 0, 1], n_groups)
    train, held_out = hold_out_rows(codes, share, np.arange(2), seed, groups)
    assert_partition(len(codes), train, held_out)
    assert not set(groups[train]) & set(groups[held_out])
    assert abs(len(held_out) / len(codes) - share) < 0.06


@pytest.mark.parametrize("counts", [[50, 1], [1, 50]])
def test_a_class_of_one_row_cannot_be_on_both_sides(counts):
    codes = np.repeat([0, 1], counts)
    rare = ["fraud", "ok"][int(np.argmin(counts))]
    message = f"class '{rare}' has 1 row and needs at least 2.*X_val.*validation_split=0"
    with pytest.raises(TooFewRowsError, match=message):
        hold_out_rows(codes, 0.2, np.array(["fraud", "ok"]), 0)


def test_a_fold_with_every_class_is_found_where_there_is_one():
    # The 4 rows of the rare class lie in 4 groups, so that one fold of 5 lacks it.
    codes, groups = np.tile([1, 1, 1, 1, 1, 0], 4), np.arange(24)
    for seed in range(10):
        for side in hold_out_rows(codes, 0.2, np.arange(2), seed, groups):
            assert set(codes[side]) == {0, 1}


def test_groups_that_cannot_be_split_are_refused():
    codes = np.tile([0, 1], 20)
    with pytest.raises(TooFewRowsError, match=r"at least 5 groups, got 2"):
        hold_out_rows(codes, 0.2, np.arange(2), 0, np.repeat([0, 1], 20))
    labels = np.array(["fraud", "ok"])
    codes, groups = np.repeat([1, 0], [36, 4]), np.repeat(np.arange(10), 4)
    with pytest.raises(TooFewRowsError, match="groups leaves no row of class 'fraud' to"):
        hold_out_rows(codes, 0.2, labels, 0, groups)
    with pytest.raises(InvalidParameterError, match="groups with a multilabel y.*X_val"):
        hold_out_rows(np.eye(4, dtype=int), 0.5, np.arange(4), 0, np.arange(4))


def test_one_multilabel_row_cannot_be_split():
    with pytest.raises(TooFewRowsError, match="at least 2 rows, got 1"):
        hold_out_rows(np.array([[1, 0]]), 0.2, np.arange(2), 0)
