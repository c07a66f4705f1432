"""A comparison of cheap classifiers on data whose names are hostile."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from imbalanced_nn.compare import compare_strategies

HOSTILE = "<script>document.title = 'hacked'</script>\"' & $_{$"


@pytest.fixture(scope="package")
def hostile_text():
    """Text that would run, or break the page or a picture, if it were not escaped."""
    return HOSTILE


@pytest.fixture(scope="package")
def rows():
    """Rows of a DataFrame, and labels."""
    X, y = make_classification(n_samples=400, weights=[0.85], random_state=0)
    frame = pd.DataFrame(X, columns=[HOSTILE, *(f"c{i}" for i in range(1, 20))])
    return frame, np.array(["ok", HOSTILE])[y]


@pytest.fixture(scope="package")
def comparison(rows):
    """Strategies of which none beats the baseline, under hostile names."""
    strategies = {
        "none": {},
        "class_weight": {"class_weight": "balanced"},
        HOSTILE: GaussianNB(),
    }
    return compare_strategies(
        LogisticRegression(), *rows, strategies=strategies, baselines=False, cv=3, random_state=0
    )
