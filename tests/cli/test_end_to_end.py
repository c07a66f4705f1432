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
            *("compare", *arguments),
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
    """Fit in a process; in another score, measure and tune, with nothing on stderr."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    frame[:160].to_csv(tmp_path / "train.csv", index=False)
    frame[160:].to_parquet(tmp_path / "test.parquet")

    def run(*commands):
        given = ([*command, "--json", "--quiet"] for command in commands)
        lines = [f"main({arguments!r}, standalone_mode=False)" for arguments in given]
        code = "\n".join(["from imbalanced_nn.cli import main", *lines])
        command = [sys.executable, "-W", "ignore", "-c", code]
        result = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
        )
        assert result.returncode == 0, result.stderr
        told = result.stdout.replace("\n}\n{", "\n},\n{")
        return json.loads(f"[{told}]"), result.stderr

    target = ["--target", "fraud"]
    one = ["--epochs", "3", "--held-out", "0.2"]
    (fitted,), told = run(["fit", "train.csv", *target, "-o", "a.inn", *one])
    notes = [note[:8] for note in fitted["notes"]]
    assert notes == ["[INN001]", "[INN010]"]
    assert [line[6:14] for line in told.splitlines() if line[:5] == "Note:"] == notes
    (scored, judged, tuned), told = run(
        ["predict", "a.inn", "test.parquet", "-o", "out.csv"],
        ["evaluate", "a.inn", "test.parquet", *target],
        ["tune-threshold", "a.inn", "test.parquet", *target, "-o", "b.inn"],
    )
    assert told == ""
    assert scored["rows"] == judged["n_samples"] == 80
    assert tuned["before"] == fitted["threshold"]
