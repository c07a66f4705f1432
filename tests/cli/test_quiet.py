"""Native code is muted, Python is not, and everything is put back."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from imbalanced_nn.cli import fit_command, main
from imbalanced_nn.exceptions import InvalidParameterError

_SCRIPT = """
import os, sys
from imbalanced_nn.cli.quiet import tensorflow_muted
try:
    with tensorflow_muted():
        os.write(2, b"native inside\\n")
        print("python inside", file=sys.stderr)
        raise KeyError
except KeyError:
    os.write(2, b"native after\\n")
    print("python after", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (None, ["python inside", "native after", "python after"]),
        ("2", ["python inside", "native after", "python after"]),
        ("0", ["native inside", "python inside", "native after", "python after"]),
    ],
)
def test_only_native_code_is_muted(level, expected):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    if level is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = level
    result = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stderr.splitlines() == expected


@pytest.mark.skipif(os.name == "nt", reason="needs a shell of POSIX")
def test_where_stderr_is_closed_no_file_takes_its_place():
    script = """
import os
from imbalanced_nn.cli.quiet import tensorflow_muted
with tensorflow_muted():
    opened = os.open(os.devnull, os.O_RDONLY)
    os.write(2, b"native")
print(opened)
"""
    command = f"'{sys.executable}' -c '{script}' 2>&-"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert int(result.stdout) > 2


def test_fit_says_that_tensorflow_loads_and_mutes_it(table, tmp_path, monkeypatch, capfd):
    said = []

    def loads(**given):
        os.write(2, b"a start-up log")
        raise InvalidParameterError("enough")

    monkeypatch.setattr(fit_command, "stage", said.append)
    monkeypatch.setattr(fit_command, "_changed", loads)
    arguments = ["fit", table, "--target", "fraud", "-o", tmp_path / "a.inn"]
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert "enough" in result.stderr
    assert said[-1] == "Loading TensorFlow"
    assert "start-up log" not in capfd.readouterr().err
