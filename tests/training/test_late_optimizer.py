"""An optimizer is built when somebody asks for it, and is then as training has left it."""

import copy
import pickle
import threading
import time

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.persistence import load, save

from .conftest import TABLE, fitted, network, rows

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
    assert not vars(estimator)["model_"].optimizer.built
    assert estimator.model_.optimizer.built
    assert estimator.model_ is vars(estimator)["model_"]


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
        patch.setattr("imbalanced_nn.steps.network.weights_to_restore", interrupt)
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


def test_it_is_for_the_variables_that_were_trained(data, expected):
    build, made = kept_networks()
    estimator = fitted(build, *data, "graph")
    made[-1].layers[0].trainable = False
    assert_same_state(estimator.model_, expected)


def test_copies_of_an_unbuilt_one_are_their_own(data, expected):
    build, made = kept_networks()
    estimator = fitted(build, *data, "graph")
    twin = copy.deepcopy(made[-1].optimizer)
    twin.build(made[-1].trainable_variables)
    assert not made[-1].optimizer.built
    assert_same_state(estimator.model_, expected)
    assert len(twin.variables) == len(expected)


def test_a_network_given_as_one_has_it_at_once(data):
    model = small()
    BalancedKerasClassifier(model, engine="graph", epochs=1, early_stopping=False).fit(*data)
    assert model.optimizer.built


def test_threads_that_ask_at_once_get_all_of_it(data, expected, monkeypatch):
    estimator = fitted(small, *data, "graph")
    build = keras.optimizers.Adam.build

    def slow(self, variables):
        time.sleep(0.05)
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


def test_before_fit_there_is_no_network():
    with pytest.raises(AttributeError, match="BalancedKerasClassifier has no model_ before fit"):
        BalancedKerasClassifier(small).model_  # noqa: B018
