"""Small networks and rows, and the comparison of the two engines."""

import keras
import numpy as np

from imbalanced_nn import BalancedKerasClassifier

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
    assert_equal(ours, theirs, X, exact)


def assert_equal(ours, theirs, X, exact=True):
    """Hold what the graph trained against what Keras did: history, variables and answers."""
    assert ours.engine_ == "graph"
    assert theirs.engine_.startswith("keras")
    compare = np.testing.assert_array_equal
    # Other compilers round otherwise inside of a loop.
    if not exact or keras.backend.backend() != "tensorflow":

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
