"""``imbalanced-nn fit``: train a network on a table, and save it with its preprocessing."""

import json
from contextlib import contextmanager

import click

from imbalanced_nn.cli.known_names import SAMPLERS, STRATEGIES, check_given_name, check_loss
from imbalanced_nn.cli.options import (
    check_inputs,
    check_output,
    check_split_by_one,
    force_option,
    groups_option,
    json_option,
    output_option,
    positive_label,
    positive_option,
    seed_option,
    target_option,
    threshold_from,
    threshold_options,
    time_option,
    tuner_of,
)
from imbalanced_nn.cli.python_code import python_of
from imbalanced_nn.cli.reading import reading_options
from imbalanced_nn.cli.refusals import UsageRefusal, errors_as_refusals
from imbalanced_nn.cli.sources import Roles, check_columns_of, open_source
from imbalanced_nn.cli.terminal import print_notes, say
from imbalanced_nn.cli.working import progress_bar, quiet_option, stage

__all__ = ["fit"]

_EPILOG = """\b
Examples:
  imbalanced-nn fit train.csv --target fraud --output fraud.inn
  imbalanced-nn fit train.csv --target fraud -o fraud.inn \\
    --sampler smote --threshold recall --constraint precision 0.9
  imbalanced-nn fit train.parquet --target y -o y.inn --cost-matrix "0,1;50,0"
"""

_CLASS_WEIGHTS = ("balanced", "balanced_sqrt", "effective_number", "balanced_batch")


@click.command(epilog=_EPILOG, short_help="Train a network on a table and save it.")
@click.argument("data")
@target_option
@output_option("MODEL", "File to save the model to.")
@click.option("--strategy", metavar="NAME", help="Parameters of a strategy of 'compare'.")
@click.option("--sampler", metavar="NAME", help="smote, random_over, balanced_batches, ...")
@click.option("--class-weight", type=click.Choice(_CLASS_WEIGHTS), help="Weights of the classes.")
@click.option("--loss", metavar="NAME", help="focal, logit_adjusted, balanced_softmax, ...")
@threshold_options("threshold", "balanced_accuracy")
@click.option(
    "--calibration",
    type=click.Choice(["prior", "temperature", "sigmoid", "isotonic"]),
    default="prior",
    show_default=True,
    help="How probabilities are put right.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of the rows that judge one network and set its threshold. Without it and "
    "--folds, five networks judge each other's rows where there are few, as 'validation_split'.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    help="Let every row judge a network that did not see it, by so many fits.",
)
@groups_option
@time_option
@positive_option
@click.option("--epochs", type=click.IntRange(min=1), help="Most epochs of the fit.")
@seed_option
@reading_options()
@click.option(
    "--onnx/--no-onnx",
    default=True,
    help="Keep a copy in ONNX in MODEL, by which 'predict' starts in a second, where it can be "
    "made (default).",
)
@force_option
@json_option
@quiet_option
def fit(
    data,
    target,
    output,
    objective,
    constraint,
    confidence,
    cost_matrix,
    groups,
    time,
    positive,
    reading,
    onnx,
    force,
    as_json,
    **options,
):
    """Train a network on DATA and save it with all that it needs to answer.

    DATA is a table as for 'compare'. What its columns become is learned here and saved with the
    network: text becomes one-hot categories, dates become days, missing numbers the median.
    Rows that a network does not see stop its training and set the decision threshold.
    """
    check_inputs(data)
    check_output(output, force, data)
    check_given_name("strategy", options["strategy"], STRATEGIES)
    check_given_name("sampler", options["sampler"], SAMPLERS)
    check_loss(options["loss"])
    if options["held_out"] is not None and options["folds"] is not None:
        raise UsageRefusal("--folds and --held-out both say which rows judge; give one of them.")
    check_split_by_one(groups, time)
    check_columns_of(data, target, reading, Roles(groups, time))
    threshold = threshold_from(objective, constraint, cost_matrix, confidence)
    with errors_as_refusals():
        stage(f"Reading {data}")
        from imbalanced_nn.cli.held_out_part import held_out_by
        from imbalanced_nn.cli.quiet import tensorflow_muted
        from imbalanced_nn.cli.summaries import fit_summary, print_costs, print_fit

        source = open_source(data, target, reading, Roles(groups, time))
        print_notes(source.notes)
        options["pos_label"] = positive_label(positive, source.y, target)
        options["validation_split"] = held_out_by(
            source, options.pop("held_out"), options.pop("folds")
        )
        from imbalanced_nn.cli.rendering import print_source

        if not as_json:
            print_source(source)
        threshold = tuner_of(threshold)
        stage("Loading TensorFlow")
        with tensorflow_muted():
            changed = _changed(threshold=threshold, **options)
        pipeline, notes = _fitted(source, changed)
        from imbalanced_nn.persistence import save

        stage(f"Saving {output}")
        save(pipeline, output, overwrite=force, onnx="auto" if onnx else False)
    print_notes(notes)
    content = fit_summary(source, pipeline[-1], output) | {"notes": source.notes + notes}
    content["python"] = python_of(source, reading, Roles(groups, time), changed, output)
    if as_json:
        say(json.dumps(content, indent=2, allow_nan=False))
    else:
        print_costs(getattr(threshold, "cost_matrix", None), content["classes"])
        print_fit(content)
        say(f"\nThe same in Python:\n\n{content['python']}")


def _fitted(source, changed: dict):
    """Return the fitted pipeline, and what its fit warned the user of, each text once."""
    from sklearn.pipeline import Pipeline

    from imbalanced_nn.classifier import BalancedKerasClassifier
    from imbalanced_nn.cli.narrow_columns import named_offsets
    from imbalanced_nn.cli.quiet import noted, tensorflow_muted
    from imbalanced_nn.datasets import encoded_matrix
    from imbalanced_nn.preprocessing import ColumnEncoder, StoredTable

    with tensorflow_muted(), noted() as notes:
        classifier = BalancedKerasClassifier().set_params(**changed)
        encoder = ColumnEncoder()
        if isinstance(source.X, StoredTable):
            stage("Writing rows as numbers")
            matrix = encoded_matrix(source.X, encoder.fit(source.X))
        else:
            matrix = encoder.fit_transform(source.X)
        with progress_bar("Training", "epochs at most") as advance, _watched(classifier, advance):
            classifier.fit(matrix, source.y, groups=source.groups)
    notes = named_offsets(notes, encoder.get_feature_names_out().tolist())
    # The types were learned when the table was read.
    steps = [("types", source.types), ("encoder", encoder), ("classifier", classifier)]
    return Pipeline(steps), notes


@contextmanager
def _watched(classifier, advance):
    """Tell of every epoch of a fit; the estimator has no callback left afterwards."""
    import keras

    class Tell(keras.callbacks.Callback):
        shows_progress = True

        def on_epoch_end(self, epoch, logs=None):
            advance(epoch + 1, self.params["epochs"])

    classifier.set_params(callbacks=[Tell()])
    try:
        yield
    finally:
        classifier.set_params(callbacks=None)


def _changed(*, strategy, threshold, **given) -> dict:
    """Return the parameters of the estimator that the options change, or refuse them."""
    from imbalanced_nn.classifier import BalancedKerasClassifier
    from imbalanced_nn.compare import STRATEGIES as PARAMETERS

    parameters = {} if strategy is None else dict(PARAMETERS[strategy])
    parameters |= {name: value for name, value in given.items() if value is not None}
    usual = BalancedKerasClassifier().get_params(deep=False)
    parameters["threshold"] = threshold
    return {
        name: value for name, value in parameters.items() if repr(value) != repr(usual.get(name))
    }
