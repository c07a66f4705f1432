"""A callback of scikit-learn's may stop training; one that raises undoes the fit."""

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import TINY, weights_of

from .conftest import Recorder, epochs, tree


class TestAsked:
    @pytest.mark.parametrize("engine", ["graph", "keras"])
    def test_a_callback_can_stop_the_training(self, engine, data):
        recorder = Recorder(stop_after=("epoch", 1))
        clf = BalancedKerasClassifier(**TINY | {"epochs": 9}, engine=engine)
        clf.set_callbacks(recorder).fit(*data)
        assert len(clf.history_["loss"]) == 2
        shorter = BalancedKerasClassifier(**TINY | {"epochs": 2}).fit(*data)
        np.testing.assert_array_equal(weights_of(clf), weights_of(shorter))

    def test_it_stops_each_network_and_leaves_none_out(self, data):
        recorder = Recorder(stop_after=("epoch", 0))
        params = {"validation_split": 2, "head_sampler": "random_over"}
        clf = BalancedKerasClassifier(**TINY, **params).set_callbacks(recorder).fit(*data)
        one = {"train-network 0": epochs(1), "train-head 1": epochs(1)}
        begun = [path for hook, path, *_ in recorder.events if hook == "begin"]
        assert begun == tree({"train-for-fold 0": one, "train-for-fold 1": one})
        assert len(clf.validation_indices_) == 240
        recorder = Recorder(stop_after=("train-for-fold", 0))
        clf.set_callbacks(recorder).fit(*data)
        assert len(clf.validation_indices_) == 240

    @pytest.mark.parametrize(
        "fail_at",
        [
            ("setup", "fit"),
            ("begin", "fit"),
            ("begin", "epoch"),
            ("end", "epoch"),
            ("end", "fit"),
            ("teardown", "fit"),
        ],
    )
    def test_one_that_raises_leaves_the_estimator_as_it_was(self, fail_at, data):
        X, y = data
        recorder = Recorder(fail_at=fail_at)
        clf = BalancedKerasClassifier(**TINY).fit(X, y).set_callbacks(recorder)
        before, weights = dict(vars(clf)), weights_of(clf)
        with pytest.raises(ZeroDivisionError):
            clf.fit(X[::-1], y[::-1])
        assert vars(clf).keys() == before.keys()
        assert all(vars(clf)[name] is value for name, value in before.items())
        np.testing.assert_array_equal(weights_of(clf), weights)
        assert [hook for hook, *_ in recorder.events].count("teardown") == 1
        again = BalancedKerasClassifier(**TINY).fit(X, y)
        np.testing.assert_array_equal(weights_of(again), weights)

    def test_a_never_fitted_estimator_stays_unfitted(self, data):
        clf = BalancedKerasClassifier(**TINY).set_callbacks(Recorder(fail_at=("end", "epoch")))
        with pytest.raises(ZeroDivisionError):
            clf.fit(*data)
        assert not clf.__sklearn_is_fitted__()
