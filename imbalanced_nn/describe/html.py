"""Pieces of HTML; whatever comes in as text goes out escaped."""

from collections.abc import Iterable
from html import escape

__all__ = ["Markup", "cell", "code_block", "definitions", "markup", "section", "table"]


class Markup(str):
    """HTML that is written as it is; any other text is escaped."""

    __slots__ = ()


def markup(value) -> str:
    """Return HTML as it is and text escaped."""
    return value if isinstance(value, Markup) else escape(str(value))


def section(heading: str, *parts: str) -> Markup:
    """Return parts under a heading."""
    return Markup(f"<section>\n<h2>{markup(heading)}</h2>\n" + "\n".join(parts) + "\n</section>")


def cell(value, *, number: bool = False) -> Markup:
    """Return a cell of a table."""
    kind = ' class="number"' if number else ""
    return Markup(f"<td{kind}>{markup(value)}</td>")


def table(
    caption: str, columns: list[tuple[str, bool]], rows: Iterable[tuple[bool, list]]
) -> Markup:
    """Return a table that scrolls on its own where it is wider than the page.

    Parameters
    ----------
    caption : str
        What the table shows.
    columns : list of (str, bool)
        Header of every column, and whether it holds numbers.
    rows : iterable of (bool, list)
        Whether the row stands out, and its cells; the first cell is the row's header.
    """
    head = "".join(
        f'<th scope="col"{_number(number)}>{_breakable(header)}</th>' for header, number in columns
    )
    lines = []
    for stands_out, (first, *rest) in rows:
        kind = ' class="recommended"' if stands_out else ""
        cells = "".join(
            cell(value, number=number) for value, (_, number) in zip(rest, columns[1:], strict=True)
        )
        lines.append(f'<tr{kind}><th scope="row">{_breakable(first)}</th>{cells}</tr>')
    body = "\n".join(lines)
    return Markup(
        f'<div class="scroll" role="region" tabindex="0" aria-label="{markup(caption)}">\n'
        f"<table>\n<caption><span>{markup(caption)}</span></caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def definitions(entries: dict) -> Markup:
    """Return names and what they stand for."""
    lines = (f"<dt>{markup(name)}</dt><dd>{markup(value)}</dd>" for name, value in entries.items())
    return Markup("<dl>\n" + "\n".join(lines) + "\n</dl>")


def code_block(code: str) -> Markup:
    """Return code as it is to be typed."""
    return Markup(f"<pre><code>{markup(code)}</code></pre>")


def _breakable(name) -> str:
    """Return a name that may be broken behind its underscores, where a column is narrow."""
    return name if isinstance(name, Markup) else escape(str(name)).replace("_", "_<wbr>")


def _number(number: bool) -> str:
    """Return the attribute of a column of numbers."""
    return ' class="number"' if number else ""
