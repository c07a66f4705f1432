"""Networks with an output for each time step, and the forms of its labels."""

import keras
import numpy as np
import pytest

from tests.problems import ENGINES

from .conftest import N, T, fitted, network, sequences

layers = keras.layers


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_output_starts_at_the_shares_of_the_steps(n_classes):
    X, y, mask = sequences(n_classes)
    clf = fitted(X, y, mask, epochs=0)
    bias = np.asarray(clf.model_.layers[-1].bias)
    prior = clf.class_prior_
    expected = np.log(prior[1:] / prior[:1]) if n_classes == 2 else np.log(prior)
    np.testing.assert_allclose(bias, expected, rtol=1e-5)


SHAPES = {
    "numbers": (60, T),
    "sequences": (60, T, 2),
    "frames": (60, T, 5, 2),
    "volumes": (60, T, 4, 3, 2),
}


@pytest.mark.parametrize(
    ("shape", "n_classes"), list(zip(SHAPES.values(), (2, 3, 2, 3), strict=True)), ids=SHAPES
)
def test_the_default_network_keeps_time(shape, n_classes):
    X = np.random.default_rng(0).normal(size=shape)
    _, y, mask = sequences(n_classes, n=60)
    clf = fitted(X, y, mask, model="mlp", model__hidden_layer_sizes=(4,), epochs=1)
    assert clf.model_.output_shape == (None, T, 1 if n_classes == 2 else 3)
    assert clf.predict_proba(X).shape == (60, T, n_classes)
    assert clf.engine_ == "graph"


def recurrent(meta):
    """Mask what is zero, then look at the whole sequence."""
    inputs = keras.Input(meta["X_shape_"][1:])
    hidden = layers.LSTM(4, return_sequences=True)(layers.Masking()(inputs))
    return keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_that_masks_is_judged_as_by_keras(data, engine):
    X, y, mask = data
    X = X * mask[:, :, None]
    clf = fitted(X, y, mask, model=recurrent, epochs=1, engine=engine)
    held = clf.validation_indices_
    keras_loss = clf.model_.evaluate(X[held], y[held], sample_weight=mask[held], verbose=0)
    assert clf.history_["val_loss"][-1] == pytest.approx(keras_loss, rel=1e-5)


def compiled(meta):
    """A network of log-odds with a loss of its own choice."""
    model = network(meta, "linear")
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def test_log_odds_are_turned_into_probabilities(data):
    X, y, mask = data
    clf = fitted(X, y, mask, model=compiled)
    proba = clf.predict_proba(X)
    odds = clf.model_.predict(X, verbose=0)[:, :, 0]
    np.testing.assert_allclose(proba[:, :, 1], 1 / (1 + np.exp(-odds)), rtol=1e-4)


def test_two_units_for_two_classes(data):
    clf = fitted(*data, model__units=2)
    assert clf.model_.loss == "sparse_categorical_crossentropy"
    assert clf.predict_proba(data[0]).shape == (N, T, 2)


def test_one_hot_steps_come_back_one_hot():
    X, y, mask = sequences(3)
    one_hot = np.eye(3, dtype=int)[y[:, :, 0]]
    one_hot[mask == 0] = 0
    clf = fitted(X, one_hot, mask, class_weight="balanced")
    coded = fitted(X, y, mask, class_weight="balanced")
    np.testing.assert_allclose(clf.predict_proba(X), coded.predict_proba(X), rtol=1e-4, atol=1e-6)
    assert clf.predict(X).shape == (N, T, 3)
    np.testing.assert_array_equal(clf.class_count_, coded.class_count_)
    assert clf.score(X, one_hot, mask) == pytest.approx(coded.score(X, y, mask), abs=0.01)
    assert fitted(X, one_hot, mask, threshold=None).score(X, one_hot, mask) > 0.3


def test_categorical_crossentropy_encodes_the_steps():
    X, y, mask = sequences(3)
    clf = fitted(X, y, mask, loss="categorical_crossentropy")
    plain = fitted(X, y, mask)
    np.testing.assert_allclose(clf.predict_proba(X), plain.predict_proba(X), rtol=1e-4, atol=1e-6)
    assert clf.predict(X).shape == (N, T, 1)
