"""imbalanced-learn's own checks of a classifier."""

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator

from imbalanced_nn import BalancedKerasClassifier

EXPECTED_FAILURES = {
    "check_classifier_on_multilabel_or_multioutput_targets": (
        "asks for a refusal of multilabel targets, which are supported here"
    ),
}


ESTIMATORS = [
    BalancedKerasClassifier("mlp", random_state=0),
    BalancedKerasClassifier("mlp", sampler="smote", threshold="f1_macro", random_state=0),
]
CHECKS = [
    pair
    for estimator in ESTIMATORS
    for pair in estimator_checks_generator(
        estimator, expected_failed_checks=EXPECTED_FAILURES, mark="xfail"
    )
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_estimator_passes(estimator, check):
    check(estimator)
