"""Numbers and dates in text: what is read, in which order, and what stays text."""

import decimal

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.preprocessing import ColumnTypes, decimal_mark

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
    (["$(1,234.50)", "$5", "-$ 6", "$-7"], [-1234.5, 5, -6, -7]),
    (["1,5E+03", "2,5"], [1500, 2.5]),
    (["1.234.567", "12"], [1234567, 12]),
    (["5 kg", "1.5kg", "-2 kg"], [5, 1.5, -2]),
    (["12 km/h", "9 km/h"], [12, 9]),
    (["20 °C", "-3 °C"], [20, -3]),
    (["36 months", "1 month"], [36, 1]),
    (["1.5M", "300k", "20"], [1.5e6, 3e5, 20]),
    (["$1.5M", "$2"], [1.5e6, 2]),
    (["5K", "7K"], [5, 7]),
    (["1,50 EUR", "1.000,00 EUR"], [1.5, 1000]),
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
    (["2024-01-01 24:00", "31.12.2023 24:00"], ["2024-01-02", "2024-01-01"]),
    (["Fri, 24 May 2024", "Mon 6 May 2024"], ["2024-05-24", "2024-05-06"]),
    (["24May2024", "2024-May-25"], ["2024-05-24", "2024-05-25"]),
    (["3. März 2024", "12 août 2024"], ["2024-03-03", "2024-08-12"]),
    (["1 de enero de 2024", "2. Okt 2024"], ["2024-01-01", "2024-10-02"]),
    (["2024-05", "2024-12"], ["2024-05-01", "2024-12-01"]),
    (["05/2024", "Dec-2015", "May 2024"], ["2024-05-01", "2015-12-01", "2024-05-01"]),
    (
        ["24/May/2024:06:00:00 +0200", "24/May/2024:06:00:00 -0130"],
        ["2024-05-24 04:00", "2024-05-24 07:30"],
    ),
    (["2024-05-24 06:00:00 UTC", "2024/05/24 07:00Z"], ["2024-05-24 06:00", "2024-05-24 07:00"]),
    (["Fri May 24 16:28:00 2024", "20240524T1629"], ["2024-05-24 16:28", "2024-05-24 16:29"]),
    (["24.05.2024, 16:28 Uhr", "24.05.2024 16.29"], ["2024-05-24 16:28", "2024-05-24 16:29"]),
    ([20240131, 20240229], ["2024-01-31", "2024-02-29"]),
    ([20240131.0, 20240229.0], ["2024-01-31", "2024-02-29"]),
    (["20240131", "20240229"], ["2024-01-31", "2024-02-29"]),
    (["21-01-31", "21-02-05", "22-03-07"], ["2021-01-31", "2021-02-05", "2022-03-07"]),
]
NUMBERS_STILL = [[20240131, 20241301, 20240000], [123, 20240131], [19991231, 19991232]]
TIMES = [
    (["16:30", "4:15", "00:00"], [16.5 / 24, 4.25 / 24, 0]),
    (["4:30 PM", "12:00 am"], [16.5 / 24, 0]),
    (["06:00:36", "-1 days +12:00:00", "2 days, 12:00:00"], [0.250416667, -0.5, 2.5]),
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


@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize("values", TEXTS)
def test_what_stays_text(values):
    types = ColumnTypes().fit(doubled(values))
    assert types.kinds_ == {"a": "text"}


@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize(("values", "expected"), DATES)
def test_dates(values, expected):
    frame = doubled(values)
    days = (pd.to_datetime([*expected, *expected], format="mixed") - pd.Timestamp(0)).to_numpy()
    types = ColumnTypes().fit(frame)
    assert types.kinds_ == {"a": "date"}
    np.testing.assert_allclose(types.transform(frame)["a"], days / np.timedelta64(1, "D"))


@pytest.mark.parametrize("values", NUMBERS_STILL)
def test_digits_that_are_no_dates(values):
    assert ColumnTypes().fit(doubled(values)).kinds_ == {"a": "number"}


@pytest.mark.parametrize(("values", "expected"), TIMES)
def test_times(values, expected):
    frame = doubled(values)
    types = ColumnTypes()
    for out in (types.fit_transform(frame), types.transform(frame)):
        np.testing.assert_allclose(out["a"], [*expected, *expected])
    assert types.kinds_ == {"a": "duration"}


@pytest.mark.parametrize("never", ["9999-12-31", "0000-00-00", "31/12/9999"])
def test_dates_that_stand_for_none(never):
    days = [f"2024-01-{day:02}" for day in range(1, 29)]
    with pytest.warns(ImbalanceWarning, match=f"28 of 58 values are dates, '{never}' in 30 rows"):
        out = ColumnTypes().fit_transform(pd.DataFrame({"a": [*days, *[never] * 30]}))
    assert out["a"].isna().sum() == 30
    moment = pd.DataFrame(
        {"a": pd.array(["9999-12-31", "2024-01-01"] * 30, dtype="datetime64[us]")}
    )
    with pytest.warns(ImbalanceWarning, match="30 are not"):
        assert ColumnTypes().fit_transform(moment)["a"].isna().sum() == 30


def test_dates_that_can_be_read_both_ways_are_told():
    frame = pd.DataFrame({"a": ["03/04/2024", "05/06/2024", None]})
    with pytest.warns(ImbalanceWarning, match="such as '03/04/2024'; read month first"):
        types = ColumnTypes().fit(frame)
    monthly = pd.DataFrame({"a": [f"{month:02}/01/2024" for month in range(1, 12)]})
    with pytest.warns(ImbalanceWarning, match="such as '01/01/2024'; read month first"):
        ColumnTypes().fit(monthly)
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
        with pytest.warns(ImbalanceWarning, match="94 of 100 values .* taken for text"):
            assert list(ColumnTypes().fit(frame).kinds_) == ["other"]
        return
    with pytest.warns(ImbalanceWarning) as warned:
        out = ColumnTypes().fit_transform(frame)
    are = "'closed' in row 31 is not" if n_bad == 1 else "5 are not, the first 'closed' in row 31"
    assert warned[0].message.told == (
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
    assert [each.message.told for each in warned] == [
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
        ("a", 5000 + 10 * np.arange(30), True),
        ("a", 900 - 7 * np.arange(30), True),
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
        (["1,5 EUR", "2,5E+03"], ","),
        (["1.234.567"], ","),
        (["1,234,567"], "."),
        ([f"{n}.{n}" for n in range(100, 130)], None),
        ([*(f"{n}.{n}" for n in range(100, 130)), "7", "999"], ","),
        ([*(f"{n}.{n}" for n in range(100, 130)), "7", "1000"], None),
        ([*(f"{n}.{n}" for n in range(100, 130)), "7", "1.5"], "."),
    ],
)
def test_the_decimal_mark_that_texts_show(texts, mark):
    assert decimal_mark(texts) == mark


def test_a_column_may_have_another_decimal_mark_than_its_file():
    frame = pd.DataFrame({"x": ["1,5", "2,25"], "z": ["0.5 kg", "1.5 kg"]})
    frame.attrs |= {"decimal": None, "decimals": {"x": ",", "z": "."}}
    types = ColumnTypes().fit(frame)
    later = pd.DataFrame({"x": ["1.234", "7"], "z": ["0.5 kg", "2 kg"]})
    later.attrs |= {"decimal": ".", "decimals": {"z": "."}}
    assert types.transform(later)["x"].tolist() == [1234, 7]
    later.attrs["decimals"]["x"] = "."
    assert types.transform(later)["x"].tolist() == [1.234, 7]


def test_numbers_that_are_no_text_keep_their_mark():
    frame = pd.DataFrame({"x": pd.Series([3.434, 2, "5,530", decimal.Decimal("1.125")] * 9)})
    frame.attrs["decimal"] = ","
    types = ColumnTypes()
    assert types.fit_transform(frame)["x"].tolist() == [3.434, 2, 5.53, 1.125] * 9
    later = pd.DataFrame({"x": pd.Series([3.434, "n.a.x", "7,125", 4.5], dtype=object)})
    with pytest.warns(ImbalanceWarning, match=r"'n\.a\.x' in row 2 is not"):
        read = types.transform(later)["x"]
    np.testing.assert_array_equal(read, [3.434, np.nan, 7.125, 4.5])


def test_columns_without_a_form_have_the_mark_by_which_they_were_read():
    frame = pd.DataFrame({"x": [1.125, 2.5, 3.75]})
    frame.attrs |= {"decimal": None, "read_decimal": ","}
    types = ColumnTypes().fit(frame)
    assert types.decimal_ == ","
    assert types.transform(pd.DataFrame({"x": ["1,125", "2,5"]}))["x"].tolist() == [1.125, 2.5]
    # A file of an older version keeps no such mark.
    del types.decimal_
    assert types.transform(pd.DataFrame({"x": ["1,125", "2.5"]}))["x"].tolist() == [1125, 2.5]


def test_a_unit_that_is_gone_is_told():
    types = ColumnTypes().fit(pd.DataFrame({"x": ["5 %", "7%"], "y": ["$5", "$7"]}))
    with pytest.warns(ImbalanceWarning) as warned:
        types.transform(pd.DataFrame({"x": [0.05, 0.07], "y": [5, 7]}))
    assert [each.message.told for each in warned] == [
        "[INN020] x: numbers had the unit '%' when the model was fitted, and have none now; taken "
        "to be of the same unit."
    ]
