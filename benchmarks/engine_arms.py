"""The competitors of `benchmarks.engine`: the same network, optimizer, batches and epochs.

Every arm trains a 64-64-1 network with Adam on batches of 256 rows, unseeded, and holds no rows
out, unless a search says otherwise. What is not installed is left out.
"""

import importlib.util
import itertools
import warnings
from functools import partial

import numpy as np

BATCH, HIDDEN = 256, (64, 64)


def network(meta):
    """Return the uncompiled network, as scikeras and the estimator of this package build it."""
    return keras_network(meta["n_features_in_"])


def keras_network(n_features):
    """Return the network that every Keras arm trains."""
    import keras

    hidden = [keras.layers.Dense(units, "relu") for units in HIDDEN]
    output = keras.layers.Dense(1, "sigmoid")
    return keras.Sequential([keras.Input((n_features,)), *hidden, output])


class PlainKeras:
    """``Model.fit`` and ``Model.predict`` without any wrapper."""

    def __init__(self, epochs):
        self.epochs = epochs

    def fit(self, X, y):
        """Train."""
        self.model = keras_network(X.shape[1])
        self.model.compile("adam", "binary_crossentropy")
        self.model.fit(X, y, batch_size=BATCH, epochs=self.epochs, verbose=0)
        return self

    def predict_proba(self, X):
        """Predict."""
        return self.model.predict(X, verbose=0)


class TorchLoop:
    """A plain loop over shuffled batches, with Adam in its fused form."""

    def __init__(self, epochs):
        self.epochs = epochs

    def fit(self, X, y):
        """Train."""
        import torch

        X, y = torch.from_numpy(X), torch.from_numpy(y.astype(np.float32))[:, None]
        self.model = torch_network(X.shape[1])
        optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        loss = torch.nn.BCEWithLogitsLoss()
        for _ in range(self.epochs):
            for rows in torch.randperm(len(X)).split(BATCH):
                optimizer.zero_grad(set_to_none=True)
                loss(self.model(X[rows]), y[rows]).backward()
                optimizer.step()
        return self

    def predict_proba(self, X):
        """Predict."""
        import torch

        with torch.inference_mode():
            return torch.sigmoid(self.model(torch.from_numpy(X))).numpy()


def torch_network(n_features):
    """Return the network in torch; its output is a log-odds."""
    import torch

    sizes = [n_features, *HIDDEN]
    layers = []
    for given, units in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(given, units), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))


def ours(epochs, **params):
    """Return the estimator of this package; by default without held-out rows and threshold."""
    from imbalanced_nn import BalancedKerasClassifier

    plain = {"validation_split": 0, "early_stopping": False, "threshold": None}
    return BalancedKerasClassifier(network, batch_size=BATCH, epochs=epochs, **plain | params)


def scikeras(epochs, **params):
    """Return scikeras' classifier, with the tags without which scikit-learn refuses it."""
    import scikeras.wrappers
    from sklearn.base import BaseEstimator

    class Tagged(scikeras.wrappers.KerasClassifier):
        def __sklearn_tags__(self):
            tags = BaseEstimator.__sklearn_tags__(self)
            tags.estimator_type = "classifier"
            return tags

    given = {"optimizer": "adam", "loss": "binary_crossentropy", "verbose": 0}
    return Tagged(network, batch_size=BATCH, epochs=epochs, **given | params)


def focal(y_true, y_pred):
    """Return the focal loss, written as people write it."""
    from keras import ops

    y_true = ops.cast(y_true, y_pred.dtype)
    share = ops.clip(y_pred, 1e-6, 1 - 1e-6)
    found = y_true * (1 - share) ** 2 * ops.log(share)
    spared = (1 - y_true) * share**2 * ops.log(1 - share)
    return -ops.mean(found + spared, axis=-1)


def batch_f1(y_true, y_pred):
    """Return the F1 score of a batch, which Keras averages over the batches."""
    from keras import ops

    true, decided = ops.cast(y_true, "float32"), ops.cast(y_pred > 0.5, "float32")
    return 2 * ops.sum(true * decided) / (ops.sum(true) + ops.sum(decided) + 1e-7)


def f1_record():
    """Return a callback that keeps the best F1 score of the epochs."""
    import keras

    class Record(keras.callbacks.Callback):
        best = 0.0

        def on_epoch_end(self, epoch, logs=None):
            self.best = max(self.best, logs["batch_f1"])

    return Record


