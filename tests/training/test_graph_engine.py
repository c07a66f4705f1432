"""The graph engine trains as ``Model.fit`` does with the same batches."""

import re
import threading

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.cache import TRAINING

layers = keras.layers

TABLE, SEQUENCE, IMAGE = (6,), (12, 3), (8, 8, 1)


def network(shape, *hidden, units=1, activation="sigmoid", **compile_kwargs):
    """Return a build function of a small compiled network."""

    def build():
        stack = [keras.Input(shape), *(make() for make in hidden)]
        model = keras.Sequential([*stack, layers.Dense(units, activation=activation)])
        losses = {"sigmoid": "binary_crossentropy", "softmax": "sparse_categorical_crossentropy"}
        given = {"optimizer": "adam", "loss": losses[activation], **compile_kwargs}
        if callable(given["optimizer"]):
            given["optimizer"] = given["optimizer"]()
        model.compile(**given)
        return model

    return build


def rows(shape, n_classes=2, n=150, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, *shape)).astype(np.float32)
    score = X.reshape(n, -1)[:, 0] + 0.3 * generator.normal(size=n)
    return X, np.digitize(score, np.linspace(-0.5, 0.5, n_classes + 1)[1:-1] + 0.4)


def fitted(build, X, y, engine, sample_weight=None, **params):
    params = {"epochs": 3, "random_state": 5, "early_stopping": False, **params}
    return BalancedKerasClassifier(build, engine=engine, **params).fit(X, y, sample_weight)


def assert_equal_fits(build, X, y, exact=True, **kwargs):
    theirs, ours = (fitted(build, X, y, engine, **kwargs) for engine in ("keras", "graph"))
    assert ours.engine_ == "graph"
    assert theirs.engine_.startswith("keras")
    compare = np.testing.assert_array_equal
    if not exact:

        def compare(a, b):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)

    assert ours.history_.keys() == theirs.history_.keys()
    for name in theirs.history_:
        compare(ours.history_[name], theirs.history_[name])
    for mine, other in zip(ours.model_.variables, theirs.model_.variables, strict=True):
        compare(np.asarray(mine), np.asarray(other))
    optimizers = (ours.model_.optimizer.variables, theirs.model_.optimizer.variables)
    for mine, other in zip(*optimizers, strict=True):
        compare(np.asarray(mine), np.asarray(other))
    compare(ours.predict_proba(X), theirs.predict_proba(X))


HIDDEN = {
    "dense": (TABLE, [lambda: layers.Dense(8, "relu")]),
    "dropout": (TABLE, [lambda: layers.Dense(8, "relu"), lambda: layers.Dropout(0.3)]),
    "batch_norm": (TABLE, [lambda: layers.Dense(8), lambda: layers.BatchNormalization()]),
    "regularised": (TABLE, [lambda: layers.Dense(8, kernel_regularizer="l2")]),
    "noise": (TABLE, [lambda: layers.GaussianNoise(0.1), lambda: layers.Dense(4)]),
    "convolution": (SEQUENCE, [lambda: layers.Conv1D(4, 3), lambda: layers.Flatten()]),
    "image": (IMAGE, [lambda: layers.Conv2D(4, 3), lambda: layers.GlobalAveragePooling2D()]),
    "recurrent": (SEQUENCE, [lambda: layers.GRU(4)]),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_equals_model_fit(name):
    shape, hidden = HIDDEN[name]
    X, y = rows(shape)
    # Convolutions and recurrences may be fused differently inside a loop.
    exact = name not in ("convolution", "image", "recurrent")
    assert_equal_fits(network(shape, *hidden), X, y, exact=exact)


def test_equals_model_fit_of_the_default_network():
    X, y = rows(TABLE)
    assert_equal_fits(None, X, y, model__hidden_layer_sizes=(8,))


def test_equals_model_fit_with_integer_input():
    X, y = rows(TABLE)
    X = np.abs(X * 10).astype(np.int32) % 7
    build = network(TABLE, lambda: layers.Embedding(7, 2), lambda: layers.Flatten())
    assert_equal_fits(build, X, y)


def test_equals_model_fit_for_several_classes_and_labels():
    X, y = rows(TABLE, n_classes=3)
    hidden = HIDDEN["dense"][1]
    assert_equal_fits(network(TABLE, *hidden, units=3, activation="softmax"), X, y)
    labels = np.column_stack([y > 0, y > 1, X[:, 1] > 0.5]).astype(int)
    assert_equal_fits(network(TABLE, *hidden, units=3), X, labels)


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


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_model_fit_for_every_optimizer(name):
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1], optimizer=getattr(keras.optimizers, name))
    # Muon's matrix iteration is fused differently inside a loop.
    assert_equal_fits(build, X, y, exact=name != "Muon", warm_start=False)


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


