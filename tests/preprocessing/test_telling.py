"""Columns that tell the classes: labels in disguise are named, honest columns are not."""

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.preprocessing import telling_columns


@pytest.fixture
def y():
    return np.random.default_rng(0).permutation(np.repeat(["no", "yes"], [900, 60]))


def honest(y, seed=1):
    """Return columns of which the best ranks well and not perfectly."""
    rng = np.random.default_rng(seed)
    shift = 2.5 * (y == np.unique(y)[-1])
    return pd.DataFrame({"noise": rng.normal(size=len(y)), "good": rng.normal(shift, 1.0)})


def test_honest_columns_are_not_told_of(y):
    X = honest(y).assign(country=np.random.default_rng(2).choice(["DE", "FR"], len(y)))
    assert telling_columns(X, y) == {}


@pytest.mark.parametrize(
    "column",
    [
        lambda y, rng: (y == "yes") * 1.0,
        lambda y, rng: np.where(y == "yes", "closed", "open"),
        lambda y, rng: np.where(y == "yes", rng.choice(list("ab"), len(y)), "c"),
        lambda y, rng: np.where(y == "yes", rng.integers(3, 9, len(y)), rng.integers(0, 3, len(y))),
        lambda y, rng: np.argsort(np.argsort(y, kind="stable")),
        lambda y, rng: np.where(y == "yes", rng.normal(size=len(y)), np.nan),
        lambda y, rng: np.where(y == "yes", 0.0, rng.choice([-1, 1], len(y)) * rng.random(len(y))),
    ],
    ids=["copy", "words", "several", "count", "sorted", "missing", "between"],
)
def test_labels_in_disguise_are_named(y, column):
    values = column(y, np.random.default_rng(3))
    values = values if values.dtype.kind == "U" else values.astype(float)
    found = telling_columns(honest(y).assign(leak=values), y)
    assert list(found) == ["leak"]
    assert found["leak"] >= 0.995


def test_of_several_classes_a_column_must_tell_all():
    y = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [600, 200, 60]))
    X = honest(y).assign(one=(y == 2) * 1.0, all=y * 1.0)
    assert list(telling_columns(X, y)) == ["all"]


def test_a_handful_of_rows_shows_nothing():
    y = np.repeat(["no", "yes"], [300, 9])
    assert telling_columns(pd.DataFrame({"leak": (y == "yes") * 1.0}), y) == {}


def test_many_columns_of_noise_are_not_told_of():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [400, 12])
    X = pd.DataFrame(rng.normal(size=(412, 150)), columns=[f"x{i}" for i in range(150)])
    assert telling_columns(X, y) == {}


def test_a_few_rows_of_two_classes_show_nothing():
    y = np.repeat([0, 1], 10)
    for seed in (4, 5):
        values = np.random.default_rng(seed).normal(size=(20, 300))
        X = pd.DataFrame(values, columns=[f"x{i}" for i in range(300)])
        assert telling_columns(X, y) == {}
