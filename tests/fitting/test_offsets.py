"""Columns far from 0 whose differences float32 rounds away are named."""

import tracemalloc
import warnings

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.data import StreamedRows, note_offsets
from imbalanced_nn.exceptions import ImbalanceWarning


def noted(X, index=None):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImbalanceWarning)
        note_offsets(X, np.arange(len(X)) if index is None else index)
    return [str(each.message) for each in caught]


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(500, 4))


@pytest.mark.parametrize("offset", [1e9, -1e9, 1e30])
def test_a_column_that_is_rounded_away_is_named(X, offset):
    X[:, 2] = X[:, 2] * abs(offset) * 1e-9 + offset
    (note,) = noted(X)
    assert note.startswith("[INN023] column 2 of X, counted from 0: values lie at")


@pytest.mark.parametrize("values", [lambda x: x + 1e6, lambda x: 0 * x + 1e9, lambda x: 1e9 * x])
def test_columns_that_float32_tells_apart_are_not(X, values):
    X[:, 2] = values(X[:, 2])
    assert noted(X) == []


def test_whole_numbers_and_several_columns(X):
    whole = (X * 10).astype(np.int64) + 10**12
    assert noted(whole)[0].startswith("[INN023] columns 0, 1, 2, 3 of X")


def test_rows_that_are_held_out_do_not_count_and_other_inputs_are_let_be(X):
    far = np.vstack([X, np.full((1, 4), 1e15)])
    assert noted(far, np.arange(500)) == []
    assert noted([X, X]) == noted(X[:, :, None]) == noted(X[:0]) == []


def test_time_steps_and_first_rows_of_datasets_are_looked_at(X):
    X[:, 2] += 1e9
    (note,) = noted(X.reshape(50, 10, 4))
    assert note.startswith("[INN023] column 2 of X")
    # Such rows go through none.
    assert "before the fit." in note and "StandardScaler" not in note

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 10

        def __getitem__(self, number):
            rows = slice(50 * number, 50 * (number + 1))
            return X[rows], np.arange(500)[rows] % 2

    (note,) = noted(StreamedRows(Batches()))
    assert note.startswith("[INN023] column 2 of X")
    assert "StandardScaler" not in note


def test_few_large_rows_are_looked_at():
    pictures = np.random.default_rng(0).integers(0, 255, (70, 400, 400, 3), dtype=np.uint8)
    tracemalloc.start()
    try:
        assert noted(pictures) == []
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_a_fit_says_it():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), np.arange(200) % 4 == 0
    X[:, 1] += 1e9
    clf = BalancedKerasClassifier("mlp", epochs=1, random_state=0)
    with pytest.warns(ImbalanceWarning, match="INN023.*column 1 of X"):
        clf.fit(X, y)
