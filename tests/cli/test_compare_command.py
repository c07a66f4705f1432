"""imbalanced-nn compare: what it prints, as text and as JSON, and how it ends."""

import json
import os
import warnings

import pandas as pd
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

import imbalanced_nn.compare
from imbalanced_nn.compare import STRATEGIES
from imbalanced_nn.exceptions import warn


def killed(*arguments, **options):
    """Stand for a comparison one of whose processes is killed."""
    raise TerminatedWorkerError("A worker process managed by the executor was terminated.")


class TestText:
    def test_first_lines_say_what_was_read(self, run, table):
        lines = run("compare", table, "--target", "fraud", "--folds", 2).stdout.splitlines()
        assert "".join(lines[: lines.index("")]) == (
            f"Data: {table}, 240 rows, 5 feature columns"
            "Classes of fraud: no 210 (87.5%), yes 30 (12.5%)"
        )
        assert [line.split()[:2] for line in lines[5 : lines.index("", 4)]] == [
            ["amount", "number"],
            ["age", "number"],
            ["country", "category,"],
            ["vip", "number"],
            ["when", "date"],
            ["one", "left"],
            ["key", "left"],
        ]

    def test_table_is_plain_and_narrow(self, run, table):
        result = run("compare", table, "--target", "fraud", "--folds", 2)
        assert result.exit_code == 0
        assert result.stderr == ""
        assert "\x1b" not in result.stdout
        after_data = result.stdout.split("\n\n", 1)[1]
        assert max(map(len, after_data.splitlines())) <= 80
        for name in STRATEGIES:
            assert f"\n{name} " in after_data
        assert after_data.count(" learned  ") == after_data.count(" 0.5 ") == len(STRATEGIES)

    def test_without_data_the_shipped_set_is_used(self, run):
        result = run("compare", "--strategies", "none", "--folds", 2)
        assert result.stdout.startswith(
            "Data: thyroid (ships with imbalanced_nn), 7,200 rows, 21 feature columns\n"
            "Classes of target: normal 6,666 (92.6%), subnormal 368 (5.1%), hyper 166 (2.3%)\n"
        )
        assert (
            "\n* best of its column. Mean ± standard deviation over the folds.\n"
            "Average precision and F1 are unweighted means over the classes.\n\nOnly 'none' was "
        ) in result.stdout

    def test_rows_without_a_class_are_left_out(self, run, frame, tmp_path):
        frame.loc[:2, "fraud"] = None
        frame.to_csv(tmp_path / "t.csv", index=False)
        stdout = run("compare", tmp_path / "t.csv", "--target", "fraud", "--folds", 2).stdout
        assert "237 rows" in stdout
        assert "Left out rows without a class: 3\n" in stdout

    def test_brackets_in_names_are_no_markup(self, run, frame, tmp_path):
        frame["fraud"] = frame["fraud"].map({"yes": "[red]", "no": "[/b]"})
        frame.to_csv(tmp_path / "t.csv", index=False)
        result = run("compare", tmp_path / "t.csv", "--target", "fraud", "--folds", 2)
        assert "Classes of fraud: [/b] 210 (87.5%), [red] 30 (12.5%)\n" in result.stdout
        assert "Average precision and F1 are of the class [red].\n" in result.stdout


