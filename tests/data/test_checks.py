"""Boundary checks, and rows of any container."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from imbalanced_nn.data import containers
from imbalanced_nn.data.checks import (
    check_features,
    check_groups,
    check_target,
    check_weighed_classes,
    check_weights,
    refuse_streams,
)
from imbalanced_nn.data.containers import by_blocks, n_rows, row_blocks, take_rows
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import ThresholdTuner

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


@pytest.mark.parametrize("n", [0, 1, 7, 100])
def test_what_is_asked_for_some_rows_at_a_time_is_that_of_all_rows(n, monkeypatch):
    data = np.arange(3.0 * n).reshape(n, 3)
    monkeypatch.setattr(containers, "row_blocks", partial(row_blocks, n_bytes=40))
    seen = []

    def doubled(rows):
        seen.append(len(rows))
        return 2 * rows

    np.testing.assert_array_equal(by_blocks(doubled, data), 2 * data)
    assert max(seen) <= 3 and sum(seen) == n


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


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (pd.DataFrame({"a": [1], "country": ["DE"]}), "X holds text in 'country' (such as 'DE')"),
        (pd.DataFrame({"a": pd.Categorical(["x"])}), "X holds text in 'a' (such as 'x')"),
        (pl.DataFrame({"a": [1], "b": ["x"]}), "X holds text in 'b' (such as 'x')"),
        (np.array([[1, "x"]], dtype=object), "X holds text in column 1 (such as 'x')"),
        (np.array([["x"]]), "X holds text in column 0 (such as 'x')"),
        (
            pd.DataFrame({"a": ["x"], "day": pd.to_datetime(["2020-01-01"])}),
            "X holds text in 'a' (such as 'x') and dates in 'day' (such as '2020-01-01",
        ),
        (pd.DataFrame({"a": pd.to_timedelta(["1h"])}), "X holds durations in 'a' (such as"),
        (pd.DataFrame({f"c{i}": ["x"] for i in range(7)}), "'c4' (such as 'x') and 2 more"),
        (
            pd.DataFrame({"a": [1.0], "b": [np.nan]}),
            "Input X contains NaN. Values are missing in 'b'",
        ),
        (pd.DataFrame({"a": pd.array([None], dtype="Int64")}), "Values are missing in 'a'"),
    ],
)
def test_columns_that_are_no_numbers_are_named_with_the_line_that_makes_numbers_of_them(X, told):
    with pytest.raises(ValueError) as error:
        check_features(X, NAME)
    assert told in str(error.value)
    assert str(error.value).endswith(f": make_pipeline(ColumnEncoder(), {NAME}())")
    with pytest.raises(ValueError, match=r": X = ColumnEncoder\(\)\.fit_transform\(X\)$"):
        check_features(X, "resample_rows")


def test_what_no_encoder_takes_either_is_not_sent_to_it():
    for column in ([[1], [2]], pd.period_range("2020-01", periods=2, freq="M")):
        with pytest.raises((TypeError, ValueError)) as error:
            check_features(pd.DataFrame({"a": column}), NAME)
        assert "ColumnEncoder" not in str(error.value)


def test_categories_that_are_numbers_become_numbers():
    checked = check_features(pd.DataFrame({"a": pd.Categorical(["1.5", "2"])}), NAME)
    assert checked.dtype == np.float64
    assert checked.tolist() == [[1.5], [2.0]]


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


class LazyFrame:
    def collect(self):
        raise AssertionError


class PyDataset:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return np.zeros((2, 2)), np.zeros(2)


@pytest.mark.parametrize(
    ("X", "remedy"),
    [
        ((row for row in [[1], [2]]), "np.stack(list(X))"),
        (iter([[1], [2]]), "np.stack(list(X))"),
        (map(list, [[1]]), "np.stack(list(X))"),
        (LazyFrame(), "X.collect()"),
        (PyDataset(), "put batches together here"),
        ("rows.csv", "pandas.read_csv"),
        (Path("rows.csv"), "pandas.read_csv"),
        ({(1,), (2,)}, "pass a list"),
    ],
)
def test_rows_that_come_one_after_the_other_are_refused(X, remedy):
    with pytest.raises(InvalidParameterError, match="rows cannot be taken by number") as refusal:
        refuse_streams(X)
    assert remedy in str(refusal.value)
    assert str(refusal.value).startswith(f"X is a {type(X).__name__}, ")


@pytest.mark.parametrize("X", [[[1]], np.ones((2, 2)), sparse.eye(2), range(3), {"a": [1]}, ()])
def test_rows_that_are_there_are_no_stream(X):
    refuse_streams(X)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA, pd.NaT])
def test_groups_name_one_for_each_row(missing):
    groups = pd.Series(["a", missing, "b", missing], dtype=object)
    with pytest.raises(ValueError, match=r"no group for 2 rows, the first of them row 1"):
        check_groups(groups, 4)


def test_groups_without_an_order_are_told_apart():
    groups = check_groups(np.array([3, "a", 3, "3"], dtype=object), 4)
    assert groups.tolist() == [0, 1, 0, 2]
    assert check_groups(["b", "a"], 2).tolist() == ["b", "a"]


def test_weights_leave_no_class_out():
    classes, codes = np.array(["no", "yes"]), np.array([0, 1, 1, 0])
    check_weighed_classes(codes, np.array([1.0, 0.0, 2.0, 0.0]), classes)
    with pytest.raises(ValueError, match=r"0 for every row of class 'yes'"):
        check_weighed_classes(codes, np.array([1.0, 0.0, 0.0, 1.0]), classes)


def test_a_dict_of_arrays_is_told_of_the_feature_encoder():
    with pytest.raises(InvalidParameterError, match=r"2 arrays \('a', 'b'\).*feature_encoder"):
        check_features({"a": TABLE, "b": TABLE}, NAME)


def test_weights_whose_sum_is_not_finite_are_refused():
    with pytest.raises(ValueError, match="sum is not finite. Divide them"):
        check_weights([1e308, 1e308], np.zeros((2, 1)))
    with pytest.raises(ValueError, match="their sum finite"):
        ThresholdTuner("f1").fit([0, 1], [0.1, 0.9], sample_weight=[1e308, 1e308])
