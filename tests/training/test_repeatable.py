"""Which build functions can do nothing but make layers, told without calling them."""

import math
import os
import random
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import Sequential
from keras import layers as kl
from keras.layers import Dense

from imbalanced_nn.training.repeatable import only_builds

layers = keras.layers
WIDTH, SIZES, COUNT = 4, (4, 2), 0
LISTED, NAMED, ARRAY = [4, 2], {"width": 4}, np.array([1.0, 2.0])
TUPLED = ([4], 2)
SHARED = keras.layers.Dense(3)


class Settings:
    width = 4


def plain(meta, hidden=(4,), activation="relu"):
    network = keras.Sequential([keras.Input((meta["n_features_in_"],))])
    for width in hidden:
        network.add(layers.Dense(width, activation=activation))
    network.add(layers.Dense(1, "sigmoid"))
    return network


def by_aliases(meta):
    return Sequential([kl.Input(meta["X_shape_"][1:]), Dense(WIDTH), kl.Dense(SIZES[0])])


def by_tensorflow(meta):
    network = tf.keras.models.Sequential()
    network.add(tf.keras.layers.Dense(8, activation="relu", input_shape=(4,)))
    network.add(tf.keras.layers.Dense(1, activation=tf.keras.activations.sigmoid))
    network.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    return network


def by_imports(meta):
    from keras.layers import Dropout
    from tensorflow.keras import regularizers

    return keras.Sequential([Dense(2, kernel_regularizer=regularizers.l2(0.1)), Dropout(0.1)])


def by_functional(meta, compile_kwargs):
    inputs = x = keras.Input(shape=(meta.get("n_features_in_"),))
    for width in SIZES:
        x = layers.Dense(width)(x)
        x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    network = keras.Model(inputs, layers.Dense(1)(x))
    network.compile(loss=compile_kwargs["loss"], optimizer=compile_kwargs["optimizer"])
    return network


