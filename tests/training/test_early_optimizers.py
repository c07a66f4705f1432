"""An optimizer is built before `Model.fit` traces its steps, where what it will train is known."""

import keras
import pytest

from .conftest import TABLE, fitted, rows

X, Y = rows(TABLE)


class Nothing(keras.callbacks.Callback):
    """A callback of somebody's own."""


def traces(**params):
    """Return how often a layer is called while a network is built and trained by Keras."""
    calls = []

    class Counted(keras.layers.Dense):
        def call(self, inputs):
            calls.append(1)
            return super().call(inputs)

    def build():
        layers = [keras.Input(TABLE), Counted(3), keras.layers.Dense(1, activation="sigmoid")]
        model = keras.Sequential(layers)
        model.compile(params.get("optimizer") or "adam", "binary_crossentropy")
        return model

    given = {"callbacks": params["callbacks"]} if "callbacks" in params else {}
    fitted(build, X, Y, "keras", validation_split=0, epochs=1, **given)
    return len(calls)


class Own(keras.optimizers.SGD):
    """An optimizer of somebody's own."""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="traces of TensorFlow")
def test_a_step_is_traced_once_where_nobody_may_change_what_is_trained():
    once = traces()
    assert traces(callbacks=[keras.callbacks.TerminateOnNaN()]) == once
    assert traces(callbacks=[Nothing()]) > once
    assert traces(optimizer=Own(momentum=0.9)) > once


def thaw(model):
    for layer in model.layers:
        layer.trainable = True


class Thaws(keras.callbacks.Callback):
    """Lets all layers train from the first step on."""

    def on_train_begin(self, logs=None):
        thaw(self.model)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["class", "function"])
def test_a_callback_may_thaw_layers_before_the_first_step(kind):
    networks = []

    def build():
        frozen = keras.layers.Dense(3, trainable=False)
        layers = [keras.Input(TABLE), frozen, keras.layers.Dense(1, activation="sigmoid")]
        networks.append(keras.Sequential(layers))
        networks[-1].compile("adam", "binary_crossentropy")
        return networks[-1]

    told = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: thaw(networks[-1]))
    callback = Thaws() if kind == "class" else told
    clf = fitted(build, X, Y, "keras", validation_split=0, epochs=1, callbacks=[callback])
    assert len(clf.model_.trainable_variables) == 4
