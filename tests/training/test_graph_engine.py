"""The graph engine trains as ``Model.fit`` does with the same batches."""

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.cache import TRAINING

from .conftest import HIDDEN, TABLE, assert_equal_fits, fitted, network, rows

layers = keras.layers

REWRITTEN = True

SLOW = pytest.mark.slow
NAMES = [pytest.param(name, marks=() if name == "dropout" else SLOW) for name in HIDDEN]


@pytest.mark.parametrize("name", NAMES)
def test_equals_model_fit(name):
    shape, hidden = HIDDEN[name]
    X, y = rows(shape)
    # Convolutions and recurrences may be fused differently inside a loop.
    exact = name not in ("convolution", "image", "recurrent")
    assert_equal_fits(network(shape, *hidden), X, y, exact=exact)


def test_equals_model_fit_of_the_default_network():
    X, y = rows(TABLE)
    assert_equal_fits("mlp", X, y, model__hidden_layer_sizes=(8,))


@SLOW
def test_the_best_weights_are_restored_as_after_model_fit():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1], optimizer=lambda: keras.optimizers.Adam(0.1))
    stops = {"early_stopping": True, "patience": 2, "epochs": 12}
    assert_equal_fits(build, X, y, **stops)
    stopped = fitted(build, X, y, "graph", **stops)
    assert stopped.n_iter_ < len(stopped.history_["loss"])
    best = fitted(build, X, y, "graph", epochs=stopped.n_iter_)
    np.testing.assert_array_equal(stopped.predict_proba(X), best.predict_proba(X))


@SLOW
def test_equals_model_fit_with_integer_input():
    X, y = rows(TABLE)
    X = np.abs(X * 10).astype(np.int32) % 7
    build = network(TABLE, lambda: layers.Embedding(7, 2), lambda: layers.Flatten())
    assert_equal_fits(build, X, y)


def test_equals_model_fit_where_lines_of_a_table_are_learned_unawares(monkeypatch):
    epochs = pytest.importorskip("imbalanced_nn.training.backends.tensorflow.epochs")
    monkeypatch.setattr(epochs, "_tables", lambda network: [])
    clear_programs()
    X, y = rows(TABLE)
    X = np.abs(X * 10).astype(np.int32) % 7
    build = network(TABLE, lambda: layers.Embedding(7, 2), lambda: layers.Flatten())
    assert_equal_fits(build, X, y)
    (program,) = TRAINING
    assert len(program.twin.optimizer._joined) == 2


@SLOW
def test_equals_model_fit_for_several_classes_and_labels():
    X, y = rows(TABLE, n_classes=3)
    hidden = HIDDEN["dense"][1]
    assert_equal_fits(network(TABLE, *hidden, units=3, activation="softmax"), X, y)
    labels = np.column_stack([y > 0, y > 1, X[:, 1] > 0.5]).astype(int)
    assert_equal_fits(network(TABLE, *hidden, units=3), X, labels)


@SLOW
@pytest.mark.parametrize(
    "steps",
    [
        {"class_weight": "balanced"},
        {"sampler": "random_over"},
        {"sampler": "random_under"},
        {"sampler": "smote"},
        {"sampler": "smote", "resample_every": "epoch"},
        {"sampler": "balanced_batches"},
        {"sampler": "balanced_batches", "balancing_schedule": "linear"},
        {"class_weight": "balanced_batch"},
        {"shuffle": False},
        {"batch_size": 7},
        {"batch_size": -1},
        {"early_stopping": True, "patience": 1, "epochs": 8},
    ],
    ids=str,
)
def test_equals_model_fit_with_every_step(steps):
    X, y = rows(TABLE)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(y))
    build = network(TABLE, *HIDDEN["dropout"][1])
    assert_equal_fits(build, X, y, sample_weight=weight, **steps)


OPTIMIZERS = sorted(
    name
    for name, cls in vars(keras.optimizers).items()
    if isinstance(cls, type)
    and issubclass(cls, keras.optimizers.Optimizer)
    # The first is abstract, the others are left to Keras.
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "ScheduleFreeAdamW")
)


@SLOW
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_model_fit_for_every_optimizer(name):
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1], optimizer=getattr(keras.optimizers, name))
    # Muon's matrix iteration is fused differently inside a loop.
    assert_equal_fits(build, X, y, exact=name != "Muon", warm_start=False)


ADAMS = {
    "clipped together": lambda: keras.optimizers.Adam(0.05, global_clipnorm=0.1),
    "decaying": lambda: keras.optimizers.AdamW(0.05, weight_decay=0.1, amsgrad=True),
    "averaged": lambda: keras.optimizers.Adam(use_ema=True, ema_overwrite_frequency=3),
}


@SLOW
@pytest.mark.parametrize("way", ADAMS)
def test_equals_model_fit_whatever_else_adam_does(way):
    X, y = rows(TABLE)
    assert_equal_fits(network(TABLE, *HIDDEN["dense"][1], optimizer=ADAMS[way]), X, y)


# Keras starts a metric anew only from its second epoch on, so each fit gets its own objects.
METRICS = {
    "name": lambda: {"metrics": ["accuracy"]},
    "classes": lambda: {"metrics": ["AUC", keras.metrics.Precision]},
    "objects": lambda: {"metrics": [keras.metrics.AUC(curve="PR"), keras.metrics.binary_accuracy]},
    "weighted": lambda: {
        "metrics": ["accuracy"],
        "compile__weighted_metrics": [keras.metrics.Recall(name="found")],
    },
}


@SLOW
@pytest.mark.parametrize("name", METRICS)
def test_equals_model_fit_with_metrics(name):
    X, y = rows(TABLE)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(y))
    params = {"model": "mlp", "model__hidden_layer_sizes": (4,), "epochs": 2}
    for seed in range(2):
        theirs, ours = (
            BalancedKerasClassifier(
                engine=engine, random_state=seed, **params, **METRICS[name]()
            ).fit(X, y, weight)
            for engine in ("keras", "graph")
        )

        assert list(ours.history_) == list(theirs.history_)
        assert len(ours.history_) == 4 + 2 * len(keras.tree.flatten(METRICS[name]()))
        mine, other = list(ours.history_.values()), list(theirs.history_.values())
        np.testing.assert_allclose(mine, other, rtol=1e-6)


@SLOW
def test_learning_rate_schedule():
    X, y = rows(TABLE)

    def optimizer():
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
        return keras.optimizers.SGD(schedule, momentum=0.9)

    assert_equal_fits(network(TABLE, *HIDDEN["dense"][1], optimizer=optimizer), X, y)


@SLOW
def test_training_goes_on_where_it_stopped():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dropout"][1])

    def run(engine):
        clf = fitted(build, X, y, engine, epochs=2, warm_start=True)
        return clf.partial_fit(X, y).fit(X, y)

    theirs, ours = run("keras"), run("graph")
    assert ours.engine_ == "graph"
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.history_ == theirs.history_
