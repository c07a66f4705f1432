"""Which columns matter: by brute force, in tables of every kind, and of rare classes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from imbalanced_nn import ColumnEncoder
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import affordable, column_importance, drawn_rows


@pytest.fixture(scope="module")
def fitted():
    """A classifier that ignores its last column, rows that it has not seen, and their labels."""
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < 0.1).astype(int)
    X = rng.normal(size=(4000, 3)) + y[:, None] * [1.5, 0.5, 0.0]
    clf = LogisticRegression().fit(X[:2000], y[:2000])
    clf.coef_[0, 2] = 0.0
    return clf, X[2000:], y[2000:]


def test_the_rise_is_that_of_permutations(fitted):
    clf, X, y = fitted
    before = X.copy()
    found = column_importance(clf, X, y, max_rows=2000, n_repeats=20, random_state=0)
    np.testing.assert_array_equal(X, before)
    assert found.log_loss == pytest.approx(log_loss(y, clf.predict_proba(X)))
    permuted = permutation_importance(
        clf, X, y, scoring="neg_log_loss", n_repeats=20, random_state=1
    )
    frame = found.frame().set_index("name")
    assert list(frame.index[:2]) == ["column 0", "column 1"]
    for place, expected in enumerate(permuted.importances_mean):
        row = frame.loc[f"column {place}"]
        assert row["rise"] == pytest.approx(expected, rel=0.25, abs=1e-12)
        assert row["low"] <= row["rise"] <= row["high"]
    assert frame.loc["column 2", ["rise", "low", "high"]].tolist() == [0.0, 0.0, 0.0]


def test_few_rows_stand_for_all(fitted):
    clf, X, y = fitted
    whole = column_importance(clf, X, y, max_rows=2000, n_repeats=10, random_state=0).frame()
    few = column_importance(clf, X, y, max_rows=400, random_state=0)
    assert (few.n_rows, few.n_repeats) == (400, 5)
    rises = whole.set_index("name")["rise"]
    for row in few.frame().itertuples():
        assert row.low <= rises[row.name] <= row.high


def test_intervals_hold_for_rows_drawn_anew(fitted):
    clf, X, y = fitted
    rises = column_importance(clf, X, y, max_rows=2000, n_repeats=20).frame().set_index("name")
    rng = np.random.default_rng(1)
    held = []
    for seed in range(60):
        rows = rng.choice(2000, 500)
        drawn = column_importance(clf, X[rows], y[rows], n_repeats=3, random_state=seed).frame()
        first = drawn.set_index("name").loc["column 0"]
        held.append(first["low"] <= rises.loc["column 0", "rise"] <= first["high"])
    assert 0.85 <= np.mean(held) <= 0.99


def test_tables_with_text_are_looked_at_as_they_are():
    rng = np.random.default_rng(0)
    y = rng.permutation(400) < 60
    table = pd.DataFrame(
        {
            "noise": rng.normal(size=400),
            "kind": np.where(y ^ (rng.random(400) < 0.1), "a", "b"),
            "when": pd.Categorical(rng.choice(["x", "y"], 400)),
        },
        index=rng.permutation(400),
    )
    clf = make_pipeline(ColumnEncoder(), LogisticRegression()).fit(table, np.where(y, "no", "yes"))
    found = column_importance(clf, table, np.where(y, "no", "yes"), random_state=0)
    assert found.columns[0]["name"] == "kind"
    assert found.to_dict()["n_rows"] == 400


def test_rare_classes_are_drawn_first():
    codes = np.repeat([0, 1, 2], [900, 80, 20])
    rows, weight = drawn_rows(codes, 120, np.random.RandomState(0))
    assert np.bincount(codes[rows]).tolist() == [50, 50, 20]
    assert len(np.unique(rows)) == 120
    np.testing.assert_allclose(np.bincount(codes[rows], weights=weight), [900, 80, 20])


def test_rows_drawn_class_by_class_weigh_what_they_stand_for(fitted):
    clf, X, y = fitted
    kept = np.sort(np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == 0)[: (y == 1).sum()]])
    told = {"max_rows": 2000, "n_repeats": 20, "random_state": 0}
    counts = np.bincount(y)
    found = column_importance(clf, X[kept], y[kept], class_count=counts, **told)
    loss = log_loss(y[kept], clf.predict_proba(X[kept]), sample_weight=(counts / 200)[y[kept]])
    assert found.log_loss == pytest.approx(loss)
    whole = column_importance(clf, X, y, **told).frame().set_index("name")["rise"]
    for row in found.frame().itertuples():
        assert row.low <= whole[row.name] <= row.high


def test_no_more_of_a_sparse_matrix_than_is_looked_at_becomes_dense(fitted):
    clf, X, y = fitted

    class Watched(sparse.csr_array):
        def toarray(self, *args, **kwargs):
            assert self.shape[0] <= 300
            return super().toarray(*args, **kwargs)

    found = column_importance(clf, Watched(X), y, max_rows=300, random_state=0)
    assert found == column_importance(clf, X, y, max_rows=300, random_state=0)


def test_wide_tables_are_looked_at_less():
    for n_columns in (1, 50, 100, 101, 500, 2500):
        limits = affordable(n_columns)
        assert n_columns * limits["max_rows"] * limits["n_repeats"] <= 500_000
    assert affordable(2501) is None


def test_refusals(fitted):
    clf, X, y = fitted
    with pytest.raises(InvalidParameterError, match="'X' parameter must be a table"):
        column_importance(clf, X[:, :, None], y)
    with pytest.raises(InvalidParameterError, match="'y' parameter must hold one label"):
        column_importance(clf, X, np.column_stack([y, y]))
    for wrong in ({"max_rows": -5}, {"n_repeats": 0}, {"max_rows": "a"}):
        with pytest.raises(InvalidParameterError, match="must be a whole number from 1 on"):
            column_importance(clf, X, y, **wrong)
    with pytest.raises(InvalidParameterError, match="must have predict_proba. Got object"):
        column_importance(object(), X, y)
