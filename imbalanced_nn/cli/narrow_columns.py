"""Columns that float32 rounds away, by their names and with what to do about them in a file."""

import re
import shlex
from collections.abc import Sequence

__all__ = ["named_offsets", "offsets_of"]

_NOTE = re.compile(
    r"\[INN023\] columns? (?P<places>\d+(?:, \d+)*)(?P<more>, \.\.\.)? of X, counted from 0: "
    r"(?P<what>.*) in column (?P<first>\d+), (?P<why>less than .* there)\. .*"
)
# So many rows show how far a column spreads.
_ROWS = 10_000


def named_offsets(notes: list[str], names: Sequence[str]) -> list[str]:
    """Return notes, of which those on offsets name columns of the table.

    Parameters
    ----------
    notes : list of str
        What was met in a fit.
    names : sequence of str
        Names of the columns of the matrix that was fitted on.
    """
    return [_named(note, names) for note in notes]


def offsets_of(X) -> list[str]:
    """Return the note on columns of a table that float32 rounds away, if there are any.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Floats and text, as `ColumnTypes` returns them.
    """
    import numpy as np

    from imbalanced_nn.cli.quiet import noted
    from imbalanced_nn.data import note_offsets
    from imbalanced_nn.preprocessing import ColumnEncoder

    encoder = ColumnEncoder()
    matrix = encoder.fit_transform(X.iloc[:: -(-len(X) // _ROWS)])
    with noted() as notes:
        note_offsets(matrix, np.arange(len(matrix)))
    return named_offsets(notes, encoder.get_feature_names_out().tolist())


def _named(note: str, names: Sequence[str]) -> str:
    """Return a note on offsets with the names of its columns, and any other as it is."""
    found = _NOTE.fullmatch(note)
    if found is None:
        return note
    columns = [str(names[int(place)]) for place in found["places"].split(", ")]
    shown = ", ".join(columns) + (found["more"] or "")
    drop = " ".join(f"--drop {shlex.quote(name)}" for name in columns)
    return (
        f"[INN023] {shown}: {found['what']} in {names[int(found['first'])]}, {found['why']}. "
        f"Subtract a number near the mean in the file, or leave out what is no feature: {drop}."
    )
