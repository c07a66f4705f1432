"""The verdict of a comparison: which strategies beat the baseline, tie with it, or lose."""

import math
from typing import NamedTuple

from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER

__all__ = [
    "Standing",
    "better_reference",
    "measure_name",
    "reference_finding",
    "standing",
    "verdict",
]

_WIDE = 0.1
"""Length of an interval that tells little of most measures."""

_NAMES = {"f1": "F1", "matthews_corrcoef": "MCC", "cost": "cost per row"}


class Standing(NamedTuple):
    """Strategies by how they compare with the baseline, the best first.

    Parameters
    ----------
    better, tied, worse : list of str
        Their intervals lie above zero, hold it, or lie below it.
    dropped : list of str
        Halving dropped them, as behind the leader of that moment.
    unknown : list of str
        One fold has no spread, and so no interval.
    level_with_winner : list of str
        Those that cannot be told from the best of ``better``, over all pairs at the same level.
    """

    better: list[str]
    tied: list[str]
    worse: list[str]
    dropped: list[str]
    unknown: list[str]
    level_with_winner: list[str]


def standing(comparison, confidence_level: float = 0.95) -> Standing:
    """Return who beats the baseline, by intervals that all hold together.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    confidence_level : float, default=0.95
        Probability that all intervals hold together.
    """
    gains = _gains(comparison, comparison.baseline_, confidence_level)
    # Measured on fewer folds, a dropped strategy may look better than the one it lost to.
    is_dropped = gains.index.isin(list(comparison.dropped))
    groups = _sorted_out(gains[~is_dropped])
    dropped = list(gains.index[is_dropped])
    level: list[str] = []
    if groups["better"]:
        # The winner was picked by its scores, so that every pair might have been looked at.
        n_strategies = len(comparison.strategies)
        shared = 1 - 2 * (1 - confidence_level) / n_strategies
        rivals = _sorted_out(_gains(comparison, groups["better"][0], shared))
        level = [name for name in rivals["better"] + rivals["tied"] if name in groups["better"]]
    return Standing(**groups, dropped=dropped, level_with_winner=level)


def _gains(comparison, baseline: str, confidence_level: float):
    """Return how much better each strategy is, whichever direction the measure has."""
    return _as_gains(
        comparison, comparison.differences(baseline, confidence_level=confidence_level)
    )


def _as_gains(comparison, differences):
    """Return differences by strategy, with more for better, the best first."""
    table = differences.set_index("strategy")
    if not GREATER_IS_BETTER[comparison.scoring]:
        table = -table.rename(columns={"low": "high", "high": "low"})
    return table.sort_values("mean", ascending=False, kind="stable")


def _sorted_out(gains) -> dict[str, list[str]]:
    """Return the strategies with gains, without, with losses, and without an interval."""
    groups: dict[str, list[str]] = {"better": [], "tied": [], "worse": [], "unknown": []}
    for name, row in gains.iterrows():
        if math.isnan(row["low"]):
            groups["unknown"].append(name)
        elif row["low"] > 0:
            groups["better"].append(name)
        else:
            groups["worse" if row["high"] < 0 else "tied"].append(name)
    return groups


def verdict(comparison) -> str:
    """Return in plain words which strategy works, or that none is shown to, and which failed.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    """
    finding = _finding(comparison) + reference_finding(comparison)
    failed = [repr(name) for name in comparison.failed]
    if not failed:
        return finding
    named = ", ".join(failed[:-1]) + f" and {failed[-1]}" if len(failed) > 1 else failed[0]
    return f"{finding} {named} failed and {_are(failed)} left out."


def _are(names: list[str]) -> str:
    """Return the verb for so many names."""
    return "is" if len(names) == 1 else "are"


def _finding(comparison) -> str:
    """Return which of the strategies that were measured works."""
    baseline, measure = _baseline_name(comparison), measure_name(comparison.scoring)
    if len(comparison.strategies) == 1:
        only = f"Only {comparison.baseline_!r} was measured"
        if comparison.reference_folds:
            return f"{only} of the strategies."
        return f"{only}: there is nothing to compare it with."
    found = standing(comparison)
    if found.unknown:
        return (
            f"{comparison.best_strategy_!r} has the best {measure}, but one fold does not show "
            f"whether by more than chance. Compare on more folds."
        )
    gains = _gains(comparison, comparison.baseline_, 0.95)
    if not found.better:
        whole = (name for name in gains.index if name not in found.dropped)
        nearest = next(whole, gains.index[0])
        return (
            f"No strategy beats {baseline} here (difference in {measure} "
            f"{_between(comparison, nearest)} for the best, {nearest!r}). {_rest(found)}"
            f"{_remedy(comparison, gains.loc[nearest])}"
        )
    winner = found.better[0]
    amount = _amount(gains.loc[winner], measure)
    return f"{winner!r} beats {baseline} here by {amount}.{_rivals(found)}"


