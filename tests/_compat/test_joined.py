"""Optimizers that update variables as one: the numbers of Keras' own, to the last digit."""

from functools import partial

import keras
import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="it is for TensorFlow's graphs")
joined = pytest.importorskip("imbalanced_nn._compat.joined")

# As TensorFlow rewrites them, graphs round by what it makes of them.
REWRITTEN = True

RNG = np.random.default_rng(0)
# More numbers, and other remainders, than are computed at once.
SHAPES = [(5, 7), (7,), (3, 2, 2), (), (41,), (1, 3)]
START = [RNG.normal(size=shape).astype(np.float32) for shape in SHAPES]
STEPS = [[RNG.normal(size=shape).astype(np.float32) for shape in SHAPES] for _ in range(4)]
Adam, AdamW = keras.optimizers.Adam, keras.optimizers.AdamW
WAYS = {
    "plain": partial(Adam, 0.05),
    "no part as usual": partial(Adam, 0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-3),
    "amsgrad": partial(Adam, 0.05, amsgrad=True),
    "clipped by value": partial(Adam, 0.05, clipvalue=0.5),
    "clipped alone": partial(Adam, 0.05, clipnorm=0.3),
    "clipped together": partial(Adam, 0.05, global_clipnorm=0.3),
    "scaled": partial(Adam, 0.05, loss_scale_factor=8.0),
    "scheduled": lambda: Adam(keras.optimizers.schedules.CosineDecay(0.05, 7)),
    "decaying": partial(Adam, 0.05, weight_decay=0.1),
    "adamw": partial(AdamW, 0.05, weight_decay=0.1, amsgrad=True),
    "averaged": partial(Adam, 0.05, use_ema=True, ema_overwrite_frequency=3),
}


def made(optimizer):
    """Variables, and an optimizer of the joining class that is built for them."""
    return built(joined.JOINED[type(optimizer)].from_config(optimizer.get_config()))


def built(optimizer):
    """Variables, and an optimizer that is built for them."""
    variables = [keras.Variable(value) for value in START]
    optimizer.build(variables)
    return optimizer, variables


def run(optimizer, variables, steps=STEPS):
    """Update by some gradients in the loop of one graph; return all values that there are then."""

    def update(*gradients):
        def step(number):
            optimizer.apply([parts[number] for parts in gradients], variables)
            return number + 1

        with joined.as_one(optimizer):
            tf.while_loop(lambda number: number < len(steps), step, [0], parallel_iterations=1)

    tf.function(update, autograph=False)(*map(np.stack, zip(*steps, strict=True)))
    return [np.asarray(part) for part in (*variables, *optimizer.variables)]


def assert_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_those_of_keras_in_one_call_and_in_the_next(way):
    optimizer, variables = made(WAYS[way]())
    own = list(map(id, optimizer.variables))
    optimizer.join(variables)
    assert list(map(id, optimizer.variables)) == own
    expected = built(WAYS[way]())
    for steps in (STEPS, STEPS[::-1]):
        assert_equal(run(optimizer, variables, steps), run(*expected, steps))
        # The next fit by the same program begins with other slots.
        for each in (optimizer, expected[0]):
            for slot in each.variables[2:]:
                slot.assign(slot / 2)


def test_an_update_of_all_takes_the_operations_of_one():
    optimizer, variables = made(Adam())

    def n_operations():
        graph = tf.function(optimizer.apply, autograph=False).get_concrete_function(STEPS[0]).graph
        return [operation.type for operation in graph.get_operations()].count("Sqrt")

    apart = n_operations()
    optimizer.join(variables)
    assert (apart, n_operations()) == (2 * len(SHAPES), 2)


def test_large_ones_those_of_another_type_and_those_that_gradients_replace_are_left_out():
    sizes = {joined.SMALL: "float32", joined.SMALL + 1: "float32", 3: "float16", 2: "float32"}
    variables = [keras.Variable(np.zeros(size), dtype=dtype) for size, dtype in sizes.items()]
    variables.append(keras.Variable(np.zeros(4), dtype="float32"))
    variables[-1].overwrite_with_gradient = True
    optimizer = joined.JOINED[Adam]()
    optimizer.build(variables)
    optimizer.join(variables)
    assert len(optimizer.wholes) == 2
    assert [part.shape[0] for part in optimizer._joined] == [joined.SMALL, 2]


def test_what_else_changes_variables_between_updates_is_kept():
    def updated(optimizer, variables):
        def update(*gradients):
            with joined.as_one(optimizer):
                optimizer.apply(list(gradients), variables)
                variables[1].assign(variables[1] / 2)
                optimizer.apply(list(gradients), variables)

        variables[0].constraint = keras.constraints.UnitNorm()
        tf.function(update, autograph=False)(*STEPS[0])
        return list(map(np.asarray, variables))

    optimizer, variables = made(Adam(0.05))
    optimizer.join(variables)
    assert_equal(updated(optimizer, variables), updated(*built(Adam(0.05))))


def test_some_that_are_joined_and_others_that_are_not_are_all_updated():
    optimizer, variables = made(Adam(0.05))
    optimizer.join([variables[4], variables[1]])
    assert_equal(run(optimizer, variables), run(*built(Adam(0.05))))


def test_one_alone_is_updated_as_by_keras():
    optimizer, variables = made(Adam(0.05))
    optimizer.join(variables[:1])
    assert not optimizer._joined
    assert_equal(run(optimizer, variables), run(*built(Adam(0.05))))


@pytest.mark.parametrize("given", ["lines of a table", "nothing"])
def test_what_does_not_tell_of_each_number_is_said_and_the_others_are_joined(given):
    optimizer, variables = made(Adam(0.05))
    optimizer.join(variables)

    def updated(optimizer, variables):
        lines = tf.IndexedSlices(tf.constant(STEPS[0][0][:2]), tf.constant([4, 0]), (5, 7))
        parts = [lines, *map(tf.constant, STEPS[0][1:])]
        if given == "nothing":
            parts, variables = parts[1:], variables[1:]
        with joined.as_one(optimizer):
            optimizer.apply(parts, variables)

    run_once = tf.function(lambda: updated(optimizer, variables), autograph=False)
    with pytest.raises(joined.NotJoinable, match="5 variables alone") as caught:
        run_once.get_concrete_function()
    assert list(map(id, caught.value.others)) == list(map(id, variables[1:]))
    optimizer.join(caught.value.others)
    tf.function(lambda: updated(optimizer, variables), autograph=False)()
    plain, values = built(Adam(0.05))
    tf.function(lambda: updated(plain, values), autograph=False)()
    found, expected = ([np.asarray(v) for v in part] for part in (variables, values))
    assert_equal(found, expected)


@pytest.mark.parametrize(
    "optimizer",
    [
        Adam(gradient_accumulation_steps=2),
        keras.optimizers.SGD(momentum=0.9),
        keras.optimizers.RMSprop(),
        keras.optimizers.Nadam(),
        keras.optimizers.Adafactor(),
    ],
    ids=["accumulated", "few operations", "rounded by place", "nadam", "by line and column"],
)
def test_what_changes_numbers_otherwise_is_left_to_keras(optimizer):
    assert not joined.joins(optimizer)


def test_an_optimizer_of_somebody_is_left_to_keras():
    class Own(Adam):
        pass

    assert joined.joins(Adam()) and not joined.joins(Own())
