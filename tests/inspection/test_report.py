"""`imbalance_report`: any classifier, any target; frame, JSON and table; refusals."""

import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from imbalanced_nn import imbalance_report
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import MEASURES
from imbalanced_nn.inspection.report_table import HELD
from tests.problems import three_labels

COSTS = [[0, 1], [50, 0]]


@pytest.fixture(scope="module")
def fraud():
    X, codes = make_classification(600, weights=[0.9], class_sep=1.0, random_state=0)
    return X, np.array(["ok", "fraud"])[codes]


@pytest.fixture(scope="module")
def clf(fraud):
    X, y = fraud
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:300], y[:300])


@pytest.fixture(scope="module")
def report(clf, fraud):
    X, y = fraud
    return imbalance_report(
        clf, X[300:], y[300:], cost_matrix=[[0, 50], [1, 0]], n_resamples=200, random_state=0
    )


def value_of(report, measure, label=None):
    frame = report.frame()
    chosen = (frame["measure"] == measure) & (
        frame["class"].isna() if label is None else frame["class"] == label
    )
    return frame.loc[chosen, "value"].item()


def test_the_positive_class_is_the_rarest_and_overall_is_its(report, clf, fraud):
    X, y = fraud[0][300:], fraud[1][300:]
    assert report.pos_label == "fraud"
    expected = average_precision_score(y == "fraud", clf.predict_proba(X)[:, 0])
    for label in (None, "fraud"):
        assert value_of(report, "average_precision", label) == pytest.approx(expected)
    assert value_of(report, "average_precision", "ok") != pytest.approx(expected)
    expected = f1_score(y, clf.predict(X), pos_label="fraud")
    assert value_of(report, "f1") == pytest.approx(expected)


def test_another_positive_class_can_be_named(clf, fraud, report):
    named = imbalance_report(clf, fraud[0][300:], fraud[1][300:], pos_label="ok", n_resamples=0)
    assert value_of(named, "f1") == value_of(report, "f1", "ok")


def test_the_estimators_own_positive_class_is_taken(fraud):
    X, y = fraud
    own = LogisticRegression().fit(X, y)
    own.pos_label_ = "ok"
    assert imbalance_report(own, X, y, n_resamples=0).pos_label == "ok"
    assert imbalance_report(make_pipeline(own), X, y, n_resamples=0).pos_label == "ok"


def test_a_search_is_its_best_estimator(fraud):
    X, y = fraud
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}).fit(X, y)
    search.best_estimator_.pos_label_ = "ok"
    report = imbalance_report(search, X, y, n_resamples=0)
    assert (report.name, report.pos_label) == ("LogisticRegression", "ok")


def test_log_loss_of_a_certain_error_is_scikit_learns_for_each_type_of_float(repeats):
    y = np.array([0, 0, 1, 1])
    for dtype in (np.float32, np.float64):
        proba = np.array([[1, 0], [0.5, 0.5], [1, 0], [0, 1]], dtype=dtype)
        clf = repeats(y, proba, proba.argmax(axis=1))
        report = imbalance_report(clf, np.arange(4), y, n_resamples=0)
        assert value_of(report, "log_loss") == pytest.approx(log_loss(y, proba))


def test_costs_are_a_mean_over_rows_and_over_those_of_a_class(report, clf, fraud):
    X, y = fraud[0][300:], fraud[1][300:]
    missed = (y == "fraud") & (clf.predict(X) == "ok")
    alarms = (y == "ok") & (clf.predict(X) == "fraud")
    assert value_of(report, "cost") == pytest.approx((50 * missed.sum() + alarms.sum()) / len(y))
    assert value_of(report, "cost", "ok") == pytest.approx(alarms.sum() / (y == "ok").sum())


def test_intervals_hold_their_values_and_grow_with_confidence(report, clf, fraud):
    frame = report.frame()
    assert (frame["low"] <= frame["value"] + 1e-12).all()
    assert (frame["value"] <= frame["high"] + 1e-12).all()
    wide = frame.loc[frame["measure"] == "f1"]
    assert (wide["low"] < wide["high"]).all()
    narrow = imbalance_report(
        clf,
        fraud[0][300:],
        fraud[1][300:],
        n_resamples=200,
        confidence_level=0.5,
        random_state=0,
    ).frame()
    narrow = narrow[narrow["measure"] == "f1"]
    assert (narrow["high"] - narrow["low"] < (wide["high"] - wide["low"]).to_numpy()).all()


