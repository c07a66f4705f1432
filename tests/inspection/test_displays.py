"""What all displays promise: numbers without matplotlib, legible pictures, scikit-learn's ways."""

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.multiclass import OneVsRestClassifier

from imbalanced_nn.compare import StrategyComparison
from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.inspection import (
    CalibrationComparisonDisplay,
    ClassCountsDisplay,
    ComparisonDisplay,
    HistoryDisplay,
    PrevalenceCurveDisplay,
    ThresholdCurveDisplay,
    display,
)

RARE, RARE_Y = make_classification(4000, weights=[0.97], class_sep=1.2, random_state=0)
RARE_CLF = LogisticRegression().fit(RARE, RARE_Y)
LONG = "a class with a long name of 38 letters"
EPOCHS = np.linspace(1, 0, 30) ** 2


def comparison(n_strategies=5):
    """Return a comparison over 4 folds with long names and small differences."""
    rng = np.random.default_rng(0)
    folds = [
        {"strategy": name, "fold": fold, "threshold": threshold}
        | {metric: 0.5 + 0.1 * rng.random() for metric in GREATER_IS_BETTER}
        for name in ["none", *(f"a_rather_long_name_{k}" for k in range(n_strategies - 1))]
        for fold in range(4)
        for threshold in ("learned", "0.5")
    ]
    return StrategyComparison(folds, [0, 1], [90, 10], 1, [75] * 4, [25] * 4)


def several_labels(ax):
    X, y = make_multilabel_classification(200, n_classes=5, random_state=0)
    clf = OneVsRestClassifier(LogisticRegression()).fit(X, y)
    return ThresholdCurveDisplay.from_predictions(y, clf.predict_proba(X), ax=ax)


def several_folds(ax):
    found = cross_validate(
        LogisticRegression(), RARE, RARE_Y, cv=4, return_estimator=True, return_indices=True
    )
    return ThresholdCurveDisplay.from_cv_results(found, RARE, RARE_Y, objective="f1", ax=ax)


def two_calibrations(ax, strategy="positives"):
    p = RARE_CLF.predict_proba(RARE)[:, 1]
    named = {"network's outputs": p / (p + (1 - p) / 30), "predict_proba": p, "third": p**2}
    return CalibrationComparisonDisplay.from_predictions(RARE_Y, named, strategy=strategy, ax=ax)


def history(ax, head=None):
    logged = {"loss": EPOCHS, "val_loss": EPOCHS + 0.1, "val_log_loss": EPOCHS + 0.05}
    logged |= {"val_average_precision": 1 - EPOCHS, "val_recall": 0.9 - EPOCHS / 2}
    return HistoryDisplay(
        history=logged, best_epoch=25, head_history=head and logged, head_best_epoch=head
    )._shown(ax)


def counts(ax, n_classes=2):
    rows = np.geomspace(20, 90000, n_classes)
    steps = ("all rows", "training rows", "after the sampler", "weighted in the loss")
    return ClassCountsDisplay(
        counts=dict.fromkeys(steps, rows), classes=[f"class {k}" for k in range(n_classes)]
    )._shown(ax)


MADE = {
    "threshold": lambda ax: ThresholdCurveDisplay.from_estimator(
        RARE_CLF, RARE, RARE_Y, objective="f1", spread=(0.05, 0.2), ax=ax
    ),
    "threshold-constraint": lambda ax: ThresholdCurveDisplay.from_estimator(
        RARE_CLF, RARE, RARE_Y, objective="recall", constraint=("precision", 0.5), ax=ax
    ),
    "threshold-labels": several_labels,
    "threshold-folds": several_folds,
    "prevalence": lambda ax: PrevalenceCurveDisplay.from_estimator(
        RARE_CLF, RARE, RARE_Y, n_resamples=10, random_state=0, ax=ax
    ),
    "calibration": two_calibrations,
    "calibration-quantile": lambda ax: two_calibrations(ax, "quantile"),
    "history": history,
    "history-head": lambda ax: history(ax, head=10),
    "counts": counts,
    "counts-equal": lambda ax: ClassCountsDisplay(
        counts=dict.fromkeys(("all rows", "after the sampler"), [72000] * 4), classes=[*"abcd"]
    )._shown(ax),
    "counts-many": lambda ax: counts(ax, 7),
    "counts-30": lambda ax: ClassCountsDisplay(
        counts={"all rows": np.geomspace(5, 90000, 30)}, classes=[f"class {k}" for k in range(30)]
    )._shown(ax),
    "calibration-long": lambda ax: CalibrationComparisonDisplay.from_predictions(
        np.where(RARE_Y, LONG, "ok"),
        {LONG: RARE_CLF.predict_proba(RARE)[:, 1]},
        pos_label=LONG,
        ax=ax,
    ),
    "history-error": lambda ax: HistoryDisplay(
        history={"val_average_precision": 1 - EPOCHS}, best_epoch=25, standard_error=0.05
    )._shown(ax),
    "comparison": lambda ax: ComparisonDisplay.from_comparison(comparison(), ax=ax),
    "comparison-many": lambda ax: ComparisonDisplay.from_comparison(
        comparison(12), metric="log_loss", ax=ax
    ),
}


