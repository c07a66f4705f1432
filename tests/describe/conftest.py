"""One small fit of each kind."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner

HOSTILE = "<script>document.title = 'hacked'</script>\"&"


def network(**params):
    small = {"model": "mlp", "model__hidden_layer_sizes": (8,), "epochs": 3, "random_state": 0}
    return BalancedKerasClassifier(**(small | params))


def binary(labels=("ok", "fraud")):
    X, y = make_classification(400, weights=[0.8], class_sep=2.0, random_state=0)
    return X, np.array(labels)[y]


def multiclass():
    return make_classification(
        500, n_classes=3, n_informative=5, weights=[0.6, 0.3], class_sep=2.0, random_state=0
    )


def multilabel():
    return make_multilabel_classification(300, n_classes=3, random_state=0)


def time_steps():
    X = np.random.default_rng(0).normal(size=(120, 4, 3)).astype("float32")
    return X, np.where(X.sum(axis=2) > 1.5, "rare", "usual")[:, :, None]


CASES = {
    "binary": (binary, {"sampler": "smote", "threshold": "f1"}),
    "hostile": (lambda: binary(("ok", HOSTILE)), {"class_weight": "balanced"}),
    "nothing held out": (binary, {"validation_split": 0}),
    "no cut": (binary, {"threshold": None, "calibration": None}),
    "multiclass": (multiclass, {"calibration": "sigmoid", "head_sampler": "balanced_batches"}),
    "multiclass, no cut": (multiclass, {"threshold": None, "engine": "keras"}),
    "multilabel": (multilabel, {"class_weight": "balanced"}),
    "time steps": (time_steps, {"class_weight": "balanced"}),
    "averaged": (
        binary,
        {
            "validation_split": 2,
            "sampler": "random_over",
            "priors": {"ok": 0.5, "fraud": 0.5},
            "threshold": ThresholdTuner("recall", constraint=("precision", 0.3)),
        },
    ),
    "cross-fitted": (binary, {"validation_split": 2, "ensemble": False}),
    "costs": (
        multiclass,
        {"threshold": ThresholdTuner(cost_matrix=1 - np.eye(3), calibrated=True)},
    ),
}
_FITS = {}


@pytest.fixture
def fitted():
    """A function from the name of a case to its fit, made once; do not change it."""

    def fit(name):
        if name not in _FITS:
            rows, params = CASES[name]
            _FITS[name] = network(**params).fit(*rows())
        return _FITS[name]

    return fit
