"""Weights of classes, rows and labels: only their ratio counts; zero is as good as absent."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import three_labels, weights_of

from .conftest import fitted


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e4])
def test_only_the_ratio_of_class_weights_counts(factor, data):
    plain = fitted(data, class_weight={0: 1, 1: 5})
    scaled = fitted(data, class_weight={0: factor, 1: 5 * factor})
    np.testing.assert_allclose(weights_of(scaled), weights_of(plain), rtol=1e-4, atol=1e-6)


def test_only_the_ratio_of_sample_weights_counts(data):
    weight = np.random.default_rng(0).uniform(0.5, 2, 240)
    plain, scaled = (fitted(data, {"sample_weight": w}) for w in (weight, weight * 1000))
    np.testing.assert_allclose(weights_of(scaled), weights_of(plain), rtol=1e-4, atol=1e-6)


def test_the_weights_a_network_is_given_have_mean_one(data, weights_given):
    weight = np.random.default_rng(0).uniform(0.5, 20, 240)
    fitted(data, {"sample_weight": weight}, class_weight="balanced", epochs=1)
    assert weights_given[0].mean() == pytest.approx(1)
    assert len(np.unique(weights_given[0].round(12))) > 100, "the rows have weights of their own"
    weights_given.clear()
    fitted(data, epochs=1)
    assert weights_given == [None]


@pytest.mark.parametrize("sampler", [None, "random_over", "smote"])
def test_rows_of_weight_zero_are_as_good_as_absent(sampler, data, rows_seen):
    X, y = data
    weight = np.ones(len(y))
    weight[::5] = 0
    X = X.copy()
    X[::5] = 1e6
    clf = fitted((X, y), {"sample_weight": weight}, sampler=sampler, early_stopping=False)
    absent = np.arange(0, len(y), 5)
    assert not set(clf.sample_indices_) & set(absent)
    assert not set(clf.validation_indices_) & set(absent)
    if sampler != "smote":
        assert not set(np.concatenate(rows_seen)) & set(absent)
    left = weight > 0
    other = fitted((X[left], y[left]), sampler=sampler, early_stopping=False)
    np.testing.assert_array_equal(weights_of(clf), weights_of(other))
    np.testing.assert_array_equal(
        np.flatnonzero(left)[other.validation_indices_], clf.validation_indices_
    )


def test_labels_of_a_multilabel_loss_are_weighed_as_told():
    X, y = three_labels(200)
    clf = fitted((X, y), class_weight="balanced", validation_split=0, epochs=0)
    for j, (negative, positive) in clf.class_weight_.items():
        share = y[:, j].mean()
        assert negative == pytest.approx(0.5 / (1 - share))
        assert positive == pytest.approx(0.5 / share)
    rows, proba = slice(0, 50), clf.model_.predict(X[:50], verbose=0).astype(float)
    negative, positive = np.array(list(clf.class_weight_.values())).T
    truth = y[rows]
    terms = positive * truth * np.log(proba) + negative * (1 - truth) * np.log(1 - proba)
    keras_loss = clf.model_.evaluate(X[:50], truth, verbose=0)
    assert keras_loss == pytest.approx(-terms.mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "logits"),
    [
        ("binary_crossentropy", False),
        (keras.losses.BinaryCrossentropy(), False),
        (keras.losses.BinaryCrossentropy(from_logits=True), True),
    ],
    ids=["name", "object", "logits"],
)
def test_a_crossentropy_that_is_asked_for_is_weighed_as_well(loss, logits):
    X, y = three_labels(200)

    def three_outputs(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        activation = "linear" if logits else "sigmoid"
        return keras.Model(inputs, keras.layers.Dense(3, activation)(inputs))

    clf = BalancedKerasClassifier(
        three_outputs, loss=loss, class_weight="balanced", epochs=2, random_state=0
    ).fit(X, y)
    proba = clf.predict_proba(X)
    assert ((proba >= 0) & (proba <= 1)).all()
    assert clf.model_.loss.from_logits is logits
