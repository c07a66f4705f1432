"""``imbalanced-nn compare``: which imbalance strategy works on this table."""

import json
from dataclasses import replace
from typing import Any

import click

from imbalanced_nn.cli.known_names import (
    BASELINES,
    STRATEGIES,
    check_given_name,
    check_package,
)
from imbalanced_nn.cli.options import (
    check_inputs,
    check_output,
    check_split_by_one,
    cost_matrix_option,
    costs_from,
    groups_option,
    positive_label,
    positive_option,
    time_option,
)
from imbalanced_nn.cli.reading import reading_options
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal, errors_as_refusals
from imbalanced_nn.cli.report_command import write_page
from imbalanced_nn.cli.sources import Roles, Source, check_columns_of, read_source
from imbalanced_nn.cli.terminal import print_notes, say
from imbalanced_nn.cli.wording import as_typed
from imbalanced_nn.cli.workers import is_folder, workers_options
from imbalanced_nn.cli.working import progress_bar, quiet_option, stage

__all__ = ["MEASURES", "compare"]

# Spelled out, so that --help loads no library; a test holds it to what is measured.
MEASURES = [
    *("average_precision", "balanced_accuracy", "f1", "matthews_corrcoef", "log_loss", "cost"),
    "seconds",
]

_EPILOG = """\b
Examples:
  imbalanced-nn compare
  imbalanced-nn compare transactions.csv --target fraud --folds 10
  imbalanced-nn compare data.parquet --target y --strategies none,smote --json
  imbalanced-nn compare transactions.csv --target fraud --report fraud.html
  imbalanced-nn compare transactions.csv --target fraud \\
    --cost-matrix '0,1; 50,0'
  imbalanced-nn compare transactions.csv --target fraud --repeats 5 \\
    --halving --cache fits.jsonl
"""


@click.command(epilog=_EPILOG, short_help="Compare imbalance strategies on the same folds.")
@click.argument("data", required=False, metavar="[DATA]")
@click.option("--target", metavar="COLUMN", help="Column of DATA that holds the classes.")
@click.option("--strategies", metavar="A,B,...", help="Strategies to compare [default: all].")
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="NAME",
    help="A model that is no network, to compare with, in place of the first two of: "
    f"{', '.join(BASELINES)}. May be repeated.",
)
@click.option("--no-baselines", is_flag=True, help="Compare with no such model.")
@click.option(
    "--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Stratified folds."
)
@click.option("--epochs", type=click.IntRange(min=1), help="Most epochs of a fit.")
@click.option(
    "--random-state",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the folds and fits.",
)
@workers_options
@click.option(
    "--scoring",
    type=click.Choice(MEASURES),
    metavar="NAME",
    help=f"Measure that ranks: {', '.join(MEASURES)} [default: {MEASURES[0]}, or cost with "
    "--cost-matrix].",
)
@cost_matrix_option("Costs by which thresholds are learned and strategies are ranked")
@click.option(
    "--repeats",
    "n_repeats",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How often the folds are drawn anew; more give narrower intervals.",
)
@click.option("--halving", is_flag=True, help="Drop strategies that can hardly win any more.")
@click.option(
    "--cache",
    metavar="PATH",
    help="Keep finished fits there, and go on from those it holds: a file, or a folder/, which "
    "several processes may use.",
)
@groups_option
@time_option
@positive_option
@reading_options()
@click.option("--report", metavar="FILE", help="Write a page (HTML) with the verdict and plots.")
@click.option("--force", is_flag=True, help="Replace a report that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on stdout.")
@quiet_option
def compare(
    data,
    target,
    strategies,
    baselines,
    no_baselines,
    folds,
    epochs,
    random_state,
    workers,
    scoring,
    cost_matrix,
    groups,
    time,
    positive,
    reading,
    report,
    force,
    as_json,
    **options,
):
    """Compare ways of meeting class imbalance on the same folds of DATA.

    DATA is a table with the names of the columns in the first line: .csv, .tsv or .xlsx; or
    .jsonl or .parquet. Text may be packed, as .gz, .bz2, .xz or .zip. Without DATA, the thyroid
    data that ship are used.

    Every strategy trains the same network on the same folds. Each is measured at the decision
    threshold it learned and at the plain cut: 0.5, or the largest of more than two probabilities.
    So are models that are no network, with learned thresholds, to tell whether one is worth it.

    Text becomes one-hot categories, dates become days, and missing numbers the median. Rows
    without a class, columns with one value and text that hardly repeats are left out.
    """
    _check_target(data, target)
    check_inputs(data)
    names = _strategy_names(strategies)
    options["baselines"] = _baselines(baselines, no_baselines)
    costs = None if cost_matrix is None else costs_from(cost_matrix)
    options["scoring"] = _scoring(scoring, costs)
    # For the page, which is made of the JSON, too.
    options["importance"] = as_json or report is not None
    check_split_by_one(groups, time)
    if report is not None:
        check_output(report, force, data, option="--report")
    if options["cache"] is not None and not is_folder(options["cache"]):
        check_output(options["cache"], True, data, report, option="--cache")
    if time is not None and options["n_repeats"] > 1:
        raise UsageRefusal(
            "--repeats draws the folds anew; those of --time are given. Leave one out."
        )
    if data is not None:
        check_columns_of(data, target, reading, Roles(groups, time))
    stage(f"Reading {data or 'the thyroid data that ship'}")
    from imbalanced_nn.cli.held_out_part import check_group_sizes, in_order

    source = in_order(_read(data, target, reading, Roles(groups, time)))
    print_notes(source.notes)
    check_group_sizes(source, groups, folds)
    options |= {"pos_label": positive_label(positive, source.y, source.target)}
    if positive is not None:
        # What is fitted by the command of the page finds the same class.
        found = str(options["pos_label"])
        source = source._replace(options=[*source.options, "--positive", found])
    if costs is not None:
        source = source._replace(options=[*source.options, "--cost-matrix", cost_matrix])
        _check_costs(costs, source.y)
    from imbalanced_nn.cli import rendering
    from imbalanced_nn.cli.summaries import print_costs

    if not as_json:
        rendering.print_source(source)
        print_costs(costs, sorted(set(source.y.tolist())))
    options["costs"] = costs
    comparison, notes = _compare(source, names, folds, epochs, random_state, workers, options)
    try:
        if report is not None:
            stage("Drawing the page")
            with errors_as_refusals():
                write_page(comparison, report, force, source.as_json())
    finally:
        # The fits are not lost with a page that cannot be written.
        _print(source, comparison, notes, as_json)
    if report is not None and not as_json:
        say(f"Report: {report}")


