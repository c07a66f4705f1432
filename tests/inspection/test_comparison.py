"""`ComparisonDisplay`: the comparison's own differences, the best first."""

from functools import partial

import numpy as np
import pytest
from matplotlib import pyplot

from imbalanced_nn.compare import StrategyComparison
from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import ComparisonDisplay


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def made(names, seed=1):
    rng = np.random.default_rng(seed)
    folds = [
        {"strategy": name, "fold": fold, "threshold": threshold}
        | {metric: rng.random() for metric in GREATER_IS_BETTER}
        for name in names
        for fold in range(3)
        for threshold in ("learned", "0.5")
    ]
    return StrategyComparison(folds, [0, 1], [90, 10], 1, [60] * 3, [30] * 3)


def is_best(result):
    """Whether the baseline is also the best."""
    return result.best_strategy_ == result.baseline_


@pytest.fixture
def comparison():
    return made(["smote", "none", "focal"])


@pytest.mark.parametrize("threshold", [None, "0.5"])
@pytest.mark.parametrize("metric", ["f1", "log_loss", "seconds"])
def test_it_shows_the_differences_of_the_comparison(comparison, metric, threshold):
    display = ComparisonDisplay.from_comparison(
        comparison, metric=metric, threshold=threshold, confidence_level=0.8
    )
    frame = display.frame().set_index("strategy")
    expected = comparison.differences(
        "none", metric, threshold=threshold, confidence_level=0.8
    ).set_index("strategy")
    for name in ("smote", "focal"):
        assert (
            frame.loc[name, ["difference", "low", "high"]].tolist() == expected.loc[name].tolist()
        )
    assert (frame.loc["none", ["difference", "low", "high"]] == 0).all()
    folds = comparison.folds_frame()
    folds = folds[folds["threshold"] == (threshold or "learned")]
    means = folds.groupby("strategy")[metric].mean()
    assert frame["mean"].to_dict() == pytest.approx(means.to_dict())
    best_first = means.sort_values(ascending=not GREATER_IS_BETTER[metric])
    assert display.strategies == best_first.index.tolist()
    # Drawn from top to bottom, as in the frame.
    shown = [label.get_text().split()[0] for label in display.ax_.get_yticklabels()]
    assert shown == display.strategies
    assert np.all(np.diff(display.ax_.get_yticks()) < 0)
    better = "lower is better" in display.ax_.get_xlabel()
    assert better == (not GREATER_IS_BETTER[metric])


@pytest.mark.parametrize("names", [["smote", "none"], ["smote", "focal"], ["focal", "smote"]])
def test_the_baseline_is_that_of_the_verdict_or_the_one_that_is_named(names):
    result = next(each for each in map(partial(made, names), range(99)) if not is_best(each))
    display = ComparisonDisplay.from_comparison(result)
    assert display.baseline == result.baseline_ == result.plot().baseline
    assert ComparisonDisplay.from_comparison(result, baseline="smote").baseline == "smote"


@pytest.mark.parametrize(
    ("names", "change", "message"),
    [
        (["none"], {}, r"Got only \['none'\]; compare two or more"),
        (["none", "smote"], {"baseline": "smot"}, "Did you mean 'smote'"),
        (["none", "smote"], {"metric": "f3"}, "got 'f3'"),
        (["none", "smote"], {"threshold": "argmax"}, "got 'argmax'"),
    ],
)
def test_refusals(names, change, message):
    with pytest.raises(InvalidParameterError, match=message):
        ComparisonDisplay.from_comparison(made(names), **change)
