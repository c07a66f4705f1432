"""A loss is what the network is compiled with, however it was given: undone, refused or told."""

import functools

import keras
import numpy as np
import pytest
from keras import ops
from keras.losses import BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalFocalCrossentropy
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.calibration import (
    binary_focal_posterior,
    focal_posterior,
    smoothing_posterior,
)
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.losses import FocalCrossentropy
from tests.problems import slow_but_first


@pytest.fixture(scope="module")
def data():
    """Three classes, and the same as two and as labels."""
    X, y = make_classification(
        240, 4, n_informative=3, n_redundant=0, n_classes=3, weights=[0.6, 0.3], random_state=0
    )
    labels = np.column_stack([y == 1, X[:, 0] > 1, X[:, 1] > 1]).astype(int)
    return X, {"binary": (y == 1).astype(int), "multiclass": y, "multilabel": labels}


def build(meta, loss=None):
    """A network for any target, compiled if there is a loss."""
    one_of_them = meta["target_encoder_"]._target_type.startswith("multiclass")
    kind = "softmax" if one_of_them else "sigmoid"
    units = 1 if meta["target_type_"] == "binary" else meta["n_classes_"]
    inputs = keras.Input(meta["X_shape_"][1:])
    model = keras.Model(inputs, keras.layers.Dense(units, kind, name="last")(inputs))
    if loss is not None:
        model.compile("adam", loss)
    return model


def classifier(**params):
    """An estimator of little work."""
    given = {"epochs": 1, "batch_size": -1, "random_state": 0} | params
    return BalancedKerasClassifier(build, **given)


FOCAL = BinaryFocalCrossentropy(gamma=3.0)
FOCAL_FORMS = {
    "object": {"loss": FOCAL},
    "class name": {"loss": "BinaryFocalCrossentropy", "loss__gamma": 3.0},
    "class": {"loss": BinaryFocalCrossentropy, "loss__gamma": 3.0},
    "partial": {"loss": functools.partial(keras.losses.binary_focal_crossentropy, gamma=3.0)},
    "dict": {"loss": {"last": FOCAL}},
    "routed": {"compile__loss": "BinaryFocalCrossentropy", "loss__gamma": 3.0},
    "builder": {"model__loss": FOCAL},
    "builder's list": {"model__loss": [FOCAL]},
    "ours, routed": {"compile__loss": "focal", "loss__gamma": 3.0},
    "ours, in a list": {"loss": [FocalCrossentropy(gamma=3.0)]},
}


@pytest.mark.parametrize("form", slow_but_first(FOCAL_FORMS))
def test_a_focal_loss_is_undone_and_not_averaged_in_every_form(data, form):
    X, y = data[0], data[1]["binary"]
    clf = classifier(**FOCAL_FORMS[form]).fit(X, y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0).astype(np.float64)
    expected = focal_posterior(np.concatenate([1 - raw, raw], axis=1), 3.0)
    np.testing.assert_allclose(clf.predict_proba(X), expected, rtol=1e-4, atol=1e-6)
    with pytest.raises(InvalidParameterError, match=r"outputs under loss=.* Set ensemble=False"):
        clf.set_params(validation_split=3).fit(X, y)


def test_keras_focal_loss_of_labels_is_undone_label_by_label(data):
    X, y = data[0], data[1]["multilabel"]
    clf = classifier(loss=FOCAL).fit(X, y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0)
    expected = binary_focal_posterior(raw, 3.0)
    np.testing.assert_allclose(clf.predict_proba(X), expected, rtol=1e-4, atol=1e-6)


CATEGORICAL = {
    "class": {"loss": CategoricalFocalCrossentropy},
    "name": {"loss": "categorical_focal_crossentropy"},
    "object": {"loss": CategoricalFocalCrossentropy()},
    "routed": {"compile__loss": "CategoricalFocalCrossentropy"},
}


@pytest.mark.parametrize("form", slow_but_first(CATEGORICAL))
def test_class_labels_reach_a_categorical_loss_one_hot(data, form):
    X, y = data[0], data[1]["multiclass"]
    clf = classifier(**CATEGORICAL[form]).fit(X, y)
    by_hand = classifier(loss=CategoricalFocalCrossentropy()).fit(X, np.eye(3)[y])
    np.testing.assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X), rtol=1e-5)


