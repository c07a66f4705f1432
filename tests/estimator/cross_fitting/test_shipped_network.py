"""One network ships, averaged or trained anew: its epochs, stages, seed and copies."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from .conftest import N, fitted


def test_a_second_stage_is_told_of(data):
    clf = fitted(data, head_sampler="balanced_batches", epochs=2)
    assert len(clf.head_history_["loss"]) == 2


def test_a_refit_takes_all_rows_for_the_mean_best_number_of_epochs(data, members):
    clf = fitted(data, ensemble=False, epochs=20, patience=2, sampler="random_over")
    best = [member.n_iter_ for member, _ in members]
    assert len(set(best)) > 1
    assert clf.n_iter_ == len(clf.history_["loss"]) == round(np.mean(best))
    assert set(clf.sample_indices_) == set(range(N))
    assert "val_loss" not in clf.history_


def test_both_stages_of_a_refit_take_the_epochs_of_the_folds(data, members):
    clf = fitted(data, ensemble=False, epochs=12, patience=2, head_sampler="balanced_batches")
    head = [member.head_n_iter_ for member, _ in members]
    assert clf.head_n_iter_ == len(clf.head_history_["loss"]) == round(np.mean(head))


@pytest.mark.parametrize("ensemble", [True, False])
def test_the_seed_decides(data, ensemble):
    one, same, other = (
        fitted(data, ensemble=ensemble, random_state=seed).predict_proba(data[0])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("ensemble", [True, False])
def test_it_is_an_estimator_like_any_other(data, ensemble):
    X, y = data
    clf = fitted(data, ensemble=ensemble, calibration="sigmoid")
    for twin in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        np.testing.assert_array_equal(twin.predict(X), clf.predict(X))
        assert twin.tune_threshold(objective="f1").best_threshold_ > 0
    again = clone(clf).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    # The next fit holds out in its own way.
    once = again.set_params(validation_split=0.25).fit(X, y)
    assert len(once.validation_indices_) == N // 4
    assert not once.fit_result_.is_refitted
