"""Options that several commands share, and what they stand for."""

import os
from contextlib import suppress
from math import isfinite
from typing import Any

import click

from imbalanced_nn.cli.known_names import RATES, check_given_name, check_objective
from imbalanced_nn.cli.refusals import UsageRefusal

__all__ = [
    "check_inputs",
    "check_output",
    "check_split_by_one",
    "cost_matrix_option",
    "costs_from",
    "force_option",
    "groups_option",
    "json_option",
    "output_option",
    "positive_label",
    "positive_option",
    "seed_option",
    "target_option",
    "threshold_from",
    "threshold_options",
    "time_option",
    "tuner_of",
]

target_option = click.option(
    "--target", metavar="COLUMN", required=True, help="Column of DATA that holds the classes."
)
force_option = click.option("--force", is_flag=True, help="Replace a file that is there.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON and nothing else on stdout."
)
seed_option = click.option(
    "--random-state",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of everything that is drawn.",
)


def output_option(metavar: str, text: str):
    """Return the option that names the file to write."""
    return click.option("--output", "-o", metavar=metavar, required=True, help=text)


def cost_matrix_option(text: str):
    """Return the option that says what errors cost; ``text`` tells what becomes of that."""
    return click.option(
        "--cost-matrix",
        metavar="COSTS",
        help=f"{text}: a row for each true class in sorted order, a number for each decision: "
        "'0,1; 50,0'.",
    )


def threshold_options(name: str, default: str | None):
    """Return a decorator that adds what a threshold is learned for."""
    options = [
        click.option(
            f"--{name}",
            "objective",
            metavar="NAME",
            default=default,
            show_default=default is not None,
            help="What the threshold maximises: f1, recall, balanced_accuracy, ...; a number to "
            "cut there; none for 0.5, or the largest of more than two probabilities.",
        ),
        click.option(
            "--constraint",
            type=(str, float),
            metavar="RATE BOUND",
            help="What decisions must keep, such as: precision 0.9. Two classes only.",
        ),
        click.option(
            "--confidence",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            help="How sure the constraint is to hold on new rows too, such as 0.95.",
        ),
        cost_matrix_option("Costs to minimise instead"),
    ]

    def decorate(command):
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def threshold_from(objective: Any, constraint, cost_matrix: str | None, confidence=None):
    """Return the objective or number that the options stand for, or the parameters of a tuner.

    No library is loaded; `tuner_of` makes the tuner.
    """
    if confidence is not None and constraint is None:
        raise UsageRefusal(
            "--confidence says how surely a constraint holds; give --constraint too, such as: "
            "--constraint precision 0.9."
        )
    if constraint:
        _check_constraint(*constraint)
    costs = None if cost_matrix is None else costs_from(cost_matrix)
    with suppress(TypeError, ValueError):
        objective = float(objective)
    if isinstance(objective, float) and not 0 <= objective <= 1:
        raise UsageRefusal(
            f"{objective:g} is no cut: probabilities are between 0 and 1. Give such a number, or "
            f"what the threshold is to maximise."
        )
    if str(objective).lower() == "none":
        objective = None
    fixed = objective is None or isinstance(objective, float)
    if constraint is None and costs is None:
        if not fixed:
            check_objective(objective, False)
        return objective
    if fixed:
        raise UsageRefusal(
            f"'{'none' if objective is None else objective}' fixes the cut: nothing is left to be "
            f"chosen by --constraint or --cost-matrix. Leave out the one or the other."
        )
    # Beside costs an objective is another refusal's.
    check_objective(objective, constraint is not None or costs is not None)
    given = {"objective": objective, "constraint": constraint or None, "confidence": confidence}
    return given if costs is None else {**given, "cost_matrix": costs}


def tuner_of(threshold: Any):
    """Return what `threshold_from` returned, with a tuner in the place of its parameters."""
    if not isinstance(threshold, dict):
        return threshold
    from imbalanced_nn.threshold import ThresholdTuner

    return ThresholdTuner(**threshold)


def _check_constraint(rate: str, bound: float) -> None:
    """Refuse a rate that is not known, and a bound that it cannot have."""
    check_given_name("rate", rate, RATES)
    if rate != "alert_count" and not 0 <= bound <= 1:
        raise UsageRefusal(
            f"--constraint {rate} {bound:g}: a rate is between 0 and 1, such as 0.9."
        )


def check_split_by_one(groups: str | None, time: str | None) -> None:
    """Refuse groups beside a time: a group would be on both sides of a moment."""
    if groups is not None and time is not None:
        raise UsageRefusal("--groups and --time both say which rows are split; give one of them.")


groups_option = click.option(
    "--groups", metavar="COLUMN", help="Column whose rows of one value stay together."
)
time_option = click.option(
    "--time", metavar="COLUMN", help="Column of dates or numbers: the newest rows judge."
)
positive_option = click.option(
    "--positive",
    metavar="LABEL",
    help="Class to find, of two [default: 1 where the other is 0 or -1, else the rarest].",
)


def positive_label(text: str | None, labels, target: str):
    """Return the label that an option names, None if it names none, or refuse it."""
    if text is None:
        return None
    import numpy as np

    from imbalanced_nn.cli.class_labels import label_key

    classes = np.unique(labels).tolist()
    alike = [label for label in classes if label_key(label) == label_key(text)]
    found = [label for label in classes if str(label) == text] or alike
    if len(found) != 1:
        raise UsageRefusal(
            f"--positive {text!r} is no class of {target!r}; its classes are "
            f"{', '.join(map(str, classes))}."
        )
    if len(classes) > 2:
        raise UsageRefusal(
            f"--positive names one of two classes, and {target!r} has {len(classes)}."
        )
    return found[0]


def costs_from(text: str) -> list[list[float]]:
    """Return the matrix in a text with commas between columns and semicolons between rows."""
    costs = []
    with suppress(ValueError):
        costs = [[float(cost) for cost in row.split(",")] for row in text.split(";")]
    finite = all(isfinite(cost) for row in costs for cost in row)
    if len(costs) < 2 or not finite or any(len(row) != len(costs) for row in costs):
        raise UsageRefusal(
            f"--cost-matrix {text!r} is no matrix of costs. Write a row for each true class in "
            f"sorted order, a number for each predicted one: '0,1; 50,0'."
        )
    return costs


def check_inputs(*paths: str | None) -> None:
    """Refuse files that are not there, before any library is loaded to read them."""
    for path in paths:
        if path is not None and not os.path.exists(path):
            raise UsageRefusal(f"There is no file {path!r}.")


def check_output(path: str, force: bool, *others: str | None, option: str = "--output") -> None:
    """Refuse a file that must not be written before anything is computed for it.

    ``others`` are the files that the command reads or writes besides: one of them would be lost
    whether a file may be replaced or not.
    """
    from imbalanced_nn.atomic_files import check_writable, same_file
    from imbalanced_nn.cli.refusals import errors_as_refusals

    for other in others:
        if other is not None and same_file(path, other):
            raise UsageRefusal(
                f"{option} {path!r} is the same file as {other!r}, which would be lost. Give "
                f"{option} another name."
            )
    with errors_as_refusals():
        check_writable(path, force)
