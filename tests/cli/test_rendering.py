"""The table that the command prints: it says what the numbers show, and no more."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from imbalanced_nn.cli.column_table import print_columns
from imbalanced_nn.cli.rendering import print_comparison, print_source
from imbalanced_nn.cli.summaries import _confusion_table
from imbalanced_nn.compare import StrategyComparison


def _comparison(scores, pos_label=1):
    """Return a comparison whose average precision in every fold is given by strategy."""
    names = ["learned", "0.5"] if pos_label is not None else ["learned", "argmax"]
    folds = [
        {
            "strategy": strategy,
            "fold": fold,
            "threshold": threshold,
            "average_precision": score,
            "balanced_accuracy": score - 0.1 * (threshold != "learned"),
            "f1": 0.5,
            "matthews_corrcoef": 0.25,
            "log_loss": 1 - score,
            "seconds": 12.34,
        }
        for strategy, per_fold in scores.items()
        for fold, score in enumerate(per_fold)
        for threshold in names
    ]
    n = len(next(iter(scores.values())))
    return StrategyComparison(folds, [0, 1], [90, 10], pos_label, [80] * n, [20] * n)


NONE = [0.50, 0.52, 0.48, 0.51, 0.49]


class TestTable:
    @pytest.fixture
    def lines(self, capsys, monkeypatch):
        def lines(width, **scores):
            monkeypatch.setenv("COLUMNS", str(width))
            print_comparison(_comparison(scores or {"none": NONE, "smote": np.add(NONE, 0.1)}))
            return capsys.readouterr().out.splitlines()

        return lines

    def test_best_values_are_marked_by_a_character(self, lines):
        table = lines(200)
        smote = next(line for line in table if line.startswith("smote"))
        none = next(line for line in table if line.startswith("none"))
        tie = "*0.500 ± 0.000 *0.250 ± 0.000"
        assert " ".join(smote.split()) == (
            f"smote learned *0.600 ± 0.016 *0.600 ± 0.016 {tie} *0.400 ± 0.016 *12.3 ± 0.0"
        )
        assert " ".join(none.split()) == (
            f"none learned 0.500 ± 0.016 0.500 ± 0.016 {tie} 0.500 ± 0.016 *12.3 ± 0.0"
        )

    def test_a_narrow_table_has_the_spread_below(self, lines):
        table = lines(80)
        assert table[1].split() == ["average", "balanced", "log"]
        assert table[2].split()[2:] == ["precision", "accuracy", "F1", "MCC", "loss", "seconds"]
        row = next(i for i, line in enumerate(table) if line.startswith("smote"))
        assert table[row].split()[:4] == ["smote", "learned", "*0.600", "*0.600"]
        assert table[row + 1].split()[:2] == ["±0.016", "±0.016"]
        assert table[row].index("0.600") == table[row + 1].index("0.016")

    def test_names_are_never_cut(self, lines):
        table = lines(80, balanced_batches=NONE, logit_adjusted=NONE)
        assert any(line.startswith("balanced_batches learned") for line in table)
        assert max(map(len, table)) <= 80

    def test_the_positive_class_is_named(self, lines):
        assert "Average precision and F1 are of the class 1." in lines(80)


def test_many_classes_are_not_all_listed(capsys):
    y = np.repeat(np.arange(12), np.arange(12, 0, -1) * 10)
    source = SimpleNamespace(
        name="t", target="y", y=y, X=np.zeros((len(y), 2)), left_out=[], columns=[]
    )
    print_source(source)
    assert capsys.readouterr().out.splitlines()[1] == (
        "Classes of y: 0 120 (15.4%), 1 110 (14.1%), 2 100 (12.8%), 3 90 (11.5%), 4 80 (10.3%), "
        "5 70 (9.0%), 6 60 (7.7%), ... 4 more ..., 11 10 (1.3%)"
    )


class TestWidths:
    """Every number is there at every width; what gives way are names and one-line spreads."""

    NAMES = ("none", "a_strategy_with_a_name_of_forty_characters", "猫" * 20)

    @pytest.mark.parametrize("width", [72, 80, 100, 110, 118, 140, 200])
    def test_of_a_comparison(self, capsys, monkeypatch, width):
        monkeypatch.setenv("COLUMNS", str(width))
        print_comparison(_comparison(dict.fromkeys(self.NAMES, NONE)))
        table = capsys.readouterr().out.split("\n* best")[0]
        assert max(map(cell_len, table.splitlines())) <= width
        assert table.count("0.500") == 3 * (2 + 1 + 2 + 2)
        assert table.count("±") == 3 * 2 * 6

    def test_the_wide_layouts_come_as_soon_as_they_fit(self, capsys, monkeypatch):
        def lines(width):
            monkeypatch.setenv("COLUMNS", str(width))
            print_comparison(_comparison({"none": NONE, "smote": np.add(NONE, 0.1)}))
            return capsys.readouterr().out.split("\n\n")[0].splitlines()[1:]

        widths = {}
        for width in range(60, 140):
            table = lines(width)
            # One line of headers or two; a row or two for each cut.
            layout = ("average precision" in table[0], "±" in table[-1] and "0.5" in table[-1])
            widths.setdefault(layout, []).append((width, max(map(cell_len, table))))
        assert list(widths) == [(False, False), (False, True), (True, True)]
        for layout in ((False, True), (True, True)):
            first, needed = widths[layout][0]
            assert first == needed

    @pytest.mark.parametrize("width", [80, 100, 140])
    def test_of_a_confusion_matrix(self, width):
        classes = [f"a class with a name that is long, number {number}" for number in range(8)]
        counts = np.arange(64).reshape(8, 8) + 12_345
        table = _confusion_table(classes, counts.tolist(), width)
        console = Console(file=io.StringIO(), width=width, force_jupyter=False)
        console.print(table)
        shown = console.file.getvalue()
        assert max(map(cell_len, shown.splitlines())) <= width
        assert all(f"{count:,}" in shown for count in counts.ravel())
        assert "…" in shown


class TestColumns:
    @pytest.fixture
    def lines(self, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")

        def lines(names):
            kind = {"kind": "number", "categories": None, "missing": 1234, "detail": "kg"}
            print_columns([{"name": name} | kind for name in names])
            return capsys.readouterr().out.splitlines()[1:-1]

        return lines

    def test_long_names_are_shortened(self, lines):
        told = lines(["the name of a column " * 8 + "a", "the name of a column " * 8 + "b", "c"])
        assert max(map(len, told)) <= 80
        assert all(line.endswith("number, kg     1,234") for line in told[2:])
        assert (told[2][:4], told[2].split()[-4][-1]) == ("the ", "a")

    def test_many_columns_are_told_by_kind(self, lines):
        told = lines([f"a rather long name {place}" for place in range(50)])
        assert max(map(len, told)) <= 80
        text = " ".join(" ".join(told).split())
        assert text.startswith("taken for columns which missing")
        assert "and 42 more" in text
        assert "61,700" in text
