"""A network built under ``MirroredStrategy`` is trained by Keras, on two virtual devices."""

import subprocess
import sys

import pytest

CODE = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from imbalanced_nn import BalancedKerasClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4)).astype("float32")
y = (X[:, 0] > 1).astype(int)
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    clf = BalancedKerasClassifier("mlp", epochs=2, class_weight="balanced", random_state=0)
    clf.fit(X, y)
print(clf.engine_, clf.score(X, y) > 0.8, clf.predict_proba(X).shape)
"""


@pytest.mark.slow
def test_a_fit_within_the_scope_is_left_to_keras():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    expected = "keras: the network is distributed over devices True (400, 2)"
    assert done.stdout.strip().endswith(expected)
