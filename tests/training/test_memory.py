"""A fit leaves no memory behind, and what it leaves in the process enters no pickle."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.training import clear_programs
from imbalanced_nn.training.cache import FORWARD, TRAINING

pytestmark = pytest.mark.slow

X, Y = make_classification(120, weights=[0.8], random_state=0)

# The median of several windows: a collection or a table that doubles falls into one of them.
GROWTH = """
import gc, os, statistics
from sklearn.datasets import make_classification
from imbalanced_nn import BalancedKerasClassifier

X, y = make_classification(120, weights=[0.8], random_state=0)

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def growth(n_fits):
    before = resident()
    for seed in range(n_fits):
        clf = BalancedKerasClassifier(
            model__hidden_layer_sizes=(8, 8), epochs=2, random_state=seed, validation_split=0.2
        )
        clf.fit(X, y).predict(X)
    return (resident() - before) / n_fits

growth(8)
print(statistics.median(growth(6) for _ in range(3)))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_a_fit_of_a_known_network_leaves_no_memory_behind():
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GROWTH],
        capture_output=True,
        text=True,
        env=environ,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.splitlines()[-1]) < 0.3, "megabytes a fit"


def fit(units, **params):
    params = {"epochs": 1, "random_state": 0, **params}
    return BalancedKerasClassifier("mlp", model__hidden_layer_sizes=(units,), **params).fit(X, Y)


def test_fits_make_no_kernels_for_new_names():
    """Variables are made under one name, and say that they have Keras' own."""
    made = set()

    def note(make, **arguments):
        made.add(arguments["name"])
        return make(**arguments)

    with tf.variable_creator_scope(note):
        clf = fit(5, optimizer="nadam")
        owners = (clf.model_, next(iter(TRAINING)).twin)
        for owner in owners:
            variables = [*owner.variables, *owner.optimizer.variables]
            assert {v.value.name for v in variables} == {f"{v.path}:0" for v in variables}
    assert made == {"variable"}


def test_names_are_kept_where_they_mean_something():
    """Other variables of the process are named by who makes them."""
    fit(5)
    assert "mine" in keras.Variable([1.0], name="mine").value.name


def test_a_pickle_knows_nothing_of_the_programs_of_the_process():
    clear_programs()
    clf = fit(4)
    alone = pickle.dumps(clf)
    for units in (5, 6, 7):
        fit(units).predict(X)
    clf.predict(X)
    assert len(TRAINING) == len(FORWARD) == 4
    assert len(pickle.dumps(clf)) == len(alone)
    clear_programs()
    assert len(pickle.dumps(clf)) == len(alone)
    pickle.loads(alone).predict(X)
    assert len(FORWARD) == 1
    assert len(TRAINING) == 0
