"""``imbalanced-nn predict``: labels and probabilities for the rows of a table, chunk by chunk."""

import json
import os
import re
from contextlib import contextmanager

import click

from imbalanced_nn.cli.options import (
    check_inputs,
    check_output,
    force_option,
    json_option,
    output_option,
)
from imbalanced_nn.cli.reading import reading_options
from imbalanced_nn.cli.refusals import UsageRefusal, errors_as_refusals
from imbalanced_nn.cli.terminal import counted, print_notes, print_saved, say
from imbalanced_nn.cli.working import progress_bar, quiet_option

__all__ = ["predict"]

_EPILOG = """\b
Examples:
  imbalanced-nn predict fraud.inn new.csv --output scored.csv
  imbalanced-nn predict fraud.inn new.parquet -o scored.parquet --keep id
"""

_TEXT = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
# What begins one to a spreadsheet, blanks before it or not; some take letters of full width, too.
_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BREAKS = ("\t", "\r", "\n")
# Nothing is run where a sign begins a number, whatever its decimal mark.
_NUMBER = re.compile(r" *[-+]?(?:[0-9]+(?:[.,][0-9]+)*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)? *")
_PARQUET = (".parquet", ".pq")


@click.command(epilog=_EPILOG, short_help="Score the rows of a table.")
@click.argument("model")
@click.argument("data")
@output_option("FILE", "Table to write: .csv or .tsv (also .gz), or .parquet.")
@click.option(
    "--keep", metavar="COLUMN", multiple=True, help="Column of DATA to copy as it is; repeatable."
)
@click.option(
    "--raw-text",
    is_flag=True,
    help="Write text to .csv and .tsv as it is, also where a spreadsheet would run it.",
)
@force_option
@reading_options("drop", "missing")
@json_option
@quiet_option
def predict(model, data, output, keep, raw_text, force, reading, as_json):
    """Write the label and the probability of each class for every row of DATA.

    MODEL is a file of 'fit'. The rows of FILE are those of DATA, in their order, with the
    columns 'label' and 'probability_CLASS'. Rows are read, scored and written a few at a time,
    so that a file of any size needs the same memory. FILE appears when all of it is written.

    Text of a .csv or .tsv that begins like a formula (=, +, -, @, tab) gets an apostrophe before
    it, so that no spreadsheet runs what was typed into DATA; --raw-text leaves it. Numbers stay.

    Where onnxruntime is installed, a MODEL that keeps a copy in ONNX answers by it, without
    TensorFlow. Rows so near to a cut that it might decide otherwise are left to the model itself.
    """
    _check_ending(output)
    check_inputs(model, data)
    check_output(output, force, data, model)
    with errors_as_refusals():
        counts, notes = _score(model, data, output, list(keep), raw_text, force, reading)
    print_notes(notes)
    content = {
        "output": os.fspath(output),
        "rows": sum(counts.values()),
        "labels": counts,
        "notes": notes,
    }
    if as_json:
        say(json.dumps(content, indent=2))
        return
    shares = (
        f"{label} {count:,} ({count / content['rows']:.1%})" for label, count in counts.items()
    )
    say(f"Scored {counted(content['rows'], 'row')}: {', '.join(shares)}")
    print_saved(output)


def _check_ending(output: str) -> None:
    """Refuse a kind of file that cannot be written."""
    if not output.lower().endswith((*_TEXT, *_PARQUET)):
        raise UsageRefusal(
            f"{output!r} is none of {', '.join((*_TEXT, *_PARQUET))}, which can be written."
        )


