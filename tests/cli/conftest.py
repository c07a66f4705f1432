"""A runner of the command line, with a light classifier in the place of the network."""

import sys
import types
import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

from imbalanced_nn.cli import main
from imbalanced_nn.threshold import BinaryRule, MulticlassRule


class StandIn(LogisticRegression):
    """Logistic regression with the parameters and the learned rule of the network."""

    fail = None

    def __init__(
        self,
        sampler=None,
        class_weight=None,
        random_state=None,
        epochs=50,
        loss=None,
        head_sampler=None,
        validation_split="auto",
        threshold="balanced_accuracy",
    ):
        super().__init__(class_weight=class_weight, random_state=random_state, max_iter=epochs)
        self.sampler = sampler
        self.loss = loss
        self.head_sampler = head_sampler
        self.validation_split = validation_split
        self.threshold = threshold
        self.epochs = epochs

    def fit(self, X, y):
        if StandIn.fail is not None:
            raise StandIn.fail
        scale = np.abs(X).max(axis=0)
        given = self.class_weight
        if given == "balanced_sqrt":
            # Logistic regression does not know the name.
            self.class_weight = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().fit(X / scale, y)
        self.class_weight = given
        self.coef_ = self.coef_ / scale
        prior = np.unique(y, return_counts=True)[1] / len(y)
        if len(prior) == 2:
            self.decision_rule_ = BinaryRule(prior.min(), int(prior.argmin()))
        else:
            self.decision_rule_ = MulticlassRule(tuple(prior))
        return self


@pytest.fixture
def stand_in(monkeypatch):
    """The class that stands where the command expects the network."""
    module = types.ModuleType("imbalanced_nn.classifier")
    module.BalancedKerasClassifier = StandIn
    monkeypatch.setitem(sys.modules, "imbalanced_nn.classifier", module)
    monkeypatch.setattr(StandIn, "fail", None)
    return StandIn


@pytest.fixture
def run(stand_in):
    """Run ``imbalanced-nn`` and return its exit code, stdout and stderr."""

    def run(*arguments):
        return CliRunner(env={"COLUMNS": "80"}).invoke(main, [str(each) for each in arguments])

    return run


@pytest.fixture
def refused(run):
    """Run ``imbalanced-nn`` and return exit code and sentence of its refusal."""

    def refused(*arguments):
        result = run(*arguments)
        assert isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        return result.exit_code, result.stderr.removeprefix("Error: ").rstrip("\n")

    return refused


@pytest.fixture
def command():
    """Run ``imbalanced-nn`` with the real network; give its exit code, stdout and stderr."""
    return invoked


@pytest.fixture
def refusal():
    """Run ``imbalanced-nn`` with the real network, and return exit code and sentence."""

    def refusal(*arguments):
        result = invoked(*arguments)
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        return result.exit_code, result.stderr.removeprefix("Error: ").rstrip("\n")

    return refusal


def invoked(*arguments):
    """Run ``imbalanced-nn``."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, [str(each) for each in arguments])


@pytest.fixture(scope="session")
def fitted(tmp_path_factory):
    """The table of `frame` as a file, a model that was fitted on it, and what fit printed."""
    folder = tmp_path_factory.mktemp("fitted")
    made_frame().to_csv(folder / "train.csv", index=False)
    arguments = [
        "--target",
        "fraud",
        "--output",
        folder / "fraud.inn",
        "--epochs",
        3,
        "--held-out",
        0.2,
    ]
    # Made before what lasts for a file.
    with lightly():
        result = invoked("fit", folder / "train.csv", *arguments)
    assert result.exit_code == 0, result.output
    return folder / "train.csv", folder / "fraud.inn", result


@pytest.fixture
def model(fitted):
    """A model of the table."""
    return fitted[1]


@pytest.fixture
def frame():
    """A table with one column of every kind and a target of two classes."""
    return made_frame()


def made_frame():
    """Return the table."""
    rng = np.random.default_rng(0)
    n = 240
    rare = rng.permutation(n) < 30
    table = pd.DataFrame(
        {
            "amount": rng.normal(rare, 1.0).round(3),
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(20, 80, n)),
            "country": rng.choice(["DE", "FR", "US"], n),
            "vip": rng.random(n) < 0.5,
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "one": 1,
            "key": [f"T{row:03d}" for row in range(n)],
            "fraud": np.where(rare, "yes", "no"),
        }
    )
    table.loc[:9, "country"] = None
    return table


@pytest.fixture
def table(frame, tmp_path):
    """The table as a CSV file."""
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(autouse=True)
def quiet(request, monkeypatch):
    """No lines on what is being done, but where they are the subject."""
    if "test_working" not in request.path.name:
        monkeypatch.setattr("imbalanced_nn.cli.working._is_quiet", lambda: True)


@contextmanager
def lightly():
    """Fit dense layers where no network is named, and save no copy in ONNX.

    Four networks in one take three times as long to trace, and a copy takes seconds: what either
    does is tried on its own.
    """
    from imbalanced_nn.networks.builders import NETWORKS

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NETWORKS, "default", NETWORKS["mlp"])
        patch.setattr("imbalanced_nn.persistence.onnx_copy.NEEDED", ("no_such_package",))
        yield


@pytest.fixture(scope="module", autouse=True)
def light_fits():
    """Every test of this folder fits lightly."""
    with lightly():
        yield


@pytest.fixture(autouse=True)
def no_reference_models(request, monkeypatch):
    """The strategies alone, but where reference models are the subject: they take seconds."""
    if "test_reference" not in request.path.name:
        monkeypatch.setattr("imbalanced_nn.compare.reference_models.REFERENCE_MODELS", ())
