"""Numbers and dates in text: what is read, in which order, and what stays text."""

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.tables import ColumnTypes, decimal_mark

NUMBERS = [
    (["1,234.50", "12", "-3"], [1234.5, 12, -3]),
    (["1.234,50", "12", "3,5"], [1234.5, 12, 3.5]),
    (["$5", "$1,200", "-$3", "($4)"], [5, 1200, -3, -4]),
    (["5%", "3 %", "2.5%"], [5, 3, 2.5]),
    (["1 234,5", "2\u00a0000"], [1234.5, 2000]),
    (["+5", "1e5", "-1E-3", "5-", "\u22126"], [5, 1e5, -1e-3, -5, -6]),
    (["1'234.5", "5"], [1234.5, 5]),
    (["12,34,567", "8"], [1234567, 8]),
    (["12 EUR", "13 EUR"], [12, 13]),
    (["true", "FALSE", "n/a"], [1, 0, np.nan]),
    (["0.5", "0", ".25"], [0.5, 0, 0.25]),
    (["7", "8", "na", "-", "--", "N.A.", "null", "#DIV/0!"], [7, 8, *[np.nan] * 6]),
    ([1.5, "2.5", "n.a."], [1.5, 2.5, np.nan]),
]
TEXTS = [
    ["01067", "80331"],
    ["192.168.0.1", "10.0.0.1"],
    ["1_000", "2"],
    ["0x1F", "3"],
    ["$5", "€5"],
    ["1,2,3", "4,5"],
    ["A", "-"],
    ["none", "unknown"],
    ["2024", "2024-13-01"],
    ["31/02/2024", "30/01/2024"],
    ["3", "4", "5more", "2"],
]
DATES = [
    (["31/12/2024", "01/02/2024"], ["2024-12-31", "2024-02-01"]),
    (["12/31/2024", "01/02/2024 5:30 PM"], ["2024-12-31", "2024-01-02 17:30"]),
    (["12/31/2024 12:05 am", "1-2-2024"], ["2024-12-31 00:05", "2024-01-02"]),
    (["01.02.2024", "2.1.2024 12:00:30"], ["2024-02-01", "2024-01-02 12:00:30"]),
    (["2024/12/31", "2024-1-2"], ["2024-12-31", "2024-01-02"]),
    (["3 Jan 2024", "Feb 5, 2024", "31-Dec-69"], ["2024-01-03", "2024-02-05", "1969-12-31"]),
    (["01/01/2024", "01/02/2024", "01/03/2024"], ["2024-01-01", "2024-02-01", "2024-03-01"]),
]


def doubled(values):
    """Return a table with each value twice, which is no key."""
    return pd.DataFrame({"a": [*values, *values]}, dtype=object)


@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize(("values", "expected"), NUMBERS)
def test_numbers(values, expected):
    frame = doubled(values)
    types = ColumnTypes()
    for out in (types.fit_transform(frame), types.transform(frame)):
        np.testing.assert_array_equal(out["a"], [*expected, *expected])


@pytest.mark.parametrize("values", TEXTS)
def test_what_stays_text(values):
    types = ColumnTypes().fit(doubled(values))
    assert types.kinds_ == {"a": "text"}


@pytest.mark.parametrize(("values", "expected"), DATES)
def test_dates(values, expected):
    frame = doubled(values)
    days = (pd.to_datetime([*expected, *expected], format="mixed") - pd.Timestamp(0)).to_numpy()
    types = ColumnTypes().fit(frame)
    assert types.kinds_ == {"a": "date"}
    np.testing.assert_allclose(types.transform(frame)["a"], days / np.timedelta64(1, "D"))


def test_dates_that_can_be_read_both_ways_are_told():
    frame = pd.DataFrame({"a": ["03/04/2024", "05/06/2024", None]})
    with pytest.warns(ImbalanceWarning, match="such as '03/04/2024'; read month first"):
        types = ColumnTypes().fit(frame)
    sure = frame.assign(b=["13/04/2024", "05/06/2024", None])
    types = ColumnTypes().fit(sure)
    assert types.columns_[0]["detail"] == "day first"