def _score(path: str, data: str, output: str, keep: list[str], raw_text, force: bool, reading):
    """Score a file chunk by chunk; return how many rows were given each label, and notes."""
    import numpy as np

    from imbalanced_nn.atomic_files import written_whole
    from imbalanced_nn.cli.onnx_model import quick_model
    from imbalanced_nn.cli.quiet import noted, tensorflow_muted
    from imbalanced_nn.cli.readers import read_chunks
    from imbalanced_nn.cli.table_columns import check_known_columns

    with tensorflow_muted(), noted() as notes, progress_bar("Scoring", "rows") as advance:
        model = quick_model(path)
        names = ["label", *(f"probability_{label}" for label in model.classes)]
        _check_kept(keep, names)
        n_rows, chunks = read_chunks(
            data,
            model.columns,
            model.text_columns,
            kept=keep,
            one_type=output.lower().endswith(_PARQUET),
            reading=reading,
            decimal=model.decimal,
            categories=model.categories,
        )
        counts, done = np.zeros(len(model.classes), dtype=int), 0
        with written_whole(output, force) as beside, _writer(beside, output, raw_text) as write:
            for chunk, copied in chunks:
                check_known_columns(model.columns, chunk.attrs.get("names", list(chunk.columns)))
                codes, proba = model.answer(chunk)
                write(_answers(copied, keep, names, model.labels[codes], proba))
                counts += np.bincount(codes, minlength=len(counts))
                done += len(chunk)
                advance(done, n_rows)
    labels = dict(zip(map(str, model.classes), counts.tolist(), strict=True))
    return labels, notes + model.notes()


def _check_kept(keep: list[str], names: list[str]) -> None:
    """Refuse to copy a column that has the name of an answer."""
    for name in keep:
        if name in names:
            raise UsageRefusal(
                f"--keep {name!r} has the name of a column that is written. Rename it in DATA."
            )


def _answers(copied, keep, names, labels, proba):
    """Return a chunk of the table to write."""
    import pandas as pd

    columns = {name: copied[name].array for name in keep}
    columns[names[0]] = labels
    columns |= dict(zip(names[1:], proba.T, strict=True))
    return pd.DataFrame(columns)


@contextmanager
def _writer(beside, output: str, raw_text: bool):
    """Give a function that appends a table to a file, in the format of the name of its target."""
    name = output.lower()
    if name.endswith(_PARQUET):
        from imbalanced_nn.cli.readers import check_pyarrow

        check_pyarrow()
        yield from _parquet_writer(beside)
        return
    import gzip

    separator = next(sep for ending, sep in _TEXT.items() if name.endswith(ending))
    opener = gzip.open if name.endswith(".gz") else open
    with opener(beside, "wt", encoding="utf-8", newline="") as file:
        first = True

        def write(table):
            nonlocal first
            table = table if raw_text else _defused(table)
            table.to_csv(file, sep=separator, index=False, header=first, lineterminator="\n")
            first = False

        yield write


def _defused(table):
    """Return a table whose text and names no spreadsheet takes for a formula."""
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    def defuse(cell):
        if not isinstance(cell, str):
            return cell
        # A carriage return alone, which is not quoted, begins a new line for some readers.
        plain = cell.replace("\r\n", "\n").replace("\r", "\n")
        begins = cell.startswith(_BREAKS) or cell.lstrip().startswith(_FORMULAS)
        return f"'{plain}" if begins and not _NUMBER.fullmatch(cell) else plain

    def defused(column):
        if is_numeric_dtype(column) or is_datetime64_any_dtype(column):
            return column
        # Whole numbers beside missing cells stay whole as objects alone.
        return pd.Series([defuse(cell) for cell in column], column.index, dtype=object)

    return table.apply(defused).rename(columns=defuse)


def _parquet_writer(beside):
    """Give a function that appends a table to a Parquet file."""
    import pyarrow
    from pyarrow import parquet

    writer = None

    def write(table):
        nonlocal writer
        content = pyarrow.Table.from_pandas(table, preserve_index=False)
        # What pandas notes of the types of copied columns it cannot always read.
        content = content.replace_schema_metadata()
        if writer is None:
            writer = parquet.ParquetWriter(beside, content.schema)
        writer.write_table(content.cast(writer.schema))

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()
