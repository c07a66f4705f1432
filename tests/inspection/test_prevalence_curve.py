"""`PrevalenceCurveDisplay`: exact at every prevalence, by weighing rows of each class."""

import numpy as np
import pytest
from matplotlib import pyplot
from sklearn import metrics
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from imbalanced_nn import imbalance_report
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import MEASURES, PrevalenceCurveDisplay
from imbalanced_nn.metrics import class_balance_accuracy_score

ALL = [name for name in MEASURES if name != "cost"]
SHARES = [0.002, 0.05, 0.3, 0.8]


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module", params=[2, 3], ids=["binary", "three classes"])
def rows(request):
    X, y = make_classification(
        900, weights=[0.8, 0.1], n_classes=request.param, n_informative=4, random_state=0
    )
    y = np.array(["a", "b", "c"])[y]
    return X[:300], y[:300], LogisticRegression().fit(X[300:], y[300:])


@pytest.mark.parametrize("weighted", [False, True])
def test_each_point_is_the_measure_of_rows_weighed_to_its_prevalence(rows, weighted):
    X, y, clf = rows
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else np.ones(len(y))
    decided, proba = clf.predict(X), clf.predict_proba(X)
    display = PrevalenceCurveDisplay.from_predictions(
        y,
        decided,
        proba,
        metrics=ALL,
        prevalences=SHARES,
        pos_label="b",
        sample_weight=weight,
        n_resamples=0,
    )
    truth, cut, p = y == "b", decided == "b", proba[:, 1]
    assert display.present == pytest.approx(np.average(truth, weights=weight))
    for k, share in enumerate(SHARES):
        w = np.where(truth, share / weight[truth].sum(), (1 - share) / weight[~truth].sum())
        w = {"sample_weight": w * weight}
        precision, recall, _ = metrics.precision_recall_curve(truth, p, **w)
        expected = {
            "prevalence": share,
            "average_precision": metrics.average_precision_score(truth, p, **w),
            "roc_auc": metrics.roc_auc_score(truth, p, **w),
            "f1": metrics.f1_score(truth, cut, **w),
            "precision": metrics.precision_score(truth, cut, **w),
            "recall": metrics.recall_score(truth, cut, **w),
            "matthews_corrcoef": metrics.matthews_corrcoef(truth, cut, **w),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, cut, **w),
            "class_balance_accuracy": class_balance_accuracy_score(truth, cut, **w),
            "log_loss": metrics.log_loss(truth, p, **w),
            "brier": metrics.brier_score_loss(truth, p, **w),
            "recall_at_precision": recall[precision >= 0.9 - 1e-12].max(),
        }
        for name, value in expected.items():
            assert display.values[name][k] == pytest.approx(value, abs=1e-9), name


def test_at_the_present_prevalence_it_is_the_report_of_the_class(rows):
    X, y, clf = rows
    display = PrevalenceCurveDisplay.from_estimator(
        clf, X, y, metrics=ALL, prevalences=[(y == "b").mean()], n_resamples=0, pos_label="b"
    )
    report = imbalance_report(clf, X, y, n_resamples=0).frame()
    report = report[report["class"] == "b"].set_index("measure")["value"]
    for name in ALL:
        # Of the class alone in the report, of both together in the curve.
        if name != "class_balance_accuracy":
            assert display.values[name][0] == pytest.approx(report[name]), name


def test_measures_of_rates_are_flat_and_precision_is_not(rows):
    X, y, clf = rows
    display = PrevalenceCurveDisplay.from_estimator(
        clf, X, y, metrics=["balanced_accuracy", "roc_auc", "precision"], n_resamples=0
    )
    np.testing.assert_allclose(np.ptp(display.values["balanced_accuracy"]), 0, atol=1e-12)
    np.testing.assert_allclose(np.ptp(display.values["roc_auc"]), 0, atol=1e-12)
    assert (np.diff(display.values["precision"]) > 0).all()


def test_intervals_hold_their_curves_and_seeds_repeat_them(rows):
    X, y, clf = rows
    frames = [
        PrevalenceCurveDisplay.from_estimator(
            clf, X, y, n_resamples=40, random_state=seed, prevalences=SHARES
        ).frame()
        for seed in (0, 0, 1)
    ]
    assert frames[0].equals(frames[1]) and not frames[0].equals(frames[2])
    assert (frames[0]["low"] < frames[0]["high"]).all()
    inside = (frames[0]["low"] <= frames[0]["value"]) & (frames[0]["value"] <= frames[0]["high"])
    assert inside.mean() > 0.9


def test_every_resample_is_weighed_to_the_prevalence(rows):
    X, y, clf = rows
    # Of unequal weights each resample has another share of positives.
    weight = np.random.default_rng(0).uniform(0.1, 5, len(y))
    display = PrevalenceCurveDisplay.from_estimator(
        clf, X, y, metrics=["prevalence"], prevalences=SHARES, sample_weight=weight, n_resamples=20
    )
    for end in (display.low, display.high):
        np.testing.assert_allclose(end["prevalence"], SHARES)


def test_by_default_it_reaches_from_a_hundredth_of_the_present_share_to_half(rows):
    X, y, clf = rows
    display = PrevalenceCurveDisplay.from_estimator(clf, X, y, n_resamples=0)
    assert display.prevalences[0] == pytest.approx(display.present / 100)
    assert display.prevalences[-1] == pytest.approx(0.5)
    marked = [line for line in display.ax_.get_lines() if "present" in str(line.get_label())]
    assert marked[0].get_xdata() == pytest.approx([display.present] * 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": ["roc_auk"]}, "Got 'roc_auk' instead. Did you mean 'roc_auc'"),
        ({"metrics": "cost"}, "Got 'cost' instead"),
        ({"prevalences": [0.0, 0.5]}, "must hold shares between 0 and 1"),
        ({"prevalences": []}, "must hold shares between 0 and 1"),
        ({"pos_label": "z"}, "'pos_label' parameter must be one of"),
    ],
)
def test_refusals(rows, change, message):
    X, y, clf = rows
    with pytest.raises(InvalidParameterError, match=message):
        PrevalenceCurveDisplay.from_estimator(clf, X, y, n_resamples=0, **change)


@pytest.mark.parametrize("share", [0.1, 0.8])
def test_without_a_label_it_is_about_the_positive_class_however_common(share):
    y = (np.arange(50) < 50 * share).astype(int)
    p = np.linspace(0.9, 0.1, 50)
    display = PrevalenceCurveDisplay.from_predictions(
        y, (p > 0.5).astype(int), p, prevalences=[0.3], n_resamples=0
    )
    assert display.pos_label == 1
    assert display.present == pytest.approx(share)


@pytest.mark.parametrize("short", ["y_true", "y_pred", "y_proba"])
def test_rows_of_different_numbers_are_refused(short):
    y = np.arange(20) % 2
    given = {"y_true": y, "y_pred": y, "y_proba": 0.2 + 0.5 * y}
    given[short] = given[short][:-1]
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        PrevalenceCurveDisplay.from_predictions(**given, n_resamples=0)


def test_several_labels_are_refused_with_what_to_do():
    y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]])
    with pytest.raises(InvalidParameterError, match="y is multilabel. Show one label by from_pre"):
        PrevalenceCurveDisplay.from_predictions(y, y, y * 0.5 + 0.2, n_resamples=0)
