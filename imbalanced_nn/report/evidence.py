"""The tables of a report: strategies against the baseline, and their decisions."""

from textwrap import shorten

from imbalanced_nn.describe import Markup, markup, table
from imbalanced_nn.metrics import measure_label

__all__ = ["evidence"]

_LONGEST_REASON = 600
_DECISIONS = ("balanced_accuracy", "f1", "matthews_corrcoef", "cost")
_LESS_IS_BETTER = ("log_loss", "cost", "seconds")


def evidence(comparison) -> list[Markup]:
    """Return the tables and what is needed to read them.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    """
    if comparison.pos_label is None:
        positive = "Average precision and F1 are unweighted means over the classes."
    else:
        positive = f"Average precision and F1 are of the class {str(comparison.pos_label)!r}."
    fewer = ", fewer for those that were dropped" if comparison.dropped else ""
    return [
        _strategies(comparison),
        _decisions(comparison),
        *_references(comparison),
        Markup(
            f'<p class="note">Means over {_folds(comparison)} that all strategies '
            f"share{fewer}, ± their standard deviation. {markup(positive)} An interval of a "
            f"difference is paired by fold and allows for training sets that overlap (Nadeau and "
            f"Bengio, 2003); all hold together at 95 %. The best mean of a column is bold and "
            f"marked *. The grey row is the recommended strategy{_and_reference(comparison)}.</p>"
        ),
        *_failures(comparison),
    ]


def _strategies(comparison) -> Markup:
    """Return the table of ranks, differences, probabilities and time."""
    frame = comparison.frame()
    own = frame[~frame["threshold"].isin(["0.5", "argmax"])]
    measures = list(dict.fromkeys((comparison.scoring, "average_precision", "log_loss", "seconds")))
    differences = comparison.differences(comparison.baseline_).set_index("strategy")
    best = _best(own, measures, comparison.dropped)
    rows = []
    for _, row in own.iterrows():
        name = row["strategy"]
        values = [_value(row, m, best) for m in measures]
        if name == comparison.baseline_:
            difference = Markup("baseline")
        else:
            difference = _difference(differences.loc[name])
        standing = _STANDINGS[comparison.standing_[name]]
        if name in comparison.dropped:
            standing += f" after {comparison.dropped[name]} folds"
        cells = [name, standing, values[0], difference, *values[1:]]
        rows.append((name == comparison.recommended_strategy_, cells))
    rows += [(False, [name, "failed", *[""] * (len(measures) + 1)]) for name in comparison.failed]
    headers = [_header(m) for m in measures]
    columns = [("Strategy", False), ("Against the baseline", False), (headers[0], True)]
    columns += [("Difference", True), *((header, True) for header in headers[1:])]
    return table("Strategies, best first, each at its own threshold", columns, rows)


_STANDINGS = {
    "baseline": "baseline",
    "better": "better",
    "tied": "tied",
    "worse": "worse",
    "dropped": "dropped",
    "unknown": "unknown: one fold",
}


def _failures(comparison) -> list[Markup]:
    """Return how each strategy that was left out failed."""
    return [
        Markup(
            f'<p class="note">{markup(name)} is left out: it '
            f"{markup(shorten(reason, _LONGEST_REASON))}</p>"
        )
        for name, reason in comparison.failed.items()
    ]


def _decisions(comparison) -> Markup:
    """Return the table of decisions at the learned and at the plain cut."""
    frame = comparison.frame()
    decisions = _decided(frame)
    best = _best(frame, decisions, comparison.dropped)
    rows = [
        (
            row["strategy"] == comparison.recommended_strategy_,
            [row["strategy"], row["threshold"], *(_value(row, m, best) for m in decisions)],
        )
        for _, row in frame.iterrows()
    ]
    columns = [("Strategy", False), ("Threshold", False)]
    columns += [(_header(m), True) for m in decisions]
    return table("Decisions, at the learned and at the plain threshold", columns, rows)


def _decided(frame) -> list[str]:
    """Return the measures of decisions, costs where they are known."""
    return [name for name in _DECISIONS if f"mean_{name}" in frame]


def _folds(comparison) -> str:
    """Return the number of folds in words."""
    return "the one fold" if comparison.n_splits == 1 else f"{comparison.n_splits} folds"


def _and_reference(comparison) -> str:
    """Return what else is grey."""
    better = comparison.better_reference_ is not None
    return ", and the reference model that beats the best of them" if better else ""


def _references(comparison) -> list[Markup]:
    """Return the table of models that are no network, beside the best strategy."""
    if not comparison.reference_folds:
        return []
    frame = comparison.references_frame()
    shown = (comparison.scoring, "average_precision", *_decided(frame), "log_loss", "seconds")
    measures = list(dict.fromkeys(shown))
    differences = comparison.reference_differences().set_index("strategy")
    best = _best(frame, measures, ())
    rows = []
    for _, row in frame.iterrows():
        name, cut = row["strategy"], row["threshold"]
        is_better = name == comparison.better_reference_
        difference = _difference(differences.loc[name]) if cut not in ("0.5", "argmax") else ""
        values = [_value(row, measure, best) for measure in measures]
        rows.append((is_better, [name, cut, values[0], difference, *values[1:]]))
    headers = [(_header(measure), True) for measure in measures]
    columns = [("Model", False), ("Threshold", False), headers[0], ("Difference", True)]
    caption = f"Reference models that are no network; difference from {comparison.best_strategy_}"
    return [table(caption, [*columns, *headers[1:]], rows)]


def _best(frame, measures, dropped) -> dict[str, float]:
    """Return the best mean of every measure, of strategies that were fitted on every fold."""
    whole = frame[~frame["strategy"].isin(list(dropped))]
    return {m: whole[f"mean_{m}"].agg("min" if m in _LESS_IS_BETTER else "max") for m in measures}


def _value(row, measure: str, best: dict[str, float]) -> Markup:
    """Return a mean with its spread below."""
    digits = 2 if measure == "seconds" else 3
    mean, spread = row[f"mean_{measure}"], row[f"std_{measure}"]
    text = f"{mean:.{digits}f}"
    if mean == best[measure]:
        text = f'<span class="best">*{text}</span>'
    below = "" if spread != spread else f'<span class="spread">± {spread:.{digits}f}</span>'
    return Markup(text + below)


def _difference(row) -> Markup:
    """Return a mean difference with its interval below."""
    mean, low, high = (f"{round(row[end], 3) + 0.0:+.3f}" for end in ("mean", "low", "high"))
    if row["low"] != row["low"]:
        return Markup(mean)
    return Markup(f'{mean}<span class="spread">{low} to {high}</span>')


def _header(measure: str) -> Markup:
    """Return the header of a measure, and which way is good where small is."""
    text = markup(measure_label(measure))
    if measure in _LESS_IS_BETTER:
        text += '<span class="spread">lower is better</span>'
    return Markup(text)