def test_equal_seeds_give_equal_intervals(clf, fraud):
    frames = [
        imbalance_report(clf, *fraud, n_resamples=20, random_state=seed).frame()
        for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])


def test_frame_has_a_row_for_each_measure_overall_and_of_each_class(report):
    frame = report.frame()
    assert frame.columns.tolist() == ["scope", "class", "measure", "value", "low", "high"]
    assert frame["measure"].tolist() == [*MEASURES] * 3
    assert frame["class"].tolist() == [None] * 17 + ["fraud"] * 17 + ["ok"] * 17
    assert frame["scope"].tolist() == ["overall"] * 17 + ["class"] * 34
    pd.testing.assert_frame_equal(report.frame(per_class=False), frame[:17])


def test_without_costs_or_resamples_there_is_neither(clf, fraud):
    report = imbalance_report(clf, *fraud, n_resamples=0)
    assert "cost" not in set(report.frame()["measure"])
    assert "cost" not in report.to_dict()["overall"]
    assert report.frame()[["low", "high"]].isna().all(axis=None)
    assert "[" not in str(report) and "ntervals" not in str(report)


def test_to_dict_is_what_json_can_hold(report, fraud):
    content = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert content == report.to_dict()
    assert content["overall"]["f1"]["value"] == value_of(report, "f1")
    assert [part["class"] for part in content["classes"]] == ["fraud", "ok"]
    assert sum(part["count"] for part in content["classes"]) == content["n_samples"] == 300
    # What is undefined is None.
    X, y = make_classification(200, n_classes=3, n_informative=3, random_state=0)
    forest = RandomForestClassifier(5, random_state=0).fit(X, y)
    content = imbalance_report(forest, X[y < 2], y[y < 2], n_resamples=5).to_dict()
    json.dumps(content, allow_nan=False)
    absent = {"value": None, "low": None, "high": None}
    assert content["classes"][2]["measures"]["recall"] == absent


def test_the_text_is_the_same_inside_a_notebook(report, monkeypatch):
    outside = str(report)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert Console().is_jupyter
    assert str(report) == outside


def test_the_table_fits_80_columns_and_rich_prints_the_same(report):
    text = str(report)
    assert max(map(len, text.split("\n"))) <= 80
    assert "on 300 rows, positive class 'fraud'" in text
    for measure in MEASURES.values():
        assert measure.label in text
    console = Console(width=80)
    with console.capture() as capture:
        console.print(report)
    lines = [line.rstrip() for line in capture.get().strip().split("\n")]
    assert "\n".join(lines) == text.strip()


def test_labels_are_no_markup(fraud):
    X, y = fraud
    marked = np.where(y == "ok", "[bold]ok[/bold]", "[/]fraud")
    text = str(imbalance_report(LogisticRegression().fit(X, marked), X, marked, n_resamples=0))
    assert "[/]fraud" in text and "[bold]ok" in text


@pytest.mark.parametrize("as_frame", [False, True])
def test_several_labels_from_forests_and_from_one_versus_rest(as_frame):
    X, y = three_labels(300, 20)
    given = pd.DataFrame(y, columns=["a", "b", "c"]) if as_frame else y
    for clf in (
        RandomForestClassifier(10, random_state=0),
        OneVsRestClassifier(LogisticRegression()),
    ):
        report = imbalance_report(clf.fit(X[:150], y[:150]), X[150:], given[150:], n_resamples=5)
        assert report.classes == (["a", "b", "c"] if as_frame else [0, 1, 2])
        expected = f1_score(y[150:], clf.predict(X[150:]), average="macro")
        assert value_of(report, "f1") == pytest.approx(expected)
        proba = clf.predict_proba(X[150:])
        proba = np.column_stack([p[:, 1] for p in proba]) if isinstance(proba, list) else proba
        expected = average_precision_score(y[150:], proba)
        assert value_of(report, "average_precision") == pytest.approx(expected)


