"""What a fit has fixed stays fixed; what it no longer knows is asked for."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import accuracy_score, f1_score

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from tests.problems import TRAINING

from .conftest import TINY, N, fitted, new


class TestPriors:
    def test_rows_that_hold_these_shares_are_not_weighed_again(self, binary):
        X, y = binary
        even = np.concatenate([np.flatnonzero(y[N:] == code)[:50] for code in (0, 1)]) + N
        clf = fitted(binary, priors=[0.5, 0.5])
        tuner = ThresholdTuner("accuracy")
        clf.tune_threshold(X[even], y[even], objective=tuner)
        assert clf.best_score_ == pytest.approx(accuracy_score(y[even], clf.predict(X[even])))
        assert clf.best_score_ == clf.score(X[even], y[even])

    def test_a_parameter_set_later_moves_nothing(self, binary):
        X, _ = binary
        clf = fitted(binary, sampler="random_over", calibration="sigmoid")
        before = clf.predict_proba(X), clf.predict(X)
        for params in ({"priors": [0.5, 0.5]}, {"calibration": None}, {"calibration": "prior"}):
            clf.set_params(**params)
            np.testing.assert_array_equal(clf.predict_proba(X), before[0])
            np.testing.assert_array_equal(clf.predict(X), before[1])

    @pytest.mark.parametrize("priors", [[1.0, 0.0], {0: 0.0, 1: 1.0}])
    def test_a_class_that_does_not_occur_has_no_share(self, binary, priors):
        with pytest.raises(InvalidParameterError, match="one share above 0 for each"):
            fitted(binary, priors=priors)

    def test_padded_steps_tell_nothing_of_shares(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(120, 6, 2))
        y = (X[..., :1] > 0.8).astype(int)
        weight = np.ones((120, 6))
        weight[:, 3:] = 0
        X[:, 3:] = -3
        clf = BalancedKerasClassifier("mlp", epochs=20, random_state=0).fit(
            X, y, sample_weight=weight
        )
        share = y[:, :3].mean()
        by_steps = clf.adapt_priors(X, sample_weight=weight).priors[1]
        assert by_steps == pytest.approx(share, abs=0.04)
        assert clf.adapt_priors(X).priors[1] < by_steps - 0.04


class TestProofs:
    """A bound at a confidence counts rows that the probabilities know nothing of."""

    TUNER = ThresholdTuner("recall", constraint=("precision", 0.3), confidence=0.8)

    @pytest.mark.parametrize(
        ("params", "fit_params", "message"),
        [
            ({"priors": [0.9, 0.1]}, {}, r"priors=\[0.9, 0.1\] weighs rows"),
            ({}, {"sample_weight": np.arange(1, N + 1)}, "sample_weight of unequal weights"),
            (
                {"calibration": "sigmoid", "threshold__calibrated": True},
                {},
                "calibration='sigmoid' is learned on the same held-out rows",
            ),
            ({"calibration": "isotonic"}, {}, "calibration='isotonic' is learned on the same"),
        ],
    )
    def test_what_would_void_them_is_refused_before_training(
        self, binary, monkeypatch, params, fit_params, message
    ):
        monkeypatch.setattr(TRAINING, lambda *a, **k: pytest.fail("trained"))
        clf = BalancedKerasClassifier(threshold=self.TUNER, **TINY | params)
        with pytest.raises(InvalidParameterError, match=message):
            clf.fit(binary[0][:N], binary[1][:N], **fit_params)

    def test_other_shares_are_refused_later_too(self, binary):
        clf = fitted(binary, threshold=ThresholdTuner("f1", constraint=("recall", 0.3)))
        clf.adapt_priors(binary[0][N:])
        clf = fitted(binary, threshold=self.TUNER, validation_split=0.5, epochs=30)
        with pytest.raises(InvalidParameterError, match="adapt_priors weighs rows"):
            clf.adapt_priors(binary[0][N:])

    @pytest.mark.parametrize("ensemble", [True, False])
    def test_scores_of_folds_prove_nothing_of_what_ships(self, binary, ensemble, monkeypatch):
        ships = "their average" if ensemble else "one network trained on all rows"
        message = rf"ships {ships}.*validation_split=0.2.*tune_threshold\(X, y, objective="
        clf = fitted(binary, validation_split=3, ensemble=ensemble, threshold="f1")
        before = vars(clf).copy()
        with pytest.raises(InvalidParameterError, match=message):
            clf.tune_threshold(objective=self.TUNER)
        assert vars(clf) == before
        assert clf.tune_threshold(*new(binary), objective=self.TUNER).best_score_ > 0
        monkeypatch.setattr(TRAINING, lambda *a, **k: pytest.fail("trained"))
        with pytest.raises(InvalidParameterError, match=message):
            fitted(binary, validation_split=3, ensemble=ensemble, threshold=self.TUNER)

    def test_a_calibrator_of_the_same_rows_is_refused_later_too(self, binary):
        with pytest.warns(ImbalanceWarning, match="fits steps to"):
            clf = fitted(binary, calibration="isotonic", validation_split=0.5)
        with pytest.raises(InvalidParameterError, match="learned on the same held-out rows"):
            clf.tune_threshold(objective=self.TUNER)
        at_most = ThresholdTuner("recall", constraint=("false_positive_rate", 0.5), confidence=0.8)
        assert clf.tune_threshold(objective=at_most).best_score_ > 0
        assert clf.tune_threshold(*new(binary), objective=self.TUNER).best_score_ > 0


class TestTrainingGoesOn:
    def test_kept_scores_are_those_of_this_network(self, binary):
        X, y = binary
        clf = fitted(binary, warm_start=True)
        for go_on in (
            lambda: clf.partial_fit(X[:N], 1 - y[:N]),
            lambda: clf.set_params(validation_split=0).fit(X[:N], y[:N]),
        ):
            go_on()
            with pytest.raises(InvalidParameterError, match="held no rows out.*Pass X and y"):
                clf.tune_threshold(objective="f1")
            with pytest.raises(InvalidParameterError, match="needs a threshold"):
                clf.bootstrap_threshold()

    def test_a_warm_fit_follows_the_parameters(self, binary):
        X, y = binary[0][:N], binary[1][:N]
        clf = fitted(binary, warm_start=True, calibration="sigmoid", validation_split=0.5)
        clf.set_threshold(0.9)
        clf.set_params(calibration="prior", threshold="f1").fit(X, y)
        assert not hasattr(clf, "calibrator_")
        assert clf.best_threshold_ != 0.9
        held = clf.validation_indices_
        assert clf.best_score_ == pytest.approx(f1_score(y[held], clf.predict(X[held])))

    def test_a_calibrator_stays_through_parts(self, binary):
        X, y = binary
        clf = fitted(binary, calibration="sigmoid")
        learned = clf.calibrator_
        assert clf.partial_fit(X[N:], y[N:]).calibrator_ is learned
        first = BalancedKerasClassifier(calibration="sigmoid", **TINY)
        with pytest.raises(InvalidParameterError, match="partial_fit hold none out. Call fit"):
            first.partial_fit(X, y)

    def test_score_knows_what_a_tuner_aims_at_before_it_learns(self, binary):
        X, y = binary
        for tuner in (ThresholdTuner("f1"), ThresholdTuner(cost_matrix=[[0, 1], [5, 0]])):
            clf = BalancedKerasClassifier(threshold=tuner, **TINY).partial_fit(X[:N], y[:N])
            assert np.isfinite(clf.score(X, y))

    def test_all_parts_are_remembered_in_little_room(self, binary):
        X, y = binary
        clf = BalancedKerasClassifier(**TINY)
        for start in range(0, N, 40):
            clf.partial_fit(X[start : start + 40], y[start : start + 40], classes=[0, 1])
        with pytest.warns(ImbalanceWarning, match="INN004.*about 100% of the 60 rows"):
            clf.tune_threshold(X[:60], y[:60])
        rng = np.random.default_rng(0)
        for _ in range(3):
            clf.partial_fit(rng.normal(size=(20_000, 6)), rng.integers(0, 2, 20_000))
        assert len(pickle.dumps(clf.fit_result_.seen)) < 50_000
        seen = rng.normal(size=(500, 6))
        clf.partial_fit(seen, rng.integers(0, 2, 500))
        with pytest.warns(ImbalanceWarning, match="INN004"):
            clf.tune_threshold(seen, rng.integers(0, 2, 500))


class TestRetuning:
    def test_what_came_last_is_drawn_again(self, binary):
        X, y = binary
        clf = fitted(binary).tune_threshold(X[N:], y[N:], objective="f1")
        spread = clf.bootstrap_threshold(n_resamples=30, random_state=0)
        tuner = ThresholdTuner("f1").fit(y[N:], clf.predict_proba(X[N:]))
        by_hand = tuner.bootstrap(y[N:], clf.predict_proba(X[N:]), n_resamples=30, random_state=0)
        np.testing.assert_allclose(spread.thresholds, by_hand.thresholds)

    def test_lists_are_rows_too(self, binary):
        X, y = binary
        cost = np.column_stack([5.0 * y[N:], 1.0 - y[N:]])
        as_lists = X[N:].tolist(), y[N:].tolist()
        clf = fitted(binary).tune_threshold(*as_lists, sample_cost=cost.tolist())
        again = fitted(binary).tune_threshold(X[N:], y[N:], sample_cost=cost)
        assert clf.best_threshold_ == again.best_threshold_

    def test_an_unknown_label_is_named(self, binary):
        X, y = binary
        with pytest.raises(ValueError, match=r"y holds the label 7, .*labels are \[0, 1\]"):
            fitted(binary).tune_threshold(X[N:], np.where(y[N:] == 1, 7, 0))

    def test_a_rule_is_not_the_callers_array(self):
        X, y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
        cuts = np.array([0.2, 0.3, 0.5])
        clf = BalancedKerasClassifier(**TINY).fit(X, y).set_threshold(cuts)
        cuts[:] = [0.8, 0.1, 0.1]
        np.testing.assert_allclose(clf.adapt_priors(X).best_threshold_, [0.2, 0.3, 0.5])
