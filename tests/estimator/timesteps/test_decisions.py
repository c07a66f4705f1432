"""Thresholds and scores are those of the steps that count."""

import keras
import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
)

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import ENGINES

from .conftest import TINY, N, T, fitted, network, sequences

layers = keras.layers


def held_out_steps(clf, X, y, weight):
    """Labels, probabilities and weights of the held-out steps, flattened here anew."""
    held = clf.validation_indices_
    counted = weight[held] > 0
    return y[held, :, 0][counted], clf.predict_proba(X[held])[counted], weight[held][counted]


def test_a_binary_threshold_is_the_best_of_the_held_out_steps(data):
    X, y, mask = data
    weight = mask * np.random.default_rng(1).uniform(0.5, 2, mask.shape)
    clf = fitted(X, y, weight, threshold="f1", epochs=4)
    labels, proba, of_steps = held_out_steps(clf, X, y, weight)
    best = max(
        f1_score(labels, proba[:, 1] >= cut, sample_weight=of_steps)
        for cut in np.unique(proba[:, 1])
    )
    assert clf.best_score_ == pytest.approx(best)
    held = clf.validation_indices_
    assert clf.score(X[held], y[held], weight[held]) == pytest.approx(best)


def test_several_thresholds_score_what_is_told():
    X, y, mask = sequences(3)
    clf = fitted(X, y, mask, threshold="f1_macro", class_weight="balanced")
    labels, _, _ = held_out_steps(clf, X, y, mask)
    held = clf.validation_indices_
    decided = clf.predict(X[held])[:, :, 0][mask[held] > 0]
    assert clf.best_score_ == pytest.approx(f1_score(labels, decided, average="macro"))
    assert clf.best_threshold_.shape == (3,)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_logged_scores_are_those_of_the_held_out_steps(engine, n_classes):
    X, y, mask = sequences(n_classes)
    weight = mask * np.random.default_rng(1).uniform(0.5, 2, mask.shape)
    clf = fitted(X, y, weight, early_stopping=False, engine=engine, class_weight="balanced")
    labels, proba, of_steps = held_out_steps(clf, X, y, weight)
    last = {name: values[-1] for name, values in clf.history_.items()}
    truth = labels == 1 if n_classes == 2 else np.eye(n_classes)[labels]
    score = proba[:, 1] if n_classes == 2 else proba
    assert last["val_average_precision"] == pytest.approx(
        average_precision_score(truth, score, sample_weight=of_steps), rel=1e-6
    )
    assert last["val_log_loss"] == pytest.approx(
        log_loss(labels, proba, sample_weight=of_steps), rel=1e-5
    )
    held = clf.validation_indices_
    normalised = weight[held] / of_steps.mean()
    keras_loss = clf.model_.evaluate(X[held], y[held], sample_weight=normalised, verbose=0)
    assert last["val_loss"] == pytest.approx(keras_loss, rel=1e-5)


def test_score_is_of_the_steps_that_count(data):
    X, y, mask = data
    clf = fitted(*data)
    predicted, counted = clf.predict(X)[:, :, 0], mask > 0
    assert clf.score(X, y, mask) == pytest.approx(
        balanced_accuracy_score(y[:, :, 0][counted], predicted[counted])
    )
    assert clf.score(X, y) == pytest.approx(balanced_accuracy_score(y.ravel(), predicted.ravel()))
    weight = np.random.default_rng(0).uniform(0.5, 2, N)
    plain = fitted(*data, threshold=None)
    assert plain.score(X, y, weight) == pytest.approx(
        accuracy_score(y.ravel(), plain.predict(X).ravel(), sample_weight=np.repeat(weight, T))
    )
    assert plain.score(X, y, mask) == pytest.approx(
        accuracy_score(y[:, :, 0][counted], plain.predict(X)[:, :, 0][counted])
    )


class Counting(BalancedKerasClassifier):
    """Scores by the number of labels that it is given."""

    @staticmethod
    def scorer(y_true, y_pred, sample_weight=None):
        """Return the number of labels, all arrays being columns of as many."""
        assert y_true.shape == y_pred.shape == sample_weight.shape
        return len(y_true)


def test_a_scorer_of_ones_own_sees_no_padded_step(data):
    X, y, mask = data
    assert Counting(network, **TINY).fit(X, y, mask).score(X, y, mask) == mask.sum()


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 3])
def test_balanced_weights_leave_the_probabilities_at_the_training_prevalence(n_classes):
    X, y, mask = sequences(n_classes, n=1500)
    X_test, y_test, _ = sequences(n_classes, n=1500, seed=1)

    def loss(**params):
        clf = fitted(X, y, mask, epochs=25, patience=25, optimizer__learning_rate=0.01, **params)
        return log_loss(y_test.ravel(), clf.predict_proba(X_test).reshape(-1, n_classes))

    plain = loss()
    assert loss(class_weight="balanced") == pytest.approx(plain, rel=0.08)
    assert loss(class_weight="balanced", calibration=None) > 1.3 * plain
