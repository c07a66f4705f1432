"""``imbalanced-nn report``: the page of a comparison that was printed as JSON."""

import json
import shlex
from dataclasses import replace

import click

from imbalanced_nn.cli.options import check_inputs, check_output
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal, sentence
from imbalanced_nn.cli.terminal import say
from imbalanced_nn.cli.working import quiet_option, stage

__all__ = ["report", "write_page"]

_EPILOG = """\b
Examples:
  imbalanced-nn compare data.csv --target y --json > comparison.json
  imbalanced-nn report comparison.json --output comparison.html
"""


@click.command(epilog=_EPILOG, short_help="Make a page of what 'compare --json' printed.")
@click.argument("comparison")
@click.option("--output", "-o", metavar="FILE", required=True, help="Page (HTML) to write.")
@click.option("--force", is_flag=True, help="Replace a page that is there.")
@quiet_option
def report(comparison, output, force):
    """Make a page of COMPARISON, a file of what 'compare --json' printed.

    The page has the verdict, tables, plots and what to do next in one file, which needs no
    network. Nothing is fitted again; 'compare --report' makes the same page at once.
    """
    check_inputs(comparison)
    check_output(output, force, comparison)
    content = _read(comparison)
    stage("Drawing the page")
    from imbalanced_nn.compare import StrategyComparison

    try:
        found = StrategyComparison.from_dict(content)
        write_page(found, output, force, content["data"])
    except OSError as error:
        raise DataRefusal(f"{output!r} cannot be written: {sentence(error)}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise DataRefusal(
            f"{comparison!r} is not what 'imbalanced-nn compare --json' printed."
        ) from error
    say(found.verdict_)
    say(f"Report: {output}")


def write_page(comparison, path: str, force: bool, data: dict) -> None:
    """Write the page, with the command that fits what it recommends.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    path : str
        The file.
    force : bool
        Whether a file that is there is replaced.
    data : dict
        What was read, as ``compare --json`` tells it.
    """
    from imbalanced_nn.cli.column_table import column_rows
    from imbalanced_nn.report import write_report

    facts = {"Data": data["name"], "Target": data["target"]}
    if data["left_out"]:
        facts["Left out"] = "; ".join(data["left_out"])
    strategy = comparison.recommended_strategy_
    words = ["fit", data["name"], "--target", data["target"], "--strategy", strategy]
    words += data.get("options", [])
    # The data that ship are no file to fit on.
    ships = data["name"].endswith(" (ships with imbalanced_nn)")
    command = None if ships else f"imbalanced-nn {shlex.join(words)} --output model.inn"
    write_report(
        comparison if ships else replace(comparison, settings=_in_words(comparison.settings)),
        path,
        title=f"{data['name']}: which strategy works",
        data=facts,
        columns=column_rows(data["columns"]) if data.get("columns") else None,
        command=command,
        overwrite=force,
    )


def _in_words(settings: dict) -> dict:
    """Return the settings without the network in Python, and parameters as words."""
    strategies = {
        name: given
        if not isinstance(given, dict)
        else {
            parameter.rsplit("__")[-1].replace("_", " "): str(value).strip("'")
            for parameter, value in given.items()
            if value not in (None, "None")
        }
        for name, given in settings.get("strategies", {}).items()
    }
    kept = {name: value for name, value in settings.items() if name != "estimator"}
    return kept | ({"strategies": strategies} if strategies else {})


def _read(path: str) -> dict:
    """Return the object in a file of JSON."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        raise UsageRefusal(f"There is no file {path!r}.") from None
    except OSError as error:
        raise DataRefusal(f"{path!r} cannot be read: {error.strerror}.") from error
    except (RecursionError, ValueError) as error:
        raise DataRefusal(f"{path!r} is not a file of JSON.") from error
    return content if isinstance(content, dict) else {}
