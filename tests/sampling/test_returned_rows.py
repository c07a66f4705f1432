"""What samplers are given and give back: labels of any kind, rows known again, refusals."""

import numpy as np
import pandas as pd
import pytest
from imblearn import FunctionSampler
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import (
    AllKNN,
    ClusterCentroids,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NeighbourhoodCleaningRule,
    RandomUnderSampler,
    RepeatedEditedNearestNeighbours,
    TomekLinks,
)
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.tree import DecisionTreeClassifier

from imbalanced_nn.data.rows import Rows
from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError
from imbalanced_nn.sampling import make_sampler, redraws, resample

LABELS = [np.array([-1, 1]), np.array(["no", "yes"]), np.array([False, True]), np.array([2, 10])]


def table(n=120, n_rare=30, weight=None, n_classes=2):
    generator = np.random.default_rng(0)
    codes = np.zeros(n, int)
    codes[:n_rare] = 1
    if n_classes == 3:
        codes[: n_rare // 2] = 2
    X = generator.normal(size=(n, 4)) + 0.6 * codes[:, None]
    return Rows(X, codes, codes, np.ones(n) if weight is None else weight, np.arange(n))


def picked(sampler, classes, rows=None):
    """Return which rows a sampler leaves."""
    return resample(sampler, rows or table(), np.asarray(classes))[1].tolist()


def tree(**weights):
    return DecisionTreeClassifier(max_depth=2, random_state=0, **weights)


BY_LABEL = {
    "dict": lambda one, two: InstanceHardnessThreshold(
        estimator=tree(), sampling_strategy={one: 60}, random_state=0
    ),
    "callable": lambda one, two: InstanceHardnessThreshold(
        estimator=tree(),
        sampling_strategy=lambda y: {one: int((y == one).sum()) - 20},
        random_state=0,
    ),
    "weights of a part": lambda one, two: InstanceHardnessThreshold(
        estimator=tree(class_weight={one: 1, two: 9}), random_state=0
    ),
    "list": lambda one, two: NeighbourhoodCleaningRule(sampling_strategy=[one]),
    "mode": lambda one, two: EditedNearestNeighbours(kind_sel="mode", sampling_strategy=[one]),
    "repeated": lambda one, two: RepeatedEditedNearestNeighbours(sampling_strategy=[one]),
    "all": lambda one, two: AllKNN(kind_sel="mode"),
    "combined": lambda one, two: SMOTEENN(
        sampling_strategy={two: 50}, enn=EditedNearestNeighbours(kind_sel="mode"), random_state=0
    ),
    "in a pipeline": lambda one, two: make_pipeline(
        RandomUnderSampler(sampling_strategy={one: 70}, random_state=0),
        EditedNearestNeighbours(kind_sel="mode", sampling_strategy=[one]),
    ),
}


@pytest.mark.parametrize("classes", LABELS)
@pytest.mark.parametrize("made", BY_LABEL.values(), ids=BY_LABEL)
def test_samplers_that_compute_with_labels_pick_the_same_rows_of_any(made, classes):
    expected = picked(made(0, 1), [0, 1])
    sampler = made(*classes.tolist())
    before = sampler.get_params()
    assert picked(sampler, classes) == expected
    assert sampler.get_params().get("sampling_strategy") is before.get("sampling_strategy")


def test_a_strategy_that_names_no_label_is_refused():
    with pytest.raises(ValueError, match=r"names the label 1, which is not among \[2, 10\]"):
        picked(InstanceHardnessThreshold(estimator=tree(), sampling_strategy={1: 9}), [2, 10])


def test_parts_that_know_labels_get_labels():
    seen = []

    def looks(X, y):
        seen.append(set(y.tolist()))
        return X, y

    class Own(EditedNearestNeighbours):
        def _fit_resample(self, X, y):
            seen.append(set(y.tolist()))
            return super()._fit_resample(X, y)

    made = make_pipeline(FunctionSampler(func=looks), EditedNearestNeighbours(kind_sel="mode"))
    picked(made, ["no", "yes"])
    picked(Own(), [-1, 1])
    assert seen == [{"no", "yes"}, {-1, 1}]


class Returning(BaseEstimator):
    def __init__(self, made=None):
        self.made = made

    def fit_resample(self, X, y):
        return self.made(X, y)


FORMS = {
    "lists": lambda X, y: (X.tolist(), y.tolist()),
    "frames": lambda X, y: (pd.DataFrame(X), pd.Series(y)),
    "sparse": lambda X, y: (sparse.csr_matrix(X), y),
    "a column": lambda X, y: (X[::-1], y[::-1].astype(object)),
}


@pytest.mark.parametrize("made", FORMS.values(), ids=FORMS)
def test_rows_and_labels_may_come_back_in_any_container(made):
    assert sorted(picked(Returning(made), ["no", "yes"])) == list(range(120))


REFUSED = {
    "another label": (lambda X, y: (X, np.where(y == 1, 9, y)), r"y holds \[9\].*\[0, 1\]"),
    "text": (lambda X, y: (X, y.astype(str)), r"y holds \['0', '1'\]"),
    "nothing": (lambda X, y: None, "returned NoneType.*pair"),
    "rows alone": (lambda X, y: X, "returned ndarray.*pair"),
    "fewer labels": (lambda X, y: (X, y[:-3]), "inconsistent numbers"),
    "fewer columns": (lambda X, y: (X[:, :3], y), "3 columns, 4 were given"),
    "gaps": (lambda X, y: (np.where(X > 1, np.nan, X), y), "contains NaN"),
}


@pytest.mark.parametrize(("made", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_on_is_refused_with_the_samplers_name(made, told):
    with pytest.raises(ValueError, match=f"sampler=Returning.*{told}"):
        picked(Returning(made), [0, 1])


def test_rows_with_another_class_are_new_rows():
    rows = table()
    turned = Returning(lambda X, y: (X, np.where(np.arange(len(y)) < 5, 1 - y, y)))
    resampled, indices = resample(turned, rows, np.array([0, 1]))
    assert indices[:5].tolist() == [-1] * 5
    assert indices[5:].tolist() == list(range(5, 120))
    assert resampled.selected_codes.tolist() == [0] * 5 + rows.codes[5:].tolist()


def test_rows_that_are_only_picked_keep_their_own_weights():
    rows = table(weight=np.random.default_rng(1).uniform(1, 9, 120))
    chosen = np.r_[np.flatnonzero(rows.codes == 1), np.flatnonzero(rows.codes == 0)[::2]]
    made = FunctionSampler(func=lambda X, y: (X[chosen], y[chosen]))
    resampled, indices = resample(made, rows, np.array([0, 1]))
    assert indices.tolist() == chosen.tolist()
    np.testing.assert_array_equal(resampled.selected_weight, rows.sample_weight[chosen])
    steps = make_pipeline(TomekLinks(), RandomOverSampler(random_state=0))
    resampled, indices = resample(steps, rows, np.array([0, 1]))
    assert indices.min() >= 0
    np.testing.assert_array_equal(resampled.X[resampled.index], rows.X[indices])


def test_copies_stand_for_one_row_each():
    rows = table()
    rows.X[40:44] = rows.X[40]
    doubled = Returning(lambda X, y: (np.r_[X[::-1], X], np.r_[y[::-1], y]))
    indices = picked(doubled, [0, 1], rows)
    assert np.bincount(indices).tolist() == [2] * 120


@pytest.mark.parametrize("strategy", [{1: 0}, {0: 0}])
def test_a_class_without_rows_left_is_refused(strategy):
    with pytest.raises(TooFewRowsError, match=f"left no row of class {next(iter(strategy))}"):
        picked(RandomUnderSampler(sampling_strategy=strategy), [0, 1])
    with np.errstate(divide="ignore"), pytest.raises(ValueError, match="could not resample"):
        picked(ClusterCentroids(sampling_strategy=strategy), [0, 1])


@pytest.mark.parametrize(
    "sampler",
    [
        SMOTEENN(smote=SMOTE()),
        SMOTETomek(smote=SMOTE()),
        make_pipeline(RandomUnderSampler(sampling_strategy=0.5), SMOTE()),
    ],
)
def test_parts_draw_anew_in_every_epoch(sampler):
    rows, classes = table(), np.array([0, 1])
    sampler = make_sampler(sampler, {}, 0)
    first, _ = resample(sampler, rows, classes)
    draw = redraws(sampler, rows, classes, "epoch", finish=lambda drawn: drawn)
    draw.start(first)
    means = []
    for epoch in range(3):
        numbers = draw.rows(epoch)
        X, _, _ = draw.data(epoch)
        means.append(np.asarray(X[np.sort(numbers[numbers >= 120])]).mean())
    assert len(set(means)) == 3


def test_what_is_drawn_from_nothing_is_not_redrawn():
    steps = make_pipeline(TomekLinks(), EditedNearestNeighbours())
    with pytest.raises(InvalidParameterError, match="draws at random"):
        redraws(steps, table(), np.array([0, 1]), "epoch")


@pytest.mark.parametrize("strategy", [1, 1.0])
@pytest.mark.parametrize("name", ["random_over", "smote"])
def test_a_ratio_may_be_a_whole_number(name, strategy):
    sampler = make_sampler(name, {"sampling_strategy": strategy}, 0)
    rows, _ = resample(sampler, table(n_classes=3), np.array([0, 1, 2]))
    assert np.bincount(rows.selected_codes).tolist() == [90] * 3


def test_a_ratio_of_a_part_is_of_any_number_of_classes():
    sampler = make_sampler(SMOTETomek(smote=SMOTE(sampling_strategy=0.5)), {}, 0)
    rows, _ = resample(sampler, table(n_classes=3), np.array([0, 1, 2]))
    assert np.bincount(rows.selected_codes).min() > 35


@pytest.mark.parametrize("strategy", [None, np.array([1, 2])])
@pytest.mark.parametrize("name", ["random_over", "random_under", "smote"])
def test_what_is_no_strategy_is_refused_in_words(name, strategy):
    with pytest.raises(ValueError, match="sampling_strategy"):
        picked(make_sampler(name, {"sampling_strategy": strategy}, 0), [0, 1])


def test_parameters_of_a_part_that_is_not_there_are_refused():
    with pytest.raises(InvalidParameterError, match=r"smote is None.*SMOTETomek\(smote=...\)"):
        make_sampler("smote_tomek", {"smote__k_neighbors": 2}, 0)
