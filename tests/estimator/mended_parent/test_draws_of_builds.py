"""What is drawn while a network is built: alone, and while other threads draw as well."""

import random
import threading
from functools import partial

import keras
import numpy as np
import pytest

from imbalanced_nn.training.global_draws import NUMPY, PYTHON, drawn_from

from .conftest import ours


def plain(meta):
    inputs = keras.Input((meta["n_features_in_"],))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(6, activation="relu")(inputs))
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))


def by_numpy(meta):
    width = np.random.randint(3, 9)
    hidden = keras.layers.Dense(6, bias_initializer=fixed(np.random.normal(size=6)))
    layers = [keras.Input((meta["n_features_in_"],)), hidden, keras.layers.Dense(width)]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


def by_python(meta):
    hidden = keras.layers.Dense(random.randint(3, 9), bias_initializer=fixed(random.random()))
    layers = [keras.Input((meta["n_features_in_"],)), hidden]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


def by_keras(meta):
    start = keras.random.normal((6,))
    hidden = keras.layers.Dense(6, bias_initializer=fixed(np.asarray(start)))
    layers = [keras.Input((meta["n_features_in_"],)), hidden]
    return keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])


def fixed(values):
    return lambda shape, dtype=None: keras.ops.broadcast_to(keras.ops.cast(values, dtype), shape)


class Drawing:
    """Another thread that draws all the time, each number from a generator of the process."""

    def __init__(self, draw):
        self.draw, self.drawn, self._stop = draw, [], threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._stop.is_set():
            self.drawn.append(self.draw())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("draw", [random.random, np.random.random], ids=["python", "numpy"])
@pytest.mark.parametrize("model", [None, "mlp", plain], ids=["default", "mlp", "own"])
@pytest.mark.slow
def test_a_thread_that_draws_changes_no_fit_and_is_not_changed(data, draw, model):
    X, y = data
    clf = ours(model=model, epochs=2)
    alone = clf.fit(X, y).predict_proba(X)
    seed = random.seed if draw is random.random else np.random.seed
    seed(5)
    with Drawing(draw) as other:
        beside = clf.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(beside, alone)
    assert len(other.drawn) > 100
    seed(5)
    assert other.drawn == [draw() for _ in other.drawn]


@pytest.mark.parametrize("builder", [plain, by_numpy, by_python, by_keras])
def test_builders_that_draw_are_seeded_and_the_process_left_as_found(data, builder):
    X, y = data
    clf = ours(model=builder, epochs=1)
    found = [clf.fit(X, y).predict_proba(X)]
    random.seed(8)
    np.random.seed(8)
    states = random.getstate(), np.random.get_state()[1].tolist()
    found.append(clf.fit(X, y).predict_proba(X))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    np.testing.assert_array_equal(*found)
    assert not np.array_equal(clf.set_params(random_state=1).fit(X, y).predict_proba(X), found[0])


def test_weights_are_those_of_the_seeded_sequence(data):
    X, y = data
    network = ours(model=plain, random_state=3).initialize(X, y).model_
    random.seed(3)
    expected = plain({"n_features_in_": X.shape[1]})
    for mine, theirs in zip(network.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


class OwnLayer(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight((1,), initializer=fixed(np.random.normal()))


class Builder:
    def __init__(self, draw):
        self.draw = draw

    def __call__(self, meta):
        return self.draw()


def imports(meta):
    from random import random as draw

    return draw()


def trains(meta):
    return plain(meta).fit([1], [1])


drawing = random.random


@pytest.mark.parametrize(
    ("code", "streams"),
    [
        (plain, set()),
        (lambda meta: plain(meta), set()),
        (lambda meta: [keras.layers.RandomFlip() for _ in range(2)], set()),
        (keras.layers.Dense, set()),
        (keras.initializers.HeNormal(), set()),
        (partial(plain, meta={"a": [1, "b", None]}), set()),
        (by_numpy, {NUMPY}),
        (partial(plain, meta=np.random.normal), {NUMPY}),
        (OwnLayer, {NUMPY}),
        (lambda meta: OwnLayer(), {NUMPY}),
        (lambda meta: drawing(), {PYTHON}),
        (Builder(random.gauss), {PYTHON}),
        (Builder(random.Random(0).gauss), set()),
        (Builder(plain).__call__, set()),
    ],
)
def test_what_code_may_draw_from(code, streams):
    assert drawn_from(code) == streams


@pytest.mark.parametrize(
    "code",
    [
        by_python,
        imports,
        trains,
        pytest.importorskip,
        lambda meta: eval(meta),
        lambda meta: keras.utils.set_random_seed(0),
    ],
)
def test_what_cannot_be_told_may_draw_from_both(code):
    assert drawn_from(code) == {NUMPY, PYTHON}
