"""Names are shortened to fit a width, can be told apart, and numbers stay whole."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from imbalanced_nn import imbalance_report
from imbalanced_nn.inspection.widths import fitted, natural_width, one_line, short_names


def test_names_lose_their_middle():
    assert short_names(["short", "a_rather_long_name"], 11) == ["short", "a_rat…_name"]


def test_names_that_would_be_equal_are_numbered():
    names = ["left_1_right", "left_2_right", "other"]
    assert short_names(names, 9) == ["left_1_…1", "left_2_…2", "other"]
    assert short_names(["aaaaXaaaa", "aaaaYaaaa"], 7) == ["aaaaX…1", "aaaaY…2"]


@given(st.lists(st.text("abc猫́", min_size=1, max_size=30), max_size=6), st.integers(5, 20))
def test_no_name_is_longer_than_asked_for(names, length):
    short = short_names(names, length)
    assert all(cell_len(name) <= length for name in short)
    assert all(b == a for a, b in zip(names, short, strict=True) if cell_len(a) <= length)
    cut = [b for a, b in zip(names, short, strict=True) if cell_len(a) > length]
    assert len(set(cut)) == len(cut)


def test_control_characters_are_spelled_out():
    assert one_line("a\nb\x1b[1m é") == "a\\nb\\x1b[1m é"


def table_of(names):
    table = Table(box=None)
    table.add_column("name", no_wrap=True)
    table.add_column("number", no_wrap=True)
    for name in names:
        table.add_row(Text(name), "1,234,567")
    return table


@pytest.mark.parametrize("width", [12, 30, 40, 80])
def test_a_table_is_as_wide_as_it_can_be(width):
    names = ["x" * 40, "猫" * 20, "short"]
    table = fitted(table_of, names, width)
    least, most = (natural_width(table_of(short_names(names, n))) for n in (5, 40))
    assert natural_width(table) == min(max(width, least), most)


@pytest.mark.parametrize(
    "label", ["a class with a name that is far too long to be shown whole", "猫" * 30]
)
def test_the_report_shows_every_number(label):
    class Classifier:
        classes_ = np.array(["ok", f"{label} a", f"{label} b"])

        def predict_proba(self, X):
            return X

        def predict(self, X):
            return self.classes_[X.argmax(axis=1)]

    classifier = Classifier()
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 3000)
    y = np.repeat(classifier.classes_, 1000)
    report = imbalance_report(classifier, proba, y, n_resamples=20, random_state=0)
    wide = Console(file=io.StringIO(), width=300, force_jupyter=False)
    wide.print(report)
    whole = wide.file.getvalue()
    for columns in (80, 100, 140):
        narrow = Console(file=io.StringIO(), width=columns, force_jupyter=False)
        narrow.print(report)
        shown = narrow.file.getvalue()
        assert max(map(cell_len, shown.splitlines())) <= columns
        numbers = [word for word in whole.split() if word[:1] in set("0123456789.[-")]
        assert [word for word in shown.split() if word in numbers] == numbers
    assert str(report).startswith("Classifier on 3,000 rows")
