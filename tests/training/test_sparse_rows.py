"""Wide sparse rows train and predict without a dense copy, as dense ones but for rounding."""

import keras
import numpy as np
import pytest
from scipy import sparse

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import batches, forward, forward_pass, sparse_rows
from imbalanced_nn.training.sparse_rows import SparseRows, are_few, takes_sparse

layers = keras.layers
WIDTH = sparse_rows.LEAST_COLUMNS


def table(n=150, density=0.002, width=WIDTH, seed=0):
    X = sparse.random(n, width, density, "csr", np.float32, np.random.default_rng(seed))
    return X, (np.asarray(X[:, : width // 2].sum(axis=1)).ravel() > 2).astype(int)


def build():
    hidden = layers.Dense(8, "relu", kernel_regularizer="l2", name="first")
    output = layers.Dense(1, "sigmoid")
    return keras.Sequential([keras.Input((WIDTH,)), hidden, layers.Dropout(0.2), output])


def two_branches():
    given = keras.Input((WIDTH,))
    parts = [layers.Dense(4, "tanh")(given), layers.Dense(3, use_bias=False)(given)]
    return keras.Model(given, layers.Dense(1, "sigmoid")(layers.Concatenate()(parts)))


def fitted(X, y, build=build, **params):
    params = {"epochs": 3, "random_state": 5, "early_stopping": False, **params}
    return BalancedKerasClassifier(build, **params).fit(X, y)


def test_rows_are_those_of_the_matrix():
    # Two parts of one value; the conversion from another form would join them.
    X = sparse.csr_array(([1.0, 2, 3], [4, 4, 1], [0, 2, 2, 3]), shape=(3, 6))
    rows = SparseRows.of(X).filled_up(5)
    assert rows.ends.tolist() == [0, 1, 1, 2, 2, 2]
    assert rows.columns.tolist() == [4, 1] and rows.values.tolist() == [3.0, 3.0]
    assert X.nnz == 3


def test_which_networks_take_them():
    X, _ = table(n=3)
    on_tensorflow = keras.backend.backend() == "tensorflow"
    given = keras.Input((WIDTH,))
    beside = layers.Concatenate()([layers.Dense(2)(given), given])
    assert takes_sparse(build(), X) == takes_sparse(two_branches(), X) == on_tensorflow
    assert not takes_sparse(build(), X.toarray())
    assert not takes_sparse(keras.Model(given, layers.Dense(1)(beside)), X)
    assert not takes_sparse(keras.Sequential([given, layers.Rescaling(2.0)]), X)
    narrow = keras.Sequential([keras.Input((WIDTH - 1,)), layers.Dense(1)])
    assert not takes_sparse(narrow, X[:, 1:])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only there")
def test_outputs_are_those_of_dense_rows_each_by_itself():
    X, _ = table()
    X = sparse.vstack([X, sparse.csr_array((1, WIDTH)), sparse.random(2, WIDTH, 0.5, "csr")])
    X = sparse.csr_array(X, dtype=np.float32)
    assert are_few(X).tolist() == [True] * 151 + [False] * 2
    for network in (build(), two_branches()):
        outputs = forward(network, X)
        np.testing.assert_allclose(outputs, forward(network, X.toarray()), rtol=2e-5, atol=2e-6)
        some = np.array([152, 3, 150, 3])
        np.testing.assert_array_equal(forward(network, X, some), outputs[some])
        np.testing.assert_array_equal(forward(network, X[some].tocsc()), outputs[some])


def never(*args):
    raise AssertionError("made dense")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only there")
def test_a_fit_and_its_answers_make_no_row_dense(monkeypatch):
    X, y = table()
    monkeypatch.setattr(forward_pass, "_forward_dense", never)
    monkeypatch.setattr(batches.RowBatches, "whole", never)
    taken = []
    monkeypatch.setattr(
        SparseRows, "of", lambda rows, of=SparseRows.of: taken.append(1) or of(rows)
    )
    clf = fitted(X, y)
    assert clf.engine_ == "graph" and len(taken) >= 3
    assert clf.predict_proba(X).shape == (150, 2)


OTHERS = {
    "held out, metrics": {"validation_split": 0.3, "metrics": ["accuracy"], "early_stopping": True},
    "own callback": {"callbacks": keras.callbacks.LambdaCallback, "metrics": ["AUC"]},
    "synthetic rows of each epoch": {"sampler": "random_over", "resample_every": "epoch"},
    "branches": {"build": two_branches, "class_weight": "balanced"},
}


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only there")
@pytest.mark.parametrize("params", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("block", [1, 2**24], ids=["blocks", "one block"])
def test_fits_equal_those_of_model_fit(params, block, monkeypatch):
    monkeypatch.setattr(batches, "BLOCK_BYTES", block)
    X, y = table()
    theirs, ours = (fitted(X, y, engine=engine, **params) for engine in ("keras", "graph"))
    assert ours.engine_ == "graph"
    assert ours.history_.keys() == theirs.history_.keys()
    for name, values in theirs.history_.items():
        np.testing.assert_allclose(ours.history_[name], values, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-4, atol=1e-5)
