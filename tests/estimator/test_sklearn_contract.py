"""scikit-learn's own checks of an estimator, all of them, with a strict table of exceptions."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from imbalanced_nn import BalancedKerasClassifier

CLASS_ORDER = (
    "KerasClassifier lists ClassifierMixin after BaseWrapper and defines _more_tags; a subclass "
    "can change neither"
)
MINI_BATCHES = (
    "a row of weight 2 and the same row twice fall into other mini-batches; float32 steps then "
    "differ by more than 1e-7"
)
EXPECTED_FAILURES = {
    "check_estimator_tags_renamed": CLASS_ORDER,
    "check_mixin_order": CLASS_ORDER,
    "check_sample_weight_equivalence_on_dense_data": MINI_BATCHES,
    "check_sample_weight_equivalence_on_sparse_data": MINI_BATCHES,
}


@parametrize_with_checks(
    [BalancedKerasClassifier(random_state=0)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    xfail_strict=True,
)
def test_seeded_estimator_passes(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        BalancedKerasClassifier(),
        BalancedKerasClassifier(sampler="smote", threshold="f1", random_state=0),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    xfail_strict=True,
)
def test_other_configurations_pass(estimator, check):
    check(estimator)