def better_reference(comparison) -> tuple[str | None, bool]:
    """Return the reference model to be looked at before a network, and whether it is better.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.

    Returns
    -------
    name : str or None
        The best reference model, where it beats the best strategy or is not shown to be worse.
    is_better : bool
        Whether its interval lies above zero.
    """
    if not comparison.reference_folds:
        return None, False
    found = _sorted_out(_as_gains(comparison, comparison.reference_differences()))
    if found["better"]:
        return found["better"][0], True
    level = 1 - 0.05 / len(comparison.strategies)
    strict = _as_gains(comparison, comparison.reference_differences(confidence_level=level))
    # Of one fold there is no interval, and nothing is shown.
    return next((name for name in strict.index if not strict.loc[name, "high"] < 0), None), False


def reference_finding(comparison) -> str:
    """Return, as a sentence behind others, how the best strategy does against reference models.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured; without reference models the sentence is empty.
    """
    if not comparison.reference_folds:
        return ""
    best, measure = repr(comparison.best_strategy_), measure_name(comparison.scoring)
    gains = _as_gains(comparison, comparison.reference_differences())
    found = _sorted_out(gains)
    if found["better"]:
        name = found["better"][0]
        return (
            f" The best strategy, {best}, is not the best model: the reference model {name!r} "
            f"beats it by {_amount(gains.loc[name], measure)}."
        )
    nearest = gains.index[0]
    if found["unknown"]:
        mean = gains.loc[nearest, "mean"]
        side = "ahead of" if mean > 0 else "behind"
        return (
            f" The reference model {nearest!r} is {side} the best strategy, {best}, by "
            f"{abs(mean):.3f} in {measure} on the one fold."
        )
    # The strategy was picked by its scores: where it looks better, any of them might have been.
    level = 1 - 0.05 / len(comparison.strategies)
    strict = _as_gains(comparison, comparison.reference_differences(confidence_level=level))
    open_ones = [name for name in strict.index if strict.loc[name, "high"] >= 0]
    if not open_ones:
        others = "the reference model" if len(gains) == 1 else "all reference models, the nearest"
        loss = -strict.loc[nearest].rename({"low": "high", "high": "low"})
        return (
            f" The best strategy, {best}, beats {others} {nearest!r} by {_amount(loss, measure)}."
        )
    name = open_ones[0]
    is_ahead = gains.loc[name, "mean"] > 0
    side = "ahead of" if is_ahead else "behind"
    row = gains.loc[name] if is_ahead else -strict.loc[name].rename({"low": "high", "high": "low"})
    return (
        f" The reference model {name!r} is {side} the best strategy, {best}, "
        f"by {_amount(row, measure)}, which these folds do not tell from chance."
    )


def _amount(gain, measure: str) -> str:
    """Return a gain with its interval."""
    mean, low, high = (f"{round(gain[end], 3) + 0.0:.3f}" for end in ("mean", "low", "high"))
    return f"{mean} in {measure} (95 % interval {low} to {high})"


def _baseline_name(comparison) -> str:
    """Return how the baseline is called in a sentence."""
    if comparison.baseline_ != "none":
        return repr(comparison.baseline_)
    cuts = {row["threshold"] for row in comparison.folds if row["strategy"] == "none"}
    return "plain training" + (" with a learned threshold" if "learned" in cuts else "")


def _between(comparison, name: str) -> str:
    """Return the interval of a difference, as the measure counts it."""
    row = comparison.differences(comparison.baseline_).set_index("strategy").loc[name]
    low, high = (round(row[end], 3) + 0.0 for end in ("low", "high"))
    ends = f"{low:+.3f} to {high:+.3f}"
    return ends if GREATER_IS_BETTER[comparison.scoring] else f"{ends}, lower is better,"


def _rest(found: Standing) -> str:
    """Return which strategies are tied with a baseline that none beats, and which are worse."""
    parts = []
    if len(found.tied) > 1 and not (found.worse or found.dropped):
        return f"All {len(found.tied)} others are tied with it, as far as these folds tell."
    if found.tied:
        parts.append(f"tied with it, as far as these folds tell: {', '.join(found.tied)}")
    if found.worse:
        parts.append(f"worse: {', '.join(found.worse)}")
    if found.dropped:
        parts.append(f"dropped early: {', '.join(found.dropped)}")
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def _remedy(comparison, gain) -> str:
    """Return what to do about an interval that hides even a large difference."""
    if comparison.scoring == "seconds" or gain["high"] - gain["low"] < _WIDE:
        return ""
    return " That is a wide interval: more repeats, or more folds, narrow it."


def _rivals(found: Standing) -> str:
    """Return which strategies cannot be told from the winner."""
    if found.level_with_winner:
        return f" Tied with it, as far as these folds tell: {', '.join(found.level_with_winner)}."
    return ""


def measure_name(metric: str) -> str:
    """Return how a measure is called within a sentence."""
    return _NAMES.get(metric, metric.replace("_", " "))
