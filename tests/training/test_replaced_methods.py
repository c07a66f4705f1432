"""A method of Keras that somebody has replaced is called, and the fit left to Keras."""

import functools

import keras
import pytest

from imbalanced_nn.training import unsuitable

from .conftest import HIDDEN, TABLE, fitted, network, rows
from .test_eligibility import batches_of, model_of

layers = keras.layers
X, Y = rows(TABLE)


def recorded(method, calls):
    """A wrapper that passes itself off as what it wraps, as those of experiment trackers do."""

    @functools.wraps(method)
    def record(self, *args, **kwargs):
        calls.append(kwargs)
        return method(self, *args, **kwargs)

    return record


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (keras.Model, "fit"),
        (keras.Sequential, "fit"),
        (keras.Model, "train_step"),
        (layers.Dense, "call"),
        (keras.optimizers.Optimizer, "apply_gradients"),
    ],
)
def test_a_wrapped_method_is_called(cls, name, monkeypatch):
    calls = []
    build = network(TABLE, *HIDDEN["dense"][1])
    assert fitted(build, X, Y, "auto", epochs=1).engine_ == "graph"
    monkeypatch.setattr(cls, name, recorded(getattr(cls, name), calls))
    clf = fitted(build, X, Y, "auto", epochs=1)
    assert clf.engine_.endswith(f".{name} is not Keras' own code")
    assert calls
    if name == "fit":
        assert calls[0]["epochs"] == 1
        with pytest.raises(ValueError, match="engine='graph'.*fit is not Keras' own code"):
            fitted(build, X, Y, "graph", epochs=1)


class Wrapper:
    """A wrapper that is no function and shows the attributes of what it wraps."""

    def __init__(self, wrapped):
        self._wrapped = wrapped

    def __getattr__(self, name):
        return getattr(self._wrapped, name)

    def __get__(self, instance, owner):
        return functools.partial(self._wrapped, instance) if instance is not None else self

    def __call__(self, *args, **kwargs):
        return self._wrapped(*args, **kwargs)


def reason(model):
    given = {"validation_data": None, "verbose": 0, "callbacks": []}
    return unsuitable(model, batches_of(), given)


def test_other_ways_to_replace_a_method(monkeypatch):
    model = model_of()
    assert reason(model) is None
    own = model_of()
    own.fit = functools.partial(own.fit, verbose=0)
    assert "not Keras' own code" in reason(own)
    own = model_of()
    own.train_function = lambda iterator: {}
    assert "not Keras' own code" in reason(own)
    own = model_of()
    own.optimizer.apply_gradients = lambda pairs: None
    assert reason(own) == "SGD.apply_gradients is not Keras' own code"
    monkeypatch.setattr(keras.Model, "fit", Wrapper(keras.Model.fit))
    assert reason(model) == "Sequential.fit is not Keras' own code"


def test_limits_of_keras_settings_are_obeyed():
    keras.config.set_max_epochs(1)
    try:
        with pytest.warns(UserWarning, match="Limiting epochs to 1"):
            clf = fitted(network(TABLE), X, Y, "auto")
    finally:
        keras.config.set_max_epochs(None)
    assert clf.engine_ == "keras: keras.config limits what a fit trains"
    assert len(clf.history_["loss"]) == 1


def test_an_attribute_loss_is_not_what_was_compiled():
    model = model_of()
    model.loss = "mae"
    assert reason(model) == "loss was changed after compile"
    assert reason(model_of(loss=keras.losses.MeanAbsoluteError())) is None
    # Keras keeps copies of lists.
    assert reason(model_of(loss=["mae"])) is None
    model = model_of(loss=["mae"])
    model.loss = ["mse"]
    assert reason(model) == "loss was changed after compile"


@pytest.mark.parametrize("arguments", [{"steps_per_epoch": 1}, {"validation_steps": 1}])
def test_arguments_of_one_are_arguments(arguments):
    given = {"validation_data": None, "verbose": 0, "callbacks": [], **arguments}
    assert unsuitable(model_of(), batches_of(), given) == f"fit is given {next(iter(arguments))}"
