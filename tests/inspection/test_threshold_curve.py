"""`ThresholdCurveDisplay`: whose curve, which cut, and where a constraint is not met."""

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import TunedThresholdClassifierCV, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import ThresholdCurveDisplay
from tests.problems import three_labels


@pytest.fixture(scope="module")
def rows():
    return make_classification(400, weights=[0.9], class_sep=1.0, random_state=0)


@pytest.fixture(scope="module")
def clf(rows):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*rows)


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def test_each_point_is_the_score_of_its_cut(rows, clf):
    X, y = rows
    display = ThresholdCurveDisplay.from_estimator(clf, X, y, objective="f1")
    proba = clf.predict_proba(X)[:, 1]
    for cut, score in display.frame().iloc[::25].itertuples(index=False):
        assert score == pytest.approx(f1_score(y, proba >= cut, zero_division=0))
    best = display.frame()["score"].max()
    assert display.score == [pytest.approx(best)]
    assert f1_score(y, proba >= display.threshold[0]) == pytest.approx(best)


def test_the_cut_of_an_estimator_is_marked_not_the_best_of_the_rows(rows):
    X, y = rows
    tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring="f1", cv=3).fit(X, y)
    display = ThresholdCurveDisplay.from_estimator(tuned, X, y, objective="f1")
    assert display.threshold == [tuned.best_threshold_]
    expected = f1_score(y, tuned.predict(X))
    assert display.score[0] == pytest.approx(expected)
    marked = [line for line in display.ax_.get_lines() if len(line.get_xdata()) == 1]
    assert marked[0].get_xdata() == tuned.best_threshold_


@pytest.mark.parametrize("threshold", [0.3, 0.9, 0.95, 0.05])
def test_the_score_that_is_marked_is_that_of_the_cut(threshold):
    y, score = [0, 0, 1], np.array([0.1, 0.2, 0.9])
    display = ThresholdCurveDisplay.from_predictions(
        y, score, objective="accuracy", threshold=threshold
    )
    assert display.score == [pytest.approx(np.mean((score >= threshold) == y))]


def test_any_cut_is_marked_at_its_score(rows, clf):
    X, y = rows
    proba = clf.predict_proba(X)
    for cut in np.random.default_rng(0).random(20):
        display = ThresholdCurveDisplay.from_predictions(y, proba, objective="f1", threshold=cut)
        expected = f1_score(y, proba[:, 1] >= cut, zero_division=0)
        assert display.score == [pytest.approx(expected)]
        pyplot.close("all")


def test_a_tuner_shows_its_own_curve(rows, clf):
    X, y = rows
    tuner = ThresholdTuner("f2").fit(y, clf.predict_proba(X))
    display = ThresholdCurveDisplay.from_estimator(tuner, name="here")
    assert (display.thresholds[0] == tuner.threshold_curve_.thresholds).all()
    assert display.threshold == [tuner.best_threshold_] and display.score == [tuner.best_score_]
    assert display.objective == "f2"
    assert display.ax_.get_ylabel() == "F2"
    same = ThresholdCurveDisplay.from_predictions(y, clf.predict_proba(X), objective=tuner)
    assert same.frame().equals(display.frame())


def test_the_rarest_class_or_the_one_that_is_named_is_cut(rows, clf):
    X, y = rows
    proba = clf.predict_proba(X)
    labels = np.array(["ok", "fraud"])[y]
    named = {
        name: ThresholdCurveDisplay.from_predictions(
            labels, proba[:, ::-1], objective="f1", pos_label=name
        )
        for name in (None, "fraud", "ok")
    }
    assert named[None].frame().equals(named["fraud"].frame())
    assert not named[None].frame().equals(named["ok"].frame())


def test_cuts_that_break_the_constraint_have_no_score_and_are_shaded(rows, clf):
    X, y = rows
    display = ThresholdCurveDisplay.from_estimator(
        clf, X, y, objective="recall", constraint=("precision", 0.6), spread=(0.2, 0.3)
    )
    proba = clf.predict_proba(X)[:, 1]
    frame = display.frame()
    flagged = proba[:, None] >= frame["threshold"].to_numpy()
    precision = y @ flagged / np.maximum(flagged.sum(axis=0), 1)
    np.testing.assert_array_equal(frame["score"].isna(), precision < 0.6)
    shaded = [p for p in display.ax_.patches if p.get_hatch()]
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in shaded]
    for cut, score in zip(frame["threshold"], frame["score"], strict=True):
        assert any(low <= cut <= high for low, high in spans) == np.isnan(score)
    (spread,) = (p for p in display.ax_.patches if not p.get_hatch())
    assert (spread.get_x(), spread.get_width()) == pytest.approx((0.2, 0.1))


