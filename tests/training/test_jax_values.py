"""What the programs of JAX are given: numbers of rows, places on disk, threads."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("jax", reason="the backend is an extra")

from imbalanced_nn.training.backends.jax import padding, tensors


@given(st.integers(1, 10**6), st.sampled_from([1, 32, 96]))
def test_few_numbers_of_rows_serve_all(n, multiple):
    length = tensors.padded_length(n, multiple)
    assert n <= length <= max(n + multiple, 1.25 * n + multiple)
    assert length % multiple == 0
    assert tensors.padded_length(length, multiple) == length


def test_a_doubling_has_four_numbers_of_rows():
    lengths = {tensors.padded_length(n, 32) for n in range(1024 + 1, 2048 + 1)}
    assert lengths == {1280, 1536, 1792, 2048}


def test_rows_are_filled_up_and_others_stay():
    X = np.arange(66, dtype=np.float32).reshape(33, 2)
    data = tensors.as_data({"a": X, "b": X[:, 0]})
    assert {name: part.shape for name, part in data.items()} == {"a": (64, 2), "b": (64,)}
    np.testing.assert_array_equal(data["a"][:33], X)
    np.testing.assert_array_equal(padding.padded(X, 40)[33:], np.zeros((7, 2)))


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {}, "/home/me/.cache"),
        ("linux", {"XDG_CACHE_HOME": "/fast"}, "/fast"),
        ("darwin", {"XDG_CACHE_HOME": "/fast"}, "/home/me/Library/Caches"),
        ("win32", {}, "/home/me/AppData/Local"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
    ],
)
def test_programs_lie_in_the_cache_of_the_user(platform, environ, folder):
    found = tensors.cache_folder(environ, platform, lambda: Path("/home/me"))
    assert found == Path(folder) / "imbalanced_nn" / "jax"


@pytest.mark.parametrize(
    ("environ", "share", "told"),
    [({}, 3, "3"), ({}, None, None), ({"NPROC": "2"}, 3, "2")],
)
def test_a_worker_keeps_to_its_share(environ, share, told, monkeypatch):
    monkeypatch.delenv("NPROC", raising=False)
    monkeypatch.setattr(tensors, "is_running", lambda: False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    tensors.limit_threads(lambda: share)
    assert os.environ.get("NPROC") == told
    monkeypatch.delenv("NPROC", raising=False)


SMALL = """
import sys

if sys.argv[1:]:
    import jax

    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
import keras, numpy as np
from imbalanced_nn.training.backends import tensors

tensors.values_of([keras.Variable(np.zeros(3))])
"""


def kept(folder, given, *arguments):
    """The files of a small program that a process keeps in a folder."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XDG_"))}
    environ |= {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path), **given}
    command = [sys.executable, "-W", "ignore", "-c", SMALL, *arguments]
    subprocess.run(command, env=environ, check=True)
    return list(folder.rglob("jit__copies*"))


@pytest.mark.parametrize("name", ["XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR"])
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="its cache is found otherwise")
def test_small_programs_are_kept_on_disk_wherever_that_is(name, tmp_path):
    assert kept(tmp_path, {name: str(tmp_path)})


def test_what_a_program_has_set_of_the_cache_stays(tmp_path):
    assert not kept(tmp_path, {}, str(tmp_path))
