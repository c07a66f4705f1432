"""Search of a cut over a million scores, beside scikit-learn's loop over a grid of a hundred.

Both get the same scores, one after the other in each round of one run: `ThresholdTuner`, which
looks at every cut, and `TunedThresholdClassifierCV(cv="prefit")`, whose classifier only hands the
scores on. Prints medians of CPU seconds, their ratio, and the score that either cut reaches.

    python -m benchmarks.thresholds [--rows 1000000] [--rounds 5]
"""

import argparse
import time

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import make_scorer, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV

from imbalanced_nn import ThresholdTuner

SHARE = 0.002


class Scores(DummyClassifier):
    """A fitted classifier whose only feature is the probability of the positive class."""

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def recall_at_precision(y_true, y_pred):
    """Return recall where precision is at least a half, else -1."""
    if precision_score(y_true, y_pred, zero_division=0.0) < 0.5:
        return -1.0
    return recall_score(y_true, y_pred)


TASKS = {
    "f1": ("f1", ThresholdTuner("f1")),
    "recall at precision 0.5": (
        make_scorer(recall_at_precision),
        ThresholdTuner("recall", constraint=("precision", 0.5)),
    ),
}


def make_scores(n_rows):
    """Return labels with 0.2 % positives and their calibrated probabilities."""
    generator = np.random.default_rng(0)
    y = (generator.random(n_rows) < SHARE).astype(int)
    x = generator.normal(size=n_rows) + 3 * y
    odds = SHARE / (1 - SHARE) * np.exp(3 * x - 4.5)
    return y, odds / (1 + odds)


def timed(fit):
    """Return CPU seconds and the best score of a fit."""
    start = time.process_time()
    fitted = fit()
    return time.process_time() - start, fitted.best_score_


def main():
    """Print a line for each task."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    y, proba = make_scores(arguments.rows)
    X = proba[:, None]
    print(f"{arguments.rows:,} rows, {y.sum()} positives, medians of {arguments.rounds} rounds")
    for name, (scoring, tuner) in TASKS.items():
        grid = TunedThresholdClassifierCV(
            Scores().fit(X[:2], [0, 1]), scoring=scoring, cv="prefit", refit=False
        )
        ways = {
            "every cut": lambda tuner=tuner: tuner.fit(y, proba),
            "grid of 100": lambda grid=grid: grid.fit(X, y),
        }
        rounds = [{way: timed(fit) for way, fit in ways.items()} for _ in range(arguments.rounds)]
        medians = {way: np.median([r[way][0] for r in rounds]) for way in ways}
        for way in ways:
            print(f"{name:24} {way:12} {medians[way]:8.3f} CPU s   score {rounds[0][way][1]:.4f}")
        print(f"{name:24} {'ratio':12} {medians['grid of 100'] / medians['every cut']:8.1f}")


if __name__ == "__main__":
    main()
