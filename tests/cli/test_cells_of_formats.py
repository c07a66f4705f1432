"""Cells mean the same in every format and in every part of a file: in a fit, and to its model."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.cli.models import Model
from imbalanced_nn.cli.narrow_columns import named_offsets, offsets_of
from imbalanced_nn.cli.readers import read_chunks, read_table
from imbalanced_nn.cli.reading import AS_FOUND, Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.cli.sources import Roles, open_source, read_source
from imbalanced_nn.exceptions import ImbalanceWarning

FORMATS = ("csv", "parquet", "xlsx", "jsonl")


@pytest.fixture
def write(tmp_path):
    """Write a table in the format of a name, and return the path."""

    def write(frame, name, **options):
        path = tmp_path / name
        if name.endswith("csv"):
            frame.to_csv(path, index=False, **options)
        elif name.endswith("parquet"):
            pytest.importorskip("pyarrow", reason="an optional dependency that writes Parquet")
            frame.to_parquet(path)
        elif name.endswith("xlsx"):
            pytest.importorskip("openpyxl", reason="an optional dependency that writes workbooks")
            frame.to_excel(path, index=False)
        else:
            lines = [{k: v for k, v in row.items() if v == v} for row in frame.to_dict("records")]
            path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
        return str(path)

    return write


def learned(path, **reading):
    """Return a model that learned the columns of a file, and has no network."""
    model = object.__new__(Model)
    model._types = open_source(path, "y", Reading(**reading), Roles()).types
    model._findings = None
    return model


def typed(model, path, reading=AS_FOUND):
    """Return the columns of a file as a model reads them."""
    learned = {"decimal": model.decimal, "categories": model.categories}
    _, chunks = read_chunks(path, model.columns, model.text_columns, reading=reading, **learned)
    return pd.concat([model.typed(chunk) for chunk, _ in chunks])


def table(n=60, **columns):
    """Return a table of given columns, a class, and another feature."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({**columns, "z": rng.normal(size=n), "y": rng.choice(["no", "yes"], n)})


class TestNumbersAmongText:
    @pytest.mark.parametrize("kind", ["xlsx", "jsonl"])
    def test_they_are_read_as_they_are(self, kind, write):
        cells = [3.434, 2.5, "5,53", "7,25"] * 15
        path = write(table(a=pd.Series(cells, dtype=object)), f"t.{kind}")
        read = read_source(path, "y").X["a"].tolist()
        assert read == [3.434, 2.5, 5.53, 7.25] * 15

    @pytest.mark.parametrize("kind", ["xlsx", "jsonl"])
    def test_no_comma_of_the_fit_changes_them(self, kind, write):
        numbers = np.arange(60) / 8 + 0.434
        model = learned(write(table(a=numbers), "t.csv", sep=";", decimal=","))
        cells = pd.Series([*numbers[:-2], "n.a.", "1,5"], dtype=object)
        read = typed(model, write(table(a=cells), f"t.{kind}"))["a"]
        np.testing.assert_array_equal(read, [*numbers[:-2], np.nan, 1.5])

    def test_a_given_mark_is_that_of_text(self, write):
        cells = pd.Series([3.434, "5,530"] * 30, dtype=object)
        path = write(table(a=cells), "t.jsonl")
        assert read_source(path, "y", Reading(decimal=",")).X["a"][1] == 5.53
        assert read_source(path, "y").X["a"][1] == 5530
        model = learned(path)
        assert typed(model, path, Reading(decimal=","))["a"][1] == 5.53


