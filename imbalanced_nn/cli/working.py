"""What tells that a command works: a bar on a terminal, a line for each stage elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from imbalanced_nn.cli.terminal import say

__all__ = ["progress_bar", "quiet_option", "stage"]

_QUIET = "imbalanced_nn.cli.quiet"
# Lines of a stage that takes long, where there is no bar.
_SECONDS = 30.0


def _be_quiet(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    context.meta[_QUIET] = value
    return value


quiet_option = click.option(
    "--quiet",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_be_quiet,
    help="Say nothing of what is being done; results, notes and errors are still printed.",
)


def _is_quiet() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))


def stage(what: str) -> None:
    """Print on stderr what is done now, unless the user wants quiet.

    Parameters
    ----------
    what : str
        Such as ``"Reading data.csv"``.
    """
    if not _is_quiet():
        say(f"{what} ...", err=True)


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function of (done, total) that moves a bar on a terminal's stderr.

    Where stderr is no terminal, a line says what is done and, every half minute, how far it is.

    Parameters
    ----------
    what, unit : str
        Such as ``"Comparing"`` and ``"fits"``.
    """
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    # As rich understands it.
    is_terminal = is_terminal or bool(os.environ.get("FORCE_COLOR"))
    if _is_quiet():
        yield lambda done, total: None
    elif is_terminal:
        with _bar(what, unit) as advance:
            yield advance
    else:
        say(f"{what} ...", err=True)
        yield _lines(what, unit)


def _lines(what: str, unit: str) -> Callable[[int, int], None]:
    """Return a function that says from time to time how far it is."""
    last = time.monotonic()

    def advance(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS:
            last = time.monotonic()
            say(f"{what}: {done:,} of {total:,} {unit}", err=True)

    return advance


@contextmanager
def _bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit}, time left"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        # A fit can take minutes, and the estimate needs a few of them.
        speed_estimate_period=3600,
    )
    with bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
