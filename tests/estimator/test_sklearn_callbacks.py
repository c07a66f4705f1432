"""scikit-learn's callbacks: which tasks they are told of, what they get, and what they may ask."""

import copy
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, load, save
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.training import EpochTasks
from imbalanced_nn.training.variables import EqualVariables

TINY = {"model__hidden_layer_sizes": (8,), "epochs": 3, "batch_size": 32, "random_state": 0}
# Steps far too large: the network is at its best before the last epoch.
UNSTEADY = {"epochs": 8, "optimizer__learning_rate": 0.05, "patience": 2}


class Recorder:
    """Keeps what it is told; stops, or raises, where it is asked to."""

    def __init__(self, stop_after=None, fail_at=None):
        self.events, self.told, self.states, self.depth = [], [], [], []
        self.stop_after, self.fail_at = stop_after, fail_at

    def setup(self, estimator, context):
        self._note("setup", estimator, context)

    def on_fit_task_begin(self, estimator, context):
        self._note("begin", estimator, context)

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.told.append((X, y, metadata))
        self.states.append((context.task_name, fitted_estimator))
        self._note("end", estimator, context)
        return (context.task_name, context.task_id) == self.stop_after

    def teardown(self, estimator, context):
        self._note("teardown", estimator, context)

    def _note(self, hook, estimator, context):
        names = []
        place = context
        while place is not None:
            names.insert(0, f"{place.task_name} {place.task_id}")
            place = place.parent
        self.events.append((hook, tuple(names), context.max_subtasks, estimator))
        if self.fail_at == (hook, context.task_name):
            raise ZeroDivisionError(f"failed at {hook}")

    def of_epochs(self):
        """Return the estimators given at the end of the epochs."""
        return [state for name, state in self.states if name == "epoch"]


class Watching(Recorder):
    """Asks for no more than a progress bar does."""

    def on_fit_task_end(self, estimator, context):
        return Recorder.on_fit_task_end(self, estimator, context)


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


def by_eighths(epoch):
    """A schedule of balancing that does not arrive before training stops."""
    return min(1.0, epoch / 8)


@pytest.fixture(scope="module")
def data():
    """Two overlapping classes, one row in six positive."""
    return make_classification(240, 6, weights=[0.83], flip_y=0.05, random_state=0)


def weights_of(clf):
    """All weights of the network in one row."""
    return np.concatenate([weight.ravel() for weight in clf.model_.get_weights()])


def epochs(n):
    """The tasks of so many epochs."""
    return {f"epoch {number}": {} for number in range(n)}


def tree(inside, path=("fit 0",)):
    """Paths from the root to each task, in their order; a dict holds what is inside of each."""
    below = [tree(tasks, (*path, name)) for name, tasks in inside.items()]
    return [path, *(each for paths in below for each in paths)]


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


@pytest.mark.parametrize("engine", ["graph", "keras"])
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

    @pytest.mark.parametrize("case", SHORTER)
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
        assert (weights_of(states[0]) != weights_of(clf)).any()
        stops_early = params.get("early_stopping", True) and "validation_split" not in params
        assert (clf.n_iter_ < len(states)) == stops_early

    @pytest.mark.parametrize("case", IN_THE_END)
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
        X, y = make_multilabel_classification(240, 6, n_classes=3, random_state=0)
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


