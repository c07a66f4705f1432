"""What a fitted estimator still learns without training: cuts, shares, doubts."""

import copy
import pickle
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    DetCurveDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)
from sklearn.model_selection import cross_val_score
from sklearn.multiclass import OneVsRestClassifier

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError

TINY = {"model__hidden_layer_sizes": (8,), "epochs": 6, "batch_size": 32, "random_state": 0}
N = 400


@pytest.fixture(scope="module")
def binary():
    """Two overlapping classes, one row in six positive."""
    return make_classification(2 * N, 6, weights=[0.83], flip_y=0.05, random_state=0)


@pytest.fixture(scope="module")
def multiclass():
    """Three overlapping classes of very unequal size."""
    return make_classification(
        2 * N, 8, n_informative=5, n_classes=3, weights=[0.7, 0.2], random_state=1
    )


def fitted(data, **params):
    """Fit to the first half of the rows."""
    X, y = data
    return BalancedKerasClassifier(**TINY | params).fit(X[:N], y[:N])


def new(data):
    """The other half."""
    return data[0][N:], data[1][N:]


def held_out(clf, data):
    """Held-out rows and the probabilities of their classes."""
    X, y = (part[clf.validation_indices_] for part in data)
    return y, clf.predict_proba(X)


def cut_of(clf):
    """The rule of a classifier as numbers."""
    return np.atleast_1d(clf.best_threshold_).tolist()


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
        data = make_multilabel_classification(2 * N, 6, n_classes=3, random_state=0)
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
        monkeypatch.setattr(
            BalancedKerasClassifier, "_train", lambda *a, **k: pytest.fail("trained")
        )
        with pytest.raises(InvalidParameterError, match=message):
            fitted(binary, threshold=tuner)


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
        data = make_multilabel_classification(2 * N, 6, n_classes=3, random_state=0)
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
        data = make_multilabel_classification(2 * N, 6, n_classes=3, random_state=0)
        with pytest.raises(InvalidParameterError, match="label by label"):
            fitted(data).predict_or_reject(data[0], reject_cost=1)


@pytest.mark.parametrize(
    "display", [RocCurveDisplay, PrecisionRecallDisplay, DetCurveDisplay, CalibrationDisplay]
)
def test_scikit_learns_displays_take_it(binary, display):
    with mpl.rc_context({"backend": "agg"}):
        shown = display.from_estimator(fitted(binary), *new(binary))
        shown.figure_.clear()


def test_meta_estimators_around_it(binary, multiclass):
    X, y = new(multiclass)
    each = OneVsRestClassifier(BalancedKerasClassifier(**TINY)).fit(X, y)
    assert each.score(X, y) > 0.6
    assert each.predict_proba(X).shape == (N, 3)
    X, y = new(binary)
    stack = StackingClassifier(
        [("net", BalancedKerasClassifier(**TINY)), ("line", LogisticRegression())], cv=3
    )
    assert cross_val_score(stack, X, y, cv=2, scoring="average_precision").min() > 0.5


def test_copies_carry_what_they_learned(binary):
    clf = fitted(binary, threshold="f1", calibration="sigmoid", priors=[0.9, 0.1])
    clf.tune_threshold(objective="f2")
    X, y = new(binary)
    for twin in (pickle.loads(pickle.dumps(clf)), copy.deepcopy(clf)):
        assert cut_of(twin) == cut_of(clf)
        assert twin.score(X, y) == clf.score(X, y)
        np.testing.assert_array_equal(twin.predict_proba(X), clf.predict_proba(X))
        assert cut_of(twin.tune_threshold()) == cut_of(clf)
