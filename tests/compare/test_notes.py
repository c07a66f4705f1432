"""Notes of a comparison: each kind once, with the strategies and folds that it is of."""

import json

import pytest

from imbalanced_nn.compare import StrategyComparison, compare_strategies
from imbalanced_nn.compare.fit_notes import gathered
from imbalanced_nn.exceptions import ImbalanceWarning, warn
from imbalanced_nn.report import render_report


def few(number):
    return ImbalanceWarning(f"{number} rows.", "INN001")


def test_a_kind_is_told_once_in_the_words_of_the_first():
    told = [("none", 1, few(3)), ("none", 2, few(4)), ("smote", 0, few(5)), ("smote", 0, few(6))]
    told += [("smote", 1, UserWarning("tried 3")), ("smote", 2, UserWarning("tried 4"))]
    told += [("smote", 2, DeprecationWarning("old"))]
    assert gathered(told, 5, 2) == [
        {
            "text": "[INN001] 3 rows.",
            "folds": {"none": [2, 3], "smote": [1]},
            "where": "none on folds 2, 3; smote on fold 1",
        },
        {"text": "tried 3", "folds": {"smote": [2, 3]}, "where": "smote on folds 2, 3"},
    ]


@pytest.mark.parametrize(
    ("folds", "n_strategies", "where"),
    [
        ({"a": range(5)}, 1, "a on every fold"),
        ({"a": range(5), "b": range(5)}, 2, "every strategy on every fold"),
        ({"a": range(5), "b": range(5)}, 3, "a, b on every fold"),
        ({"a": range(4), "b": range(4)}, 2, "a, b on 4 of 5 folds"),
        ({name: [0] for name in "abcdef"}, 6, "a, b, c, d and 2 more on fold 1"),
    ],
)
def test_where_is_said_in_words(folds, n_strategies, where):
    told = [(name, fold, few(1)) for name, numbers in folds.items() for fold in numbers]
    assert gathered(told, 5, n_strategies)[0]["where"] == where


@pytest.mark.filterwarnings(r"always:\[INN005\]")
def test_results_in_every_form_hold_them(stand_in, binary, tmp_path):
    class Notes(stand_in):
        def fit(self, X, y):
            if self.class_weight == "balanced":
                warn("INN005", f"only {len(X)} rows <of> {X[0, 0]:.3f}.")
            return super().fit(X, y)

    def compared():
        return compare_strategies(
            *(Notes(), *binary),
            strategies=["none", "class_weight"],
            cv=3,
            random_state=0,
            cache=tmp_path / "fits.jsonl",
        )

    with pytest.warns(ImbalanceWarning, match=r"\[INN005\] in 3 of 6 fits"):
        found, again = compared(), compared()
    assert [note["where"] for note in found.notes] == ["class_weight on every fold"]
    assert found.notes[0]["text"].startswith("[INN005] only 200 rows <of> ")
    assert again.notes == found.notes
    read = StrategyComparison.from_dict(json.loads(json.dumps(found.to_dict())))
    assert read.notes == found.notes
    page = render_report(found)
    assert "<h2>What the fits warned of</h2>" in page
    assert "only 200 rows &lt;of&gt; " in page
    assert "(class_weight on every fold)" in page
