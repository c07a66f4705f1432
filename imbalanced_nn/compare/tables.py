"""Tables of a comparison, and their values as JSON's types."""

import math

from imbalanced_nn.compare.evaluation import GREATER_IS_BETTER, is_default_threshold

__all__ = ["json_value", "records", "summary"]


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
    groups = folds.groupby(["strategy", "threshold"], sort=False)[list(GREATER_IS_BETTER)]
    mean, std = groups.mean(), groups.std(ddof=1)
    columns = {}
    for metric in GREATER_IS_BETTER:
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
