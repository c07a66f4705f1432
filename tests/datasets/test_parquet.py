"""Parquet files as a matrix on disk: what the same table in memory gives, or a refusal."""

import os
import resource
import signal
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn import BalancedKerasClassifier, ColumnEncoder
from imbalanced_nn.datasets import open_parquet
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.preprocessing import ColumnTypes, mapped_matrix, open_stored, stored_tables


def mixed(n=900):
    """Return a table with columns of every kind, some with gaps."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=n)
    table = pd.DataFrame(
        {
            "real": rng.normal(size=n),
            "whole": rng.integers(0, 9, n),
            "flag": (rng.random(n) < 0.3).astype(object),
            "text": rng.choice(["x", "y", "z"], n),
            "when": days,
            "day": days.date,
            "kind": pd.Categorical(rng.choice(["p", "q"], n)),
            "maybe": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "long": pd.to_timedelta(rng.integers(0, 99, n), unit="h"),
            "same": 1.0,
        }
    )
    table.loc[::7, ["real", "text", "when", "maybe", "flag"]] = None
    # A block without any gap, and one of gaps alone.
    table.loc[100:250, "real"] = 1.5
    table.loc[300:450, ["whole", "text"]] = None
    return table.assign(y=rng.choice(["no", "yes"], n, p=[0.8, 0.2]))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_tables, "MOST_ROWS", 90)


@pytest.fixture
def path(tmp_path):
    """A file of the table, in row groups that are no multiple of a block."""
    mixed().to_parquet(tmp_path / "t.parquet", row_group_size=131)
    return tmp_path / "t.parquet"


def read(path):
    return pd.read_parquet(path).drop(columns="y")


def test_an_encoder_learns_and_gives_what_it_does_in_memory(path):
    encoder = ColumnEncoder(min_frequency=2)
    expected = encoder.fit_transform(read(path))
    rows = open_parquet(path, target="y", encoder=ColumnEncoder(min_frequency=2))
    np.testing.assert_array_equal(rows.data, expected.astype(np.float32))
    assert str(vars(rows.encoder)) == str(vars(encoder))
    assert rows.feature_names == encoder.get_feature_names_out().tolist()
    assert rows.target.tolist() == pd.read_parquet(path)["y"].tolist()


def test_types_are_learned_a_column_at_a_time_as_of_the_whole(path, tmp_path):
    table = read(path).assign(spelled=[f"{i / 7:.2f}".replace(".", ",") for i in range(900)])
    table.to_parquet(path)
    types, expected = ColumnTypes(), ColumnTypes()
    whole = expected.fit_transform(pd.read_parquet(path))
    typed = open_stored(path).typed(types.fit(open_stored(path)))
    assert vars(types) == vars(expected)
    pd.testing.assert_frame_equal(pd.concat(list(typed.blocks())), whole, check_dtype=False)
    pd.testing.assert_series_equal(typed["spelled"], whole["spelled"])


def test_a_fitted_encoder_is_used_as_it_is(path):
    encoder = ColumnEncoder().fit(read(path)[:500])
    rows = open_parquet(path, encoder=encoder)
    expected = encoder.transform(read(path)).astype(np.float32)
    np.testing.assert_array_equal(rows.data, expected)
    assert rows.encoder is encoder and rows.target is None


def test_columns_come_in_the_order_that_is_asked_for(path):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4], "c": [True, False]})
    frame.to_parquet(path)
    rows = open_parquet(path, columns=["c", "a"])
    assert rows.data.tolist() == [[1, 1], [0, 2]]
    assert rows.feature_names == ["c", "a"]


def test_a_folder_is_one_table_with_its_names_as_columns(tmp_path):
    table = mixed()[["real", "maybe", "y"]].assign(year=np.repeat([2023, 2024, 2025], 300))
    table.to_parquet(tmp_path / "all", partition_cols=["year"])
    rows = open_parquet(tmp_path / "all", target="y", encoder=ColumnEncoder())
    expected = ColumnEncoder().fit_transform(read(tmp_path / "all"))
    np.testing.assert_array_equal(rows.data, expected.astype(np.float32))
    assert "year: 2024" in rows.feature_names


def test_files_of_a_folder_may_hold_whole_numbers_or_not(tmp_path):
    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"a": [2.5, 3.0]}).to_parquet(tmp_path / "2.parquet")
    assert open_parquet(tmp_path).data.ravel().tolist() == [1, 2, 2.5, 3]


def test_an_index_that_pandas_kept_is_no_column(path):
    read(path).set_index("whole")[["long"]].to_parquet(path)
    assert open_stored(path).columns == ["long"]


def test_what_was_read_is_given_back_with_the_last_rows(tmp_path, monkeypatch):
    """Of which pyarrow would keep the whole group of rows."""
    import pyarrow

    table = pd.DataFrame(np.random.default_rng(0).random((20_000, 5)), columns=list("abcde"))
    table.to_parquet(tmp_path / "a.parquet")
    kept = []
    monkeypatch.setattr(
        stored_tables, "_release", lambda: kept.append(pyarrow.total_allocated_bytes())
    )
    before = pyarrow.total_allocated_bytes()
    data = open_parquet(tmp_path / "a.parquet").data
    np.testing.assert_array_equal(data, table.to_numpy(np.float32))
    assert len(kept) == 1
    assert kept[0] - before < 0.1 * table.to_numpy().nbytes


def test_a_fit_is_that_of_the_same_rows_in_memory(path):
    encoder = ColumnEncoder()
    X, y = encoder.fit_transform(read(path)), pd.read_parquet(path)["y"].to_numpy()
    rows = open_parquet(path, target="y", encoder=ColumnEncoder())
    make = {"sampler": "balanced_batches", "epochs": 2, "random_state": 0, "calibration": "sigmoid"}
    clf = BalancedKerasClassifier("mlp", **make).fit(rows.data, rows.target)
    other = BalancedKerasClassifier("mlp", **make).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(rows.data), other.predict_proba(X), atol=1e-6)
    assert clf.best_threshold_ == pytest.approx(other.best_threshold_, abs=1e-6)
    with pytest.warns(ImbalanceWarning, match="INN004"):
        clf.tune_threshold(rows.data, rows.target, objective="f1")
    assert clf.best_score_ == clf.score(rows.data, rows.target)


def test_the_file_goes_with_the_last_array_and_with_the_process(tmp_path):
    matrix = mapped_matrix(iter([np.eye(3)]), (3, 3), tmp_path)
    part = matrix[1:]
    del matrix
    assert len(os.listdir(tmp_path)) == 1 and part.tolist() == np.eye(3)[1:].tolist()
    assert not part.flags.writeable
    del part
    assert os.listdir(tmp_path) == []
    code = f"""
