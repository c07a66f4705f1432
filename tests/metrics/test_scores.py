"""Metrics that scikit-learn lacks, against definitions written out."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_score, recall_score

from imbalanced_nn.metrics import (
    average_precision,
    break_even_point,
    class_balance_accuracy_score,
)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 4)), min_size=1))
def test_class_balance_accuracy_by_its_definition(rows):
    y_true, y_pred, weight = np.array(rows).T
    scores = []
    for k in np.union1d(y_true, y_pred):
        hit = weight[(y_true == k) & (y_pred == k)].sum()
        scores.append(hit / max(weight[y_true == k].sum(), weight[y_pred == k].sum()))
    score = class_balance_accuracy_score(y_true, y_pred, sample_weight=weight)
    assert score == pytest.approx(np.mean(scores))
    keywords = {"sample_weight": weight, "average": "macro", "zero_division": 0}
    assert score <= precision_score(y_true, y_pred, **keywords) + 1e-12
    assert score <= recall_score(y_true, y_pred, **keywords) + 1e-12


def test_class_balance_accuracy_of_labels():
    assert class_balance_accuracy_score(["a", "b"], ["a", "b"]) == 1
    assert class_balance_accuracy_score(["a", "a", "b"], ["a", "a", "a"]) == pytest.approx(1 / 3)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1, max_size=30))
def test_break_even_precision_equals_recall(rows):
    y, score = np.array([r[0] for r in rows], int), np.array([r[1] for r in rows], float)
    y[0] = 1
    n_positive = y.sum()
    # Mean over random orders of the ties, counted exactly: a tie gives its share of positives.
    order = np.argsort(-score)
    last = score[order][n_positive - 1]
    above, tied = score > last, score == last
    expected = y[above].sum() + y[tied].mean() * (n_positive - above.sum())
    assert break_even_point(y, score) == pytest.approx(expected / n_positive)


def test_break_even_point_weights_are_repetitions():
    rng = np.random.default_rng(0)
    y, score, weight = rng.integers(2, size=40), rng.random(40), rng.integers(0, 4, size=40)
    by_weight = break_even_point(y, score, sample_weight=weight)
    by_rows = break_even_point(np.repeat(y, weight), np.repeat(score, weight))
    assert by_weight == pytest.approx(by_rows)
    assert by_weight != pytest.approx(break_even_point(y, score))


def test_break_even_point_of_labels():
    assert break_even_point(["a", "b", "b"], [0.9, 0.1, 0.2], pos_label="a") == 1
    with pytest.raises(ValueError, match=r"needs a positive row. No label is 'c'"):
        break_even_point(["a", "b"], [0.1, 0.2], pos_label="c")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [0, 1])
def test_binary_average_precision(positive, weighted):
    rng = np.random.default_rng(0)
    y, score = (rng.random(100) < 0.2).astype(int), rng.random(100)
    weight = rng.random(100) if weighted else None
    proba = np.column_stack([1 - score, score])
    expected = average_precision_score(y == positive, proba[:, positive], sample_weight=weight)
    keywords = {"positive": positive, "sample_weight": weight}
    assert average_precision(y, proba, "binary", **keywords) == expected
    assert average_precision(y, proba[:, positive], "binary", **keywords) == expected


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1))
@example([(False, 2, 1), (True, 1, 1)])
def test_average_precision_of_tied_scores(rows):
    y, score, weight = np.array([(1, 2, 1), *rows]).T
    score = score / 8
    for weights in (None, weight):
        expected = average_precision_score(y, score, sample_weight=weights)
        assert average_precision(y, score, "binary", sample_weight=weights) == expected


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_macro_average_precision(kind, weighted):
    rng = np.random.default_rng(0)
    y, proba = rng.integers(4, size=100), rng.dirichlet(np.ones(4), size=100)
    weight = rng.random(100) if weighted else None
    target = np.eye(4, dtype=int)[y]
    expected = average_precision_score(target, proba, average="macro", sample_weight=weight)
    y = y if kind == "multiclass" else target
    assert average_precision(y, proba, kind, sample_weight=weight) == pytest.approx(expected)


def test_absent_classes_are_left_out_of_the_mean():
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=6)
    y = np.array([0, 1, 0, 1, 1, 0])
    per_class = [average_precision_score(y == k, proba[:, k]) for k in (0, 1)]
    assert average_precision(y, proba, "multiclass") == pytest.approx(np.mean(per_class))
    assert average_precision(np.eye(3)[y], proba, "multilabel") == pytest.approx(np.mean(per_class))
    # A class of which every row has weight 0 is absent too.
    weight = (y == 0).astype(float)
    assert average_precision(y, proba, "multiclass", sample_weight=weight) == 1


@pytest.mark.parametrize("weight", [None, 2.0])
@pytest.mark.parametrize("n_classes", [31, 70])
def test_average_precision_of_many_classes_is_the_mean_of_each(n_classes, weight):
    rng = np.random.default_rng(0)
    y = rng.integers(n_classes - 5, size=300)  # some are absent
    proba = rng.random((300, n_classes)).round(2).astype(np.float32)
    expected = [average_precision_score(y == k, proba[:, k]) for k in np.unique(y)]
    weights = None if weight is None else np.full(300, weight)
    found = average_precision(y, proba, "multiclass", sample_weight=weights)
    assert found == pytest.approx(np.mean(expected), rel=1e-12)
    proba[7, -1] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity"):
        average_precision(y, proba, "multiclass", sample_weight=weights)


def test_average_precision_without_positives_is_nan():
    assert np.isnan(average_precision([0, 0], [0.1, 0.2], "binary"))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_cannot_be_ranked_are_refused(kind, value):
    proba = np.full((4, 2), 0.5)
    proba[2, 1] = value
    y = np.eye(2, dtype=int)[[0, 1, 0, 1]] if kind == "multilabel" else [0, 1, 0, 1]
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        average_precision(y, proba, kind)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float16", bool])
def test_weights_of_small_types_count_as_any(dtype):
    rng = np.random.default_rng(0)
    y, score = np.repeat([1, 0], [200, 99_800]), rng.random(100_000)
    score[:200] += 0.3
    weight = np.ones(len(y), dtype)
    proba = np.column_stack([1 - score, score])
    assert average_precision(y, proba, "binary", sample_weight=weight) == average_precision(
        y, proba, "binary"
    )
    assert break_even_point(y, score, sample_weight=weight) == break_even_point(y, score)
    codes = np.repeat([0, 1, 2], [256, 100, 100])
    proba = rng.dirichlet(np.ones(3), 456)
    assert average_precision(
        codes, proba, "multiclass", sample_weight=np.ones(456, dtype)
    ) == pytest.approx(average_precision(codes, proba, "multiclass"))


def test_a_row_of_weight_zero_is_no_row():
    y, found, weight = [0, 0, 1, 1, 2], [0, 0, 1, 1, 0], [1, 1, 1, 1, 0]
    assert class_balance_accuracy_score(y, found, sample_weight=weight) == 1


@pytest.mark.parametrize("weight", [[-5, 1, 1], [np.nan, 1, 1], [1, 1], [1e308, 1e308, 1]])
def test_weights_that_are_none_are_refused(weight):
    y, score = [0, 1, 1], [0.2, 0.9, 0.4]
    with pytest.raises(ValueError, match="sample_weight|inconsistent"):
        average_precision(y, np.array(score), "binary", sample_weight=weight)
    with pytest.raises(ValueError, match="sample_weight|inconsistent"):
        break_even_point(y, score, sample_weight=weight)
    with pytest.raises(ValueError, match="sample_weight|inconsistent"):
        class_balance_accuracy_score(y, [0, 1, 0], sample_weight=weight)


def test_as_many_scores_as_labels_are_asked_for():
    with pytest.raises(ValueError, match="3 rows, but proba has 2"):
        average_precision([0, 1, 1], np.array([0.2, 0.9]), "binary")
