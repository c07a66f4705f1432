"""Rows with labels, probabilities and decisions, and a classifier that only repeats them."""

import numpy as np
import pytest


class Repeats:
    """A fitted classifier whose rows are row numbers of what it has to say."""

    def __init__(self, classes, decided, proba):
        self.classes_, self.decided, self.proba = classes, decided, proba

    def predict(self, X):
        return self.decided[X]

    def predict_proba(self, X):
        return [part[X] for part in self.proba] if isinstance(self.proba, list) else self.proba[X]


def made_rows(kind, seed=0, n=120):
    """Return labels, probabilities with ties, and decisions of a kind of target."""
    rng = np.random.default_rng(seed)
    if kind == "multilabel":
        y = (rng.random((n, 3)) < [0.1, 0.3, 0.5]).astype(int)
        y[:2] = [[1, 0, 0], [0, 1, 1]]
        proba = np.clip(np.round(0.5 * y + 0.6 * rng.random((n, 3)), 1), 0, 1)
        return y, proba, (proba >= 0.5).astype(int)
    labels = np.array(["no", "yes"] if kind == "binary" else ["a", "b", "c"])
    shares = [0.85, 0.15] if kind == "binary" else [0.7, 0.2, 0.1]
    codes = rng.choice(len(labels), size=n, p=shares)
    codes[: len(labels)] = np.arange(len(labels))
    # Of few digits, so that scores are tied.
    proba = rng.integers(1, 10, size=(n, len(labels))) + 6.0 * np.eye(len(labels))[codes]
    proba /= proba.sum(axis=1, keepdims=True)
    return labels[codes], proba, labels[(proba * (1 + np.arange(len(labels)))).argmax(axis=1)]


@pytest.fixture(params=["binary", "multiclass", "multilabel"])
def kind(request):
    """Each kind of target."""
    return request.param


@pytest.fixture
def made():
    """Make rows."""
    return made_rows


@pytest.fixture
def repeats():
    """Make a classifier that repeats what it is given."""

    def make(y, proba, decided):
        classes = np.arange(proba.shape[1]) if y.ndim == 2 else np.unique(y)
        return Repeats(classes, decided, proba)

    return make
