"""Fits and predictions of several threads are those of one after the other."""

import threading
import time

import joblib
import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs, programs
from imbalanced_nn.training.cache import TRAINING, ProgramCache
from imbalanced_nn.training.programs import Program

from .conftest import TABLE, rows

pytestmark = pytest.mark.slow

X, Y = rows(TABLE)
SMALL = BalancedKerasClassifier("mlp", model__hidden_layer_sizes=(4,), epochs=3, batch_size=32)
SEEDS = range(6)
# A thread that waits for ever is told apart from one that is slow.
PATIENCE = 60


def fit(seed, engine="graph"):
    return clone(SMALL).set_params(random_state=seed, engine=engine).fit(X, Y)


@pytest.fixture(scope="module")
def expected():
    """Probabilities of the fits one after the other."""
    return [fit(seed).predict_proba(X) for seed in SEEDS]


class Task(threading.Thread):
    """A call in a thread that ends with the process, should it ever wait for ever."""

    def __init__(self, work, *arguments):
        super().__init__(daemon=True)
        self.work, self.arguments, self.returned, self.error = work, arguments, None, None
        self.start()

    def run(self):
        try:
            self.returned = self.work(*self.arguments)
        except BaseException as error:
            self.error = error

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "waits for ever"
        if self.error is not None:
            raise self.error
        return self.returned


def in_threads(work, arguments):
    """Return what the calls return, each in its own thread, in their order."""
    tasks = [Task(work, argument) for argument in arguments]
    return [task.result() for task in tasks]


def variables_of(clf):
    """Identities of what a network and its optimizer are made of."""
    return {id(v.value) for v in (*clf.model_.variables, *clf.model_.optimizer.variables)}


def test_fits_of_equal_networks_share_a_program_and_no_weights(expected):
    clear_programs()
    fits = in_threads(fit, SEEDS)
    assert [program.n_traces for program in TRAINING] == [1]
    for clf, proba in zip(fits, expected, strict=True):
        np.testing.assert_array_equal(clf.predict_proba(X), proba)
    owned = list(map(variables_of, fits))
    assert len(set.union(*owned)) == sum(map(len, owned))


def test_both_engines_side_by_side(expected):
    fits = in_threads(lambda seed: fit(seed, ("graph", "keras")[seed % 2]), SEEDS)
    for clf, proba in zip(fits, expected, strict=True):
        np.testing.assert_allclose(clf.predict_proba(X), proba, rtol=1e-5)


def test_a_network_predicts_in_many_threads(expected):
    clf = fit(0)
    parts = [slice(start, start + 1 + 17 * start) for start in range(8)]
    for part, proba in zip(
        parts, in_threads(lambda part: clf.predict_proba(X[part]), parts), strict=True
    ):
        np.testing.assert_array_equal(proba, expected[0][part])


def test_programs_may_be_cleared_while_they_are_used(expected):
    done = threading.Event()

    def clear():
        while not done.wait(0.005):
            clear_programs()

    clearing = Task(clear)
    try:
        fits = in_threads(fit, SEEDS)
        predicted = in_threads(lambda clf: clf.predict_proba(X), fits)
    finally:
        done.set()
    clearing.result()
    np.testing.assert_array_equal(predicted, expected)


