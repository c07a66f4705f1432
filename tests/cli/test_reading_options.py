"""Options that say how a file is read and which rows are held out, and formats beside CSV."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn import load
from imbalanced_nn.cli.fit_command import fit
from imbalanced_nn.cli.held_out_part import NewestRows, folds_of, held_out_by, in_order
from imbalanced_nn.cli.options import check_split_by_one, positive_label, threshold_from, tuner_of
from imbalanced_nn.cli.readers import read_table
from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.cli.sources import Roles, open_source, read_source
from imbalanced_nn.data import positive_code
from imbalanced_nn.exceptions import ImbalanceWarning


def write(frame, path):
    """Write a table to a file of the kind that its name says."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)


@pytest.fixture
def source(frame, tmp_path):
    """Read the table from a file that is written with given options."""

    def source(write, name="t.csv", roles=Roles(), **reading):  # noqa: B008 - immutable
        write(frame, tmp_path / name)
        target = "8" if reading.get("header") is False else "fraud"
        return read_source(str(tmp_path / name), target, Reading(**reading), roles)

    return source


@pytest.fixture
def expected(source):
    """The table as it is read without any option."""
    return source(lambda frame, path: frame.to_csv(path, index=False)).X


@pytest.mark.parametrize(
    ("options", "reading"),
    [
        ({"sep": "^"}, {"delimiter": "^"}),
        ({"sep": "|"}, {}),
        ({"sep": ";", "decimal": ","}, {"decimal": ","}),
        ({"encoding": "cp500"}, {"encoding": "cp500"}),
        ({"na_rep": "leer"}, {"missing": ("leer",)}),
    ],
)
def test_what_the_options_say_is_read(source, expected, options, reading):
    read = source(lambda frame, path: frame.to_csv(path, index=False, **options), **reading)
    pd.testing.assert_frame_equal(read.X, expected)


def test_a_file_without_names(source, expected):
    read = source(lambda f, path: f.to_csv(path, index=False, header=False), header=False)
    assert [each["name"] for each in read.columns] == [*map(str, range(1, 8))]
    np.testing.assert_array_equal(read.X["1"], expected["amount"])


def test_dropped_columns_are_told(source, expected):
    read = source(lambda f, path: f.to_csv(path, index=False), drop=("age", "vip"))
    pd.testing.assert_frame_equal(read.X, expected.drop(columns=["age", "vip"]))
    assert "columns by --drop: age, vip" in read.as_json()["left_out"]
    assert read.options == ["--drop", "age", "--drop", "vip"]


def test_lines_of_json(source, expected):
    def write(frame, path):
        frame.assign(when=frame["when"].astype(str)).to_json(path, orient="records", lines=True)

    pd.testing.assert_frame_equal(source(write, "t.jsonl.gz").X, expected)


def test_a_workbook(source, expected):
    pytest.importorskip("openpyxl", reason="an optional dependency that writes workbooks")

    def write(frame, path):
        frame.to_excel(path, index=False)

    pd.testing.assert_frame_equal(source(write, "t.xlsx").X, expected)


def test_a_workbook_with_more_than_a_table(frame, tmp_path):
    pytest.importorskip("openpyxl", reason="an optional dependency that writes workbooks")
    frame["fraud"] = frame["fraud"].map({"yes": "NA", "no": "EU"})
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame().to_excel(book, sheet_name="cover")
        frame.to_excel(book, sheet_name="data", index=False, startrow=2, startcol=1)
    with pytest.warns(ImbalanceWarning, match="t.xlsx has 2 sheets; 'data' was read"):
        read = read_table(str(tmp_path / "t.xlsx"), "fraud")
    assert read.columns.tolist() == frame.columns.tolist()
    assert read["fraud"].tolist() == frame["fraud"].tolist()
    assert read["amount"].tolist() == frame["amount"].tolist()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["Sales", None], ["a", "y"], [1, 2]], "its first line has 1 cell. If it is no part of"),
        ([["a", "a", "y"], [1, 2, 3]], "has more than one column 'a'; name each once."),
    ],
)
def test_a_workbook_that_is_no_table(rows, sentence, tmp_path):
    pytest.importorskip("openpyxl", reason="an optional dependency that writes workbooks")
    pd.DataFrame(rows).to_excel(tmp_path / "t.xlsx", index=False, header=False)
    with pytest.raises(DataRefusal, match=sentence):
        read_table(str(tmp_path / "t.xlsx"), "y")


