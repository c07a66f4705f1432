"""Tables that fit a width: names are shortened for it, numbers never."""

from bisect import bisect_left

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.measure import Measurement

__all__ = ["fitted", "natural_width", "one_line", "short_names"]

_SHORTEST = 5
# Wider than any table.
_ENDLESS = 100_000


def fitted(draw, names, width):
    """Return a table with names as long as a width allows.

    Parameters
    ----------
    draw : callable
        Returns the table for names.
    names : list of str
        Its names.
    width : int
        Columns of the terminal. A table that cannot be so narrow is wider.

    Returns
    -------
    rich.table.Table
    """
    names = [one_line(name) for name in names]
    # From the longest name down, until the table fits.
    lengths = range(max(map(cell_len, names), default=0), _SHORTEST, -1)

    def fits(length):
        return natural_width(draw(short_names(names, length))) <= width

    place = bisect_left(lengths, True, key=fits)
    return draw(short_names(names, lengths[place] if place < len(lengths) else _SHORTEST))


def natural_width(table):
    """Return how many columns of a terminal a table takes where nothing is shortened."""
    console = Console(width=_ENDLESS, force_jupyter=False)
    return Measurement.get(console, console.options, table).maximum


def one_line(name):
    """Return a name with its line breaks and other control characters spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(name))


def short_names(names, length):
    """Return names of at most so many columns, which can still be told apart.

    Parameters
    ----------
    names : list of str
        Names; those that are longer lose their middle.
    length : int
        Columns of a terminal, of which some characters take two.

    Returns
    -------
    list of str
    """
    short = [_without_middle(name, length) for name in names]
    return [
        name
        if short.count(name) == 1 or name == whole
        else _without_middle(whole, length, f"…{place}")
        for place, (name, whole) in enumerate(zip(short, names, strict=True), start=1)
    ]


def _without_middle(name, length, end=None):
    """Return a name that is cut to a length, to its two ends or to its begin and a given end."""
    if cell_len(name) <= length:
        return name
    if end is None:
        kept = (length - 1) // 2
        end = "…" + set_cell_size(name[::-1], kept).rstrip()[::-1]
    return set_cell_size(name, max(length - cell_len(end), 0)).rstrip() + end
