"""A forked process computes, or says why it cannot; it never waits for what it has lost."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]

# TensorFlow's graphs would wait for ever, so every child is ended by its own watch.
START = """
import copy, faulthandler, json, multiprocessing, pickle, sys, threading, warnings

import keras
from sklearn.base import clone
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.training import cache, clear_programs, process

X, y = make_classification(120, weights=[0.8], random_state=0)
clf = BalancedKerasClassifier(
    "mlp", model__hidden_layer_sizes=(4,), epochs=1, random_state=0, early_stopping=False,
    validation_split=0.2,
)

def answer(queue, work):
    faulthandler.dump_traceback_later(20, exit=True)
    try:
        queue.put(work())
    except RuntimeError as error:
        queue.put(str(error))

def in_child(work):
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=answer, args=(queue, work))
    child.start()
    child.join()
    return None if queue.empty() else queue.get()

def told(work):
    print(json.dumps(work), flush=True)
"""

BEFORE = """
if __name__ == "__main__":
    held, may_go = threading.Event(), threading.Event()

    def hold():
        with process._BUILDING, cache.TRAINING._lookup, cache.FORWARD._lookup:
            held.set()
            may_go.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    there = in_child(lambda: clf.fit(X, y).predict_proba(X).tolist())
    may_go.set()
    holder.join()
    told([there == clf.fit(X, y).predict_proba(X).tolist()])
"""

AFTER = """
if __name__ == "__main__":
    proba = clf.fit(X, y).predict_proba(X)
    pickled, path = pickle.dumps(clf), sys.argv[0] + ".inn"
    save(clf, path)
    given = BalancedKerasClassifier(clf.model_)
    counting = BalancedKerasClassifier(metrics=[keras.metrics.AUC()])

    def refit():
        before = dict(vars(clf))
        try:
            clf.fit(X, y)
        finally:
            assert vars(clf) == before

    works = {
        "fit": lambda: BalancedKerasClassifier(epochs=1).fit(X, y),
        "refit": refit,
        "initialize": lambda: str(BalancedKerasClassifier().initialize(X, y)),
        "partial_fit": lambda: clf.partial_fit(X, y),
        "predict": lambda: clf.predict(X),
        "restored": lambda: str(pickle.loads(pickled)),
        "loaded": lambda: str(load(path)),
        "copied": lambda: str(copy.deepcopy(clf)),
        "cloned with a network": lambda: str(clone(given)),
        "cloned with a metric": lambda: str(clone(counting)),
        "cloned": lambda: clone(clf).epochs == 1,
        "pickled": lambda: len(pickle.dumps(clf)) > 0,
        "clear_programs": lambda: clear_programs() or "cleared",
    }
    told({name: in_child(work) for name, work in works.items()})
"""


def run(code, tmp_path):
    """Run code as a script, which processes that are spawned import; return what it tells."""
    script = tmp_path / "script.py"
    script.write_text(START + code)
    command = [sys.executable, "-W", "ignore", str(script)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environ, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_fork_before_the_first_network_fits_whoever_held_a_lock(tmp_path):
    assert run(BEFORE, tmp_path) == [True]


def test_a_fork_after_it_is_told_that_it_cannot_compute(tmp_path):
    answers = run(AFTER, tmp_path)
    assert answers.pop("pickled") is True
    assert answers.pop("clear_programs") == "cleared"
    assert answers.pop("cloned") is True
    assert len(answers) == 10
    for answer in answers.values():
        assert "forked from one in which TensorFlow had computed" in answer
        assert "get_context('spawn')" in answer
