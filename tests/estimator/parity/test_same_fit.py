"""With every step off the estimator is its parent, in every way to train."""

import keras
import numpy as np
import pytest

from .conftest import (
    _stack,
    assert_same_fit,
    assert_same_network,
    multilabel_network,
    ours,
    parents,
    sigmoid_network,
    softmax_network,
    uncompiled,
)

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("kind", "model", "loss"),
    [
        ("binary", sigmoid_network, None),
        pytest.param("binary", softmax_network, None, marks=SLOW),
        pytest.param("multiclass", softmax_network, None, marks=SLOW),
        pytest.param("multiclass", softmax_network, "categorical_crossentropy", marks=SLOW),
        pytest.param("onehot", softmax_network, "categorical_crossentropy", marks=SLOW),
        pytest.param("multilabel", multilabel_network, "binary_crossentropy", marks=SLOW),
    ],
)
def test_equals_the_parent_bit_for_bit(rows, kind, model, loss):
    X, y = rows[kind]
    params = {"model": model, "loss": loss, "epochs": 3}
    assert_same_fit(ours(**params).fit(X, y), parents(**params).fit(X, y), X)


def test_equality_is_of_this_seed(rows):
    X, y = rows["binary"]
    one = ours(model=sigmoid_network).fit(X, y)
    other = parents(model=sigmoid_network, random_state=8).fit(X, y)
    with pytest.raises(AssertionError):
        assert_same_network(one, other)


@SLOW
def test_sample_weight_of_mean_one_weighs_as_in_the_parent(rows):
    X, y = rows["binary"]
    weight = np.tile([0.5, 1.5], len(y) // 2)
    params = {"model": uncompiled, "loss": "binary_crossentropy", "epochs": 2}
    one = ours(**params).fit(X, y, sample_weight=weight)
    other = parents(**params).fit(X, y, sample_weight=weight.copy())
    assert_same_fit(one, other, X)


@SLOW
def test_warm_start_goes_on(rows):
    X, y = rows["binary"]
    params = {"model": uncompiled, "loss": "binary_crossentropy", "epochs": 2, "warm_start": True}
    one, other = ours(**params), parents(**params)
    for _ in range(2):
        one.fit(X, y)
        other.fit(X, y)
    assert_same_fit(one, other, X)


def test_partial_fit_adds_an_epoch(rows):
    X, y = rows["multiclass"]
    params = {"model": softmax_network, "epochs": 2}
    one, other = ours(**params).fit(X, y), parents(**params).fit(X, y)
    for part in (slice(0, 300), slice(300, None)):
        one.partial_fit(X[part], y[part])
        other.partial_fit(X[part], y[part])
    assert one.current_epoch == other.current_epoch == 4
    assert_same_fit(one, other, X)


@SLOW
def test_partial_fit_starts_with_the_classes_it_is_told(rows):
    X, y = rows["multiclass"]
    classes, first = np.unique(y), np.flatnonzero(y != "hyper")
    one, other = ours(model=softmax_network), parents(model=softmax_network)
    one.partial_fit(X[first], y[first], classes=classes)
    other.partial_fit(X[first], y[first], classes=classes)
    assert one.predict_proba(X).shape == (len(X), 3)
    assert_same_fit(one, other, X)


def prebuilt():
    """A compiled network whose weights are always the same and whose outputs are never 0.5."""
    start = keras.initializers.RandomNormal(seed=3)
    layers = [
        keras.layers.Dense(4, activation="tanh", kernel_initializer=start),
        keras.layers.Dense(1, activation="sigmoid", kernel_initializer=start),
    ]
    model = keras.Sequential([keras.Input((21,)), *layers])
    model.compile(loss="binary_crossentropy", optimizer="sgd")
    return model


@pytest.mark.filterwarnings("ignore:.*INN030")
def test_prebuilt_model_is_trained_itself(rows):
    X, y = rows["binary"]
    left, right = prebuilt(), prebuilt()
    one, other = ours(model=left).fit(X, y), parents(model=right).fit(X, y)
    assert one.model_ is left
    assert_same_fit(one, other, X)


def test_initialize_makes_a_pretrained_model_predict(rows):
    X, y = rows["binary"]
    one, other = ours(model=prebuilt()), parents(model=prebuilt())
    one.initialize(X, y)
    other.initialize(X, y)
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def zeros(meta):
    output = keras.layers.Dense(1, activation="sigmoid", kernel_initializer="zeros")
    return keras.Sequential([keras.Input((meta["n_features_in_"],)), output])


def test_a_probability_of_one_half_is_decided_as_in_the_parent(rows):
    X, y = rows["binary"]
    params = {"model": zeros, "loss": "binary_crossentropy", "epochs": 0}
    for labels in (y, np.where(y == "ill", "positive", "negative")):
        one, other = ours(**params).fit(X, labels), parents(**params).initialize(X, labels)
        assert (one.predict_proba(X) == 0.5).all()
        np.testing.assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_initialize_alone_predicts_with_an_uncompiled_network(rows, kind):
    X, y = rows[kind]

    def builder(meta):
        units = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
        activation = "softmax" if kind == "multiclass" else "sigmoid"
        return _stack(meta, keras.layers.Dense(units, activation=activation))

    one, other = ours(model=builder).initialize(X, y), parents(model=builder).initialize(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def compiled_without_loss(meta, compile_kwargs):
    assert compile_kwargs["loss"] is None
    output = keras.layers.Dense(meta["n_classes_"], activation="softmax")
    model = _stack(meta, output)
    model.compile(**compile_kwargs)
    return model


@SLOW
def test_builder_may_pass_on_the_loss_that_nobody_chose(rows):
    X, y = rows["binary"]
    one = ours(model=compiled_without_loss, optimizer="sgd", optimizer__learning_rate=0.3)
    other = parents(model=softmax_network, optimizer="sgd", optimizer__learning_rate=0.3)
    assert_same_fit(one.fit(X, y), other.fit(X, y), X)
