"""Where the fits of a comparison run: how many at a time, on which of joblib's backends."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import click

from imbalanced_nn.cli.refusals import DataRefusal, UsageRefusal

__all__ = ["Workers", "is_folder", "workers_options"]


def is_folder(path: str) -> bool:
    """Whether a cache is a folder: one that is there, or a name that ends in a slash."""
    return path.endswith(("/", os.sep)) or os.path.isdir(path)


class Workers(NamedTuple):
    """What runs the fits.

    Parameters
    ----------
    n_jobs : int
        Fits at the same time; -1 is as many as there are cores, or places on the cluster.
    backend : str or None
        Of joblib; None is joblib's own choice.
    scheduler : str or None
        Address of dask's.
    """

    n_jobs: int
    backend: str | None
    scheduler: str | None

    @contextmanager
    def engaged(self) -> Iterator[int]:
        """Let the fits of the block run there; give their number for joblib."""
        if self.backend is None:
            yield self.n_jobs
            return
        import joblib

        with ExitStack() as stack:
            if self.scheduler is not None:
                stack.enter_context(_client(self.scheduler))
            stack.enter_context(joblib.parallel_config(self.backend, n_jobs=self.n_jobs))
            yield self.n_jobs


def _client(address: str):
    """Return a connection to a scheduler of dask, or refuse."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageRefusal(
            "--backend dask needs a package that is not there: pip install dask distributed."
        ) from None
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise DataRefusal(
            f"No scheduler of dask answers at {address!r}. Start one with 'dask scheduler', and "
            f"give the address that it prints, such as tcp://127.0.0.1:8786."
        ) from error


def workers_options(command: Callable) -> Callable:
    """Add the options that say where fits run, and give them as ``workers``."""

    @click.option(
        "--n-jobs",
        "--jobs",
        "n_jobs",
        type=int,
        help="Fits that run at the same time; -1 uses every core [default: 1; all of dask's].",
    )
    @click.option(
        "--backend",
        type=click.Choice(["loky", "threading", "dask"]),
        help="What runs them: processes, threads, or a cluster [default: processes].",
    )
    @click.option("--scheduler", metavar="ADDRESS", help="Of the cluster, for --backend dask.")
    @functools.wraps(command)
    def with_workers(*args, n_jobs, backend, scheduler, **options):
        if n_jobs == 0:
            raise UsageRefusal("--n-jobs is 0; give 1 or more, or -1 for every core.")
        if (backend == "dask") != (scheduler is not None):
            raise UsageRefusal(
                "--backend dask and --scheduler ADDRESS go together: the address is what 'dask "
                "scheduler' prints."
            )
        n_jobs = n_jobs or (-1 if backend == "dask" else 1)
        return command(*args, workers=Workers(n_jobs, backend, scheduler), **options)

    return with_workers
