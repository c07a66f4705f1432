"""imbalanced-nn compare: the report, the measure that ranks, and finished fits that are kept."""

import json
import re

import pytest

import imbalanced_nn.report
from imbalanced_nn.cli.compare_command import MEASURES
from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER

DATA = ("name", "target", "left_out")
FEW = ["--target", "fraud", "--strategies", "none,class_weight", "--folds", 3]


@pytest.fixture
def report(tmp_path):
    return tmp_path / "out.html"


def test_the_report_has_the_verdict_and_the_next_command(run, table, report):
    result = run("compare", table, *FEW, "--drop", "vip", "--report", report)
    assert result.exit_code == 0
    assert result.stdout.endswith(f"\nReport: {report}\n")
    page = report.read_text(encoding="utf-8")
    assert f"<h1>{table}: which strategy works</h1>" in page
    assert '<p class="verdict">No strategy beats plain training with a learned threshold' in page
    command = f"imbalanced-nn fit {table} --target fraud --strategy none --drop vip --output"
    assert command in page
    assert "<caption><span>What the columns were taken for</span></caption>" in page
    assert '<th scope="row">country</th><td>category, 3 values</td>' in page
    assert '<th scope="row">vip</th><td>left out: --drop</td>' in page
    assert "columns with one value: one" in page
    # Nobody who came by the command has to know Python.
    assert "<code>class weight=balanced</code>" in page
    assert not re.search("classifier__|Pipeline|random_state|=None", page)


def test_the_next_command_finds_the_same_class(command, table, report):
    few = ["--target", "fraud", "--strategies", "none", "--folds", 2, "--epochs", 1]
    result = command("compare", table, *few, "--positive", "NO", "--report", report)
    assert result.exit_code == 0
    following = "--target fraud --strategy none --positive no --output"
    assert following in report.read_text(encoding="utf-8")


def test_the_report_of_the_shipped_data_has_python_code(run, report):
    run("compare", "--strategies", "none", "--folds", 2, "--report", report)
    page = report.read_text(encoding="utf-8")
    assert "imbalanced-nn fit" not in page
    assert "model.set_params(\n    classifier__sampler=None," in page


def test_nothing_is_overwritten_unless_forced(run, refused, stand_in, table, report, monkeypatch):
    report.write_text("mine")
    with monkeypatch.context() as patched:
        # Refused before anything is fitted.
        patched.setattr(stand_in, "fail", ValueError("fitted"))
        assert refused("compare", table, *FEW, "--report", report) == (
            2,
            f"'{report}' exists and is not overwritten. Give --force to replace it.",
        )
        lost = report.parent / "no folder" / "out.html"
        code, sentence = refused("compare", table, *FEW, "--report", lost)
        assert (code, sentence[:18]) == (2, "There is no folder")
    assert report.read_text() == "mine"
    result = run("compare", table, *FEW, "--report", report, "--force", "--json")
    assert json.loads(result.stdout)["scoring"] == "average_precision"
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_failed_fit_leaves_the_old_report(refused, stand_in, table, report, monkeypatch):
    report.write_text("mine")
    monkeypatch.setattr(stand_in, "fail", ValueError("loss is nan"))
    assert refused("compare", table, *FEW, "--report", report, "--force", "--json")[0] == 1
    assert report.read_text() == "mine"
    assert [each.name for each in report.parent.glob("*.html")] == ["out.html"]


