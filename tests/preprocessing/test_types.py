"""Types of columns: what each kind becomes, and what is refused later."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.preprocessing import ColumnTypes

NUMBERS = [
    ([1, 2, 3], [1, 2, 3]),
    ([True, False, True], [1, 0, 1]),
    (pd.Series([True, None, False], dtype="object"), [1, np.nan, 0]),
    (pd.array([1, None, 3], dtype="Int64"), [1, np.nan, 3]),
    (pd.array([True, None, False], dtype="boolean"), [1, np.nan, 0]),
    ([decimal.Decimal("1.5"), None, decimal.Decimal(2)], [1.5, np.nan, 2]),
    (
        pd.to_datetime(["1970-01-02", None, "1970-01-03 12:00"], format="ISO8601"),
        [1, np.nan, 2.5],
    ),
    (pd.to_datetime(["1970-01-02", None, "1970-01-03"]).tz_localize("UTC"), [1, np.nan, 2]),
    ([datetime.date(1970, 1, 2), None, datetime.date(1970, 1, 4)], [1, np.nan, 3]),
    (["1970-01-02", None, "1970-01-02T12:00:00"], [1, np.nan, 1.5]),
    (pd.to_timedelta([1, 2, 3], unit="D"), [1, 2, 3]),
]

TEXTS = [
    (["p", "q", None, "p", "q", "p"], ["p", "q", "(missing)", "p", "q", "p"]),
    (pd.Categorical([1, 2, 1, 2]), ["1", "2", "1", "2"]),
    (["1970-01-02", "later", "later", "later"], ["1970-01-02", "later", "later", "later"]),
    ([1, "p", 1, "p"], ["1", "p", "1", "p"]),
]


@pytest.mark.parametrize(("values", "expected"), NUMBERS)
def test_numbers_dates_and_durations_become_floats(values, expected):
    frame = pd.DataFrame({"a": values})
    before = frame.copy()
    types = ColumnTypes()
    for column in (types.fit_transform(frame)["a"], types.transform(frame)["a"]):
        assert column.dtype == "float64"
        np.testing.assert_array_equal(column, expected)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(("values", "expected"), TEXTS)
def test_text_keeps_its_missing_values_as_a_category(values, expected):
    frame = pd.DataFrame({"a": values})
    types = ColumnTypes()
    assert types.fit_transform(frame)["a"].tolist() == expected
    assert types.transform(frame)["a"].tolist() == expected


def test_a_kind_is_that_of_the_fit_and_not_of_later_rows():
    frame = pd.DataFrame(
        {
            "code": ["1", "x"] * 3,
            "when": ["2024-01-01", "2024-01-02"] * 3,
            "amount": [1, 2] * 3,
            "flag": [True, False] * 3,
        }
    )
    types = ColumnTypes().fit(frame)
    later = pd.DataFrame({"flag": ["", "1"], "amount": ["7", None], "when": None, "code": [1, 2]})
    later.loc[0, "flag"] = None
    out = types.transform(later)
    assert out.columns.tolist() == ["code", "when", "amount", "flag"]
    assert out["code"].tolist() == ["1", "2"]
    np.testing.assert_array_equal(out["when"], [np.nan, np.nan])
    np.testing.assert_array_equal(out["amount"], [7, np.nan])
    np.testing.assert_array_equal(out["flag"], [np.nan, 1])


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("amount", "many", "held numbers when the model was fitted, but holds 'many' in row 2."),
        (
            "when",
            "soon",
            "held dates when the model was fitted, but holds 'soon' in row 2.",
        ),
        (
            "took",
            "long",
            "held durations when the model was fitted, but holds 'long' in row 2.",
        ),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_row(name, value, sentence):
    frame = pd.DataFrame(
        {
            "amount": [1.0, 2.0, 3.0],
            "when": ["2024-01-01", "2024-01-02", "2024-01-03"],
            "took": pd.to_timedelta([1, 2, 3], unit="D"),
        }
    )
    types = ColumnTypes().fit(frame)
    later = frame.astype(object)
    later.loc[1:, name] = value
    with pytest.raises(ValueError, match="leave it empty") as refusal:
        types.transform(later)
    assert str(refusal.value).startswith(f"Column {name!r} {sentence}")


def test_a_missing_column_is_refused_with_the_nearest_of_the_others():
    types = ColumnTypes().fit(pd.DataFrame({"amount": [1, 2], "age": [3, 4]}))
    with pytest.raises(ValueError, match="lacks") as refusal:
        types.transform(pd.DataFrame({"amuont": [1], "age": [1], "other": [1]}))
    assert str(refusal.value) == (
        "The table lacks the column 'amount', which the model was fitted on. Did you mean 'amuont'?"
    )


def test_columns_that_say_nothing_are_left_out():
    frame = pd.DataFrame(
        {
            "kept": [1, 2, 3, 4],
            "one": [5, 5, 5, 5],
            "empty": [None] * 4,
            "no text": ["p"] * 4,
            "key": ["a", "b", "c", "d"],
        }
    )
    types = ColumnTypes().fit(frame)
    assert list(types.kinds_) == ["kept"]
    assert types.constant_ == ["one", "empty", "no text"]
    assert types.unique_ == ["key"]
    assert types.transform(frame).columns.tolist() == ["kept"]


@pytest.mark.parametrize("n_categories", [1000, 1001])
def test_which_categories_there_were_is_kept_of_up_to_a_thousand(n_categories):
    texts = [f"c{number:04}" for number in range(n_categories)]
    types = ColumnTypes().fit(pd.DataFrame({"a": [*texts, *texts]}))
    assert types.kinds_ == {"a": "text"}
    assert types.categories_ == ({"a": texts} if n_categories == 1000 else {})


ALL_KINDS = pd.DataFrame(
    {
        "number": [1.0, 2.0, 3.0, 4.0] * 5,
        "flag": [True, False] * 10,
        "date": pd.date_range("2024", periods=20),
        "duration": pd.to_timedelta(np.arange(20) % 7, unit="h"),
    }
)


@pytest.mark.parametrize("column", ALL_KINDS)
@pytest.mark.parametrize("value", [pd.NaT, np.nan, None, pd.NA])
def test_nothing_is_missing_in_a_column_of_any_kind(column, value):
    types = ColumnTypes().fit(ALL_KINDS)
    for dtype in (object, None):
        row = ALL_KINDS[:1].assign(**{column: pd.Series([value], dtype=dtype)})
        assert types.transform(row)[column].isna().all()
        assert types.transform(row).notna().sum(axis=None) == ALL_KINDS.shape[1] - 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("number", pd.Timestamp("2024-01-01")),
        ("number", pd.Timedelta("1D")),
        ("flag", pd.Timestamp("2024-01-01")),
        ("date", pd.Timedelta("1D")),
        ("duration", pd.Timestamp("2024-01-01")),
        ("duration", 3600),
    ],
)
def test_values_of_another_kind_are_refused(column, value):
    types = ColumnTypes().fit(ALL_KINDS)
    with pytest.raises(ValueError, match=rf"Column '{column}' held .* but holds '.*' in row 1"):
        types.transform(ALL_KINDS[:1].assign(**{column: value}))


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_a_nullable_column_without_values_is_left_out(backend):
    frame = pd.DataFrame({"k": [1, 2, 4, 2] * 25, "e": [np.nan] * 100})
    types = ColumnTypes().fit(frame.convert_dtypes(dtype_backend=backend))
    assert (types.kinds_, types.constant_) == ({"k": "number"}, ["e"])


def test_decimals_of_arrow_may_be_missing():
    pa = pytest.importorskip("pyarrow")
    values = [decimal.Decimal("1.25"), None, decimal.Decimal("3.50"), decimal.Decimal("2.00")]
    frame = pd.DataFrame({"a": pd.Series(values * 9, dtype=pd.ArrowDtype(pa.decimal128(5, 2)))})
    read = ColumnTypes().fit_transform(frame)["a"].tolist()
    np.testing.assert_array_equal(read[:4], [1.25, np.nan, 3.5, 2.0])


def test_other_tables_and_twin_columns_are_refused():
    types = ColumnTypes().fit(ALL_KINDS)
    for use in (types.fit, types.transform):
        with pytest.raises(TypeError, match=r"a ndarray of numpy\. Make one of it"):
            use(np.zeros((3, 2)))
        with pytest.raises(TypeError, match=r"X\.to_pandas\(\)"):
            use(pytest.importorskip("polars").DataFrame({"a": [1, 2]}))
        with pytest.raises(ValueError, match=r"Two columns have the name '1'"):
            use(pd.DataFrame([[1, 2]], columns=[1, "1"]))
