"""Which epoch is the best: average precision first, log loss among those that are level."""

import keras
import numpy as np
import pytest

from imbalanced_nn.training import AVERAGE_PRECISION, HeldOutMonitor, LeastLossWithinError
from imbalanced_nn.training.callbacks import LOG_LOSS

MANY, FEW = 10**6, 4


def watch(scores, n_positives, patience=99):
    """Return a monitor that was told of an epoch with each of the scores, and its network."""
    told = [{AVERAGE_PRECISION: score, LOG_LOSS: loss} for score, loss in scores]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.stop_training = False
    ranking = LeastLossWithinError(n_positives)
    monitor = HeldOutMonitor(lambda _, epoch: told[epoch], patience, ranking)
    monitor.set_model(model)
    for epoch in range(len(told)):
        model.set_weights([np.full_like(weight, epoch) for weight in model.get_weights()])
        logs = {}
        monitor.on_epoch_end(epoch, logs)
        assert logs == told[epoch]
    return monitor, model


@pytest.mark.parametrize(
    ("scores", "n_positives", "best"),
    [
        ([(0.5, 1.0), (0.6, 2.0)], MANY, 1),
        ([(0.6, 1.0), (0.5, 0.5)], MANY, 0),
        ([(0.5, 1.0), (0.5, 0.98)], MANY, 1),
        ([(0.5, 1.0), (0.5, 0.995)], MANY, 0),
        ([(0.5, 1.0), (0.5, 1.005)], MANY, 0),
        # One standard error of four positives is about a quarter.
        ([(0.6, 1.0), (0.4, 0.5)], FEW, 1),
        ([(0.6, 1.0), (0.2, 0.5)], FEW, 0),
        ([(0.4, 1.0), (0.6, 2.0)], FEW, 0),
        # Level with the best so far, but no longer with the highest.
        ([(0.4, 1.0), (0.6, 1.5), (0.9, 1.6)], FEW, 2),
        ([(1.0, 1.0), (1.0, 0.5)], FEW, 1),
    ],
)
def test_best_epoch(scores, n_positives, best):
    monitor, model = watch(scores, n_positives)
    assert monitor.best_epoch == best
    monitor.on_train_end()
    assert [np.unique(weight).tolist() for weight in model.get_weights()] == 2 * [[best]]
    assert monitor.best_weights is None


@pytest.mark.parametrize(("patience", "stops"), [(2, True), (3, False)])
def test_patience(patience, stops):
    _, model = watch([(0.5, 1.0), (0.4, 1.0), (0.4, 1.0)], MANY, patience)
    assert model.stop_training is stops


def test_without_patience_it_only_logs():
    monitor, model = watch([(0.5, 1.0), (0.4, 1.0), (0.4, 1.0)], MANY, patience=None)
    monitor.on_train_end()
    assert monitor.best_epoch is None
    assert not model.stop_training
    assert np.unique(model.get_weights()[0]).tolist() == [2]
