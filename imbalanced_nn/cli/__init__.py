"""The command line ``imbalanced-nn``; answers ``--help`` without loading any library but click."""

import click

from imbalanced_nn import __version__
from imbalanced_nn.cli.compare import compare
from imbalanced_nn.cli.report import report

__all__ = ["main"]


class _Group(click.Group):
    """A group that ends with 130, the shell's code, when it is interrupted."""

    def invoke(self, ctx):
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)


@click.group(
    cls=_Group,
    epilog="Example: imbalanced-nn compare transactions.csv --target fraud",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="imbalanced-nn")
def main():
    """Keras networks on imbalanced data."""


main.add_command(compare)
main.add_command(report)