def test_a_search_in_threads_scores_alike():
    grid = {"sampler": [None, "random_over"], "random_state": [0, 1]}
    search = GridSearchCV(SMALL, grid, cv=2, scoring="average_precision")
    alone = clone(search).fit(X, Y).cv_results_["mean_test_score"]
    with joblib.parallel_config("threading", n_jobs=3):
        together = clone(search).fit(X, Y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(together, alone)


class Waiting:
    """Makes a program only when all threads that want one have begun to make theirs."""

    def __init__(self, n):
        self.barrier = threading.Barrier(n)

    def __call__(self, _):
        self.barrier.wait(PATIENCE)
        return type("Program", (), {"n_bytes": 1})()


def test_threads_that_make_one_program_at_once_get_the_same():
    cache, make = ProgramCache(), Waiting(3)
    programs = in_threads(lambda number: cache.get("key", lambda: make(number)), range(3))
    assert len(set(map(id, programs))) == 1
    assert list(cache) == programs[:1]


def test_a_program_that_makes_another_waits_for_nobody():
    cache = ProgramCache()
    make = type("Program", (), {"n_bytes": 1})

    def outer():
        inner.append(cache.get("inner", make))
        return make()

    inner = []
    (program,) = in_threads(lambda _: cache.get("outer", outer), [0])
    assert list(cache) == [*inner, program]


def test_another_thread_waits_until_a_program_is_free(monkeypatch):
    clear_programs()
    made, make = [], Program.__init__
    monkeypatch.setattr(Program, "__init__", lambda *given: (made.append(1), make(*given))[1])
    reference = fit(0).model_.get_weights()
    inside, may_go = threading.Event(), threading.Event()

    class Hold(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            inside.set()
            assert may_go.wait(PATIENCE)

    monkeypatch.setattr(programs, "LONGEST_WAIT", PATIENCE)
    holding = clone(SMALL).set_params(random_state=0, engine="graph", callbacks=[Hold()])
    first = Task(holding.fit, X, Y)
    assert inside.wait(PATIENCE)
    second = Task(fit, 0)
    second.join(0.5)
    assert second.is_alive(), "trains on a program that another fit holds"
    may_go.set()
    fits = [first.result(), second.result()]
    for clf in fits:
        for weight, expected in zip(clf.model_.get_weights(), reference, strict=True):
            np.testing.assert_array_equal(weight, expected)
    assert made == [1]


def test_a_fit_inside_a_fit_of_its_thread_does_not_wait(monkeypatch):
    clear_programs()
    monkeypatch.setattr(programs, "LONGEST_WAIT", wait := 8)
    expected, inner, seconds = fit(0).predict_proba(X), [], []

    class Nested(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            begin = time.monotonic()
            inner.append(fit(0).predict_proba(X))
            seconds.append(time.monotonic() - begin)

    clone(SMALL).set_params(random_state=0, engine="graph", callbacks=[Nested()]).fit(X, Y)
    assert max(seconds) < wait
    np.testing.assert_array_equal(inner, [expected] * len(inner))


def test_fits_inside_fits_that_want_each_others_programs_wait_for_nobody():
    clear_programs()
    both_hold = threading.Barrier(2)
    units = [3, 5]

    def small(number, **params):
        return clone(SMALL).set_params(
            random_state=0, model__hidden_layer_sizes=(units[number],), epochs=1, **params
        )

    expected = [small(number).fit(X, Y).predict_proba(X) for number in (0, 1)]

    def outer(number):
        inner = []

        class Nested(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                both_hold.wait(PATIENCE)
                inner.append(small(1 - number).fit(X, Y).predict_proba(X))
                both_hold.wait(PATIENCE)

        clf = small(number, engine="graph", callbacks=[Nested()]).fit(X, Y)
        return clf.predict_proba(X), *inner

    for number, outputs in enumerate(in_threads(outer, (0, 1))):
        np.testing.assert_allclose(outputs[0], expected[number], rtol=1e-6)
        np.testing.assert_allclose(outputs[1], expected[1 - number], rtol=1e-6)


def test_fits_in_threads_of_a_callback_do_not_wait_for_its_own_fit():
    small = clone(SMALL).set_params(random_state=0, epochs=1)
    expected = clone(small).fit(X, Y).predict_proba(X)
    outputs = []

    class Threads(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            fits = in_threads(lambda clf: clf.fit(X, Y), [clone(small), clone(small)])
            outputs.extend(clf.predict_proba(X) for clf in fits)

    outer = clone(small).set_params(engine="graph", callbacks=[Threads()])
    Task(outer.fit, X, Y).result()
    assert len(outputs) == 2
    for output in outputs:
        np.testing.assert_allclose(output, expected, rtol=1e-6)


def test_a_fit_inside_a_build_waits_for_no_fit_that_itself_waits_to_build():
    clear_programs()
    training, building = threading.Event(), threading.Event()
    small = clone(SMALL).set_params(random_state=0, epochs=1)
    expected = clone(small).fit(X, Y).predict_proba(X)
    outputs = []

    class Builds(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            training.set()
            assert building.wait(PATIENCE)
            outputs.append(clone(small).fit(X, Y).predict_proba(X))

    def build(meta):
        building.set()
        outputs.append(clone(small).fit(X, Y).predict_proba(X))
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))

    first = Task(clone(small).set_params(engine="graph", callbacks=[Builds()]).fit, X, Y)
    assert training.wait(PATIENCE)
    second = Task(BalancedKerasClassifier(build, epochs=1, random_state=0).fit, X, Y)
    for task in (first, second):
        task.result()
    assert len(outputs) == 2
    for output in outputs:
        np.testing.assert_allclose(output, expected, rtol=1e-6)