def test_rows_of_weight_0_are_left_out_and_weights_count_as_rows(clf, fraud):
    X, y = fraud
    weight = np.tile([0.0, 2.0], len(y) // 2)
    weighted = imbalance_report(clf, X, y, sample_weight=weight, n_resamples=0).frame()
    taken = imbalance_report(clf, X[1::2], y[1::2], n_resamples=0).frame()
    pd.testing.assert_frame_equal(weighted, taken)


def test_a_calibration_error_of_chance_reaches_0(repeats):
    rng = np.random.default_rng(0)
    p = rng.beta(1, 9, size=2000)
    y = (rng.random(2000) < p).astype(int)
    bounds = []
    for bent in (p, p**0.5):
        proba = np.column_stack([1 - bent, bent])
        report = imbalance_report(
            repeats(y, proba, y), np.arange(2000), y, n_resamples=100, random_state=0
        )
        bounds.append(report.to_dict()["overall"]["calibration_error"])
    assert bounds[0]["low"] == 0 < bounds[0]["value"] < 0.03
    assert 0.1 < bounds[1]["low"] < bounds[1]["value"] < bounds[1]["high"]


def test_nothing_of_the_callers_is_changed(clf, fraud):
    X, y, weight = fraud[0].copy(), fraud[1].copy(), np.ones(600)
    imbalance_report(clf, X, y, sample_weight=weight, n_resamples=3)
    assert (fraud[0] == X).all() and (y == fraud[1]).all() and (weight == 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_resamples": -1}, "'n_resamples' parameter of imbalance_report must be an int"),
        ({"confidence_level": 95}, "'confidence_level' parameter of imbalance_report must be"),
        ({"pos_label": "frud"}, r"must be one of \['fraud', 'ok'\]. Got 'frud'"),
        ({"cost_matrix": [[0, 1]]}, "'cost_matrix' parameter must hold 2 x 2 finite costs"),
        ({"y": ["fraud"] * 600}, "at least two classes. Got only 'fraud'"),
        ({"y": ["new"] * 600}, r"labels that are not in classes=\['fraud', 'ok'\]: \['new'\]"),
        ({"y": np.zeros((600, 4, 1))}, "labels of time steps"),
        ({"sample_weight": np.zeros(600)}, "some weight must be positive"),
    ],
)
def test_refusals(clf, fraud, change, message):
    arguments = {"X": fraud[0], "y": fraud[1], "n_resamples": 2} | change
    with pytest.raises(ValueError, match=message):
        imbalance_report(clf, **arguments)


def test_an_estimator_without_probabilities_is_refused(fraud):
    with pytest.raises(InvalidParameterError, match="Got LinearSVC, which has no predict_proba"):
        imbalance_report(LinearSVC().fit(*fraud), *fraud)


def test_costs_of_several_labels_are_refused():
    X, y = three_labels(100, 20)
    clf = RandomForestClassifier(5, random_state=0).fit(X, y)
    with pytest.raises(InvalidParameterError, match="for a binary or multiclass target"):
        imbalance_report(clf, X, y, cost_matrix=COSTS)


def ends_of(repeats, y, score, **options):
    """Return the ends of each measure of the positive class."""
    proba = np.column_stack([1 - score, score])
    clf = repeats(y, proba, (score >= 0.5).astype(int))
    options = {"n_resamples": 200, "random_state": 0} | options
    overall = imbalance_report(clf, np.arange(len(y)), y, **options).to_dict()["overall"]
    return {name: (part["low"], part["high"]) for name, part in overall.items()}


