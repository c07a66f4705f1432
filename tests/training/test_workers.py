"""Worker processes of joblib: TensorFlow's threads, and the same search as without them."""

import os
import subprocess
import sys

import pytest

from imbalanced_nn.training.process import thread_share


@pytest.mark.parametrize(
    ("environ", "n_cores", "n_workers", "share"),
    [
        ({"OMP_NUM_THREADS": "3"}, 8, 2, 3),
        ({}, 8, 2, 4),
        ({}, 2, 5, 1),
        ({"OMP_NUM_THREADS": "many"}, 8, 4, 2),
        ({"OMP_NUM_THREADS": "0"}, 8, 8, 1),
        ({"OMP_NUM_THREADS": "3", "TF_NUM_INTRAOP_THREADS": "8"}, 8, 2, None),
    ],
)
def test_share_of_a_worker(environ, n_cores, n_workers, share):
    assert thread_share(environ, n_cores, n_workers) == share


SEARCH = """
import joblib, numpy as np, sys
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from imbalanced_nn import BalancedKerasClassifier

X, y = make_classification(120, weights=[0.8], random_state=0)
clf = BalancedKerasClassifier(
    "mlp", model__hidden_layer_sizes=(4,), epochs=2, validation_split=0, early_stopping=False,
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


POOL = """
import multiprocessing

import joblib, numpy as np
from sklearn.datasets import make_classification
from imbalanced_nn import BalancedKerasClassifier

X, y = make_classification(120, weights=[0.8], random_state=0)
clf = BalancedKerasClassifier(
    "mlp", model__hidden_layer_sizes=(4,), epochs=1, random_state=0, validation_split=0.2,
)

def threads(number):
    import tensorflow as tf
    from imbalanced_nn.training import share_threads
    share_threads()
    return tf.config.threading.get_intra_op_parallelism_threads()

if __name__ == "__main__":
    proba = clf.fit(X, y).predict_proba(X)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        # What each process does first is this.
        made = [pool.apply_async(clf.predict_proba, (X,)), pool.apply_async(clf.fit, (X, y))]
        spawned, refitted = (each.get(timeout=100) for each in made)
        shares = pool.map_async(threads, range(2), 1).get(timeout=100)
    print(*(np.array_equal(other, proba) for other in (spawned, refitted.predict_proba(X))))
    print(shares, max(1, joblib.cpu_count() // 2))
"""

DASK = """
import joblib
from distributed import Client, LocalCluster
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, cross_validate
from imbalanced_nn import BalancedKerasClassifier, compare_strategies

if __name__ == "__main__":
    X, y = make_classification(150, weights=[0.8], random_state=0)
    clf = BalancedKerasClassifier("mlp", validation_split=0.2, epochs=2, random_state=0)

    def answers():
        grid = {"sampler": [None, "balanced_batches"]}
        search = GridSearchCV(clf, grid, cv=2, scoring="average_precision").fit(X, y)
        scores = cross_validate(clf, X, y, cv=2, scoring="neg_log_loss")["test_score"]
        compared = compare_strategies(
            clf, X, y, strategies=["none", "balanced_batches"], cv=2, random_state=0,
            **({} if alone else {"n_jobs": -1}),
        )
        folds = compared.folds_frame().drop(columns="seconds")
        return search.cv_results_["mean_test_score"].tolist(), scores.tolist(), folds.to_json()

    alone = True
    expected, alone = answers(), False
    with joblib.parallel_config("threading", n_jobs=2):
        print(answers() == expected)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config("dask"),
    ):
        print(answers() == expected)
        shares = joblib.Parallel()(joblib.delayed(threads)(clf) for _ in range(2))
        print(shares)
"""


def _run_script(tmp_path, code):
    """Run code as a script without any word on threads; return what it prints."""
    names = ("OMP", "OPENBLAS", "MKL", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    capped = {f"{name}{'_NUM' * ('TF' not in name)}_THREADS" for name in names}
    environ = {key: value for key, value in os.environ.items() if key not in capped}
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script],
        capture_output=True,
        text=True,
        env=environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"},
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_processes_of_a_pool_compute_alike_and_share_the_cores(tmp_path):
    alike, line = _run_script(tmp_path, POOL)
    assert alike == "True True"
    shares, share = line.rsplit(" ", 1)
    assert shares == f"[{share}, {share}]"


@pytest.mark.slow
def test_threads_and_a_cluster_of_dask_give_what_one_process_gives(tmp_path):
    pytest.importorskip("distributed")
    code = DASK.replace(
        "if __name__",
        """
def threads(clf):
    import tensorflow as tf
    from sklearn.datasets import make_classification
    clf.fit(*make_classification(60, weights=[0.8], random_state=0))
    return tf.config.threading.get_intra_op_parallelism_threads()

if __name__""".lstrip(),
        1,
    )
    assert _run_script(tmp_path, code) == ["True", "True", "[1, 1]"]
