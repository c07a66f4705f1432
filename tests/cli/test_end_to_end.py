"""The command as it is installed, with the real network."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_shipped_data(jobs):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    arguments = ["--strategies", "none,random_over", "--folds", "2", "--epochs", "2", "--json"]
    result = subprocess.run(
        [
            *(sys.executable, "-c", "from imbalanced_nn.cli import main; main()"),
            *("compare", "--jobs", jobs, *arguments),
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
