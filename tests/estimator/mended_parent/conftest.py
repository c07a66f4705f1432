"""What scikeras breaks on current scikit-learn and Keras, and that it is mended here.

Where it is cheap, a test first shows the defect in the parent: a test that no longer does tells
that the mending may go.
"""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
from scikeras.wrappers import KerasClassifier
from tensorflow.python.framework import config

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_ai4i2020


@pytest.fixture(autouse=True)
def op_determinism_as_found():
    """Undo what a seeded fit of the parent does to the process."""
    yield
    config.disable_op_determinism()


@pytest.fixture(scope="module")
def data():
    """All failures of the shipped machines and three times as many other rows, in float32."""
    X, y = load_ai4i2020(return_X_y=True)
    kept = np.sort(np.r_[np.flatnonzero(y), np.flatnonzero(y == 0)[:1017]])
    X = X[kept]
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32), y[kept]


# Enough to tell the classes apart.
LEARNING = {"epochs": 20, "optimizer": "adam", "optimizer__learning_rate": 0.01}


def network(meta):
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), keras.layers.Dense(1, activation="sigmoid")]
    )


def ours(**params):
    return BalancedKerasClassifier(**({"model": network, "epochs": 2, "random_state": 0} | params))


def parents(**params):
    given = {"model": network, "loss": "binary_crossentropy", "verbose": 0, "predict__verbose": 0}
    return KerasClassifier(**(given | params))


def in_new_process(code, *folders):
    """Run code in a fresh interpreter and return what it prints."""
    paths = os.pathsep.join([*map(str, folders), *sys.path])
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
