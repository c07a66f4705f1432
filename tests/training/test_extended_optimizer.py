"""Networks that come with an optimizer built for a part of what is trained."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import extend_optimizer

from .conftest import TABLE, fitted, network, rows

# The networks that these tests give are trained already.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*INN029")]

layers = keras.layers

# What Keras says itself where it reads an optimizer from such a file.
OF_KERAS = [
    "ignore:You are saving your model as an HDF5 file",
    "ignore:Error in loading the saved optimizer",
]


@pytest.fixture(scope="module")
def data():
    return rows(TABLE)


def small(optimizer="adam"):
    return network(TABLE, lambda: layers.Dense(8, "relu"), optimizer=optimizer)()


def reloaded(model, path):
    model.save(path)
    return keras.models.load_model(path)


def assert_same_variables(ones, others):
    for one, other in zip(ones, others, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings(*OF_KERAS)
@pytest.mark.parametrize("engine", ["keras", "auto"])
def test_a_network_of_an_hdf5_file_trains_by_an_optimizer_that_starts_afresh(
    engine, data, tmp_path
):
    trained = small()
    trained.fit(*data, verbose=0)
    model = reloaded(trained, tmp_path / "network.h5")
    assert model.optimizer.built and not model.optimizer._trainable_variables
    expected = small()
    expected.set_weights(trained.get_weights())
    for given in (model, expected):
        clf = BalancedKerasClassifier(given, engine=engine, epochs=2, random_state=0)
        clf.fit(*data)
        assert clf.model_ is given
    assert_same_variables(model.weights, expected.weights)
    assert_same_variables(model.optimizer.variables, expected.optimizer.variables)


@pytest.mark.filterwarnings(*OF_KERAS)
def test_going_on_and_cross_fitting_with_it(data, tmp_path):
    trained = small()
    trained.fit(*data, verbose=0)
    trained.save(tmp_path / "network.h5")
    for params in ({"warm_start": True}, {"validation_split": 3}):
        model = keras.models.load_model(tmp_path / "network.h5")
        clf = fitted(model, *data, "auto", **params)
        steps = int(clf.model_.optimizer.iterations.numpy())
        clf.fit(*data)
        if "warm_start" in params:
            assert clf.model_.optimizer.iterations.numpy() == 2 * steps > 0


@pytest.mark.filterwarnings(*OF_KERAS)
@pytest.mark.parametrize("copied", [clone, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies_of_who_has_it_train(copied, data, tmp_path):
    trained = small()
    trained.fit(*data, verbose=0)
    clf = BalancedKerasClassifier(reloaded(trained, tmp_path / "network.h5"), epochs=1)
    clf.set_params(random_state=0)
    assert_same_variables(copied(clf).fit(*data).model_.weights, clf.fit(*data).model_.weights)


def test_the_optimizer_of_a_keras_file_is_gone_on_with(data, tmp_path):
    trained = small()
    trained.fit(*data, verbose=0)
    model = reloaded(trained, tmp_path / "network.keras")
    for given in (trained, model):
        fitted(given, *data, "auto")
    assert_same_variables(model.optimizer.variables, trained.optimizer.variables)


OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.02, amsgrad=True, use_ema=True),
    "accumulation": lambda: keras.optimizers.SGD(momentum=0.9, gradient_accumulation_steps=2),
    "nadam": keras.optimizers.Nadam,
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adagrad()),
}


def frozen_at_first(data, optimizer):
    """Return a network whose first layer was frozen when its optimizer was built."""
    model = small(optimizer)
    model.layers[0].trainable = False
    model.fit(*data, epochs=2, verbose=0)
    model.layers[0].trainable = True
    return model


def slots_of(optimizer, variable):
    """Return what an optimizer has for a variable, the inner one of another too."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    place = list(map(id, inner._trainable_variables)).index(id(variable))
    held = {name: v for name, v in vars(inner).items() if name != "_trainable_variables"}
    lists = [part for part in held.values() if isinstance(part, list)]
    slots = [part[place] for part in lists if len(part) == len(inner._trainable_variables)]
    return [np.asarray(slot) for slot in slots]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_what_is_known_of_some_layers_goes_over(kind, data):
    model = frozen_at_first(data, OPTIMIZERS[kind])
    before = model.optimizer
    output = model.layers[-1].kernel
    expected = slots_of(before, output)
    extend_optimizer(model)
    assert model.optimizer is not before
    assert model.optimizer.get_config() == before.get_config()
    assert model.optimizer.iterations.numpy() == before.iterations.numpy() > 0
    slots = slots_of(model.optimizer, output)
    assert any(np.any(slot) for slot in slots)
    assert_same_variables(slots, expected)
    hidden = model.layers[0].kernel
    fresh = OPTIMIZERS[kind]()
    fresh.build(model.trainable_variables)
    assert_same_variables(slots_of(model.optimizer, hidden), slots_of(fresh, hidden))
    extended = model.optimizer
    extend_optimizer(model)
    assert model.optimizer is extended


@pytest.mark.parametrize("engine", ["keras", "graph"])
def test_a_layer_that_was_frozen_is_trained(engine, data):
    model = frozen_at_first(data, "adam")
    before = np.asarray(model.layers[0].kernel)
    fitted(model, *data, engine)
    assert np.all(np.any(np.asarray(model.layers[0].kernel) != before, axis=0))


def test_a_layer_unfrozen_between_fits_is_trained(data):
    def build():
        model = small()
        model.layers[0].trainable = False
        return model

    clf = fitted(build, *data, "auto")
    before = np.asarray(clf.model_.layers[0].kernel)
    clf.model_.layers[0].trainable = True
    clf.partial_fit(*data)
    assert np.any(np.asarray(clf.model_.layers[0].kernel) != before)


class Broken(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("broken")


def test_a_fit_that_fails_leaves_the_optimizer(data):
    model = frozen_at_first(data, "adam")
    before, values = model.optimizer, [np.asarray(v) for v in model.optimizer.variables]
    with pytest.raises(RuntimeError, match="broken"):
        fitted(model, *data, "auto", callbacks=[Broken()])
    assert model.optimizer is before
    assert_same_variables(before.variables, values)
    fitted(model, *data, "auto")
