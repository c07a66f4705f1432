"""Printing loses no finished work: not what a stream cannot show, nor where nobody reads it."""

import io
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from imbalanced_nn.cli import main
from imbalanced_nn.cli.refusals import DataRefusal
from imbalanced_nn.cli.terminal import counted, print_notes, say, say_prose

FEW = ["--target", "fraud", "--strategies", "none,smote", "--folds", "2"]


@pytest.fixture
def stream(monkeypatch):
    """Put a stream of some encoding in the place of stdout."""

    def stream(encoding):
        written = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        monkeypatch.setattr(sys, "stdout", written)
        return written

    return stream


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8"])
def test_what_an_encoding_lacks_is_spelled_out(stream, encoding):
    written = stream(encoding)
    say("Größe ─ ± … 猫 \udce9")
    text = written.buffer.getvalue().decode(encoding)
    for character, spelled in [
        ("ö", r"\xf6"),
        ("─", "-"),
        ("猫", r"\u732b"),
        ("\udce9", r"\udce9"),
    ]:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            assert spelled in text
        else:
            assert character in text


@pytest.mark.parametrize("charset", ["ascii", "cp1252"])
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_comparison_is_printed_in_any_encoding(stand_in, frame, tmp_path, charset, as_json):
    frame["fraud"] = frame["fraud"].map({"yes": "Über 猫", "no": "nein"})
    frame.to_csv(tmp_path / "t.csv", index=False)
    runner = CliRunner(env={"COLUMNS": "80"}, charset=charset)
    result = runner.invoke(main, ["compare", str(tmp_path / "t.csv"), *FEW, *as_json])
    assert result.exit_code == 0, result.output
    if as_json:
        assert json.loads(result.stdout)["classes"] == ["nein", "Über 猫"]
        return
    assert "\n------" in result.stdout
    assert max(map(len, result.stdout.split("\n\n", 1)[1].splitlines())) <= 80
    assert " standard deviation over the folds." in result.stdout
    over = "Über" if charset == "cp1252" else r"\xdcber"
    assert rf"of the class {over} \u732b." in result.stdout


class Closed(io.StringIO):
    """A pipe that nobody reads."""

    def __init__(self, error):
        super().__init__()
        self.error = error
        self.null = os.open(os.devnull, os.O_WRONLY)

    def write(self, text):
        raise self.error

    def fileno(self):
        return self.null


def test_a_pipe_that_nobody_reads_stops_nothing(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, Closed(BrokenPipeError(32, "Broken pipe")))
    say("a result")
    print_notes(["a note"])


def test_a_stream_that_is_closed_stops_nothing(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    say("a result")
    say_prose("a sentence")
    print_notes(["a note"])


def test_a_full_disk_is_said(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Closed(OSError(28, "No space left on device")))
    with pytest.raises(DataRefusal, match="^stdout cannot be written: No space left on device.$"):
        say("a result")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell of POSIX")
@pytest.mark.slow
def test_the_page_is_written_though_the_pipe_breaks(run, table, tmp_path):
    printed = tmp_path / "comparison.json"
    printed.write_text(run("compare", table, *FEW, "--json").stdout)
    code = "from imbalanced_nn.cli import main; main()"
    for number, redirected in enumerate(["| true", ">&-", "2>&- >&-"]):
        page = tmp_path / f"{number}.html"
        command = (
            f'"{sys.executable}" -c "{code}" report "{printed}" -o "{page}" --quiet {redirected}'
        )
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_prose_is_wrapped_between_words(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    say_prose("One /a/path/that/is/long/and/whole 猫猫猫猫猫猫猫猫 猫猫 two")
    print_notes(["[INN001] few rows are held out."])
    out, err = capsys.readouterr()
    lines = ["One", "/a/path/that/is/long/and/whole", "猫猫猫猫猫猫猫猫", "猫猫 two"]
    assert out.splitlines() == lines
    assert err.splitlines() == ["Note: [INN001] few", "rows are held out."]


def test_things_are_counted():
    assert [counted(number, "row") for number in (0, 1, 2, 1234)] == [
        *("0 rows", "1 row", "2 rows", "1,234 rows")
    ]


@pytest.mark.parametrize("is_terminal", [False, True])
def test_refusals_are_wrapped_where_somebody_reads_them(monkeypatch, is_terminal):
    monkeypatch.setenv("COLUMNS", "30")
    stderr = io.StringIO()
    monkeypatch.setattr(stderr, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stderr", stderr)
    sentence = "The data are of another kind, and cannot be read."
    DataRefusal(sentence).show()
    assert stderr.getvalue().count("\n") == (2 if is_terminal else 1)
    assert " ".join(stderr.getvalue().split()) == f"Error: {sentence}"
