"""Subclasses with a target encoder of their own: two classes are two classes."""

import copy

import keras
import numpy as np
import pytest
from scikeras.utils.transformers import ClassifierLabelEncoder
from scipy.special import logit
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_validate

from imbalanced_nn import BalancedKerasClassifier, imbalance_report
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import ThresholdCurveDisplay

X, Y = make_classification(400, 5, weights=[0.7], class_sep=1.5, random_state=0)
THREE = np.argmax(X[:, :3], axis=1)


class OwnEncoder(ClassifierLabelEncoder):
    """The parent's, under another name."""


class Own(BalancedKerasClassifier):
    @property
    def target_encoder(self):
        return OwnEncoder(loss=self.loss)


def build(meta, units=1):
    inputs = keras.Input((meta["n_features_in_"],))
    return keras.Sequential(
        [inputs, keras.layers.Dense(units, "sigmoid" if units == 1 else "softmax")]
    )


def own(**params):
    small = {"loss": "binary_crossentropy", "epochs": 5, "random_state": 0}
    return Own(build, **(small | params))


@pytest.fixture(scope="module")
def fitted():
    return own().fit(X, Y)


def test_scores_of_two_classes_are_those_of_the_second(fitted):
    score, proba = fitted.decision_function(X), fitted.predict_proba(X)
    assert score.shape == Y.shape
    np.testing.assert_allclose(score, logit(proba[:, 1].astype(float)))
    three = own(model__units=3, loss="sparse_categorical_crossentropy").fit(X, THREE)
    assert three.decision_function(X).shape == (len(X), 3)


def test_scorers_take_them(fitted):
    scoring = ["roc_auc", "average_precision", "f1", "neg_log_loss", "balanced_accuracy"]
    results = cross_validate(
        own(), X, Y, scoring=scoring, cv=2, error_score="raise", return_estimator=True,
        return_indices=True,
    )  # fmt: skip
    for k, clf in enumerate(results["estimator"]):
        test = results["indices"]["test"][k]
        expected = roc_auc_score(Y[test], clf.predict_proba(X[test])[:, 1])
        assert results["test_roc_auc"][k] == pytest.approx(expected)


def test_reports_and_curves_take_them(fitted):
    report = imbalance_report(fitted, X, Y, n_resamples=0)
    assert report.pos_label == 1
    assert len(ThresholdCurveDisplay.from_estimator(fitted, X, Y).frame())


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("predict_or_reject", {"X": X, "reject_cost": 0.1}),
        ("tune_threshold", {"X": X, "y": Y, "objective": "f1"}),
        ("set_threshold", {"threshold": 0.3}),
        ("adapt_priors", {"X": X}),
        ("bootstrap_threshold", {}),
    ],
)
def test_what_needs_to_know_the_classes_is_refused(method, arguments, fitted):
    before = dict(vars(fitted))
    with pytest.raises(InvalidParameterError):
        getattr(fitted, method)(**arguments)
    assert vars(fitted) == before


def test_groups_are_refused_that_keras_would_not_keep_together():
    with pytest.raises(InvalidParameterError, match="groups needs to know the classes"):
        own().fit(X, Y, groups=np.arange(len(Y)))


def test_it_goes_on_in_parts_and_from_nothing(fitted):
    clf = copy.deepcopy(fitted).partial_fit(X, Y)
    assert len(clf.history_["loss"]) == len(fitted.history_["loss"]) + 1
    assert own().initialize(X, Y).predict_proba(X).shape == (len(X), 2)
