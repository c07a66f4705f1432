"""``imbalanced-nn tune-threshold``: another decision threshold for a model, without training."""

import json
import os

import click

from imbalanced_nn.cli.evaluate_command import check_judged, judged_chunks
from imbalanced_nn.cli.options import (
    check_inputs,
    check_output,
    force_option,
    json_option,
    output_option,
    target_option,
    threshold_from,
    threshold_options,
    tuner_of,
)
from imbalanced_nn.cli.reading import reading_options
from imbalanced_nn.cli.refusals import DataRefusal, errors_as_refusals
from imbalanced_nn.cli.terminal import print_notes, say
from imbalanced_nn.cli.working import quiet_option, stage

__all__ = ["tune_threshold"]

_EPILOG = """\b
Examples:
  imbalanced-nn tune-threshold fraud.inn new.csv --target fraud \\
    --objective f1 --output fraud-f1.inn
  imbalanced-nn tune-threshold fraud.inn new.csv --target fraud \\
    --objective recall --constraint precision 0.9 -o fraud.inn --force
"""


@click.command("tune-threshold", epilog=_EPILOG, short_help="Learn another threshold for a model.")
@click.argument("model")
@click.argument("data")
@target_option
@threshold_options("objective", "balanced_accuracy")
@output_option("MODEL", "File to save the tuned model to.")
@force_option
@reading_options("drop", "missing")
@json_option
@quiet_option
def tune_threshold(model, data, target, output, force, reading, as_json, **aim):
    """Learn the decision threshold of MODEL anew on the rows of DATA, without training.

    DATA holds rows that the model was not trained on, with their classes. Probabilities stay as
    they are; what is decided from them changes.
    """
    check_inputs(model, data)
    check_output(output, force, data)
    check_judged(data, target, reading)
    threshold = threshold_from(**aim)
    stage(f"Loading {model}")
    with errors_as_refusals():
        threshold = tuner_of(threshold)
        content, classes, notes = _tuned(model, data, target, threshold, output, force, reading)
    from imbalanced_nn.cli.summaries import print_costs, print_tuned

    print_notes(notes)
    if as_json:
        say(json.dumps(content, indent=2, allow_nan=False))
    else:
        print_costs(getattr(threshold, "cost_matrix", None), classes)
        print_tuned(content)


def _tuned(path: str, data: str, target: str, threshold, output: str, force: bool, reading):
    """Tune and save a model; return what changed, as JSON's types, the classes, and notes."""
    import numpy as np

    from imbalanced_nn.cli.models import Model
    from imbalanced_nn.cli.quiet import noted, tensorflow_muted
    from imbalanced_nn.describe import cut_summary

    with tensorflow_muted(), noted() as notes:
        from imbalanced_nn.persistence import save

        model = Model(path)
        before = cut_summary(model.classifier)
        features, codes = [], []
        for rows, truth, _ in judged_chunks(model, data, target, model.features, reading):
            features.append(np.asarray(rows))
            codes.append(truth)
        if not codes:
            raise DataRefusal(f"Column {target!r} is empty.")
        labels = model.classifier.classes_[np.concatenate(codes)]
        if threshold is None or isinstance(threshold, float):
            model.classifier.set_threshold(threshold)
        else:
            model.classifier.tune_threshold(np.concatenate(features), labels, objective=threshold)
        save(model.estimator, output, overwrite=force)
    notes = model.notes() + notes
    content = {
        "model": os.fspath(output),
        "rows": len(labels),
        "before": before,
        "threshold": cut_summary(model.classifier),
        "notes": notes,
    }
    return content, model.classes, notes
