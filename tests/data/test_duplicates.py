"""Tables that were resampled before they were split are told from those that are so by nature."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from imbalanced_nn.data.containers import row_hashes
from imbalanced_nn.data.duplicates import counts_message, leaked_copies
from imbalanced_nn.datasets import load_ai4i2020, load_htru2, load_page_blocks, load_thyroid
from imbalanced_nn.sampling import duplicate_groups


@pytest.fixture(scope="module")
def table():
    """One row in ten positive."""
    return make_classification(2000, 6, weights=[0.9], random_state=0)


def leaked(X, y):
    """Copies of a random fifth among the other rows."""
    train, held = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=0)
    hashes = row_hashes(X)
    return leaked_copies(X, (y[train], y[held]), (hashes[train], hashes[held]))


def brute_force(X, y):
    """The same, row by row."""
    train, held = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=0)
    known = {(*row, label) for row, label in zip(X[train].tolist(), y[train], strict=True)}
    return sum((*row, label) in known for row, label in zip(X[held].tolist(), y[held], strict=True))


def discrete(n=4000):
    """A table of codes: rows are alike by nature."""
    X = np.random.default_rng(0).integers(0, 4, (n, 5)).astype(float)
    y = np.random.default_rng(1).random(n) < 0.02 + 0.5 * ((X[:, 0] == 3) & (X[:, 1] == 3))
    return X, y.astype(int)


def test_copies_are_counted(table):
    X, y = table
    four = np.repeat(X, 4, axis=0), np.repeat(y, 4)
    for data in (RandomOverSampler(random_state=0).fit_resample(X, y), four):
        assert leaked(*data) == brute_force(*data) > 300
    assert leaked(sparse.csr_matrix(four[0]), four[1]) == brute_force(*four)
    labels = np.column_stack([four[1], 1 - four[1]])
    train, held = np.arange(0, 8000, 2), np.arange(1, 8000, 2)
    hashes = row_hashes(four[0])
    assert leaked_copies(X, (labels[train], labels[held]), (hashes[train], hashes[held])) == 4000


@pytest.mark.parametrize("load", [load_ai4i2020, load_htru2, load_page_blocks, load_thyroid])
def test_real_tables_are_as_they_are(load):
    X, y = load(return_X_y=True)
    y = np.unique(y, return_inverse=True)[1]
    assert leaked(np.asarray(X, dtype=float), y) == 0
    assert counts_message(y) is None


def test_rows_that_are_alike_by_nature_are_none(table):
    X, y = discrete()
    assert leaked(X, y) == 0
    assert brute_force(X, y) > 700
    # Every row twice is no chance in such a table either.
    assert leaked(np.repeat(X, 2, axis=0), np.repeat(y, 2)) > 0
    # Equal rows of another class are no copies.
    X, y = table
    both = np.concatenate([X, X]), np.concatenate([y, 1 - y])
    assert leaked(*both) == 0
    # A few are chance.
    few = np.arange(0, 2000, 20)
    assert leaked(np.concatenate([X, X[few]]), np.concatenate([y, y[few]])) == 0


@pytest.mark.parametrize("n_values", [20, 21])
def test_few_values_are_as_few_in_any_container(n_values):
    column = np.arange(420) % n_values + 1.0
    y, hashes = np.zeros(210, int), np.arange(210) // 7
    found = {
        leaked_copies(X, (y, y), (hashes, hashes[::-1] * (np.arange(210) > 4)))
        for X in (
            column[:, None],
            np.column_stack([column, np.ones(420)]),
            sparse.csr_matrix(column[:, None]),
            pd.DataFrame({"a": column}),
            {"a": column[:, None]},
        )
    }
    assert found == {0 if n_values == 20 else 210}


@pytest.mark.parametrize(
    "sampler",
    [SMOTE(), SMOTE(sampling_strategy=0.5), RandomOverSampler(), RandomUnderSampler()],
)
def test_numbers_of_rows_give_a_sampler_away(table, sampler):
    X, y = table
    resampled = sampler.set_params(random_state=0).fit_resample(X, y)[1]
    assert "as after a sampler" in counts_message(resampled)


def test_numbers_of_rows_that_are_so_by_chance_are_not_told(table):
    y = table[1]
    assert counts_message(y) is None
    assert counts_message(np.sort(y)) is None
    assert counts_message(np.arange(40) % 2) is None
    assert counts_message(np.repeat([0, 1, 2], 50)) is None
    assert counts_message(np.zeros(500, dtype=int)) is None
    # Two files, one behind the other.
    assert counts_message(np.append(y, np.ones(377, dtype=int))) is None


def test_groups_of_equal_rows_in_any_container():
    X = np.array([[1.0, 2.0], [3.0, -0.0], [1.0, 2.0], [3.0, 0.0], [2.0, 1.0]])
    frame = pd.DataFrame({"text": ["a", "b", "a", "b", "c"], "number": [1.0, 2, 1, 2, 1]})
    for rows in (X, X.tolist(), sparse.csr_matrix(X), X.reshape(5, 2, 1), frame):
        groups = duplicate_groups(rows)
        np.testing.assert_array_equal(
            groups[:, None] == groups[None, :],
            np.array([0, 1, 0, 1, 2])[:, None] == np.array([0, 1, 0, 1, 2])[None, :],
        )
