"""Rows that were resampled before they reach the estimator are told, once, with the cure."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight

from imbalanced_nn import BalancedKerasClassifier, compare_strategies
from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.sampling import duplicate_groups
from tests import problems

TINY = problems.TINY | {"model__hidden_layer_sizes": (4,), "epochs": 1, "batch_size": 256}


@pytest.fixture(scope="module")
def data():
    """One row in ten positive."""
    return make_classification(600, 4, weights=[0.9], random_state=0)


@pytest.fixture(scope="module")
def copied(data):
    """Every row four times."""
    return np.repeat(data[0], 4, axis=0), np.repeat(data[1], 4)


def notes(caught):
    """Texts of the notes about resampled rows."""
    return [note.message.told for note in caught if "INN013" in str(note.message)]


@pytest.mark.parametrize("params", [{}, {"validation_split": 2}], ids=str)
def test_copies_among_the_held_out_rows_are_told_once(copied, params):
    X, y = copied
    with pytest.warns(ImbalanceWarning, match=r"INN013.*groups=imbalanced_nn") as caught:
        clf = BalancedKerasClassifier(**TINY | params).fit(X, y)
    (message,) = notes(caught)
    counted = int(message.split()[1])
    if not params:
        held = clf.validation_indices_
        seen = np.setdiff1d(np.arange(len(X)), held) // 4
        assert counted == np.isin(held // 4, seen).sum() > 0.9 * len(held)
    # Kept on one side there are none.
    groups = duplicate_groups(X)
    clf = BalancedKerasClassifier(**TINY | params).fit(X, y, groups=groups)
    assert len(clf.validation_indices_)


def test_copies_in_rows_of_ones_own_are_told(data):
    X, y = data
    with pytest.warns(ImbalanceWarning, match="INN013.*200 of the 200 held-out rows"):
        BalancedKerasClassifier(**TINY).fit(X, y, X_val=X[:200], y_val=y[:200])


def test_a_sampler_left_in_a_pipeline_is_told(data):
    pipeline = make_pipeline(SMOTE(random_state=0), BalancedKerasClassifier(**TINY))
    with pytest.warns(
        ImbalanceWarning, match=r"INN013.*classes have exactly .* sampler="
    ) as caught:
        pipeline.fit(*data)
    assert len(notes(caught)) == 1
    # Shares that are told are no surprise.
    pipeline.set_params(balancedkerasclassifier__priors=[0.9, 0.1]).fit(*data)


def test_weights_that_balance_the_classes_are_told(data):
    X, y = data
    weight = compute_sample_weight("balanced", y)
    with pytest.warns(ImbalanceWarning, match=r"INN013.*50\.0% of it, not at .* class_weight="):
        BalancedKerasClassifier(**TINY).fit(X, y, sample_weight=weight)
    # Weights of the population, of single rows, or the same for all are nobody's mistake.
    BalancedKerasClassifier(**TINY).fit(X, y, sample_weight=np.where(y == 1, 1.0, 3.0))
    BalancedKerasClassifier(**TINY).fit(X, y, sample_weight=weight * (1 + np.arange(600) / 600))


def test_a_comparison_tells_once(data, copied):
    strategies = {"none": {}, "class_weight": {"class_weight": "balanced"}}
    settings = {"strategies": strategies, "cv": 2, "random_state": 0}
    with pytest.warns(ImbalanceWarning, match="INN013.*test rows are copies") as caught:
        compare_strategies(BalancedKerasClassifier(**TINY), *copied, **settings)
    assert len(notes(caught)) == 1
    assert all(note.filename == __file__ for note in caught)
    over = RandomOverSampler(random_state=0).fit_resample(*data)
    with pytest.warns(ImbalanceWarning, match="INN013") as caught:
        compare_strategies(LogisticRegression(), *over, **settings)
    assert len(notes(caught)) == 2
    compare_strategies(LogisticRegression(), *data, **settings)
