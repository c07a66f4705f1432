"""What scikit-learn's callbacks get after each epoch: the estimator as of then, or none."""

import copy
import pickle

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError
from tests.problems import ENGINES, TINY, Hidden, slow_but_first, three_labels, weights_of

from .conftest import UNSTEADY, Recorder, Watching


def by_eighths(epoch):
    """A schedule of balancing that does not arrive before training stops."""
    return min(1.0, epoch / 8)


SHORTER = {
    "plain": {},
    "Keras": {"engine": "keras", "sampler": "random_under"},
    "another monitor": {"monitor": "val_loss"},
    "calibrated": {"calibration": "sigmoid", "threshold": "f1"},
    "priors": {"sampler": "random_over", "priors": [0.5, 0.5]},
    "offset": {"loss": "pairwise_auc"},
    "to the end": {"early_stopping": False},
    "averaged weights": {"optimizer__use_ema": True, "early_stopping": False},
    "no held-out rows": {"validation_split": 0.0},
    "Keras' early stopping": {
        "callbacks": keras.callbacks.EarlyStopping("loss", restore_best_weights=True)
    },
}
IN_THE_END = {
    "head": {"head_sampler": "balanced_batches"},
    "schedule": {"sampler": "balanced_batches", "balancing_schedule": by_eighths},
    "deferred weights": {"loss": "ldam"},
}


class TestState:
    """What callbacks get at the end of an epoch is what a fit of so many epochs gives."""

    @pytest.mark.parametrize("case", slow_but_first(SHORTER))
    def test_is_that_of_a_shorter_fit(self, case, data):
        X, _ = data
        params = TINY | UNSTEADY | SHORTER[case]
        recorder = Recorder()
        clf = BalancedKerasClassifier(**params).set_callbacks(recorder).fit(*data)
        states = recorder.of_epochs()
        assert len(states) == len(clf.history_["loss"])
        for number in (2, len(states)):
            state = states[number - 1]
            shorter = BalancedKerasClassifier(**params | {"epochs": number}).fit(*data)
            np.testing.assert_array_equal(state.predict_proba(X), shorter.predict_proba(X))
            np.testing.assert_array_equal(state.predict(X), shorter.predict(X))
            assert state.best_threshold_ == shorter.best_threshold_
            assert state.n_iter_ == shorter.n_iter_
            assert state.engine_ == shorter.engine_
            indices = state.validation_indices_, shorter.validation_indices_
            np.testing.assert_array_equal(*indices)
        assert (weights_of(states[0]) != weights_of(clf)).any()
        stops_early = params.get("early_stopping", True) and "validation_split" not in params
        assert (clf.n_iter_ < len(states)) == stops_early

    @pytest.mark.parametrize("case", slow_but_first(IN_THE_END))
    def test_is_in_the_end_that_of_the_fit(self, case, data):
        X, _ = data
        recorder = Recorder()
        params = TINY | UNSTEADY | IN_THE_END[case]
        clf = BalancedKerasClassifier(**params).set_callbacks(recorder).fit(*data)
        last, end = recorder.of_epochs()[-1], recorder.states[-1][1]
        assert clf.n_iter_ < len(recorder.of_epochs())
        for state in (last, end):
            np.testing.assert_array_equal(state.predict_proba(X), clf.predict_proba(X))
            assert state.best_threshold_ == clf.best_threshold_
            assert state.n_iter_ == clf.n_iter_
        assert getattr(last, "head_n_iter_", None) == getattr(clf, "head_n_iter_", None)

    def test_of_several_labels(self):
        X, y = three_labels(240)
        recorder = Recorder()
        clf = BalancedKerasClassifier(**TINY, class_weight="balanced").set_callbacks(recorder)
        clf.fit(X, y)
        np.testing.assert_array_equal(recorder.of_epochs()[-1].predict(X), clf.predict(X))

    def test_is_nobody_elses(self, data):
        X, y = data
        recorder = Recorder()
        clf = BalancedKerasClassifier(**TINY).set_callbacks(recorder).fit(X, y)
        first = recorder.of_epochs()[0]
        proba, shipped = first.predict_proba(X), weights_of(clf)
        twin = pickle.loads(pickle.dumps(first.set_callbacks()))
        np.testing.assert_array_equal(twin.predict_proba(X), proba)
        first.partial_fit(X, y)
        assert (first.predict_proba(X) != proba).any()
        np.testing.assert_array_equal(weights_of(clf), shipped)

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.slow
    def test_weighs_by_the_epoch_that_would_ship(self, engine, data):
        X, _ = data
        recorder, live = Recorder(), []

        class Looks(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                live.append(self.model.loss.reweighted)

        params = TINY | UNSTEADY | {"engine": engine, "callbacks": [Looks()]}
        params["optimizer__learning_rate"] = 0.4
        loss = {"loss": "ldam", "loss__reweight_from": 0.75}
        clf = BalancedKerasClassifier(**params, **loss).set_callbacks(recorder).fit(*data)
        start, states = 3, recorder.of_epochs()
        assert live == [epoch >= start for epoch in range(len(states))]
        assert clf.n_iter_ <= start < len(states)
        for state in states:
            assert state.model_.loss is not clf.model_.loss
            assert state.model_.loss.reweighted == (state.n_iter_ > start)
            twin = copy.deepcopy(state)
            np.testing.assert_array_equal(twin.predict_proba(X), state.predict_proba(X))

    def test_of_hidden_classes(self, data):
        recorder = Recorder()
        params = TINY | {"loss": "binary_crossentropy", "validation_split": 0}
        clf = Hidden(**params).set_callbacks(recorder).fit(*data)
        assert [state.n_iter_ for state in recorder.of_epochs()] == [1, 2, 3]
        assert clf.n_iter_ == 3
        np.testing.assert_array_equal(
            recorder.of_epochs()[-1].predict(data[0]), clf.predict(data[0])
        )

    def test_is_none_while_networks_are_cross_fitted(self, data):
        X, _ = data
        recorder = Recorder()
        clf = BalancedKerasClassifier(**TINY, validation_split=2).set_callbacks(recorder).fit(*data)
        given = [state for _, state in recorder.states if state is not None]
        assert recorder.of_epochs() == [None] * 6
        assert len(given) == 1
        np.testing.assert_array_equal(given[0].predict(X), clf.predict(X))

    def test_is_none_where_the_fit_would_be_refused(self, data):
        recorder = Recorder()
        tuner = ThresholdTuner("recall", constraint=("precision", 0.9), confidence=0.99)
        clf = BalancedKerasClassifier(**TINY, threshold=tuner).set_callbacks(recorder)
        with pytest.raises(ValueError, match="the constraint"):
            clf.fit(*data)
        assert recorder.of_epochs() == [None] * 3

    def test_needs_a_network_that_keras_can_copy(self, data):
        def uncopyable(meta):
            class Secret(keras.Model):
                def __init__(self, layer):
                    super().__init__()
                    self.layer = layer

                def call(self, inputs):
                    return self.layer(inputs)

                def get_config(self):
                    raise NotImplementedError("secret")

            return Secret(keras.layers.Dense(1, "sigmoid"))

        clf = BalancedKerasClassifier(uncopyable, epochs=2, random_state=0)
        clf.set_callbacks(Watching()).fit(*data)
        with pytest.raises(InvalidParameterError, match=r"cannot copy the network Secret .*secret"):
            clf.set_callbacks(Recorder()).fit(*data)
