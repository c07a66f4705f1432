"""Columns as a matrix, against scikit-learn's transformers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from imbalanced_nn.preprocessing import ColumnEncoder


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
