"""Thresholds after a fit: tuned again, by what each row costs, bootstrapped, or set."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from tests.problems import three_labels

from .conftest import TINY, N, cut_of, fitted, held_out, new


class TestTuneThreshold:
    def test_kept_scores_give_the_rule_that_a_fit_would_have(self, binary, multiclass):
        for data, objective in ((binary, "f1"), (multiclass, "f1_macro")):
            clf = fitted(data).tune_threshold(objective=objective)
            again = fitted(data, threshold=objective)
            assert cut_of(clf) == cut_of(again)
            assert clf.best_score_ == again.best_score_
            assert clf.score(*new(data)) == again.score(*new(data))
            assert clf.threshold == "balanced_accuracy", "the parameter stays"

    def test_new_rows_are_scored_by_the_network(self, binary):
        clf = fitted(binary, sampler="random_over", calibration="sigmoid")
        X, y = new(binary)
        weight = np.random.default_rng(0).integers(0, 3, N).astype(float)
        clf.tune_threshold(X, y, objective="f2", sample_weight=weight)
        tuner = ThresholdTuner("f2").fit(
            y, clf.predict_proba(X), sample_weight=weight, pos_label=clf.pos_label_
        )
        assert clf.best_threshold_ == pytest.approx(tuner.best_threshold_)
        assert clf.score(X, y, weight) == pytest.approx(clf.best_score_)

    def test_none_takes_the_threshold_of_the_estimator(self, binary):
        clf = fitted(binary, threshold="f1")
        X, y = new(binary)
        clf.tune_threshold(X, y)
        assert clf.best_score_ == pytest.approx(f1_score(y, clf.predict(X)))

    def test_rows_that_were_trained_on_are_noted(self, binary):
        X, y = binary
        clf = fitted(binary)
        some = np.setdiff1d(np.arange(N), clf.validation_indices_)[:100]
        for rows, share in (
            (np.arange(N), 80),
            (np.arange(2 * N), 40),
            (some, 100),
            (np.concatenate([some[:30], np.arange(N, N + 70)]), 30),
        ):
            for given in (X[rows], X[rows].astype("float32")):
                message = rf"INN004.*trained on about {share}% of the {len(rows)} rows"
                with pytest.warns(ImbalanceWarning, match=message) as caught:
                    clf.tune_threshold(given, y[rows])
                assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            clf.tune_threshold(*new(binary))
            clf.tune_threshold(X[clf.validation_indices_], y[clf.validation_indices_])
            clf.tune_threshold()

    @pytest.mark.parametrize("how", ["partial_fit", "cross-fitting", "pickle"])
    def test_they_are_known_however_they_were_trained_on(self, binary, how):
        X, y = binary
        if how == "partial_fit":
            clf = BalancedKerasClassifier(**TINY).partial_fit(X[:100], y[:100])
            clf.partial_fit(X[100:N], y[100:N])
        elif how == "cross-fitting":
            clf = fitted(binary, validation_split=3)
        else:
            clf = pickle.loads(pickle.dumps(fitted(binary)))
        with pytest.warns(ImbalanceWarning, match=r"INN004"):
            clf.tune_threshold(X[:N], y[:N])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"objective": 0.3}, "set_threshold"),
            ({"objective": "f3x"}, "'f3x' is unknown"),
            ({"objective": "recall"}, "by itself is highest"),
            ({"X": np.ones((3, 6))}, "X and y go together"),
        ],
    )
    def test_a_refusal_changes_nothing(self, binary, arguments, message):
        clf = fitted(binary)
        before = vars(clf).copy()
        with pytest.raises(InvalidParameterError, match=message):
            clf.tune_threshold(**arguments)
        assert vars(clf) == before

    def test_a_constraint_that_cannot_be_kept_changes_nothing(self, binary):
        clf = fitted(binary)
        before = vars(clf).copy()
        with pytest.raises(ValueError, match="No threshold meets"):
            clf.tune_threshold(
                objective=ThresholdTuner("recall", constraint=("precision", 0.9), confidence=0.999)
            )
        assert vars(clf) == before

    def test_without_kept_scores_rows_are_asked_for(self, binary):
        clf = fitted(binary, validation_split=0)
        with pytest.raises(InvalidParameterError, match="held no rows out.*Pass X and y"):
            clf.tune_threshold(objective="f1")
        assert clf.tune_threshold(*new(binary), objective="f1").best_score_ > 0.5


class TestCostsOfRows:
    def test_what_each_row_costs_is_minimised(self, binary):
        clf = fitted(binary)
        X, y = new(binary)
        rng = np.random.default_rng(0)
        weight = rng.integers(0, 3, N).astype(float)
        cost = np.column_stack([rng.exponential(20, N) * y, 1.0 - y])
        clf.tune_threshold(X, y, sample_weight=weight, sample_cost=cost)
        score = clf.predict_proba(X)[:, 1].astype(float)
        paid = [
            weight @ np.where(score >= cut, cost[:, 1], cost[:, 0])
            for cut in [*np.unique(score), 2.0]
        ]
        assert -clf.best_score_ * weight.sum() == pytest.approx(min(paid))
        chosen = np.where(clf.predict(X) == 1, cost[:, 1], cost[:, 0])
        assert weight @ chosen == pytest.approx(min(paid))
        assert clf.score(X, y) == accuracy_score(y, clf.predict(X))
        assert clf.tune_threshold(objective="f1").score(X, y) == f1_score(y, clf.predict(X))

    @pytest.mark.parametrize(
        ("rows", "arguments", "message"),
        [
            (0, {}, "sample_cost needs the X and y"),
            (20, {}, "for each of 20 rows"),
            (30, {"objective": "f1"}, "takes the place of 'objective'"),
        ],
    )
    def test_a_refusal_changes_nothing(self, binary, rows, arguments, message):
        clf = fitted(binary)
        before = vars(clf).copy()
        X, y = (part[:rows] for part in new(binary))
        if rows:
            arguments = {"X": X, "y": y, **arguments}
        with pytest.raises(InvalidParameterError, match=message):
            clf.tune_threshold(**arguments, sample_cost=np.ones((30, 2)))
        assert vars(clf) == before

    def test_labels_have_costs_of_their_own(self):
        data = three_labels(2 * N)
        with pytest.raises(InvalidParameterError, match="Cut each label on its own"):
            fitted(data).tune_threshold(*new(data), sample_cost=np.ones((N, 3)))


class TestBootstrap:
    def test_the_rows_of_the_cut_are_drawn_again(self, binary, multiclass):
        for data, kwargs in ((binary, {"n_resamples": 200}), (multiclass, {"n_resamples": 5})):
            clf = fitted(data, threshold="f1_macro", priors=None)
            spread = clf.bootstrap_threshold(random_state=0, **kwargs)
            y, proba = held_out(clf, data)
            few = 50 if data is binary else 0
            tuner = ThresholdTuner("f1_macro", min_positives=few).fit(y, proba)
            by_hand = tuner.bootstrap(y, proba, random_state=0, **kwargs)
            np.testing.assert_allclose(spread.thresholds, by_hand.thresholds)
            assert np.ptp(spread.scores) > 0

    def test_costs_and_shares_are_honoured(self, binary):
        tuner = ThresholdTuner(cost_matrix=[[0, 1], [9, 0]])
        clf = fitted(binary, threshold=tuner, priors=[0.95, 0.05])
        spread = clf.bootstrap_threshold(n_resamples=100, random_state=0)
        assert (
            spread.threshold_interval()[0] <= clf.best_threshold_ <= spread.threshold_interval()[1]
        )
        assert spread.score_interval()[0] <= clf.best_score_ <= spread.score_interval()[1]

    @pytest.mark.parametrize("params", [{"threshold": 0.3}, {"validation_split": 0}])
    def test_without_learned_cuts_there_is_nothing_to_draw(self, binary, params):
        with pytest.raises(InvalidParameterError, match="bootstrap_threshold needs a threshold"):
            fitted(binary, **params).bootstrap_threshold()

    def test_it_changes_nothing(self, binary):
        clf = fitted(binary)
        before = vars(clf).copy()
        clf.bootstrap_threshold(n_resamples=5)
        assert vars(clf) == before


class TestSetThreshold:
    def test_it_fixes_the_cut_and_the_score_is_accuracy(self, binary, multiclass):
        for data, cut in ((binary, 0.2), (binary, None), (multiclass, [0.7, 0.2, 0.1])):
            clf, plain = fitted(data).set_threshold(cut), fitted(data, threshold=cut)
            X, y = new(data)
            np.testing.assert_array_equal(clf.predict(X), plain.predict(X))
            assert clf.score(X, y) == accuracy_score(y, clf.predict(X))
            assert not hasattr(clf, "best_score_")
            assert clf.threshold == "balanced_accuracy"

    @pytest.mark.parametrize("cut", [1.5, [0.1, 0.2, 0.7], "f1", ThresholdTuner()])
    def test_a_refusal_changes_nothing(self, binary, cut):
        clf = fitted(binary)
        before = vars(clf).copy()
        with pytest.raises(InvalidParameterError):
            clf.set_threshold(cut)
        assert vars(clf) == before

    def test_a_fit_forgets_it(self, binary):
        clf = fitted(binary).set_threshold(0.9).fit(*new(binary))
        assert clf.best_threshold_ != 0.9
        assert hasattr(clf, "best_score_")
