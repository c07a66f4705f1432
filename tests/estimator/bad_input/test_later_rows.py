"""Rows, labels and names unlike those of the fit are refused later on."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from imbalanced_nn import BalancedKerasClassifier

from .conftest import NAMED, TINY, X, with_value


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
@pytest.mark.parametrize(
    ("table", "words"),
    [
        (X[:, :4], ["4 features", "expecting 5 features"]),
        (X[:0], ["0 sample(s)"]),
        (X[0], ["Expected 2D array"]),
        (with_value(np.nan), ["Input X contains NaN"]),
        (with_value(1e300), ["Input X", "float32"]),
        (X.reshape(200, 5, 1)[:, :, [0, 0]], ["rows of shape"]),
        (sparse.csr_array(with_value(np.inf)), ["Input X contains infinity"]),
    ],
    ids=["columns", "no rows", "one row", "nan", "huge", "axes", "sparse"],
)
def test_rows_unlike_those_of_fit_are_not_predicted(method, table, words, fitted):
    with pytest.raises(ValueError) as caught:
        getattr(fitted[0], method)(table)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("threshold", ["balanced_accuracy", None])
@pytest.mark.parametrize(
    ("labels", "weight", "words"),
    [
        (NAMED[:10], None, ["inconsistent numbers of samples", "10"]),
        (NAMED, np.ones(5), ["sample_weight", "5"]),
        (NAMED, np.full(200, np.nan), ["sample_weight", "NaN"]),
    ],
    ids=["labels", "weights", "nan"],
)
def test_labels_and_weights_unlike_the_rows_are_not_scored(
    threshold, labels, weight, words, fitted
):
    clf = fitted[0].set_params(threshold=threshold)
    with pytest.raises(ValueError) as caught:
        clf.score(X, labels, sample_weight=weight)
    for word in words:
        assert word in str(caught.value)


def test_other_names_or_another_order_of_columns_is_refused():
    table = pd.DataFrame(X, columns=list("abcde"))
    clf = BalancedKerasClassifier(**TINY).fit(table, NAMED)
    with pytest.raises(ValueError, match="feature names should match.*\n.*\n.*- f"):
        clf.predict(table.rename(columns={"c": "f"}))
    with pytest.raises(ValueError, match="same order as they were in fit"):
        clf.predict(table[list("bacde")])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_nothing_is_predicted_before_a_fit(method):
    arguments = (X, NAMED) if method == "score" else (X,)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(BalancedKerasClassifier("mlp"), method)(*arguments)
