"""Labels: which spellings are one class, and what is said of it."""

import warnings

import pandas as pd
import pytest

from imbalanced_nn.cli.class_labels import header_lines, label_key, merged


def settled(values, missing=()):
    """Return labels as they are settled, and what was said."""
    column = pd.Series(values, name="y")
    before = column.copy()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        out = merged(column, missing)
    pd.testing.assert_series_equal(column, before)
    return [None if pd.isna(each) else each for each in out], [w.message.told for w in caught]


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
    assert said == [
        f"[INN020] y: {mark!r} in 6 rows, first in row 3, is taken for a missing class."
    ]


def test_a_number_and_its_text_differ_in_type():
    out, said = settled([0, 1, "0", "1"] * 5)
    assert out == ["0", "1"] * 10
    assert [each.split("; ")[1] for each in said] == [
        "they differ by type (number or text) only."
    ] * 2


def test_header_lines_are_rows_of_names_alone():
    table = pd.DataFrame({"a": ["1", "a", "2", " a "], "y": ["n", "y", "y", "y"]})
    assert header_lines(table, "y").tolist() == [False, True, False, True]
    assert not header_lines(table.drop(columns="y").assign(y=[0, 1, 1, 0]), "y").any()


def test_blank_labels_are_missing():
    assert settled(["no", "yes", "  ", None] * 3) == (["no", "yes", None, None] * 3, [])


def test_words_may_be_classes():
    out, said = settled(["None", "mild", "severe"] * 3)
    assert out == ["None", "mild", "severe"] * 3
    assert said == [
        "[INN020] y: 'None' in 3 rows, first in row 1, is taken for a class; --missing None leaves "
        "these rows out."
    ]
    assert settled(["None", "mild", "severe"] * 3, ["None"]) == ([None, "mild", "severe"] * 3, [])


def test_a_mark_that_leaves_one_class_is_one():
    assert settled(["NA", "EU"] * 3) == (["NA", "EU"] * 3, [])


def test_numbers_that_stand_for_no_class():
    assert settled([0, 1, 9] * 3, ["9"])[0] == [0, 1, None] * 3


@pytest.mark.parametrize(
    "spellings",
    [
        (1, 1.0, "1", "1.0", " 1 ", "01", True, "true", "TRUE"),
        ("a b", "A  b ", "'a b'", "a b.", "a\u200b b", "a\u00a0b"),
        ("\u00e9", "e\u0301"),
    ],
)
def test_what_spellings_have_in_common(spellings):
    assert len(set(map(label_key, spellings))) == 1


def test_large_numbers_stay_apart():
    assert label_key(2**60) != label_key(2**60 + 1)


def test_truth_and_numbers_are_one_class():
    out, said = settled(["False"] * 9 + ["0", "1", "1", "True"])
    assert out == ["0"] * 10 + ["1"] * 3
    assert [each.split(";")[0] for each in said] == [
        "[INN020] y: 'False' in 9 rows, first in row 1, is taken for '0'",
        "[INN020] y: 'True' in row 13 is taken for '1'",
    ]


@pytest.mark.parametrize("other", [">50K.", "'>50K'", ">50K\u200b"])
def test_marks_make_no_class(other):
    out, said = settled(["<=50K"] * 9 + [">50K"] * 5 + [other])
    assert out == ["<=50K"] * 9 + [">50K"] * 6
    assert said == [
        f"[INN020] y: {other!r} in row 15 is taken for '>50K'; they differ by quotes, full stops "
        f"or unseen characters only."
    ]


def test_letters_of_yes_and_no_have_no_case():
    assert settled(["Y", "n", "y", "N", "N"] * 9)[0] == ["Y", "N", "Y", "N", "N"] * 9


def test_a_class_of_a_few_rows_may_be_a_slip():
    out, said = settled(["no"] * 90 + ["yes"] * 60 + ["yess", "unclear"])
    assert out[-2:] == ["yess", "unclear"]
    end = "Correct the file, or leave these rows out: --missing"
    assert said == [
        f"[INN020] y: 'unclear' in row 152 is taken for a class of its own. {end} unclear.",
        f"[INN020] y: 'yess' in row 151 is taken for a class of its own. Is it 'yes'? {end} yess.",
    ]
    assert settled(["no"] * 90 + ["yes"])[1] == []
    assert settled(["0"] * 90 + ["1"] * 60 + ["2"])[1] == []


def test_names_of_columns_between_the_rows():
    column = pd.Series([*["no", "yes"] * 20, "fraud"], name="fraud")
    with pytest.warns(match="'fraud' in row 41 is taken for a missing class"):
        assert merged(column, ()).isna().sum() == 1


def test_spellings_of_missing_values_have_no_case():
    assert settled(["no", "yes", "none", "-999"] * 9, ["None", "-999"])[0][2:4] == [None, None]
    assert "--missing -999 leaves" in settled(["0", "1", "-999"] * 9)[1][0]