def _print(source: Source, comparison, notes: list[str], as_json: bool) -> None:
    """Print what was found, and notes on stderr."""
    from imbalanced_nn.cli import rendering

    print_notes(notes)
    if as_json:
        say(json.dumps(_as_json(source, comparison), indent=2, allow_nan=False))
    else:
        rendering.print_comparison(comparison)


def _strategy_names(strategies: str | None) -> list[str] | None:
    """Return the names in a comma-separated list, or refuse an unknown one."""
    if strategies is None:
        return None
    names = [name.strip() for name in strategies.split(",") if name.strip()]
    if not names:
        raise UsageRefusal(f"--strategies names none; known are {', '.join(STRATEGIES)}.")
    for name in names:
        check_given_name("strategy", name, STRATEGIES)
    return names


def _baselines(names: tuple[str, ...], none: bool) -> bool | list[str]:
    """Return which models to compare with, or refuse an unknown one."""
    if names and none:
        raise UsageRefusal("--no-baselines leaves out what --baseline names. Leave one out.")
    for name in names:
        check_given_name("baseline", name, BASELINES)
        check_package("--baseline", name)
    return list(names) if names else not none


def _check_costs(costs: list[list[float]], labels) -> None:
    """Refuse costs of another number of classes, and errors that cost less than right answers."""
    import numpy as np

    from imbalanced_nn.threshold import check_cost_matrix

    with errors_as_refusals():
        check_cost_matrix(costs, len(np.unique(labels)))


def _scoring(name: str | None, costs: list[list[float]] | None) -> str:
    """Return the measure that ranks: what was asked for, or else costs where they are known."""
    if name == "cost" and costs is None:
        raise UsageRefusal(
            "--scoring cost needs to know what errors cost: give --cost-matrix '0,1; 50,0'."
        )
    return name or (MEASURES[0] if costs is None else "cost")


