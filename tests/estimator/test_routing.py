"""Metadata on its way through scikit-learn to `fit`."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metadata_routing import get_routing_for_object

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_ai4i2020


@pytest.fixture(autouse=True)
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def data():
    """Failures and other rows, and a group of three neighbours each."""
    X, y = load_ai4i2020(return_X_y=True)
    kept = np.sort(np.r_[np.flatnonzero(y), np.flatnonzero(y == 0)[:561]])
    return X[kept], y[kept], np.arange(len(kept)) // 3


def network(**params):
    small = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2, "random_state": 0}
    return BalancedKerasClassifier(**(small | params))


def in_pipeline(clf, **params):
    return Pipeline([("scale", StandardScaler()), ("network", clf)], **params)


def assert_same_fit(left, right):
    for one, other in zip(left.model_.get_weights(), right.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(left.validation_indices_, right.validation_indices_)
    assert left.best_threshold_ == right.best_threshold_


def test_everything_that_fit_takes_can_be_requested():
    requests = get_routing_for_object(network()).fit.requests
    assert set(requests) == {"sample_weight", "groups", "X_val", "y_val", "sample_weight_val"}
    assert set(get_routing_for_object(network()).partial_fit.requests) == {
        "classes",
        "sample_weight",
    }
    assert set(get_routing_for_object(network()).score.requests) == {"sample_weight"}


def test_nothing_is_passed_unasked(data):
    X, y, groups = data
    with pytest.raises(UnsetMetadataPassedError, match="groups"):
        in_pipeline(network()).fit(X, y, groups=groups)


def test_weights_through_a_pipeline(data):
    X, y, _ = data
    weight = np.where(y == 1, 3, 1)
    pipeline = in_pipeline(network().set_fit_request(sample_weight=True))
    pipeline[0].set_fit_request(sample_weight=False)
    pipeline.fit(X, y, sample_weight=weight)
    expected = network().fit(pipeline[0].transform(X), y, sample_weight=weight)
    assert_same_fit(pipeline[-1], expected)


def test_groups_through_a_pipeline(data):
    X, y, groups = data
    pipeline = in_pipeline(network().set_fit_request(groups=True)).fit(X, y, groups=groups)
    held_out = pipeline[-1].validation_indices_
    trained = pipeline[-1].sample_indices_
    assert len(held_out) > 0
    assert not set(groups[held_out]) & set(groups[trained])
    assert_same_fit(pipeline[-1], network().fit(pipeline[0].transform(X), y, groups=groups))


def test_groups_reach_folds_and_fits_alike(data):
    X, y, groups = data
    folds = StratifiedGroupKFold(2, shuffle=True, random_state=0)
    clf = network().set_fit_request(groups=True)
    results = cross_validate(
        clf, X, y, cv=folds, params={"groups": groups}, return_estimator=True, return_indices=True
    )
    for fitted, train in zip(results["estimator"], results["indices"]["train"], strict=True):
        inside = groups[train]
        held_out, trained = inside[fitted.validation_indices_], inside[fitted.sample_indices_]
        assert len(held_out) > 0 and not set(held_out) & set(trained)


def test_held_out_rows_are_transformed_on_their_way(data):
    X, y, _ = data
    train, held_out = next(StratifiedKFold(3).split(X, y))
    clf = network().set_fit_request(X_val=True, y_val=True)
    pipeline = in_pipeline(clf, transform_input=["X_val"])
    pipeline.fit(X[train], y[train], X_val=X[held_out], y_val=y[held_out])
    scaler = StandardScaler().fit(X[train])
    expected = network().fit(
        scaler.transform(X[train]),
        y[train],
        X_val=scaler.transform(X[held_out]),
        y_val=y[held_out],
    )
    assert pipeline[-1].validation_indices_.size == 0
    assert_same_fit(pipeline[-1], expected)
    assert pipeline[-1].best_score_ == expected.best_score_


def test_weights_reach_fit_and_score_of_a_search(data):
    X, y, _ = data
    weight = np.where(y == 1, 5.0, 1.0)
    clf = network().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    folds = StratifiedKFold(2)
    search = GridSearchCV(clf, {"threshold": [0.5]}, cv=folds, refit=False)
    search.fit(X, y, sample_weight=weight)
    expected = [
        network(threshold=0.5)
        .fit(X[train], y[train], sample_weight=weight[train])
        .score(X[test], y[test], sample_weight=weight[test])
        for train, test in folds.split(X, y)
    ]
    assert search.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("validation_split", [0.4, 2], ids=["one split", "two folds"])
@pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
def test_calibrators_are_learned_as_without_routing(data, method, validation_split):
    X, y, _ = data
    params = {"calibration": method, "validation_split": validation_split}
    routed = network(**params).fit(X, y)
    with config_context(enable_metadata_routing=False):
        expected = network(**params).fit(X, y)
    np.testing.assert_array_equal(routed.predict_proba(X), expected.predict_proba(X))
    assert routed.tune_threshold(objective="f1").best_score_ > 0


def test_a_search_over_a_pipeline_asks_for_weights_and_groups(data):
    X, y, groups = data
    clf = network(calibration="sigmoid", validation_split=0.4)
    clf.set_fit_request(sample_weight=True, groups=True).set_score_request(sample_weight=True)
    pipeline = in_pipeline(clf)
    pipeline[0].set_fit_request(sample_weight=False)
    grid, folds = {"network__epochs": [1, 2]}, StratifiedGroupKFold(2)
    search = GridSearchCV(pipeline, grid, cv=folds, error_score="raise")
    weight = np.where(y == 1, 5.0, 1.0)
    search.fit(X, y, sample_weight=weight, groups=groups)
    fitted = search.best_estimator_[-1]
    held_out, trained = groups[fitted.validation_indices_], groups[fitted.sample_indices_]
    assert len(held_out) and not set(held_out) & set(trained)
    assert 0 <= search.score(X, y, sample_weight=weight) <= 1
