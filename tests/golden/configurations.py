"""Configurations of the estimator, each a function that returns it fitted, and the rows to score.

Every data set is drawn by NumPy alone, every seed is fixed, and every network is tiny.
"""

import functools

import keras
import numpy as np
from sklearn.callback import ProgressBar
from sklearn.model_selection import TimeSeriesSplit
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn import BalancedBatches, BalancedKerasClassifier, ThresholdTuner

TINY = {"epochs": 3, "batch_size": 32, "random_state": 0, "optimizer__learning_rate": 0.02}
layers = keras.layers


def small_network(meta, hidden=6, dropout=0.0):
    """One hidden layer, and an output for the kind of target."""
    kind = meta["target_type_"]
    units = 1 if kind == "binary" else meta["n_classes_"]
    activation = "softmax" if kind.startswith("multiclass") else "sigmoid"
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            layers.Dense(hidden, "relu"),
            layers.Dropout(dropout),
            layers.Dense(units, activation),
        ]
    )


def compiled_network(meta, compile_kwargs):
    """The same, compiled by its builder, with a metric."""
    model = small_network(meta)
    model.compile(
        loss=compile_kwargs["loss"] or "binary_crossentropy",
        optimizer=compile_kwargs["optimizer"],
        metrics=["accuracy"],
    )
    return model


