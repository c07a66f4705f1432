"""``imbalanced-nn evaluate``: how good the answers of a model are on a table with classes."""

import json

import click

from imbalanced_nn.cli.options import json_option, target_option
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal, errors_as_refusals

__all__ = ["evaluate", "judged_chunks"]

_EPILOG = """\b
Examples:
  imbalanced-nn evaluate fraud.inn test.csv --target fraud
  imbalanced-nn evaluate fraud.inn test.parquet --target fraud --json
"""

# As where a threshold is tuned: fewer rows alike are chance.
_SEEN_SHARE = 0.2


@click.command(epilog=_EPILOG, short_help="Measure a model on a table with classes.")
@click.argument("model")
@click.argument("data")
@target_option
@json_option
def evaluate(model, data, target, as_json):
    """Measure the answers of MODEL on the rows of DATA, which it was not trained on.

    Measured are the probabilities, which the threshold is no part of, and the decisions, overall
    and of each class. Rows without a class are left out.
    """
    with errors_as_refusals():
        content = _evaluation(model, data, target)
    if content["trained_on"] >= _SEEN_SHARE:
        click.echo(
            f"Note: the model was trained on about {content['trained_on']:.0%} of these rows. It "
            f"knows their classes: new rows fare worse.",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(content, indent=2, allow_nan=False))
        return
    from imbalanced_nn.cli.summaries import print_evaluation

    print_evaluation(content)


def judged_chunks(model, data: str, target: str, what):
    """Yield ``what`` of each chunk of a table, the codes of its labels, and rows without one."""
    from imbalanced_nn.cli.display import progress_bar
    from imbalanced_nn.cli.tables import read_chunks

    columns, text = [*model.columns, target], [*model.text_columns, target]
    n_rows, chunks = read_chunks(data, columns, text, target)
    done = 0
    with progress_bar("Scoring", "rows") as advance:
        for chunk in chunks:
            if target not in chunk.columns:
                raise UsageRefusal(
                    f"There is no column {target!r} in {data!r} to compare the answers with."
                )
            known = chunk[chunk[target].notna()]
            codes = model.codes(known[target])
            if len(known):
                yield what(known), codes, len(chunk) - len(known)
            done += len(chunk)
            advance(done, n_rows)


def _evaluation(path: str, data: str, target: str) -> dict:
    """Return the measures of a model on a table, as JSON's types."""
    import numpy as np

    from imbalanced_nn.cli.measures import measures
    from imbalanced_nn.cli.models import Model
    from imbalanced_nn.cli.quiet import tensorflow_muted
    from imbalanced_nn.representation import cut_summary

    codes, decided, proba, n_lacking = [], [], [], 0
    with tensorflow_muted():
        model = Model(path)
        seen = 0.0
        for features, truth, lacking in judged_chunks(model, data, target, model.features):
            answers, scores = model.decide(features)
            seen += len(truth) * model.trained_on(features)
            codes.append(truth)
            decided.append(answers)
            proba.append(scores)
            n_lacking += lacking
    if not codes:
        raise DataRefusal(f"Column {target!r} is empty.")
    codes = np.concatenate(codes)
    classifier = model.classifier
    positive = classifier._positive if classifier._kind == "binary" else None
    left_out = [f"rows without a class: {n_lacking}"] if n_lacking else []
    found = measures(codes, np.concatenate(decided), np.concatenate(proba), model.classes, positive)
    return {
        "model": path,
        "data": {"name": data, "target": target, "n_samples": len(codes), "left_out": left_out},
        "threshold": cut_summary(classifier),
        "positive_class": None if positive is None else model.classes[positive],
        "prevalence": None if positive is None else float(np.mean(codes == positive)),
        "trained_on": seen / len(codes),
        **found,
    }
