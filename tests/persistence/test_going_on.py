"""A copy goes on training as the estimator does: random layers draw on where they were."""

import copy
import pickle

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier, load, save

X = np.random.default_rng(0).normal(size=(96, 4)).astype(np.float32)
Y = (X[:, 0] > 0.5).astype(int)


def noisy():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.GaussianNoise(0.3)])
    hidden = [keras.layers.Dense(4, "relu"), keras.layers.Dropout(0.5)]
    model = keras.Sequential([inner, *hidden, keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize("engine", ["keras", "graph"])
def test_copies_train_on_as_the_estimator_does(engine, tmp_path):
    params = {"epochs": 1, "random_state": 0, "engine": engine, "threshold": None}
    clf = BalancedKerasClassifier(noisy, validation_split=0.0, **params).fit(X, Y)
    save(clf, tmp_path / "clf.inn")
    copies = [pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)]
    copies.append(load(tmp_path / "clf.inn"))
    expected = clf.partial_fit(X, Y).predict_proba(X)
    for twin in copies:
        np.testing.assert_array_equal(twin.partial_fit(X, Y).predict_proba(X), expected)
