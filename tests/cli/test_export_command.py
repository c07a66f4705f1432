"""``imbalanced-nn export``: a saved model as an ONNX file."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from imbalanced_nn.cli import main

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")


def command(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"amount": rng.normal(size=300).round(3), "country": rng.choice(["DE", "FR"], 300)}
    )
    frame.loc[::9, "amount"] = np.nan
    frame["y"] = np.where(frame["amount"] > 1, "bad", "good")
    frame.to_csv(folder / "data.csv", index=False)
    model = folder / "model.inn"
    done = command("fit", folder / "data.csv", "--target", "y", "-o", model, "--epochs", 1)
    assert done.exit_code == 0, done.output
    return frame, model


def test_the_file_answers_as_predict_does(files, tmp_path):
    frame, model = files
    path = tmp_path / "model.onnx"
    done = command("export", model, "-o", path)
    assert done.exit_code == 0, done.output
    assert "Inputs: amount (double), country (string)" in done.output
    assert done.output.endswith(f"Saved {path}\n")
    scored = tmp_path / "scored.csv"
    assert command("predict", model, model.with_name("data.csv"), "-o", scored).exit_code == 0
    expected = pd.read_csv(scored)
    given = {
        "amount": frame[["amount"]].to_numpy(),
        "country": frame[["country"]].to_numpy(dtype=object),
    }
    label, proba = onnxruntime.InferenceSession(path).run(None, given)
    assert label.tolist() == expected["label"].tolist()
    np.testing.assert_allclose(proba[:, 0], expected["probability_bad"], rtol=0, atol=1e-6)
    again = command("export", model, "-o", path)
    assert again.exit_code == 2
    assert "--force" in again.output
    done = command("export", model, "-o", path, "--force", "--json")
    assert json.loads(done.output)["inputs"] == {"amount": "double", "country": "string"}


def test_refusals_name_what_to_do(files, tmp_path, monkeypatch):
    _, model = files
    none = command("export", tmp_path / "none.inn", "-o", tmp_path / "a.onnx")
    assert none.exit_code == 2
    assert "none.inn" in none.output
    same = command("export", model, "-o", model, "--force")
    assert same.exit_code == 2
    assert "same file" in same.output
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    lacking = command("export", model, "-o", tmp_path / "a.onnx")
    assert lacking.exit_code == 2
    assert "pip install 'imbalanced-nn[onnx]'" in lacking.output
    assert list(tmp_path.iterdir()) == []
