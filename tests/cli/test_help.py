"""Help and version answer at once: no numerical library is loaded for them."""

import subprocess
import sys

import pytest

import imbalanced_nn

_SCRIPT = """
import sys
from imbalanced_nn.cli import main
try:
    main(sys.argv[1:], prog_name="imbalanced-nn")
finally:
    heavy = ("tensorflow", "keras", "scikeras", "pandas", "sklearn", "numpy", "rich")
    sys.stderr.write(" ".join(name for name in heavy if name in sys.modules))
"""


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-c", _SCRIPT, *arguments], capture_output=True, text=True, check=True
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "  imbalanced-nn compare transactions.csv --target fraud"),
        (["--help"], "Exit codes: 0 done; 1 the data"),
        (["fit", "--help"], "  imbalanced-nn fit train.csv --target fraud --output"),
        (["predict", "--help"], "  imbalanced-nn predict fraud.inn new.csv --output"),
        (["evaluate", "--help"], "  imbalanced-nn evaluate fraud.inn test.csv --target fraud"),
        (["tune-threshold", "-h"], "  imbalanced-nn tune-threshold fraud.inn new.csv --target"),
        (["compare", "--help"], "  imbalanced-nn compare transactions.csv --target fraud --fo"),
        (["compare", "-h"], "--random-state"),
        (["report", "-h"], "  imbalanced-nn report comparison.json --output comparison.html"),
        (["--version"], f"imbalanced-nn, version {imbalanced_nn.__version__}"),
    ],
)
def test_loads_nothing_heavy(arguments, expected):
    result = _run(*arguments)
    assert expected in result.stdout
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines())) <= 80