def test_what_is_no_workbook(tmp_path):
    pytest.importorskip("openpyxl", reason="an optional dependency that reads workbooks")
    (tmp_path / "t.xlsx").write_text("a,y\n")
    with pytest.raises(DataRefusal, match="is no Excel workbook"):
        read_table(str(tmp_path / "t.xlsx"), "y")


def test_a_workbook_without_its_library(refused, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    assert refused("compare", tmp_path / "t.xlsx", "--target", "y") == (
        2,
        "Excel files need openpyxl: pip install openpyxl. Or save the sheet as .csv.",
    )


class TestHeldOut:
    def test_the_newest_rows_are_held_out_whole(self):
        time = np.array([5, 1, 4, 4, 2, 3, 0, 4, 1, 2])
        ((train, held_out),) = held_out_by(SimpleNamespace(time=time, groups=None), 0.2, None)
        assert sorted(time[held_out]) == [4, 4, 4, 5]
        assert sorted([*train, *held_out]) == list(range(10))

    def test_folds_in_time(self):
        time = np.random.default_rng(0).permutation(40)
        for train, test in folds_of(time, 3):
            assert time[train].max() < time[test].min()
        with pytest.raises(UsageRefusal, match="--folds 40: there are 40 rows; give fewer folds"):
            folds_of(time, 40)

    def test_shares_and_folds(self):
        source = SimpleNamespace(time=None, groups=None)
        assert held_out_by(source, None, None) == "auto"
        assert held_out_by(source, 0.3, None) == 0.3
        assert held_out_by(source, None, 5) == 5

    def test_rows_are_put_in_the_order_of_time(self, source):
        read = source(lambda f, path: f.to_csv(path, index=False), roles=Roles(time="when"))
        ordered = in_order(read)
        assert (np.diff(ordered.time) >= 0).all()
        order = np.argsort(read.time, kind="stable")
        np.testing.assert_array_equal(ordered.X["amount"], read.X["amount"].iloc[order])
        np.testing.assert_array_equal(ordered.y, read.y[order])
        ((train, test),) = NewestRows(0.25).split(ordered.X)
        assert (len(train), test[0], test[-1]) == (180, 180, 239)

    def test_groups_stay_together_and_time_needs_no_groups(self, source):
        roles = Roles(groups="key", time="when")
        read = source(lambda f, path: f.to_csv(path, index=False), roles=roles)
        assert len(set(read.groups)) == 240
        assert not {"key", "when"} & set(read.X)
        with pytest.raises(UsageRefusal, match="--groups and --time"):
            check_split_by_one(*roles)

    def test_gaps_are_refused(self, source):
        with pytest.raises(DataRefusal, match=r"--groups 'country': 10 .* the first in row 1\."):
            source(lambda f, path: f.to_csv(path, index=False), roles=Roles(groups="country"))

    @pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "jsonl"])
    def test_groups_are_spelled_as_categories(self, kind, frame, tmp_path):
        path = tmp_path / f"t.{kind}"
        frame["ward"] = [f"w{row % 3}" + " " * (row % 2) for row in range(240)]
        write(frame.drop(columns="when"), path)
        read = [
            make(str(path), "fraud", Reading(), Roles("ward"))
            for make in (read_source, open_source)
        ]
        for source in read:
            assert source.groups.tolist() == [row % 3 for row in range(240)]

    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    @pytest.mark.parametrize(
        ("mark", "missing"), [("-", ()), ("n.a.", ()), (-999, ("-999",)), ("?", ()), ("x", ("X",))]
    )
    def test_marks_of_missing_values_are_no_group(self, kind, mark, missing, frame, tmp_path):
        path = tmp_path / f"t.{kind}"
        group = [mark if row % 50 == 3 else row % 7 for row in range(240)]
        as_text = isinstance(mark, str) and kind == "parquet"
        frame["ward"] = pd.Series(group).astype(str) if as_text else group
        write(frame.drop(columns="when"), path)
        with pytest.raises(DataRefusal, match=r"--groups 'ward': 5 of its .* in row 4\."):
            read_source(str(path), "fraud", Reading(missing=missing), Roles("ward"))

    def test_the_time_honours_what_is_missing(self, frame, tmp_path):
        frame["hour"] = [-999 if row == 8 else row for row in range(240)]
        write(frame, tmp_path / "t.csv")
        with pytest.raises(DataRefusal, match=r"--time 'hour': 1 .* first, '-999', in row 9\."):
            read_source(
                str(tmp_path / "t.csv"), "fraud", Reading(missing=("-999",)), Roles(time="hour")
            )

    def test_a_time_that_is_none(self, source):
        with pytest.raises(UsageRefusal, match="'key' holds neither dates nor numbers"):
            source(lambda f, path: f.to_csv(path, index=False), roles=Roles(time="key"))


