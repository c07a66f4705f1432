"""imbalanced-nn fit: what it saves, what it prints, and what it refuses before it computes."""

import json
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import imbalanced_nn.persistence
from imbalanced_nn import load
from imbalanced_nn.cli.summaries import _training
from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.preprocessing import ColumnTypes


@pytest.fixture
def fit(command, table, tmp_path):
    """Run fit on the table with options, and return the result and what was saved."""

    def fit(*options):
        path = tmp_path / "a.inn"
        arguments = ["--target", "fraud", "-o", path, "--epochs", 2, "--json", *options]
        result = command("fit", table, *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout), load(path)

    return fit


def test_prints_what_was_read_and_learned(fitted, frame):
    table, path, result = fitted
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        f"Data: {table}, 240 rows, 5 feature columns",
        "Classes of fraud: no 210 (87.5%), yes 30 (12.5%)",
    ]
    [start] = [place for place, line in enumerate(lines) if line.startswith("Trained for 3 epochs")]
    assert lines[start].endswith(", judged by 48 held-out rows")
    assert [line.split() for line in lines[5 : start - 1]] == [
        ["amount", "number"],
        ["age", "number", str(frame["age"].isna().sum())],
        ["country", "category,", "3", "values", "10"],
        ["vip", "number"],
        ["when", "date"],
        ["one", "left", "out:", "one", "value"],
        ["key", "left", "out:", "text", "that", "hardly", "repeats"],
    ]
    assert lines[start + 1].startswith("Decided for yes from a probability of 0.")
    end = lines.index("The same in Python:")
    assert lines[end - 2 : end] == [f"Saved {path}", ""]


def test_what_is_saved_takes_the_table_as_it_is(fitted, frame):
    _, path, _ = fitted
    pipeline = load(path)
    assert pipeline.classes_.tolist() == ["no", "yes"]
    assert isinstance(pipeline[0], ColumnTypes)
    assert set(pipeline[0].kinds_) == {"amount", "age", "country", "vip", "when"}
    assert pipeline.predict_proba(frame.drop(columns="fraud")).shape == (240, 2)
    assert pipeline[-1].callbacks is None


def test_says_how_many_epochs_were_trained_and_which_is_kept():
    classifier = SimpleNamespace(n_iter_=1, history_={"loss": [0.3] * 11})
    assert _training(classifier) == "for 11 epochs (the best, epoch 1, is kept)"
    classifier.n_iter_ = 11
    assert _training(classifier) == "for 11 epochs"
    assert _training(SimpleNamespace(n_iter_=1, history_={"loss": [0.3]})) == "for 1 epoch"


def test_json_is_all_of_stdout(fit, table):
    content, pipeline = fit()
    assert content["data"]["n_samples"] == 240
    assert content["data"]["n_features"] == 5
    assert content["classes"] == ["no", "yes"]
    assert content["epochs"] == len(pipeline[-1].history_["loss"]) == 2
    assert content["best_epoch"] == pipeline[-1].n_iter_
    assert content["threshold"]["cuts"] == {"yes": pipeline[-1].best_threshold_}
    assert content["threshold"]["positive_class"] == "yes"
    assert content["threshold"]["objective"] == "balanced_accuracy"
    assert content["threshold"]["score"] == pipeline[-1].best_score_


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--sampler", "random_over"], {"sampler": "random_over"}),
        (["--class-weight", "balanced"], {"class_weight": "balanced"}),
        (["--strategy", "focal", "--held-out", "0.3"], {"loss": "focal", "validation_split": 0.3}),
        (["--strategy", "smote", "--sampler", "random_under"], {"sampler": "random_under"}),
        (["--threshold", "f1", "--calibration", "sigmoid"], {"threshold": "f1"}),
        (["--threshold", "0.3"], {"threshold": 0.3}),
        (["--threshold", "none"], {"threshold": None}),
        (["--threshold", "None"], {"threshold": None}),
        (["--random-state", "7"], {"random_state": 7}),
    ],
)
def test_options_reach_the_network(fit, options, expected):
    _, pipeline = fit(*options)
    assert {name: pipeline[-1].get_params()[name] for name in expected} == expected


