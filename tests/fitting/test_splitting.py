"""Which rows judge where nothing is said of it: all of them in folds, or a share of them."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.callback import ScoringMonitor

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.fitting import make_plan
from imbalanced_nn.fitting.records import Target
from imbalanced_nn.fitting.splitting import is_watched, usual_split
from imbalanced_nn.training import OF_BUILT_IN, OF_OWN, OF_TABLES
from imbalanced_nn.wrapper import NetworkFactory

COUNTS = np.array([60, 12])
CODES = np.repeat([0, 1], COUNTS)
AS_IT_COMES = True
PROVED = ThresholdTuner("recall", constraint=("precision", 0.2), confidence=0.9)
TARGET = Target("binary", np.array([0, 1]), COUNTS)


def split(codes=CODES, target=TARGET, groups=None, needs_one=False, folds=5, weight=None):
    seen = []

    def usual_folds(n_rows, n_rarest):
        seen.append((n_rows, n_rarest))
        return folds

    estimator = SimpleNamespace(ensemble=False)
    factory = SimpleNamespace(name="Classifier", estimator=estimator, usual_folds=usual_folds)
    weight = np.ones(len(codes)) if weight is None else weight
    data = (np.zeros((len(codes), 1)), codes, weight, groups)
    return usual_split(factory, target, data, 0, needs_one), seen


class TestUsualSplit:
    def test_every_row_judges_once(self):
        folds, seen = split()
        held_out = np.concatenate([rows for _, rows in folds])
        assert len(folds) == 5
        assert sorted(held_out) == list(range(len(CODES)))
        assert seen == [(len(CODES), 12)]

    def test_rows_without_weight_are_not_counted(self):
        weight = (np.arange(len(CODES)) % 3 > 0).astype(float)
        folds, ((n_rows, _),) = split(weight=weight)
        assert n_rows == weight.sum()
        assert weight[np.concatenate([rows for _, rows in folds])].all()

    @pytest.mark.parametrize("given", [{"needs_one": True}, {"folds": 1}])
    def test_one_network_is_judged_by_a_fifth(self, given):
        folds, _ = split(**given)
        assert [np.bincount(CODES[rows]).tolist() for rows in folds[0]] == [[48, 10], [12, 2]]

    def test_a_class_of_fewer_rows_than_folds(self):
        counts = np.array([60, 4])
        folds, _ = split(np.repeat([0, 1], counts), Target("binary", np.arange(2), counts))
        assert len(folds) == 1

    def test_groups_stay_together(self):
        groups = np.arange(len(CODES)) % 24
        folds, _ = split(groups=groups)
        assert len(folds) == 5
        for train, held_out in folds:
            assert not set(groups[train]) & set(groups[held_out])

    def test_the_rarer_side_of_a_label_counts(self):
        indicator = np.column_stack([CODES, np.arange(len(CODES)) < 65])
        target = Target("multilabel", np.arange(2), indicator.sum(axis=0))
        _, seen = split(indicator, target)
        assert seen == [(len(CODES), 7)]


class TestRule:
    def test_networks_of_the_users_own_are_trained_once(self):
        assert {OF_OWN.n_folds(rows, 10) for rows in (100, 10**6)} == {1}

    @pytest.mark.parametrize("rule", [OF_BUILT_IN, OF_TABLES])
    @pytest.mark.parametrize(
        ("n_rows", "n_rarest", "n_folds"),
        [
            (20_000, 10_000, 5),
            (20_001, 1001, 1),
            (20_001, 1000, 5),
            (150_000, 1000, 5),
            (150_001, 20, 1),
        ],
    )
    def test_few_rows_or_few_rare_ones_make_five(self, rule, n_rows, n_rarest, n_folds):
        assert rule.n_folds(n_rows, n_rarest) == n_folds


class Bar(keras.callbacks.Callback):
    shows_progress = True


def own(meta):
    return keras.Sequential(
        [keras.Input(meta["X_shape_"][1:]), keras.layers.Dense(1, activation="sigmoid")]
    )


@pytest.mark.parametrize(
    ("parameters", "arguments", "n_folds"),
    [
        ({}, {}, 5),
        ({"model": "mlp"}, {}, 5),
        ({"ensemble": False}, {}, 5),
        ({"validation_split": 0.2}, {}, 1),
        ({"fit__validation_split": 0.2}, {}, 1),
        ({}, {"validation_split": 0.2}, 1),
        ({"model": own}, {}, 1),
        ({"warm_start": True}, {}, 1),
        ({"callbacks": keras.callbacks.History}, {}, 1),
        ({"callbacks": Bar}, {}, 5),
        ({}, {"callbacks": [keras.callbacks.History()]}, 1),
        ({"fit__callbacks": [keras.callbacks.History()]}, {}, 1),
        ({"threshold": "f1"}, {}, 5),
        ({"threshold": PROVED}, {}, 1),
        # Outputs under these losses are no probabilities that could be averaged.
        ({"loss": "focal"}, {}, 1),
        ({"loss": "focal", "ensemble": False}, {}, 5),
        ({"loss": "focal", "calibration": None}, {}, 5),
    ],
)
def test_what_one_network_alone_can_do(parameters, arguments, n_folds):
    X = np.random.default_rng(0).normal(size=(len(CODES), 2)).astype("float32")
    factory = NetworkFactory(BalancedKerasClassifier(**parameters))
    X, y = factory.initialize(X, CODES)
    training = {"warm_start": False, "epochs": 1, "initial_epoch": 0}
    plan = make_plan(factory, X, y, None, seed=0, training=training, arguments=arguments)
    assert len(plan.folds) == n_folds


@pytest.mark.parametrize(
    ("callbacks", "watched"), [([], False), ([ScoringMonitor(scoring="accuracy")], True)]
)
def test_callbacks_of_scikit_learn_watch_one_network(callbacks, watched):
    factory = NetworkFactory(BalancedKerasClassifier("mlp").set_callbacks(*callbacks))
    factory.initialize(np.zeros((len(CODES), 2), "float32"), CODES)
    assert is_watched(factory, None) == watched