@pytest.mark.parametrize("name", METRICS)
def test_equals_model_fit_with_metrics(name):
    X, y = rows(TABLE)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(y))
    params = {"model__hidden_layer_sizes": (4,), "epochs": 2}
    for seed in range(2):
        theirs, ours = (
            BalancedKerasClassifier(
                engine=engine, random_state=seed, **params, **METRICS[name]()
            ).fit(X, y, weight)
            for engine in ("keras", "graph")
        )

        # Keras numbers unnamed metrics on through the process, scikeras renames the first.
        def names(clf):
            kept = [re.sub(r"_\d+$", "", name) for name in clf.history_]
            return [name.replace("a_u_c", "auc") for name in kept]

        assert names(ours) == names(theirs)
        assert len(names(ours)) == 4 + 2 * len(keras.tree.flatten(METRICS[name]()))
        mine, other = list(ours.history_.values()), list(theirs.history_.values())
        np.testing.assert_allclose(mine, other, rtol=1e-6)


def test_learning_rate_schedule():
    X, y = rows(TABLE)

    def optimizer():
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
        return keras.optimizers.SGD(schedule, momentum=0.9)

    assert_equal_fits(network(TABLE, *HIDDEN["dense"][1], optimizer=optimizer), X, y)


def test_epoch_callbacks_see_and_steer_the_network():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])

    def run(engine):
        seen = []

        class Watch(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                seen.append((epoch, logs["loss"], self.model.get_weights()[0].sum()))
                if epoch == 3:
                    self.model.set_weights([w * 0.5 for w in self.model.get_weights()])

        callbacks = [
            Watch(),
            keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch)),
            keras.callbacks.EarlyStopping("loss", patience=2, min_delta=0.05),
        ]
        clf = fitted(build, X, y, engine, callbacks=callbacks, validation_split=0.0, epochs=12)
        return clf, seen

    (theirs, seen_there), (ours, seen_here) = run("keras"), run("graph")
    assert seen_here == seen_there
    assert ours.history_ == theirs.history_
    assert 3 < len(ours.history_["loss"]) <= 12


def mine(y_true, y_pred):
    return keras.ops.mean(y_pred, axis=-1)


def test_files_of_epoch_callbacks(tmp_path):
    X, y = rows(TABLE)

    def run(engine):
        clf = fitted(
            network(TABLE, *HIDDEN["dense"][1]),
            X,
            y,
            engine,
            callbacks=[
                keras.callbacks.CSVLogger(str(tmp_path / f"{engine}.csv")),
                keras.callbacks.ModelCheckpoint(str(tmp_path / f"{engine}-{{epoch}}.keras")),
                keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1),
            ],
        )
        saved = [keras.saving.load_model(tmp_path / f"{engine}-{k}.keras") for k in (1, 2, 3)]
        log = (tmp_path / f"{engine}.csv").read_text()
        return clf, [model.get_weights() for model in saved], log

    theirs, ours = run("keras"), run("graph")
    assert ours[0].engine_ == "graph"
    assert ours[0].history_ == theirs[0].history_
    assert len(set(ours[0].history_["learning_rate"])) == 2
    assert ours[2] == theirs[2]
    for mine, other in zip(ours[1], theirs[1], strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_checkpoints_within_epochs_are_left_to_keras(tmp_path):
    X, y = rows(TABLE)
    often = keras.callbacks.ModelCheckpoint(str(tmp_path / "{batch}.keras"), save_freq=2)
    clf = fitted(network(TABLE), X, y, "auto", callbacks=[often], epochs=1)
    assert "ModelCheckpoint looks at batches" in clf.engine_
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("looks at batches", {"callbacks": [keras.callbacks.TerminateOnNaN()]}),
        ("metric mine is not", {"metrics": [mine], "model": None}),
        ("verbose", {"verbose": 2}),
        ("a way to run of its own", {"run_eagerly": True, "model": None}),
    ],
)
def test_leaves_to_keras_what_it_cannot_prove(reason, change, capsys):
    X, y = rows(TABLE)
    params = {"model": network(TABLE), "epochs": 1, "model__hidden_layer_sizes": (4,), **change}
    if params["model"] is not None:
        del params["model__hidden_layer_sizes"]
    clf = BalancedKerasClassifier(**params).fit(X, y)
    assert reason in clf.engine_
    with pytest.raises(ValueError, match=f"engine='graph'.*{reason}"):
        clf.set_params(engine="graph").fit(X, y)


