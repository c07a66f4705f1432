"""A command says at once what it does: lines on stderr, none with --quiet."""

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
