"""imbalanced-nn evaluate: its measures are scikit-learn's, and its tables fit a terminal."""

import json

import numpy as np
import pytest
from sklearn import metrics

from imbalanced_nn import load
from imbalanced_nn.cli import tables
from imbalanced_nn.cli.measures import measures


def test_measures_are_those_of_the_answers(command, model, table, frame, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK_ROWS", 37)
    content = json.loads(command("evaluate", model, table, "--target", "fraud", "--json").stdout)
    pipeline = load(model)
    decided, y = pipeline.predict(frame), frame["fraud"]
    score = pipeline.predict_proba(frame)[:, 1].astype(float)
    truth = y == "yes"
    expected = {
        "average_precision": metrics.average_precision_score(truth, score),
        "roc_auc": metrics.roc_auc_score(truth, score),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided),
        "f1": metrics.f1_score(y, decided, pos_label="yes"),
        "matthews_corrcoef": metrics.matthews_corrcoef(y, decided),
        "log_loss": metrics.log_loss(truth, score),
        "brier_score": metrics.brier_score_loss(truth, score),
        "accuracy": metrics.accuracy_score(y, decided),
    }
    assert {k: content["overall"][k] for k in expected} == pytest.approx(expected, abs=1e-6)
    assert content["confusion"] == metrics.confusion_matrix(y, decided).tolist()
    assert content["positive_class"] == "yes"
    assert content["prevalence"] == 0.125
    rows = content["classes"]
    assert [row["class"] for row in rows] == ["no", "yes"]
    assert rows[1]["recall"] == metrics.recall_score(y, decided, pos_label="yes")


def test_several_classes_against_scikit_learn():
    rng = np.random.default_rng(0)
    codes, proba = rng.integers(0, 3, 200), rng.dirichlet([1, 1, 1], 200)
    decided = proba.argmax(axis=1)
    found = measures(codes, decided, proba, ["a", "b", "c"], None)["overall"]
    expected = {
        "average_precision": metrics.average_precision_score(np.eye(3)[codes], proba),
        "roc_auc": metrics.roc_auc_score(codes, proba, multi_class="ovr"),
        "balanced_accuracy": metrics.balanced_accuracy_score(codes, decided),
        "f1": metrics.f1_score(codes, decided, average="macro"),
        "log_loss": metrics.log_loss(codes, proba),
        "brier_score": metrics.brier_score_loss(codes, proba) / 2,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_a_class_without_rows_has_no_value():
    proba = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]])
    content = measures(np.array([0, 1]), np.array([0, 1]), proba, ["a", "b", "c"], None)
    assert content["classes"][2] == {
        "class": "c",
        "rows": 0,
        "precision": None,
        "recall": None,
        "f1": None,
        "average_precision": None,
    }
    one_class = measures(np.array([0, 0]), np.array([0, 0]), proba[:, :2], ["a", "b"], 1)
    assert one_class["overall"]["roc_auc"] is None
    json.dumps([content, one_class], allow_nan=False)


def test_rows_that_were_trained_on_are_noted(command, model, table, frame, tmp_path):
    result = command("evaluate", model, table, "--target", "fraud")
    assert result.stderr.startswith("Note: the model was trained on about 80% of these rows.")
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
    for words in ("average precision", "class balance accuracy", "precision   recall", "decided"):
        assert words in result.stdout


def test_rows_without_a_class_are_left_out(command, model, frame, tmp_path):
    frame.loc[:2, "fraud"] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    stdout = command("evaluate", model, tmp_path / "t.csv", "--target", "fraud").stdout
    assert ", 237 rows\nLeft out rows without a class: 3\n" in stdout


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
    assert json.loads(result.stdout)["data"]["n_samples"] == 239


class TestRefusals:
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
            f"There is no column 'froud' in '{table}' to compare the answers with.",
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