import numpy as np
from imbalanced_nn.preprocessing import mapped_matrix
kept = mapped_matrix(iter([np.eye(3)]), (3, 3), {str(tmp_path)!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert os.listdir(tmp_path) == []


def test_the_file_of_a_killed_process_goes_with_the_next(tmp_path):
    code = f"""
import os
import numpy as np
from imbalanced_nn.preprocessing import mapped_matrix
kept = mapped_matrix(iter([np.eye(3)]), (3, 3), {str(tmp_path)!r})
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    (left,) = os.listdir(tmp_path)
    matrix = mapped_matrix(iter([np.eye(2)]), (2, 2), tmp_path)
    (own,) = os.listdir(tmp_path)
    assert own != left and matrix.tolist() == np.eye(2).tolist()
    assert os.stat(tmp_path / own).st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_meanwhile_is_refused(tmp_path):
    size = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, size[1]))
    try:
        with pytest.raises(InvalidParameterError, match=r"took no more: File too large. Pass dir"):
            mapped_matrix((np.ones((2**10, 9)) for _ in range(9)), (9 * 2**10, 9), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, size)
        signal.signal(signal.SIGXFSZ, before)
    assert os.listdir(tmp_path) == []


def test_a_disk_without_room_is_refused_and_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(InvalidParameterError, match=r"takes .* GB, but .* has .* GB free. Pass di"):
        mapped_matrix(iter([]), (10**12, 10**3), tmp_path)
    with pytest.raises(ZeroDivisionError):
        mapped_matrix((np.ones(3) / (1 // i) for i in (1, 0)), (2, 3), tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": "yy"}, "target names 'yy', but there is no such column.* Did you mean 'y'"),
        ({"columns": ["real", "txt"]}, "columns names 'txt'.* Did you mean 'text'"),
        ({"target": "y", "columns": ["y", "real"]}, "columns names the target 'y'"),
        ({"target": "text"}, r"\d+ of 900 labels in column 'text' are missing"),
        ({"target": "y"}, r"other things than numbers: 'text' .*encoder=ColumnEncoder\(\)"),
        ({"columns": ["real"]}, "Column 'real' holds a value .* in row 1 it is missing"),
        ({"columns": []}, "No column is left"),
        ({"encoder": "yes"}, "encoder must be a ColumnEncoder or None; got a str"),
        ({"columns": ["long"], "directory": "/nope"}, "other things than numbers"),
        ({"columns": ["same"], "directory": "/nope"}, "directory='/nope' is no folder"),
        ({"columns": ["same"], "encoder": ColumnEncoder()}, "None of the columns same holds two"),
    ],
)
def test_refusals(path, given, message):
    with pytest.raises(ValueError, match=message):
        open_parquet(path, **given)


def test_values_beyond_float32_are_refused_or_noted(path):
    pd.DataFrame({"a": [1.0, 1e300]}).to_parquet(path)
    with pytest.raises(ValueError, match=r"in row 2 it is 1e\+300, too large for float32"):
        open_parquet(path)
    pd.DataFrame({"a": 1e9 + np.arange(60) / 60}).to_parquet(path)
    with pytest.warns(ImbalanceWarning, match="INN023.*column 0 of X"):
        open_parquet(path)


def test_a_sample_of_wide_rows_tells_of_nothing_where_there_is_nothing(path):
    pd.DataFrame({"a": np.arange(500.0)}).to_parquet(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_parquet(path).data.shape == (500, 1)


class TestFiles:
    def refused(self, path, message):
        with pytest.raises(ValueError, match=message):
            open_stored(path)

    def test_that_are_not_there_or_no_parquet(self, tmp_path):
        self.refused(tmp_path / "no", "There is no file or folder")
        (tmp_path / "t.parquet").write_text("a,b\n1,2\n")
        self.refused(tmp_path / "t.parquet", "is not a Parquet table")
        self.refused(tmp_path, "is not a Parquet table")

    def test_without_rows_or_files(self, tmp_path):
        self.refused(tmp_path, "has no rows")
        mixed()[:0].to_parquet(tmp_path / "t.parquet")
        self.refused(tmp_path / "t.parquet", "has no rows")

    def test_of_other_columns(self, tmp_path):
        pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "1.parquet")
        pd.DataFrame({"a": [1], "b": [2]}).to_parquet(tmp_path / "2.parquet")
        self.refused(tmp_path, "do not have the same columns: 'b' is in one of them alone")

    def test_of_types_that_do_not_go_together(self, tmp_path):
        pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "1.parquet")
        pd.DataFrame({"a": ["x"]}).to_parquet(tmp_path / "2.parquet")
        self.refused(tmp_path, "is not a Parquet table: .*Unable to merge")

    def test_without_pyarrow(self, monkeypatch, path):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        self.refused(path, "pip install pyarrow")
