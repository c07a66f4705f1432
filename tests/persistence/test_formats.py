"""Files of every format that was ever written are read, and answer as they did."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn import ThresholdTuner, load
from imbalanced_nn.persistence.saving import FORMAT

FORMATS = Path(__file__).parent / "formats"


@pytest.fixture(autouse=True)
def keras_as_new_as_the_files():
    """Keras reads what an older one wrote, and need not read what a newer one did."""
    written = json.loads(zipfile.Path(FORMATS / "format_1.inn", "manifest.json").read_text("utf-8"))
    pytest.importorskip("keras", minversion=written["saved_with"]["keras"].rpartition(".")[0])


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_file_of_each_format_answers_as_it_did(number):
    answers = json.loads((FORMATS / f"format_{number}.json").read_text("utf-8"))
    pipeline = load(FORMATS / f"format_{number}.inn")
    rows = pd.DataFrame(**answers["rows"])
    # Another processor adds in another order.
    np.testing.assert_allclose(pipeline.predict_proba(rows), answers["proba"], rtol=1e-5)
    assert pipeline.predict(rows).tolist() == answers["labels"]
    assert pipeline[-1].best_threshold_ == answers["threshold"]


@pytest.mark.filterwarnings(r"ignore:\[INN011\]")
def test_format_1_is_tuned_again_from_its_held_out_scores():
    classifier = load(FORMATS / "format_1.inn")[-1]
    before, reached = classifier.best_threshold_, classifier.best_score_
    tuner = ThresholdTuner("recall", constraint=("precision", 0.3))
    assert repr(classifier.threshold) == repr(tuner)
    # Several cuts reach it, and rows of one level of the calibrator are tied.
    assert classifier.tune_threshold(objective=tuner).best_score_ == reached
    assert classifier.tune_threshold(objective="f1").best_threshold_ != before
