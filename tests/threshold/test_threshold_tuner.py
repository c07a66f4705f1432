"""The tuner as an estimator: labels, weights, state and refusals."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import BinaryRule, MultilabelRule, ThresholdTuner

# Rows are drawn with scores that rank either way, and either class the rarer one.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[45]\]")

Y = np.array([0, 0, 0, 1, 0, 1])
SCORE = np.array([0.1, 0.2, 0.3, 0.35, 0.5, 0.9])


def test_default_objective_is_balanced_accuracy():
    tuner = ThresholdTuner().fit(Y, SCORE)
    assert tuner.objective_.name == "balanced_accuracy"
    assert tuner.best_score_ == pytest.approx(0.875)
    assert tuner.best_threshold_ == pytest.approx(0.325)
    assert tuner.decision_rule_ == BinaryRule(tuner.best_threshold_, 1)


def test_is_an_estimator():
    tuner = ThresholdTuner("f1", constraint=("recall", 0.5), confidence=0.6)
    copy = clone(tuner)
    assert copy.get_params() == tuner.get_params()
    assert copy.set_params(objective="f2").objective == "f2"
    restored = pickle.loads(pickle.dumps(tuner.fit(Y, SCORE)))
    assert restored.best_threshold_ == tuner.best_threshold_
    np.testing.assert_array_equal(restored.predict(SCORE), tuner.predict(SCORE))


def test_the_positive_class_can_be_named():
    assert ThresholdTuner().fit(Y, -SCORE, pos_label=0).pos_label_ == 0
    assert ThresholdTuner().fit(1 - Y, -SCORE, pos_label=1).pos_label_ == 1


def test_probabilities_and_scores_of_the_positive_class_agree():
    for y in (Y, 1 - Y):
        positive = int(y is Y)
        proba = np.column_stack([1 - SCORE, SCORE] if positive else [SCORE, 1 - SCORE])
        by_proba = ThresholdTuner("f1").fit(y, proba, pos_label=positive)
        by_score = ThresholdTuner("f1").fit(y, SCORE, pos_label=positive)
        assert by_proba.decision_rule_ == by_score.decision_rule_
        np.testing.assert_array_equal(by_proba.predict(proba), by_score.predict(SCORE))


@pytest.mark.parametrize("labels", [["ok", "fraud"], [False, True], [-1, 1], [7, 3]])
def test_labels_come_back(labels):
    labels = np.array(labels)
    tuner = ThresholdTuner("f1").fit(labels[Y], SCORE, pos_label=labels[1])
    assert tuner.pos_label_ == labels[1]
    predicted = tuner.predict(SCORE)
    assert predicted.dtype == labels.dtype
    np.testing.assert_array_equal(predicted, labels[(tuner.best_threshold_ <= SCORE).astype(int)])


def test_classes_give_the_order_of_the_columns():
    proba = np.column_stack([SCORE, 1 - SCORE])
    y = np.where(Y == 1, "fraud", "ok")
    sorted_order = ThresholdTuner().fit(y, proba)
    given_order = ThresholdTuner().fit(y, proba[:, ::-1], classes=["ok", "fraud"])
    assert given_order.classes_.tolist() == ["ok", "fraud"]
    assert given_order.best_threshold_ == sorted_order.best_threshold_
    assert given_order.predict(proba[:, ::-1]).tolist() == sorted_order.predict(proba).tolist()


def test_weights_are_repetitions():
    weight = np.array([1, 2, 1, 3, 0, 2])
    by_weight = ThresholdTuner("f1").fit(Y, SCORE, sample_weight=weight, pos_label=1)
    y, score = np.repeat(Y, weight), np.repeat(SCORE, weight)
    by_rows = ThresholdTuner("f1").fit(y, score, pos_label=1)
    assert by_weight.best_score_ == pytest.approx(by_rows.best_score_)
    assert by_weight.best_threshold_ == by_rows.best_threshold_
    unweighted = ThresholdTuner("f1").fit(Y, SCORE)
    assert unweighted.best_score_ != pytest.approx(by_weight.best_score_)


def test_the_callers_arrays_are_left_alone():
    arrays = Y.copy(), SCORE.copy(), np.ones(6)
    for array in arrays:
        array.flags.writeable = False
    ThresholdTuner().fit(arrays[0], arrays[1], sample_weight=arrays[2])
    y, proba = np.array([0, 1, 2, 0]), np.eye(3)[[0, 1, 2, 1]]
    before = proba.copy()
    ThresholdTuner("f1_macro").fit(y, proba)
    np.testing.assert_array_equal(proba, before)


def test_float32_scores_are_cut_as_float64():
    score = np.array([0.1, 0.1], np.float32)
    score[1] = np.nextafter(score[0], np.float32(1))
    tuner = ThresholdTuner("accuracy").fit([0, 1], score)
    assert tuner.best_score_ == 1
    assert tuner.predict(score).tolist() == [0, 1]


def test_column_vectors_and_lists():
    assert ThresholdTuner().fit(Y.tolist(), SCORE.tolist()).best_threshold_ == pytest.approx(0.325)


def test_multilabel_indicator():
    y = np.column_stack([Y, 1 - Y])
    proba = np.column_stack([SCORE, 1 - SCORE])
    tuner = ThresholdTuner().fit(y, proba)
    assert isinstance(tuner.decision_rule_, MultilabelRule)
    assert tuner.best_threshold_.shape == (2,)
    np.testing.assert_array_equal(tuner.predict(proba), tuner.decision_rule_.decide(proba))
    assert tuner.classes_.tolist() == [0, 1] and tuner.pos_label_ is None


@pytest.mark.parametrize(
    ("y_true", "y_score", "keywords", "says"),
    [
        ([1, 1], [0.1, 0.9], {}, "at least two classes. Got only class 1"),
        (["a", "a"], [0.1, 0.9], {}, "Got only class 'a'"),
        ([0, 0], np.eye(3)[:2], {"classes": [0, 1, 2]}, "Got only class 0"),
        ([0, 1, 0], [0.1, 0.9], {}, "same rows. Got 3 and 2"),
        ([0, 1], [0.1, np.nan], {}, "y_score contains NaN"),
        ([0, 1], [0.1, np.inf], {}, "y_score contains infinity"),
        ([0, 1], ["a", "b"], {}, "could not convert string"),
        ([0, np.nan], [0.1, 0.9], {}, "y_true contains NaN"),
        ([0.5, 0.7], [0.1, 0.9], {}, "Got a continuous target"),
        ([0, 1], [0.1, 0.9], {"sample_weight": [0, 0]}, "some weight must be positive"),
        ([0, 1], [0.1, 0.9], {"sample_weight": [1, -1]}, "must not be negative.*-1 and 1"),
        ([0, 1], [0.1, 0.9], {"sample_weight": [1, np.nan]}, "sample_weight contains NaN"),
        ([0, 1], [0.1, 0.9], {"sample_weight": [1, 1, 1]}, r"shape \(2,\). Got \(3,\)"),
        ([0, 1], [0.1, 0.9], {"sample_weight": [0, 1]}, "Got only class 1"),
        ([0, 1], np.ones((2, 3)), {}, r"\(n_samples, 2\) or \(n_samples,\).*Pass classes="),
        ([0, 1, 2], np.ones((3, 2)), {}, r"must have shape \(n_samples, 3\)"),
        ([0, 1, 2], [0.1, 0.2, 0.3], {}, r"must have shape \(n_samples, 3\)"),
        ([0, 1, 2], -np.eye(3), {}, "must be probabilities. Got negative values, down to -1"),
        ([0, 3], [0.1, 0.9], {"classes": [0, 1]}, r"not in classes=\[0, 1\]: \[3\]"),
        ([[0, 1], [1, 0]], np.ones((2, 3)), {}, "one column per label"),
        ([[0, 1], [0, 1]], np.ones((2, 2)), {}, "Every label is constant"),
    ],
)
def test_rows_that_cannot_be_used(y_true, y_score, keywords, says):
    with pytest.raises(ValueError, match=says):
        ThresholdTuner().fit(y_true, y_score, **keywords)


def test_pos_label_refusals():
    with pytest.raises(InvalidParameterError, match=r"one of \['a', 'b'\]. Got 'c'"):
        ThresholdTuner().fit(["a", "b"], [0.1, 0.9], pos_label="c")
    with pytest.raises(InvalidParameterError, match=r"for a binary target\. Got 1 for 3 classes"):
        ThresholdTuner().fit([0, 1, 2], np.eye(3), pos_label=1)
    with pytest.raises(InvalidParameterError, match=r"for a binary target.*multilabel"):
        ThresholdTuner().fit([[0, 1], [1, 0]], np.eye(2), pos_label=1)


def test_objective_refusals_come_through():
    with pytest.raises(InvalidParameterError, match="'objective' parameter of ThresholdTuner"):
        ThresholdTuner(3).fit(Y, SCORE)
    with pytest.raises(InvalidParameterError, match="'f1_macro'"):
        ThresholdTuner("f1").fit([0, 1, 2], np.eye(3))


def test_predict_needs_fit():
    with pytest.raises(NotFittedError):
        ThresholdTuner().predict(SCORE)
