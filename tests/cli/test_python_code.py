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
    names = {"pd": pd, "json": json}
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


SHAPES = {
    "padded names": ("t.csv", lambda f: f.rename(columns=" {} ".format)),
    "padded names in a sheet": ("t.xlsx", lambda f: f.rename(columns=" {} ".format)),
    "padded labels": ("t.csv", lambda f: f.assign(fraud=" " + f["fraud"] + " ")),
    "a class called None": ("t.csv", lambda f: f.replace({"fraud": {"no": "None"}})),
    "a class called None in a sheet": ("t.xlsx", lambda f: f.replace({"fraud": {"no": "None"}})),
    "a class called None in lines": ("t.jsonl", lambda f: f.replace({"fraud": {"no": "None"}})),
    "what is nested": ("t.jsonl", lambda f: f.assign(key=[{"a": [k], "b": 1.5} for k in f["key"]])),
    "numbers named as dates": ("t.jsonl", lambda f: f.assign(timestamp=1.7e9 + f["age"] * 1000)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_it_reads_what_pandas_reads_otherwise(shape, frame, tmp_path):
    name, change = SHAPES[shape]
    frame = change(frame.assign(when=frame["when"].astype(str)))
    if name == "t.csv":
        frame.to_csv(tmp_path / name, index=False)
    elif name == "t.xlsx":
        frame.to_excel(tmp_path / name, index=False)
    else:
        lines = (json.dumps(row) for row in json.loads(frame.to_json(orient="records")))
        (tmp_path / name).write_text("\n".join(lines))
    source, X, y = read(tmp_path / name)
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


@pytest.mark.parametrize("header", [True, False])
def test_it_finds_a_table_in_a_workbook(header, frame, tmp_path):
    frame = frame.astype(object).replace({"fraud": {"no": "None"}})
    frame.loc[60] = None
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame().to_excel(book, sheet_name="cover")
        frame.to_excel(
            book, sheet_name="all data", index=False, header=header, startrow=3, startcol=1
        )
    target = "fraud" if header else "8"
    source, X, y = read(tmp_path / "t.xlsx", target, Reading(header=header))
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


def test_it_reads_numbers_for_names(frame, tmp_path):
    frame.set_axis(range(8), axis=1).to_parquet(tmp_path / "t.parquet")
    source, X, y = read(tmp_path / "t.parquet", "7")
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


def test_it_reads_quotes_behind_blanks(frame, tmp_path):
    rows = zip(frame["amount"], frame["country"], frame["fraud"], strict=True)
    lines = ["amount, country, fraud", *(f'{a}, "{c}, or so", {y}' for a, c, y in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    source, X, y = read(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


@pytest.mark.parametrize("kind", ["text", "numbers"])
def test_labels_that_are_named_as_missing_are_left_out(kind, frame, tmp_path):
    if kind == "numbers":
        frame["fraud"] = (frame["fraud"] == "yes").astype(int)
    frame.loc[::9, "fraud"] = "Lost" if kind == "text" else -9
    frame.to_csv(tmp_path / "t.csv", index=False)
    source, X, y = read(tmp_path / "t.csv", reading=Reading(missing=("lost", "-9")))
    pd.testing.assert_frame_equal(X, source.X.reset_index(drop=True))
    assert y.tolist() == source.y.tolist()


def test_header_lines_between_the_rows_are_left_out(frame, tmp_path):
    frame = frame.rename(columns={"fraud": "y"})
    lines = frame.to_csv(index=False).splitlines()
    (tmp_path / "t.csv").write_text("\n".join([*lines[:90], lines[0], *lines[90:], lines[0]]))
    source, X, y = read(tmp_path / "t.csv", "y")
    assert set(source.y) == {"no", "yes"}
    assert "stand again in 2 rows, first in row 90; that is no data" in source.notes[0]
    pd.testing.assert_frame_equal(X, source.X.reset_index(drop=True))
    assert y.tolist() == source.y.tolist()
    assert source.X["amount"].dtype == float


def test_it_reads_tables_without_names(frame, tmp_path):
    frame.to_csv(tmp_path / "t.tsv", sep="\t", index=False, header=False)
    source, X, y = read(tmp_path / "t.tsv", "8", Reading(header=False))
    pd.testing.assert_frame_equal(X, source.X)
    assert y.tolist() == source.y.tolist()


@pytest.mark.parametrize(
    "options",
    [
        ("--groups", "key", "--drop", "age", "--missing", "US"),
        pytest.param(("--groups", "ward"), marks=pytest.mark.slow),
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
    # More wards than ten, whose order as text is not that of their first rows.
    frame["ward"] = [f"w{11 * row % 40}" + " " * (row % 2) for row in range(len(frame))]
    frame.to_csv(table, index=False)
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