class TestDecimalMarks:
    def rows(self, **columns):
        numbers = [f"{number:.3f}" for number in 19.114 + np.arange(60) ** 2 % 71 * 7.003]
        return table(a=numbers, choices=["1,3", "2", "1,2", "3"] * 15, **columns)

    def test_a_row_is_read_alike_alone_and_in_its_file(self, write):
        rows = self.rows().round(2)
        model = learned(write(rows, "t.csv"))
        whole = typed(model, write(rows, "whole.csv"))
        assert whole["a"][0] == 19.114
        for row in (0, 7):
            alone = typed(model, write(rows[row : row + 1], "one.csv"))
            assert alone.to_numpy().tolist() == whole[row : row + 1].to_numpy().tolist()

    def test_a_column_the_model_does_not_use_says_nothing(self, write):
        rows = self.rows().assign(z=np.arange(60) % 7)
        model = learned(write(rows.drop(columns="choices"), "t.csv"))
        assert typed(model, write(rows, "more.csv"))["a"][0] == 19.114

    def test_a_column_that_shows_another_mark_has_it(self, write):
        rows = table(a=np.arange(60) / 8)
        model = learned(write(rows, "t.csv"))
        read = typed(model, write(rows, "t2.csv", sep=";", decimal=","))
        np.testing.assert_array_equal(read["a"], rows["a"])

    def test_a_mark_that_is_given_is_that_of_all(self, write):
        rows = self.rows().round(2)
        model = learned(write(rows, "t.csv"))
        assert typed(model, write(rows, "one.csv"), Reading(decimal=","))["a"][0] == 19114

    def test_a_mark_taken_from_other_columns_is_told(self, write):
        path = write(self.rows().assign(z=np.arange(60) % 7), "t.csv")
        notes = read_source(path, "y").notes
        assert [note for note in notes if note.startswith("[INN020] a: ")] == [
            "[INN020] a: numbers such as '19.114' can be read in two ways; read with a decimal "
            "comma, as other columns show one. If they have a decimal point, say so (--decimal .)."
        ]
        point = read_source(path, "y", Reading(decimal="."))
        assert not [note for note in point.notes if "two ways" in note]
        assert point.X["a"][0] == 19.114

    def test_a_model_of_typed_cells_takes_the_mark_of_the_file_and_says_so(self, write):
        rows = table(a=np.arange(60) + 1.125, b=np.arange(60) % 7 / 2)
        model = learned(write(rows, "t.parquet"))
        text = rows.drop(columns="z").assign(z=1)
        path = write(text, "t.csv", sep=";", decimal=",")
        with pytest.warns(ImbalanceWarning, match=r"a: numbers such as '1,125' can be read"):
            read = typed(model, path)
        np.testing.assert_array_equal(read["a"], rows["a"])

    def test_words_of_a_remark_show_no_mark(self, write):
        remarks = ["as of 3.2", "1,5", "none of it", "see there"] * 15
        path = write(self.rows().drop(columns="choices").assign(z=1, r=remarks), "t.csv")
        assert read_table(path, "y").attrs["decimals"] == {}


