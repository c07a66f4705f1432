"""compare_strategies: finished fits are kept, found again, and never taken for others."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from imbalanced_nn.compare import compare_strategies
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError, warn

TWO = ["none", "class_weight"]


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "fits.jsonl"


@pytest.fixture
def compared(stand_in, binary, cache):
    """Compare two strategies on three folds, and return the frame and the number of fits."""

    def compared(estimator=None, X=binary[0], y=binary[1], **changed):
        before = len(stand_in.fits)
        arguments = {"strategies": TWO, "cv": 3, "random_state": 0, "cache": cache} | changed
        result = compare_strategies(estimator or stand_in(), X, y, **arguments)
        return result.folds_frame(), len(stand_in.fits) - before

    return compared


def test_a_finished_comparison_is_not_fitted_again(compared):
    (first, n_first), (again, n_again) = compared(), compared()
    assert (n_first, n_again) == (6, 0)
    pd.testing.assert_frame_equal(first, again)


def test_an_interrupted_comparison_goes_on_where_it_was(compared, cache):
    whole, _ = compared(cache=None)

    def interrupt(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compared(progress=interrupt)
    told = []
    resumed, n_fits = compared(progress=lambda *step: told.append(step))
    assert n_fits == 2
    assert told == [(done, 6) for done in range(1, 7)]
    pd.testing.assert_frame_equal(resumed.drop(columns="seconds"), whole.drop(columns="seconds"))
    assert [each.name for each in cache.parent.iterdir()] == [cache.name]


def test_what_changes_the_fits_is_fitted_anew(compared, stand_in, binary):
    X, y = binary
    compared()
    moved = X.copy()
    moved[17, 1] += 1e-9
    swapped = y.copy()
    swapped[[0, np.flatnonzero(y != y[0])[0]]] = swapped[[np.flatnonzero(y != y[0])[0], 0]]
    changes = [
        {"X": moved},
        {"X": pd.DataFrame(X)},
        {"y": swapped},
        {"random_state": 1},
        {"cv": 4},
        {"sample_weight": np.arange(1.0, 301.0)},
        {"groups": np.arange(300) // 2},
        {"estimator": stand_in(C=2.0)},
        {"estimator": stand_in(random_state=3)},
    ]
    for change in changes:
        assert compared(**change)[1] == 2 * change.get("cv", 3), change
    # Over the same rows too, the seed and the groups count.
    folds = [(np.arange(0, 300, 2), np.arange(1, 300, 2))]
    for change in ({}, {"random_state": 1}, {"groups": np.arange(300)}):
        assert compared(cv=folds, **change)[1] == 2, change
    # All of them were kept side by side.
    assert compared()[1] == compared(X=moved)[1] == 0


def test_what_changes_nothing_is_found_again(compared, binary):
    compared()
    assert compared(X=binary[0].copy(), y=binary[1].copy())[1] == 0
    assert compared(strategies=[*TWO, "random_over"])[1] == 3
    assert compared(scoring="f1", progress=print, halving=True)[1] == 0


@pytest.mark.parametrize("n_cut", [1, 30, 10**6])
def test_a_line_that_was_cut_short_is_fitted_again(n_cut, compared, cache):
    first, _ = compared()
    *lines, last = cache.read_bytes().splitlines()
    assert len(lines) == 6
    cache.write_bytes(b"\n".join([*lines, last[:-n_cut]]))
    again, n_fits = compared()
    assert n_fits == 1
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), first.drop(columns="seconds"))
    assert compared()[1] == 0


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "{}\n", '{"key": 1, "rows": [], "x": 2}\n'])
def test_a_file_of_something_else_is_refused_and_kept(content, compared, cache, stand_in):
    cache.write_text(content)
    with pytest.raises(InvalidParameterError) as refusal:
        compared()
    assert str(refusal.value) == (
        f"cache: {str(cache)!r} holds something else than finished fits of this version of "
        "compare_strategies, and is left alone. Give the name of a new file."
    )
    assert cache.read_text() == content
    assert stand_in.fits == []


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": []},
        {"rows": None},
        {"rows": [{"threshold": "0.5"}]},
        {"warnings": ["text"]},
        {"key": ["a"]},
        None,
    ],
)
def test_a_line_of_another_form_is_fitted_again(changed, compared, cache):
    first, _ = compared()
    header, line, *others = cache.read_text().splitlines()
    line = "[" * 100_000 if changed is None else json.dumps(json.loads(line) | changed)
    cache.write_text("\n".join([header, line, *others]))
    again, n_fits = compared()
    assert n_fits == 1
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), first.drop(columns="seconds"))


def test_an_empty_file_is_a_new_one(compared, cache):
    cache.touch()
    assert compared()[1] == 6


def test_what_a_killed_process_left_behind_is_cleared_away(compared, cache):
    code = (
        "import os, signal\n"
        "from imbalanced_nn.atomic_files import written_whole\n"
        f"with written_whole({str(cache)!r}):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    (cache.parent / ".fits.other.part").write_text("mine")
    assert len(list(cache.parent.iterdir())) == 2
    compared()
    assert sorted(each.name for each in cache.parent.iterdir()) == [
        *(".fits.other.part", "fits.jsonl"),
    ]


def test_without_a_random_state_nothing_could_be_found_again(compared, cache):
    with pytest.raises(InvalidParameterError, match=r"^cache: without a random_state every call"):
        compared(random_state=None)
    assert not cache.exists()


def test_warnings_are_kept_with_the_fits(stand_in, binary, cache):
    class Warns(stand_in):
        def fit(self, X, y):
            warn("INN005", "a bounded number of cuts.")
            return super().fit(X, y)

    for _ in range(2):
        with pytest.warns(ImbalanceWarning) as caught:
            compare_strategies(Warns(), *binary, strategies=TWO, cv=3, random_state=0, cache=cache)
        assert [note.message.told for note in caught] == [
            "[INN005] in 6 of 6 fits; the first: a bounded number of cuts."
        ]
    assert len(stand_in.fits) == 6


def test_the_file_holds_no_pickle_and_is_plain_json(compared, cache):
    compared()
    for line in cache.read_text(encoding="utf-8").splitlines():
        json.loads(line)


def test_other_classifiers_are_told_apart(binary, cache):
    def measured(**parameters):
        comparison = compare_strategies(
            RandomForestClassifier(3),
            *binary,
            strategies={"a": RandomForestClassifier(3, **parameters)},
            cv=2,
            random_state=0,
            cache=cache,
        )
        return comparison.folds_frame()["log_loss"].tolist(), len(cache.read_bytes().splitlines())

    first, n_first = measured()
    assert measured() == (first, n_first)
    other, n_other = measured(max_depth=1)
    assert other != first
    assert n_other == n_first + 2


_SCRIPT = """
import sys
import numpy as np
from sklearn.naive_bayes import GaussianNB
from imbalanced_nn.compare import compare_strategies

