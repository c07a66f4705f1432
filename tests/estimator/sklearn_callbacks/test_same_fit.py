"""A fit with scikit-learn's callbacks is the fit without them, in the graph too."""

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import EpochTasks
from imbalanced_nn.training.variables import EqualVariables
from tests.problems import ENGINES, TINY, weights_of

from .conftest import UNSTEADY, Recorder, Watching


@pytest.mark.slow
def test_a_callback_may_fit_an_equal_network(data):
    expected = BalancedKerasClassifier(**TINY).fit(*data)
    inner = []

    class Nested(Watching):
        def on_fit_task_end(self, estimator, context):
            inner.append(BalancedKerasClassifier(**TINY).fit(*data))

    outer = BalancedKerasClassifier(**TINY).set_callbacks(Nested()).fit(*data)
    assert len(inner) > TINY["epochs"]
    for clf in (outer, *inner):
        assert clf.engine_ == "graph"
        for weight, other in zip(
            clf.model_.get_weights(), expected.model_.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weight, other)


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_change_nothing_of_the_fit(engine, data):
    params = TINY | UNSTEADY | {"engine": engine, "sampler": "random_over"}
    plain = BalancedKerasClassifier(**params).fit(*data)
    watched = BalancedKerasClassifier(**params).set_callbacks(Recorder()).fit(*data)
    assert watched.engine_ == plain.engine_
    assert watched.engine_.startswith(engine)
    assert watched.history_ == plain.history_
    assert watched.n_iter_ == plain.n_iter_ < 8
    np.testing.assert_array_equal(weights_of(watched), weights_of(plain))
    assert watched.best_threshold_ == plain.best_threshold_
    left = {name for name in vars(watched) if name not in vars(plain)}
    assert left == {"_skl_callbacks"}
    assert watched._fit_callbacks == []


def test_without_callbacks_nobody_is_told_of_epochs(data, monkeypatch):
    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr(EpochTasks, "__init__", refuse)
    clf = BalancedKerasClassifier(**TINY).fit(*data)
    with pytest.raises(AssertionError):
        clf.set_callbacks(Watching()).fit(*data)


def test_epochs_in_the_graph_stay_there(data, monkeypatch):
    copied_out = []
    to_first = EqualVariables.to_first
    monkeypatch.setattr(
        EqualVariables, "to_first", lambda pair: copied_out.append(pair) or to_first(pair)
    )
    clf = BalancedKerasClassifier(**TINY).set_callbacks(Recorder()).fit(*data)
    assert clf.engine_ == "graph"
    assert len(copied_out) == 1
