"""The command line ``imbalanced-nn``; answers ``--help`` without loading any library but click."""

import os

import click

from imbalanced_nn import __version__
from imbalanced_nn.cli.compare_command import compare
from imbalanced_nn.cli.evaluate_command import evaluate
from imbalanced_nn.cli.export_command import export
from imbalanced_nn.cli.fit_command import fit
from imbalanced_nn.cli.predict_command import predict
from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal
from imbalanced_nn.cli.report_command import report
from imbalanced_nn.cli.stopped import interrupt_watch
from imbalanced_nn.cli.terminal import say
from imbalanced_nn.cli.tune_command import tune_threshold

__all__ = ["main"]

_EPILOG = """\b
Exit codes: 0 done; 1 the data or a file cannot be used; 2 wrong usage, such
as a name that does not exist or a file that needs --force; 130 interrupted.
'compare' is done, too, where some strategies failed: it names them.
Codes of notes, such as INN010, are explained in docs/notes.

\b
Examples:
  imbalanced-nn compare transactions.csv --target fraud
  imbalanced-nn fit transactions.csv --target fraud --output fraud.inn
  imbalanced-nn predict fraud.inn new.csv --output scored.csv
"""


class _Group(click.Group):
    """A group that lists its commands in the order of their use, and ends without a traceback."""

    def list_commands(self, ctx):
        """Return the names of the commands in the order in which they were added."""
        return list(self.commands)

    def resolve_command(self, ctx, args):
        """Find the command; of an option that takes one value, click would take the last."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _refuse_repeated(command, click.Context(command, ctx, name), rest)
        return name, command, rest

    def invoke(self, ctx):
        """Run the command; an interrupted one ends with 130, the shell's code."""
        with interrupt_watch() as was_interrupted:
            try:
                return self._invoke(ctx)
            except BaseException as error:
                if not was_interrupted(error):
                    raise
        say("Interrupted.", err=True)
        return ctx.exit(130)

    def _invoke(self, ctx):
        """Run the command; what it does not refuse itself is a fault of the package."""
        try:
            return super().invoke(ctx)
        except (
            click.exceptions.Exit,
            click.exceptions.Abort,
            click.ClickException,
            # Whoever read the output has seen enough: click ends quietly.
            BrokenPipeError,
        ):
            raise
        except Exception as error:
            if os.environ.get("IMBALANCED_NN_TRACEBACK"):
                raise
            first = (str(error).splitlines() or [""])[0].rstrip(".")
            raise DataRefusal(
                f"{type(error).__name__}: {first}. This is a fault of imbalanced-nn; with "
                f"IMBALANCED_NN_TRACEBACK=1 in the environment it shows where."
            ) from error


def _refuse_repeated(command, ctx, args):
    """Refuse an option that is given more often than it takes values."""
    try:
        _, _, given = command.make_parser(ctx).parse_args(list(args))
    except click.UsageError:
        # Whoever parses them in earnest says what is wrong.
        return
    for option in set(given):
        single = isinstance(option, click.Option) and not (option.multiple or option.is_flag)
        if single and (often := given.count(option)) > 1:
            raise UsageRefusal(
                f"{option.opts[0]} is given {often} times and takes one value; give it once."
            )


@click.group(
    cls=_Group,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="imbalanced-nn")
def main():
    """Keras networks on imbalanced data."""


for _command in (compare, report, fit, predict, evaluate, tune_threshold, export):
    main.add_command(_command)
