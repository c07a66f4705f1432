"""compare_strategies: the measures equal scikit-learn's at either cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
)
from sklearn.model_selection import (
    StratifiedKFold,
)

from imbalanced_nn.compare import compare_strategies
from imbalanced_nn.compare.evaluation import fold_measures

METRICS = ["average_precision", "balanced_accuracy", "f1", "matthews_corrcoef", "log_loss"]


def _by_hand(y, proba, predicted, classes, weight=None):
    """Return scikit-learn's measures from labels and probabilities."""
    y, predicted = np.asarray(y), np.asarray(predicted)
    w = {"sample_weight": weight}
    if len(classes) == 2:
        rare = min(classes, key=list(y).count)
        column = list(classes).index(rare)
        precision = average_precision_score(y == rare, proba[:, column], **w)
        f1 = f1_score(y, predicted, pos_label=rare, **w)
    else:
        precision = average_precision_score(y, proba, average="macro", **w)
        f1 = f1_score(y, predicted, average="macro", **w)
    return {
        "average_precision": precision,
        "balanced_accuracy": balanced_accuracy_score(y, predicted, **w),
        "f1": f1,
        "matthews_corrcoef": matthews_corrcoef(y, predicted, **w),
        "log_loss": log_loss(y, proba, labels=classes, **w),
    }


@given(
    n_classes=st.integers(2, 4),
    decimals=st.integers(1, 6),
    weighted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_evaluate_equals_scikit_learn(n_classes, decimals, weighted, seed):
    rng = np.random.default_rng(seed)
    codes = np.r_[np.repeat(np.arange(n_classes), 2), np.zeros(3, int)]
    # Few decimals make ties, among scores and at the cut.
    proba = rng.dirichlet(np.ones(n_classes), len(codes)).round(decimals) + 10.0**-decimals
    proba /= proba.sum(axis=1, keepdims=True)
    predicted = rng.integers(n_classes, size=len(codes))
    weight = rng.uniform(0.1, 3, len(codes)) if weighted else None
    positive = 1 if n_classes == 2 else None
    (measured,) = fold_measures(
        codes, proba, {"cut": predicted}, positive=positive, sample_weight=weight
    )
    assert measured.pop("threshold") == "cut"
    assert measured == pytest.approx(
        _by_hand(codes, proba, predicted, np.arange(n_classes), weight)
    )


class TestMeasures:
    @pytest.mark.parametrize("kind", ["binary", "multiclass"])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_equal_scikit_learns(self, kind, weighted, stand_in, request):
        X, y = request.getfixturevalue(kind)
        weight = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
        splitter = StratifiedKFold(3)
        result = compare_strategies(
            stand_in(), X, y, strategies=["class_weight"], cv=splitter, sample_weight=weight
        )
        frame = result.folds_frame().set_index(["fold", "threshold"])
        plain = "0.5" if kind == "binary" else "argmax"
        for fold, (train, test) in enumerate(splitter.split(X, y)):
            model = stand_in(class_weight="balanced")
            w_train, w_test = (None, None) if weight is None else (weight[train], weight[test])
            model.fit(X[train], y[train], w_train)
            proba = model.predict_proba(X[test])
            learned = model.classes_[model.decision_rule_.decide(proba)]
            for cut, predicted in (("learned", learned), (plain, model.predict(X[test]))):
                expected = _by_hand(y[test], proba, predicted, model.classes_, w_test)
                assert frame.loc[(fold, cut), METRICS].to_dict() == pytest.approx(expected)

    def test_both_cuts_come_from_one_prediction(self, stand_in, binary):
        class Counts(stand_in):
            calls = 0

            def predict_proba(self, X):
                Counts.calls += 1
                return super().predict_proba(X)

        result = compare_strategies(Counts(), *binary, strategies=["none"], cv=3)
        assert Counts.calls == 3
        frame = result.folds_frame().pivot(index="fold", columns="threshold")
        for same in ("average_precision", "log_loss", "seconds"):
            np.testing.assert_array_equal(frame[same]["learned"], frame[same]["0.5"])
        assert (frame["balanced_accuracy"]["learned"] != frame["balanced_accuracy"]["0.5"]).any()

    @pytest.mark.parametrize("counts", [(30, 10), (10, 30), (20, 20)])
    def test_of_zero_and_one_one_is_positive_and_of_others_the_rarest(self, counts, stand_in):
        rng = np.random.default_rng(0)
        codes = np.repeat([0, 1], counts)
        X = rng.normal(size=(len(codes), 2)) + codes[:, None]
        result = compare_strategies(stand_in(), X, codes, strategies=["none"], cv=2)
        assert result.pos_label == 1
        y = np.array(["a", "b"])[codes]
        result = compare_strategies(stand_in(), X, y, strategies=["none"], cv=2)
        assert result.pos_label == ("a" if counts[0] < counts[1] else "b")

    def test_a_probability_of_one_half_is_positive(self, binary):
        class Undecided(ClassifierMixin, BaseEstimator):
            def fit(self, X, y):
                self.classes_ = np.unique(y)
                return self

            def predict_proba(self, X):
                return np.full((len(X), 2), 0.5)

            def predict(self, X):
                return np.full(len(X), self.classes_[1])

        result = compare_strategies(Undecided(), *binary, strategies={"even": {}}, cv=2)
        frame = result.frame().set_index("threshold")
        assert frame.loc["0.5", "mean_f1"] > 0
        assert frame.loc["predict", "mean_f1"] == 0

    def test_without_a_learned_rule_predict_is_measured(self, binary):
        class Cautious(LogisticRegression):
            def predict(self, X):
                return np.where(self.predict_proba(X)[:, 0] >= 0.1, "fraud", "ok")

        X, y = binary
        splitter = StratifiedKFold(2)
        result = compare_strategies(Cautious(), X, y, strategies={"own": {}}, cv=splitter)
        frame = result.folds_frame()
        assert set(frame["threshold"]) == {"predict", "0.5"}
        train, test = next(splitter.split(X, y))
        predicted = Cautious().fit(X[train], y[train]).predict(X[test])
        measured = frame[(frame["fold"] == 0) & (frame["threshold"] == "predict")]
        assert measured["f1"].item() == pytest.approx(
            f1_score(y[test], predicted, pos_label="fraud")
        )

    def test_seconds_cover_fit_and_prediction(self, stand_in, binary, monkeypatch):
        clock = iter(range(0, 1000, 5))
        monkeypatch.setattr("time.perf_counter", lambda: next(clock))
        result = compare_strategies(stand_in(), *binary, strategies=["none"], cv=2)
        assert set(result.folds_frame()["seconds"]) == {5}
