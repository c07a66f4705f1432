"""Where a network starts: at the prior, at zero, or at weights of its own."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import TINY

from .conftest import fitted


def network(meta, activation="sigmoid", compiled=False):
    """A small network of the user's own."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = keras.layers.Dense(4, "relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, activation)(hidden))
    if compiled:
        model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize("model", [None, network, "compiled", "logits"])
def test_the_output_starts_at_the_prior(model, data):
    X, y = data
    params = {}
    if model is None:
        params = {"model": "mlp", "model__hidden_layer_sizes": ()}
    elif model == "compiled":
        params = {"model": network, "model__compiled": True}
    elif model == "logits":
        params = {"model": network, "model__activation": "linear"}
        params["loss"] = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        params["model"] = model
    clf = BalancedKerasClassifier(epochs=0, random_state=0, validation_split=0, **params)
    bias = clf.fit(X, y).model_.layers[-1].get_weights()[1]
    prior = np.mean(y == 1)
    np.testing.assert_allclose(bias, [np.log(prior / (1 - prior))], rtol=1e-5)


def test_the_start_is_where_training_takes_place(data):
    # At equal classes the log-odds are 0; the correction then shifts the probabilities.
    clf = fitted(data, class_weight="balanced", epochs=0)
    np.testing.assert_allclose(clf.model_.layers[-1].get_weights()[1], [0], atol=1e-6)
    start = fitted(data, class_weight="balanced", epochs=0, model__hidden_layer_sizes=())
    X, y = data
    assert abs(start.predict_proba(X)[:, 1].mean() - np.mean(y == 1)) < 0.1


def test_an_initialised_network_predicts_before_it_is_trained(data):
    X, y = data
    clf = BalancedKerasClassifier(**TINY).initialize(X, y)
    assert clf.predict_proba(X).shape == (240, 2)
    assert set(clf.predict(X)) <= {0, 1}


def test_without_a_start_the_bias_is_zero(data):
    clf = fitted(data, init_bias=None, epochs=0)
    assert clf.model_.layers[-1].get_weights()[1] == 0


def test_a_prebuilt_network_starts_from_its_own_weights(data):
    model = network({"X_shape_": data[0].shape}, compiled=True)
    before = model.get_weights()
    clf = BalancedKerasClassifier(model, epochs=0, random_state=0).fit(*data)
    for old, new in zip(before, clf.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
