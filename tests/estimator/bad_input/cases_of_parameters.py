"""Parameters that no fit can use, and the words that say so."""

import keras
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

from .conftest import NAMED, X, Y, only


def outputs(units):
    """Return a builder of a network with so many outputs."""

    def build(meta, hidden_layer_sizes=None):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(units, "softmax")(inputs))

    return build


def no_model(meta, hidden_layer_sizes=None):
    """Forget to return the network."""
    outputs(1)(meta)


def refusing(message):
    """Return a builder that raises."""

    def build(meta, hidden_layer_sizes=None):
        raise RuntimeError(message)

    return build


OF_PARAMETERS = {
    "auto": (
        {"class_weight": "auto"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight", "'auto'", "None, 'balanced', ", "write class_weight='balanced'"],
    ),
    "label of class_weight": (
        {"class_weight": {"fruad": 3}},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight", "'fruad'", "['fraud', 'ok']", "Did you mean 'fraud'?"],
    ),
    "no class has weight": (
        {"class_weight": {"fraud": 0, "ok": 0}},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight", "positive weight"],
    ),
    "function of class_weight": (
        {"class_weight": lambda y: [1.0]},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["class_weight=<function", "one weight for each of ['fraud', 'ok']", "returned [1.0]"],
    ),
    "one fold": (
        {"validation_split": 1},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'validation_split'", "[2, inf)", "[0.0, 1.0)", "1 instead"],
    ),
    "one fold in fit": (
        {},
        X,
        NAMED,
        {"validation_split": 1},
        InvalidParameterError,
        ["'validation_split'", "[2, inf)", "1 instead"],
    ),
    "folds and warm start": (
        {"validation_split": 5, "warm_start": True},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["validation_split=5", "share such as 0.2", "warm_start=False"],
    ),
    "average of scores": (
        {"validation_split": 3, "loss": "pairwise_auc"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["validation_split=3", "pairwise_auc", "ensemble=False"],
    ),
    "share in fit": (
        {},
        X,
        NAMED,
        {"validation_split": -0.2},
        InvalidParameterError,
        ["'validation_split' parameter", "must be", "-0.2"],
    ),
    "splitter without groups": (
        {"validation_split": GroupKFold(5)},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["validation_split=GroupKFold(n_splits=5", "'groups'", "share such as 0.2"],
    ),
    "splitter without a class": (
        {"validation_split": TimeSeriesSplit(4)},
        X,
        only(100),
        {},
        TooFewRowsError,
        ["validation_split=TimeSeriesSplit", "no row of class 'ok' to train on", "X_val"],
    ),
    "sampler": (
        {"sampler": "smoet"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["sampler='smoet'", "Did you mean 'smote'?", "'passthrough'"],
    ),
    "sampler class": (
        {"sampler": SMOTE},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["sampler", "instance"],
    ),
    "sampler parameter": (
        {"sampler": "smote", "sampler__neighbors": 3},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["sampler__neighbors", "Did you mean 'k_neighbors'?"],
    ),
    "sampler on labels": (
        {"sampler": "smote"},
        X,
        np.column_stack([Y, 1 - Y, X[:, 0] > 0]).astype(int),
        {},
        InvalidParameterError,
        ["sampler='smote'", "multilabel", "class_weight='balanced'"],
    ),
    "threshold above 1": (
        {"threshold": 1.5},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "[0, 1]", "1.5"],
    ),
    "threshold below 0": (
        {"threshold": -0.1},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "[0, 1]", "-0.1"],
    ),
    "threshold nan": (
        {"threshold": float("nan")},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "[0, 1]", "nan"],
    ),
    "threshold name": (
        {"threshold": "f1_scor"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'f1_scor'", "unknown", "f1"],
    ),
    "threshold of rankings": (
        {"threshold": "roc_auc"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'roc_auc'", "does not depend on the threshold"],
    ),
    "two cuts of one class": (
        {"threshold": [0.2, 0.8]},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["'threshold'", "one number in [0, 1]"],
    ),
    "cuts of classes": (
        {"threshold": [0.2, 0.8]},
        X,
        np.arange(200) % 3,
        {},
        InvalidParameterError,
        ["'threshold'", "3 numbers (one per class)"],
    ),
    "pos_label": (
        {"pos_label": "theft"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["pos_label='theft'", "['fraud', 'ok']", "or None for 1 of 0 and 1"],
    ),
    "no model": (
        {"model": no_model},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["model", "no_model", "returned None", "forget to return"],
    ),
    "outputs": (
        {"model": outputs(3)},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["3 output units", "binary", "1 or 2", "meta['n_classes_']"],
    ),
    "failing builder": ({"model": refusing("boom")}, X, NAMED, {}, RuntimeError, ["boom"]),
    "model name": (
        {"model": "defualt"},
        X,
        NAMED,
        {},
        InvalidParameterError,
        ["model='defualt'", "Did you mean 'default'?"],
    ),
}
for _name, _value in {
    "validation_split": 1.0,
    "calibration": "platt",
    "early_stopping": "yes",
    "monitor": None,
    "patience": -1,
    "init_bias": 0.5,
    "epochs": 1.5,
    "batch_size": 0,
    "class_weight": 3,
    "sampler": 3,
    "random_state": "seed",
}.items():
    OF_PARAMETERS[f"{_name} of a wrong kind"] = (
        {_name: _value},
        X,
        NAMED,
        {},
        InvalidParameterError,
        [f"'{_name}' parameter", "must be", repr(_value)],
    )
