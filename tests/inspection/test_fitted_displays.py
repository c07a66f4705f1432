"""Displays of a fitted `BalancedKerasClassifier`: history, class counts, its cut, its outputs."""

import keras
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, imbalance_report
from imbalanced_nn.calibration import PriorCorrection
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.inspection import (
    CalibrationComparisonDisplay,
    ClassCountsDisplay,
    HistoryDisplay,
    ThresholdCurveDisplay,
)
from tests.problems import SMALL, three_labels


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def rows():
    X, y = make_classification(500, weights=[0.9], class_sep=2.0, random_state=0)
    return X, np.array(["ok", "fraud"])[y]


@pytest.fixture(scope="module")
def smote(rows):
    clf = BalancedKerasClassifier(
        sampler="smote", class_weight={"ok": 1, "fraud": 3}, threshold="f1", **SMALL
    )
    with pytest.warns(ImbalanceWarning, match="INN003"):
        return make_pipeline(StandardScaler(), clf).fit(*rows)


@pytest.fixture(scope="module")
def two_stages(rows):
    return BalancedKerasClassifier(head_sampler="balanced_batches", **SMALL).fit(*rows)


def counts_of(display):
    return {step: row.tolist() for step, row in display.counts.items()}


def test_counts_after_sampler_and_weights_are_those_of_the_fit(rows, smote):
    clf = smote[-1]
    held_out = clf.validation_indices_
    training = np.delete(rows[1], held_out)
    counts = counts_of(ClassCountsDisplay.from_estimator(smote))
    assert list(counts) == [
        "all rows",
        "training rows",
        "after the sampler",
        "weighted in the loss",
    ]
    of = {label: (training == label).sum() for label in ("fraud", "ok")}
    assert counts["all rows"] == [(rows[1] == "fraud").sum(), (rows[1] == "ok").sum()]
    assert counts["training rows"] == [of["fraud"], of["ok"]]
    assert counts["after the sampler"] == pytest.approx([of["ok"], of["ok"]])
    # 3 : 1 at as many rows in all.
    assert counts["weighted in the loss"] == pytest.approx([1.5 * of["ok"], 0.5 * of["ok"]])


def test_counts_of_what_was_not_done_are_not_shown(rows, two_stages):
    held = BalancedKerasClassifier(validation_split=0, early_stopping=False, **SMALL)
    assert list(ClassCountsDisplay.from_estimator(held.fit(*rows)).counts) == ["all rows"]
    counts = counts_of(ClassCountsDisplay.from_estimator(two_stages))
    assert list(counts) == ["all rows", "training rows", "last layer's loss"]
    assert counts["last layer's loss"][0] == pytest.approx(counts["last layer's loss"][1])


def test_counts_of_several_labels_are_their_positives():
    X, y = three_labels(300, 20)
    clf = BalancedKerasClassifier(class_weight="balanced", threshold=None, **SMALL).fit(X, y)
    counts = counts_of(ClassCountsDisplay.from_estimator(clf))
    assert counts["all rows"] == y.sum(axis=0).tolist()
    held_out = clf.validation_indices_
    assert counts["training rows"] == np.delete(y, held_out, axis=0).sum(axis=0).tolist()
    half = len(y) - len(held_out)
    assert counts["weighted in the loss"] == pytest.approx([half / 2] * 3)


def test_shares_of_a_step_sum_to_1(smote):
    frame = ClassCountsDisplay.from_estimator(smote).frame()
    assert frame["class"].tolist() == ["fraud", "ok"] * 4
    np.testing.assert_allclose(frame.groupby("step")["share"].sum(), 1)


def test_the_history_is_that_of_the_fit_with_the_epoch_that_was_kept(smote):
    display = HistoryDisplay.from_estimator(smote)
    frame = display.frame()
    assert frame["epoch"].tolist() == [1, 2, 3]
    for name, values in smote[-1].history_.items():
        assert frame[name].tolist() == values
    assert frame.loc[frame["best"], "epoch"].tolist() == [smote[-1].n_iter_]
    losses, scores = display.axes_
    drawn = {line.get_label(): line for line in [*losses.get_lines(), *scores.get_lines()]}
    shown = drawn["held-out average precision"]
    assert shown.get_ydata().tolist() == smote[-1].history_["val_average_precision"]
    assert shown in scores.get_lines()
    assert drawn["held-out log loss"] in losses.get_lines()
    assert drawn["epoch that was kept"].get_xdata()[0] == smote[-1].n_iter_


