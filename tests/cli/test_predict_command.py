"""imbalanced-nn predict: every row is answered as by the estimator, a few at a time."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from imbalanced_nn import BalancedKerasClassifier, load, save
from imbalanced_nn.cli import readers
from imbalanced_nn.cli.models import Model


@pytest.fixture
def answers(model, frame):
    """What the loaded pipeline says of the table."""
    pipeline = load(model)
    return pipeline.predict(frame), pipeline.predict_proba(frame)


class TestKeptColumns:
    """Columns are copied as they are, whatever the first chunk of them looks like."""

    @pytest.fixture
    def scored(self, command, model, frame, tmp_path, monkeypatch):
        """Score a table in chunks of 50 rows and return a column that was copied."""
        monkeypatch.setattr(readers, "CHUNK_ROWS", 50)

        def scored(column, source, target, write=None):
            table = frame.assign(note=column)
            path = tmp_path / source
            write = write or (pd.DataFrame.to_parquet if source == "t.parquet" else csv)
            write(table, path)
            arguments = ["-o", tmp_path / target, "--keep", "note"]
            result = command("predict", model, path, *arguments)
            assert result.exit_code == 0, result.output
            if target.endswith("csv"):
                return pd.read_csv(tmp_path / target, dtype=str, keep_default_na=False)["note"]
            assert len(pd.read_parquet(tmp_path / target)) == len(frame)
            return parquet.read_table(tmp_path / target)["note"]

        def csv(table, path):
            table.to_csv(path, index=False)

        return scored

    @pytest.mark.parametrize("missing", [slice(0, 60), slice(60, 239)])
    @pytest.mark.parametrize("target", ["a.parquet", "a.csv"])
    def test_large_whole_numbers_beside_missing_ones(self, scored, frame, missing, target):
        numbers = pd.Series(2**60 + np.arange(len(frame)), dtype="Int64")
        numbers[missing] = pd.NA
        found = scored(numbers, "t.parquet", target)
        if target == "a.csv":
            assert found.tolist() == ["" if each is pd.NA else str(each) for each in numbers]
        else:
            assert found.to_pylist() == [None if each is pd.NA else each for each in numbers]

    @pytest.mark.parametrize("source", ["t.parquet", "t.csv"])
    def test_text_that_begins_late(self, scored, frame, source):
        text = pd.Series([None] * (len(frame) - 1) + ["end"])
        assert scored(text, source, "a.parquet").to_pylist()[-2:] == [None, "end"]

    def test_categories(self, scored, frame):
        text = pd.Series(["a"] * 100 + ["b"] * (len(frame) - 100), dtype="category")
        assert scored(text, "t.parquet", "a.parquet").to_pylist() == text.tolist()

    def test_the_index_of_pandas(self, scored, frame):
        text = frame["key"].to_numpy()

        def write(table, path):
            table.set_index("note").to_parquet(path)

        assert scored(text, "t.parquet", "a.csv", write).tolist() == text.tolist()


@pytest.mark.parametrize("target", ["a.parquet", "a.csv"])
def test_a_parquet_table_without_rows(refusal, model, frame, tmp_path, target):
    path = tmp_path / "t.parquet"
    frame[:0].to_parquet(path)
    arguments = ("predict", model, path, "-o", tmp_path / target)
    assert refusal(*arguments) == (1, f"{str(path)!r} has no rows.")
    assert list(tmp_path.iterdir()) == [path]


def test_a_parquet_table_with_a_column_twice(refusal, model, frame, tmp_path):
    path = tmp_path / "t.parquet"
    content = pyarrow.Table.from_pandas(frame)
    parquet.write_table(content.append_column("amount", content["amount"]), path)
    assert refusal("predict", model, path, "-o", tmp_path / "a.csv") == (
        1,
        f"{str(path)!r} has more than one column 'amount'; name each once.",
    )


def read(path):
    """Read a scored table, text as it stands."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    sep = "\t" if ".tsv" in path.name else ","
    return pd.read_csv(path, sep=sep, dtype={"key": str}, keep_default_na=False)