@functools.cache
def rows(kind="binary", n=240):
    """Return X and y of a kind of target, the rarest class about one row in eight."""
    generator = np.random.default_rng(7)
    if kind == "steps":
        X = generator.normal(size=(n // 4, 5, 3)).astype("float32")
        return X, (X[:, :, :1] + 0.5 * generator.normal(size=(n // 4, 5, 1)) > 1.2).astype(int)
    X = generator.normal(size=(n, 5)).astype("float32")
    score = X[:, 0] - X[:, 1] + 0.7 * generator.normal(size=n)
    if kind == "multilabel":
        return X, np.column_stack([score > 1.5, X[:, 2] > 1.1, X[:, 3] > 0.8]).astype(int)
    if kind == "multiclass":
        return X, np.digitize(score, [0.6, 1.9])
    if kind == "text":
        return X, np.where(score > 1.7, "fraud", "ok")
    return X, (score > 1.7).astype(int)


def fitted(kind="binary", fit_params=None, **params):
    """Fit to the rows of a kind of target."""
    given = {"model": small_network} | TINY | params
    return BalancedKerasClassifier(**given).fit(*rows(kind), **fit_params or {})


class HalvedFeatures(BalancedKerasClassifier):
    """A subclass with a feature encoder of its own."""

    @property
    def feature_encoder(self):
        """Halve the features."""
        return FunctionTransformer(lambda X: np.asarray(X, "float32") / 2)


def weights():
    """Weights of the rows, some of them 0."""
    generator = np.random.default_rng(3)
    return generator.choice([0.0, 1.0, 2.5], size=len(rows()[1]))


def going_on(**params):
    """Fit, and then go on by `partial_fit`."""
    return fitted(**params).partial_fit(*rows())


def warm():
    """Two fits of one estimator that goes on from where it was."""
    return fitted(warm_start=True).fit(*rows())


def tuned_later():
    """Another aim after the fit, on the kept held-out scores."""
    clf = fitted(threshold="f1")
    clf.tune_threshold(objective="f2")
    return clf


def halving(epoch):
    """A schedule of the user's own."""
    return 1 - 0.5**epoch


def by_square_root(y):
    """Class weights of the user's own."""
    labels, counts = np.unique(y, return_counts=True)
    return dict(zip(labels.tolist(), (counts.max() / counts) ** 0.5, strict=True))


CONFIGURATIONS = {
    "default network": lambda: fitted(model="mlp", validation_split=0.2),
    "deeper default network": lambda: fitted(
        model="mlp", model__hidden_layer_sizes=(6, 6), validation_split=0.2
    ),
    "text labels": lambda: fitted("text"),
    "several classes": lambda: fitted("multiclass"),
    "several labels": lambda: fitted("multilabel"),
    "time steps": lambda: fitted("steps", class_weight="balanced"),
    "keras engine": lambda: fitted(engine="keras", class_weight="balanced"),
    "graph engine, dropout": lambda: fitted(model__dropout=0.3, engine="graph"),
    "keras engine, dropout": lambda: fitted(model__dropout=0.3, engine="keras"),
    "random over": lambda: fitted(sampler="random_over"),
    "random under": lambda: fitted(sampler="random_under"),
    "random over, once": lambda: fitted(sampler="random_over", resample_every="fit"),
    "smote": lambda: fitted(sampler="smote"),
    "smote, each epoch": lambda: fitted(sampler="smote", resample_every="epoch"),
    "smote, three classes": lambda: fitted("multiclass", sampler="smote"),
    "balanced batches": lambda: fitted(sampler="balanced_batches"),
    "quota of a class": lambda: fitted("text", sampler=BalancedBatches({"fraud": 0.25})),
    "balanced batches, several labels": lambda: fitted("multilabel", sampler="balanced_batches"),
    "balanced": lambda: fitted(class_weight="balanced"),
    "balanced, several classes": lambda: fitted("multiclass", class_weight="balanced"),
    "balanced, several labels": lambda: fitted("multilabel", class_weight="balanced"),
    "balanced_sqrt": lambda: fitted(class_weight="balanced_sqrt"),
    "effective_number": lambda: fitted(class_weight="effective_number"),
    "balanced_batch": lambda: fitted(class_weight="balanced_batch"),
    "weights by label": lambda: fitted("text", class_weight={"fraud": 5, "ok": 1}),
    "weights by a function": lambda: fitted(class_weight=by_square_root),
    "sample weights": lambda: fitted(fit_params={"sample_weight": weights()}),
    "linear schedule": lambda: fitted(sampler="balanced_batches", balancing_schedule="linear"),
    "cosine schedule": lambda: fitted(sampler="random_over", balancing_schedule="cosine"),
    "own schedule": lambda: fitted(sampler="random_under", balancing_schedule=halving),
    "deferred re-weighting": lambda: fitted(loss="ldam"),
    "focal": lambda: fitted(loss="focal"),
    "logit adjusted": lambda: fitted("multiclass", loss="logit_adjusted", init_bias=None),
    "balanced softmax": lambda: fitted("multiclass", loss="balanced_softmax", init_bias=None),
    "asymmetric": lambda: fitted("multilabel", loss="asymmetric"),
    "pairwise": lambda: fitted(loss="pairwise_auc"),
    "cost sensitive": lambda: fitted(loss="cost_sensitive", loss__cost_matrix=[[0, 1], [20, 0]]),
    "two stages": lambda: fitted(head_sampler="balanced_batches"),
    "cross-fitting": lambda: fitted(validation_split=3),
    "cross-fitting, one network": lambda: fitted(validation_split=3, ensemble=False),
    "cross-fitting, several classes": lambda: fitted(
        "multiclass", validation_split=3, sampler="random_over"
    ),
    "cross-fitting, time": lambda: fitted(validation_split=TimeSeriesSplit(3, gap=2)),
    "temperature": lambda: fitted(calibration="temperature"),
    "sigmoid": lambda: fitted(calibration="sigmoid", validation_split=3),
    "isotonic": lambda: fitted("multiclass", calibration="isotonic"),
    "not calibrated": lambda: fitted(calibration=None, sampler="random_over"),
    "other priors": lambda: fitted(priors=[0.5, 0.5], class_weight="balanced"),
    "adapted priors": lambda: fitted().adapt_priors(rows()[0][:90]),
    "groups": lambda: fitted(fit_params={"groups": np.arange(240) // 4}),
    "rows of the user's own": lambda: fitted(
        fit_params={"X_val": rows()[0][:60], "y_val": rows()[1][:60]}
    ),
    "nothing held out": lambda: fitted(validation_split=0),
    "partial_fit": lambda: going_on(optimizer="sgd"),
    "warm start": warm,
    "own feature encoder": lambda: HalvedFeatures(small_network, **TINY).fit(*rows()),
    "compiled by the builder": lambda: fitted(model=compiled_network),
    "early stopping on the loss": lambda: fitted(monitor="val_loss", patience=1),
    "keras' callbacks": lambda: fitted(
        callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))]
    ),
    "scikit-learn's callbacks": lambda: (
        BalancedKerasClassifier(small_network, **TINY).set_callbacks(ProgressBar()).fit(*rows())
    ),
    "f1": lambda: fitted(threshold="f1"),
    "f1_macro": lambda: fitted("multiclass", threshold="f1_macro"),
    "constraint": lambda: fitted(threshold=ThresholdTuner("recall", constraint=("precision", 0.3))),
    "costs": lambda: fitted(threshold=ThresholdTuner(cost_matrix=[[0, 1], [20, 0]])),
    "own cut": lambda: fitted(threshold=0.3),
    "no cut": lambda: fitted(threshold=None),
    "tuned after the fit": tuned_later,
}


def values(clf) -> dict[str, np.ndarray]:
    """Return what a fitted estimator gave, by name, as arrays."""
    n_steps = getattr(clf, "n_steps_", None)
    kind = "steps" if n_steps else None
    if kind is None:
        kind = "multilabel" if np.ndim(clf.predict(rows()[0][:2])) > 1 else "binary"
    X = rows(kind)[0]
    found = {
        "proba": clf.predict_proba(X),
        "labels": np.asarray(clf.predict(X)),
        "threshold": np.asarray(getattr(clf, "best_threshold_", np.nan), dtype=float),
        "held out": clf.validation_indices_,
        "rows": np.asarray(getattr(clf, "sample_indices_", [])),
        "prior": clf.class_prior_,
        "class_count": clf.class_count_,
        "epochs": np.asarray(clf.n_iter_),
        "engine": np.asarray(clf.engine_.split(":")[0]),
    }
    if (weight := getattr(clf, "class_weight_", None)) is not None:
        found["class_weight"] = np.asarray(list(weight.values()), dtype=float)
    for name, series in clf.history_.items():
        found[f"history {name}"] = np.asarray(series)
    return found