def test_twenty_positives_scored_perfectly_leave_doubt(repeats):
    y = np.repeat([0, 1], [400, 20])
    perfect = ends_of(repeats, y, np.where(y == 1, 0.99, 0.01))
    assert perfect["recall"] == pytest.approx((0.8316, 1), abs=1e-4)
    for name in ("roc_auc", "average_precision", "balanced_accuracy", "f1", "break_even_point"):
        low, high = perfect[name]
        assert 0.8 < low < 0.98 and high == 1, name
    none = ends_of(repeats, y, np.full(420, 0.05) + 0.01 * np.arange(420) / 420)
    assert none["recall"] == pytest.approx((0, 0.1684), abs=1e-4)
    assert none["precision"] == (0, 1)


@pytest.mark.parametrize(("n_positives", "measured"), [(4, 10), (12, 10), (30, 20), (60, 50)])
def test_the_table_says_which_intervals_hold_less_often(repeats, n_positives, measured):
    y = np.repeat([0, 1], [400, n_positives])
    score = np.random.default_rng(0).random(len(y))
    clf = repeats(y, np.column_stack([1 - score, score]), (score > 0.5).astype(int))
    report = imbalance_report(clf, np.arange(len(y)), y, n_resamples=20, random_state=0)
    text = " ".join(str(report).split())
    assert (f"with {measured} rows" in text) == bool(HELD[measured])
    for label, share in HELD[measured].items():
        assert f"{label} {share}%" in text
    assert ("at most" in text) == (n_positives < 10)


def test_errors_of_calibration_hold_none_where_no_class_has_one(repeats):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([6, 2, 1], 600)
    y = (rng.random((600, 1)) > proba.cumsum(axis=1)[:, :2]).sum(axis=1)
    clf = repeats(y, proba, proba.argmax(axis=1))
    report = imbalance_report(clf, np.arange(600), y, n_resamples=50, random_state=0)
    low = report.estimates[:, list(MEASURES).index("calibration_error"), 1]
    assert low[0] == pytest.approx(low[1:].mean())


def test_weights_that_are_equal_change_nothing_and_unequal_ones_widen(repeats):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 40])
    score = np.clip(rng.normal(0.3 + 0.3 * y, 0.2), 0.01, 0.99)
    plain = ends_of(repeats, y, score)
    weighted = ends_of(repeats, y, score, sample_weight=np.full(340, 3.0))
    for name, ends in plain.items():
        assert weighted[name] == pytest.approx(ends, rel=1e-6), name
    twice = np.repeat(y, 2), np.repeat(score, 2)
    even, uneven = (
        ends_of(repeats, *twice, sample_weight=np.tile(pair, 340)) for pair in ([1, 1], [0.1, 1.9])
    )
    for name in ("recall", "roc_auc", "average_precision", "f1", "brier", "precision"):
        assert np.ptp(uneven[name]) > 1.15 * np.ptp(even[name]), name


@pytest.mark.parametrize("n_positives", [1, 2, 3])
def test_very_few_positives_have_wide_intervals(repeats, n_positives):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [200, n_positives])
    for name, (low, high) in ends_of(repeats, y, rng.random(len(y))).items():
        assert low <= high, name
        if name in ("recall", "roc_auc", "average_precision"):
            assert high - low > 0.3, name


@pytest.mark.slow
@pytest.mark.parametrize(("positives", "shift", "least"), [(20, 2.0, 0.92), (100, 1.0, 0.93)])
def test_intervals_hold_at_their_rate(repeats, positives, shift, least):
    rng = np.random.default_rng(0)
    share, n = 1 / 11, 11 * positives

    def drawn(n):
        y = (rng.random(n) < share).astype(int)
        odds = share / (1 - share) * np.exp(shift * (rng.normal(size=n) + shift * y - shift / 2))
        return y, odds / (1 + odds)

    y, score = drawn(400_000)
    proba = np.column_stack([1 - score, score])
    everything = repeats(y, proba, (score >= 0.5).astype(int))
    report = imbalance_report(everything, np.arange(len(y)), y, n_resamples=0).to_dict()
    held = {}
    for seed in range(150):
        for name, (low, high) in ends_of(repeats, *drawn(n), random_state=seed).items():
            truth = report["overall"][name]["value"]
            held.setdefault(name, []).append(low <= truth <= high)
    for name, hits in held.items():
        assert np.mean(hits) > least - 3 * np.sqrt(0.05 * 0.95 / 150), name
