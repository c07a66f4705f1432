"""Worker processes of joblib: TensorFlow's threads, and the same search as without them."""

import os
import subprocess
import sys

import pytest

from imbalanced_nn.training.process import thread_share


@pytest.mark.parametrize(
    ("environ", "name", "share"),
    [
        ({"OMP_NUM_THREADS": "3"}, "LokyProcess-1:2", 3),
        ({"OMP_NUM_THREADS": "3"}, "MainProcess", None),
        ({}, "LokyProcess-1", None),
        ({"OMP_NUM_THREADS": "many"}, "LokyProcess-1", None),
        ({"OMP_NUM_THREADS": "0"}, "LokyProcess-1", None),
        ({"OMP_NUM_THREADS": "3", "TF_NUM_INTRAOP_THREADS": "8"}, "LokyProcess-1", None),
    ],
)
def test_share_of_a_worker(environ, name, share):
    assert thread_share(environ, name) == share


SEARCH = """
import joblib, numpy as np, sys
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from imbalanced_nn import BalancedKerasClassifier

X, y = make_classification(120, weights=[0.8], random_state=0)
clf = BalancedKerasClassifier(
    model__hidden_layer_sizes=(4,), epochs=2, validation_split=0, early_stopping=False,
    random_state=0,
)

def threads(fitted):
    import tensorflow as tf
    return tf.config.threading.get_intra_op_parallelism_threads()

def scores(n_jobs):
    grid = {"sampler": [None, "random_over"]}
    search = GridSearchCV(clf, grid, cv=2, scoring="average_precision", n_jobs=n_jobs)
    return search.fit(X, y).cv_results_["mean_test_score"]

with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
    there = scores(2)
    shares = joblib.Parallel()(joblib.delayed(threads)(clf.fit(X, y)) for _ in range(2))
print(np.array_equal(there, scores(1)), shares, threads(clf))
"""


@pytest.mark.slow
def test_loky_workers_search_alike_and_keep_to_their_share():
    names = ("OMP", "OPENBLAS", "MKL", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    capped = {f"{name}{'_NUM' * ('TF' not in name)}_THREADS" for name in names}
    environ = {key: value for key, value in os.environ.items() if key not in capped}
    done = subprocess.run(
        [sys.executable, "-c", SEARCH], capture_output=True, text=True, env=environ, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True [1, 1] 0"