class TestAsked:
    @pytest.mark.parametrize("engine", ["graph", "keras"])
    def test_a_callback_can_stop_the_training(self, engine, data):
        recorder = Recorder(stop_after=("epoch", 1))
        clf = BalancedKerasClassifier(**TINY | {"epochs": 9}, engine=engine)
        clf.set_callbacks(recorder).fit(*data)
        assert len(clf.history_["loss"]) == 2
        shorter = BalancedKerasClassifier(**TINY | {"epochs": 2}).fit(*data)
        np.testing.assert_array_equal(weights_of(clf), weights_of(shorter))

    def test_it_stops_each_network_and_leaves_none_out(self, data):
        recorder = Recorder(stop_after=("epoch", 0))
        params = {"validation_split": 2, "head_sampler": "random_over"}
        clf = BalancedKerasClassifier(**TINY, **params).set_callbacks(recorder).fit(*data)
        one = {"train-network 0": epochs(1), "train-head 1": epochs(1)}
        begun = [path for hook, path, *_ in recorder.events if hook == "begin"]
        assert begun == tree({"train-for-fold 0": one, "train-for-fold 1": one})
        assert len(clf.validation_indices_) == 240
        recorder = Recorder(stop_after=("train-for-fold", 0))
        clf.set_callbacks(recorder).fit(*data)
        assert len(clf.validation_indices_) == 240

    @pytest.mark.parametrize(
        "fail_at",
        [
            ("setup", "fit"),
            ("begin", "fit"),
            ("begin", "epoch"),
            ("end", "epoch"),
            ("end", "fit"),
            ("teardown", "fit"),
        ],
    )
    def test_one_that_raises_leaves_the_estimator_as_it_was(self, fail_at, data):
        X, y = data
        recorder = Recorder(fail_at=fail_at)
        clf = BalancedKerasClassifier(**TINY).fit(X, y).set_callbacks(recorder)
        before, weights = dict(vars(clf)), weights_of(clf)
        with pytest.raises(ZeroDivisionError):
            clf.fit(X[::-1], y[::-1])
        assert vars(clf).keys() == before.keys()
        assert all(vars(clf)[name] is value for name, value in before.items())
        np.testing.assert_array_equal(weights_of(clf), weights)
        assert [hook for hook, *_ in recorder.events].count("teardown") == 1
        again = BalancedKerasClassifier(**TINY).fit(X, y)
        np.testing.assert_array_equal(weights_of(again), weights)

    def test_a_never_fitted_estimator_stays_unfitted(self, data):
        clf = BalancedKerasClassifier(**TINY).set_callbacks(Recorder(fail_at=("end", "epoch")))
        with pytest.raises(ZeroDivisionError):
            clf.fit(*data)
        assert not clf.__sklearn_is_fitted__()


class TestGiven:
    @pytest.mark.parametrize(
        "wrong", [keras.callbacks.TerminateOnNaN(), Recorder, "bar"], ids=["Keras", "class", "text"]
    )
    def test_other_objects_are_refused(self, wrong):
        clf = BalancedKerasClassifier()
        with pytest.raises(InvalidParameterError) as error:
            clf.set_callbacks(wrong)
        assert str(error.value) == (
            f"set_callbacks got {(wrong,)!r}, but takes instances that follow scikit-learn's "
            f"FitCallback protocol, such as sklearn.callback.ProgressBar(). Keras' callbacks go to "
            f"the parameter: set_params(callbacks=[...])."
        )
        # scikit-learn's own estimators raise this.
        assert isinstance(error.value, TypeError)
        assert not hasattr(clf, "_skl_callbacks")

    def test_clones_and_pickles_keep_them_and_files_do_not(self, data, tmp_path):
        monitor = ScoringMonitor(scoring="roc_auc")
        clf = BalancedKerasClassifier(**TINY).set_callbacks(monitor).fit(*data)
        assert clone(clf)._skl_callbacks == [monitor]
        restored = pickle.loads(pickle.dumps(clf))
        assert [type(callback) for callback in restored._skl_callbacks] == [ScoringMonitor]
        restored.fit(*data)
        assert len(restored._skl_callbacks[0].get_logs(select="all")) == 2
        save(clf, tmp_path / "a.inn")
        loaded = load(tmp_path / "a.inn")
        assert not hasattr(loaded, "_skl_callbacks")
        np.testing.assert_array_equal(loaded.predict_proba(data[0]), clf.predict_proba(data[0]))
        assert not hasattr(clf.set_callbacks(), "_skl_callbacks")

    def test_a_shallow_copy_shares_the_network(self, data):
        clf = BalancedKerasClassifier(**TINY).fit(*data)
        twin = copy.copy(clf)
        assert vars(twin) == vars(clf)
        assert twin.model_ is clf.model_
        assert copy.deepcopy(clf).model_ is not clf.model_


