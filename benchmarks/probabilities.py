"""What balancing costs in log loss, once the probabilities are put back: ratios to none.

For each shipped data set and strategy: mean log loss on untouched rows (40 %) over five seeds,
divided by that of the network that was not balanced, and mean average precision.
"""

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from imbalanced_nn import STRATEGIES, BalancedKerasClassifier
from imbalanced_nn.datasets import load_ai4i2020, load_htru2, load_page_blocks, load_thyroid
from imbalanced_nn.metrics import average_precision

SEEDS = range(5)


def text_or_not():
    """Page blocks as a binary problem: text against everything else."""
    X, y = load_page_blocks(return_X_y=True)
    return X, (y > 0).astype(int)


DATA = {
    "htru2": lambda: load_htru2(return_X_y=True),
    "page_blocks, text or not": text_or_not,
    "thyroid, 3 classes": lambda: load_thyroid(return_X_y=True),
    "ai4i2020": lambda: load_ai4i2020(return_X_y=True),
}


def measure(X, y, params, seed):
    """Return log loss and average precision of one fit on untouched rows."""
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.4, stratify=y, random_state=seed)
    clf = BalancedKerasClassifier(validation_split=0.2, random_state=seed, **params).fit(X, y)
    proba = clf.predict_proba(X_new)
    kind = "binary" if proba.shape[1] == 2 else "multiclass"
    return log_loss(y_new, proba), average_precision(y_new, proba, kind)


def main():
    """Print one line for each data set."""
    print(f"{'log loss ratio (average precision)':28s}", *(f"{name:>16s}" for name in STRATEGIES))
    for name, load in DATA.items():
        X, y = load()
        results = {
            strategy: np.mean([measure(X, y, params, seed) for seed in SEEDS], axis=0)
            for strategy, params in STRATEGIES.items()
        }
        plain = results["none"][0]
        cells = (f"{loss / plain:.2f} ({precision:.3f})" for loss, precision in results.values())
        print(f"{name:34s}", *(f"{cell:>16s}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
