"""Networks on several virtual devices are trained by Keras, equal to those on one."""

import os
import subprocess
import sys

import pytest

MIRRORED = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from imbalanced_nn import BalancedKerasClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4)).astype("float32")
y = (X[:, 0] > 1).astype(int)
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    clf = BalancedKerasClassifier(
        "mlp", epochs=2, validation_split=0.2, class_weight="balanced", random_state=0
    )
    clf.fit(X, y)
print(clf.engine_, clf.score(X, y) > 0.8, clf.predict_proba(X).shape)
"""
DATA_PARALLEL = """
import keras, numpy as np
from imbalanced_nn import BalancedKerasClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4)).astype("float32")
y = (X[:, 0] > 1).astype(int)
clf = BalancedKerasClassifier(
    "mlp", epochs=2, batch_size=32, validation_split=0.2, class_weight="balanced", random_state=0
)
alone = clf.fit(X, y).predict_proba(X)
keras.distribution.set_distribution(keras.distribution.DataParallel())
spread = clf.fit(X, y).predict_proba(X)
n_devices = len(clf.model_.weights[0].value.sharding.device_set)
print(clf.engine_, np.abs(spread - alone).max() < 1e-5, n_devices, clf.predict(X[:1]).shape)
"""


def told(code, **environ):
    """Return what code prints last in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    environ = os.environ | environ
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.slow
def test_a_fit_within_the_scope_is_left_to_keras():
    expected = "keras: the network is distributed over devices True (400, 2)"
    assert told(MIRRORED, KERAS_BACKEND="tensorflow").endswith(expected)


@pytest.mark.slow
def test_data_parallel_training_on_jax_is_that_on_one_device():
    pytest.importorskip("jax", reason="the backend is an extra")
    flags = "--xla_force_host_platform_device_count=8"
    said = told(DATA_PARALLEL, KERAS_BACKEND="jax", XLA_FLAGS=flags)
    assert said.endswith("keras: the network is distributed over devices True 8 (1,)")
