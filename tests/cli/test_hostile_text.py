"""Names and cells that somebody else has chosen: they move no cursor, and run in no spreadsheet."""

import io

import pandas as pd
import pytest
from rich.table import Table

from imbalanced_nn.cli.predict_command import _defused, _writer
from imbalanced_nn.cli.refusals import DataRefusal
from imbalanced_nn.cli.terminal import print_notes, say, say_prose, say_table, visible

HOSTILE = ["\x1b[2J", "\x1b]0;t\x07", "\r", "\x08", "\x9b31m", "\u202e", "\u2066", "\u200f", "\x85"]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_way_to_print_spells_control_characters_out(text, capsys):
    table = Table()
    table.add_column(f"name{text}x")
    table.add_row(f"a{text}x")
    say(f"a{text}b")
    say_prose(f"c{text}d")
    say_table(table)
    print_notes([f"e{text}f"])
    DataRefusal(f"g{text}h").show()
    printed = "".join(capsys.readouterr())
    assert text[0] not in printed
    assert f"a{ascii(text)[1:-1]}b" in printed


def test_other_letters_stay():
    text = "Ünïcode, 日本, עברית\n\tand lines"
    assert visible(text) == text


FORMULAS = ["=1+1", "+1+1", "-x", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "\xa0=1", "\uff1d1"]
PLAIN = ["a=b", "", " a", "-11.24", "+5", "-1.234,5", "-.5e-3", " -7 "]


@pytest.mark.parametrize("raw", [False, True])
def test_text_that_a_spreadsheet_would_run(tmp_path, raw):
    texts = [text for text in FORMULAS + PLAIN if not (raw and "\r" in text)]
    n = len(texts)
    table = pd.DataFrame({"=name": texts, "number": [-1.5] * n, "whole": [-2] * n})
    before = table.copy()
    with _writer(tmp_path / "a", "a.csv", raw) as write:
        write(table)
    read = pd.read_csv(io.StringIO((tmp_path / "a").read_bytes().decode()), keep_default_na=False)
    expected = [text if raw or text in PLAIN else f"'{text}" for text in texts]
    assert read.iloc[:, 0].tolist() == [text.replace("\r", "\n") for text in expected]
    assert read.columns[0] == ("=name" if raw else "'=name")
    assert read["number"].tolist() == [-1.5] * n
    assert read["whole"].tolist() == [-2] * n
    pd.testing.assert_frame_equal(table, before)


def test_labels_of_categories_and_missing_cells():
    table = pd.DataFrame({"label": pd.Categorical(["=x", "b"]), "kept": ["-", None]})
    found = _defused(table)
    assert found["label"].tolist() == ["'=x", "b"]
    assert found["kept"].isna().tolist() == [False, True]