def test_the_order_of_the_fit_is_kept():
    types = ColumnTypes().fit(pd.DataFrame({"a": ["31/12/2024", "01/02/2024"]}))
    days = types.transform(pd.DataFrame({"a": ["03/04/2024"]}))["a"]
    assert pd.Timestamp(0) + pd.Timedelta(days=days[0]) == pd.Timestamp("2024-04-03")


@pytest.mark.parametrize("n_bad", [1, 5, 6])
def test_a_column_is_numbers_where_nearly_all_of_it_is(n_bad):
    values = [str(each) for each in np.arange(100) / 8]
    values[30 : 30 + n_bad] = ["closed"] * n_bad
    frame = pd.DataFrame({"x": values, "other": [0, 1] * 50})
    if n_bad == 6:
        assert list(ColumnTypes().fit(frame).kinds_) == ["other"]
        return
    with pytest.warns(ImbalanceWarning) as warned:
        out = ColumnTypes().fit_transform(frame)
    are = "'closed' in row 31 is not" if n_bad == 1 else "5 are not, the first 'closed' in row 31"
    assert str(warned[0].message) == (
        f"[INN020] x: {100 - n_bad} of 100 values are numbers, {are}; taken as missing."
    )
    assert out["x"].isna().sum() == n_bad


def test_infinities_are_told_with_column_and_row():
    frame = pd.DataFrame({"x": [1.5, np.nan, np.inf, -1e300], "y": [1, 2, 3, 4]})
    with pytest.warns(ImbalanceWarning, match="x: 2 values are infinite .* 'inf' in row 3; taken"):
        out = ColumnTypes().fit_transform(frame)
    np.testing.assert_array_equal(out["x"], [1.5, np.nan, np.nan, np.nan])


def test_one_spelling_in_many_columns_is_told_once():
    frame = pd.DataFrame({f"x{i}": ["1", "na", "2"] for i in range(9)})
    with pytest.warns(ImbalanceWarning) as warned:
        ColumnTypes().fit(frame)
    assert [str(each.message) for each in warned] == [
        "[INN020] 'na' is taken as missing in 9 cells in 9 columns, the first in row 2 of x0."
    ]


def test_further_spellings_of_missing_values():
    frame = pd.DataFrame({"x": [1, -999] * 3, "t": ["a", "XX"] * 3, "s": ["1", "XX", "2"] * 2})
    types = ColumnTypes(missing=["-999", "XX"])
    for out in (types.fit_transform(frame), types.transform(frame)):
        np.testing.assert_array_equal(out["x"], [1, np.nan] * 3)
        np.testing.assert_array_equal(out["s"], [1, np.nan, 2] * 2)
        assert out["t"].tolist() == ["a", "(missing)"] * 3


def test_a_later_file_may_have_another_decimal_mark():
    types = ColumnTypes().fit(pd.DataFrame({"x": ["1.234,5", "2,5"]}))
    later = pd.DataFrame({"x": ["1,234.5", "1,234"]})
    later.attrs["decimal"] = "."
    assert types.transform(later)["x"].tolist() == [1234.5, 1234]
    assert types.transform(pd.DataFrame({"x": ["1.234", "12.5"]}))["x"].tolist() == [1234, 12.5]


@pytest.mark.parametrize(
    ("name", "values", "counting"),
    [
        ("a", np.arange(1, 31), True),
        ("a", np.random.default_rng(0).permutation(30), True),
        ("a", np.delete(np.arange(40), [3, 9, 20]), True),
        ("Unnamed: 0", np.arange(30) ** 2, True),
        ("customerId", np.arange(30) ** 2, True),
        ("paid", np.arange(30) ** 2, False),
        ("a", np.arange(30) // 2, False),
        ("a", np.arange(30) + 0.5, False),
        ("a", np.arange(19), False),
    ],
)
def test_row_numbers_are_left_out(name, values, counting):
    frame = pd.DataFrame({name: values, "other": values % 3})
    types = ColumnTypes().fit(frame)
    assert types.counting_ == [name] * counting
    assert ("row numbers" in types.columns_[0]["detail"]) == counting


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.5", "12"], "."),
        (["1,5"], ","),
        (["1,234"], None),
        (["1.234,5"], ","),
        (["1,234", "1.5"], "."),
        (["1,5", "1.5"], None),
        (["31.12.2024", "1,5 €"], ","),
    ],
)
def test_the_decimal_mark_that_texts_show(texts, mark):
    assert decimal_mark(texts) == mark
