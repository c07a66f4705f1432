"""Probabilities at other shares and calibrated, their log-odds, and rows that are rejected."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import f1_score

from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from tests.problems import three_labels

from .conftest import N, cut_of, fitted, held_out, new


class TestPriors:
    def test_probabilities_are_those_of_other_shares(self, binary):
        natural, rare = fitted(binary), fitted(binary, priors=[0.98, 0.02])
        p, q = (clf.predict_proba(new(binary)[0]).astype(float) for clf in (natural, rare))
        odds = p[:, 1] / p[:, 0] * (0.02 / 0.98) * natural.class_prior_[0] / natural.class_prior_[1]
        np.testing.assert_allclose(q[:, 1], odds / (1 + odds), rtol=1e-4)

    def test_the_cut_is_best_at_these_shares(self, binary):
        clf = fitted(binary, priors={0: 0.97, 1: 0.03}, threshold="f1", validation_split=0.5)
        y, proba = held_out(clf, binary)
        weight = np.array([0.97, 0.03])[y] / np.bincount(y)[y]
        scores = [
            f1_score(y, proba[:, 1] >= cut, sample_weight=weight) for cut in np.unique(proba[:, 1])
        ]
        assert clf.best_score_ == pytest.approx(max(scores))
        natural = fitted(binary, threshold="f1", validation_split=0.5)
        assert (clf.predict(new(binary)[0]) == 1).sum() < (
            natural.predict(new(binary)[0]) == 1
        ).sum()

    def test_balanced_accuracy_flags_the_same_rows(self, binary):
        natural, rare = fitted(binary), fitted(binary, priors=[0.98, 0.02])
        X, _ = new(binary)
        np.testing.assert_array_equal(natural.predict(X), rare.predict(X))

    def test_early_stopping_looks_at_the_natural_shares(self, binary):
        one, other = fitted(binary), fitted(binary, priors=[0.5, 0.5])
        assert one.history_ == other.history_

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"priors": [0.2, 0.2]}, "one share above 0 for each of"),
            ({"priors": {"x": 1.0}}, "one share above 0 for each of"),
            ({"priors": [0.5, 0.5], "calibration": None}, "calibration='prior'"),
        ],
    )
    def test_shares_that_are_none_are_refused(self, binary, params, message):
        with pytest.raises(InvalidParameterError, match=message):
            fitted(binary, **params)

    def test_labels_have_no_shares_in_common(self):
        data = three_labels(2 * N)
        with pytest.raises(InvalidParameterError, match="one label per row"):
            fitted(data, priors=[0.2, 0.3, 0.5])
        clf = fitted(data)
        with pytest.raises(InvalidParameterError, match="adapt_priors is for one label per row"):
            clf.adapt_priors(data[0])


class TestAdaptPriors:
    def test_the_copy_follows_and_the_original_stays(self, binary):
        clf = fitted(binary, threshold="f1", epochs=30)
        X, y = new(binary)
        before = clf.predict_proba(X), cut_of(clf)
        often = np.concatenate([np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:20]])
        twin = clf.adapt_priors(X[often])
        assert clf.priors is None
        np.testing.assert_array_equal(clf.predict_proba(X), before[0])
        assert cut_of(clf) == before[1]
        assert twin.priors[1] == pytest.approx(y[often].mean(), abs=0.15)
        np.testing.assert_allclose(
            twin.predict_proba(X[often]).mean(axis=0), twin.priors, atol=1e-3
        )
        assert cut_of(twin) == cut_of(fitted(binary, threshold="f1", epochs=30, priors=twin.priors))
        assert twin.score(X[often], y[often]) > 0.7

    def test_a_rule_of_the_users_own_stays(self, binary):
        clf = fitted(binary).set_threshold(0.3)
        assert clf.adapt_priors(new(binary)[0]).best_threshold_ == 0.3

    def test_several_classes(self, multiclass):
        clf = fitted(multiclass, epochs=40, optimizer__learning_rate=0.01)
        X, y = new(multiclass)
        rows = np.flatnonzero(y != 0)
        twin = clf.adapt_priors(X[rows])
        truth = np.bincount(y[rows], minlength=3) / len(rows)
        prior = clf.class_prior_
        assert np.abs(twin.priors - truth).max() < 0.5 * np.abs(prior - truth).max()


class TestCalibration:
    @pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
    def test_it_comes_after_the_prior_correction(self, binary, method):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImbalanceWarning)
            clf = fitted(binary, sampler="random_over", calibration=method, validation_split=0.5)
            plain = fitted(binary, sampler="random_over", validation_split=0.5)
        X, _ = new(binary)
        np.testing.assert_allclose(
            clf.predict_proba(X), clf.calibrator_.apply(plain.predict_proba(X)), atol=1e-6
        )
        assert not hasattr(plain, "calibrator_")

    def test_without_held_out_rows_it_is_refused(self, binary):
        with pytest.raises(InvalidParameterError, match="calibration='sigmoid' is learned on held"):
            fitted(binary, calibration="sigmoid", validation_split=0)

    def test_the_next_fit_forgets_it(self, binary):
        clf = fitted(binary, calibration="sigmoid")
        clf.set_params(calibration="prior").fit(*new(binary))
        assert not hasattr(clf, "calibrator_")


class TestDecisionFunction:
    def test_it_is_the_log_odds_and_knows_no_cut(self, binary, multiclass):
        for data in (binary, multiclass):
            clf = fitted(data)
            X, _ = new(data)
            p = clf.predict_proba(X).astype(float)
            odds = np.log(p / (1 - p))
            odds = odds[:, 1] if p.shape[1] == 2 else odds
            np.testing.assert_allclose(clf.decision_function(X), odds, rtol=1e-5)
            moved = clf.set_threshold(None).decision_function(X)
            np.testing.assert_array_equal(moved, clf.decision_function(X))

    def test_a_sure_row_is_finite(self, binary):
        clf = fitted(binary)
        assert np.isfinite(clf.decision_function(1e6 * new(binary)[0])).all()


class TestReject:
    def test_rows_are_handed_on_where_that_is_cheaper(self, multiclass):
        clf = fitted(multiclass)
        X, _ = new(multiclass)
        costs = np.array([[0, 1, 2], [5, 0, 1], [9, 4, 0]])
        result = clf.predict_or_reject(X, reject_cost=0.7, cost_matrix=costs)
        proba = clf.predict_proba(X)
        expected = proba.astype(float) @ costs
        np.testing.assert_array_equal(result.decision, expected.argmin(axis=1))
        np.testing.assert_array_equal(result.reject, expected.min(axis=1) > 0.7)
        np.testing.assert_array_equal(result.proba, proba[np.arange(N), result.decision])
        assert 0 < result.reject.mean() < 1

    def test_decisions_are_labels(self, binary):
        X, y = binary
        named = X, np.array(["ok", "fraud"])[y]
        result = fitted(named).predict_or_reject(X, reject_cost=0.1)
        assert set(result.decision) == {"ok", "fraud"}

    def test_labels_of_their_own_have_no_common_costs(self):
        data = three_labels(2 * N)
        with pytest.raises(InvalidParameterError, match="label by label"):
            fitted(data).predict_or_reject(data[0], reject_cost=1)