@pytest.fixture(params=MADE)
def make(request):
    """Make a display."""
    yield MADE[request.param]
    pyplot.close("all")


def axes_of(display):
    """The axes that show something."""
    return [ax for ax in display.figure_.axes if ax.axison]


def overlaps(one, other):
    """Whether two boxes share more than a pixel."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > 1 and height > 1


def test_it_is_drawn_at_once_on_a_figure_of_its_own_or_on_given_axes(make):
    before = pyplot.get_fignums()
    display = make(None)
    assert len(pyplot.get_fignums()) == len(before) + 1
    assert display.ax_.figure is display.figure_
    assert repr(display) == f"<{type(display).__name__}, drawn; frame() has its numbers>"
    figure, axes = pyplot.subplots(1, 2)
    given = make(axes[1])
    assert given.ax_ is axes[1] and given.figure_ is figure
    assert not axes[0].has_data()
    assert given.plot() is given and given.figure_ is not figure


def test_a_picture_has_a_title_and_named_axes_that_start_like_sentences(make):
    axes = axes_of(make(None))
    assert axes[0].get_title()
    assert axes[-1].get_xlabel() or len(axes[-1].get_xticklabels()) > 1
    for text in [*(ax.get_ylabel() for ax in axes), axes[0].get_title(), axes[-1].get_xlabel()]:
        first, *others = text.split() or ["A"]
        assert first[0].isupper()
        assert all(word.islower() or not word.istitle() for word in others), text


def test_no_text_is_cut_off_or_lies_on_another(make):
    display = make(None)
    display.figure_.canvas.draw()
    edge = display.figure_.bbox
    boxes = []
    for ax in axes_of(display):
        ticks = [
            tick.label1
            for axis in (ax.xaxis, ax.yaxis)
            for tick in axis.get_major_ticks()
            if tick.label1.get_visible()
            and min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        ]
        texts = [*ticks, ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        boxes += [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]
        if ax.get_legend() is not None:
            legend = ax.get_legend().get_window_extent()
            assert not overlaps(legend, ax.get_window_extent())
            boxes.append(("legend", legend))
    for text, box in boxes:
        inside = box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1
        assert inside and box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1, text
    for (text, box), (other, its) in itertools.combinations(boxes, 2):
        assert not overlaps(box, its), f"{text!r} lies on {other!r}"


def test_curves_and_bars_can_be_told_apart_without_colour(make):
    for ax in axes_of(make(None)):
        looks = [
            (line.get_linestyle(), line.get_marker(), str(line._dash_pattern))
            for line in ax.get_lines()
            if not str(line.get_label()).startswith("_")
        ]
        assert len(set(looks)) == len(looks)
        hatches = [
            bars.patches[0].get_hatch() for bars in ax.containers if hasattr(bars, "patches")
        ]
        assert len(set(hatches)) == len(hatches)


def test_drawing_twice_and_elsewhere_changes_no_settings(make):
    before = dict(matplotlib.rcParams)
    make(None)
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_there_are_numbers_and_a_way_to_pictures(make, monkeypatch):
    with_it = make(None).frame()
    monkeypatch.setattr(display, "find_spec", lambda name: None)
    figures = pyplot.get_fignums()
    made = make(None)
    assert made.frame().equals(with_it)
    assert not hasattr(made, "ax_") and pyplot.get_fignums() == figures
    assert "not drawn" in repr(made)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        made.plot()


def test_bars_are_as_long_as_rows_are_many_where_all_can_be_seen():
    near, far = (
        ClassCountsDisplay(counts={"all rows": rows}, classes=["ok", "fraud"])._shown(None)
        for rows in ([73, 27], [7300, 27])
    )
    assert (near.ax_.get_yscale(), near.ax_.get_ylim()[0], near.ax_.get_ylabel()) == (
        *("linear", 0),
        "Rows",
    )
    assert (far.ax_.get_yscale(), far.ax_.get_ylabel()) == ("log", "Rows (log scale)")
    pyplot.close("all")


def test_the_threshold_curve_names_class_constraint_and_range():
    shown = MADE["threshold-constraint"](None)
    labels = [text.get_text() for text in shown.ax_.get_legend().get_texts()]
    assert "precision >= 0.5 not met" in labels
    assert shown.ax_.get_xlabel() == "Threshold for class 1"
    shown = MADE["threshold"](None)
    labels = [text.get_text() for text in shown.ax_.get_legend().get_texts()]
    assert "given range of the cut,\n0.05 to 0.2" in labels
    shown = MADE["threshold-folds"](None)
    labels = [text.get_text() for text in shown.ax_.get_legend().get_texts()]
    assert any(label.startswith("range over the folds of the cut") for label in labels)
    pyplot.close("all")


@pytest.mark.parametrize(
    ("label", "name"), [(None, "the class"), (1, "class 1"), (np.str_("a"), "'a'"), ("1", "'1'")]
)
def test_what_a_class_is_called(label, name):
    assert display.class_name(label) == name
