"""Equal keys mean equal computations: all that shapes one is in the key, and nothing else."""

import keras
import numpy as np
import pytest

from imbalanced_nn.losses import FocalCrossentropy, LDAMCrossentropy
from imbalanced_nn.training.fingerprint import network_key, training_key

layers = keras.layers
optimizers = keras.optimizers

DATA = tuple(np.zeros(shape, np.float32) for shape in ((5, 4), (5,), (5,)))


def model_of(*hidden, units=1, **compile_kwargs):
    """A compiled network of these layers."""
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(units)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compile_kwargs})
    return model


def key(*hidden, batch_size=8, data=DATA, **compile_kwargs):
    return training_key(model_of(*hidden, **compile_kwargs), batch_size, data)


def graph(order, twice=False):
    """Two layers of equal shape, added in one order or the other."""
    inputs = keras.Input((4,))
    first, second = layers.Dense(4, "relu"), layers.Dense(4, "relu")
    a, b = first(inputs), second(inputs)
    parts = [first(b) if twice else a, b]
    joined = layers.Subtract()([parts[number] for number in order])
    return keras.Model(inputs, layers.Dense(1)(joined))


def several(which):
    """Inputs or outputs in one order or the other."""
    a, b = keras.Input((4,)), keras.Input((4,))
    one = layers.Dense(2)(a)
    other = layers.Dense(2)(layers.Subtract()([one, layers.Dense(2)(b)]))
    inputs = [b, a] if which == "inputs" else [a, b]
    outputs = [other, one] if which == "outputs" else [one, other]
    return keras.Model(inputs, outputs)


def test_names_are_no_part_of_it():
    assert key(layers.Dense(3)) == key(layers.Dense(3, name="mine"))
    assert network_key(graph((0, 1))) == network_key(graph((0, 1)))
    assert network_key(several(None)) == network_key(several(None))
    named = [keras.Sequential([keras.Input((4,)), layers.Dense(2)], name=name) for name in "ab"]
    assert key(named[0]) == key(named[1])
    assert key(optimizer=optimizers.SGD(name="mine")) == key()
    assert key(metrics=["mae"]) == key(metrics=["mae"])


def test_neither_are_weights_nor_whether_it_was_compiled():
    model = model_of(layers.Dense(3))
    before = network_key(model)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.compile("adam", "mae")
    assert network_key(model) == before
    assert network_key(keras.Sequential.from_config(model.get_config())) == before


def test_neither_are_the_numbers_of_rows():
    more = tuple(np.concatenate([part, part]) for part in DATA)
    assert key(data=more) == key()


def test_what_a_loss_learns_of_the_classes_is_none():
    losses = []
    for shares in ([0.9, 0.1], [0.6, 0.4]):
        losses.append(LDAMCrossentropy())
        losses[-1].fill(np.array(shares))
    assert key(loss=losses[0]) == key(loss=losses[1])


def test_how_layers_are_joined_is_part_of_it():
    keys = {network_key(graph(order, twice)) for order in ((0, 1), (1, 0)) for twice in (0, 1)}
    # Two layers of one kind are alike until one of them is called again.
    assert len(keys) == 3
    assert len({network_key(several(which)) for which in (None, "inputs", "outputs")}) == 3


X, TARGET, WEIGHT = DATA
OTHERS = {
    "batches": {"batch_size": 9},
    "type of X": {"data": (X.astype(np.int32), TARGET, WEIGHT)},
    "type of y": {"data": (X, TARGET.astype(np.int64), WEIGHT)},
    "axes of y": {"data": (X, TARGET[:, None], WEIGHT)},
    "weights of steps": {"data": (X, TARGET, WEIGHT[:, None])},
    "optimizer": {"optimizer": "adam"},
    "learning rate": {"optimizer": optimizers.SGD(0.5)},
    "schedule": {"optimizer": optimizers.SGD(optimizers.schedules.ExponentialDecay(0.01, 5, 0.5))},
    "clipping": {"optimizer": optimizers.SGD(clipnorm=1.0)},
    "loss": {"loss": "mae"},
    "loss and its parameters": {"loss": keras.losses.BinaryCrossentropy(from_logits=True)},
    "the same with another": {"loss": keras.losses.BinaryCrossentropy(label_smoothing=0.1)},
    "loss of ours": {"loss": FocalCrossentropy()},
    "its parameters": {"loss": FocalCrossentropy(gamma=1.0)},
    "another of ours": {"loss": LDAMCrossentropy()},
    "its margin": {"loss": LDAMCrossentropy(max_margin=0.1)},
    "metric": {"metrics": ["mae"]},
    "another metric": {"metrics": ["mse"]},
    "parameter of a metric": {"metrics": [keras.metrics.Recall(0.3)]},
    "another parameter": {"metrics": [keras.metrics.Recall(0.4)]},
    "weighted metric": {"weighted_metrics": ["mae"]},
    "units": {"units": 2},
}
HIDDEN = {
    "layer": layers.Dense(3),
    "activation": layers.Dense(3, "relu"),
    "rate": layers.Dropout(0.1),
    "another rate": layers.Dropout(0.2),
    "seed": layers.Dropout(0.2, seed=1),
    "regularizer": layers.Dense(3, kernel_regularizer="l2"),
    "constraint": layers.Dense(3, kernel_constraint="non_neg"),
    "frozen": layers.Dense(3, trainable=False),
    "initializer": layers.Dense(3, kernel_initializer="zeros"),
    "precision": layers.Dense(3, dtype="mixed_float16"),
    "inner network": keras.Sequential([keras.Input((4,)), layers.Dense(3)]),
}


def test_all_that_shapes_the_computation_is_part_of_it():
    keys = {"plain": key()}
    keys |= {name: key(**arguments) for name, arguments in OTHERS.items()}
    keys |= {name: key(layer) for name, layer in HIDDEN.items()}
    names = {}
    for name, text in keys.items():
        assert text not in names, (name, names.get(text))
        names[text] = name


@pytest.fixture
def float64():
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


def test_keras_epsilon_is_part_of_it(request):
    request.addfinalizer(lambda: keras.config.set_epsilon(1e-7))
    model = model_of()
    before = network_key(model)
    keras.config.set_epsilon(0.1)
    assert network_key(model) != before


def test_the_float_type_is_part_of_it(request):
    # Layers that have a type of their own are equal.
    before = network_key(model_of())
    model = model_of()
    request.getfixturevalue("float64")
    assert network_key(model) != before