def by_comprehension(meta, n=2, width=None):
    width = width or max(2, meta["n_features_in_"] // 2)
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n={n!r}")
    return keras.Sequential([*(Dense(width) for _ in range(n)), Dense(1)])


def by_numbers(meta):
    bias = keras.initializers.Constant(np.log(0.02 / 0.98))
    width = int(math.sqrt(np.prod(meta["X_shape_"][1:])))
    return keras.Sequential([Dense(width), Dense(1, bias_initializer=bias)])


def by_others(meta):
    return plain(meta, hidden=SIZES)


def around(width):
    def build(meta):
        return plain(meta, (width,))

    return build


def around_a_list(sizes):
    def build(meta):
        return plain(meta, sizes)

    return build


def again(meta, depth=2):
    return again(meta, depth - 1) if depth else plain(meta)


def by_list(meta, shape=[4]):  # noqa: B006 - as a widely read book writes it
    return keras.Sequential([keras.Input(shape), *map_of(LISTED)])


def map_of(sizes):
    return [Dense(size) for size in sizes]


def by_schedule(meta):
    network = plain(meta)
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
    network.compile(loss="mse", optimizer=keras.optimizers.SGD(rate))
    return network


ONLY_BUILD = [plain, by_aliases, by_tensorflow, by_imports, by_functional, by_comprehension]
ONLY_BUILD += [by_numbers, by_others, around(3), around_a_list([3]), again, by_schedule, by_list]


def prints(meta):
    print("built")  # noqa: T201 - what is to be seen
    return plain(meta)


def shows(meta):
    network = plain(meta)
    network.summary()
    return network


def counts(meta):
    global COUNT
    COUNT += 1
    return plain(meta)


def counts_in_itself(meta):
    counts_in_itself.n = getattr(counts_in_itself, "n", 0) + 1
    return plain(meta)


def keeps(meta):
    LISTED.append(1)
    return plain(meta)


def changes_what_it_is_given(meta, names):
    names["built"] = True
    return plain(meta)


def adds_to_a_list(meta):
    return grown(meta, LISTED)


def grown(meta, sizes):
    sizes += [1]
    return plain(meta, sizes)


def adds_to_its_default(meta, sizes=[]):  # noqa: B006 - what is to be seen
    sizes.append(2)
    return plain(meta, sizes)


def deletes(meta, names):
    del names["built"]
    return plain(meta)


def by_dict(meta):
    return plain(meta, (NAMED["width"],))


def by_class(meta):
    return plain(meta, (Settings.width,))


def by_layer(meta):
    return keras.Sequential([SHARED, Dense(1)])


def by_environment(meta):
    return plain(meta, (int(os.environ.get("WIDTH", "4")),))


def by_time(meta):
    return plain(meta, (int(time.time()) % 7,))


def by_random(meta):
    return plain(meta, (random.randint(1, 9),))


def by_numpy_random(meta):
    return plain(meta, (np.random.randint(1, 9),))


def by_keras_random(meta):
    return plain(meta, (int(keras.random.uniform(())),))


def by_tensorflow_random(meta):
    return plain(meta, (int(tf.random.uniform(())),))


def by_file(meta):
    return keras.saving.load_model("network.keras")


def by_opening(meta):
    with open("widths.txt") as file:
        return plain(meta, (int(file.read()),))


def by_loading(meta):
    network = plain(meta)
    network.load_weights("weights.h5")
    return network


def by_numpy_file(meta):
    return plain(meta, (np.load("width.npy"),))


def trains(meta):
    network = plain(meta)
    network.fit(ARRAY)
    return network


def sets_weights(meta):
    network = plain(meta)
    network.set_weights([ARRAY])
    return network


def freezes(meta):
    network = plain(meta)
    network.trainable = False
    return network


def seeds(meta):
    keras.utils.set_random_seed(0)
    return plain(meta)


def clears(meta):
    keras.backend.clear_session()
    return plain(meta)


def configures(meta):
    keras.config.set_dtype_policy("float16")
    return plain(meta)


def pretrained(meta):
    return keras.applications.MobileNet()


def of_a_saved_model(meta):
    return keras.Sequential([keras.layers.TFSMLayer("folder")])


def by_name(meta):
    return plain(meta, eval("(4,)"))


def by_import(meta):
    import json

    return plain(meta, json.loads("[4]"))


def with_class(meta):
    class Own(keras.layers.Dense):
        pass

    return keras.Sequential([Own(1)])


def yields(meta):
    yield plain(meta)


def unknown_name(meta):
    return plain(meta, nowhere)  # noqa: F821 - of no module


def by_loud(meta):
    return prints(meta)


def default_of_its_own(meta, make=prints):
    return make(meta)


def counting():
    n = 0

    def build(meta):
        nonlocal n
        n += 1
        return plain(meta, (n,))

    return build


def halves(meta, sizes, width=64):
    for _ in sizes:
        width //= 2
    return plain(meta, (width,))


def grows(meta, sizes):
    stack = [keras.Input((meta["n_features_in_"],))]
    for width in sizes:
        stack.append(Dense(width))
    return keras.Sequential(stack)


def unbound():
    def build(meta):
        return later(meta)

    return build
    later = plain


def past_the_object(meta):
    return plain(meta, (dict.get(meta, "n_features_in_"),))


def adds_within_a_tuple(meta):
    sizes = TUPLED[0]
    sizes += [1]
    return plain(meta, sizes)


DO_MORE = [prints, shows, counts, counts_in_itself, keeps, changes_what_it_is_given, deletes]
DO_MORE += [
    adds_to_a_list,
    adds_to_its_default,
    by_dict,
    by_class,
    by_layer,
    by_environment,
    by_time,
    by_random,
]
DO_MORE += [by_numpy_random, by_keras_random, by_tensorflow_random, by_file, by_opening, by_loading]
DO_MORE += [by_numpy_file, trains, sets_weights, freezes, seeds, clears, configures, pretrained]
DO_MORE += [of_a_saved_model, by_name, by_import, with_class, yields, unknown_name, by_loud]
DO_MORE += [default_of_its_own, past_the_object, adds_within_a_tuple, unbound(), counting()]


@pytest.mark.parametrize("build", ONLY_BUILD, ids=lambda build: build.__name__)
def test_functions_that_only_build(build):
    assert only_builds(build)


@pytest.mark.parametrize("build", DO_MORE, ids=lambda build: build.__name__)
def test_functions_that_do_more(build):
    assert not only_builds(build)


def test_computing_in_place_is_seen_where_it_may_change_what_was_given():
    assert only_builds(halves, [(4, 2), 64])
    assert not only_builds(halves, [[4, 2], 64])
    assert only_builds(plain, [[4, 2]])
    assert only_builds(grows, [(4, 2)])
    assert not only_builds(grows, [[4, 2]])
    assert not only_builds(grows, [(4, ([2],))])
