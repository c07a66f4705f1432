"""What the held-out rows of a comparison say: curves of each strategy, alerts, and decisions."""

from importlib.util import find_spec

from imbalanced_nn.describe import Markup, markup, section
from imbalanced_nn.inspection import class_name
from imbalanced_nn.report.alert_tables import alert_levels, confusion_tables, decisions_of_each
from imbalanced_nn.report.curve_panels import curve_panels
from imbalanced_nn.report.curve_pictures import curve_pictures
from imbalanced_nn.report.evaluation_pictures import found_words
from imbalanced_nn.report.pictures import MISSING

__all__ = ["held_out_sections", "winner"]


def winner(comparison) -> str:
    """Return what the report recommends: a strategy, or the reference model that beats them all.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    """
    return comparison.better_reference_ or comparison.recommended_strategy_


def held_out_sections(comparison) -> list[Markup]:
    """Return the sections on other cuts and on decisions, none where no ranking was kept.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    """
    rows = [*comparison.folds, *comparison.reference_folds]
    names = dict.fromkeys([winner(comparison), *(row["strategy"] for row in rows)])
    # What was dropped decided fewer rows than the others.
    kept = [name for name in names if name not in comparison.dropped]
    found = {name: comparison.ranking(name) for name in kept}
    known = {name: ranking for name, ranking in found.items() if ranking and ranking["curves"]}
    best = winner(comparison)
    if best not in known:
        return []
    cost_matrix = comparison.settings.get("cost_matrix")
    lacking = [name for name in found if name not in known]
    return [
        section("What other cuts would find", *_cuts(comparison, known, best), *_lacking(lacking)),
        section(
            "What was taken for what",
            decisions_of_each(
                {name: ranking["confusion"] for name, ranking in known.items()},
                comparison.classes,
                comparison.pos_label,
                best,
                cost_matrix,
            ),
            Markup(f"<p>The decisions of <code>{markup(best)}</code>:</p>"),
            *confusion_tables(
                known[best]["confusion"], comparison.classes, comparison.pos_label, cost_matrix
            ),
        ),
    ]


def _cuts(comparison, known: dict[str, dict], best: str) -> list[Markup]:
    """Return the curves of the best, beside others where there is one class, and of each."""
    labels = comparison.classes
    curves = known[best]["curves"]
    of = found_words([labels[place] for place in curves], len(labels))
    if len(curves) == 1:
        [place] = curves
        beside = [best, comparison.baseline_, comparison.best_strategy_, _reference(comparison)]
        named = [
            (name, known[name]["curves"][place]) for name in dict.fromkeys(beside) if name in known
        ]
    else:
        named = [(class_name(labels[place]), curve) for place, curve in curves.items()]
    table = alert_levels([(labels[place], curve) for place, curve in curves.items()])
    about = Markup(
        f'<p class="note">Of <code>{markup(best)}</code>, on held-out rows: the mean of the folds '
        f"where the same share of the rows is flagged in each, and the decisions of all.</p>"
    )
    if find_spec("matplotlib") is None:
        return [about, MISSING, table]
    each = {
        name: [(class_name(labels[place]), curve) for place, curve in ranking["curves"].items()]
        for name, ranking in known.items()
    }
    more = []
    if len(each) > 1:
        panels = "\n".join(curve_panels(each, of))
        more = [
            Markup(f"<details>\n<summary>The same of each strategy</summary>\n{panels}\n</details>")
        ]
    return [about, *curve_pictures(named, of), table, *more]


def _reference(comparison) -> str | None:
    """Return the best of the reference models, if there are any."""
    frame = comparison.references_frame()
    return frame["strategy"].iloc[0] if len(frame) else None


def _lacking(names: list[str]) -> list[Markup]:
    """Say which fits are from before curves were kept."""
    if not names:
        return []
    said = ", ".join(names)
    return [
        Markup(
            f'<p class="note">Without {markup(said)}: their fits were kept by a version that kept '
            f"no curves.</p>"
        )
    ]
