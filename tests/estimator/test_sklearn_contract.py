"""scikit-learn's own checks of an estimator, all of them, with a strict table of exceptions."""

import keras
import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.utils.estimator_checks import parametrize_with_checks

from imbalanced_nn import BalancedKerasClassifier

PARENT = (
    "KerasClassifier lists ClassifierMixin after BaseWrapper and defines _more_tags; a subclass "
    "can change neither"
)
FLOAT32 = (
    "the check leaves one row of a class, of which none can be held out; without a held-out "
    "split, dropout draws rows whatever their weight; without dropout, float32 sums agree to "
    "1e-6, not to the check's 1e-7 (test_a_row_of_weight_two_is_a_row_given_twice)"
)
EXPECTED_FAILURES = {
    "check_estimator_tags_renamed": PARENT,
    "check_mixin_order": PARENT,
    "check_sample_weight_equivalence_on_dense_data": FLOAT32,
    "check_sample_weight_equivalence_on_sparse_data": FLOAT32,
}


@parametrize_with_checks(
    [BalancedKerasClassifier("mlp", random_state=0)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    xfail_strict=True,
)
@pytest.mark.slow
def test_seeded_estimator_passes(estimator, check):
    check(estimator)


# The learned threshold is the default one, whose cut is argmax on the balanced data of the
# checks: one of them asks predict to be the argmax of predict_proba. Two rows of a class, as
# some checks have, leave SMOTE one neighbour.
@pytest.mark.slow
@parametrize_with_checks(
    [BalancedKerasClassifier("mlp", sampler=SMOTE(k_neighbors=1), random_state=0)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    xfail_strict=True,
)
def test_it_passes_with_a_sampler(estimator, check):
    check(estimator)


def softmax_regression(meta):
    output = keras.layers.Dense(
        meta["n_classes_"], activation="softmax", kernel_initializer="zeros"
    )
    return keras.Sequential([keras.Input((meta["n_features_in_"],)), output])


@pytest.mark.parametrize("class_weight", [None, {0: 3.0}])
def test_a_row_of_weight_two_is_a_row_given_twice(class_weight):
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(60, 4)), generator.integers(3, size=60)
    weight = generator.integers(4, size=60)
    clf = BalancedKerasClassifier(
        softmax_regression,
        class_weight=class_weight,
        validation_split=0.0,
        batch_size=-1,
        optimizer="sgd",
        optimizer__learning_rate=0.5,
        epochs=20,
        random_state=0,
    )
    weighted = clf.fit(X, y, sample_weight=weight).predict_proba(X)
    plain = clf.fit(X, y).predict_proba(X)
    repeated = clf.fit(X.repeat(weight, axis=0), y.repeat(weight)).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, rtol=3e-6)
    assert not np.allclose(plain, repeated, rtol=1e-2)
