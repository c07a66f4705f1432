"""Optimizers given as objects: what trains is equal to them, and they stay as they are."""

import keras
import numpy as np
import pytest
from keras import layers

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.wrapper.fresh_optimizer import fresh_optimizer

X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
Y = (X[:, 0] > 0.3).astype(int)


class Scaled(keras.optimizers.SGD):
    """Multiplies gradients by what no configuration of it tells."""

    def __init__(self, learning_rate=0.1, factor=1.0, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.factor = factor

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.factor, variable, learning_rate)


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 / (1.0 + keras.ops.cast(step, "float32"))


class Told(Scaled):
    def get_config(self):
        return super().get_config() | {"factor": self.factor}


def small():
    return keras.Sequential([keras.Input((3,)), layers.Dense(1, "sigmoid")])


def trained(optimizer):
    model = small()
    model.compile(optimizer, "binary_crossentropy")
    model.fit(X, Y, verbose=0)
    return optimizer


def test_its_own_arguments_arrive():
    clf = BalancedKerasClassifier(
        small, loss="binary_crossentropy", optimizer=Scaled(factor=0.0), epochs=2, random_state=0
    ).fit(X, Y)
    assert clf.history_["loss"][0] == pytest.approx(clf.history_["loss"][1], rel=1e-6)
    assert clf.model_.optimizer is not clf.optimizer
    assert clf.model_.optimizer.factor == 0.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.Adam(0.02),
        lambda: keras.optimizers.Adam(Falling()),
        lambda: keras.optimizers.SGD(lambda: 0.2),
        lambda: Scaled(0.3, factor=0.5),
        lambda: Told(0.3, factor=0.5),
    ],
    ids=["Keras'", "own schedule", "function", "own", "own with a configuration"],
)
def test_it_is_equal_and_shares_nothing(make):
    given = make()
    twin = fresh_optimizer(given)
    assert type(twin) is type(given)
    assert float(twin.learning_rate) == float(given.learning_rate)
    assert getattr(twin, "factor", None) == getattr(given, "factor", None)
    trained(twin)
    assert (int(twin.iterations), int(given.iterations)) == (2, 0)
    assert not given.built


def test_what_is_spared_from_decay_stays_spared():
    def norm(*spared):
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=20.0)
        optimizer.exclude_from_weight_decay(var_names=spared)
        clf = BalancedKerasClassifier(
            small, optimizer=optimizer, epochs=20, random_state=0, early_stopping=False
        ).fit(X, Y)
        return np.linalg.norm(clf.model_.get_weights()[0])

    assert norm("kernel") > 5 * norm("bias")


def test_one_that_has_trained_is_made_anew_where_its_configuration_tells_it():
    twin = fresh_optimizer(trained(Told(factor=0.5)))
    assert (twin.factor, int(twin.iterations), twin.built) == (0.5, 0, False)
    with pytest.raises(InvalidParameterError, match=r"Scaled takes arguments that no get_config"):
        fresh_optimizer(trained(Scaled(factor=0.5)))


def test_anything_else_is_refused():
    with pytest.raises(InvalidParameterError, match=r"optimizer=3 is none"):
        fresh_optimizer(3)
