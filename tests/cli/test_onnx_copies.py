"""`predict` by the copy in ONNX that a file keeps answers as the model does."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.persistence import onnx_copy
from imbalanced_nn.persistence.archive import read_archive, write_archive

pytest.importorskip("tf2onnx")
pytest.importorskip("onnxruntime")

NEEDED = onnx_copy.NEEDED


@pytest.fixture(scope="module")
def files(fitted, tmp_path_factory):
    """Return the table, the fitted model, and the same with a copy."""
    from imbalanced_nn import load, save

    table, model, _ = fitted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_copy, "NEEDED", NEEDED)
        copied = tmp_path_factory.mktemp("copied") / "fraud.inn"
        save(load(model), copied, onnx=True)
    return table, model, copied


def scored(command, model, table, path):
    result = command("predict", model, table, "--output", path, "--keep", "key")
    assert result.exit_code == 0, result.output
    return pd.read_csv(path), result


def test_labels_are_those_of_the_model_and_probabilities_are_close(files, command, tmp_path):
    table, model, copied = files
    messy = pd.read_csv(table).astype(object)
    messy.loc[1, "amount"] = "n.a."
    messy.loc[2, "amount"] = "1e99"
    messy.loc[3, "country"] = "new"
    messy.loc[4, "when"] = "soon"
    messy.to_csv(tmp_path / "messy.csv", index=False)
    for number, rows in enumerate((table, tmp_path / "messy.csv")):
        expected, told = scored(command, model, rows, tmp_path / f"{number}.csv")
        found, told_too = scored(command, copied, rows, tmp_path / f"{number}-copy.csv")
        assert found["label"].tolist() == expected["label"].tolist()
        assert found["key"].tolist() == expected["key"].tolist()
        columns = ["probability_no", "probability_yes"]
        np.testing.assert_allclose(found[columns], expected[columns], rtol=0, atol=1e-6)
        assert told_too.stderr == told.stderr
    assert "new" in told.stderr


def test_rows_in_doubt_are_decided_by_the_model(files, command, tmp_path, monkeypatch):
    table, model, copied = files
    expected, _ = scored(command, model, table, tmp_path / "a.csv")
    monkeypatch.setattr(onnx_copy.OnnxCopy, "in_doubt", lambda self, proba: proba[:, 0] > 0.5)
    found, _ = scored(command, copied, table, tmp_path / "b.csv")
    alike = (found["probability_no"] == expected["probability_no"])[found["probability_no"] > 0.5]
    assert alike.all()
    assert found["label"].tolist() == expected["label"].tolist()


def test_without_keras_rows_in_doubt_are_told(files, command, tmp_path, monkeypatch):
    table, _, copied = files
    monkeypatch.setattr(onnx_copy.OnnxCopy, "in_doubt", lambda self, proba: proba[:, 0] > 2)
    expected, told = scored(command, copied, table, tmp_path / "a.csv")
    assert "cut" not in told.stderr
    monkeypatch.setattr(onnx_copy.OnnxCopy, "in_doubt", lambda self, proba: proba[:, 0] < 2)
    monkeypatch.setattr("imbalanced_nn.cli.onnx_model._knows", lambda name: name != "keras")
    found, told = scored(command, copied, table, tmp_path / "b.csv")
    pd.testing.assert_frame_equal(found, expected)
    assert "Note: [INN028] 240 rows lie" in " ".join(told.stderr.split())


def test_no_library_but_pandas_is_loaded_for_it(files, tmp_path):
    table, _, copied = files
    code = (
        "import sys\n"
        "from imbalanced_nn.cli import main\n"
        f"sys.argv = ['x', 'predict', {str(copied)!r}, {str(table)!r}, '-o', 'a.csv', '--quiet']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    heavy = {'keras', 'sklearn', 'scipy', 'tensorflow', 'onnx', 'h5py'}\n"
        "    print(end.code, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_a_copy_of_another_model_is_refused(files, refusal, tmp_path):
    table, _, copied = files
    with open(copied, "rb") as source:
        members = read_archive("", source)
    members["manifest.json"] = members["manifest.json"].replace(b'"positive": 1', b'"positive": 0')
    write_archive(tmp_path / "other.inn", members)
    code, told = refusal("predict", tmp_path / "other.inn", table, "-o", tmp_path / "a.csv")
    assert code == 1
    assert "its copy in ONNX is of another estimator" in told
    assert not (tmp_path / "a.csv").exists()


def test_a_new_threshold_makes_a_new_copy(files, command, tmp_path, monkeypatch):
    table, _, copied = files
    monkeypatch.setattr(onnx_copy, "NEEDED", NEEDED)
    tuned = tmp_path / "tuned.inn"
    arguments = ["tune-threshold", copied, table, "--target", "fraud", "--objective", "0.9"]
    assert command(*arguments, "-o", tuned).exit_code == 0
    found, _ = scored(command, tuned, table, tmp_path / "a.csv")
    assert onnx_copy.read_onnx_copy(tuned) is not None
    expected = np.where(found["probability_yes"] >= 0.9, "yes", "no")
    assert found["label"].tolist() == expected.tolist()


def test_without_onnxruntime_the_model_itself_answers(files, command, tmp_path, monkeypatch):
    table, model, copied = files
    expected, _ = scored(command, model, table, tmp_path / "a.csv")
    monkeypatch.setattr("imbalanced_nn.cli.onnx_model._knows", lambda name: False)
    found, _ = scored(command, copied, table, tmp_path / "b.csv")
    pd.testing.assert_frame_equal(found, expected)


def test_what_cannot_be_copied_is_saved_without(files):
    from imbalanced_nn import load
    from imbalanced_nn.exceptions import InvalidParameterError
    from imbalanced_nn.persistence.onnx_keeping import copy_for

    model = load(files[1])
    classifier = model[-1]
    assert copy_for(classifier, "auto") is None
    assert copy_for(classifier, False) is None
    with pytest.raises(ImportError, match="no_such_package"):
        copy_for(classifier, True)
    with pytest.raises(InvalidParameterError, match="onnx must be 'auto', True or False"):
        copy_for(classifier, "yes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_copy, "NEEDED", NEEDED)
        with pytest.raises(InvalidParameterError, match="starts with a ColumnEncoder"):
            copy_for(classifier, True)
        patch.setattr("imbalanced_nn.persistence.onnx_keeping.CLOSE", -1.0)
        with pytest.raises(InvalidParameterError, match="from those of the estimator"):
            copy_for(model, True)
