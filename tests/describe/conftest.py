"""One small fit of each kind."""

import numpy as np
import pytest

from imbalanced_nn import ThresholdTuner
from tests.problems import binary, multiclass, network, three_labels, time_steps

HOSTILE = "<script>document.title = 'hacked'</script>\"&"


def multilabel():
    return three_labels(300, 20)


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
