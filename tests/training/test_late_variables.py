"""An optimizer is built when somebody looks at it, and is then as training has left it."""

import copy
import pickle
import threading
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.persistence import load, save
from imbalanced_nn.training import seeded

from .conftest import TABLE, fitted, network, rows

pytestmark = pytest.mark.slow

layers = keras.layers


@pytest.fixture
def data():
    return rows(TABLE)


def small():
    # A function that pickles.
    return network(TABLE, lambda: layers.Dense(8, "relu"))()


def state(model):
    return [np.asarray(variable) for variable in model.optimizer.variables]


def assert_same_state(model, expected):
    assert len(state(model)) == len(expected) > 2
    for value, other in zip(state(model), expected, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.fixture
def expected(data):
    return state(fitted(small, *data, "keras").model_)


def test_fit_and_predict_do_not_build_it(data):
    estimator = fitted(small, *data, "graph")
    estimator.predict(data[0])
    estimator.decision_function(data[0])
    assert hasattr(estimator, "classes_")
    assert estimator.initialized_
    optimizer = estimator.model_.optimizer
    assert not optimizer.built
    assert len(optimizer.variables) > 2
    assert optimizer.built


def test_it_is_that_of_its_own_fit(data, expected):
    X, y = data
    estimator = fitted(small, X, y, "graph")
    fitted(small, X, 1 - y, "graph", random_state=9)
    assert_same_state(estimator.model_, expected)


def _saved(estimator, tmp_path):
    save(estimator, tmp_path / "estimator.inn")
    return load(tmp_path / "estimator.inn")


COPIES = {
    "pickle": lambda estimator, _: pickle.loads(pickle.dumps(estimator)),
    "deepcopy": lambda estimator, _: copy.deepcopy(estimator),
    "copy": lambda estimator, _: copy.copy(estimator),
    "file": _saved,
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_have_it(kind, data, expected, tmp_path):
    twin = COPIES[kind](fitted(small, *data, "graph"), tmp_path)
    assert_same_state(twin.model_, expected)


def test_training_goes_on_with_it(data):
    ends = []
    for engine in ("keras", "graph"):
        estimator = fitted(small, *data, engine)
        estimator.partial_fit(*data)
        estimator.set_params(engine="keras").partial_fit(*data)
        ends.append(estimator)
    assert_same_state(ends[1].model_, state(ends[0].model_))
    np.testing.assert_array_equal(*(end.predict_proba(data[0]) for end in ends))


class BrokenLater(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.n_fits = getattr(self, "n_fits", 0) + 1

    def on_epoch_end(self, epoch, logs=None):
        if self.n_fits == 2:
            raise RuntimeError("broken")


def test_failing_to_go_on_leaves_it(data, expected):
    estimator = fitted(small, *data, "graph", callbacks=[BrokenLater])
    with pytest.raises(RuntimeError, match="broken"):
        estimator.partial_fit(*data)
    assert_same_state(estimator.model_, expected)


@pytest.mark.parametrize("engine", ["graph", "keras"])
def test_an_interrupt_after_going_on_leaves_it(engine, data, expected, monkeypatch):
    estimator = fitted(small, *data, "graph").set_params(engine=engine)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("imbalanced_nn.fitting.course.weights_to_restore", interrupt)
        estimator.partial_fit(*data)
    assert_same_state(estimator.model_, expected)


def kept_networks():
    """Return a build function, and the networks it has made."""
    made = []

    def keeping():
        made.append(small())
        return made[-1]

    return keeping, made


def test_who_kept_the_network_trains_on_with_it(data):
    X, y = data
    ends = []
    for engine in ("keras", "graph"):
        build, made = kept_networks()
        fitted(build, X, y, engine)
        made[-1].fit(X, y, shuffle=False, verbose=0)
        ends.append(made[-1])
    assert_same_state(ends[1], state(ends[0]))


def test_who_kept_the_network_trains_on_in_a_graph(data, expected):
    X, y = data
    build, made = kept_networks()
    fitted(build, X, y, "graph")
    model = made[-1]

    @tf.function
    def step(inputs, targets):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((targets - model(inputs)) ** 2)
        variables = model.trainable_variables
        model.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    n_steps = int(model.optimizer.iterations.numpy())
    for _ in range(2):
        step(X, y[:, None].astype(np.float32))
    assert model.optimizer.iterations.numpy() == n_steps + 2
    assert len(state(model)) == len(expected)


def test_it_is_for_the_variables_that_were_trained(data, expected):
    build, made = kept_networks()
    estimator = fitted(build, *data, "graph")
    made[-1].layers[0].trainable = False
    assert_same_state(estimator.model_, expected)


def _pickled(model, _):
    return pickle.loads(pickle.dumps(model))


def _loaded(name):
    def copied(model, tmp_path):
        model.save(tmp_path / name)
        return keras.models.load_model(tmp_path / name)

    return copied


def _with_weights(model, tmp_path):
    model.save_weights(tmp_path / "network.weights.h5")
    twin = small()
    twin.optimizer.build(twin.trainable_variables)
    twin.load_weights(tmp_path / "network.weights.h5")
    return twin


def _from_checkpoint(model, tmp_path):
    path = tf.train.Checkpoint(model=model).save(tmp_path / "checkpoint")
    twin = small()
    twin.optimizer.build(twin.trainable_variables)
    tf.train.Checkpoint(model=twin).restore(path).assert_consumed()
    return twin


NETWORK_COPIES = {
    "checkpoint": _from_checkpoint,
    "pickle": _pickled,
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "file": _loaded("network.keras"),
    "weights": _with_weights,
}


@pytest.mark.parametrize("kind", NETWORK_COPIES)
def test_copies_of_a_kept_network_have_it(kind, data, expected, tmp_path):
    build, made = kept_networks()
    fitted(build, *data, "graph")
    assert_same_state(NETWORK_COPIES[kind](made[-1], tmp_path), expected)


def test_a_network_given_as_one_has_it(data):
    models = [small(), small()]
    models[1].set_weights(models[0].get_weights())
    for engine, model in zip(("keras", "graph"), models, strict=True):
        clf = BalancedKerasClassifier(model, engine=engine, epochs=2, early_stopping=False)
        clf.set_params(random_state=0).fit(*data)
    assert_same_state(models[1], state(models[0]))


def test_a_copy_of_an_optimizer_is_its_own(data, expected):
    build, made = kept_networks()
    fitted(build, *data, "graph")
    twin = copy.deepcopy(made[-1].optimizer)
    twin.build(made[-1].trainable_variables)
    assert_same_state(made[-1], expected)
    assert not set(map(id, twin.variables)) & set(map(id, made[-1].optimizer.variables))


class FailsOnce(keras.callbacks.Callback):
    failed = False

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1 and not self.failed:
            self.failed = True
            raise RuntimeError("broken")


@pytest.mark.parametrize("optimizer", ["adam", "adagrad"])
@pytest.mark.parametrize("engine", ["keras", "graph"])
def test_after_a_failed_first_fit_it_starts_afresh(engine, optimizer, data):
    weights, ends = None, []
    for fails in (False, True):
        model = small()
        model.compile(optimizer, "binary_crossentropy")
        weights = weights or model.get_weights()
        model.set_weights(weights)
        callback = FailsOnce()
        callback.failed = not fails
        clf = BalancedKerasClassifier(
            model, engine=engine, callbacks=[callback], epochs=3, random_state=0
        )
        if fails:
            with pytest.raises(RuntimeError, match="broken"):
                clf.fit(*data)
        ends.append(state(clf.fit(*data).model_))
    for values in zip(*ends, strict=True):
        np.testing.assert_array_equal(*values)


@pytest.mark.parametrize("n_made", [0, 3])
def test_an_interrupt_while_it_is_made_leaves_it(n_made, data, expected, monkeypatch):
    estimator = fitted(small, *data, "graph")
    optimizer = estimator.model_.optimizer
    add = keras.optimizers.Adam.add_variable_from_reference
    made = []

    def interrupt(*args, **kwargs):
        if len(made) == n_made:
            raise KeyboardInterrupt
        made.append(1)
        return add(*args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(keras.optimizers.Adam, "add_variable_from_reference", interrupt)
        optimizer.variables  # noqa: B018
    assert not optimizer.built
    assert_same_state(estimator.model_, expected)
    estimator.partial_fit(*data)


def test_it_is_made_while_another_thread_builds(data, expected):
    estimator = fitted(small, *data, "graph")
    with seeded(None):
        thread = threading.Thread(target=state, args=[estimator.model_], daemon=True)
        thread.start()
        thread.join(30)
    assert not thread.is_alive()
    assert_same_state(estimator.model_, expected)


def test_threads_that_ask_at_once_get_all_of_it(data, expected, monkeypatch):
    estimator = fitted(small, *data, "graph")
    build = keras.optimizers.Adam.build

    def slow(self, variables):
        time.sleep(0.05)
        assert len(self.variables) == 2
        build(self, variables)

    monkeypatch.setattr(keras.optimizers.Adam, "build", slow)
    seen = []
    threads = [
        threading.Thread(target=lambda: seen.append(state(estimator.model_))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(values) for values in seen] == 4 * [len(expected)]
