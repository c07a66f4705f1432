"""``imbalanced-nn export``: a saved model as an ONNX file."""

import json

import click

from imbalanced_nn.cli.options import (
    check_inputs,
    check_output,
    force_option,
    json_option,
    output_option,
)
from imbalanced_nn.cli.refusals import UsageRefusal, errors_as_refusals
from imbalanced_nn.cli.terminal import print_saved, say
from imbalanced_nn.cli.working import quiet_option, stage

__all__ = ["export"]

_EPILOG = """\b
Examples:
  imbalanced-nn export fraud.inn --output fraud.onnx
"""


@click.command(epilog=_EPILOG, short_help="Write a model as ONNX, to run without TensorFlow.")
@click.argument("model")
@output_option("FILE", "ONNX file to write.")
@force_option
@json_option
@quiet_option
def export(model, output, force, as_json):
    """Write MODEL as one ONNX graph that answers with labels and probabilities.

    MODEL is a file of 'fit'. FILE runs wherever onnxruntime does. It has an input for each column
    of the table, by its name and of shape (rows, 1): numbers in float64, dates and durations in
    days, text as strings. Its outputs are 'label' and 'probabilities'.
    """
    check_inputs(model)
    check_output(output, force, model)
    _check_installed()
    stage(f"Writing {model} as ONNX")
    with errors_as_refusals():
        from imbalanced_nn.cli.quiet import tensorflow_muted

        with tensorflow_muted():
            from imbalanced_nn.export import export_onnx, inputs_of
            from imbalanced_nn.persistence import load

            estimator = load(model)
            export_onnx(estimator, output, overwrite=force)
            inputs = inputs_of(output)
    if as_json:
        say(json.dumps({"output": output, "inputs": inputs}, indent=2))
        return
    say(f"Inputs: {', '.join(f'{name} ({kind})' for name, kind in inputs.items())}")
    say("Outputs: label, probabilities")
    print_saved(output)


def _check_installed() -> None:
    """Refuse where the packages that write ONNX are not installed."""
    from importlib.util import find_spec

    lacking = [name for name in ("onnx", "tf2onnx") if find_spec(name) is None]
    if lacking:
        raise UsageRefusal(
            f"ONNX needs {' and '.join(lacking)}: pip install 'imbalanced-nn[onnx]'."
        )
