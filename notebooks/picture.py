"""Draw the picture of the README: ``python -m notebooks.picture``."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from sklearn.model_selection import train_test_split

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_ai4i2020
from imbalanced_nn.inspection import CalibrationComparisonDisplay, ThresholdCurveDisplay

PATH = Path(__file__).parent / "images" / "ai4i2020.png"


def draw(path):
    """Fit an over-sampled network to rare machine failures; show its cut and its probabilities.

    Parameters
    ----------
    path : str or Path
        The picture to write, as PNG.
    """
    X, y = load_ai4i2020(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    clf = BalancedKerasClassifier(sampler="random_over", validation_split=0.2, random_state=0)
    clf.fit(X_train, y_train)

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    ThresholdCurveDisplay.from_estimator(clf, ax=left)
    CalibrationComparisonDisplay.from_estimator(clf, X_test, y_test, ax=right)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110, facecolor="white")


if __name__ == "__main__":
    draw(PATH)
