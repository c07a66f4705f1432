"""Tables of a comparison, and their values as JSON's types."""

import math

from imbalanced_nn.compare.evaluation import (
    GREATER_IS_BETTER,
    check_metric,
    is_default_threshold,
    measured_names,
)
from imbalanced_nn.exceptions import InvalidParameterError

__all__ = ["as_frame", "as_text", "by_fold", "json_value", "records", "summary"]


def as_frame(folds: list[dict]):
    """Return one row per strategy, fold and threshold, with the measures as columns."""
    import pandas as pd

    names = measured_names(folds[0] if folds else ())
    return pd.DataFrame(folds, columns=["strategy", "fold", "threshold", *names])


def by_fold(folds: list[dict], metric: str, threshold: str | None):
    """Return one measure with folds as rows and strategies as columns, at one kind of cut."""
    frame = as_frame(folds)
    check_metric(metric, "metric", costs_known="cost" in frame)
    if threshold is None:
        chosen = ~frame["threshold"].map(is_default_threshold)
    else:
        chosen = frame["threshold"] == threshold
    if not chosen.any():
        measured = ", ".join(map(repr, sorted(set(frame["threshold"]))))
        raise InvalidParameterError(
            f"threshold: got {threshold!r}; measured were {measured}, and None is every "
            "strategy's own."
        )
    return frame[chosen].pivot(index="fold", columns="strategy", values=metric)


def as_text(comparison) -> str:
    """Return what a comparison shows of itself: strategies, then reference models."""
    import pandas as pd

    frame = comparison.frame()
    positive = "" if comparison.pos_label is None else f", positive class {comparison.pos_label!r}"
    head = (
        f"StrategyComparison: {frame['strategy'].nunique()} strategies, "
        f"{comparison.n_splits} folds, {sum(comparison.class_count)} rows{positive}\n"
    )
    if comparison.reference_folds:
        frame = pd.concat([frame, comparison.references_frame()], ignore_index=True)
    shown = frame[["strategy", "threshold"]].copy()
    for metric in (name for name in GREATER_IS_BETTER if f"mean_{name}" in frame):
        shown[metric] = [
            f"{mean:.3f} ± {std:.3f}"
            for mean, std in zip(frame[f"mean_{metric}"], frame[f"std_{metric}"], strict=True)
        ]
    failed = "".join(f"\n{name} {reason}" for name, reason in comparison.failed.items())
    return head + shown.to_string(index=False) + failed


def summary(folds, scoring: str, dropped):
    """Return means and standard deviations over the folds, the best strategy first.

    Parameters
    ----------
    folds : DataFrame
        A row for each strategy, fold and threshold, with the measures as columns.
    scoring : str
        The measure that ranks strategies, at their own cuts.
    dropped : collection of str
        Strategies that come last, whatever their means.
    """
    names = measured_names(folds)
    groups = folds.groupby(["strategy", "threshold"], sort=False)[names]
    mean, std = groups.mean(), groups.std(ddof=1)
    columns = {}
    for metric in names:
        columns[f"mean_{metric}"], columns[f"std_{metric}"] = mean[metric], std[metric]
    table = mean.assign(**columns)[list(columns)].reset_index()
    keys = table[[f"mean_{scoring}", "mean_balanced_accuracy"]].set_axis(
        ["score", "second"], axis=1
    )
    if not GREATER_IS_BETTER[scoring]:
        keys["score"] *= -1
    own = ~table["threshold"].map(is_default_threshold)
    keys["complete"] = ~table["strategy"].isin(list(dropped))
    ranked = keys[own].sort_values(["complete", "score", "second"], ascending=False, kind="stable")
    rank = {name: place for place, name in enumerate(table["strategy"][ranked.index])}
    keys["rank"] = -table["strategy"].map(rank)
    order = keys.sort_values(["rank", "score", "second"], ascending=False, kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def records(frame) -> list[dict]:
    """Return the rows of a frame as dictionaries of plain values."""
    return [
        {name: json_value(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def json_value(value):
    """Return a value as one of JSON's types."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | bool | int | None) else str(value)
