"""Columns as a matrix, against scikit-learn's transformers."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from imbalanced_nn import ColumnEncoder
from imbalanced_nn.exceptions import ImbalanceWarning


def of_sklearn(frame, **limits):
    """Return the steps of scikit-learn that do the same."""
    numbers = [name for name in frame if frame[name].dtype == "float64"]
    texts = [name for name in frame if frame[name].dtype != "float64"]
    hot = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **limits)
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    columns = make_column_transformer((imputer, numbers), (hot, texts))
    return make_pipeline(columns, VarianceThreshold())


numbers = st.one_of(st.just(np.nan), st.integers(-3, 3).map(float))
texts = st.sampled_from(["(missing)", "b", "a", "c", "z"])


@st.composite
def frames(draw):
    """Two tables of the same columns."""
    size = draw(st.integers(2, 12))
    tables = []
    for rows in (size, 4):
        columns = {f"n{i}": draw(st.lists(numbers, min_size=rows, max_size=rows)) for i in range(2)}
        columns |= {f"t{i}": draw(st.lists(texts, min_size=rows, max_size=rows)) for i in range(2)}
        tables.append(pd.DataFrame(columns).astype({"n0": "float64", "n1": "float64"}))
    return tables


@given(tables=frames(), min_frequency=st.integers(1, 3), max_categories=st.integers(2, 5))
@settings(max_examples=60)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_the_matrix_is_that_of_scikit_learn(tables, min_frequency, max_categories):
    frame, later = tables
    limits = {"min_frequency": min_frequency, "max_categories": max_categories}
    encoder = ColumnEncoder(**limits)
    oracle = of_sklearn(frame, **limits)
    try:
        expected = oracle.fit_transform(frame)
    except ValueError:
        # Nothing varies: scikit-learn refuses, and here the matrix has no columns.
        assert encoder.fit_transform(frame).shape == (len(frame), 0)
        return
    np.testing.assert_array_equal(encoder.fit_transform(frame), expected)
    np.testing.assert_array_equal(encoder.transform(later), oracle.transform(later))
    assert len(encoder.get_feature_names_out()) == expected.shape[1]


def test_rare_and_unseen_categories_share_a_column():
    frame = pd.DataFrame({"text": ["p"] * 20 + ["q"] * 20 + ["r", "s", "t", "u"]})
    encoder = ColumnEncoder().fit(frame)
    out = encoder.transform(pd.DataFrame({"text": ["r", "unseen", "p"]}))
    np.testing.assert_array_equal(out, [[0, 0, 1], [0, 0, 1], [1, 0, 0]])
    assert encoder.get_feature_names_out().tolist() == ["text: p", "text: q", "text: (rare)"]


def test_a_whole_number_is_one_category_whether_or_not_one_is_missing():
    before = pd.DataFrame({"zip": ["A1", "10", "20", "10", "20", "A1"]})
    whole = pd.DataFrame({"zip": [10, 20, 10]})
    encoder = ColumnEncoder(1).fit(before)
    expected = encoder.transform(whole)
    assert np.asarray(expected).any(axis=1).all()
    with_missing = pd.DataFrame({"zip": [10, 20, np.nan, 10]})
    found = encoder.transform(with_missing)
    np.testing.assert_array_equal(np.asarray(found)[[0, 1, 3]], np.asarray(expected))
    coded = ColumnEncoder(1).fit(pd.DataFrame({"a": pd.Categorical([1, 2, 1, 2])}))
    pair, triple = (
        np.asarray(coded.transform(pd.DataFrame({"a": values}))) for values in ([1, 2], [1.0, 2.0])
    )
    np.testing.assert_array_equal(pair, triple)
    assert pair.any()


def test_categories_are_bounded():
    frame = pd.DataFrame({"text": [f"c{i % 150}" for i in range(1500)]})
    assert ColumnEncoder().fit_transform(frame).shape == (1500, 100)


def test_what_is_constant_or_empty_in_a_fold_is_left_out():
    frame = pd.DataFrame(
        {"a": [1.0, 2.0] * 4, "one": [1.0] * 7 + [2.0], "empty": [np.nan] * 7 + [2.0]}
    )
    encoder = ColumnEncoder()
    assert encoder.fit_transform(frame[:6]).shape == (6, 1)
    assert np.isfinite(encoder.transform(frame)).all()


def mixed():
    """Return a table with a column of each kind, some values missing."""
    return pd.DataFrame(
        {
            "whole": [1, 2, 3, 4] * 5,
            "flag": [True, False] * 10,
            "nullable": pd.array([1, None, 2, 3] * 5, dtype="Int64"),
            "endless": [1.0, np.inf, 2.0, 2.0] * 5,
            "money": [decimal.Decimal("1.5"), None, 2, 3] * 5,
            "day": pd.date_range("1970-01-02", periods=20),
            "date": [datetime.date(1970, 1, 2), None, *[datetime.date(1970, 1, 4)] * 2] * 5,
            "span": pd.to_timedelta(range(20), unit="h"),
            "clock": [datetime.time(6), None, datetime.time(12), datetime.timedelta(hours=18)] * 5,
            "kind": pd.Categorical(list("aabb") * 5),
            "text": ["x", None, "y", "x"] * 5,
            7: ["1", "02", "1", "02"] * 5,
        }
    )


@pytest.mark.filterwarnings("ignore:.*INN020")
def test_columns_are_numbers_dates_or_text_as_their_type_says():
    encoder = ColumnEncoder().fit(mixed())
    names = encoder.get_feature_names_out().tolist()
    numbers = ["whole", "flag", "nullable", "endless", "money", "day", "date", "span", "clock"]
    gaps = [f"{name} is missing" for name in ("nullable", "endless", "money", "date", "clock")]
    text = ["kind: a", "kind: b", "text: (missing)", "text: x", "text: y", "7: 02", "7: 1"]
    assert names == numbers + gaps + text
    second = dict(zip(names, encoder.transform(mixed())[1], strict=True))
    expected = dict.fromkeys(gaps, 1.0) | {"whole": 2, "flag": 0, "nullable": 2, "endless": 2}
    expected |= {"money": 2, "day": 2, "date": 3, "span": 1 / 24, "text: (missing)": 1}
    expected |= {"clock": 0.5}
    expected |= {"kind: a": 1, "kind: b": 0, "text: x": 0, "text: y": 0, "7: 02": 1, "7: 1": 0}
    assert second == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:.*INN020")
def test_rows_are_encoded_alike_alone_and_with_columns_in_another_order():
    encoder, table = ColumnEncoder(), mixed()
    matrix = encoder.fit_transform(table)
    pd.testing.assert_frame_equal(table, mixed())
    turned = table[table.columns[::-1]].assign(other="not used")
    np.testing.assert_array_equal(encoder.transform(turned), matrix)
    alone = [encoder.transform(table.iloc[[row]]) for row in range(len(table))]
    np.testing.assert_array_equal(np.concatenate(alone), matrix)
    assert encoder.feature_names_in_.tolist() == [str(name) for name in table.columns]


def test_an_infinite_number_is_told():
    with pytest.warns(ImbalanceWarning, match=r"INN020.*a: 1 value is infinite"):
        ColumnEncoder().fit(pd.DataFrame({"a": [1.0, np.inf]}))


@pytest.mark.filterwarnings("ignore:.*INN020")
def test_whole_numbers_that_no_float_holds_are_infinite():
    table = pd.DataFrame({"a": pd.Series([1, 10**400, 2, -(10**5000)], dtype=object)})
    assert ColumnEncoder().fit_transform(table).tolist() == [[1, 0], [1.5, 1], [2, 0], [1.5, 1]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.array([[1, "p"], [2, "q"]] * 5, dtype=object),
        lambda: pl.DataFrame({"x0": [1, 2] * 5, "x1": ["p", "q"] * 5}),
        lambda: [[1, "p"], [2, "q"]] * 5,
    ],
)
def test_arrays_and_other_tables_are_encoded(make):
    encoder = ColumnEncoder().fit(make())
    assert encoder.transform(make())[:2, 1:].tolist() == [[1, 0], [0, 1]]
    assert encoder.feature_names_in_.tolist() == ["x0", "x1"]


@pytest.mark.parametrize(
    ("parameters", "X", "message"),
    [
        ({"min_frequency": 0}, [[1]], "min_frequency must be a whole number of at least 1; got 0"),
        ({"max_categories": 1.5}, [[1]], "max_categories must be .* at least 2; got 1.5"),
        ({}, [1, 2], r"shape \(2,\). Reshape your data"),
        ({}, np.zeros((0, 2)), r"0 sample\(s\)"),
        ({}, sparse.csr_array(np.eye(2)), "sparse matrix, which is numbers already"),
        ({}, pd.DataFrame([[1, 2]], columns=["a", "a"]), "Two columns have the name 'a'"),
        ({}, pd.DataFrame({"a": [[1], [2]]}), "'a' holds values that are no numbers"),
        ({}, pd.DataFrame({"a": [1j, 2]}), "'a' holds values that are no numbers"),
    ],
)
def test_what_is_no_table_or_no_limit_is_refused(parameters, X, message):
    encoder = ColumnEncoder(**parameters)
    with pytest.raises((TypeError, ValueError), match=message):
        encoder.fit(X)
    assert vars(encoder) == vars(ColumnEncoder(**parameters))


def test_a_table_that_is_not_that_of_fit_is_refused():
    encoder = ColumnEncoder().fit(pd.DataFrame({"amount": [1, 2], "day": [3, 4]}))
    with pytest.raises(ValueError, match="lacks the column 'amount'.*Did you mean 'amounts'"):
        encoder.transform(pd.DataFrame({"amounts": [1], "day": [2]}))
    with pytest.raises(ValueError, match="'amount' held numbers .* but holds 'many' in row 1"):
        encoder.transform(pd.DataFrame({"amount": ["many"], "day": [2]}))
    with pytest.raises(ValueError, match="expecting 2 features as input: amount, day"):
        encoder.transform(np.eye(3))
    np.testing.assert_array_equal(encoder.transform([[5, 6]]), [[5, 6]])


def test_it_gives_frames_where_they_are_asked_for():
    encoder = ColumnEncoder().set_output(transform="pandas")
    frame = encoder.fit_transform(pd.DataFrame({"a": [1, 2], "b": ["p", "q"]}, index=[5, 6]))
    assert frame.columns.tolist() == ["a"]
    assert frame.index.tolist() == [5, 6]