class TestJson:
    def test_is_all_of_stdout(self, run, table):
        result = run("compare", table, "--target", "fraud", "--strategies", "none, smote", "--json")
        content = json.loads(result.stdout)
        columns = content["data"].pop("columns")
        assert columns[2] == {
            "name": "country",
            "kind": "category",
            "categories": 3,
            "missing": 10,
            "detail": "",
        }
        assert [each["kind"] for each in columns] == [
            *("number", "number", "category", "number", "date", "left out", "left out"),
        ]
        assert content["data"] == {
            "notes": [],
            "options": [],
            "name": str(table),
            "target": "fraud",
            "n_samples": 240,
            "n_features": 5,
            "left_out": [
                "columns with one value: one",
                "columns of text that hardly repeats: key",
            ],
        }
        assert content["n_splits"] == 5
        assert content["pos_label"] == "yes"
        assert {row["strategy"] for row in content["results"]} == {"none", "smote"}
        assert len(content["folds"]) == 2 * 2 * 5
        assert content["verdict"].startswith(
            "No strategy beats plain training with a learned threshold here "
        )

    def test_random_state_reproduces_and_matters(self, run, table):
        def scores(seed):
            arguments = ["--strategies", "none", "--folds", 2, "--json", "--random-state", seed]
            content = json.loads(run("compare", table, "--target", "fraud", *arguments).stdout)
            return [row["f1"] for row in content["folds"]]

        assert scores(0) == scores(0)
        assert scores(0) != scores(1)

    def test_epochs_reach_the_network(self, run, stand_in, table, monkeypatch):
        seen = []
        fit = stand_in.fit

        def recorded(self, X, y):
            seen.append(self.epochs)
            return fit(self, X, y)

        monkeypatch.setattr(stand_in, "fit", recorded)
        run("compare", table, "--target", "fraud", "--strategies", "none", "--epochs", 7)
        assert seen == [7] * 5

    def test_whole_number_classes_stay_numbers(self, run, frame, tmp_path):
        frame["fraud"] = (frame["fraud"] == "yes").astype(int)
        frame.to_csv(tmp_path / "t.csv", index=False)
        result = run("compare", tmp_path / "t.csv", "--target", "fraud", "--json")
        assert json.loads(result.stdout)["classes"] == [0, 1]


