"""The Python that fit prints does what fit did."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn import load
from imbalanced_nn.cli.python_code import reading_lines
from imbalanced_nn.cli.reading import AS_FOUND, Reading
from imbalanced_nn.cli.sources import read_source
from imbalanced_nn.preprocessing import ColumnTypes

MESSY = sorted((Path(__file__).parent / "messy").glob("*.csv"))
pytestmark = pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")


def read(path, target="fraud", reading=AS_FOUND):
    """Return what the command reads, what its Python reads, and the labels of that."""
    source = read_source(str(path), target, reading)
    names = {"pd": pd}
    exec("\n".join(reading_lines(source, reading)), names)
    types = ColumnTypes(missing=list(reading.missing))
    return source, types.fit_transform(names["table"]), names["y"].to_numpy()


@pytest.mark.parametrize("path", MESSY, ids=lambda path: path.stem)
def test_it_reads_what_the_command_reads(path):
    source, X, y = read(path)
    pd.testing.assert_frame_equal(X, source.X)
    if path.stem == "labels":
        # Joined spellings are told in the line.
        assert len(y) == len(source.y)
        assert reading_lines(source, AS_FOUND)[-1].endswith("what its notes say")
    else:
        assert y.tolist() == source.y.tolist()


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "jsonl"])
def test_it_reads_other_files(kind, frame, tmp_path):
    path = tmp_path / f"table.{kind}"
    frame["zip"] = np.where(np.arange(len(frame)) % 3, "01", "22")
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.assign(when=frame["when"].astype(str)).to_json(path, orient="records", lines=True)
    source, X, y = read(path)
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "jsonl"])
def test_blank_labels_are_none(kind, frame, tmp_path):
    path = tmp_path / f"table.{kind}"
    frame = frame.assign(when=frame["when"].astype(str))
    frame.loc[::20, "fraud"], frame.loc[3::40, "fraud"] = "", "  "
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)
    source, X, y = read(path)
    (said,) = source.left_out
    assert said == f"rows without a class: {len(frame) - len(y)}"
    pd.testing.assert_frame_equal(X, source.X.reset_index(drop=True))
    assert y.tolist() == source.y.tolist()


def test_it_reads_tables_without_names(frame, tmp_path):
    frame.to_csv(tmp_path / "t.tsv", sep="\t", index=False, header=False)
    source, X, y = read(tmp_path / "t.tsv", "8", Reading(header=False))
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


@pytest.mark.parametrize(
    "options",
    [
        ("--groups", "key", "--drop", "age", "--missing", "US"),
        pytest.param(
            ("--time", "when", "--held-out", "0.3", "--threshold", "f1"), marks=pytest.mark.slow
        ),
        pytest.param((), marks=pytest.mark.slow),
        pytest.param(
            ("--time", "when", "--folds", "2", "--class-weight", "balanced"),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("--constraint", "precision", "0.3", "--positive", "yes", "--strategy", "random_over"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda options: " ".join(options[:4]) or "none",
)
def test_its_model_answers_alike(options, command, frame, table, tmp_path):
    path, again = tmp_path / "a.inn", tmp_path / "b.inn"
    given = ["--target", "fraud", "-o", path, "--epochs", 1, "--json", *options]
    code = json.loads(command("fit", table, *given).stdout)["python"]
    exec(code.replace(str(path), str(again)), {})
    one, other = load(path), load(again)
    X = frame.drop(columns="fraud")
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-6)
    assert one.predict(X).tolist() == other.predict(X).tolist()


def test_it_is_printed(fitted):
    _, path, result = fitted
    code = result.stdout.partition("\nThe same in Python:\n\n")[2]
    assert code.splitlines()[1].startswith("from imbalanced_nn import BalancedKerasClassifier")
    assert code.endswith(f"save(model, {str(path)!r})\n")