class Doubled(layers.Layer):
    def call(self, inputs):
        return 2 * inputs


def half(inputs):
    return inputs / 2


def test_leaves_wrapped_optimizers_to_keras():
    X, y = rows(TABLE)
    wrapped = lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())  # noqa: E731
    assert "optimizer" in fitted(network(TABLE, optimizer=wrapped), X, y, "auto").engine_


@pytest.mark.parametrize(
    ("reason", "layer"),
    [
        ("Doubled", Doubled),
        ("Lambda", lambda: layers.Lambda(lambda inputs: 2 * inputs)),
        ("half", lambda: layers.Dense(3, activation=half)),
    ],
)
def test_leaves_foreign_code_to_keras(reason, layer):
    X, y = rows(TABLE)
    assert reason in fitted(network(TABLE, layer), X, y, "auto").engine_


def test_leaves_foreign_losses_and_models_to_keras():
    X, y = rows(TABLE)

    def squared(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    class Own(keras.Model):
        def train_step(self, data):
            return super().train_step(data)

    def build():
        inputs = keras.Input(TABLE)
        model = Own(inputs, layers.Dense(1, activation="sigmoid")(inputs))
        model.compile("adam", "binary_crossentropy")
        return model

    assert "squared" in fitted(network(TABLE, loss=squared), X, y, "auto").engine_
    assert "Own" in fitted(build, X, y, "auto").engine_


def test_memory_mapped_data_is_not_copied_into_a_tensor(tmp_path):
    X, y = rows(TABLE)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert "memory-mapped" in fitted(network(TABLE), mapped, y, "auto").engine_


def test_equal_networks_share_one_program_and_others_do_not():
    X, y = rows(TABLE)
    clear_programs()
    build = network(TABLE, *HIDDEN["dense"][1])
    for seed in range(4):
        fitted(build, X[: 140 + seed], y[: 140 + seed], "graph", random_state=seed)
    assert len(TRAINING) == 1
    program = next(iter(TRAINING))
    assert program.n_traces == 1
    for other in (
        network(TABLE, lambda: layers.Dense(8, "tanh")),
        network(TABLE, *HIDDEN["dense"][1], optimizer=lambda: keras.optimizers.Adam(0.1)),
        network(TABLE, *HIDDEN["dense"][1], loss="mse"),
        network(TABLE, lambda: layers.Dense(8, "relu", kernel_regularizer="l1")),
    ):
        before = len(TRAINING)
        fitted(other, X, y, "graph")
        assert len(TRAINING) == before + 1


def test_fits_share_nothing_that_can_be_seen():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])
    first = fitted(build, X, y, "graph")
    before = first.predict_proba(X)
    second = fitted(build, X, 1 - y, "graph", random_state=9)
    np.testing.assert_array_equal(first.predict_proba(X), before)
    assert not np.allclose(second.predict_proba(X), before)
    again = fitted(build, X, y, "graph")
    np.testing.assert_array_equal(again.predict_proba(X), before)


def test_number_of_programs_is_bounded(monkeypatch):
    monkeypatch.setattr(TRAINING, "max_programs", 2)
    clear_programs()
    X, y = rows(TABLE)
    for units in (2, 3, 4):
        fitted(network(TABLE, lambda units=units: layers.Dense(units)), X, y, "graph", epochs=1)
    assert len(TRAINING) == 2
    clear_programs()
    assert len(TRAINING) == 0