class TestEndings:
    def test_interrupt(self, run, stand_in, table, monkeypatch):
        monkeypatch.setattr(stand_in, "fail", KeyboardInterrupt())
        result = run("compare", table, "--target", "fraud", "--json")
        assert result.exit_code == 130
        assert (result.stdout, result.stderr) == ("", "Interrupted.\n")

    def test_a_failed_fit(self, refused, stand_in, table, monkeypatch):
        monkeypatch.setattr(stand_in, "fail", ValueError("loss\n  is nan"))
        assert refused("compare", table, "--target", "fraud", "--json") == (
            1,
            "strategy 'none' failed on fold 1 of 5: ValueError: loss is nan, and so did all 9 "
            "others",
        )

    @pytest.mark.parametrize("as_json", [False, True])
    def test_a_strategy_that_fails_loses_no_other(
        self, run, stand_in, table, tmp_path, monkeypatch, as_json
    ):
        fit = stand_in.fit

        def failing_fit(self, X, y):
            if self.sampler is not None:
                raise ValueError("loss\n  is [b]nan")
            return fit(self, X, y)

        monkeypatch.setattr(stand_in, "fit", failing_fit)
        files = ["--report", tmp_path / "r.html", "--cache", tmp_path / "fits.jsonl"]
        arguments = ["--strategies", "none,smote,focal", *files, *(["--json"] if as_json else [])]
        result = run("compare", table, "--target", "fraud", *arguments)
        assert result.exit_code == 0
        assert " ".join(result.stderr.split()) == (
            "Note: strategy 'smote' failed on fold 1 of 5: ValueError: loss is [b]nan. It is left "
            "out of the comparison."
        )
        reason = "failed on fold 1 of 5: ValueError: loss is [b]nan"
        if as_json:
            content = json.loads(result.stdout)
            assert content["failed"] == {"smote": reason.replace(" is", "\n  is")}
            assert {row["strategy"] for row in content["results"]} == {"none", "focal"}
        else:
            assert ["smote", "failed"] in [line.split() for line in result.stdout.splitlines()]
            assert f"\nsmote {reason}\n" in result.stdout
            assert "'smote' failed and is left out." in " ".join(result.stdout.split())
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        assert f"smote is left out: it {reason}" in page
        assert len((tmp_path / "fits.jsonl").read_text().splitlines()) == 1 + 2 * 5

    def test_a_worker_that_is_killed(self, refused, stand_in, table, monkeypatch):
        monkeypatch.setattr(imbalanced_nn.compare, "compare_strategies", killed)
        code, sentence = refused("compare", table, "--target", "fraud", "--json")
        assert (code, sentence[:36]) == (1, "A process that fitted was stopped fr")
        assert "--cache PATH" in sentence

    def test_warnings_become_notes(self, run, stand_in, table, monkeypatch):
        fit = stand_in.fit

        def warning_fit(self, X, y):
            warn("INN005", "200 of 300 cuts were tried.")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
            return fit(self, X, y)

        monkeypatch.setattr(stand_in, "fit", warning_fit)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            result = run("compare", table, "--target", "fraud", "--folds", 2)
        assert result.stderr == (
            "Note: [INN005] 200 of 300 cuts were tried. (every strategy on every fold)\n"
        )

    def test_a_bar_on_a_terminal(self, run, table, monkeypatch):
        monkeypatch.setattr("imbalanced_nn.cli.working._is_quiet", lambda: False)
        monkeypatch.setenv("FORCE_COLOR", "1")
        result = run("compare", table, "--target", "fraud", "--strategies", "none", "--json")
        assert "5/5" in result.stderr
        assert "fits, time left" in result.stderr
        json.loads(result.stdout)

    def test_stderr_is_given_back(self, run, table):
        before = os.fstat(2)
        run("compare", table, "--target", "fraud", "--folds", 2)
        assert os.path.samestat(os.fstat(2), before)


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (
                ["--strategies", "none,smot"],
                "There is no strategy 'smot'; known are none, class_weight, random_over, "
                "random_under, smote{more}. Did you mean 'smote'?",
            ),
            (
                ["--strategies", ","],
                "--strategies names none; known are none, class_weight, random_over, "
                "random_under, smote{more}.",
            ),
            (["--target", "x"], "--target names a column of DATA, but no DATA was given."),
            (["--jobs", "0"], "--n-jobs is 0; give 1 or more, or -1 for every core."),
            (["a.csv"], "--target is missing: which column of 'a.csv' holds the classes?"),
            (["nowhere.csv", "--target", "y"], "There is no file 'nowhere.csv'."),
        ],
    )
    def test_usage(self, arguments, sentence, refused):
        more = "".join(f", {name}" for name in list(STRATEGIES)[5:])
        assert refused("compare", *arguments) == (2, sentence.replace("{more}", more))

    def test_a_column_that_is_not_there(self, refused, table):
        assert refused("compare", table, "--target", "froud") == (
            2,
            "There is no column 'froud'; the columns are amount, age, country, vip, when, one, "
            "key, fraud. Did you mean 'fraud'?",
        )

    def test_many_columns_are_not_all_listed(self, refused, tmp_path):
        wide = pd.DataFrame({f"c{i}": [1] for i in range(25)})
        wide.to_csv(tmp_path / "wide.csv", index=False)
        code, sentence = refused("compare", tmp_path / "wide.csv", "--target", "fraud")
        assert code == 2
        assert sentence.endswith(" c18, c19 and 5 more.")

    def test_a_class_with_too_few_rows(self, refused, frame, tmp_path):
        frame["fraud"] = frame["fraud"].map({"yes": 1, "no": 0}).replace({0: 2})
        frame.loc[0, "fraud"] = 0
        frame.to_csv(tmp_path / "t.csv", index=False)
        code, sentence = refused("compare", tmp_path / "t.csv", "--target", "fraud", "--json")
        assert code == 1
        assert sentence.startswith("--folds: class 0 has 1 row, fewer than the 5 folds. ")

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (
                ["--groups", "vip"],
                "--groups 'vip' makes 2 groups, too few for 5 folds that hold a ",
            ),
            (["--time", "when", "--repeats", 2], "--repeats draws the folds anew; those of --time"),
        ],
    )
    def test_folds_that_cannot_be(self, refused, table, options, sentence):
        code, said = refused("compare", table, "--target", "fraud", "--json", *options)
        assert (code, said[: len(sentence)]) == (2, sentence)

    @pytest.mark.parametrize(
        "arguments", [["--folds", "1"], ["--epochs", "0"], ["--random-state", "-1"], ["--nope"]]
    )
    def test_bad_options_are_clicks(self, arguments, run):
        result = run("compare", *arguments)
        assert result.exit_code == 2
        assert "Error: " in result.stderr
        assert result.stdout == ""
