"""Names of columns are compared before their values are looked at."""

import pandas as pd
import pytest
from imblearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency as check_as_imblearn,
)
from sklearn.datasets import make_classification
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency as check_as_sklearn,
)

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, imbalance_report

X, Y = make_classification(300, 4, n_redundant=0, weights=[0.7], random_state=0)
TABLE = pd.DataFrame(X, columns=["age", "sum", "days", "risk"])
MISSPELT = TABLE.reindex(columns=["age", "sum", "days", "typo"])
SMALL = {"model": "mlp", "model__hidden_layer_sizes": (3,), "epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return BalancedKerasClassifier(**SMALL).fit(TABLE, Y)


CALLS = {
    "predict": lambda clf: clf.predict(MISSPELT),
    "predict by Keras": lambda clf: clf.predict(MISSPELT, batch_size=7),
    "predict_proba": lambda clf: clf.predict_proba(MISSPELT),
    "decision_function": lambda clf: clf.decision_function(MISSPELT),
    "predict_or_reject": lambda clf: clf.predict_or_reject(MISSPELT, reject_cost=1),
    "score": lambda clf: clf.score(MISSPELT, Y),
    "partial_fit": lambda clf: clf.partial_fit(MISSPELT, Y),
    "tune_threshold": lambda clf: clf.tune_threshold(MISSPELT, Y),
    "adapt_priors": lambda clf: clf.adapt_priors(MISSPELT),
    "report": lambda clf: imbalance_report(clf, MISSPELT, Y),
    "held out": lambda clf: clf.fit(TABLE, Y, X_val=MISSPELT, y_val=Y),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_other_names_are_told_and_not_the_values_behind_them(call, fitted):
    with pytest.raises(ValueError, match="feature names should match") as caught:
        call(fitted)
    assert "unseen at fit time:\n- typo" in str(caught.value)
    assert "missing:\n- risk" in str(caught.value)


def test_another_order_is_told(fitted):
    with pytest.raises(ValueError, match="must be in the same order"):
        fitted.predict(TABLE[["sum", "age", "days", "risk"]])


CONFIGURATIONS = [
    {"threshold": ThresholdTuner("f1")},
    {"calibration": "sigmoid", "sampler": "smote"},
    {"sampler": "balanced_batches", "head_sampler": "balanced_batches"},
    {"validation_split": 2},
]


@pytest.mark.filterwarnings(r"ignore:\[INN")
@pytest.mark.parametrize(
    "check", [check_as_sklearn, check_as_imblearn], ids=["sklearn", "imblearn"]
)
@pytest.mark.parametrize("params", CONFIGURATIONS, ids=str)
def test_the_checks_of_others_pass_in_every_configuration(params, check):
    check("BalancedKerasClassifier", BalancedKerasClassifier(**SMALL | params))
