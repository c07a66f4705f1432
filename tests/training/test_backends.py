"""Which backend Keras runs on: chosen or refused, and everything works on each of them."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier, save
from imbalanced_nn._compat.backend import check_backend, choose_backend
from imbalanced_nn._compat.gradient import gradient

from .conftest import TABLE, rows

X, Y = rows(TABLE)


@pytest.mark.parametrize(
    ("environ", "installed", "chosen"),
    [
        ({}, ["tensorflow", "jax", "torch"], None),
        ({}, ["jax", "torch"], "jax"),
        ({}, ["torch"], "torch"),
        ({}, [], None),
        ({"KERAS_BACKEND": "torch"}, ["jax"], "torch"),
    ],
)
def test_a_backend_that_is_there_is_chosen(environ, installed, chosen, tmp_path):
    environ = {"KERAS_HOME": str(tmp_path), **environ}
    choose_backend(environ, installed.__contains__)
    assert environ.get("KERAS_BACKEND") == chosen


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('{"backend": "torch"}', None),
        ('{"backend": "tensorflow"}', "jax"),
        ("[]", "jax"),
        ("{", "jax"),
    ],
)
def test_a_backend_in_the_file_of_keras_is_left(text, chosen, tmp_path):
    (tmp_path / "keras.json").write_text(text, "utf-8")
    environ = {"KERAS_HOME": str(tmp_path)}
    choose_backend(environ, {"jax"}.__contains__)
    assert environ.get("KERAS_BACKEND") == chosen


@pytest.mark.parametrize("name", ["numpy", "openvino", ""])
def test_any_other_backend_is_refused(name):
    with pytest.raises(ImportError, match="KERAS_BACKEND to tensorflow, jax or torch"):
        check_backend(name)


def test_the_gradient_is_that_of_differences():
    at = np.array([0.3, -1.2], np.float64)

    def value(z):
        return (z * z * z)[0] + 2 * z[1] * z[0]

    step = 1e-6 * np.eye(2)
    expected = [(value(at + e) - value(at - e)) / 2e-6 for e in step]
    np.testing.assert_allclose(gradient(value, at), expected, rtol=1e-4)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD", "RMSprop"])
def test_an_optimizer_is_written_as_every_backend_knows_it(name):
    written = keras.saving.serialize_keras_object(getattr(keras.optimizers, name)())
    assert written["module"] == "keras.optimizers"
    assert written["class_name"] == name
    assert written["registered_name"] is None


# Finds nothing of the packages named first, as if they were not installed.
WITHOUT = """
import sys
from importlib.machinery import PathFinder
hidden, find = {hidden!r}, PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name.split(".")[0] in hidden else find(name, *rest)
)
"""


def run_on(backend, code, hidden=("tensorflow",)):
    """Run code on another backend, in a process where the usual one is not to be found."""
    environ = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environ |= {"KERAS_BACKEND": backend} if backend else {}
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT.format(hidden=hidden) + code]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    return done.returncode, done.stdout, done.stderr


def test_keras_on_numpy_is_refused_when_it_is_first_used():
    code, _, said = run_on("numpy", "from imbalanced_nn import BalancedKerasClassifier", ())
    assert code != 0
    assert "Keras runs on the backend 'numpy'" in said


@pytest.mark.slow
def test_another_backend_loads_no_tensorflow_where_it_is_installed():
    pytest.importorskip("jax", reason="the backend is an extra")
    code = """
import sys
import numpy as np
from imbalanced_nn import BalancedKerasClassifier
X = np.random.default_rng(0).normal(size=(60, 2))
BalancedKerasClassifier("mlp", epochs=1, validation_split=0.2).fit(X, X[:, 0] > 1).predict(X)
assert "tensorflow" not in sys.modules
import keras
keras.layers.StringLookup()
assert "tensorflow" in sys.modules
"""
    returned, _, said = run_on("jax", code, ())
    assert returned == 0, said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*INN011")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_everything_works_where_tensorflow_is_not(backend, tmp_path):
    pytest.importorskip(backend, reason="the backend is an extra")
    y = (Y > 0).astype(int)
    small = {"epochs": 3, "random_state": 0}
    # Steps tell the outputs of two backends apart if anything does.
    here = BalancedKerasClassifier("mlp", calibration="isotonic", **small).fit(X, y)
    save(here, tmp_path / "here.inn")
    np.savez(tmp_path / "rows.npz", X=X, y=y)
    code = f"""
import numpy as np
from imbalanced_nn import BalancedKerasClassifier, load, save
folder = {str(tmp_path)!r}
rows = np.load(folder + "/rows.npz")
X, y = rows["X"], rows["y"]
there = load(folder + "/here.inn").predict_proba(X)
mine = BalancedKerasClassifier("mlp", epochs=3, random_state=0).fit(X, y)
again = BalancedKerasClassifier("mlp", epochs=3, random_state=0).fit(X, y)
crossed = BalancedKerasClassifier(
    "mlp", epochs=2, validation_split=2, sampler="smote", calibration="sigmoid", random_state=0
).fit(X, y)
late = BalancedKerasClassifier("mlp", loss="ldam", epochs=3, random_state=0).fit(X, y)
assert np.isfinite(crossed.predict_proba(X)).all() and np.isfinite(late.predict_proba(X)).all()
save(mine, folder + "/there.inn")
np.savez(
    folder + "/there.npz", there=there, mine=mine.predict_proba(X), again=again.predict_proba(X)
)
import sys
assert "tensorflow" not in sys.modules
"""
    returned, _, said = run_on(backend, code)
    assert returned == 0, said
    results = np.load(tmp_path / "there.npz")
    np.testing.assert_allclose(results["there"], here.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(results["mine"], results["again"])
    from imbalanced_nn import load

    np.testing.assert_allclose(
        load(tmp_path / "there.inn").predict_proba(X), results["mine"], atol=1e-5
    )
