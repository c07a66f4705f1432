"""Which tasks scikit-learn's callbacks are told of: networks, stages and epochs."""

import keras
import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import TINY, weights_of

from .conftest import Recorder, Watching, epochs, tree


class OwnEncoder(BalancedKerasClassifier):
    """Encodes its labels in a way that hides the classes."""

    @property
    def target_encoder(self):
        return FunctionTransformer(lambda y: np.asarray(y, dtype=float))


def one_unit(meta):
    """A network that needs to know the number of columns alone."""
    inputs = keras.Input(meta["X_shape_"][1:])
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
    model.compile("sgd", "binary_crossentropy")
    return model


STAGES = {"train-network 0": epochs(3), "train-head 1": epochs(3)}
FOLDS = {"train-for-fold 0": epochs(3), "train-for-fold 1": epochs(3)}
TREES = {
    "plain": ({}, epochs(3)),
    "Keras": ({"engine": "keras"}, epochs(3)),
    "no epoch": ({"epochs": 0}, {}),
    "head": ({"head_sampler": "random_over"}, STAGES),
    "folds": ({"validation_split": 2}, FOLDS),
    "folds, then all rows": (
        {"validation_split": 2, "ensemble": False, "early_stopping": False},
        FOLDS | {"train-on-all-rows 2": epochs(3)},
    ),
    "folds with heads": (
        {"validation_split": 2, "head_sampler": "random_over"},
        {"train-for-fold 0": STAGES, "train-for-fold 1": STAGES},
    ),
}


@pytest.mark.parametrize("case", TREES)
def test_the_tasks_are_networks_stages_and_epochs(case, data):
    params, inside = TREES[case]
    recorder = Watching()
    clf = BalancedKerasClassifier(**TINY | params).set_callbacks(recorder).fit(*data)
    hooks = [hook for hook, *_ in recorder.events]
    assert hooks[0] == "setup" and hooks[-1] == "teardown"
    assert hooks.count("setup") == hooks.count("teardown") == 1
    assert [path for hook, path, *_ in recorder.events if hook == "begin"] == tree(inside)
    assert {id(estimator) for *_, estimator in recorder.events} == {id(clf)}
    running = []
    for hook, path, max_subtasks, _ in recorder.events[1:-1]:
        if hook == "begin":
            assert path[:-1] == (running[-1][0] if running else ())
            running.append([path, max_subtasks, 0])
        else:
            ended, announced, n_inside = running.pop()
            assert ended == path
            assert n_inside == announced
            if running:
                running[-1][2] += 1
    assert running == []


def test_with_a_target_encoder_of_the_users_own_the_epochs_are_told_too(data):
    recorder = Recorder()
    clf = OwnEncoder(one_unit, epochs=3, validation_split=0.0, random_state=0)
    clf.set_callbacks(recorder).fit(*data)
    begun = [path for hook, path, *_ in recorder.events if hook == "begin"]
    assert begun == tree(epochs(3))
    first, *_, last = recorder.of_epochs()
    X, _ = data
    np.testing.assert_array_equal(weights_of(last), weights_of(clf))
    assert (weights_of(first) != weights_of(clf)).any()
    assert last._predict_raw(X).shape == (240, 1)


def test_partial_fit_is_a_fit_of_one_epoch(data):
    recorder = Recorder()
    clf = BalancedKerasClassifier(**TINY).fit(*data).set_callbacks(recorder)
    cut = clf.best_threshold_
    for _ in range(2):
        recorder.events.clear()
        clf.partial_fit(*data)
        hooks = [(hook, path[-1]) for hook, path, *_ in recorder.events]
        assert hooks == [
            ("setup", "fit 0"),
            ("begin", "fit 0"),
            ("begin", "epoch 0"),
            ("end", "epoch 0"),
            ("end", "fit 0"),
            ("teardown", "fit 0"),
        ]
    state = recorder.of_epochs()[-1]
    np.testing.assert_array_equal(weights_of(state), weights_of(clf))
    assert state.best_threshold_ == cut