@pytest.mark.parametrize(
    ("source", "target", "rows"),
    [
        ("t.csv", "a.csv", 7),
        ("t.csv", "a.tsv", 1000),
        ("t.csv", "a.parquet", 100),
        ("t.csv.gz", "a.csv.gz", 239),
        ("t.parquet", "a.parquet", 7),
        ("t.parquet", "a.csv", 1000),
    ],
)
def test_every_row_is_answered_in_order(
    command, model, frame, answers, tmp_path, monkeypatch, source, target, rows
):
    monkeypatch.setattr(readers, "CHUNK_ROWS", rows)
    if source.endswith(".parquet"):
        frame.to_parquet(tmp_path / source, row_group_size=50)
    else:
        frame.to_csv(tmp_path / source, index=False)
    result = command("predict", model, tmp_path / source, "-o", tmp_path / target, "--keep", "key")
    assert result.exit_code == 0, result.output
    out = read(tmp_path / target)
    assert out.columns.tolist() == ["key", "label", "probability_no", "probability_yes"]
    assert out["key"].tolist() == frame["key"].tolist()
    assert out["label"].tolist() == answers[0].tolist()
    proba = out[["probability_no", "probability_yes"]].to_numpy(dtype="float32")
    np.testing.assert_array_equal(proba, answers[1])


def test_memory_holds_a_chunk_at_a_time(command, model, table, tmp_path, monkeypatch):
    sizes = []
    answer = Model.answer

    def counted(self, chunk):
        sizes.append(len(chunk))
        return answer(self, chunk)

    monkeypatch.setattr(readers, "CHUNK_ROWS", 100)
    monkeypatch.setattr(Model, "answer", counted)
    command("predict", model, table, "-o", tmp_path / "a.csv")
    assert sizes == [100, 100, 40]


def test_text_that_looks_like_numbers_in_a_chunk_stays_text(command, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [150, 50]))
    code = np.where(y == 1, "1", rng.choice(["2", "x"], 200))
    frame = pd.DataFrame({"code": code, "a": rng.normal(size=200), "y": y})
    frame.to_csv(tmp_path / "t.csv", index=False)
    arguments = ["--target", "y", "-o", tmp_path / "a.inn", "--epochs", 2]
    assert command("fit", tmp_path / "t.csv", *arguments).exit_code == 0
    later = pd.DataFrame({"code": ["1", "2", None, "1", "x"], "a": 0.0})
    later.to_csv(tmp_path / "later.csv", index=False)
    monkeypatch.setattr(readers, "CHUNK_ROWS", 4)
    command("predict", tmp_path / "a.inn", tmp_path / "later.csv", "-o", tmp_path / "out.csv")
    expected = load(tmp_path / "a.inn").predict_proba(later)[:, 1]
    out = read(tmp_path / "out.csv")["probability_1"].to_numpy(dtype="float32")
    np.testing.assert_array_equal(out, expected)


