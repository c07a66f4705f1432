"""``imbalanced-nn evaluate``: how good the answers of a model are on a table with classes."""

import json

import click

from imbalanced_nn.cli.options import (
    check_inputs,
    check_output,
    cost_matrix_option,
    costs_from,
    json_option,
    seed_option,
    target_option,
)
from imbalanced_nn.cli.reading import AS_FOUND, Reading, reading_options
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal, errors_as_refusals
from imbalanced_nn.cli.terminal import print_notes, say
from imbalanced_nn.cli.working import progress_bar, quiet_option, stage

__all__ = ["check_judged", "evaluate", "judged_chunks"]

_EPILOG = """\b
Examples:
  imbalanced-nn evaluate fraud.inn test.csv --target fraud
  imbalanced-nn evaluate fraud.inn test.csv --target fraud --report fraud.html
  imbalanced-nn evaluate fraud.inn test.parquet --target fraud --json
  imbalanced-nn evaluate fraud.inn test.csv --target fraud \\
    --cost-matrix '0,1; 50,0'
"""


@click.command(epilog=_EPILOG, short_help="Measure a model on a table with classes.")
@click.argument("model")
@click.argument("data")
@target_option
@cost_matrix_option("Costs to measure, too")
@click.option(
    "--resamples",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Most resamples of the bootstrap, of many classes fewer; 0 gives no intervals.",
)
@click.option("--report", "page", metavar="FILE", help="Write a page (HTML) with all of it.")
@click.option("--force", is_flag=True, help="Replace a page that is there.")
@seed_option
@reading_options("drop", "missing")
@json_option
@quiet_option
def evaluate(
    model, data, target, cost_matrix, resamples, page, force, random_state, reading, as_json
):
    """Measure the answers of MODEL on the rows of DATA, which it was not trained on.

    Measured are the probabilities, which the threshold is no part of, and the decisions, overall
    and of each class, with intervals. Rows without a class are left out.
    """
    check_inputs(model, data)
    check_judged(data, target, reading)
    if page is not None:
        check_output(page, force, model, data, option="--report")
    costs = None if cost_matrix is None else costs_from(cost_matrix)
    stage(f"Loading {model}")
    from imbalanced_nn.cli.evaluated_columns import RowSample
    from imbalanced_nn.data import MANY_COPIES

    sample = None if page is None else RowSample(random_state)
    measuring = {"cost_matrix": costs, "n_resamples": resamples, "random_state": random_state}
    with errors_as_refusals():
        about, rows, report, notes, columns = _evaluation(
            model, data, target, reading, measuring, sample
        )
    from imbalanced_nn.cli.summaries import print_evaluation

    if about["trained_on"] >= MANY_COPIES:
        notes.append(
            f"about {about['trained_on']:.0%} of these rows are, or equal, rows that the model was "
            f"trained on. It knows their classes: new rows fare worse."
        )
    if max(report.class_count) == report.n_samples:
        notes.append(
            "all of these rows are of one class, of which nothing can be told apart; the counts "
            "tell how many were found."
        )
    print_notes(notes)
    confusion = _confusion(rows)
    if page is not None:
        with errors_as_refusals():
            shown = {"confusion": confusion, "notes": notes, "cost_matrix": costs, "rows": rows}
            _write_page(page, force, about, report, **shown, **columns)
    if as_json:
        content = {**about, **report.to_dict(), "confusion": confusion, "notes": notes}
        say(json.dumps(content, indent=2, allow_nan=False))
        return
    print_evaluation(about, report, confusion, costs)
    if page is not None:
        say(f"Report: {page}")


def _write_page(path: str, force: bool, about: dict, report, **shown) -> None:
    """Write the page."""
    from imbalanced_nn.describe import cut_sentence
    from imbalanced_nn.report import write_evaluation

    data = about["data"]
    facts = {"Model": about["model"], "Data": data["name"], "Target": data["target"]}
    if data["left_out"]:
        facts["Left out"] = "; ".join(data["left_out"])
    facts["Decisions"] = cut_sentence(about["threshold"], "on the rows it was learned on")
    write_evaluation(
        report,
        path,
        title=f"{about['model']} on {data['name']}",
        data=facts,
        overwrite=force,
        **shown,
    )


