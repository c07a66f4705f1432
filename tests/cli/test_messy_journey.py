"""The whole journey of a messy table, which begins with the installed script."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

MESSY = Path(__file__).parent / "messy"
SCRIPT = Path(sysconfig.get_path("scripts")) / "imbalanced-nn"


@pytest.mark.slow
def test_from_messy_rows_to_scores(command, tmp_path, monkeypatch):
    """A model of the clean file answers alike for rows in every spelling."""
    monkeypatch.chdir(tmp_path)
    environment = os.environ | {"COLUMNS": "80"}

    def run(*arguments):
        return subprocess.run(
            [SCRIPT, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )

    target = ["--target", "fraud"]
    options = ["-o", "a.inn", "--epochs", "3", "--held-out", "0.2", "--no-onnx"]
    fitted = run("fit", MESSY / "decimal_commas.csv", *target, *options)
    assert fitted.returncode == 0, fitted.stderr
    lines = fitted.stdout.splitlines()
    assert max(map(len, lines[3:11])) <= 80
    table = [line.split() for line in lines[5:10]]
    assert table == [
        ["amount", "number,", "decimal", "comma", "3"],
        ["rate", "number"],
        ["when", "date"],
        ["city", "category,", "3", "values"],
        ["zip", "category,", "4", "values"],
    ]
    scores = []
    for name in ("decimal_commas.csv", "money.csv", "latin_1.csv"):
        # Of another unit than it was fitted in the reader must not make numbers.
        scored = command("predict", "a.inn", MESSY / name, "-o", f"{name}.out.csv")
        if name == "money.csv":
            assert (scored.exit_code, "held numbers when" in scored.stderr) == (1, True)
            continue
        assert scored.exit_code == 0, scored.stderr
        scores.append((tmp_path / f"{name}.out.csv").read_text())
    assert scores[1:] == scores[:1]
    judged = [
        command("evaluate", "a.inn", MESSY / name, *target, "--resamples", "0", "--json")
        for name in ("clean.csv", "no_labels.csv")
    ]
    found = [json.loads(each.stdout) for each in judged]
    assert found[1]["confusion"] == found[0]["confusion"]
    assert found[1]["data"]["left_out"] == ["rows without a class: 3"]
