"""Writes the fixture of format 1; kept to show what is in it, not to be run again.

The file and the answers beside it are those of the version that first wrote the format. A later
version reads them; it never writes them anew.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, save
from imbalanced_nn.preprocessing import ColumnEncoder, ColumnTypes

__all__ = ["table", "write"]

HERE = Path(__file__).parent


def table():
    """Return a table with a column of every kind, and labels."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(["ok", "fraud"], [150, 50]))
    frame = pd.DataFrame(
        {
            "amount": rng.normal(2 * (y == "fraud"), 0.7).round(2),
            "age": np.where(rng.random(200) < 0.1, np.nan, rng.integers(20, 80, 200)),
            "country": rng.choice(["DE", "FR", "US"], 200),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, 200), "D"),
        }
    )
    return frame, y


def write(folder=HERE):
    """Write the file, and beside it rows and what is answered to them."""
    frame, y = table()
    classifier = BalancedKerasClassifier(
        "mlp",
        model__hidden_layer_sizes=(4,),
        sampler="random_over",
        loss="focal",
        calibration="isotonic",
        validation_split=2,
        ensemble=False,
        priors={"fraud": 0.1, "ok": 0.9},
        threshold=ThresholdTuner("recall", constraint=("precision", 0.3)),
        optimizer="adam",
        optimizer__learning_rate=0.02,
        epochs=10,
        random_state=0,
    )
    steps = [("types", ColumnTypes()), ("encoder", ColumnEncoder()), ("classifier", classifier)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = Pipeline(steps).fit(frame, y)
    save(pipeline, folder / "format_1.inn", overwrite=True)
    rows = frame[:20]
    answers = {
        "rows": json.loads(rows.to_json(orient="split", date_format="iso")),
        "proba": pipeline.predict_proba(rows).tolist(),
        "labels": pipeline.predict(rows).tolist(),
        "threshold": pipeline[-1].best_threshold_,
    }
    (folder / "format_1.json").write_text(json.dumps(answers) + "\n")


if __name__ == "__main__":
    write()
