"""The command as it is installed, with the real network."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_shipped_data():
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    arguments = [
        "--strategies",
        "none,random_over",
        "--folds",
        "2",
        "--epochs",
        "1",
        "--json",
        "--quiet",
    ]
    result = subprocess.run(
        [
            *(sys.executable, "-c", "from imbalanced_nn.cli import main; main()"),
            *("compare", "--jobs", "2", *arguments),
        ],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert result.stderr == ""
    content = json.loads(result.stdout)
    assert content["data"]["n_samples"] == 7200
    assert {row["threshold"] for row in content["results"]} == {"learned", "argmax"}
    # Far above the mean prevalence of one third, which is what guessing reaches.
    assert all(row["mean_average_precision"] > 0.5 for row in content["results"])


@pytest.mark.slow
def test_from_a_table_to_scores(frame, tmp_path):
    """Fit, score, measure and tune, each in a process of its own, with nothing on stderr."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    frame[:160].to_csv(tmp_path / "train.csv", index=False)
    frame[160:].to_parquet(tmp_path / "test.parquet")

    def run(*arguments):
        code = "from imbalanced_nn.cli import main; main()"
        command = [sys.executable, "-W", "ignore", "-c", code, *arguments, "--quiet"]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )

    target = ["--target", "fraud"]
    one = ["--epochs", "3", "--held-out", "0.2"]
    fitted = run("fit", "train.csv", *target, "-o", "a.inn", *one, "--json")
    scored = run("predict", "a.inn", "test.parquet", "-o", "out.csv", "--json")
    judged = run("evaluate", "a.inn", "test.parquet", *target, "--json")
    tuned = run("tune-threshold", "a.inn", "test.parquet", *target, "-o", "b.inn", "--json")
    for result in (scored, judged, tuned):
        assert (result.returncode, result.stderr) == (0, "")
    notes = [note[:8] for note in json.loads(fitted.stdout)["notes"]]
    assert notes == ["[INN001]", "[INN010]"]
    assert [line[6:14] for line in fitted.stderr.splitlines() if line[:5] == "Note:"] == notes
    assert json.loads(scored.stdout)["rows"] == json.loads(judged.stdout)["n_samples"] == 80
    assert json.loads(tuned.stdout)["before"] == json.loads(fitted.stdout)["threshold"]