class TestSpellingsOfMissingValues:
    @pytest.fixture
    def rows(self):
        return table(region=["NA", "EU", None, "None", "AS", "EU"] * 10)

    @pytest.mark.parametrize(
        ("source", "known"),
        [
            ("parquet", ["AS", "EU", "NA", "None"]),
            ("jsonl", ["AS", "EU", "NA", "None"]),
            ("csv", ["AS", "EU"]),
            ("xlsx", ["AS", "EU"]),
        ],
    )
    def test_they_are_missing_unless_the_model_knows_them(self, source, known, rows, write):
        model = learned(write(rows, f"t.{source}"))
        assert model.categories == {"region": known}
        texts = rows["region"].where(rows["region"].isin(known), "(missing)").tolist()
        for kind in FORMATS:
            assert typed(model, write(rows, f"later.{kind}"))["region"].tolist() == texts

    def test_an_encoder_knows_its_categories(self, rows):
        from imbalanced_nn import ColumnEncoder

        model = object.__new__(Model)
        model._types, model.estimator = None, ColumnEncoder().fit(rows[["region"]])
        assert model.categories["region"] == ["(missing)", "AS", "EU", "NA", "None"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rows_without_a_class_count(kind, write):
    rows = table(400, amount=[str(each / 8) for each in range(400)])
    rows.loc[300, "amount"] = "oops"
    rows["y"] = rows["y"].where(rows.index >= 100)
    source = open_source(write(rows, f"t.{kind}"), "y", AS_FOUND, Roles())
    assert "'oops' in row 301 is not" in source.notes[0]
    if kind == "parquet":
        blocks = list(source.X.blocks())
        assert blocks[0].index[0] == source.X.index[0] == source.X["z"].index[0] == 100


@pytest.mark.parametrize("fitted_on", ["csv", "parquet", "xlsx"])
def test_times_of_day_are_durations(fitted_on, write):
    times = [datetime.time(hour, minute) for hour in range(10) for minute in (0, 7, 12, 30, 45, 59)]
    rows = table(t=times)
    texts = rows.assign(t=[f"{each:%H:%M}" for each in times])
    given = {kind: texts if kind == "csv" else rows for kind in ("csv", "parquet", "xlsx")}
    model = learned(write(given[fitted_on], f"t.{fitted_on}"))
    assert model._types.kinds_["t"] == "duration"
    expected = [each.hour / 24 + each.minute / 1440 for each in times]
    for kind, frame in given.items():
        read = typed(model, write(frame, f"later.{kind}"))["t"]
        np.testing.assert_allclose(read, expected, rtol=1e-12)


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_number_that_no_float_holds_is_missing(digits, kind, tmp_path):
    cells = [*map(str, range(9, 28)), "1" * digits]
    lines = [f'{{"a": {a}, "b": {a[:1]}, "y": {len(a) % 2}}}' for a in cells]
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        lines = ["a,b,y", *(f"{a},{a[:1]},{len(a) % 2}" for a in cells)]
    path.write_text("\n".join(lines))
    source = read_source(str(path), "y")
    assert source.X["a"].isna().tolist() == [False] * 19 + [True]
    assert "a: 1 value is infinite or too large for a network" in source.notes[0]
    assert len(source.notes[0]) < 200


def test_names_of_several_levels_are_text(write):
    rows = table(a=np.arange(60) / 8)
    rows.columns = pd.MultiIndex.from_product([rows.columns, ["x"]])
    path = write(rows, "t.parquet")
    for read in (read_source, lambda *given: open_source(*given, AS_FOUND, Roles())):
        assert list(read(path, "('y', 'x')").X.columns) == ["('a', 'x')", "('z', 'x')"]


class TestEncodingsOfLines:
    @pytest.mark.parametrize(
        ("encoding", "name"),
        [
            ("utf-16", "UTF-16"),
            ("utf-16-le", "UTF-16"),
            ("latin-1", "Latin-1"),
            ("cp1252", "Windows-1252"),
        ],
    )
    @pytest.mark.parametrize("kind", ["jsonl", "csv"])
    def test_they_are_found_out(self, encoding, name, kind, tmp_path):
        text = "5 €" if encoding in ("utf-16", "cp1252") else "Düsseldorf"
        line = f'{{"a": "{text}", "y": 1}}\n' if kind == "jsonl" else f"a,y\n{text},1\n"
        path = tmp_path / f"t.{kind}"
        path.write_bytes(line.encode(encoding))
        with pytest.warns(ImbalanceWarning, match=rf"t\.{kind} is not in UTF-8 .* as {name};"):
            assert read_table(str(path), "y")["a"].tolist() == [text]

    @pytest.mark.parametrize("kind", ["jsonl", "csv"])
    @pytest.mark.parametrize("name", ["foo", "hex"])
    def test_an_unknown_one_is_refused(self, kind, name, tmp_path):
        path = tmp_path / f"t.{kind}"
        path.write_text('{"a": 1}\n')
        with pytest.raises(UsageRefusal, match=f"--encoding '{name}' is not known; utf-8, latin-1"):
            read_table(str(path), "y", Reading(encoding=name))

    @pytest.mark.parametrize("kind", ["jsonl", "csv"])
    def test_a_wrong_one_is_refused(self, kind, tmp_path):
        path = tmp_path / f"t.{kind}"
        path.write_text('{"a": "ü"}\n', "utf-8")
        with pytest.raises(DataRefusal, match=r"in ascii\. Give another --encoding, or none"):
            read_table(str(path), "y", Reading(encoding="ascii"))

    def test_what_is_packed_is_named_so(self, tmp_path):
        (tmp_path / "t.jsonl").write_bytes(b"\x1f\x8b\x08")
        with pytest.raises(DataRefusal, match=r"let its name end in \.jsonl\.gz"):
            read_table(str(tmp_path / "t.jsonl"), "y")


def test_columns_that_float32_rounds_away_have_names():
    frame = pd.DataFrame(
        {
            "x": np.arange(90) / 8,
            "paid at": 1e9 + np.arange(90) % 5,
            "c": ["p", "q", "r"] * 30,
            "no": 2e9 + np.arange(90) % 7,
        }
    )
    [note] = offsets_of(frame)
    assert note == (
        "[INN023] paid at, no: values lie at 1e+09 and spread by 1.4 in paid at, less than "
        "float32, in which networks calculate, tells apart there. Subtract a number near the mean "
        "in the file, or leave out what is no feature: --drop 'paid at' --drop no."
    )
    assert named_offsets(["[INN020] x: any other note."], ["x"]) == ["[INN020] x: any other note."]


def test_a_fit_names_them_and_an_answer_is_that_of_every_format(command, write, tmp_path):
    rng = np.random.default_rng(0)
    rows = table(200, region=rng.choice(["NA", "EU"], 200), at=1e9 + rng.integers(0, 5, 200))
    model, arguments = tmp_path / "m.inn", ("--epochs", 2, "--held-out", 0.2, "--no-onnx")
    path = write(rows, "t.parquet")
    result = command("fit", path, "--target", "y", "--output", model, *arguments)
    assert result.exit_code == 0, result.output
    assert "[INN023] at: values lie at 1e+09" in result.stderr
    scored = []
    for kind in ("parquet", "csv"):
        command("predict", model, write(rows, f"later.{kind}"), "-o", tmp_path / f"{kind}.csv")
        scored.append(pd.read_csv(tmp_path / f"{kind}.csv"))
    pd.testing.assert_frame_equal(*scored)


def test_a_comparison_names_them(command, write):
    rows = table(90, at=1e9 + np.arange(90) % 5)
    options = ("--target", "y", "--folds", 2, "--epochs", 1, "--strategies", "none")
    result = command("compare", write(rows, "t.csv"), *options)
    assert result.exit_code == 0, result.output
    assert "[INN023] at: values lie at 1e+09" in result.stderr
    assert " of X" not in result.stderr
