"""`CalibrationComparisonDisplay`: bins, intervals, and the network before its correction."""

import numpy as np
import pytest
from matplotlib import pyplot
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from imbalanced_nn import imbalance_report
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import CalibrationComparisonDisplay


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def rare():
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 20, size=4000)
    return (rng.random(4000) < p).astype(int), p


def test_bins_hold_equal_positives_and_all_rows(rare):
    y, p = rare
    display = CalibrationComparisonDisplay.from_predictions(y, {"p": p, "square": p**2}, n_bins=5)
    frame = display.frame()
    for name, proba in (("p", p), ("square", p**2)):
        part = frame[frame["name"] == name]
        assert part["bin"].tolist() == [0, 1, 2, 3, 4]
        assert (part["positives"] - y.sum() / 5).abs().max() < 1
        assert part["rows"].sum() == len(y) and part["positives"].sum() == y.sum()
        order, at = np.argsort(proba), 0
        for row in part.itertuples():
            rows = order[at : at + int(row.rows)]
            at += int(row.rows)
            assert row.predicted == pytest.approx(proba[rows].mean())
            assert row.observed == pytest.approx(y[rows].mean())
            wilson = binomtest(int(row.positives), int(row.rows)).proportion_ci(method="wilson")
            assert (row.low, row.high) == pytest.approx((wilson.low, wilson.high))


def test_labels_of_numpy_are_shown_as_plain_numbers(rare):
    y, p = rare
    display = CalibrationComparisonDisplay.from_predictions(y, {"p": p})
    assert display.ax_.get_xlabel() == "Mean predicted probability of class 1 (log scale)"


def test_quantile_bins_are_scikit_learns(rare):
    y, p = rare
    frame = CalibrationComparisonDisplay.from_predictions(
        y, {"p": p}, n_bins=8, strategy="quantile"
    ).frame()
    observed, predicted = calibration_curve(y, p, n_bins=8, strategy="quantile")
    np.testing.assert_allclose(frame["observed"], observed)
    np.testing.assert_allclose(frame["predicted"], predicted)


def test_weights_count_as_rows(rare):
    y, p = rare[0][:500], rare[1][:500]
    often = np.random.default_rng(0).integers(0, 3, size=500)
    weighted, repeated = (
        CalibrationComparisonDisplay.from_predictions(
            *rows, n_bins=2, strategy="quantile", sample_weight=weight
        )
        for rows, weight in (
            ((y, {"p": p}), often),
            ((np.repeat(y, often), {"p": np.repeat(p, often)}), None),
        )
    )
    columns = ["predicted", "observed", "rows", "positives"]
    np.testing.assert_allclose(weighted.frame()[columns], repeated.frame()[columns])
    assert weighted.calibration_error["p"] == pytest.approx(repeated.calibration_error["p"])
    # Unequal weights tell less than as many rows.
    width = (weighted.frame()["high"] - weighted.frame()["low"]).sum()
    assert width > (repeated.frame()["high"] - repeated.frame()["low"]).sum()


def test_few_positives_make_few_bins():
    y = np.repeat([0, 1], [200, 12])
    p = np.linspace(0.01, 0.9, 212)
    assert len(CalibrationComparisonDisplay.from_predictions(y, {"p": p}).frame()) == 2


def test_axes_are_logarithmic_for_a_rare_class_only(rare):
    y, p = rare
    rare_ax = CalibrationComparisonDisplay.from_predictions(y, {"p": p}).ax_
    assert (rare_ax.get_xscale(), rare_ax.get_yscale()) == ("log", "log")
    kept = (y == 1) | (np.arange(len(y)) % 40 == 0)
    common = CalibrationComparisonDisplay.from_predictions(y[kept], {"p": p[kept]})
    assert common.ax_.get_xscale() == "linear"


def test_a_class_of_several_against_the_rest_and_errors_of_the_report():
    X, y = make_classification(
        900, weights=[0.7, 0.2], n_classes=3, n_informative=4, random_state=0
    )
    clf = LogisticRegression().fit(X[:400], y[:400])
    display = CalibrationComparisonDisplay.from_estimator(clf, X[400:], y[400:])
    assert display.pos_label == np.bincount(y[400:]).argmin()
    frame = imbalance_report(clf, X[400:], y[400:], n_resamples=0).frame()
    frame = frame[frame["measure"] == "calibration_error"].set_index("class")["value"]
    assert display.calibration_error == {"predict_proba": pytest.approx(frame[display.pos_label])}
    named = CalibrationComparisonDisplay.from_predictions(
        y[400:], {"clf": clf.predict_proba(X[400:])}, pos_label=0
    )
    assert named.calibration_error["clf"] == pytest.approx(frame[0])


@pytest.mark.parametrize(
    ("probabilities", "change", "message"),
    [
        ([0.1, 0.9], {}, "must be a dict of names to probabilities. Got list"),
        ({}, {}, "must be a dict of names to probabilities"),
        ({"p": [0.1, 1.2]}, {}, "Got values from 0.1 to 1.2 for 'p'"),
        ({"p": [0.1, 0.2, 0.3]}, {}, "must have the same rows"),
        ({"p": [0.1, 0.2]}, {"pos_label": 7}, r"one of \[0, 1\]. Got 7"),
        ({"p": [0.1, 0.2]}, {"n_bins": 0}, "'n_bins' parameter of .*from_predictions must be"),
        ({"p": [0.1, 0.2]}, {"strategy": "uniform"}, "'strategy' parameter"),
    ],
)
def test_refusals(probabilities, change, message):
    with pytest.raises((InvalidParameterError, ValueError), match=message):
        CalibrationComparisonDisplay.from_predictions([0, 1], probabilities, **change)
