"""Columns that predict copies: as they are written in the file, whatever they look like."""

import json

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from imbalanced_nn.cli import readers
from imbalanced_nn.cli.refusals import DataRefusal
from imbalanced_nn.cli.table_columns import check_known_columns


@pytest.fixture
def copied(command, model, frame, tmp_path, monkeypatch):
    """Score the first rows of the table with further columns, and return these as written."""
    monkeypatch.setattr(readers, "CHUNK_ROWS", 2)

    def copied(columns, source, target="a.csv"):
        n = len(next(iter(columns.values())))
        table = frame.drop(columns=["fraud", "when"]).assign(when="2024-01-01").iloc[:n]
        path = tmp_path / source
        if path.suffix == ".csv":
            lines = table.to_csv(index=False).splitlines()
            cells = [list(columns), *zip(*columns.values(), strict=True)]
            path.write_text(
                "".join(f"{','.join(c)},{line}\n" for c, line in zip(cells, lines, strict=True))
            )
        elif path.suffix == ".jsonl":
            rows = json.loads(table.to_json(orient="records"))
            for place, row in enumerate(rows):
                row |= {name: cells[place] for name, cells in columns.items()}
            path.write_text("\n".join(map(json.dumps, rows)))
        else:
            table.assign(**columns).to_excel(path, index=False)
        keep = [each for name in columns for each in ("--keep", name)]
        result = command("predict", model, path, "-o", tmp_path / target, *keep)
        assert result.exit_code == 0, result.output
        if target.endswith("parquet"):
            return parquet.read_table(tmp_path / target).select(list(columns)).to_pydict()
        found = pd.read_csv(tmp_path / target, dtype=str, keep_default_na=False)
        return found[list(columns)].to_dict("list")

    return copied


def test_text_comes_as_it_is_written(copied):
    ids = ["NA", " None", "null", "007", "?", ""]
    notes = ["  two", '"a, b"', '  "quoted, behind blanks"', '"  in quotes"', "-", " "]
    found = copied({"id": ids, "note": notes}, "t.csv")
    assert found["id"] == ids
    texts = ["  two", "a, b", "quoted, behind blanks", "  in quotes", "'-", " "]
    assert found["note"] == texts
    found = copied({"id": ids, "note": notes}, "u.csv", "b.parquet")
    assert found["id"] == [*ids[:-1], None]
    assert found["note"] == [*texts[:4], "-", " "]


def test_numbers_stay(copied):
    numbers = ["-11.24", "+3", '"-1,5"', "-.5e-3", "1", "-1-1"]
    found = copied({"n": numbers}, "t.csv")["n"]
    assert found == ["-11.24", "+3", "-1,5", "-.5e-3", "1", "'-1-1"]


def test_a_feature_is_read_as_ever_and_copied_as_written(copied, model, frame, command, tmp_path):
    table = frame.assign(age=[f" {age}" if age == age else "n.a." for age in frame["age"]])
    table.to_csv(tmp_path / "t.csv", index=False)
    for keep in ([], ["--keep", "age"]):
        result = command(
            "predict", model, tmp_path / "t.csv", "-o", tmp_path / f"{len(keep)}.csv", *keep
        )
        assert result.exit_code == 0, result.output
    plain, kept = (pd.read_csv(tmp_path / f"{n}.csv", keep_default_na=False) for n in (0, 2))
    assert kept.pop("age").tolist() == table["age"].tolist()
    pd.testing.assert_frame_equal(plain, kept)


@pytest.mark.parametrize("target", ["a.csv", "a.parquet"])
@pytest.mark.parametrize("source", ["t.jsonl", "t.xlsx"])
def test_whole_numbers_beside_missing_ones_stay_whole(copied, source, target):
    large = 10**17 + 1 if source == "t.jsonl" else 10**14 + 1
    ids = np.array([large, None, 7, None, 8], dtype=object)
    found = copied({"id": ids.tolist()}, source, target)["id"]
    expected = [large, None, 7, None, 8]
    if target == "a.csv":
        expected = ["" if each is None else str(each) for each in expected]
    assert found == expected


@pytest.mark.parametrize("source", ["t.jsonl", "t.xlsx"])
def test_cells_of_several_types(copied, source):
    cells = [1, "NA", None, " x", True]
    assert copied({"id": cells}, source, "a.parquet")["id"] == ["1", "NA", None, " x", "True"]
    assert copied({"id": cells}, f"u{source}")["id"] == ["1", "NA", "", " x", "True"]


def test_what_is_nested_and_what_is_empty(copied):
    found = copied({"l": [[1, "a"], None, [], [], []], "n": [None] * 5}, "t.jsonl", "a.parquet")
    assert found == {"l": ['[1, "a"]', None, "[]", "[]", "[]"], "n": [None] * 5}


def test_days_are_written_without_a_time(copied):
    days = [pd.Timestamp("2024-01-31"), None, pd.Timestamp("2024-02-01")]
    assert copied({"day": days}, "t.xlsx")["day"] == ["2024-01-31", "", "2024-02-01"]


def test_a_file_without_names_is_named_as_such(command, refusal, model, frame, tmp_path):
    frame.iloc[20:].dropna().to_csv(tmp_path / "t.csv", index=False, header=False)
    code, sentence = refusal("predict", model, tmp_path / "t.csv", "-o", tmp_path / "a.csv")
    assert code == 1
    assert sentence.startswith("The table has no column that the model was fitted on; its first")
    assert sentence.endswith(
        "If that line holds values, write the names above it; the model was fitted on amount, age, "
        "country, vip, when."
    )
    arguments = ["--target", "fraud", "--resamples", 0]
    code, sentence = refusal("evaluate", model, tmp_path / "t.csv", *arguments)
    assert (code, "If the first line holds values" in sentence) == (2, True)


def test_columns_that_are_numbered():
    with pytest.raises(DataRefusal, match="--no-header names the columns 1, 2"):
        check_known_columns(["1", "2"], ["0.5", "7", "red"])
    check_known_columns(["a"], ["b", "c"])
    check_known_columns(["a"], ["a", "7"])