@pytest.mark.parametrize(
    "params", [{"loss": "mse"}, {"model__loss": CategoricalFocalCrossentropy()}]
)
def test_class_codes_are_not_compared_with_every_output(data, params):
    with pytest.raises(InvalidParameterError, match=r"each of the 3 outputs .* pass y in one-hot"):
        classifier(**params).fit(data[0], data[1]["multiclass"])


SMOOTHED = {
    "binary": BinaryCrossentropy(label_smoothing=0.3),
    "multiclass": keras.losses.CategoricalCrossentropy(label_smoothing=0.3),
    "multilabel": BinaryCrossentropy(label_smoothing=0.3),
}


@pytest.mark.parametrize("kind", SMOOTHED)
def test_smoothed_labels_are_undone(data, kind):
    X, y = data[0], data[1][kind]
    clf = classifier(loss=SMOOTHED[kind]).fit(X, y)
    raw = clf.model_.predict(X.astype("float32"), verbose=0).astype(np.float64)
    if kind == "multiclass":
        expected = smoothing_posterior(raw, 0.3, clf.class_prior_)
    else:
        prior = clf.class_prior_[1:] if kind == "binary" else clf.class_prior_
        expected = binary_focal_posterior(raw, 0.0, smoothing=0.3, prior=prior)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba[:, -expected.shape[1] :], expected, rtol=1e-4, atol=1e-6)
    with pytest.raises(InvalidParameterError, match="Set ensemble=False"):
        clf.set_params(validation_split=3).fit(X, y)


def test_smoothed_labels_are_weighed_and_undone(data):
    X, y = data[0], data[1]["multilabel"]
    params = {"epochs": 300, "optimizer__learning_rate": 0.05, "early_stopping": False}
    loss = BinaryCrossentropy(label_smoothing=0.3)
    clf = classifier(loss=loss, class_weight="balanced", **params).fit(X, y)
    assert clf.model_.loss.label_smoothing == 0.3
    seen = np.setdiff1d(np.arange(len(X)), clf.validation_indices_)
    np.testing.assert_allclose(clf.predict_proba(X[seen]).mean(axis=0), y[seen].mean(axis=0), 0.15)


def test_nothing_is_learned_from_labels_smoothed_away(data):
    with pytest.raises(InvalidParameterError, match=r"label_smoothing=1.* leaves nothing"):
        classifier(loss=BinaryCrossentropy(label_smoothing=1)).fit(data[0], data[1]["binary"])


@pytest.mark.parametrize(
    "params", [{"compile__loss": "mse"}, {"loss": ["mse"]}, {"model__loss": "mse"}]
)
def test_labels_are_weighed_in_binary_crossentropy_only(data, params):
    clf = classifier(class_weight="balanced", **params)
    with pytest.raises(InvalidParameterError, match="must compile the network with binary"):
        clf.fit(data[0], data[1]["multilabel"])


def weighted(y_true, y_pred):
    """Crossentropy that counts positives nine times."""
    p = ops.clip(y_pred, 1e-7, 1 - 1e-7)
    return -ops.mean(9 * y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p), axis=-1)


def plain(y_true, y_pred):
    """Nothing but crossentropy."""
    return keras.losses.binary_crossentropy(y_true, y_pred)


TOLD = [
    ("binary", {"loss": weighted}),
    ("multilabel", {"loss": weighted}),
    ("binary", {"model__loss": weighted}),
    ("binary", {"loss": "mae"}),
    ("binary", {"loss": weighted, "validation_split": 2}),
]
SILENT = [
    ("binary", {"loss": plain}),
    ("binary", {"loss": "mse"}),
    ("binary", {"loss": weighted, "calibration": "sigmoid"}),
    ("binary", {"loss": weighted, "calibration": "sigmoid", "validation_split": 2}),
    ("binary", {"loss": weighted, "calibration": None}),
]


@pytest.mark.parametrize(("kind", "params"), TOLD)
def test_a_loss_that_nothing_undoes_is_told(data, kind, params):
    with pytest.warns(ImbalanceWarning, match=r"INN012.*Set calibration='sigmoid'") as caught:
        classifier(**params).fit(data[0], data[1][kind])
    assert sum("INN012" in str(note.message) for note in caught) == 1


# That anything is told here is an error.
@pytest.mark.parametrize(("kind", "params"), SILENT)
def test_a_loss_that_is_proper_or_calibrated_is_not_told(data, kind, params):
    classifier(**params).fit(data[0], data[1][kind])
