"""imbalanced-nn evaluate: its measures are those of a report, and its tables fit a terminal."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.pipeline import make_pipeline

from imbalanced_nn import BalancedKerasClassifier, ColumnEncoder, imbalance_report, load, save
from imbalanced_nn.cli import readers
from imbalanced_nn.cli.evaluated_columns import RowSample, importance_in

EVALUATE = ("--target", "fraud", "--resamples", 20)


def test_measures_are_those_of_the_answers(command, model, table, frame, monkeypatch):
    monkeypatch.setattr(readers, "CHUNK_ROWS", 37)
    content = json.loads(command("evaluate", model, table, *EVALUATE, "--json").stdout)
    pipeline = load(model)
    report = imbalance_report(pipeline, frame, frame["fraud"], n_resamples=20, random_state=0)
    expected = report.to_dict()
    assert {name: content[name] for name in expected} == expected
    decided, y = pipeline.predict(frame), frame["fraud"]
    assert content["confusion"] == metrics.confusion_matrix(y, decided).tolist()
    assert content["pos_label"] == "yes"
    assert content["overall"]["prevalence"]["value"] == 0.125


def test_costs_are_measured_where_they_are_given(command, model, table, frame):
    costs = ("--cost-matrix", "0,1; 50,0")
    content = json.loads(command("evaluate", model, table, *EVALUATE, *costs, "--json").stdout)
    (_, alarms), (misses, _) = content["confusion"]
    cost = (alarms + 50 * misses) / len(frame)
    assert content["overall"]["cost"]["value"] == pytest.approx(cost)


@pytest.mark.parametrize("command_name", ["evaluate", "fit", "tune-threshold"])
def test_costs_are_told_in_words(command_name, command, model, table, tmp_path):
    given = () if command_name == "fit" else (model,)
    output = () if command_name == "evaluate" else ("-o", tmp_path / "b.inn")
    costs = ("--target", "fraud", "--cost-matrix", "0,1; 50,0")
    stdout = command(command_name, *given, table, *costs, *output).stdout
    assert "\nCosts: no decided as yes 1, yes decided as no 50\n" in "\n" + stdout


def test_rows_of_one_class_are_counted(command, model, frame, tmp_path):
    found = frame[frame["fraud"] == "yes"]
    found.to_csv(tmp_path / "t.csv", index=False)
    result = command("evaluate", model, tmp_path / "t.csv", *EVALUATE, "--json")
    content = json.loads(result.stdout)
    decided = load(model).predict(found)
    assert content["overall"]["recall"] == {"value": None, "low": None, "high": None}
    assert content["overall"]["class_balance_accuracy"]["value"] is None
    assert "all of these rows are of one class" in result.stderr
    assert content["confusion"] == [[0, 0], [(decided == "no").sum(), (decided == "yes").sum()]]


def test_rows_that_were_trained_on_are_noted(command, model, table, frame, tmp_path):
    result = command("evaluate", model, table, "--target", "fraud")
    assert result.stderr.startswith(
        "Note: about 80% of these rows are, or equal, rows that the model was"
    )
    frame["amount"] += 0.01
    frame.to_csv(tmp_path / "t.csv", index=False)
    result = command("evaluate", model, tmp_path / "t.csv", "--target", "fraud")
    assert result.stderr == ""


def test_the_tables_fit_a_terminal(command, model, table):
    result = command("evaluate", model, table, "--target", "fraud")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"Model: {model}", f"Data: {table}, 240 rows"]
    assert max(map(len, lines[2:])) <= 80
    assert "\x1b" not in result.stdout
    for words in ("average precision", "class balance accuracy", "hold at 95%", "decided"):
        assert words in result.stdout


def test_rows_without_a_class_are_left_out(command, model, frame, tmp_path):
    frame.loc[:2, "fraud"] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    stdout = command("evaluate", model, tmp_path / "t.csv", "--target", "fraud").stdout
    assert ", 237 rows\nLeft out rows without a class: 3\n" in stdout


def test_lines_of_names_between_the_rows_are_no_rows(command, model, frame, tmp_path):
    lines = frame.rename(columns={"fraud": "y"}).to_csv(index=False).splitlines()
    (tmp_path / "t.csv").write_text("\n".join([*lines[:90], lines[0], *lines[90:], lines[0]]))
    arguments = ["--target", "y", "--resamples", 0, "--json"]
    result = command("evaluate", model, tmp_path / "t.csv", *arguments)
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["n_samples"] == 240
    assert content["data"]["left_out"] == ["rows without a class: 2"]


def test_labels_are_those_of_fit_however_they_are_written(command, model, frame, tmp_path):
    labels = frame["fraud"].to_numpy(dtype=object)
    rare = np.flatnonzero(labels == "yes")
    labels[rare[:3]] = ["Yes.", "'yes'", "YES\u200b"]
    labels[rare[3]] = "fraud"
    frame.assign(fraud=labels).to_csv(tmp_path / "t.csv", index=False)
    arguments = ["--target", "fraud", "--resamples", 0, "--json"]
    result = command("evaluate", model, tmp_path / "t.csv", *arguments)
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert np.sum(content["confusion"], axis=1).tolist() == [210, 29]
    assert content["data"]["left_out"] == ["rows without a class: 1"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_whole_numbers_with_gaps_are_still_classes(command, frame, tmp_path, kind):
    frame["fraud"] = (frame["fraud"] == "yes").astype(int)
    frame.to_csv(tmp_path / "t.csv", index=False)
    arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1]
    command("fit", tmp_path / "t.csv", *arguments)
    frame["fraud"] = frame["fraud"].astype(float)
    frame.loc[5, "fraud"] = np.nan
    path = tmp_path / f"later.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    result = command("evaluate", tmp_path / "a.inn", path, "--target", "fraud", "--json")
    assert json.loads(result.stdout)["n_samples"] == 239


class TestRefusals:
    def test_costs_of_other_classes_before_a_row_is_read(self, refusal, model, tmp_path):
        empty = tmp_path / "none.csv"
        empty.touch()
        code, sentence = refusal(
            "evaluate", model, empty, *EVALUATE, "--cost-matrix", "0,1,2;1,0,2;1,1,0"
        )
        assert code == 2
        assert "--cost-matrix must hold 2 x 2 finite costs" in sentence

    def test_a_label_that_the_model_does_not_know(self, refusal, model, frame, tmp_path):
        frame.loc[3, "fraud"] = "maybe"
        frame.to_csv(tmp_path / "t.csv", index=False)
        assert refusal("evaluate", model, tmp_path / "t.csv", "--target", "fraud") == (
            1,
            "Column 'fraud' holds 'maybe' in row 4, which is no class of the model; its classes "
            "are no, yes.",
        )

    def test_a_column_that_is_not_there(self, refusal, model, table):
        assert refusal("evaluate", model, table, "--target", "froud") == (
            2,
            f"There is no column 'froud' in '{table}' to compare the answers with. Did you mean "
            "'fraud'?",
        )

    def test_a_column_that_is_empty(self, refusal, model, frame, tmp_path):
        frame.assign(fraud=None).to_csv(tmp_path / "t.csv", index=False)
        code, sentence = refusal("evaluate", model, tmp_path / "t.csv", "--target", "fraud")
        assert (code, sentence) == (1, "Column 'fraud' is empty.")


def test_brackets_in_labels_are_no_markup(command, frame, tmp_path):
    frame["fraud"] = frame["fraud"].map({"yes": "[red]", "no": "[/b]"})
    frame.to_csv(tmp_path / "t.csv", index=False)
    arguments = ["--target", "fraud", "-o", tmp_path / "a.inn", "--epochs", 1]
    result = command("fit", tmp_path / "t.csv", *arguments)
    assert "Decided for [red] from" in result.stdout
    result = command("evaluate", tmp_path / "a.inn", tmp_path / "t.csv", "--target", "fraud")
    assert result.exit_code == 0
    assert "\n[/b] " in result.stdout


def test_it_writes_a_page(command, model, table, tmp_path):
    page = tmp_path / "page.html"
    result = command("evaluate", model, table, *EVALUATE, "--report", page, "--json")
    content, text = json.loads(result.stdout), page.read_text("utf-8")
    (left, alarms), (missed, hits) = content["confusion"]
    assert f"Of 30 rows of &#x27;yes&#x27; {hits} are found: recall" in text
    assert f"{alarms + hits} rows are taken for &#x27;yes&#x27;, and {hits} of them" in text
    assert f'<td class="number">{left}</td><td class="number">{alarms}</td>' in text
    assert f'<td class="number">{missed}</td><td class="number">{hits}</td>' in text
    for measure in content["overall"].values():
        assert measure["value"] is None or f"{measure['value']:.3f}" in text
    assert "about 80% of these rows are" in text
    refused = command("evaluate", model, table, *EVALUATE, "--report", page)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert command("evaluate", model, table, *EVALUATE, "--report", table, "--force").exit_code == 2
    again = command("evaluate", model, table, *EVALUATE, "--report", page, "--force")
    assert again.stdout.endswith(f"\nReport: {page}\n")


def test_a_pipeline_of_python_is_evaluated(command, frame, tmp_path):
    frame["code"] = np.where(np.arange(len(frame)) % 2, "01", "2")
    X, y = frame.drop(columns="fraud"), frame["fraud"]
    pipeline = make_pipeline(ColumnEncoder(), BalancedKerasClassifier(epochs=1, random_state=0))
    save(pipeline.fit(X, y), tmp_path / "a.inn")
    frame.to_csv(tmp_path / "t.csv", index=False)
    page = ["--report", tmp_path / "page.html"]
    result = command("evaluate", tmp_path / "a.inn", tmp_path / "t.csv", *EVALUATE, "--json", *page)
    expected = metrics.confusion_matrix(y, pipeline.predict(X)).tolist()
    assert json.loads(result.stdout)["confusion"] == expected
    content = page[1].read_text("utf-8")
    assert '<th scope="row">code</th><td>category, 2 values</td>' in content
    assert '<th scope="row">amount</th><td>number</td>' in content


def test_the_page_tells_what_the_columns_are_and_are_worth(command, model, table, tmp_path):
    page = tmp_path / "page.html"
    result = command("evaluate", model, table, *EVALUATE, "--report", page)
    assert result.exit_code == 0, result.output
    content = page.read_text("utf-8")
    assert '<th scope="row">country</th><td>category, 3 values</td>' in content
    assert '<th scope="row">one</th><td>left out: one value</td>' in content
    assert '<th scope="row">yes (positive class)</th><td class="number">30</td>' in content
    assert "What each column is worth" in content
    worth = content[content.index("What each column is worth") :]
    # The columns of the file, not what the encoder made of them.
    assert all(f'<th scope="row">{name}</th>' in worth for name in ("amount", "country", "when"))
    assert "on 240 rows of the table, rare classes first" in worth


def test_a_sample_of_chunks_is_of_all_rows():
    sample = RowSample(0)
    for start in range(0, 50_000, 7000):
        rows = np.arange(start, min(start + 7000, 50_000))
        # Of the second class there are few, and of the third none at first.
        sample.add(pd.DataFrame({"row": rows}), codes_of(rows))
    typed, codes, counts = sample.rows
    np.testing.assert_array_equal(counts, np.bincount(codes_of(np.arange(50_000))))
    np.testing.assert_array_equal(codes_of(typed["row"].to_numpy()), codes)
    assert typed["row"].is_unique
    assert np.bincount(codes).tolist() == [6666, counts[1], 6666]
    every = np.arange(50_000)
    for code in (0, 2):
        expected = every[codes_of(every) == code].mean()
        assert typed["row"][codes == code].mean() == pytest.approx(expected, rel=0.03)


def test_columns_that_cannot_be_measured_keep_no_answers_back():
    sample = RowSample(0)
    sample.add(pd.DataFrame({"row": np.arange(4)}), np.arange(4) % 2)
    model = SimpleNamespace(path="m.inn", labels=np.array(["no", "yes"]), of_typed=object())
    found = importance_in(model, sample, 0)
    assert found["of"] == "m.inn"
    assert "must have predict_proba" in found["reason"]


def codes_of(rows):
    """A class for each row: the second of one in a thousand, the third of many late ones."""
    return np.where(rows % 1000 == 0, 1, np.where((rows > 20_000) & (rows % 2 == 1), 2, 0))
