"""A ThresholdTuner inside the estimator: its parameters, its constraint, its costs."""

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import TRAINING

from .conftest import TINY, N, cut_of, fitted, held_out, new


class TestTuner:
    def test_it_is_a_parameter_like_any_other(self, binary):
        routed = fitted(binary, threshold=ThresholdTuner("f1"), threshold__objective="f2")
        clf = BalancedKerasClassifier(threshold=ThresholdTuner("f1"), **TINY)
        clf.set_params(threshold__objective="f2")
        assert clf.get_params()["threshold__objective"] == "f2"
        X, y = binary
        expected = cut_of(fitted(binary, threshold=ThresholdTuner("f2")))
        assert cut_of(clf.fit(X[:N], y[:N])) == cut_of(routed) == expected

    def test_its_constraint_holds_on_the_held_out_rows(self, binary):
        clf = fitted(binary, threshold=ThresholdTuner("recall", constraint=("precision", 0.8)))
        y, proba = held_out(clf, binary)
        flagged = proba[:, 1] >= clf.best_threshold_
        assert precision_score(y, flagged) >= 0.8
        assert clf.best_score_ == recall_score(y, flagged)
        assert clf.score(*new(binary)) == recall_score(new(binary)[1], clf.predict(new(binary)[0]))

    def test_costs_are_minimised_or_decided_by_bayes(self, binary, multiclass):
        for data in (binary, multiclass):
            n_classes = len(np.unique(data[1]))
            costs = np.arange(1.0, n_classes + 1)[:, None] * (1 - np.eye(n_classes))
            clf = fitted(data, threshold=ThresholdTuner(cost_matrix=costs, calibrated=True))
            X, y = new(data)
            proba = clf.predict_proba(X)
            np.testing.assert_array_equal(clf.predict(X), (proba @ costs).argmin(axis=1))
            assert clf.score(X, y) == pytest.approx(-costs[y, clf.predict(X)].mean())

    @pytest.mark.parametrize(
        ("tuner", "message"),
        [
            (ThresholdTuner("f3x"), "'f3x' is unknown"),
            (ThresholdTuner(constraint=("precision", 2)), "bound of the 'constraint'"),
            (ThresholdTuner(cost_matrix=[[0, 1, 1], [1, 0, 1], [1, 1, 0]]), "2 x 2"),
            (ThresholdTuner(confidence=0.9), "'confidence' parameter is that of a constraint"),
        ],
    )
    def test_a_wrong_one_is_refused_before_training(self, binary, monkeypatch, tuner, message):
        monkeypatch.setattr(TRAINING, lambda *a, **k: pytest.fail("trained"))
        with pytest.raises(InvalidParameterError, match=message):
            fitted(binary, threshold=tuner)
