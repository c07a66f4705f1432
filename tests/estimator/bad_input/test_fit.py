"""Bad input is refused with what to do, and loses nothing."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import InvalidParameterError

from .cases_of_parameters import OF_PARAMETERS
from .cases_of_rows import OF_ROWS
from .conftest import NAMED, TINY, X

CASES = OF_ROWS | OF_PARAMETERS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input_is_refused_with_what_to_do(case):
    params, table, labels, arguments, error, words = case
    clf = BalancedKerasClassifier(**TINY | params)
    before = dict(vars(clf))
    with pytest.raises(error) as caught:
        clf.fit(table, labels, **arguments)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "np." not in message, "labels are written as the user writes them"
    assert vars(clf) == before, "an estimator that was not fitted is left so"
    with pytest.raises(NotFittedError):
        clf.predict(X)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fit_that_fails_leaves_the_earlier_one_whole(case, fitted):
    params, table, labels, arguments, error, _ = case
    clf, weights, proba = fitted
    clf.set_params(**params)
    before = dict(vars(clf))
    with pytest.raises(error):
        clf.fit(table, labels, **arguments)
    assert vars(clf).keys() == before.keys()
    for name, value in vars(clf).items():
        assert value is before[name], name
    for old, new in zip(weights, clf.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(clf.predict_proba(X), proba)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tresholdd", ["Unknown parameter 'tresholdd'", "Did you mean 'threshold'?"]),
        ("optimzer__learning_rate", ["'optimzer'", "Did you mean 'optimizer'?"]),
    ],
)
def test_parameters_that_nobody_takes_are_refused(name, words):
    clf = BalancedKerasClassifier(**{name: 1})
    with pytest.raises(InvalidParameterError) as caught:
        clf.fit(X, NAMED)
    for word in words:
        assert word in str(caught.value)
    with pytest.raises(InvalidParameterError, match="Did you mean 'threshold'"):
        BalancedKerasClassifier("mlp").set_params(tresholdd=1)