def test_constraints_and_costs_make_a_tuner(fit):
    content, pipeline = fit("--threshold", "recall", "--constraint", "alert_rate", "0.5", "--force")
    assert pipeline[-1].threshold.constraint == ("alert_rate", 0.5)
    assert content["threshold"]["constraint"] == ["alert_rate", 0.5]
    content, pipeline = fit("--cost-matrix", "0, 1; 50, 0", "--force")
    assert pipeline[-1].threshold.cost_matrix == [[0.0, 1.0], [50.0, 0.0]]
    assert content["threshold"]["objective"] == "neg_mean_cost"


def test_a_seed_reproduces(fit, frame):
    _, one = fit()
    _, other = fit("--force")
    _, third = fit("--force", "--random-state", 1)
    X = frame.drop(columns="fraud")
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert (one.predict_proba(X) != third.predict_proba(X)).any()


def test_whole_number_classes_stay_numbers(command, frame, tmp_path):
    frame["fraud"] = (frame["fraud"] == "yes").astype(int)
    frame.to_parquet(tmp_path / "t.parquet")
    arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1, "--json"]
    result = command("fit", tmp_path / "t.parquet", *arguments)
    assert json.loads(result.stdout)["classes"] == [0, 1]
    assert load(tmp_path / "a.inn").classes_.dtype == "int64"


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "start"),
        [
            (["--sampler", "smot"], "There is no sampler 'smot'; known are adasyn, random_over,"),
            (["--strategy", "smot"], "There is no strategy 'smot'; known are none, class_weight,"),
            (
                ["--loss", "focl"],
                "There is no loss 'focl'; known are asymmetric, balanced_softmax,",
            ),
            (["--threshold", "f1_"], "There is no objective 'f1_'; known are accuracy,"),
            (["--constraint", "precison", "0.9"], "There is no rate 'precison'; known are"),
            (["--cost-matrix", "0,1;x"], "--cost-matrix '0,1;x' is no matrix of costs."),
            (["--cost-matrix", "0,1,2;1,0,1;2,1,0"], "--cost-matrix must hold 2 x 2 finite costs"),
            (["--target", "froud"], "There is no column 'froud'; the columns are amount, age,"),
        ],
    )
    def test_usage(self, options, start, command, table, tmp_path):
        arguments = ["-o", tmp_path / "a.inn", "--json", *options]
        if "--target" not in options:
            arguments += ["--target", "fraud"]
        result = command("fit", table, *arguments)
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith(f"Error: {start}")
        assert result.stderr.count("\n") == 1
        assert not (tmp_path / "a.inn").exists()

    def test_a_file_that_is_there(self, refusal, table, tmp_path):
        (tmp_path / "a.inn").write_text("precious")
        assert refusal("fit", table, "--target", "fraud", "-o", tmp_path / "a.inn") == (
            2,
            f"'{tmp_path / 'a.inn'}' exists and is not overwritten. Give --force to replace it.",
        )
        assert (tmp_path / "a.inn").read_text() == "precious"

    def test_a_folder_that_is_not_there(self, refusal, table, tmp_path):
        path = tmp_path / "no" / "a.inn"
        assert refusal("fit", table, "--target", "fraud", "-o", path) == (
            2,
            f"There is no folder '{path.parent}' to write '{path}' in.",
        )

    def test_data_that_cannot_be_learned_from(self, refusal, tmp_path):
        pd.DataFrame({"a": [1, 1, 1], "y": ["p", "q", "p"]}).to_csv(tmp_path / "t.csv", index=False)
        code, sentence = refusal("fit", tmp_path / "t.csv", "--target", "y", "-o", tmp_path / "a")
        assert code == 1
        assert sentence.startswith("Every column but the target is constant")

    def test_too_few_rows(self, command, tmp_path):
        frame = pd.DataFrame({"a": range(5), "y": ["p", "q", "p", "p", "p"]})
        frame.to_csv(tmp_path / "t.csv", index=False)
        arguments = ["--target", "y", "-o", tmp_path / "a", "--json"]
        result = command("fit", tmp_path / "t.csv", *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Error: ")

    @pytest.mark.parametrize(
        ("failure", "code", "stderr"),
        [
            (KeyboardInterrupt(), 130, "Interrupted.\n"),
            (OSError(28, "No space left on device"), 1, "Error: No space left on device."),
            (BrokenPipeError(32, "Broken pipe"), 1, ""),
            (ZeroDivisionError("x"), 1, "Error: ZeroDivisionError: x. This is a fault of imb"),
        ],
    )
    def test_failures_have_no_traceback(
        self, command, table, tmp_path, monkeypatch, failure, code, stderr
    ):
        def fails(*arguments, **options):
            raise failure

        monkeypatch.setattr(imbalanced_nn.persistence, "save", fails)
        monkeypatch.delenv("IMBALANCED_NN_TRACEBACK", raising=False)
        arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1, "--json"]
        result = command("fit", table, *arguments)
        assert result.exit_code == code
        assert result.stderr.startswith(stderr)
        # Of a pipe that nobody reads any more there is nothing to say.
        assert bool(result.stderr) != isinstance(failure, BrokenPipeError)
        assert "Traceback" not in result.output
        assert not (tmp_path / "a.inn").exists()


