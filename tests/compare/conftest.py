"""A light classifier with the parameters and the learned rule of the network."""

from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from sklearn.linear_model import LogisticRegression

from imbalanced_nn.threshold import BinaryRule, MulticlassRule


class StandIn(LogisticRegression):
    """Logistic regression with parameters that balance, and its rows' priors as learned cuts."""

    fits: ClassVar[list[dict]] = []

    def __init__(
        self,
        sampler=None,
        class_weight=None,
        random_state=None,
        C=1.0,
        loss=None,
        head_sampler=None,
    ):
        super().__init__(C=C, class_weight=class_weight, random_state=random_state)
        self.sampler = sampler
        self.loss = loss
        self.head_sampler = head_sampler

    def fit(self, X, y, sample_weight=None, groups=None):
        counts = np.unique(y, return_counts=True)[1]
        StandIn.fits.append(
            {
                "sampler": self.sampler,
                "class_weight": self.class_weight,
                "loss": self.loss,
                "head_sampler": self.head_sampler,
                "random_state": self.random_state,
                "X": np.array(X),
                "y": np.array(y),
                "sample_weight": sample_weight,
                "groups": groups,
            }
        )
        if self.sampler == "random_over":
            X, y = RandomOverSampler(random_state=self.random_state).fit_resample(X, y)
        with self._known_weights(counts, np.unique(y)):
            super().fit(X, y, sample_weight)
        prior = counts / counts.sum()
        if len(prior) == 2:
            positive = int(counts[1] <= counts[0])
            self.decision_rule_ = BinaryRule(prior[positive], positive)
        else:
            self.decision_rule_ = MulticlassRule(tuple(prior))
        return self

    @contextmanager
    def _known_weights(self, counts, classes):
        """Weights that logistic regression knows, in place of the network's."""
        given = self.class_weight
        if given == "balanced_sqrt":
            self.class_weight = dict(zip(classes.tolist(), counts**-0.5, strict=True))
        yield
        self.class_weight = given


@pytest.fixture
def stand_in():
    """The class, with an empty record of fits."""
    StandIn.fits.clear()
    return StandIn


@pytest.fixture
def binary():
    """300 rows, about one in eight of the class "fraud"."""
    return _blobs(["ok", "fraud"], [260, 40])


@pytest.fixture
def multiclass():
    """300 rows of three classes."""
    return _blobs(["a", "b", "c"], [200, 70, 30])


def _blobs(labels, counts):
    """Return overlapping Gaussian clouds in shuffled order."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.repeat(np.arange(len(labels)), counts))
    X = rng.normal(size=(len(codes), 3)) + 1.2 * np.eye(3)[codes]
    return X, np.array(labels)[codes]


@pytest.fixture(autouse=True)
def no_reference_models(request, monkeypatch):
    """The strategies alone, but where reference models are the subject: they take seconds."""
    if "test_reference" not in request.path.name:
        monkeypatch.setattr("imbalanced_nn.compare.reference_models.REFERENCE_MODELS", ())
