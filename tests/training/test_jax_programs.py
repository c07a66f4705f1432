"""Programs of JAX: shared between folds, and what they write over belongs to nobody else."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.backends import tensors
from imbalanced_nn.training.cache import TRAINING

from .conftest import HIDDEN, TABLE, assert_equal_fits, network, rows

if keras.backend.backend() != "jax":
    pytest.skip("they run where KERAS_BACKEND=jax", allow_module_level=True)

import jax

X, Y = rows(TABLE)
SMALL = {"model__hidden_layer_sizes": (8,), "model__dropout": 0.0}


def fit(X=X, y=Y, **params):
    params = {"epochs": 2, "random_state": 0, "batch_size": 16, **params}
    return BalancedKerasClassifier("mlp", **SMALL | params).fit(X, y)


@pytest.mark.parametrize("n", [140, 150])
@pytest.mark.parametrize("loss", [None, "logit_adjusted", "pairwise_auc"])
def test_a_last_batch_that_is_filled_up_is_that_of_model_fit(n, loss):
    params = SMALL | {"batch_size": 32, "class_weight": "balanced", "loss": loss or "auto"}
    if loss is None:
        del params["loss"]
    assert_equal_fits("mlp", X[:n], Y[:n], exact=False, **params)


@pytest.mark.parametrize("by_place", [True, False])
@pytest.mark.parametrize("model", ["mlp", "tabular"])
def test_what_is_drawn_for_a_last_batch_is_that_of_model_fit(model, by_place):
    params = {"model__hidden_layer_sizes": (8,), "model__dropout": 0.3, "batch_size": 32}
    # Whether batches are filled up depends on how JAX draws.
    clear_programs()
    with jax.threefry_partitionable(by_place):
        assert_equal_fits(model, X[:150], Y[:150], exact=False, **params)
    clear_programs()


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_folds_of_about_one_size_share_a_program(dropout):
    clear_programs()
    for n in (129, 131, 135):
        assert fit(X[:n], Y[:n], model__dropout=dropout).engine_ == "graph"
    (program,) = TRAINING
    assert program.n_traces == 1


def test_what_a_fit_begins_with_is_copied_by_one_program():
    # Of sizes that nothing else here has.
    ones, others = ([keras.Variable(np.full(n, n, "float32")) for n in (41, 43)] for _ in range(2))
    told = []

    def tell(name, seconds, **_):
        told.append(name.rpartition("/")[-1])

    jax.monitoring.register_event_duration_secs_listener(tell)
    try:
        tensors.assign_all(zip(ones, others, strict=True))
    finally:
        jax.monitoring.unregister_event_duration_listener(tell)
    assert told.count("backend_compile_duration") == 1


def test_a_network_keeps_its_values_through_later_fits():
    first = fit()
    held, proba = first.model_.get_weights(), first.predict_proba(X)
    slots = [np.copy(slot.numpy()) for slot in first.model_.optimizer.variables]
    fit(random_state=1)
    for before, after in zip(held, first.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(first.predict_proba(X), proba)
    first.partial_fit(X, Y)
    assert len(slots) == len(first.model_.optimizer.variables)
    np.testing.assert_array_equal(fit().predict_proba(X), proba)


def test_callbacks_see_values_between_epochs():
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((self.model.get_weights()[-1], float(self.model.metrics[0].result())))

    fit(epochs=3, callbacks=[Watch()], early_stopping=False)
    losses = fit(epochs=3, early_stopping=False).history_["loss"]
    np.testing.assert_allclose([loss for _, loss in seen], losses, rtol=1e-5)


def test_weights_that_come_late_reach_a_program_and_model_fit():
    params = SMALL | {"loss": "ldam", "epochs": 5, "class_weight": "balanced"}
    assert_equal_fits("mlp", X, Y, exact=False, **params)


@pytest.mark.filterwarnings("error::UserWarning")
def test_whole_numbers_are_taken_without_a_warning_of_jax():
    y = np.where(Y == 1, 2, np.arange(len(Y)) % 2)
    assert y.dtype == np.int64
    assert fit(y=y).engine_ == "graph"


def test_each_time_step_is_judged():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(90, 5, 3)).astype(np.float32)
    labels = (steps[:, :, :1] + rng.normal(size=(90, 5, 1)) > 0.8).astype(int)
    params = {"epochs": 1, "early_stopping": False, "engine": "graph"}
    clf = fit(steps, labels, validation_split=0.2, **params)
    held_out = clf.validation_indices_
    proba = clf.predict_proba(steps[held_out])[..., -1:].reshape(-1, 5, 1)
    expected = -np.mean(np.where(labels[held_out] == 1, np.log(proba), np.log1p(-proba)))
    assert clf.engine_ == "graph"
    assert clf.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["convolution", "image"])
def test_convolutions_are_left_to_keras_where_loops_slow_them_down(name, monkeypatch):
    shape, hidden = HIDDEN[name]
    X, y = rows(shape)

    def engine(given):
        clf = BalancedKerasClassifier(network(shape, *hidden), engine=given, epochs=1)
        return clf.fit(X, y).engine_

    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    slowed = "keras: on JAX, a CPU is slow at convolutions in a program of whole epochs"
    assert engine("auto") == slowed
    assert engine("graph") == "graph"
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert engine("auto") == "graph"
