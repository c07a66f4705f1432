"""scikit-learn's displays and meta-estimators around a network, and copies of a fitted one."""

import copy
import pickle

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.calibration import CalibrationDisplay
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import DetCurveDisplay, PrecisionRecallDisplay, RocCurveDisplay
from sklearn.model_selection import cross_val_score
from sklearn.multiclass import OneVsRestClassifier

from imbalanced_nn import BalancedKerasClassifier

from .conftest import TINY, N, cut_of, fitted, new


@pytest.mark.parametrize(
    "display", [RocCurveDisplay, PrecisionRecallDisplay, DetCurveDisplay, CalibrationDisplay]
)
def test_scikit_learns_displays_take_it(binary, display):
    with mpl.rc_context({"backend": "agg"}):
        shown = display.from_estimator(fitted(binary), *new(binary))
        shown.figure_.clear()


@pytest.mark.filterwarnings(r"ignore:\[INN017\]")
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