def test_the_second_stage_follows_the_first(two_stages):
    display = HistoryDisplay.from_estimator(two_stages)
    frame = display.frame()
    assert frame["stage"].tolist() == ["network"] * 3 + ["last layer"] * 3
    second = frame[frame["stage"] == "last layer"]
    assert second["loss"].tolist() == two_stages.head_history_["loss"]
    assert second.loc[second["best"], "epoch"].tolist() == [two_stages.head_n_iter_]
    loss = [line for line in display.axes_[0].get_lines() if len(line.get_xdata()) == 3]
    assert {tuple(line.get_xdata()) for line in loss} == {(1, 2, 3), (4, 5, 6)}


def test_an_average_of_networks_marks_an_epoch_of_its_history_only():
    display = HistoryDisplay(history={"loss": [1.0, 0.5]}, best_epoch=None)
    assert not display.frame()["best"].any()
    assert "epoch that was kept" not in str(display.plot().axes_[0].get_legend_handles_labels())


def test_losses_far_apart_are_on_a_logarithmic_axis():
    wide = HistoryDisplay(history={"loss": [10.0, 0.01]}).plot()
    assert wide.axes_[0].get_yscale() == "log" and len(wide.axes_) == 1
    assert HistoryDisplay(history={"loss": [1.0, 0.9]}).plot().axes_[0].get_yscale() == "linear"


def test_the_curve_of_a_fit_is_its_own_or_that_of_new_rows(rows, smote, two_stages):
    own = ThresholdCurveDisplay.from_estimator(smote)
    clf = smote[-1]
    assert own.threshold == [clf.best_threshold_] and own.score == [clf.best_score_]
    assert own.objective == "f1"
    new = ThresholdCurveDisplay.from_estimator(smote, *rows)
    assert new.threshold == own.threshold and new.objective == "f1"
    expected = f1_score(rows[1], smote.predict(rows[0]), pos_label="fraud")
    assert new.score[0] == pytest.approx(expected, abs=0.02)
    tuner = ThresholdTuner("recall", constraint=("precision", 0.2))
    tuned = ThresholdCurveDisplay.from_estimator(two_stages, *rows, objective=tuner)
    assert tuned.objective == "recall" and tuned.frame()["score"].isna().any()


def test_the_networks_outputs_are_those_before_the_correction(rows, smote):
    X, y = rows
    display = CalibrationComparisonDisplay.from_estimator(smote, X, y, n_bins=4)
    assert list(display.curves) == ["network's outputs", "predict_proba"]
    assert display.pos_label == "fraud"
    clf = smote[-1]
    back = PriorCorrection(tuple(clf.class_prior_), tuple(clf.fit_result_.shares.in_loss))
    outputs = back.apply(smote.predict_proba(X).astype(float))
    expected = CalibrationComparisonDisplay.from_predictions(
        y, {"outputs": outputs, "predict_proba": smote.predict_proba(X)}, n_bins=4
    ).frame()
    columns = ["predicted", "observed", "rows"]
    np.testing.assert_allclose(display.frame()[columns], expected[columns], rtol=1e-3)
    assert (
        display.calibration_error["network's outputs"]
        > (display.calibration_error["predict_proba"])
    )


def test_without_a_correction_there_is_one_curve(rows):
    plain = BalancedKerasClassifier(**SMALL).fit(*rows)
    display = CalibrationComparisonDisplay.from_estimator(plain, *rows)
    assert list(display.curves) == ["predict_proba"]


def test_the_report_takes_the_networks_positive_class(rows, smote):
    report = imbalance_report(smote, *rows, n_resamples=0)
    assert report.pos_label == smote[-1].pos_label_ == "fraud"
    assert report.name == "BalancedKerasClassifier"


def test_the_history_of_keras_itself_can_be_shown():
    network = keras.Sequential([keras.layers.Dense(1)])
    network.compile(loss="mse")
    found = network.fit(np.ones((8, 1)), np.ones(8), epochs=2, verbose=0)
    assert len(HistoryDisplay(history=found.history).plot().frame()) == 2


@pytest.mark.parametrize("display", [HistoryDisplay, ClassCountsDisplay])
def test_other_estimators_are_refused(rows, display):
    with pytest.raises(InvalidParameterError, match="Got LogisticRegression"):
        display.from_estimator(LogisticRegression().fit(*rows))


def test_counts_of_the_wrong_shape_are_refused():
    with pytest.raises(InvalidParameterError, match=r"Got shape \(3,\) for 'all rows'"):
        ClassCountsDisplay(counts={"all rows": [1, 2, 3]}, classes=["a", "b"])
