"""Inputs that are sparse, on disk, large or several train in the graph as by ``Model.fit``."""

import keras
import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn.data import StackedRows
from imbalanced_nn.training import batches, cache, clear_programs
from imbalanced_nn.training.fingerprint import training_key

from .conftest import HIDDEN, TABLE, assert_equal, fitted, network, rows

pytestmark = pytest.mark.slow

layers = keras.layers
BUILD = network(TABLE, *HIDDEN["dropout"][1])


# Those of one batch, and of two.
BLOCKS = (1, 4 * 6 * 32 * 2)


@pytest.fixture
def assert_equal_by_blocks(monkeypatch):
    """Train by Keras once, and in the graph by blocks of each size."""

    def assert_equal_by_blocks(build, X, y, **kwargs):
        theirs = fitted(build, X, y, "keras", **kwargs)
        for size in BLOCKS:
            monkeypatch.setattr(batches, "BLOCK_BYTES", size)
            assert_equal(fitted(build, X, y, "graph", **kwargs), theirs, X)

    return assert_equal_by_blocks


def mapped(X, path):
    np.save(path / "X.npy", X)
    return np.load(path / "X.npy", mmap_mode="r")


CONTAINERS = {
    "mapped": mapped,
    "mapped as float64": lambda X, path: mapped(X.astype(np.float64), path),
    "view of mapped": lambda X, path: np.asarray(mapped(X, path))[:, ::-1],
    "csr": lambda X, path: sparse.csr_array(X),
    "csc": lambda X, path: sparse.csc_matrix(X),
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_equals_model_fit(container, assert_equal_by_blocks, tmp_path):
    X, y = rows(TABLE)
    assert_equal_by_blocks(BUILD, container(X, tmp_path), y)


def test_what_is_held_as_a_whole(tmp_path, monkeypatch):
    X, y = rows(TABLE)

    def is_whole(data):
        return batches.RowBatches(data, y, None, np.arange(20), 8).is_whole

    on_disk = mapped(X, tmp_path)
    assert is_whole(X) and is_whole([X, X]) and is_whole(StackedRows(X, X[:2]))
    for data in (on_disk, np.asarray(on_disk)[:, ::-1], StackedRows(X, on_disk[:2])):
        assert not is_whole(data)
    assert not is_whole(sparse.csr_array(X)) and not is_whole({"x": X, "z": on_disk})
    monkeypatch.setattr(batches, "WHOLE_BYTES", X.nbytes)
    assert is_whole(X) and not is_whole(StackedRows(X, X[:1]))


def test_large_arrays_are_not_copied_as_a_whole(monkeypatch):
    X, y = rows(TABLE)
    whole = fitted(BUILD, X, y, "graph")
    monkeypatch.setattr(batches, "WHOLE_BYTES", X.nbytes - 1)
    monkeypatch.setattr(batches.RowBatches, "whole", None)
    parts = fitted(BUILD, X, y, "graph")
    assert parts.engine_ == "graph"
    np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))


STEPS = {
    "weights": {"class_weight": "balanced"},
    "over-sampled": {"sampler": "random_over"},
    "synthetic rows of each epoch": {"sampler": "smote", "resample_every": "epoch"},
    "balanced batches": {"sampler": "balanced_batches", "balancing_schedule": "linear"},
    "weighted within batches": {"class_weight": "balanced_batch"},
    "early stopping": {"early_stopping": True, "patience": 1, "epochs": 8},
    "moving average": {"early_stopping": True, "moving_average": 2, "epochs": 4},
    "one batch": {"batch_size": -1},
    "metrics": {"metrics": ["accuracy", keras.metrics.AUC], "validation_split": 0.2},
    "cross-fitted": {"validation_split": 3},
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_every_step_equals_model_fit(steps, assert_equal_by_blocks):
    X, y = rows(TABLE)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(y))
    build = BUILD if "metrics" not in steps else lambda: uncompiled(BUILD())
    assert_equal_by_blocks(build, sparse.csr_array(X), y, sample_weight=weight, **steps)


def uncompiled(model):
    return keras.Sequential.from_config(model.get_config())


class StopsInTheSecondEpoch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.stop_training = epoch == 1


def test_stopping_in_an_epoch_equals_model_fit(assert_equal_by_blocks):
    X, y = rows(TABLE)
    assert_equal_by_blocks(BUILD, sparse.csr_array(X), y, callbacks=[StopsInTheSecondEpoch()])


def own_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(keras.ops.cast(y_true, "float32") - y_pred), axis=-1)


def test_code_of_ones_own_equals_model_fit(monkeypatch):
    X, y = (part[:128] for part in rows(TABLE))
    build = network(TABLE, loss=own_loss)
    theirs = fitted(build, sparse.csr_array(X), y, "keras")
    for size in BLOCKS:
        clear_programs()
        monkeypatch.setattr(batches, "BLOCK_BYTES", size)
        ours = fitted(build, sparse.csr_array(X), y, "graph")
        assert ours.engine_.startswith("graph of its own: ")
        (program,) = cache.TRAINING
        assert program.n_traces == 1
        assert ours.history_ == theirs.history_
        np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))


def two_inputs(X):
    return [X[:, :2], X[:, 2:]]


def named_inputs(X):
    return {"b": X[:, :2], "a": X[:, 2:]}


def network_of(named):
    def build():
        b, a = keras.Input((2,), name="b"), keras.Input((4,), name="a")
        hidden = layers.Concatenate()([layers.Dense(3, "relu")(b), layers.Dense(5, "tanh")(a)])
        output = layers.Dense(1, "sigmoid")(layers.Dropout(0.2)(hidden))
        model = keras.Model({"b": b, "a": a} if named else [b, a], output)
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model

    return build


@pytest.mark.parametrize("split", [two_inputs, named_inputs])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_several_inputs_equal_model_fit(split, kind, monkeypatch):
    monkeypatch.setattr(batches, "BLOCK_BYTES", 4 * 6 * 32 * 2)
    X, y = rows(TABLE)

    class Classifier(type(fitted(BUILD, X, y, "graph"))):
        @property
        def feature_encoder(self):
            return FunctionTransformer(split, accept_sparse=True, check_inverse=False)

    params = {"epochs": 3, "random_state": 5, "early_stopping": True}
    build = network_of(split is named_inputs)
    theirs, ours = (
        Classifier(build, engine=engine, **params).fit(kind(X), y) for engine in ("keras", "graph")
    )
    assert ours.engine_ == "graph"
    assert ours.history_ == theirs.history_
    np.testing.assert_array_equal(ours.predict_proba(kind(X)), theirs.predict_proba(kind(X)))


def test_several_inputs_share_a_program_only_under_equal_names():
    X, y = rows(TABLE)
    keys = []
    for split in (two_inputs, named_inputs):
        data = (split(X), y, np.ones(len(y)))
        build = network_of(named=split is named_inputs)
        keys += [training_key(build(), 32, data)]
    assert keys[0] != keys[1]
