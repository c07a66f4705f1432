"""compare_strategies where errors have costs: they are measured, and may rank."""

import numpy as np
import pytest

from imbalanced_nn.compare import StrategyComparison, compare_strategies
from imbalanced_nn.compare.evaluation import fold_measures, own_label
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.threshold import ThresholdTuner

COSTS = [[0, 50], [1, 0]]
GIVEN = {"strategies": ["none", "class_weight"], "cv": 3, "random_state": 0}


@pytest.fixture
def costly(stand_in):
    """A classifier whose threshold knows what errors cost: fraud that is missed, 50."""

    class Costly(stand_in):
        threshold = ThresholdTuner(cost_matrix=COSTS)

    return Costly()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_cost_is_the_mean_over_the_rows(n_classes, weighted):
    rng = np.random.default_rng(n_classes)
    codes = np.r_[np.arange(n_classes), rng.integers(n_classes, size=20)]
    decided = rng.integers(n_classes, size=len(codes))
    weight = rng.uniform(0.1, 3, len(codes)) if weighted else np.ones(len(codes))
    costs = rng.uniform(size=(n_classes, n_classes))
    [measured] = fold_measures(
        codes,
        rng.dirichlet(np.ones(n_classes), len(codes)),
        {"cut": decided},
        positive=None,
        sample_weight=weight,
        costs=costs,
    )
    each = [costs[t, d] * w for t, d, w in zip(codes, decided, weight, strict=True)]
    assert measured["cost"] == pytest.approx(sum(each) / weight.sum())


def test_costs_rank_and_are_shown(costly, binary):
    found = compare_strategies(costly, *binary, scoring="cost", **GIVEN)
    frame = found.frame()
    own = frame[frame["threshold"] == "learned"]
    assert own["mean_cost"].is_monotonic_increasing
    assert found.best_strategy_ == own["strategy"].iloc[0]
    missed, alarms = found.ranking("none")["confusion"][[0, 1], [1, 0]]
    of_none = own.set_index("strategy").loc["none", "mean_cost"]
    assert of_none == pytest.approx((50 * missed + alarms) / len(binary[1]), rel=0.02)
    assert "in cost per row" in found.verdict_
    assert "± " in str(found)
    assert str(found).splitlines()[1].split()[-2:] == ["cost", "seconds"]
    assert "Cost per row" in found.to_html()
    again = StrategyComparison.from_dict(found.to_dict())
    assert again.verdict_ == found.verdict_
    assert again.differences(metric="cost").equals(found.differences(metric="cost"))


def test_without_costs_nothing_is_said_of_them(stand_in, binary):
    found = compare_strategies(stand_in(), *binary, **GIVEN)
    assert "mean_cost" not in found.frame()
    for refused in (
        lambda: compare_strategies(stand_in(), *binary, scoring="cost"),
        lambda: found.differences(metric="cost"),
    ):
        with pytest.raises(InvalidParameterError, match="what errors cost is not known"):
            refused()


def test_costs_of_another_number_of_classes_are_refused_before_a_fit(costly, multiclass):
    fits = type(costly).fits
    with pytest.raises(InvalidParameterError, match="3 x 3 finite costs"):
        compare_strategies(costly, *multiclass, **GIVEN)
    assert fits == []


def test_kept_fits_are_those_of_the_same_costs(costly, stand_in, binary, tmp_path):
    given = {**GIVEN, "cache": tmp_path / "fits"}
    first = compare_strategies(costly, *binary, **given)
    n_fits = len(stand_in.fits)
    again = compare_strategies(costly, *binary, **given)
    assert len(stand_in.fits) == n_fits
    assert again.to_dict() == first.to_dict()
    # The costs are no parameter of this classifier: only the comparison knows them.
    type(costly).threshold = ThresholdTuner(cost_matrix=[[0, 5], [1, 0]])
    other = compare_strategies(costly, *binary, **given)
    assert len(stand_in.fits) == 2 * n_fits
    assert not other.folds_frame()["cost"].equals(first.folds_frame()["cost"])


@pytest.mark.parametrize(
    ("threshold", "label"),
    [
        ("f1", "learned"),
        (ThresholdTuner(cost_matrix=COSTS), "learned"),
        (0.3, "predict"),
        (None, "predict"),
    ],
)
def test_a_cut_is_learned_where_something_was_to_be_learned(stand_in, binary, threshold, label):
    model = stand_in().fit(*binary)
    model.threshold = threshold
    assert own_label(model) == label
