"""Blends of codes are told, blends of amounts are not."""

import warnings

import numpy as np
import pytest
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, RandomOverSampler
from scipy import sparse

from imbalanced_nn.data.rows import Rows
from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.sampling import resample

N = 300


def of(column, sampler=None, looked_up=False):
    """Resample rows of two measurements and a column; return what was told."""
    rng = np.random.default_rng(0)
    codes = (rng.random(N) < 0.2).astype(int)
    X = np.column_stack([rng.normal(size=(N, 2)) + codes[:, None], column])
    rows = Rows(X, codes, codes, np.ones(N), np.arange(N))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImbalanceWarning)
        resample(sampler or SMOTE(random_state=0), rows, np.array([0, 1]), looked_up)
    return [note.message.told for note in caught]


RNG = np.random.default_rng(1)
CODES = {
    "flag": RNG.integers(0, 2, N),
    "from 1": RNG.integers(1, 8, N),
    "from 0": RNG.integers(0, 20, N),
    "one-hot": np.eye(4)[RNG.integers(0, 4, N)],
}
AMOUNTS = {
    "measured": RNG.normal(size=N),
    "years": RNG.integers(18, 90, N),
    "grey": RNG.integers(0, 256, N),
    "few, but far apart": RNG.choice([0, 5, 10, 50], N),
    "signs": RNG.choice([-1, 1], N),
    "halves": RNG.choice([0, 0.5, 1], N),
    "one value": np.ones(N),
    "whole at first": np.r_[np.zeros(N - 20), np.full(20, 0.25)],
}


@pytest.mark.parametrize("kind", CODES)
def test_blended_codes_are_told(kind):
    (note,) = of(CODES[kind])
    named = "2, 3, 4, 5" if kind == "one-hot" else "2"
    assert f"[INN016] SMOTE blends columns {named} of X" in note


@pytest.mark.parametrize("kind", AMOUNTS)
def test_blended_amounts_are_not(kind):
    assert of(AMOUNTS[kind]) == []


@pytest.mark.parametrize(
    "sampler",
    [SMOTENC([2], random_state=0), RandomOverSampler(random_state=0)],
    ids=["SMOTENC", "random_over"],
)
def test_codes_that_are_kept_are_not_told(sampler):
    assert of(CODES["from 1"], sampler) == []


@pytest.mark.parametrize(
    "sampler",
    [ADASYN(random_state=0), RandomOverSampler(shrinkage=0.1, random_state=0)],
    ids=["ADASYN", "shaken"],
)
def test_every_sampler_that_blends_is_told(sampler):
    assert "INN016" in of(CODES["flag"], sampler)[0]


def test_numbers_that_a_layer_looks_up_are_codes_whatever_their_range():
    words = RNG.integers(0, 5000, N) * 3
    assert of(words) == []
    (note,) = of(words, looked_up=True)
    assert "columns 2 of X, whole numbers that a layer of the network looks up" in note


@pytest.mark.parametrize("one_hot", [True, False])
def test_sparse_one_hot_columns_are_told(one_hot):
    """Rows of counted words have unequal numbers of ones."""
    codes = (np.arange(N) < 60).astype(int)
    table = np.hstack([np.eye(k)[RNG.integers(0, k, N)] for k in (5, 7)])
    if not one_hot:
        table = (RNG.random((N, 12)) < 0.2).astype(float)
    rows = Rows(sparse.csr_matrix(table), codes, codes, np.ones(N), np.arange(N))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImbalanceWarning)
        resample(SMOTE(random_state=0), rows, np.array([0, 1]))
    assert bool(caught) == one_hot