class TestScoringMonitor:
    def test_scores_after_each_epoch(self, data):
        X, y = data
        table, weight = pd.DataFrame(X).add_prefix("x"), np.linspace(0.5, 2, len(y))
        monitor, recorder = ScoringMonitor(scoring="average_precision"), Recorder()
        clf = BalancedKerasClassifier(**TINY).set_callbacks(monitor, recorder)
        clf.fit(table, y, sample_weight=weight)
        rows = {row["task_id_path"]: row["average_precision"] for row in monitor.get_logs().data}
        assert list(rows) == [(0,), (0, 0), (0, 1), (0, 2)]
        assert all(told[0] is table for told in recorder.told)
        states = [recorder.states[-1][1], *recorder.of_epochs()]
        assert list(rows.values()) == [
            average_precision_score(y, state.predict_proba(table)[:, 1], sample_weight=weight)
            for state in states
        ]
        assert len(set(rows.values())) == 3

    def test_scores_the_decisions_of_the_epoch(self, data):
        monitor = ScoringMonitor(scoring="balanced_accuracy")
        clf = BalancedKerasClassifier(**TINY).set_callbacks(monitor).fit(*data)
        shorter = BalancedKerasClassifier(**TINY | {"epochs": 1}).fit(*data)
        _, first, *_ = monitor.get_logs().data
        X, y = data
        assert first["balanced_accuracy"] == balanced_accuracy_score(y, shorter.predict(X))
        assert monitor.get_logs().data[0]["balanced_accuracy"] == clf.score(X, y)


class TestProgressBar:
    @pytest.fixture(autouse=True)
    def _wide(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")

    def test_a_search_shows_the_epochs_of_its_fits(self, data, capsys):
        search = GridSearchCV(
            BalancedKerasClassifier(**TINY), {"class_weight": [None, "balanced"]}, cv=2
        )
        search.set_callbacks(ProgressBar()).fit(*data)
        lines = _shown(capsys)
        assert lines[0].startswith("GridSearchCV - fit")
        inner = [line for line in lines if "BalancedKerasClassifier - fit" in line]
        assert len(inner) == 5
        assert all("100%" in line for line in lines)
        assert not hasattr(search.best_estimator_, "_skl_callbacks")

    def test_a_pipeline_passes_it_on(self, data, capsys):
        pipeline = make_pipeline(StandardScaler(), BalancedKerasClassifier(**TINY))
        pipeline.set_callbacks(ProgressBar()).fit(*data)
        *_, last = _shown(capsys)
        assert last.startswith(
            "  Pipeline - fit-final-estimator | BalancedKerasClassifier - fit #1"
        )
        assert "100%" in last

    def test_a_fit_that_stops_early_is_done(self, data, capsys):
        clf = BalancedKerasClassifier(**TINY | UNSTEADY)
        clf.set_callbacks(ProgressBar()).fit(*data)
        assert len(clf.history_["loss"]) < 8
        (line,) = _shown(capsys)
        assert line.startswith("BalancedKerasClassifier - fit") and "100%" in line

    @pytest.mark.slow
    def test_worker_processes_tell_the_main_one(self, data, capsys):
        monitor = ScoringMonitor(scoring="average_precision")
        clf = BalancedKerasClassifier(**TINY | {"validation_split": 2}).set_callbacks(monitor)
        search = GridSearchCV(clf, {"class_weight": [None, "balanced"]}, cv=2, n_jobs=2)
        search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(*data)
        lines = _shown(capsys)
        assert len([line for line in lines if "train-for-fold" in line]) == 10
        assert all("100%" in line for line in lines)
        # One score for each fit, at its end.
        assert len(monitor.get_logs().data) == 5


def _shown(capsys):
    """Return the lines that progress bars have left on the screen."""
    lines = capsys.readouterr().out.splitlines()
    last = max(number for number, line in enumerate(lines) if line.lstrip("\x1b[2K") == lines[0])
    return [line for line in lines[last:] if line.strip()]