@pytest.mark.parametrize(
    ("failure", "code", "sentence"),
    [
        (OSError(28, "No space left on device"), 1, "No space left on device."),
        (FileExistsError("'r' exists."), 2, "'r' exists. Give --force to replace it."),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_report_that_cannot_be_written_costs_no_results(
    run, table, report, monkeypatch, failure, code, sentence, as_json
):
    def fails(*arguments, **options):
        raise failure

    monkeypatch.setattr(imbalanced_nn.report, "write_report", fails)
    result = run("compare", table, *FEW, "--report", report, *(["--json"] if as_json else []))
    assert result.exit_code == code
    assert result.stderr.endswith(f"Error: {sentence}\n")
    if as_json:
        assert json.loads(result.stdout)["verdict"].startswith("No strategy beats")
    else:
        assert "No strategy beats" in result.stdout
    assert "Report:" not in result.stdout


def test_the_measure_repeats_and_kept_fits_reach_the_comparison(run, table, tmp_path):
    cache = tmp_path / "fits.jsonl"
    more = ["--scoring", "f1", "--repeats", 2, "--halving", "--cache", cache, "--json"]
    first, again = (json.loads(run("compare", table, *FEW, *more).stdout) for _ in range(2))
    # The seconds of the fits are those of the first run too.
    assert first == again
    assert (first["scoring"], first["n_splits"]) == ("f1", 6)
    assert len(cache.read_text().splitlines()) == 1 + 2 * 6


def test_a_file_of_something_else_is_no_cache(refused, table, tmp_path):
    other = tmp_path / "other.csv"
    other.write_bytes(table.read_bytes())
    code, sentence = refused("compare", table, *FEW, "--cache", other, "--json")
    assert code == 1
    assert sentence.startswith(f"--cache: '{other}' holds something else than finished fits")
    assert other.read_bytes() == table.read_bytes()


def test_the_measures_to_choose_from_are_those_measured():
    assert list(GREATER_IS_BETTER) == MEASURES


def test_costs_rank_and_are_shown(run, table, report):
    costs = ["--cost-matrix", "0,1; 50,0"]
    result = run("compare", table, *FEW, *costs, "--report", report)
    assert result.exit_code == 0
    assert "Costs: no decided as yes 1, yes decided as no 50" in result.stdout
    shown = result.stdout.partition("* best of its column")[0]
    assert "cost" in shown.split()
    assert max(map(len, shown.split("\n\n", 1)[1].splitlines())) <= 80
    assert "in cost per row" in " ".join(result.stdout.split())
    page = report.read_text(encoding="utf-8")
    assert "--strategy none --cost-matrix &#x27;0,1; 50,0&#x27; --output" in page
    assert "Costs of the same rows" in page
    printed = run("compare", table, *FEW, *costs, "--scoring", "f1", "--json").stdout
    content = json.loads(printed)
    assert content["scoring"] == "f1"
    assert content["settings"]["cost_matrix"] == [[0.0, 1.0], [50.0, 0.0]]
    assert all(row["mean_cost"] >= 0 for row in content["results"] + content["reference_results"])


def test_costs_of_another_number_of_classes_are_refused(refused, table):
    code, said = refused("compare", table, *FEW, "--cost-matrix", "0,1,2;1,0,1;2,1,0", "--quiet")
    assert (code, said[:40]) == (2, "--cost-matrix must hold 2 x 2 finite cos")


class TestReportCommand:
    @pytest.fixture
    def printed(self, run, table, tmp_path):
        path = tmp_path / "comparison.json"
        path.write_text(run("compare", table, *FEW, "--json").stdout)
        return path

    def test_it_makes_the_page_that_compare_makes(self, run, table, printed, report, tmp_path):
        content = json.loads(printed.read_text())
        result = run("report", printed, "--output", report)
        assert result.exit_code == 0
        assert result.stdout == f"{content['verdict']}\nReport: {report}\n"
        page = report.read_text(encoding="utf-8")
        again = tmp_path / "again.html"
        more = ["--cache", tmp_path / "c"]
        run("compare", table, *FEW, *more, "--report", again)
        # All but the seconds of the fits.
        assert len(again.read_text(encoding="utf-8")) == pytest.approx(len(page), rel=0.02)
        assert f"imbalanced-nn fit {table} --target fraud --strategy none" in page
        assert "columns with one value: one" in page

    def test_refusals(self, refused, printed, report, table, tmp_path):
        assert refused("report", tmp_path / "no.json", "-o", report) == (
            2,
            f"There is no file '{tmp_path / 'no.json'}'.",
        )
        assert refused("report", table, "-o", report) == (1, f"'{table}' is not a file of JSON.")
        other = tmp_path / "other.json"
        for content in ("[]", "{}", '{"folds": [], "data": {}}'):
            other.write_text(content)
            assert refused("report", other, "-o", report) == (
                1,
                f"'{other}' is not what 'imbalanced-nn compare --json' printed.",
            )
        other.write_text("[" * 100_000)
        assert refused("report", other, "-o", report) == (1, f"'{other}' is not a file of JSON.")
        content = json.loads(printed.read_text())
        for name, value in (("folds", []), ("settings", []), ("data", dict.fromkeys(DATA, 1))):
            other.write_text(json.dumps(content | {name: value}))
            assert refused("report", other, "-o", report) == (
                1,
                f"'{other}' is not what 'imbalanced-nn compare --json' printed.",
            )
        assert not report.exists()
        report.write_text("mine")
        assert refused("report", printed, "-o", report)[0] == 2
        assert report.read_text() == "mine"

    def test_a_full_disk(self, refused, printed, report, monkeypatch):
        def fails(*arguments, **options):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(imbalanced_nn.report, "write_report", fails)
        assert refused("report", printed, "-o", report) == (
            1,
            f"'{report}' cannot be written: No space left on device.",
        )
