"""Settings every test needs before the first numerical library is imported."""

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# TensorFlow and BLAS read these when they are first imported. With one test process per core,
# more than one thread in each makes every process wait for the others.
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Pictures are drawn without a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("imbalanced_nn", deadline=None)
settings.load_profile("imbalanced_nn")


@pytest.fixture(autouse=True, scope="module")
def one_network(request):
    """Let a share of the rows judge one network, also where five would judge each other's.

    Most tests ask how a network is trained, and five take five times as long. A module that tests
    what ``validation_split="auto"`` does says so: ``AS_IT_COMES = True``.
    """
    if getattr(request.module, "AS_IT_COMES", False):
        yield
        return
    from imbalanced_nn.wrapper import NetworkFactory

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NetworkFactory, "usual_folds", lambda *rows: 1)
        yield


@pytest.fixture(autouse=True, scope="module")
def graphs_as_traced(request):
    """Run TensorFlow's graphs as they were traced.

    TensorFlow rewrites a graph before it first runs, to run it often. That is a fourth of what a
    small network costs to trace and to train once. Processes that tests start, notebooks among
    them, rewrite as they come, and so does a module that says so, because it holds the last digit
    against such a process or against ``Model.fit``: ``REWRITTEN = True``.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or getattr(request.module, "REWRITTEN", False):
        yield
        return
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def pytest_collection_modifyitems(items):
    """Let tests hold out few rows or copies, and blend flags: most fit tiny, made data, to be fast.

    The tests of the notes themselves ask for them with `pytest.warns`, which this leaves as it is.
    """
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.filterwarnings(r"ignore:\[INN0(01|10|13|16)\]"))


def pytest_collection_finish():
    """Keep the programs of all files: tests train more kinds of networks than a user does.

    What is loaded by now stays until the end and is looked through for garbage no more. Looking
    through the millions of objects that the programs are takes seconds: let it be done rarely.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    cache = sys.modules.get("imbalanced_nn.training.cache")
    if cache is not None:
        cache.TRAINING.max_programs = cache.FORWARD.max_programs = 64


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    """Let the process end without a last look through all that its tests have left."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each process its half of the files in their order, until one has nothing left.

    Tests of a file share what its fixtures fit and the programs that its networks trace.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None