# Die where the file would grow past so many bytes, or before another takes its name.
AT_BYTE = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
"""
AT_RENAME = """
import os, signal, sys
def die(event, arguments):
    if event == "os.rename" and str(arguments[1]) == {0!r}:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killing_it_at_random_leaves_the_old_model_or_the_new_one(fitted, command, tmp_path):
    table, old, _ = fitted
    output = tmp_path / "a.inn"
    output.write_bytes(old.read_bytes())
    arguments = ["fit", str(table), "--target", "fraud", "-o", str(output), "--epochs", "2"]
    # Nothing but the model is written.
    arguments += ["--held-out", "0.2", "--no-onnx", "--force", "--random-state"]

    def left_beside():
        return set(tmp_path.iterdir()) - {output}

    # At any moment: the first seconds read and train, what writes takes but milliseconds.
    start = subprocess.Popen(python(arguments, 1), stdout=subprocess.DEVNULL)
    with start:
        time.sleep(np.random.default_rng().uniform(0.5, 8))
        start.kill()
    assert output.read_bytes() == old.read_bytes() or load(output)[-1].random_state == 1
    before = output.read_bytes()

    n_bytes = int(np.random.default_rng().integers(1, len(before)))
    done = subprocess.run(python(arguments, 2, AT_BYTE.format(n_bytes)), check=False)
    assert done.returncode == -signal.SIGXFSZ
    assert output.read_bytes() == before
    assert n_bytes in {path.stat().st_size for path in left_beside()}

    done = subprocess.run(python(arguments, 3, AT_RENAME.format(str(output))), check=False)
    assert done.returncode == -signal.SIGKILL
    assert output.read_bytes() == before
    assert 3 in {load(path)[-1].random_state for path in left_beside() if is_whole(path)}

    assert all(re.fullmatch(r"\.a\.inn\..*\.part", path.name) for path in left_beside())
    result = command(*arguments, "4")
    assert result.exit_code == 0, result.output
    assert load(output)[-1].random_state == 4


def python(arguments, seed, first=""):
    """Return the command that runs ``imbalanced-nn`` in a process of its own."""
    code = f"{first}\nfrom imbalanced_nn.cli import main; main()"
    return [sys.executable, "-c", code, *arguments, str(seed)]


def is_whole(path):
    """Whether a file can be loaded."""
    try:
        load(path)
    except ModelFileError:
        return False
    return True
