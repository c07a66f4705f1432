"""Adam in few operations: the numbers of the formulas, on every way there is."""

import keras
import numpy as np
import pytest

from imbalanced_nn._compat.adam import FusedAdam, FusedAdamW

tf = pytest.importorskip("tensorflow", reason="the operation is TensorFlow's")

RNG = np.random.default_rng(0)
SHAPES = [(3, 2), (2,)]
STEPS = [[RNG.normal(size=shape).astype(np.float32) for shape in SHAPES] for _ in range(5)]
START = [RNG.normal(size=shape).astype(np.float32) for shape in SHAPES]


def by_hand(steps, rate=0.05, decay=0.2, first=0.9, second=0.99, epsilon=1e-3, momentum=0.7):
    """Weights and their moving averages after AdamW in float64."""
    weights = [start.astype(np.float64) for start in START]
    moments = [np.zeros((2, *start.shape)) for start in START]
    averages = [np.zeros(start.shape) for start in START]
    for number, gradients in enumerate(steps, start=1):
        for place, gradient in enumerate(gradients):
            weights[place] -= decay * rate * weights[place]
            moments[place][0] += (gradient - moments[place][0]) * (1 - first)
            moments[place][1] += (gradient.astype(float) ** 2 - moments[place][1]) * (1 - second)
            size = np.sqrt(moments[place][1]) + epsilon
            alpha = rate * np.sqrt(1 - second**number) / (1 - first**number)
            weights[place] -= alpha * moments[place][0] / size
            kept = momentum if number > 1 else 0
            averages[place] = kept * averages[place] + (1 - kept) * weights[place]
    return weights, averages


def made(kind=FusedAdamW, **kwargs):
    """Variables and an optimizer of them, in which nothing has its usual value."""
    told = {"beta_2": 0.99, "epsilon": 1e-3, "use_ema": True, "ema_momentum": 0.7}
    told |= {"weight_decay": 0.2} if kind is FusedAdamW else {}
    optimizer = kind(0.05, **(told | kwargs))
    variables = [keras.Variable(start) for start in START]
    optimizer.build(variables)
    return optimizer, variables


@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize(("kind", "decay"), [(FusedAdamW, 0.2), (FusedAdam, 0)])
def test_steps_are_those_of_the_formulas(kind, decay, in_graph):
    optimizer, variables = made(kind)
    apply = optimizer.apply
    if in_graph:
        apply = tf.function(lambda gradients: optimizer.apply(gradients), autograph=False)
    for gradients in STEPS:
        apply([tf.constant(gradient) for gradient in gradients])
    weights, averages = by_hand(STEPS, decay=decay)
    for found, expected in zip(variables, weights, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    kept = optimizer._model_variables_moving_average
    for found, expected in zip(kept, averages, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert "_powers" not in vars(optimizer)


def test_each_variable_is_updated_by_one_operation():
    optimizer, variables = made()
    traced = tf.function(optimizer.apply, autograph=False)
    graph = traced.get_concrete_function([tf.constant(part) for part in STEPS[0]]).graph
    types = [operation.type for operation in graph.get_operations()]
    assert types.count("ResourceApplyAdam") == len(variables)
    assert types.count("Pow") == 2


@pytest.mark.parametrize(
    ("kwargs", "way"),
    [({"amsgrad": True}, "dense"), ({}, "lines of a table"), ({}, "devices")],
    ids=["amsgrad", "lines of a table", "devices"],
)
def test_what_the_operation_does_not_do_is_done_by_keras(kwargs, way):
    told = {"beta_2": 0.99, "epsilon": 1e-3, "weight_decay": 0.2, **kwargs}
    classes = FusedAdamW, keras.optimizers.AdamW
    found, expected = (_after_two_steps(a_class, told, way) for a_class in classes)
    np.testing.assert_array_equal(found, expected)


def _after_two_steps(optimizer_class, told, way):
    """The values of a variable."""
    strategy = tf.distribute.get_strategy()
    if way == "devices":
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        variable, optimizer = keras.Variable(START[0]), optimizer_class(0.05, **told)
        optimizer.build([variable])
    for gradient in (STEPS[0][0], STEPS[1][0]):
        given = tf.constant(gradient)
        if way == "lines of a table":
            given = tf.IndexedSlices(given[:2], tf.constant([2, 0]), tf.constant([3, 2]))
        strategy.run(optimizer.apply, ([given], [variable]))
    return np.asarray(variable)
