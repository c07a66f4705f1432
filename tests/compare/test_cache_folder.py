"""compare_strategies: a cache that is a folder, full disks, and workers that are killed."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from imbalanced_nn.compare import compare_strategies
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError

TWO = ["none", "class_weight"]


@pytest.fixture
def compared(stand_in, binary):
    def compared(**changed):
        before = len(stand_in.fits)
        arguments = {"strategies": TWO, "cv": 3, "random_state": 0} | changed
        result = compare_strategies(stand_in(), *binary, **arguments)
        return result.folds_frame(), len(stand_in.fits) - before

    return compared


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_gets_a_file_for_each_fit(compared, tmp_path, is_there):
    cache = tmp_path / "fits"
    if is_there:
        cache.mkdir()
    given = cache if is_there else f"{cache}/"
    first, n_first = compared(cache=given)
    assert n_first == len(list(cache.iterdir())) == 6
    again, n_again = compared(cache=cache)
    assert n_again == 0
    pd.testing.assert_frame_equal(first, again)
    one, *_ = cache.iterdir()
    one.write_text(one.read_text()[:-5])
    assert compared(cache=cache)[1] == 1


def test_a_fit_under_the_name_of_another_is_not_taken_for_it(compared, tmp_path):
    compared(cache=f"{tmp_path}/fits/")
    first, second, *_ = (tmp_path / "fits").iterdir()
    first.write_bytes(second.read_bytes())
    assert compared(cache=tmp_path / "fits")[1] == 1


def test_a_folder_without_a_place_is_refused(compared, tmp_path, stand_in):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        compared(cache=f"{tmp_path}/no/fits/")
    (tmp_path / "file").write_text("mine")
    with pytest.raises((FileExistsError, InvalidParameterError)):
        compared(cache=f"{tmp_path}/file/")
    assert stand_in.fits == []


@pytest.mark.parametrize("name", ["fits.jsonl", "fits/"])
def test_a_full_disk_ends_no_comparison(compared, tmp_path, monkeypatch, name):
    whole, _ = compared()
    real = Path.write_text

    def full(path, text, **kwargs):
        if len(list(tmp_path.rglob("*.json"))) + 1 < 3 and "fits/" in name:
            return real(path, text, **kwargs)
        real(path, text[:10], **kwargs)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.warns(ImbalanceWarning) as caught:
        found, _ = compared(cache=f"{tmp_path}/{name}")
    (note,) = (each.message for each in caught)
    assert note.code == "INN021"
    assert "No space left on device" in str(note)
    assert str(tmp_path / "fits") in str(note)
    pd.testing.assert_frame_equal(found.drop(columns="seconds"), whole.drop(columns="seconds"))
    monkeypatch.undo()
    assert not list(tmp_path.rglob("*.part"))
    assert compared(cache=f"{tmp_path}/{name}")[1] == (4 if "fits/" in name else 6)


_WRITER = """
import sys, time
import numpy as np
from sklearn.naive_bayes import GaussianNB
from imbalanced_nn.compare import compare_strategies

class Slow(GaussianNB):
    def fit(self, X, y):
        time.sleep(0.05)
        return super().fit(X, y)

rng = np.random.default_rng(0)
X, y = rng.normal(size=(200, 3)), (rng.random(200) < 0.3).astype(int)
smoothing = float(sys.argv[2])
compare_strategies(
    Slow(), X, y, cv=3, random_state=0, cache=sys.argv[1], baselines=False,
    strategies={"none": {"var_smoothing": smoothing}, "b": {"var_smoothing": smoothing / 2}},
)
"""


@pytest.mark.slow
def test_all_fits_of_two_processes_survive(tmp_path):
    folder = f"{tmp_path}/fits/"
    commands = [[sys.executable, "-c", _WRITER, folder, each] for each in ("0.1", "0.3")]
    for process in [subprocess.Popen(command) for command in commands]:
        assert process.wait() == 0
    lines = [json.loads(path.read_text()) for path in Path(folder).iterdir()]
    assert len({line["key"] for line in lines}) == 12


class KillsOnce(GaussianNB):
    """Kills the worker process that fits it, once for each mark."""

    def __init__(self, mark="", often=1):
        super().__init__()
        self.mark, self.often = mark, often

    def fit(self, X, y):
        for number in range(self.often):
            try:
                os.close(os.open(f"{self.mark}{number}", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)


def _compare_killed(binary, mark, often):
    strategies = {"none": GaussianNB(), "killed": KillsOnce(mark, often)}
    with joblib.parallel_config("loky", n_jobs=2):
        return compare_strategies(
            GaussianNB(), *binary, strategies=strategies, cv=3, n_jobs=2, random_state=0
        ).folds_frame()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.slow
def test_the_fits_of_a_killed_worker_are_taken_up_again(binary, tmp_path):
    with pytest.warns(ImbalanceWarning, match="INN022"):
        found = _compare_killed(binary, str(tmp_path / "mark"), 1)
    assert len(found) == 12
    again = _compare_killed(binary, str(tmp_path / "mark"), 1)
    pd.testing.assert_frame_equal(found.drop(columns="seconds"), again.drop(columns="seconds"))
