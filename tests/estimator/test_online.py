"""What `partial_fit` and repeated fits keep, and what they refuse."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError

SMALL = {"model": "mlp", "model__hidden_layer_sizes": (4,), "random_state": 0}


@pytest.fixture
def data():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(200, 3))
    return X, (X[:, 0] > 1).astype(int)


def test_a_class_that_was_announced_may_come_later(data):
    X, y = data
    clf = BalancedKerasClassifier(**SMALL).partial_fit(X, y, classes=[0, 1, 2])
    assert clf.predict_proba(X).shape == (200, 3)
    clf.partial_fit(X, np.where(y == 0, 2, y))
    np.testing.assert_array_equal(clf.class_count_, [(y == 0).sum(), 2 * y.sum(), (y == 0).sum()])


@pytest.mark.parametrize("classes", [[5, 7], [0, 1, 2]])
def test_other_classes_than_the_first_are_refused(data, classes):
    X, y = data
    clf = BalancedKerasClassifier(**SMALL).partial_fit(X, y)
    with pytest.raises(InvalidParameterError, match=r"classes=.* differs from .*\[0, 1\]"):
        clf.partial_fit(X, y, classes=classes)
    np.testing.assert_array_equal(clf.classes_, [0, 1])


def test_a_label_that_was_not_announced_is_refused(data):
    X, y = data
    clf = BalancedKerasClassifier(**SMALL).partial_fit(X, y)
    with pytest.raises(InvalidParameterError, match="y holds the label 2"):
        clf.partial_fit(X, y + 1)


@pytest.mark.parametrize("threshold", [0.3, "f1"])
def test_the_positive_class_stays(data, threshold):
    X, y = data
    clf = BalancedKerasClassifier(threshold=threshold, epochs=2, **SMALL).fit(X, y)
    assert clf.pos_label_ == 1
    rule = clf.decision_rule_
    clf.partial_fit(np.tile(X[y == 1], (20, 1)), np.ones(20 * y.sum(), dtype=int))
    assert clf.pos_label_ == 1
    assert clf.decision_rule_ == rule


def test_classes_of_a_warm_fit_are_counted_once(data):
    clf = BalancedKerasClassifier(epochs=1, warm_start=True, **SMALL).fit(*data).fit(*data)
    np.testing.assert_array_equal(clf.class_count_, np.bincount(data[1]))


def test_arguments_of_fit_and_routed_ones_reach_their_step(data):
    X, y = data
    clf = BalancedKerasClassifier(epochs=1, **SMALL)
    assert len(clf.fit(X, y, validation_split=0.4).validation_indices_) == 80
    clf.fit(X, y, validation_batch_size=16)
    assert len(clf.set_params(fit__validation_split=0.1).fit(X, y).validation_indices_) == 20
    clf.set_params(fit__validation_data=(X[:50], y[:50])).fit(X, y)
    assert not len(clf.validation_indices_)
    assert "val_loss" in clf.history_


def test_class_weight_of_keras_is_refused_with_ours(data):
    clf = BalancedKerasClassifier(epochs=1, fit__class_weight={0: 1, 1: 30}, **SMALL)
    with pytest.raises(InvalidParameterError, match="BalancedKerasClassifier.class_weight="):
        clf.fit(*data)


def test_a_failed_fit_puts_a_prebuilt_network_back(data):
    class Fail(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("disk full")

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    clf = BalancedKerasClassifier(epochs=1, **SMALL).fit(*data)
    before = model.get_weights()
    clf = BalancedKerasClassifier("mlp", epochs=1, random_state=0).fit(*data)
    with pytest.raises(RuntimeError, match="disk full"):
        clf.set_params(model=model, callbacks=[Fail()]).fit(*data)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_part_is_refused_what_the_threshold_in_force_cannot_take(data):
    X, y = data
    binary, weight = (y == 1).astype(int), np.linspace(1, 2, len(y))
    tuner = ThresholdTuner("recall", constraint=("alert_rate", 0.9), confidence=0.8)
    clf = BalancedKerasClassifier(epochs=1, **SMALL).fit(X, binary)
    clf.tune_threshold(objective=tuner)
    with pytest.raises(InvalidParameterError, match="sample_weight of unequal weights weighs rows"):
        clf.partial_fit(X, binary, sample_weight=weight)
    clf.set_threshold(0.3).partial_fit(X, binary, sample_weight=weight)
    clf.set_params(threshold=tuner).partial_fit(X, binary, sample_weight=weight)
    assert clf.best_threshold_ == 0.3
