"""Ctrl-C ends every command with 130, whatever the libraries between make of it."""

import os
import signal
import time

import click
import pytest
from click.testing import CliRunner

import imbalanced_nn.compare
from imbalanced_nn.cli import main
from imbalanced_nn.cli.refusals import DataRefusal
from imbalanced_nn.compare import compare_strategies


@pytest.fixture(autouse=True)
def default_handler():
    """Of what is started in the background, a shell has the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt():
    raise KeyboardInterrupt


def wrapped():
    try:
        interrupt()
    except KeyboardInterrupt as error:
        raise SystemError("a call returned with an exception set") from error


def hidden():
    try:
        interrupt()
    except KeyboardInterrupt:
        raise ValueError("in user code")  # noqa: B904 - the context is the subject


def lost():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
    except KeyboardInterrupt:
        pass
    raise RuntimeError("a graph could not be made")


def refused():
    try:
        lost()
    except RuntimeError as error:
        raise DataRefusal("a graph could not be made") from error


@pytest.mark.parametrize("ending", [interrupt, wrapped, hidden, lost, refused])
def test_an_interrupt_is_one(ending, monkeypatch):
    monkeypatch.setitem(main.commands, "strikes", click.Command("strikes", callback=ending))
    before = signal.getsignal(signal.SIGINT)
    done = CliRunner().invoke(main, ["strikes"])
    assert (done.exit_code, done.output) == (130, "Interrupted.\n")
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_is_none(monkeypatch):
    def fails():
        raise ValueError("bad")

    monkeypatch.setitem(main.commands, "fails", click.Command("fails", callback=fails))
    done = CliRunner().invoke(main, ["fails"])
    assert done.exit_code == 1
    assert "ValueError: bad" in done.output


@pytest.mark.parametrize("ending", [wrapped, hidden])
def test_an_interrupted_fit_is_no_strategy_that_failed(ending, stand_in, table, monkeypatch):
    class Struck(stand_in):
        def fit(self, X, y):
            ending()

    def compare(network, X, y, **options):
        return compare_strategies(Struck(), [[0], [1]] * 20, [0, 1] * 20, cv=2, random_state=0)

    monkeypatch.setattr(imbalanced_nn.compare, "compare_strategies", compare)
    done = CliRunner().invoke(main, ["compare", str(table), "--target", "fraud"])
    assert done.exit_code == 130, done.output
