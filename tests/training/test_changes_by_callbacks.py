"""What callbacks set and read is the same in both engines, until Keras traces and after it."""

import re

import keras
import numpy as np
import pytest

from .conftest import TABLE, fitted, network, rows

pytestmark = pytest.mark.slow

layers = keras.layers
optimizers = keras.optimizers
ENGINES = ("keras", "auto")
X, Y = rows(TABLE)


def optimizer_set(**attributes):
    """What sets attributes of the optimizer."""
    return lambda model: [setattr(model.optimizer, *item) for item in attributes.items()]


def layer_set(number=0, **attributes):
    """What sets attributes of a layer."""
    return lambda model: [setattr(model.layers[number], *item) for item in attributes.items()]


def doubled(inputs):
    return 2 * inputs


def with_gradients_of_zero(model):
    apply = model.optimizer.apply_gradients

    def with_zeros(pairs):
        return apply([(0 * gradient, variable) for gradient, variable in pairs])

    model.optimizer.apply_gradients = with_zeros


def uncompiled():
    return keras.Sequential([keras.Input(TABLE), layers.Dense(4), layers.Dense(1, "sigmoid")])


def compiled_again(model):
    model.compile("sgd", "mse")
    model.make_train_function()


LATE = "on_epoch_begin 1"
CHANGES = {
    "frozen layer": ("on_train_begin", layer_set(trainable=False)),
    "frozen layer, late": (LATE, layer_set(trainable=False)),
    "dropout rate": ("set_model", layer_set(1, rate=0.9)),
    "dropout rate, late": (LATE, layer_set(1, rate=0.9)),
    "activation": ("on_epoch_begin 0", layer_set(activation=keras.activations.tanh)),
    "own activation": ("on_train_begin", layer_set(activation=doubled)),
    "regularizer": ("set_model", layer_set(kernel_regularizer=keras.regularizers.L2(1.0))),
    "no bias": ("on_train_begin", layer_set(bias=None)),
    "no use of a bias": ("on_epoch_begin 0", layer_set(use_bias=False)),
    "weights": (LATE, lambda model: model.set_weights([w / 2 for w in model.get_weights()])),
    "seeds": (LATE, lambda model: model.layers[1].seed_generator.state.assign([3, 4])),
    "learning rate": (LATE, optimizer_set(learning_rate=0.1)),
    "schedule": (
        "on_train_begin",
        optimizer_set(learning_rate=optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    ),
    "momentum": ("on_epoch_begin 0", optimizer_set(beta_1=0.1)),
    "clipped gradients": ("on_train_begin", optimizer_set(clipnorm=1e-3)),
    "weight decay": ("set_model", optimizer_set(weight_decay=0.5)),
    "optimizer": ("on_train_begin", lambda model: setattr(model, "optimizer", optimizers.SGD())),
    "own gradients": ("on_train_begin", with_gradients_of_zero),
    "stop at once": ("on_train_begin", lambda model: setattr(model, "stop_training", True)),
    "stop in an epoch": (LATE, lambda model: setattr(model, "stop_training", True)),
    "compiled again": ("on_train_begin", compiled_again),
    "compiled again, late": (LATE, compiled_again),
    "variables read": ("on_train_begin", lambda model: model.optimizer.variables),
    "notes": ("on_train_begin", lambda model: setattr(model, "notes", {})),
}
LEFT_TO_KERAS = {
    "no bias": "a callback has changed bias of dense",
    "no use of a bias": "the network is not as its configuration tells",
    "optimizer": "a callback has changed optimizer of sequential",
    "own gradients": "a callback has changed apply_gradients of adam",
    "compiled again": "a callback has changed loss of sequential",
    "compiled again, late": "the network was compiled anew between epochs",
}


OF_ITS_OWN = {
    "own activation": "doubled of Dense is not Keras' own code",
    "regularizer": "kernel_regularizer of dense was changed after its layer was made",
}


def trained(engine, when, change):
    """A fit in which a callback changes the network, and the hooks that were called."""
    hooks = []

    class Changes(keras.callbacks.Callback):
        def told(self, hook):
            hooks.append(hook)
            if hook == when:
                change(self.model)

        def set_model(self, model):
            super().set_model(model)
            self.told("set_model")

        def on_train_begin(self, logs=None):
            self.told("on_train_begin")

        def on_epoch_begin(self, epoch, logs=None):
            self.told(f"on_epoch_begin {epoch}")

    hidden = [lambda: layers.Dense(4, "relu"), lambda: layers.Dropout(0.3)]
    params = {"callbacks": [Changes()], "epochs": 2, "batch_size": 64}
    return fitted(network(TABLE, *hidden), X, Y, engine, **params), hooks


# Keras warns of the bias that its layer no longer uses.
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_obeyed_as_by_model_fit(name):
    (theirs, there), (ours, here) = (trained(engine, *CHANGES[name]) for engine in ENGINES)
    assert here == there
    assert ours.history_ == theirs.history_
    for part in (lambda clf: clf.model_, lambda clf: clf.model_.optimizer):
        pairs = zip(part(ours).variables, part(theirs).variables, strict=True)
        assert all(np.array_equal(one.numpy(), other.numpy()) for one, other in pairs)
    engine = re.sub(r"_\d+", "", ours.engine_)
    expected = f"graph of its own: {OF_ITS_OWN[name]}" if name in OF_ITS_OWN else "graph"
    assert engine == (f"keras: {LEFT_TO_KERAS[name]}" if name in LEFT_TO_KERAS else expected)


def test_engine_graph_refuses_what_a_callback_has_changed():
    with pytest.raises(ValueError, match="engine='graph'.*a callback has changed bias"):
        trained("graph", *CHANGES["no bias"])


def seen_by(engine, metrics):
    """What a callback reads from the network after each epoch: words, and numbers."""
    words, numbers = [], []

    class Reads(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            model = self.model
            words.append([metric.name for metric in model.metrics[1].metrics])
            words.append([self.params, model.metrics_names, sorted(logs), model.history.epoch])
            numbers.append([*model.get_metrics_result().values(), model.optimizer.iterations])
            numbers.append(list(logs.values()))

    params = {"callbacks": [Reads()], "epochs": 2, "metrics": metrics()}
    clf = fitted(uncompiled, X, Y, engine, **params)
    assert clf.engine_.startswith("keras" if engine == "keras" else "graph")
    words.append(list(clf.history_))
    return words, [np.ravel(part) for part in keras.tree.flatten(numbers)]


METRICS = {
    "text": lambda: ["accuracy", "AUC", "f1_score"],
    "objects": lambda: [keras.metrics.F1Score(), keras.metrics.AUC(name="roc", multi_label=True)],
    "arguments": lambda: [
        keras.metrics.RecallAtPrecision(0.5),
        keras.metrics.FBetaScore(beta=2.0, threshold=0.5),
    ],
}


@pytest.mark.parametrize("name", METRICS)
def test_a_callback_reads_what_it_does_under_model_fit(name):
    (theirs, numbers), (ours, own) = (seen_by(engine, METRICS[name]) for engine in ENGINES)
    assert ours == theirs
    np.testing.assert_allclose(np.concatenate(own), np.concatenate(numbers), rtol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_and_the_estimator_follow_any_metric(engine, tmp_path):
    callbacks = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5),
        keras.callbacks.ReduceLROnPlateau(monitor="val_auc", patience=0, min_delta=1),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.keras", monitor="auc", save_best_only=True
        ),
    ]
    params = {"metrics": ["accuracy", "AUC"], "epochs": 3, "callbacks": callbacks}
    clf = fitted(uncompiled, X, Y, engine, **params)
    assert clf.history_["learning_rate"][-1] < clf.history_["learning_rate"][0]
    assert keras.saving.load_model(tmp_path / "best.keras").count_params() == 33
    params = {"monitor": "val_auc", "patience": 1, "early_stopping": True, "epochs": 9}
    clf = fitted(uncompiled, X, Y, engine, metrics=["AUC"], **params)
    assert clf.n_iter_ == 1 + int(np.argmax(clf.history_["val_auc"]))
