"""Pictures at 6 x 4 inches with long names and many classes: no label lies on another."""

from itertools import pairwise

import numpy as np
import pytest

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import (
    ClassCountsDisplay,
    ComparisonDisplay,
    HistoryDisplay,
    ThresholdCurveDisplay,
)
from imbalanced_nn.inspection.display import shortened_middle, wrapped

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture
def axes():
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    yield axes
    pyplot.close(figure)


def boxes(axes):
    """Return where the labels at the side lie."""
    axes.figure.draw_without_rendering()
    return [label.get_window_extent() for label in axes.get_yticklabels()]


def apart(axes):
    """Whether no label at the side lies on another."""
    ends = sorted((box.y0, box.y1) for box in boxes(axes))
    return all(low[1] <= high[0] + 0.5 for low, high in pairwise(ends))


def test_thirty_classes_of_long_names(axes):
    classes = [f"class name of thirty chars {k:03d}" for k in range(30)]
    ClassCountsDisplay(counts={"all rows": np.arange(1, 31)}, classes=classes).plot(axes)
    assert apart(axes)
    assert min(label.get_fontsize() for label in axes.get_yticklabels()) >= 6


@pytest.mark.parametrize("least", [50, 900])
def test_a_legend_of_long_names_lies_on_no_number(axes, least):
    counts = {step: [1000, least, 1000] for step in ("all rows", "after the sampler")}
    names = [f"class_of_a_name_that_is_longer_than_{k}_lines" for k in range(3)]
    ClassCountsDisplay(counts=counts, classes=names).plot(axes)
    axes.figure.draw_without_rendering()
    legend = axes.get_legend().get_window_extent()
    assert legend.y1 <= axes.get_window_extent().y1
    assert max(text.get_window_extent().y1 for text in axes.texts) <= legend.y0


def test_what_ranks_the_epochs_has_a_panel_whose_highest_is_kept(axes):
    precision, loss = np.array([0.4, 0.7, 0.69]), np.array([0.3, 0.2, 0.1])
    logged = {"loss": loss, "val_log_loss": loss, "val_average_precision": precision}
    logged["val_average_precision_by_log_loss"] = precision / loss
    drawn = HistoryDisplay(history=logged, best_epoch=3).plot(axes)
    losses, _, ratio = drawn.axes_
    assert losses.get_yscale() == "linear"
    curve, kept = ratio.get_lines()
    assert curve.get_xdata()[np.argmax(curve.get_ydata())] == kept.get_xdata()[0] == 3
    assert ratio.get_ylabel() == "Ratio"


def test_a_legend_of_strategies_lies_on_none_of_them(axes):
    names = ["none", *(f"strategy name of thirty char {k:02d}" for k in range(1, 9))]
    zeros = np.zeros(9)
    ComparisonDisplay(
        strategies=names,
        means=zeros,
        difference=zeros,
        low=zeros - 1,
        high=zeros + 1,
        folds=np.zeros((9, 3)),
        baseline="none",
        metric="log_loss",
    ).plot(axes)
    assert apart(axes)
    legend = axes.get_legend().get_window_extent()
    highest = axes.transData.transform((0, len(names) - 1))[1]
    assert legend.y0 > highest + 5


def test_several_measures_on_one_picture(axes):
    rng = np.random.default_rng(0)
    y = rng.permutation(200) < 50
    score = rng.random(200) + 0.5 * y
    names = ["f1", "balanced_accuracy", "mcc"]
    both = ThresholdCurveDisplay.from_predictions(y, score, objective=names, ax=axes)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    for place, name in enumerate(names):
        alone = ThresholdCurveDisplay.from_predictions(y, score, objective=name)
        np.testing.assert_array_equal(both.scores[place], alone.scores[0])
        assert (both.threshold[place], both.score[place]) == (alone.threshold[0], alone.score[0])
        assert labels[place].endswith(f"cut {alone.threshold[0]:.3g}")
        pyplot.close(alone.figure_)
    assert both.frame()["name"].unique().tolist() == ["F1", "Balanced accuracy", "MCC"]
    assert axes.get_ylabel() == "Value"
    with pytest.raises(InvalidParameterError, match="is an empty list"):
        ThresholdCurveDisplay.from_predictions(y, score, objective=[])
    with pytest.raises(InvalidParameterError, match="several are shown of one label"):
        ThresholdCurveDisplay.from_predictions(
            np.column_stack([y, ~y]),
            np.column_stack([score, -score]),
            objective=["f1_macro", "f2_macro"],
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("strategy_of_a_name_that_is_long_1", "strategy_of_a_name_that_is_\nlong_1"),
        ("one two three four five six seven", "one two three four five six\nseven"),
        ("x" * 40, f"{'x' * 30}\n{'x' * 10}"),
        ("", ""),
    ],
)
def test_names_break_behind_underscores_and_spaces(text, expected):
    assert wrapped(text) == expected


def test_names_that_begin_alike_stay_apart():
    names = [f"class name of thirty chars and more {k}" for k in range(30)]
    short = [shortened_middle(name) for name in names]
    assert len(set(short)) == 30
    assert max(map(len, short)) <= 30
    assert shortened_middle("short") == "short"
