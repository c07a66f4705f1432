"""Refusals of the command line: one sentence on stderr and an exit code."""

import click

__all__ = ["DataRefusal", "UsageRefusal"]


class DataRefusal(click.ClickException):
    """The data cannot be used."""

    exit_code = 1


class UsageRefusal(click.ClickException):
    """The command was called with something that does not exist or does not fit."""

    exit_code = 2
