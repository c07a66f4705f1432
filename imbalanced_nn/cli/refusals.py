"""Refusals of the command line: one sentence on stderr and an exit code."""

import sys
from contextlib import contextmanager

import click

from imbalanced_nn.cli.wording import as_typed

__all__ = ["DataRefusal", "UsageRefusal", "errors_as_refusals", "sentence"]


class _Refusal(click.ClickException):
    """A sentence on stderr, wrapped where somebody reads it and on one line anywhere else."""

    def show(self, file=None) -> None:
        """Print the sentence."""
        from imbalanced_nn.cli.terminal import say, say_prose

        is_read = sys.stderr is not None and sys.stderr.isatty()
        (say_prose if is_read else say)(f"Error: {self.format_message()}", err=True)


class DataRefusal(_Refusal):
    """The data cannot be used."""

    exit_code = 1


class UsageRefusal(_Refusal):
    """The command was called with something that does not exist or does not fit."""

    exit_code = 2


@contextmanager
def errors_as_refusals():
    """Turn what the package refuses into refusals; anything else is a fault of its own."""
    try:
        yield
    except BrokenPipeError:
        raise
    except FileExistsError as error:
        raise UsageRefusal(f"{sentence(error)} Give --force to replace it.") from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageRefusal(sentence(error)) from error
    except (MemoryError, OSError) as error:
        raise DataRefusal(sentence(error) or "There is not enough memory.") from error
    except (TypeError, ValueError) as error:
        from imbalanced_nn.exceptions import InvalidParameterError

        if isinstance(error, InvalidParameterError):
            raise UsageRefusal(sentence(error)) from error
        if isinstance(error, ValueError):
            raise DataRefusal(sentence(error)) from error
        raise


def sentence(error: Exception) -> str:
    """Return the message of an error on one line, in the words of the command line."""
    if isinstance(error, OSError) and error.strerror:
        if isinstance(error, FileNotFoundError):
            return f"There is no file {error.filename!r}."
        return f"{error.strerror}{f': {error.filename!r}' if error.filename else ''}."
    return as_typed(str(error))
