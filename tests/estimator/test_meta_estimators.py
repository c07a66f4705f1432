"""Meta-estimators that read probabilities: that the learned cut is dropped is told."""

import joblib
import numpy as np
import pytest
from imblearn.ensemble import BalancedBaggingClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline

from imbalanced_nn import BalancedKerasClassifier, exceptions
from tests.problems import slow_but_first

X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
Y = np.repeat([0, 1], [40, 20])
OTHER = ("other", LogisticRegression())
TWO = StratifiedKFold(2)


def network(**params):
    return BalancedKerasClassifier("mlp", epochs=1, random_state=0, **params)


def notes(estimator, recwarn, y=Y):
    recwarn.clear()
    estimator.fit(X, y)
    return [w.message.told for w in recwarn if getattr(w.message, "code", "") == "INN017"]


DROP = {
    "VotingClassifier": lambda net: VotingClassifier([("net", net), OTHER], voting="soft"),
    "BaggingClassifier": lambda net: BaggingClassifier(net, 2),
    "BalancedBaggingClassifier": lambda net: BalancedBaggingClassifier(net, 2),
    "StackingClassifier": lambda net: StackingClassifier([("net", net)], cv=TWO),
    "CalibratedClassifierCV": lambda net: CalibratedClassifierCV(net, cv=TWO),
    "OneVsRestClassifier": lambda net: OneVsRestClassifier(make_pipeline(net)),
}


@pytest.mark.filterwarnings("default::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize("name", slow_but_first(DROP))
def test_a_dropped_cut_is_told_once(name, recwarn):
    (note,) = notes(DROP[name](network()), recwarn)
    assert f"{name} decides by the probabilities of its estimators" in note
    assert "threshold='balanced_accuracy'" in note
    assert not notes(DROP[name](network(threshold=None)), recwarn)


@pytest.mark.filterwarnings("default::imbalanced_nn.exceptions.ImbalanceWarning")
def test_within_a_search_too(recwarn):
    search = GridSearchCV(CalibratedClassifierCV(network(), cv=TWO), {"method": ["sigmoid"]}, cv=2)
    (note,) = notes(search, recwarn)
    assert note.startswith("[INN017] in 6 of 6 fits; the first: CalibratedClassifierCV")


KEEP = {
    "hard votes": lambda net: VotingClassifier([("net", net), OTHER]),
    "what stands last in a stack": lambda net: StackingClassifier([OTHER], net, cv=TWO),
    "pairs of classes": lambda net: OneVsOneClassifier(net),
    "one for each output": lambda net: MultiOutputClassifier(net),
    "a cut of its own": lambda net: TunedThresholdClassifierCV(net, cv=TWO),
    "a pipeline": make_pipeline,
}


@pytest.mark.filterwarnings("default::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize("name", slow_but_first(KEEP))
def test_nothing_is_told_where_the_cut_is_kept(name, recwarn):
    y = np.stack([Y, 1 - Y], axis=1) if name == "one for each output" else Y
    assert not notes(KEEP[name](network()), recwarn, y)


@pytest.mark.filterwarnings("default::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize("name", ["BaggingClassifier", "CalibratedClassifierCV"])
def test_what_worker_processes_can_know(name, recwarn, monkeypatch):
    monkeypatch.setattr(exceptions, "_WORKER", exceptions._WorkerFits())
    # Threads have stacks of their own, as processes do.
    with joblib.parallel_config("threading", n_jobs=2):
        found = notes(DROP[name](network()), recwarn)
    assert len(found) == 1
    assert f"{name} decides" in found[0]


@pytest.mark.filterwarnings("default::imbalanced_nn.exceptions.ImbalanceWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda net: StackingClassifier([("net", net)], cv=TWO, stack_method="predict"),
        lambda net: TunedThresholdClassifierCV(CalibratedClassifierCV(net, cv=TWO), cv=TWO),
    ],
)
def test_a_cut_that_counts_or_is_learned_of_the_whole_is_not_told_of(make, recwarn):
    assert not notes(make(network()), recwarn)