class Slow(GaussianNB):
    def fit(self, X, y):
        import time
        time.sleep(0.01)
        with open(sys.argv[2], "a") as log:
            log.write("fit\\n")
        return super().fit(X, y)

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = (rng.random(200) < 0.3).astype(int)
print("ready", flush=True)
result = compare_strategies(
    Slow(), X, y, cv=5, n_repeats=3, random_state=0, cache=sys.argv[1],
    strategies={"none": {}, "b": {"var_smoothing": 0.1}}, baselines=False,
    progress=lambda done, total: print(done, flush=True),
)
print(result.folds_frame().drop(columns="seconds").to_json())
"""


def _start(cache, log):
    command = [sys.executable, "-c", _SCRIPT, str(cache), str(log)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.slow
def test_killing_it_at_random_loses_nothing_that_was_finished(tmp_path):
    rng = np.random.default_rng()
    cache, log = tmp_path / "fits.jsonl", tmp_path / "log"
    told = 0
    for _ in range(3):
        process = _start(cache, log)
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.02, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        seen = process.communicate()[0].split()
        told = max([told, *(int(each) for each in seen if each.isdigit())])
        lines = cache.read_bytes().splitlines() if cache.exists() else [b"{}"]
        # Whole lines only, and one for every fit that was reported as done.
        assert all(json.loads(line) is not None for line in lines)
        assert len(lines) - 1 >= told
    process = _start(cache, log)
    last = process.communicate()[0].splitlines()[-1]
    assert process.returncode == 0
    # Each kill costs the fit that was running, or one that was done and not yet written.
    n_fits = len(log.read_text().splitlines())
    assert 30 <= n_fits <= 30 + 3
    whole = _start(tmp_path / "other.jsonl", tmp_path / "other.log")
    assert whole.communicate()[0].splitlines()[-1] == last
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("fits.jsonl", "log", "other.jsonl", "other.log"),
    ]
