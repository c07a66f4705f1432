"""Networks, optimizers and callbacks as people write them: trained as by ``Model.fit``."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.optimizers import SGD, Adam

from .conftest import HIDDEN, TABLE, fitted, network, rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*INN012")]

X, Y = rows(TABLE)
DENSE = HIDDEN["dense"][1]


def uncompiled(make=None):
    """Return a build function of a network that the estimator compiles."""

    def build():
        inputs = keras.Input(TABLE)
        hidden = layers.Dense(8, "relu")(inputs) if make is None else make(inputs)
        return keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))

    return build


def residual(inputs):
    hidden = layers.Dense(6, "gelu")(inputs)
    return layers.LayerNormalization()(layers.Add()([inputs, hidden]))


def shared(inputs):
    dense = layers.Dense(6, "tanh")
    return layers.Concatenate()([dense(inputs), dense(dense(inputs))])


def gated(inputs):
    return layers.Multiply()([layers.Dense(4)(inputs), layers.Dense(4, "sigmoid")(inputs)])


def operations(inputs):
    return ops.sqrt(ops.square(inputs) + 1.0) - ops.mean(inputs, axis=-1, keepdims=True)


def attention(inputs):
    steps = layers.Reshape((3, 2))(inputs)
    return layers.Flatten()(layers.MultiHeadAttention(2, 2)(steps, steps))


def nested(inputs):
    inner = keras.Sequential([layers.Dense(5, "relu"), layers.BatchNormalization()])
    return inner(inputs)


def with_meta(meta, compile_kwargs, units=4):
    model = keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), layers.Dense(units), layers.Dense(1, "sigmoid")]
    )
    model.compile(loss="binary_crossentropy", optimizer=compile_kwargs["optimizer"])
    return model


def first_layer_alone():
    return keras.Sequential(
        [layers.Dense(5, "relu"), layers.BatchNormalization(), layers.Dense(1, "sigmoid")]
    )


def falling():
    return keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)


def rate_of(epoch, rate):
    return rate * 0.5


class Steps(keras.callbacks.Callback):
    n_steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.n_steps += 1


def averaging():
    return Adam(0.05, use_ema=True, ema_momentum=0.8)


WRITTEN = {
    "residual": (uncompiled(residual), {}),
    "shared layer": (uncompiled(shared), {}),
    "gates": (uncompiled(gated), {}),
    "operations": (uncompiled(operations), {}),
    "attention": (uncompiled(attention), {}),
    "nested": (uncompiled(nested), {}),
    "no input layer": (first_layer_alone, {}),
    "meta and compile_kwargs": (with_meta, {"model__units": 3, "optimizer": "sgd"}),
    "optimizer by name": (uncompiled(), {"optimizer": "rmsprop"}),
    "optimizer by class": (uncompiled(), {"optimizer": SGD, "optimizer__learning_rate": 0.1}),
    "momentum": (uncompiled(), {"optimizer": SGD, "optimizer__momentum": 0.9}),
    "optimizer object": (uncompiled(), {"optimizer": Adam(0.01)}),
    "clipped gradients": (network(TABLE, optimizer=lambda: Adam(clipnorm=0.1)), {}),
    "schedule": (network(TABLE, *DENSE, optimizer=lambda: SGD(falling())), {}),
    "averages": (network(TABLE, *DENSE, optimizer=averaging), {}),
    "metric by name": (uncompiled(), {"metrics": ["AUC", "Precision", "recall"]}),
    "metric objects": (uncompiled(), {"metrics": [keras.metrics.F1Score(threshold=0.5)]}),
    "l1 and constraint": (
        network(
            TABLE,
            lambda: layers.Dense(4, kernel_regularizer="l1", kernel_constraint="max_norm"),
        ),
        {},
    ),
    "Keras' EarlyStopping": (
        uncompiled(),
        {"callbacks": [keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1.0)]},
    ),
    "EarlyStopping by class": (
        uncompiled(),
        {
            "callbacks": keras.callbacks.EarlyStopping,
            "callbacks__monitor": "loss",
            "callbacks__patience": 1,
        },
    ),
    "rate on a plateau": (
        uncompiled(),
        {"callbacks": [keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=9.0)]},
    ),
    "rate by epoch": (
        uncompiled(),
        {"callbacks": [keras.callbacks.LearningRateScheduler(rate_of)]},
    ),
    "lambda callback": (
        uncompiled(),
        {"callbacks": [keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)]},
    ),
    "a callback that counts batches": (uncompiled(), {"callbacks": Steps}),
    "averages that are swapped in": (
        network(TABLE, *DENSE, optimizer=averaging),
        {"callbacks": keras.callbacks.SwapEMAWeights},
    ),
    "averages of every epoch": (
        network(TABLE, *DENSE, optimizer=averaging),
        {"callbacks": keras.callbacks.SwapEMAWeights, "callbacks__swap_on_epoch": True},
    ),
    "held out by Keras' name": (uncompiled(), {"fit__validation_split": 0.2}),
    "batch size": (uncompiled(), {"batch_size": 16, "fit__shuffle": False}),
    "all in one batch": (uncompiled(), {"fit__batch_size": -1}),
    "warm start": (uncompiled(), {"warm_start": True}),
    "verbose": (uncompiled(), {"verbose": 2}),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_people_write_is_trained_as_by_model_fit(name):
    build, params = WRITTEN[name]
    theirs, ours = (fitted(build, X, Y, engine, **params) for engine in ("keras", "auto"))
    assert ours.engine_ == "graph"
    # Matrix products of three dimensions may be fused differently inside a loop, and steps of Adam
    # enlarge what they differ by where gradients are near nothing.
    equal = np.testing.assert_array_equal
    if name == "attention":

        def equal(a, b):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)

    assert ours.history_.keys() == theirs.history_.keys()
    for key, values in theirs.history_.items():
        equal(ours.history_[key], values)
    for mine, other in zip(ours.model_.variables, theirs.model_.variables, strict=True):
        equal(np.asarray(mine), np.asarray(other))
    equal(ours.predict_proba(X), theirs.predict_proba(X))