# What else people write, as parameters that scikeras and this package take alike.
SPELLINGS = {
    "no loss given": dict,
    "loss by name": lambda: {"loss": "binary_crossentropy"},
    "own loss function": lambda: {"loss": focal},
    "own metric and callback": lambda: {
        "loss": "binary_crossentropy",
        "metrics": [batch_f1],
        "callbacks": f1_record(),
    },
}


def spelled(home):
    """Return the arms of a home, those of this package and scikeras in each spelling they take."""
    arms = {}
    for name, arm in installed_arms(home).items():
        # Without a loss scikeras does not train.
        taken = {ours: list(SPELLINGS), scikeras: list(SPELLINGS)[1:]}.get(arm, [])
        arms |= {f"{name}, {each}": partial(in_spelling, arm, each) for each in taken}
        if not taken:
            arms[name] = arm
    return arms


def in_spelling(arm, spelling, epochs):
    """Return an arm with the parameters of a spelling."""
    return arm(epochs, **SPELLINGS[spelling]())


def skorch(epochs):
    """Return skorch's classifier."""
    import torch
    from skorch import NeuralNetBinaryClassifier

    class Typed(NeuralNetBinaryClassifier):
        def fit(self, X, y):
            self.set_params(module__n_features=X.shape[1])
            return super().fit(X, y.astype(np.float32))

    class Module(torch.nn.Module):
        def __init__(self, n_features):
            super().__init__()
            self.layers = torch_network(n_features)

        def forward(self, X):
            return self.layers(X)

    return Typed(
        Module,
        optimizer=torch.optim.Adam,
        lr=0.001,
        max_epochs=epochs,
        batch_size=BATCH,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def sklearn_mlp(epochs):
    """Return scikit-learn's network, made to run all epochs."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    return MLPClassifier(HIDDEN, batch_size=BATCH, max_iter=epochs, n_iter_no_change=epochs)


# By the library whose process they run in. Keras has one backend in a process.
ARMS = {
    "tensorflow": {
        "imbalanced_nn": ours,
        "scikeras": scikeras,
        "Keras Model.fit": PlainKeras,
        "sklearn MLPClassifier": sklearn_mlp,
    },
    "jax": {"imbalanced_nn on JAX": ours},
    "torch": {"torch loop": TorchLoop, "skorch": skorch},
}
NEEDS = {"imbalanced_nn on JAX": ["jax"], "torch loop": ["torch"], "skorch": ["torch", "skorch"]}


def installed_arms(home):
    """Return the arms of a home whose packages are installed."""
    return {name: arm for name, arm in ARMS[home].items() if not missing(name)}


def missing(name):
    """Return what an arm needs and is not installed."""
    return [each for each in NEEDS.get(name, []) if importlib.util.find_spec(each) is None]


def searches(epochs):
    """Return the arms of a search over six strategies, each with its threshold tuned.

    The neighbours fit each candidate six times, five for the threshold and once for all rows.
    Ours does the same work once in its own way, from one held-out fifth, and once from five
    folds, which trains as many networks as theirs but the last.
    """
    from imblearn.over_sampling import SMOTE, RandomOverSampler
    from imblearn.pipeline import Pipeline
    from imblearn.under_sampling import RandomUnderSampler
    from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV

    def samplers():
        over, half = (
            RandomOverSampler(random_state=0),
            RandomOverSampler(sampling_strategy=0.5, random_state=0),
        )
        return [over, half, RandomUnderSampler(random_state=0), SMOTE(random_state=0)]

    def theirs():
        pipeline = Pipeline([("sampler", "passthrough"), ("net", scikeras(epochs))])
        tuned = TunedThresholdClassifierCV(pipeline, scoring="balanced_accuracy", cv=5)
        grid = [
            {"estimator__net__class_weight": [None, "balanced"]},
            {"estimator__sampler": samplers()},
        ]
        return GridSearchCV(tuned, grid, scoring="balanced_accuracy", cv=5)

    def mine(split):
        net = ours(epochs, threshold="balanced_accuracy", validation_split=split)
        grid = [{"class_weight": [None, "balanced"]}, {"sampler": samplers()}]
        return GridSearchCV(net, grid, scoring="balanced_accuracy", cv=5)

    return {
        "imbalanced_nn, one fifth held out": lambda: mine(0.2),
        "imbalanced_nn, cross-fitted on 5 folds": lambda: mine(5),
        "imblearn Pipeline + scikeras + TunedThresholdClassifierCV": theirs,
    }
