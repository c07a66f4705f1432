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


LINE = {
    "file": "There is no file 'none.csv'.",
    "column": "There is no column 'z'",
    "strategy": "There is no strategy 'smot'",
    "sampler": "There is no sampler 'smot'",
    "rate": "There is no rate 'precison'",
    "drop": "--drop 'z': there is no such column",
}


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("file", ["compare", "none.csv", "--target", "y"]),
        ("file", ["report", "none.csv", "-o", "a.html"]),
        ("file", ["fit", "none.csv", "--target", "y", "-o", "a.inn"]),
        ("file", ["predict", "none.csv", "here.csv", "-o", "a.csv"]),
        ("file", ["predict", "here.csv", "none.csv", "-o", "a.csv"]),
        ("file", ["evaluate", "here.csv", "none.csv", "--target", "y"]),
        ("file", ["tune-threshold", "none.csv", "here.csv", "--target", "y", "-o", "a.inn"]),
        ("file", ["export", "none.csv", "-o", "a.onnx"]),
        ("column", ["compare", "here.csv", "--target", "z"]),
        ("column", ["fit", "here.csv", "--target", "z", "-o", "a.inn"]),
        ("column", ["evaluate", "here.csv", "here.csv", "--target", "z"]),
        ("column", ["tune-threshold", "here.csv", "here.csv", "--target", "z", "-o", "a.inn"]),
        ("drop", ["fit", "here.csv", "--target", "y", "--drop", "z", "-o", "a.inn"]),
        ("strategy", ["compare", "here.csv", "--target", "y", "--strategies", "smot"]),
        ("strategy", ["fit", "here.csv", "--target", "y", "-o", "a.inn", "--strategy", "smot"]),
        ("sampler", ["fit", "here.csv", "--target", "y", "-o", "a.inn", "--sampler", "smot"]),
        (
            "rate",
            ["fit", "here.csv", "--target", "y", "-o", "a", "--constraint", "precison", "0.9"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_wrong_arguments_are_refused_before_any_library_is_loaded(what, arguments, tmp_path):
    (tmp_path / "here.csv").write_text("a,y\n1,0\n")
    heavy = {"keras", "numpy", "pandas", "rich", "sklearn", "tensorflow"}
    code = (
        "import sys\n"
        "from imbalanced_nn.cli import main\n"
        f"sys.argv = {['imbalanced-nn', *arguments]}\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        f"    print(end.code, sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout == "2 []\n", done.stderr
    assert done.stderr.startswith(f"Error: {LINE[what]}")