def test_small_cuts_are_on_a_logarithmic_axis():
    y = np.repeat([0, 1], [990, 10])
    score = np.where(y, 0.02, 0.001) + np.linspace(0, 1e-4, 1000)
    display = ThresholdCurveDisplay.from_predictions(y, score)
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlim()[0] < display.threshold[0] < display.ax_.get_xlim()[1]
    moved = ThresholdCurveDisplay.from_predictions(y, score + 0.5)
    assert moved.ax_.get_xscale() == "linear"


@pytest.mark.parametrize(
    "clf", [OneVsRestClassifier(LogisticRegression()), RandomForestClassifier(5, random_state=0)]
)
def test_several_labels_have_a_curve_each(clf):
    X, y = three_labels(200, 20)
    clf = clf.fit(X, y)
    display = ThresholdCurveDisplay.from_estimator(clf, X, y, objective="f1_macro")
    frame = display.frame()
    assert list(dict.fromkeys(frame["name"])) == ["label 0", "label 1", "label 2"]
    assert frame.index.is_unique
    for label in range(3):
        part = frame[frame["name"] == f"label {label}"]
        assert display.score[label] == pytest.approx(part["score"].max())


def test_each_fold_has_its_curve_and_their_cuts_a_spread(rows):
    X, y = rows
    tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring="f1", cv=3)
    found = cross_validate(tuned, X, y, cv=3, return_estimator=True, return_indices=True)
    display = ThresholdCurveDisplay.from_cv_results(found, X, y, objective="f1")
    cuts = [fold.best_threshold_ for fold in found["estimator"]]
    assert display.threshold == cuts
    assert display.spread == (min(cuts), max(cuts))
    for fold, rows_of in enumerate(found["indices"]["test"]):
        proba = found["estimator"][fold].predict_proba(X[rows_of])[:, 1]
        part = display.frame()
        part = part[part["name"] == f"fold {fold}"]
        assert len(part) == len(np.unique(proba)) + 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda X, y, c: ThresholdCurveDisplay.from_estimator(c), "LogisticRegression has no thr"),
        (lambda X, y, c: ThresholdCurveDisplay.from_estimator(c, X), "X and y go together"),
        (
            lambda X, y, c: ThresholdCurveDisplay.from_estimator(c, X, y, spread=(0.3, 0.2)),
            r"a pair \(low, high\). Got \(0.3, 0.2\)",
        ),
        (
            lambda X, y, c: ThresholdCurveDisplay.from_estimator(c, X, y, objective="f1_makro"),
            "unknown for a binary target. Did you mean 'f1_macro'",
        ),
        (
            lambda X, y, c: ThresholdCurveDisplay.from_predictions(
                y + (X[:, 0] > 0), np.full((len(y), 3), 1 / 3) + X[:, :3] * 0
            ),
            "the cuts of several classes act jointly",
        ),
        (
            lambda X, y, c: ThresholdCurveDisplay.from_cv_results({"estimator": []}, X, y),
            r"Got none of \['indices'\]; call cross_validate",
        ),
    ],
)
def test_refusals(rows, clf, make, message):
    with pytest.raises(InvalidParameterError, match=message):
        make(*rows, clf)


def test_curves_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="must describe the same curves. Got 1, 1, 2 and 1"):
        ThresholdCurveDisplay(thresholds=[0.1, 0.2], scores=[1, 2], threshold=[0.1, 0.2])


def test_the_spread_of_an_estimators_own_cut_is_its_bootstrap():
    X, y = make_classification(400, 6, weights=[0.8], flip_y=0.05, random_state=0)
    params = {"model": "mlp", "model__hidden_layer_sizes": (8,), "epochs": 3, "random_state": 0}
    clf = BalancedKerasClassifier(threshold="f1", **params).fit(X, y)
    display = ThresholdCurveDisplay.from_estimator(clf)
    expected = clf.bootstrap_threshold(n_resamples=200, random_state=0).threshold_interval()
    assert display.spread == tuple(expected)
    assert display.spread[0] < display.spread[1]
    assert ThresholdCurveDisplay.from_estimator(clf, spread=(0.1, 0.2)).spread == (0.1, 0.2)
    assert ThresholdCurveDisplay.from_estimator(clf, X, y).spread is None
