"""Types of X, forms of y and weights that the parent stumbles over."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from .conftest import ours, parents


@pytest.fixture(scope="module")
def parent(data):
    """The parent, fitted once."""
    return parents().fit(*data)


@pytest.fixture(scope="module")
def plain(data):
    """Ours, fitted once."""
    return ours().fit(*data)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, np.int8, bool])
def test_every_numeric_type_at_predict(data, parent, plain, dtype):
    X, clf = np.round(data[0]), plain
    with pytest.raises(ValueError, match="not safe"):
        parent.predict(X.astype(np.float64))
    values = X.astype(dtype)
    np.testing.assert_array_equal(
        clf.predict_proba(values), clf.predict_proba(values.astype(np.float32))
    )
    np.testing.assert_array_equal(clf.predict(values), clf.predict(values.astype(np.float32)))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_row_has_a_row_of_probabilities(data, parent, n_classes):
    X, y = data
    assert parent.predict_proba(X[:1]).shape == (2,)
    y = np.where(X[:, 0] > 1, n_classes - 1, y)
    clf = ours(model="mlp", model__hidden_layer_sizes=(4,)).fit(X, y)
    assert clf.predict_proba(X[:1]).shape == (1, n_classes)
    assert clf.predict(X[:1]).shape == (1,)
    np.testing.assert_array_equal(clf.predict_proba(X[:1]), clf.predict_proba(X)[:1])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_column_y_warns_and_comes_back_flat(data, plain):
    X, y = data
    assert parents().fit(X, y[:, None]).predict(X).shape == (len(X), 1)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        clf = ours().fit(X, y[:, None])
    assert clf.predict(X).shape == (len(X),)
    np.testing.assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    "container",
    [
        sparse.csr_matrix,
        sparse.csc_matrix,
        sparse.lil_matrix,
        sparse.csr_array,
        sparse.csc_array,
        sparse.coo_array,
    ],
)
def test_sparse_rows_train_like_dense_ones(data, container):
    X, y = data
    X = np.where(np.abs(X) > 1, X, 0)
    dense, clf = ours().fit(X, y), ours().fit(container(X), y)
    for left, right in zip(clf.model_.get_weights(), dense.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(clf.predict_proba(container(X)), dense.predict_proba(X))


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_values_beyond_float32_are_refused(data):
    X, y = data[0].astype(np.float64), data[1]
    huge = X.copy()
    huge[3, 1] = 1e300
    assert np.isnan(parents().fit(huge, y).predict_proba(X)).all()
    with pytest.raises(ValueError, match="X contains infinity or a value too large"):
        ours().fit(huge, y)
    clf = ours().fit(X, y)
    with pytest.raises(ValueError, match="X contains infinity or a value too large"):
        clf.predict_proba(huge)
    with pytest.raises(ValueError, match="X contains infinity or a value too large"):
        clf.predict_proba(sparse.csr_array(huge))


def test_column_names_are_remembered_and_compared(data, parent):
    X, y = data
    X = pd.DataFrame(X).add_prefix("column_")
    moved, renamed = X[X.columns[::-1]], X.rename(columns={"column_0": "other"})
    assert parents().fit(X, y).predict(moved).shape == (len(X),)
    clf = ours().fit(X, y)
    assert clf.feature_names_in_.tolist() == X.columns.tolist()
    for wrong in (moved, renamed):
        with pytest.raises(ValueError, match="feature names should match"):
            clf.predict(wrong)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X.to_numpy())
    clf.fit(X.to_numpy(), y)
    assert not hasattr(clf, "feature_names_in_")


def test_weights_of_the_caller_are_not_changed(data):
    X, y = data
    weight = np.where(y == 1, 2.0, 1.0)
    given = weight.copy()
    parents(class_weight="balanced").fit(X, y, sample_weight=given)
    assert not np.array_equal(given, weight)
    given = weight.copy()
    ours(class_weight="balanced", sampler="smote").fit(X, y, sample_weight=given)
    ours(class_weight="balanced").partial_fit(X, y, sample_weight=given)
    np.testing.assert_array_equal(given, weight)


@pytest.mark.parametrize("kind", ["integer", "read-only", "list"])
def test_weights_of_any_kind(data, kind):
    X, y = data
    weight = np.where(y == 1, 2, 1)
    given = {"integer": weight, "read-only": weight.astype(float), "list": weight.tolist()}[kind]
    if kind == "read-only":
        given.flags.writeable = False
    if kind != "list":
        with pytest.raises((TypeError, ValueError)):
            parents(class_weight="balanced").fit(X, y, sample_weight=given)
    clf = ours(class_weight="balanced").fit(X, y, sample_weight=given)
    expected = ours(class_weight="balanced").fit(X, y, sample_weight=weight.astype(float))
    np.testing.assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_only_the_ratio_of_weights_matters(data):
    X, y = data
    weight = np.where(y == 1, 3.0, 1.0)
    params = {"optimizer": "sgd", "optimizer__learning_rate": 0.1}
    one, other = (
        parents(**params, random_state=0).fit(X, y, sample_weight=factor * weight)
        for factor in (1, 7)
    )
    assert not np.allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-2)
    one, other = (ours(**params).fit(X, y, sample_weight=factor * weight) for factor in (1, 7))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-5)
    np.testing.assert_allclose(one.history_["val_loss"], other.history_["val_loss"], rtol=1e-5)
    plain = ours(**params).fit(X, y)
    assert not np.allclose(one.predict_proba(X), plain.predict_proba(X), atol=1e-2)
