"""What an epoch in a graph could change is left to ``Model.fit``, and what is untold is said."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import forward

from .conftest import HIDDEN, TABLE, fitted, network, rows

pytestmark = pytest.mark.slow

layers = keras.layers


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        (
            "looks at batches",
            {
                "callbacks": [
                    keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs)
                ]
            },
        ),
        ("a way to run of its own", {"run_eagerly": True, "model": None}),
    ],
)
def test_leaves_to_keras_what_it_cannot_prove(reason, change, capsys):
    X, y = rows(TABLE)
    params = {"model": network(TABLE), "epochs": 1, "model__hidden_layer_sizes": (4,), **change}
    if params["model"] is not None:
        del params["model__hidden_layer_sizes"]
    clf = BalancedKerasClassifier(**params).fit(X, y)
    assert reason in clf.engine_
    with pytest.raises(ValueError, match=f"engine='graph'.*{reason}"):
        clf.set_params(engine="graph").fit(X, y)


def scaled(y_true, y_pred, by):
    return keras.ops.mean(by * y_pred, axis=-1)


class NotSerialised(keras.metrics.MeanSquaredError):
    def get_config(self):
        raise NotImplementedError


@pytest.mark.parametrize("engine", ["auto", "keras"])
@pytest.mark.parametrize(
    "metric",
    [keras.metrics.Precision, functools.partial(scaled, by=2), NotSerialised(name="mine")],
    ids=["class", "partial", "not serialised"],
)
def test_metrics_that_cannot_be_serialised_are_logged(metric, engine):
    X, y = rows(TABLE)
    build = network(TABLE, metrics=[metric])
    clf = fitted(build, X, y, engine, epochs=1)
    engines = {"auto": "graph of its own: metric", "keras": "keras: as asked"}
    assert clf.engine_.startswith(engines[engine])
    assert len(clf.history_) == 6
    assert np.isfinite(clf.predict_proba(X)).all()


class Doubled(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def half(inputs):
    return inputs / 2


def test_tells_of_wrapped_optimizers():
    X, y = rows(TABLE)
    wrapped = lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())  # noqa: E731
    assert "optimizer" in fitted(network(TABLE, optimizer=wrapped), X, y, "auto").engine_


@pytest.mark.parametrize(
    ("reason", "layer"),
    [
        ("Doubled", Doubled),
        ("Lambda", lambda: layers.Lambda(lambda inputs: 2 * inputs)),
        ("half", lambda: layers.Dense(3, activation=half)),
    ],
)
def test_tells_of_foreign_code(reason, layer):
    X, y = rows(TABLE)
    assert reason in fitted(network(TABLE, layer), X, y, "auto").engine_


def test_tells_of_foreign_losses_and_leaves_other_ways_to_train_to_keras():
    X, y = rows(TABLE)

    def squared(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    class Own(keras.Model):
        def train_step(self, data):
            return super().train_step(data)

    def build():
        inputs = keras.Input(TABLE)
        model = Own(inputs, layers.Dense(1, activation="sigmoid")(inputs))
        model.compile("adam", "binary_crossentropy")
        return model

    assert "squared" in fitted(network(TABLE, loss=squared), X, y, "auto").engine_
    assert "Own" in fitted(build, X, y, "auto").engine_


def adapted(X):
    """Return a build function whose network has adapted itself to X."""

    def build():
        normalization = layers.Normalization()
        normalization.adapt(X)
        return network(TABLE, lambda: normalization)()

    return build


def discretized(X):
    """Return a build function whose network has learned bins from X."""

    def build():
        bins = layers.Discretization(num_bins=4, output_mode="int")
        bins.adapt(X)
        return network(TABLE, lambda: bins, lambda: layers.Rescaling(0.5))()

    return build


def kernel_set(**attributes):
    """Return a build function that changes a variable after its layer was made."""

    def build():
        model = network(TABLE, *HIDDEN["dense"][1])()
        for name, value in attributes.items():
            setattr(model.layers[0].kernel, name, value)
        return model

    return build


def late(**attributes):
    """Return a build function that changes a layer after its variables were made."""

    def build():
        model = network(TABLE, *HIDDEN["dense"][1])()
        for name, value in attributes.items():
            setattr(model.layers[0], name, value)
        return model

    return build


def tied():
    """A network that multiplies by the weights of its first layer once more."""
    inputs = keras.Input(TABLE)
    encoder = layers.Dense(TABLE[0], "tanh")
    hidden = layers.Dense(TABLE[0], "relu")(encoder(inputs))
    outputs = layers.Dense(1, "sigmoid")(keras.ops.matmul(hidden, encoder.kernel))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "binary_crossentropy")
    return model


def without_decay():
    optimizer = keras.optimizers.AdamW(weight_decay=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("adapted", adapted(3 + 9 * rows(TABLE)[0])),
        ("changed", kernel_set(trainable=False)),
        ("changed", kernel_set(regularizer=keras.regularizers.L2(1.0))),
        ("changed", kernel_set(constraint=keras.constraints.NonNeg())),
        ("kernel_regularizer of", late(kernel_regularizer=keras.regularizers.L2(1.0))),
        ("bias_constraint of", late(bias_constraint=keras.constraints.NonNeg())),
        ("outside its layer uses dense", tied),
        ("learning_rate", network(TABLE, optimizer=lambda: keras.optimizers.SGD(lambda: 0.1))),
        ("Discretization has adapted", discretized(3 + 9 * rows(TABLE)[0])),
        ("decay", network(TABLE, optimizer=without_decay)),
        ("loss_weights", network(TABLE, loss_weights=[10.0])),
    ],
)
def test_what_configurations_do_not_tell_is_trained_as_by_keras(reason, build):
    X, y = rows(TABLE)
    X = 3 + 9 * X
    theirs, chosen = (fitted(build, X, y, engine, shuffle=False) for engine in ("keras", "auto"))
    assert reason in chosen.engine_
    assert chosen.history_ == theirs.history_


def test_tied_weights_are_predicted_with_as_they_are():
    model, X = tied(), rows(TABLE)[0]
    forward(model, X)
    model.set_weights([2 * weight for weight in model.get_weights()])
    np.testing.assert_allclose(forward(model, X), model.predict(X, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_an_optimizer_of_another_network_is_refused_as_keras_does(engine):
    X, y = rows(TABLE)
    optimizer = keras.optimizers.Adam()
    build = network(TABLE, *HIDDEN["dense"][1], optimizer=lambda: optimizer)
    fitted(build, X, y, engine)
    with pytest.raises(ValueError, match="Unknown variable"):
        fitted(build, X, y, engine)


def test_a_layer_frozen_after_the_fit_is_left_to_keras():
    X, y = rows(TABLE)
    ends = []
    for engine in ("keras", "auto"):
        clf = fitted(network(TABLE, *HIDDEN["dense"][1]), X, y, engine, shuffle=False)
        clf.model_.layers[0].trainable = False
        clf.model_.compile(clf.model_.optimizer, clf.model_.loss)
        ends.append(clf.partial_fit(X, y))
    assert ends[1].engine_ == "keras: optimizer was built for other variables"
    np.testing.assert_array_equal(*(clf.predict_proba(X) for clf in ends))


def test_a_network_made_for_several_devices():
    X, y = rows(TABLE)
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])

    def build():
        with strategy.scope():
            return network(TABLE, *HIDDEN["dense"][1])()

    clf = fitted(build, X, y, "auto")
    assert clf.engine_ == "keras: the network is distributed over devices"
    assert len(clf.model_.optimizer.variables) > 2
    np.testing.assert_allclose(
        clf.predict_proba(X), clf.fit_result_.posterior(clf.model_.predict(X, verbose=0)), rtol=1e-5
    )


@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_losses_that_layers_add(engine):
    X, y = rows(TABLE)
    build = network(TABLE, lambda: layers.Dense(4, activity_regularizer="l2"))
    clf = fitted(build, X, y, engine)
    assert np.isfinite(clf.history_["val_loss"]).all()