def _check_target(data: str | None, target: str | None) -> None:
    """Refuse a column of no table, and a table without the name of a column."""
    if data is None and target is not None:
        raise UsageRefusal("--target names a column of DATA, but no DATA was given.")
    if data is not None and target is None:
        raise UsageRefusal(f"--target is missing: which column of {data!r} holds the classes?")


def _read(data: str | None, target: Any, reading, roles) -> Source:
    """Return the user's table, or the data set that ships."""
    if data is None:
        from imbalanced_nn.datasets import load_thyroid

        thyroid = load_thyroid(as_frame=True)
        labels = thyroid.target_names[thyroid.target]
        return Source("thyroid (ships with imbalanced_nn)", "target", thyroid.data, labels, [])
    return read_source(data, target, reading, roles)


def _compare(source: Source, names, folds, epochs, random_state, workers, options):
    """Return the comparison and what its fits warned the user of, each text once."""
    from concurrent.futures.process import BrokenProcessPool

    from imbalanced_nn.cli.held_out_part import folds_of
    from imbalanced_nn.cli.narrow_columns import offsets_of
    from imbalanced_nn.cli.quiet import noted, tensorflow_muted

    stage("Loading TensorFlow")
    from imbalanced_nn.compare import compare_strategies, note_key
    from imbalanced_nn.exceptions import InvalidParameterError, TooFewRowsError

    with tensorflow_muted(), noted() as notes:
        costs = options.pop("costs")
        network = _network(epochs, options["pos_label"], costs, source.time is not None)
        try:
            with workers.engaged() as n_jobs, progress_bar("Comparing", "fits") as advance:
                comparison = compare_strategies(
                    network,
                    source.X,
                    source.y,
                    strategies=names,
                    cv=folds if source.time is None else folds_of(source.time, folds),
                    groups=source.groups,
                    n_jobs=n_jobs,
                    random_state=random_state,
                    progress=advance,
                    **options,
                )
        except BrokenProcessPool as error:
            raise DataRefusal(
                "A process that fitted was stopped from outside, most often for want of memory. "
                "Give fewer --n-jobs; with --cache PATH the finished fits are kept."
            ) from error
        except (InvalidParameterError, TooFewRowsError, RuntimeError, OSError) as error:
            raise DataRefusal(as_typed(str(error))) from error
    # Those of the fits are told with what they are of.
    of_fits = {note_key(note["text"]) for note in comparison.notes}
    rest = [note for note in notes if note_key(note) not in of_fits]
    named = [note | {"text": as_typed(note["text"])} for note in comparison.notes]
    if any("[INN023]" in note["text"] for note in named):
        # Each fold counts its columns; the whole table names them.
        offsets = offsets_of(source.X)
        for note in named:
            note["text"] = offsets[0] if offsets and "[INN023]" in note["text"] else note["text"]
    told = [f"{note['text']} ({note['where']})" for note in named]
    return replace(comparison, notes=named), rest + told


def _network(epochs: int | None, positive, costs: list[list[float]] | None, in_time: bool):
    """Return the network behind the encoder of its columns, which is fitted in every fold."""
    from sklearn.pipeline import Pipeline

    from imbalanced_nn.classifier import BalancedKerasClassifier
    from imbalanced_nn.cli.held_out_part import NewestRows
    from imbalanced_nn.data import USUAL_SHARE
    from imbalanced_nn.preprocessing import ColumnEncoder
    from imbalanced_nn.threshold import ThresholdTuner

    # One network tells strategies apart as well as five do, in a fifth of the time.
    parameters: dict[str, Any] = {"validation_split": USUAL_SHARE}
    if epochs is not None:
        parameters["epochs"] = epochs
    if positive is not None:
        parameters["pos_label"] = positive
    if costs is not None:
        parameters["threshold"] = ThresholdTuner(cost_matrix=costs)
    if in_time:
        parameters["validation_split"] = NewestRows()
    classifier = BalancedKerasClassifier(**parameters)
    return Pipeline([("encoder", ColumnEncoder()), ("classifier", classifier)])


def _as_json(source: Source, comparison) -> dict:
    """Return the comparison and what was read, as JSON's types."""
    return {
        "data": source.as_json(),
        **comparison.to_dict(),
    }
