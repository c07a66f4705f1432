"""What the programs of JAX are given: numbers of rows, places on disk, threads."""

import os
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
