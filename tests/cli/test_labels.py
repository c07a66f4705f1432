"""Labels: which spellings are one class, and what is said of it."""

import warnings

import pandas as pd
import pytest

from imbalanced_nn.cli.labels import label_key, merged


def settled(values, missing=()):
    """Return labels as they are settled, and what was said."""
    column = pd.Series(values, name="y")
    before = column.copy()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        out = merged(column, missing)
    pd.testing.assert_series_equal(column, before)
    return [None if pd.isna(each) else each for each in out], [str(w.message) for w in caught]


def test_clean_labels_are_left_alone():
    assert settled(["no", "yes"] * 9) == (["no", "yes"] * 9, [])
    assert settled([0, 1, 1, 0]) == ([0, 1, 1, 0], [])
    assert settled([True, False] * 9)[1] == []


def test_case_and_spaces_make_no_class():
    out, said = settled(["no"] * 9 + ["yes"] * 5 + ["Yes", "yes ", "not ok", "not  ok", "not ok"])
    assert out == ["no"] * 9 + ["yes"] * 7 + ["not ok"] * 3
    assert said == [
        "[INN020] y: 'Yes' in row 15 is taken for 'yes'; they differ by case or spaces only.",
        "[INN020] y: 'yes ' in row 16 is taken for 'yes'; they differ by spaces only.",
        "[INN020] y: 'not  ok' in row 18 is taken for 'not ok'; they differ by case or spaces "
        "only.",
    ]


def test_spaces_of_all_labels_are_stripped():
    assert settled([" no ", "yes "] * 4) == (["no", "yes"] * 4, [])


def test_single_letters_may_differ_by_case():
    out, said = settled(["a", "A", "b"] * 200 + ["B"])
    assert out == ["a", "A", "b"] * 200 + ["b"]
    assert [each.split(";")[0] for each in said] == [
        "[INN020] y: 'a' and 'A' differ by case alone and stay two classes.",
        "[INN020] y: 'B' in row 601 is taken for 'b'",
    ]


@pytest.mark.parametrize("mark", ["?", "NA", "n.a.", "-", "#N/A", "null", " ? "])
def test_marks_of_missing_values_are_no_class(mark):
    out, said = settled(["no", "yes", mark, mark] * 3)
    assert out == ["no", "yes", None, None] * 3
    assert said == [f"[INN020] y: {mark!r} in 6 rows, the first 3, is taken for a missing class."]


def test_blank_labels_are_missing():
    assert settled(["no", "yes", "  ", None] * 3) == (["no", "yes", None, None] * 3, [])


def test_words_may_be_classes():
    out, said = settled(["None", "mild", "severe"] * 3)
    assert out == ["None", "mild", "severe"] * 3
    assert said == [
        "[INN020] y: 'None' in 3 rows, the first 1, is taken for a class; --missing None leaves "
        "these rows out."
    ]
    assert settled(["None", "mild", "severe"] * 3, ["None"]) == ([None, "mild", "severe"] * 3, [])


def test_a_mark_that_leaves_one_class_is_one():
    assert settled(["NA", "EU"] * 3) == (["NA", "EU"] * 3, [])


def test_numbers_that_stand_for_no_class():
    assert settled([0, 1, 9] * 3, ["9"])[0] == [0, 1, None] * 3


@pytest.mark.parametrize(
    "spellings", [(1, 1.0, "1", "1.0", " 1 ", "01"), (True, "true", "TRUE"), ("a b", "A  b ")]
)
def test_what_spellings_have_in_common(spellings):
    assert len(set(map(label_key, spellings))) == 1


def test_large_numbers_stay_apart():
    assert label_key(2**60) != label_key(2**60 + 1)
