"""Training on, copying and searching with a label for each time step."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import weights_of

from .conftest import TINY, N, fitted, network

layers = keras.layers


def test_partial_fit_sums_the_steps(data):
    X, y, mask = data
    clf = BalancedKerasClassifier(network, class_weight="balanced", **TINY)
    names = np.where(y, "fraud", "ok")
    padded = np.where(mask[:, :, None] > 0, names, "none")
    clf.partial_fit(X[:50], padded[:50], classes=["fraud", "ok"], sample_weight=mask[:50])
    clf.partial_fit(X[50:], padded[50:], sample_weight=mask[50:])
    counted = names[:, :, 0][mask > 0]
    np.testing.assert_array_equal(clf.class_count_, [(counted == c).sum() for c in clf.classes_])
    np.testing.assert_allclose(clf.class_prior_, clf.class_count_ / len(counted))
    assert len(clf.history_["loss"]) == 2
    with pytest.raises(InvalidParameterError, match="the label 'none'"):
        clf.partial_fit(X, padded)


def test_warm_start_goes_on(data):
    X, y, mask = data
    clf = fitted(*data, warm_start=True)
    held = clf.validation_indices_
    before = weights_of(clf)
    clf.fit(X, y, mask)
    np.testing.assert_array_equal(clf.validation_indices_, held)
    assert not np.array_equal(weights_of(clf), before)


def test_pickled_and_cloned(data):
    X, y, mask = data
    clf = fitted(*data, class_weight="balanced")
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), clf.predict(X))
    assert again.score(X, y, mask) == clf.score(X, y, mask)
    fresh = clone(clf).fit(X, y, mask)
    np.testing.assert_array_equal(weights_of(fresh), weights_of(clf))


def test_cross_validation_and_search(data):
    X, y, mask = data
    clf = BalancedKerasClassifier(network, **TINY)
    by_weight = cross_val_score(clf, X, y, cv=KFold(2), params={"sample_weight": mask})
    assert np.isfinite(by_weight).all()
    folds = list(GroupKFold(2).split(X, groups=np.arange(N) // 4))
    assert np.isfinite(cross_val_score(clf, X, y, cv=folds)).all()
    search = GridSearchCV(clf, {"class_weight": [None, "balanced"]}, cv=2).fit(X, y)
    assert search.predict(X).shape == y.shape


def test_nothing_of_the_steps_is_left_for_another_kind(data):
    X, y, _ = data
    clf = fitted(*data)
    clf.set_params(model="mlp", model__hidden_layer_sizes=(4,))
    clf.fit(X[:, :, 0], y[:, 0, 0])
    assert not hasattr(clf, "n_steps_")
    assert clf.predict(X[:, :, 0]).shape == (N,)
    assert clf.predict_proba(X[:, :, 0]).shape == (N, 2)
    indicator = clf.fit(X[:, :, 0], y[:, :, 0])
    assert indicator.fit_result_.target.kind == "multilabel"
