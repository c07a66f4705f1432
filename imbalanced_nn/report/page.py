"""The report of a comparison: one HTML page that needs no network and no script."""

import platform
from importlib import resources

from imbalanced_nn.atomic_files import written_whole
from imbalanced_nn.describe import Markup, definitions, markup, section, table
from imbalanced_nn.report.advice import advice
from imbalanced_nn.report.class_rows import classes_table, columns_table
from imbalanced_nn.report.comparison_curves import held_out_sections
from imbalanced_nn.report.evidence import evidence
from imbalanced_nn.report.important_columns import important_columns
from imbalanced_nn.report.pictures import pictures

__all__ = ["html_page", "render_report", "write_report"]

_MOST_NAMES = 40


def write_report(
    comparison, path, *, title=None, data=None, columns=None, command=None, overwrite=False
) -> None:
    """Write the report of a comparison as one self-contained HTML file.

    The verdict comes first; then the evidence in tables and pictures, what to do next, what was
    done, and the versions. The page needs no network and no script, can be printed, and is
    legible without colours. Whatever comes from the data is escaped.

    Parameters
    ----------
    comparison : StrategyComparison
        What `imbalanced_nn.compare_strategies` found.
    path : str or path-like
        The file. It is there whole or not at all.
    title : str, optional
        Heading of the page.
    data : dict of str to str, optional
        Further facts about the data, such as where they are from.
    columns : tuple of (list of str, list of list of str), optional
        Headers and rows of a table of what the columns were taken for.
    command : str, optional
        A shell command that fits the recommended strategy, in place of Python code.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and must not be replaced.
    FileNotFoundError
        If its folder does not exist.

    Notes
    -----
    Pictures need matplotlib; without it the page says so and holds everything else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from imbalanced_nn import compare_strategies
    >>> from imbalanced_nn.report import write_report
    >>> X, y = make_classification(n_samples=400, weights=[0.9], random_state=0)
    >>> comparison = compare_strategies(
    ...     GaussianNB(), X, y, random_state=0, cv=3, baselines=False,
    ...     strategies={"none": {}, "even": {"priors": [0.5, 0.5]}},
    ... )
    >>> path = Path(tempfile.mkdtemp()) / "report.html"
    >>> write_report(comparison, path, title="Naive Bayes")
    >>> path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    True
    """
    page = render_report(comparison, title=title, data=data, columns=columns, command=command)
    with written_whole(path, overwrite) as beside:
        # Names of files may hold what is no text.
        beside.write_text(page, encoding="utf-8", errors="backslashreplace")


def render_report(comparison, *, title=None, data=None, columns=None, command=None) -> str:
    """Return the page that `write_report` writes.

    Parameters
    ----------
    comparison, title, data, columns, command
        As in `write_report`.

    Returns
    -------
    str

    Examples
    --------
    See `write_report`.
    """
    heading = markup(title or "Comparison of imbalance strategies")
    return html_page(
        heading,
        comparison.verdict_,
        section("The evidence", *evidence(comparison), *pictures(comparison)),
        *held_out_sections(comparison),
        *_importance(comparison),
        *_notes(comparison),
        section("What to do next", *advice(comparison, command)),
        section("What was done", *_done(comparison, data or {}, columns)),
        section("Versions", _versions(comparison)),
    )


def html_page(heading: str, verdict: str, *sections: Markup) -> str:
    """Return a page that begins with its heading and a verdict.

    Parameters
    ----------
    heading, verdict : str
        The first is HTML already, the second text.
    *sections : Markup
        What comes below.
    """
    style = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    parts = [
        f'<header>\n<h1>{heading}</h1>\n<p class="verdict">{markup(verdict)}</p>\n</header>',
        "<main>",
        *sections,
        "</main>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _importance(comparison) -> list[Markup]:
    """Return the section of the columns that matter, if that was asked for."""
    if comparison.importance is None:
        return []
    return [section("The columns that matter", *important_columns(comparison.importance))]


def _notes(comparison) -> list[Markup]:
    """Return the section of what the fits warned of, if they did."""
    if not comparison.notes:
        return []
    items = (
        f"<li>{markup(note['text'])} <small>({markup(note['where'])})</small></li>"
        for note in comparison.notes
    )
    return [section("What the fits warned of", Markup("<ul>\n" + "\n".join(items) + "\n</ul>"))]


def _done(comparison, data: dict, columns) -> list[Markup]:
    """Return rows, classes, folds, seed and the parameters of each strategy."""
    settings = comparison.settings
    n_rows = sum(comparison.class_count)
    facts = {**data, "Rows": f"{n_rows:,}", **_features(settings)}
    n_folds = str(comparison.n_splits)
    drawn = settings.get("cv", n_folds)
    facts["Folds"] = drawn if drawn.startswith(n_folds) else f"{drawn}: {n_folds} in all"
    facts["Rows of a fold"] = (
        f"{_range(comparison.train_sizes)} to train on, {_range(comparison.test_sizes)} to test on"
    )
    given = [name for name in ("sample_weight", "groups") if settings.get(name)]
    if given:
        facts["Also given"] = " and ".join(given)
    if "random_state" in settings:
        facts["Seed"] = settings["random_state"]
    if "estimator" in settings:
        facts["Estimator"] = Markup(f"<code>{markup(settings['estimator'])}</code>")
    counted = (comparison.classes, comparison.class_count, comparison.pos_label)
    parts = [definitions(facts), classes_table(*counted), *columns_table(columns)]
    if "strategies" in settings:
        rows = [(False, [name, _setting(value)]) for name, value in settings["strategies"].items()]
        columns = [("Strategy", False), ("Parameters", False)]
        parts.append(table("What each strategy set", columns, rows))
    return parts


def _features(settings: dict) -> dict[str, str]:
    """Return the number of features, and their names where they have some."""
    shape = settings.get("shape_of_a_row")
    if not shape:
        return {}
    facts = {"Features": " x ".join(map(str, shape))}
    names = settings.get("feature_names")
    if names:
        more = len(names) - _MOST_NAMES
        shown = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        facts["Columns"] = shown
    return facts


def _setting(value) -> Markup:
    """Return the parameters of a strategy, or its estimator, as code."""
    if not isinstance(value, dict):
        return Markup(f"<code>{markup(value)}</code>")
    if not value:
        return Markup("none")
    each = (f"<code>{markup(f'{name}={setting}')}</code>" for name, setting in value.items())
    return Markup("<br>".join(each))


def _versions(comparison) -> Markup:
    """Return the versions that the comparison was made with."""
    versions = comparison.settings.get("versions", {})
    known = {name: version for name, version in versions.items() if version is not None}
    return definitions({"Python": platform.python_version(), **known})


def _range(sizes: list[int]) -> str:
    """Return a number, or the span of several."""
    low, high = min(sizes), max(sizes)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