@pytest.mark.parametrize(
    ("text", "labels", "label"),
    [(None, [0, 1], None), ("1", [0, 1], 1), ("1.0", [0, 1], 1), ("YES", ["no", "yes"], "yes")],
)
def test_the_positive_class(text, labels, label):
    assert positive_label(text, labels, "y") == label


@pytest.mark.parametrize(
    ("labels", "found"),
    [([0, 1, 1], 1), ([-1, 1, 1], 1), (["b", "a", "a"], "b"), (["True", "True", "False"], "False")],
)
def test_the_help_names_the_class_that_is_found_by_default(labels, found):
    classes, counts = np.unique(labels, return_counts=True)
    assert classes[positive_code(None, classes, counts)] == found
    (option,) = (each for each in fit.params if "--positive" in each.opts)
    assert option.help.endswith("[default: 1 where the other is 0 or -1, else the rarest].")


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [([0, 1], "'2' is no class of 'y'; its classes are 0, 1."), ([1, 2, 3], "of two classes")],
)
def test_another_positive_class_is_refused(labels, sentence):
    with pytest.raises(UsageRefusal, match=sentence):
        positive_label("2", labels, "y")


def test_confidence_is_that_of_a_constraint():
    tuner = tuner_of(threshold_from("recall", ("precision", 0.9), None, 0.95))
    assert (tuner.constraint, tuner.confidence) == (("precision", 0.9), 0.95)
    with pytest.raises(UsageRefusal, match="--constraint precision 0.9"):
        threshold_from("recall", None, None, 0.95)


def test_the_options_reach_the_fit(command, frame, tmp_path):
    frame.to_csv(tmp_path / "t.csv", index=False)
    arguments = ["fit", tmp_path / "t.csv", "--target", "fraud", "-o", tmp_path / "a.inn"]
    options = ["--epochs", 1, "--time", "when", "--positive", "no", "--missing", "-5", "--json"]
    content = json.loads(command(*arguments, *options).stdout)
    classifier = load(tmp_path / "a.inn")[-1]
    held_out = classifier.validation_indices_
    when = frame["when"].to_numpy()
    assert when[held_out].min() > np.delete(when, held_out).max()
    assert content["held_out_rows"] == len(held_out)
    assert content["threshold"]["positive_class"] == "no"
    assert load(tmp_path / "a.inn")[0].missing == ["-5"]
    assert command(*arguments, "--force", "--epochs", 1, "--folds", 2, "--json").exit_code == 0
    assert load(tmp_path / "a.inn")[-1].validation_split == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fit", "t.csv", "--target", "y", "--target=z"], "--target is given 2 times"),
        (
            ["fit", "t.csv", "--target", "y", *["--constraint", "precision", "0.5"] * 3],
            "--constraint is given 3 times",
        ),
        (["predict", "a.inn", "t.csv", "-o", "a.csv", "--output", "b.csv"], "--output is given 2"),
    ],
)
def test_an_option_of_one_value_is_given_once(arguments, sentence, refused):
    code, told = refused(*arguments)
    assert code == 2
    assert told.startswith(sentence) and told.endswith("takes one value; give it once.")


class TestHints:
    @pytest.mark.parametrize(
        ("content", "options", "end"),
        [
            ("a^b^y\n1^2^p\n", [], "give --delimiter what is between them. Is it '^'?"),
            ("5.1,3.5,1\n4.9,3.0,0\n", [], "--no-header names the columns 1, 2, ..."),
            ("1,1,5\n4.9,3.0,0\n", [], "--no-header names the columns 1, 2, ..."),
            ("a,b\n1,2\n", ["--delimiter", "ab"], "Give one such as ';' or '|', or tab."),
            ("a,y\n1,2\n", ["--encoding", "nope"], "utf-8, latin-1 and utf-16 are."),
            ("a,y\n1,2\n", ["--drop", "y"], "--drop 'y' is the target; name another column."),
            ("aa,y\n1,2\n", ["--drop", "a"], "the columns are aa, y. Did you mean 'aa'?"),
        ],
    )
    def test_what_may_be_wrong(self, content, options, end, refused, tmp_path):
        (tmp_path / "t.csv").write_text(content)
        sentence = refused("compare", tmp_path / "t.csv", "--target", "y", *options)[1]
        assert sentence.endswith(end)
