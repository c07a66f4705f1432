"""Layers with masks, states and inner networks train in a graph as under ``Model.fit``."""

import keras
import numpy as np
import pytest

from .conftest import IMAGE, SEQUENCE, TABLE, assert_equal_fits, fitted, network, rows

pytestmark = pytest.mark.slow
REWRITTEN = True

layers = keras.layers

N_TOKENS = 9


def inner():
    """A network of its own, with a state, as a layer."""
    inputs = keras.Input(TABLE)
    hidden = layers.BatchNormalization()(layers.Dense(5, "relu")(inputs))
    return keras.Model(inputs, layers.Dense(4)(hidden), name="inner")


def shared():
    """One layer that is called twice, on other inputs each time."""
    inputs = keras.Input(TABLE)
    layer = layers.Dense(3, "tanh")
    hidden = layers.Concatenate()([layer(inputs[:, :3]), layer(inputs[:, 3:])])
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy")
    return model


def attention():
    inputs = keras.Input(SEQUENCE)
    # The bias of the keys changes nothing: an optimizer would only follow its rounding.
    hidden = layers.MultiHeadAttention(2, 3, use_bias=False)(inputs, inputs)
    hidden = layers.LayerNormalization()(layers.Add()([inputs, hidden]))
    hidden = layers.GlobalMaxPooling1D()(hidden)
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))
    model.compile("adam", "binary_crossentropy")
    return model


NETWORKS = {
    "masked steps": (
        SEQUENCE,
        network(SEQUENCE, lambda: layers.Masking(0.0), lambda: layers.GRU(3)),
    ),
    "both ways": (
        SEQUENCE,
        network(
            SEQUENCE,
            lambda: layers.Masking(0.0),
            lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            lambda: layers.GlobalAveragePooling1D(),
        ),
    ),
    "cells": (
        SEQUENCE,
        network(SEQUENCE, lambda: layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)])),
    ),
    "dropout of states": (
        SEQUENCE,
        network(SEQUENCE, lambda: layers.LSTM(3, dropout=0.2, recurrent_dropout=0.2)),
    ),
    "masked tokens": (
        (SEQUENCE[0],),
        network(
            (SEQUENCE[0],),
            lambda: layers.Embedding(N_TOKENS, 3, mask_zero=True),
            lambda: layers.LSTM(3),
        ),
    ),
    "convolved tokens": (
        (SEQUENCE[0],),
        network(
            (SEQUENCE[0],),
            lambda: layers.Embedding(N_TOKENS, 3),
            lambda: layers.SeparableConv1D(3, 3),
            lambda: layers.GlobalMaxPooling1D(),
        ),
    ),
    "attention": (SEQUENCE, attention),
    "image": (
        IMAGE,
        network(
            IMAGE,
            lambda: layers.Conv2D(3, 3),
            lambda: layers.BatchNormalization(),
            lambda: layers.SpatialDropout2D(0.3),
            lambda: layers.MaxPooling2D(),
            lambda: layers.Flatten(),
        ),
    ),
    "random image": (
        IMAGE,
        network(IMAGE, lambda: layers.RandomFlip(), lambda: layers.Flatten()),
    ),
    "inner network": (TABLE, network(TABLE, inner)),
    "shared layer": (TABLE, shared),
    "spectral norm": (
        TABLE,
        network(TABLE, lambda: layers.SpectralNormalization(layers.Dense(4))),
    ),
    "group norm": (
        TABLE,
        network(TABLE, lambda: layers.Dense(4), lambda: layers.GroupNormalization(2)),
    ),
}


def masked_rows(shape):
    """Rows whose last time steps hold nothing, or tokens of which 0 is none."""
    X, y = rows(shape)
    generator = np.random.default_rng(2)
    if shape == (SEQUENCE[0],):
        X = (np.abs(X * 10).astype(np.int32) % (N_TOKENS - 1)) + 1
    if shape in (SEQUENCE, (SEQUENCE[0],)):
        length = generator.integers(2, SEQUENCE[0] + 1, size=(len(X), 1))
        X[np.arange(SEQUENCE[0]) >= length] = 0
    return X, y


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_model_fit(name):
    shape, build = NETWORKS[name]
    X, y = masked_rows(shape)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(y))
    # Recurrences, convolutions and products of several axes may be fused differently in a loop.
    assert_equal_fits(
        build, X, y, exact=False, sample_weight=weight, class_weight="balanced", epochs=2
    )


@keras.saving.register_keras_serializable()
class OwnCell(layers.SimpleRNNCell):
    """A cell of the user's."""


def inside(layer):
    """Return a build function of a network that hides a layer in one of its own."""

    def build():
        hidden = keras.Sequential([keras.Input(TABLE), layer()])
        return network(TABLE, lambda: keras.Sequential([keras.Input(TABLE), hidden]))()

    return build


@pytest.mark.parametrize(
    ("reason", "shape", "build"),
    [
        (
            "dtype policy mixed_float16",
            TABLE,
            inside(lambda: layers.Dense(3, dtype="mixed_float16")),
        ),
        ("Lambda", TABLE, inside(lambda: layers.Lambda(lambda inputs: 2 * inputs))),
        ("OwnCell", SEQUENCE, network(SEQUENCE, lambda: layers.RNN(OwnCell(2)))),
        (
            "Lambda",
            SEQUENCE,
            network(
                SEQUENCE,
                lambda: layers.TimeDistributed(layers.Lambda(lambda inputs: 2 * inputs)),
                lambda: layers.Flatten(),
            ),
        ),
    ],
    ids=["mixed precision", "inner network", "cell", "wrapped"],
)
def test_what_lies_inside_is_found(reason, shape, build):
    X, y = rows(shape)
    clf = fitted(build, X, y, "auto", epochs=1)
    assert clf.engine_.startswith("graph of its own")
    assert reason in clf.engine_
    assert np.isfinite(clf.predict_proba(X)).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_gives_probabilities_in_single(dtype):
    X, y = rows(TABLE)

    def build():
        outputs = layers.Dense(1, "sigmoid", dtype=dtype)
        model = keras.Sequential([keras.Input(TABLE), outputs])
        model.compile("sgd", "binary_crossentropy")
        return model

    proba = fitted(build, X, y, "auto").predict_proba(X)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-6)
