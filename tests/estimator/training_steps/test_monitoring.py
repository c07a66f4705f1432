"""The scores logged for held-out rows, and the best epoch by them, which is restored."""

import keras
import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import ENGINES, TINY, three_classes, three_labels, weights_of

from .conftest import fitted


@pytest.mark.parametrize("engine", ENGINES)
def test_the_logged_scores_are_those_of_the_held_out_rows(engine, data):
    X, y = data
    clf = fitted(data, engine=engine, early_stopping=False)
    held = clf.validation_indices_
    proba = clf.predict_proba(X[held])
    # Nothing is restored, so the network is that of the last epoch.
    last = {name: values[-1] for name, values in clf.history_.items()}
    assert last["val_average_precision"] == pytest.approx(
        average_precision_score(y[held], proba[:, 1]), rel=1e-6
    )
    assert last["val_log_loss"] == pytest.approx(log_loss(y[held], proba), rel=1e-5)
    keras_loss = clf.model_.evaluate(X[held].astype("float32"), y[held], verbose=0)
    assert last["val_loss"] == pytest.approx(keras_loss, rel=1e-5)
    assert all(len(values) == 3 for values in clf.history_.values())


def test_the_logged_loss_of_weighted_rows_is_keras_own(data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.1, 5, len(y))
    clf = fitted(data, {"sample_weight": weight}, early_stopping=False)
    held = clf.validation_indices_
    normalised = weight[held] / weight[held].mean()
    keras_loss = clf.model_.evaluate(
        X[held].astype("float32"), y[held], sample_weight=normalised, verbose=0
    )
    assert clf.history_["val_loss"][-1] == pytest.approx(keras_loss, rel=1e-5)
    proba = clf.predict_proba(X[held])
    assert clf.history_["val_log_loss"][-1] == pytest.approx(
        log_loss(y[held], proba, sample_weight=weight[held]), rel=1e-5
    )


def test_the_logged_scores_are_at_natural_prevalence(data):
    X, y = data
    clf = fitted(data, class_weight="balanced", early_stopping=False)
    held = clf.validation_indices_
    assert clf.history_["val_log_loss"][-1] == pytest.approx(
        log_loss(y[held], clf.predict_proba(X[held])), rel=1e-5
    )
    assert clf.history_["val_log_loss"][-1] != pytest.approx(clf.history_["val_loss"][-1], rel=0.01)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_scores_of_several_classes_are_means(kind):
    if kind == "multiclass":
        X, y = three_classes(300)
    else:
        X, y = three_labels(300)
    clf = fitted((X, y), early_stopping=False)
    held = clf.validation_indices_
    proba = clf.predict_proba(X[held])
    truth = np.eye(3)[y[held]] if kind == "multiclass" else y[held]
    assert clf.history_["val_average_precision"][-1] == pytest.approx(
        average_precision_score(truth, proba, average="macro"), rel=1e-6
    )


class EachEpoch(keras.callbacks.Callback):
    """Keeps the network's weights after each epoch."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(np.concatenate([w.ravel() for w in self.model.get_weights()]))


@pytest.mark.parametrize("monitor", ["val_loss", "val_log_loss", "loss"])
def test_the_best_weights_by_any_logged_loss_are_restored(monitor, data):
    # Steps far too large: the network is at its best before the last epoch.
    epochs = EachEpoch()
    clf = BalancedKerasClassifier(
        **TINY | {"epochs": 30},
        optimizer__learning_rate=0.3,
        monitor=monitor,
        patience=2,
        callbacks=epochs,
    ).fit(*data)
    values = clf.history_[monitor]
    best = int(np.argmin(values))
    assert len(values) == best + 3
    kept = clf.callbacks if isinstance(clf.callbacks, EachEpoch) else epochs
    np.testing.assert_array_equal(weights_of(clf), kept.weights[best])


def test_the_best_weights_by_average_precision_are_restored(data):
    X, y = data
    epochs = EachEpoch()
    clf = BalancedKerasClassifier(
        **TINY | {"epochs": 30}, optimizer__learning_rate=0.3, patience=2, callbacks=epochs
    ).fit(X, y)
    scores = np.array(clf.history_["val_average_precision"])
    losses = np.array(clf.history_["val_log_loss"])
    (shipped,) = (
        epoch
        for epoch, weights in enumerate(epochs.weights)
        if np.array_equal(weights, weights_of(clf))
    )
    assert len(scores) == shipped + 3, "it stops after two epochs that are no better"
    # Within one standard error of the best average precision, and of those a low log loss.
    best, n = scores.max(), (y[clf.validation_indices_] == 1).sum()
    near = scores >= best - np.sqrt(best * (1 - best) / n)
    assert near[shipped]
    assert losses[shipped] <= losses[near].min() * 1.02


def test_without_early_stopping_the_last_weights_stay(data):
    epochs = EachEpoch()
    clf = fitted(data, early_stopping=False, optimizer__learning_rate=0.3, callbacks=epochs)
    np.testing.assert_array_equal(weights_of(clf), epochs.weights[-1])
    assert len(epochs.weights) == 3


def test_a_quantity_that_is_not_logged_is_refused(data):
    with pytest.raises(ValueError, match="monitor='val_los'.*Did you mean 'val_loss'"):
        fitted(data, monitor="val_los")
