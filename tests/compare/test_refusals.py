"""compare_strategies: what it refuses, word for word, before anything is fitted."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from imbalanced_nn.compare import STRATEGIES, compare_strategies
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

TWO = ["none", "class_weight"]


class TestRefusals:
    def _refused(self, error, stand_in, X, y, estimator=None, **arguments):
        with pytest.raises(error) as refusal:
            compare_strategies(estimator or stand_in(), X, y, **arguments)
        assert stand_in.fits == []
        return str(refusal.value)

    def test_a_class_with_fewer_rows_than_folds(self, stand_in):
        y = np.array(["ok"] * 40 + ["fraud"] * 3)
        message = self._refused(TooFewRowsError, stand_in, np.zeros((43, 2)), y, cv=5)
        assert message == (
            "cv: class 'fraud' has 3 rows, fewer than the 5 folds. Use at most 3 folds, merge the "
            "class with another, or gather more of its rows."
        )

    def test_a_class_with_one_row(self, stand_in):
        message = self._refused(TooFewRowsError, stand_in, np.zeros((9, 2)), [0] * 8 + [1], cv=2)
        assert message == (
            "cv: class 1 has 1 row, fewer than the 2 folds. Leave this class out, merge it with "
            "another, or gather more of its rows."
        )

    def test_fewer_groups_than_folds(self, stand_in):
        y, groups = [0, 1] * 6, [0] * 6 + [1] * 6
        message = self._refused(
            TooFewRowsError, stand_in, np.zeros((12, 2)), y, cv=3, groups=groups
        )
        assert message == (
            "cv: there are 2 groups, fewer than the 3 folds. Use at most 2 folds, or leave groups "
            "out."
        )

    def test_as_many_rows_as_folds_are_enough(self, stand_in):
        y = np.array([0] * 30 + [1] * 3)
        X = np.random.default_rng(0).normal(size=(33, 2))
        assert compare_strategies(stand_in(), X, y, strategies=["none"], cv=3).n_splits == 3

    def test_repeats_do_not_count_as_folds(self, stand_in):
        y = np.array([0] * 30 + [1] * 3)
        X = np.random.default_rng(0).normal(size=(33, 2))
        cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
        assert compare_strategies(stand_in(), X, y, strategies=["none"], cv=cv).n_splits == 6

    @pytest.mark.parametrize(
        ("rows", "side"), [((np.arange(5), np.arange(5, 10)), "training"), (None, "test")]
    )
    def test_a_fold_without_a_class(self, rows, side, stand_in):
        y = np.array([0] * 8 + [1] * 2)
        fold = rows or (np.arange(3, 10), np.arange(3))
        message = self._refused(TooFewRowsError, stand_in, np.zeros((10, 1)), y, cv=[fold])
        assert message == (
            f"cv: fold 1 of 1 has no {side} rows of class 1. Use fewer folds, or a splitter that "
            "stratifies by class."
        )

    def test_a_fold_that_tests_what_it_trains_on(self, stand_in, binary):
        everything = np.arange(300)
        folds = [(everything[50:], everything[:50]), (everything[:-50], everything[200:])]
        message = self._refused(InvalidParameterError, stand_in, *binary, cv=folds)
        assert message == (
            "cv: fold 2 of 2 tests 50 rows that it trains on. Give folds whose training and test "
            "rows differ."
        )

    def test_a_name_that_is_no_text(self, stand_in, binary):
        strategies = {"none": {}, 1: {"class_weight": "balanced"}}
        message = self._refused(InvalidParameterError, stand_in, *binary, strategies=strategies)
        assert message == "strategies: the name 1 is a int; write it as a str."

    def test_one_fold(self, stand_in, binary):
        message = self._refused(InvalidParameterError, stand_in, *binary, cv=1)
        assert message.startswith("The 'cv' parameter of compare_strategies must be an int in the ")

    def test_unknown_strategy(self, stand_in, binary):
        message = self._refused(InvalidParameterError, stand_in, *binary, strategies=["smot"])
        assert message == (
            "strategies: 'smot' is not a known strategy. Known are "
            f"{', '.join(repr(name) for name in STRATEGIES)}; a strategy of your own goes in as "
            "{name: parameters} or {name: estimator}. Did you mean 'smote'?"
        )

    def test_a_parameter_the_estimator_lacks(self, stand_in, binary):
        message = self._refused(
            InvalidParameterError,
            stand_in,
            *binary,
            estimator=make_pipeline(LogisticRegression()),
            strategies=["smote"],
        )
        assert message == (
            "strategies: 'smote' sets 'sampler', which is no parameter of LogisticRegression. Pass "
            "an estimator that has it, such as BalancedKerasClassifier, or leave the strategy out."
        )

    def test_no_probabilities(self, stand_in, binary):
        entry = make_pipeline(LinearSVC())
        message = self._refused(InvalidParameterError, stand_in, *binary, strategies={"svm": entry})
        assert message == (
            "strategies: 'svm' is a LinearSVC, which has no predict_proba. Wrap it in "
            "sklearn.calibration.CalibratedClassifierCV."
        )

    @pytest.mark.parametrize(
        ("strategies", "message"),
        [
            (
                "smote",
                "strategies: got 'smote'; it must be None, a list of names of STRATEGIES, or a "
                "dictionary of name -> parameters or name -> estimator.",
            ),
            ([], "strategies: got none to compare; None compares all of STRATEGIES."),
            (
                {"mine": "smote"},
                "strategies: 'mine' is 'smote'; it must be a dictionary of parameters or an "
                "estimator.",
            ),
        ],
    )
    def test_strategies_of_another_kind(self, strategies, message, stand_in, binary):
        refused = self._refused(InvalidParameterError, stand_in, *binary, strategies=strategies)
        assert refused == message

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (["a"] * 10, "y: holds the one class 'a'; at least two are needed."),
            (
                ["a"] * 5 + [None] * 2 + ["b"] * 3,
                "y: 2 of 10 labels are missing. Leave those rows out first.",
            ),
            (
                np.linspace(0, 1, 10),
                "y: is continuous; strategies are compared on class labels. Cut a continuous "
                "target into classes first.",
            ),
            (
                np.eye(2)[[0, 1] * 5],
                "y: has shape (10, 2); strategies are compared on one column of class labels.",
            ),
        ],
    )
    def test_labels(self, y, message, stand_in):
        refused = self._refused(InvalidParameterError, stand_in, np.zeros((10, 2)), y, cv=2)
        assert refused == message

    def test_probabilities_of_the_wrong_shape(self, binary):
        class OneColumn(LogisticRegression):
            def predict_proba(self, X):
                return super().predict_proba(X)[:, 1]

        with pytest.raises(RuntimeError) as failure:
            compare_strategies(OneColumn(), *binary, strategies={"net": {}}, cv=3)
        assert str(failure.value) == (
            "strategy 'net' failed on fold 1 of 3: ValueError: predict_proba returned shape "
            "(100,) for 100 rows and 2 classes"
        )
