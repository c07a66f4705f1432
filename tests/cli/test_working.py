"""A command says at once what it does: lines on stderr, none with --quiet."""

import json
import subprocess
import sys

import pytest

from imbalanced_nn.cli import main, working

FEW = ["--target", "fraud", "--strategies", "none,class_weight", "--folds", 2]


def test_a_line_for_each_stage_where_there_is_no_terminal(run, table, tmp_path):
    page = tmp_path / "page.html"
    result = run("compare", table, *FEW, "--report", page)
    told = [line for line in result.stderr.splitlines() if line.endswith(" ...")]
    assert told == [
        f"Reading {table} ...",
        "Reading columns ...",
        "Loading TensorFlow ...",
        "Comparing ...",
        "Drawing the page ...",
    ]
    assert " ..." not in result.stdout


_COSTS = ("--cost-matrix", "0,1; 50,0")
_FLOOR = ("--constraint", "precision", "0.5")
FIRST = [
    (["compare"], "Reading the thyroid data that ship ..."),
    (["compare", "t.csv", "--target", "y", *_COSTS], "Reading t.csv ..."),
    (["report", "c.json", "-o", "page.html"], "Drawing the page ..."),
    (["fit", "t.csv", "--target", "y", "-o", "o.inn", *_COSTS], "Reading t.csv ..."),
    (["fit", "t.csv", "--target", "y", "-o", "o.inn", *_FLOOR], "Reading t.csv ..."),
    (["predict", "m.inn", "t.csv", "-o", "o.csv"], "Scoring ..."),
    (["evaluate", "m.inn", "t.csv", "--target", "y", *_COSTS], "Loading m.inn ..."),
    (["tune-threshold", "m.inn", "t.csv", "--target", "y", "-o", "o.inn", *_FLOOR], "Loading m"),
    (["export", "m.inn", "-o", "m.onnx"], "Writing m.inn as ONNX ..."),
]
_ALL_AT_ONCE = """
import json, sys
from click.testing import CliRunner
from imbalanced_nn.cli import main, working
def stops(text, **more):
    sys.exit(text)
working.say = stops
said = [CliRunner().invoke(main, arguments).output for arguments in json.loads(sys.argv[1])]
loaded = sorted({"pandas", "sklearn", "keras", "tensorflow"} & set(sys.modules))
print(json.dumps([said, loaded]))
"""


def test_the_first_line_comes_before_libraries_that_take_a_second(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,no\n3,4,yes\n")
    (tmp_path / "m.inn").write_text("none")
    (tmp_path / "c.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", _ALL_AT_ONCE, json.dumps([arguments for arguments, _ in FIRST])],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    said, loaded = json.loads(done.stdout)
    for (arguments, expected), line in zip(FIRST, said, strict=True):
        assert line.startswith(expected), arguments
    assert loaded == []
    assert {arguments[0] for arguments, _ in FIRST} == set(main.commands)


def test_none_if_quiet_is_asked_for(run, table):
    result = run("compare", table, *FEW, "--quiet")
    assert result.exit_code == 0
    assert result.stderr == ""


@pytest.mark.parametrize("name", list(main.commands))
def test_every_command_can_be_quiet(name):
    assert "--quiet" in {each for option in main.commands[name].params for each in option.opts}


def test_how_far_it_is_from_time_to_time(monkeypatch, capsys):
    clock = iter([0.0, 1.0, 31.0, 31.0, 40.0, 62.0, 62.0])
    monkeypatch.setattr(working.time, "monotonic", lambda: next(clock))
    with working.progress_bar("Scoring", "rows") as advance:
        for done in (10, 20, 30, 4000):
            advance(done, 5000)
    assert capsys.readouterr().err == (
        "Scoring ...\nScoring: 20 of 5,000 rows\nScoring: 4,000 of 5,000 rows\n"
    )