def test_copied_columns_stay_as_they_are(command, model, frame, tmp_path):
    frame["key"] = [f"{row:05d}" for row in range(240)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    arguments = ["-o", tmp_path / "a.csv", "--keep", "key", "--keep", "vip"]
    command("predict", model, tmp_path / "t.csv", *arguments)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "key,vip,label,probability_no,probability_yes"
    assert lines[1].startswith(f"00000,{frame['vip'][0]},")


def test_says_how_many_of_each(command, model, table, answers, tmp_path):
    n_yes = int((answers[0] == "yes").sum())
    result = command("predict", model, table, "-o", tmp_path / "a.csv")
    assert result.stdout == (
        f"Scored 240 rows: no {240 - n_yes} ({1 - n_yes / 240:.1%}), yes {n_yes} "
        f"({n_yes / 240:.1%})\nSaved {tmp_path / 'a.csv'}\n"
    )
    result = command("predict", model, table, "-o", tmp_path / "b.csv", "--json")
    assert json.loads(result.stdout) == {
        "output": str(tmp_path / "b.csv"),
        "rows": 240,
        "labels": {"no": 240 - n_yes, "yes": n_yes},
        "notes": [],
    }


def test_an_estimator_that_was_fitted_on_a_frame(command, frame, tmp_path):
    X = frame[["amount", "vip"]].astype(float)
    clf = BalancedKerasClassifier("mlp", epochs=1, random_state=0).fit(X, frame["fraud"])
    save(clf, tmp_path / "a.inn")
    X.to_csv(tmp_path / "t.csv", index=False)
    command("predict", tmp_path / "a.inn", tmp_path / "t.csv", "-o", tmp_path / "a.csv")
    assert read(tmp_path / "a.csv")["label"].tolist() == clf.predict(X).tolist()


class TestRefusals:
    @pytest.fixture
    def spoilt(self, frame, tmp_path):
        """A table that is spoilt in a late row, and the old answers."""
        frame["age"] = frame["age"].astype(object)
        frame.loc[60:, "age"] = "old"
        frame.to_csv(tmp_path / "t.csv", index=False)
        (tmp_path / "a.csv").write_text("old answers")
        return tmp_path / "t.csv", tmp_path / "a.csv"

    def test_a_late_failure_leaves_the_old_file(self, refusal, model, spoilt, monkeypatch):
        monkeypatch.setattr(readers, "CHUNK_ROWS", 50)
        table, output = spoilt
        assert refusal("predict", model, table, "-o", output, "--force") == (
            1,
            "Column 'age' held numbers when the model was fitted, but holds 'old' in row 61. "
            "Correct it, or leave it empty.",
        )
        assert output.read_text() == "old answers"
        assert {each.name for each in output.parent.iterdir()} == {"t.csv", "a.csv"}

    def test_usage(self, refusal, model, table, tmp_path):
        output = tmp_path / "a.csv"
        output.touch()
        for arguments, sentence in [
            ([model, table, "-o", output], f"'{output}' exists and is not overwritten. Give --"),
            ([model, table, "-o", tmp_path / "a.xls"], f"'{tmp_path / 'a.xls'}' is none of .csv"),
            ([model, "no.csv", "-o", tmp_path / "b.csv"], "There is no file 'no.csv'."),
            (["no.inn", table, "-o", tmp_path / "b.csv"], "There is no file 'no.inn'."),
            (
                [model, table, "-o", tmp_path / "b.csv", "--keep", "kee"],
                "--keep 'kee': there is no such column in DATA. Did you mean 'key'?",
            ),
            (
                [model, table, "-o", tmp_path / "b.csv", "--keep", "label"],
                "--keep 'label' has the name of a column that is written. Rename it in DATA.",
            ),
        ]:
            code, refused = refusal("predict", *arguments)
            assert code == 2
            assert refused.startswith(sentence)
        assert not (tmp_path / "b.csv").exists()

    def test_a_column_that_is_not_there(self, refusal, model, frame, tmp_path):
        frame.drop(columns="age").to_csv(tmp_path / "t.csv", index=False)
        assert refusal("predict", model, tmp_path / "t.csv", "-o", tmp_path / "a.csv") == (
            1,
            "The table lacks the column 'age', which the model was fitted on.",
        )

    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    def test_columns_that_have_another_name(self, refusal, model, frame, tmp_path, kind):
        path = tmp_path / f"t.{kind}"
        frame = frame.drop(columns="age").rename(columns={"amount": "Amount", "country": "cuontry"})
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
        assert refusal("predict", model, path, "-o", tmp_path / "a.csv") == (
            1,
            "The table lacks the columns 'amount', 'age', 'country', which the model was fitted "
            "on. For 'amount', did you mean 'Amount'? For 'country', did you mean 'cuontry'?",
        )

    def test_a_bad_cell_and_a_new_category_are_counted_and_told(
        self, command, model, frame, tmp_path, monkeypatch
    ):
        frame["age"] = frame["age"].astype(object)
        frame.loc[[60, 200], "age"] = ["old", "n.a."]
        frame.loc[[70, 170], "country"] = "XX"
        frame.to_csv(tmp_path / "t.csv", index=False)
        frame.loc[[60, 200], "age"] = None
        monkeypatch.setattr(readers, "CHUNK_ROWS", 50)
        result = command("predict", model, tmp_path / "t.csv", "-o", tmp_path / "a.csv")
        n = int(frame["age"].notna().sum())
        # Notes are wrapped.
        assert " ".join(result.stderr.split()) == (
            f"Note: [INN020] age: {n} of {n + 1} values are numbers, 'old' in row 61 is not; "
            f"taken as missing. "
            f"Note: [INN020] country: 2 of 230 values are of categories that were not there in "
            f"training, the first 'XX' in row 71. "
            f"Note: [INN020] age: {n + 1} of {n + 2} values are numbers, 'n.a.' in row 201 is "
            f"not; taken as missing."
        )
        expected = load(model).predict_proba(frame)[:, 1]
        proba = read(tmp_path / "a.csv")["probability_yes"].to_numpy(dtype="float32")
        np.testing.assert_array_equal(proba, expected)

    def test_no_model(self, refusal, table, tmp_path):
        (tmp_path / "a.inn").write_bytes(pickle.dumps([1]))
        code, sentence = refusal("predict", tmp_path / "a.inn", table, "-o", tmp_path / "a.csv")
        assert code == 1
        assert sentence.startswith(f"'{tmp_path / 'a.inn'}' is a pickle")

    def test_a_model_without_column_names(self, refusal, table, tmp_path):
        X, y = np.random.default_rng(0).normal(size=(60, 2)), np.tile([0, 1, 0], 20)
        save(BalancedKerasClassifier("mlp", epochs=1).fit(X, y), tmp_path / "a.inn")
        code, sentence = refusal("predict", tmp_path / "a.inn", table, "-o", tmp_path / "a.csv")
        assert (code, "array without column names" in sentence) == (2, True)

    def test_a_model_that_was_not_trained(self, refusal, table, frame, tmp_path):
        clf = BalancedKerasClassifier("mlp").initialize(frame[["amount"]], frame["fraud"])
        save(clf, tmp_path / "a.inn")
        code, sentence = refusal("predict", tmp_path / "a.inn", table, "-o", tmp_path / "a.csv")
        assert (code, "was built and not trained" in sentence) == (2, True)

    def test_a_model_of_several_labels(self, refusal, table, frame, tmp_path):
        y = np.column_stack([frame["fraud"] == "yes", frame["vip"]]).astype(int)
        X = frame[["amount"]]
        save(BalancedKerasClassifier("mlp", epochs=1).fit(X, y), tmp_path / "a.inn")
        code, sentence = refusal("predict", tmp_path / "a.inn", table, "-o", tmp_path / "a.csv")
        assert (code, "one label for each row" in sentence) == (2, True)


@pytest.mark.slow
def test_a_killed_process_leaves_the_old_file_whole(model, frame, tmp_path):
    table, output = tmp_path / "t.csv", tmp_path / "a.csv"
    pd.concat([frame] * 2000).to_csv(table, index=False)
    output.write_text("old answers")
    code = "from imbalanced_nn.cli import main; main()"
    arguments = ["predict", str(model), str(table), "-o", str(output), "--force"]
    with subprocess.Popen([sys.executable, "-c", code, *arguments], env=os.environ) as process:
        deadline = time.monotonic() + 120
        # A file beside the target that grows: killed in the middle of writing.
        while process.poll() is None and time.monotonic() < deadline:
            parts = list(tmp_path.glob(".a.csv.*.part"))
            if parts and parts[0].stat().st_size:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.01)
        assert process.wait() == -signal.SIGKILL
    assert output.read_text() == "old answers"
