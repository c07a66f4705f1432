"""Fits after fits: going on from the last, part by part, or equal by the seed."""

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import TINY, weights_of

from .conftest import fitted


def test_a_warm_start_goes_on_with_the_same_held_out_rows(data):
    clf = BalancedKerasClassifier(**TINY | {"random_state": None}, warm_start=True).fit(*data)
    held, before, network = clf.validation_indices_, weights_of(clf), clf.model_
    clf.fit(*data)
    np.testing.assert_array_equal(clf.validation_indices_, held)
    assert not np.array_equal(weights_of(clf), before)
    assert clf.model_ is network


def test_partial_fits_add_up_to_one_prior(data):
    X, y = data
    clf = BalancedKerasClassifier(class_weight="balanced", **TINY)
    parts = [slice(0, 60), slice(60, 150), slice(150, 240)]
    for number, part in enumerate(parts, start=1):
        clf.partial_fit(X[part], y[part], classes=[0, 1])
        seen = y[: part.stop]
        np.testing.assert_allclose(clf.class_prior_, np.bincount(seen) / len(seen))
        np.testing.assert_array_equal(clf.class_count_, np.bincount(seen))
        assert clf.best_threshold_ == pytest.approx(np.mean(seen == 1))
        assert len(clf.history_["loss"]) == number
    assert clf.validation_indices_.size == 0
    # Each call was balanced, so what was trained on is balanced too.
    assert clf.predict_proba(X)[:, 1].mean() < 0.4


def test_a_class_may_come_with_a_later_part(data):
    X, y = data
    clf = BalancedKerasClassifier(**TINY, threshold=None)
    clf.partial_fit(X[y == 0][:50], y[y == 0][:50], classes=[0, 1])
    clf.partial_fit(X[y == 1], y[y == 1])
    np.testing.assert_allclose(clf.class_prior_, [50, (y == 1).sum()] / (50 + (y == 1).sum()))


def test_a_part_after_a_fit_keeps_the_learned_threshold(data):
    clf = fitted(data, threshold="f1")
    cut, score = clf.best_threshold_, clf.best_score_
    clf.partial_fit(*data)
    assert (clf.best_threshold_, clf.best_score_) == (cut, score)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"sampler": "random_under"},
        {"sampler": "smote", "class_weight": "balanced"},
    ],
    ids=str,
)
def test_the_seed_decides_everything(params, data):
    one, same, other = (fitted(data, random_state=seed, **params) for seed in (3, 3, 4))
    np.testing.assert_array_equal(weights_of(one), weights_of(same))
    np.testing.assert_array_equal(one.predict_proba(data[0]), same.predict_proba(data[0]))
    np.testing.assert_array_equal(one.validation_indices_, same.validation_indices_)
    np.testing.assert_array_equal(one.sample_indices_, same.sample_indices_)
    assert one.best_threshold_ == same.best_threshold_
    assert not np.array_equal(weights_of(one), weights_of(other))
    assert not np.array_equal(one.validation_indices_, other.validation_indices_)


def test_a_random_state_object_decides_too_and_is_not_used_up(data):
    state = np.random.RandomState(3)
    one, same = (fitted(data, random_state=state) for _ in range(2))
    np.testing.assert_array_equal(weights_of(one), weights_of(same))


def test_unseeded_fits_differ(data):
    one, other = (fitted(data, random_state=None) for _ in range(2))
    assert not np.array_equal(weights_of(one), weights_of(other))