def check_judged(data: str, target: str, reading: Reading, names=None) -> None:
    """Refuse a column of classes that a table does not have, by its first lines if ``names`` is
    None.
    """
    from imbalanced_nn.cli.readers import names_in

    names = names_in(data, reading) if names is None else names
    if names is not None and target not in names:
        from imbalanced_nn.cli.table_columns import header_hint
        from imbalanced_nn.exceptions import nearest_name

        raise UsageRefusal(
            f"There is no column {target!r} in {data!r} to compare the answers with."
            + (nearest_name(target, names) or header_hint(names))
        )


def judged_chunks(model, data: str, target: str, what, reading: Reading = AS_FOUND):
    """Yield ``what`` of each chunk of a table, the codes of its labels, and rows without one."""
    from imbalanced_nn.cli.class_labels import header_lines
    from imbalanced_nn.cli.readers import read_chunks

    columns, text = [*model.columns, target], [*model.text_columns, target]
    learned = {"decimal": model.decimal, "categories": model.categories}
    n_rows, chunks = read_chunks(data, columns, text, target, reading=reading, **learned)
    done = 0
    with progress_bar("Scoring", "rows") as advance:
        for chunk, _ in chunks:
            if target not in chunk.columns:
                check_judged(data, target, reading, chunk.attrs.get("names", ()))
            codes = model.codes(chunk[target].mask(header_lines(chunk, target)))
            labelled = codes >= 0
            known = chunk[labelled]
            if len(known):
                yield what(known), codes[labelled], len(chunk) - len(known)
            done += len(chunk)
            advance(done, n_rows)


def _evaluation(path: str, data: str, target: str, reading, measuring: dict, sample):
    """Return model and table as JSON's types, labelled rows with the answers, their report, notes,
    and, where there is a sample of rows to be drawn, what the page says of the columns.
    """
    from imbalanced_nn.cli.evaluated_columns import importance_in, kinds_of
    from imbalanced_nn.cli.models import Model
    from imbalanced_nn.cli.quiet import noted, tensorflow_muted
    from imbalanced_nn.describe import cut_summary
    from imbalanced_nn.inspection import report_on
    from imbalanced_nn.threshold import check_cost_matrix

    with tensorflow_muted(), noted() as notes:
        model = Model(path)
        if measuring["cost_matrix"] is not None:
            # Before all rows are scored.
            check_cost_matrix(measuring["cost_matrix"], len(model.classes))
        rows, seen, n_lacking = _answers(model, data, target, reading, sample)
        columns = {}
        if sample is not None:
            stage("Measuring columns")
            importance = importance_in(model, sample, measuring["random_state"])
            columns = {"columns": kinds_of(model), "importance": importance}
    about = {
        "model": path,
        "data": {
            "name": data,
            "target": target,
            "left_out": [f"rows without a class: {n_lacking}"] if n_lacking else [],
        },
        "threshold": cut_summary(model.classifier),
        "trained_on": seen,
    }
    name = type(model.classifier).__name__
    stage("Measuring")
    report = report_on(rows, name, **measuring)
    return about, rows, report, notes + model.notes(), columns


def _answers(model, data: str, target: str, reading, sample):
    """Return labelled rows with the answers, the share trained on, and how many lack a label.

    A sample takes its rows as they come.
    """
    import numpy as np

    from imbalanced_nn.inspection import Predictions

    codes, decided, proba, n_lacking = [], [], [], 0
    seen = 0.0
    for typed, truth, lacking in judged_chunks(model, data, target, model.typed, reading):
        if sample is not None:
            sample.add(typed, truth)
        features = model.encoded(typed)
        answers, scores = model.decide(features)
        seen += len(truth) * model.trained_on(features)
        codes.append(truth)
        decided.append(answers)
        proba.append(scores)
        n_lacking += lacking
    if not codes:
        raise DataRefusal(f"Column {target!r} is empty.")
    true, answered, scored = map(np.concatenate, (codes, decided, proba))
    rows = Predictions.from_codes(true, answered, scored, model.classes, model.positive)
    return rows, seen / len(rows.codes), n_lacking


def _confusion(rows) -> list[list[int]]:
    """Return counts, rows true and columns decided."""
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(rows.codes, rows.decided, labels=range(len(rows.classes))).tolist()