def test_a_failed_fit_leaves_the_program_sound():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])
    expected = fitted(build, X, y, "graph").predict_proba(X)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    clf = BalancedKerasClassifier(build, callbacks=[Interrupt()], epochs=3)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert not hasattr(clf, "model_")
    np.testing.assert_array_equal(fitted(build, X, y, "graph").predict_proba(X), expected)


def test_a_fit_inside_a_fit():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dense"][1])
    expected = fitted(build, X, y, "graph").predict_proba(X)
    inner = []

    class Nested(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            inner.append(fitted(build, X, y, "auto").predict_proba(X))

    outer = fitted(build, X, y, "graph", callbacks=[Nested()]).predict_proba(X)
    np.testing.assert_allclose(outer, expected, rtol=1e-6)
    np.testing.assert_allclose(inner, [expected] * 3, rtol=1e-6)


def test_threads_get_the_results_of_a_fit_alone():
    X, y = rows(TABLE)
    build = network(TABLE, *HIDDEN["dropout"][1])
    seeds = range(4)
    expected = [fitted(build, X, y, "graph", random_state=seed).predict_proba(X) for seed in seeds]
    results = [None] * len(seeds)

    def work(seed):
        results[seed] = fitted(build, X, y, "graph", random_state=seed).predict_proba(X)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(results, expected)


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


def adapted(X):
    """Return a build function whose network has adapted itself to X."""

    def build():
        normalization = layers.Normalization()
        normalization.adapt(X)
        return network(TABLE, lambda: normalization)()

    return build


def discretized(X):
    """Return a build function whose network has learned bins from X."""

    def build():
        bins = layers.Discretization(num_bins=4, output_mode="int")
        bins.adapt(X)
        return network(TABLE, lambda: bins, lambda: layers.Rescaling(0.5))()

    return build


def kernel_set(**attributes):
    """Return a build function that changes a variable after its layer was made."""

    def build():
        model = network(TABLE, *HIDDEN["dense"][1])()
        for name, value in attributes.items():
            setattr(model.layers[0].kernel, name, value)
        return model

    return build


def without_decay():
    optimizer = keras.optimizers.AdamW(weight_decay=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


@pytest.mark.parametrize(
    ("reason", "build"),
    [
        ("adapted", adapted(3 + 9 * rows(TABLE)[0])),
        ("changed", kernel_set(trainable=False)),
        ("changed", kernel_set(regularizer=keras.regularizers.L2(1.0))),
        ("changed", kernel_set(constraint=keras.constraints.NonNeg())),
        ("adapted Disc", discretized(3 + 9 * rows(TABLE)[0])),
        ("decay", network(TABLE, optimizer=without_decay)),
        ("loss_weights", network(TABLE, loss_weights=[10.0])),
    ],
)
def test_leaves_to_keras_what_configurations_do_not_tell(reason, build):
    X, y = rows(TABLE)
    X = 3 + 9 * X
    theirs, chosen = (fitted(build, X, y, engine, shuffle=False) for engine in ("keras", "auto"))
    assert reason in chosen.engine_
    assert chosen.history_ == theirs.history_


def test_hooks_in_the_instance_are_found():
    X, y = rows(TABLE)
    seen = []
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    clf = fitted(network(TABLE), X, y, "auto", callbacks=[callback], epochs=1)
    assert "LambdaCallback" in clf.engine_
    assert seen


@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_losses_that_layers_add(engine):
    X, y = rows(TABLE)
    build = network(TABLE, lambda: layers.Dense(4, activity_regularizer="l2"))
    clf = fitted(build, X, y, engine)
    assert np.isfinite(clf.history_["val_loss"]).all()


def test_a_callback_may_use_the_estimator():
    X, y = rows(TABLE)
    shapes = []

    class Predict(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            shapes.append(clf.predict_proba(X).shape)

    clf = BalancedKerasClassifier(network(TABLE), callbacks=[Predict()], epochs=2)
    assert clf.fit(X, y).engine_ == "graph"
    assert shapes == [(len(X), 2)] * 2
