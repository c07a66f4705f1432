"""The notebooks: each runs from its first cell to its last, and is stored as it ran."""

import re
import runpy
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
# A path on somebody's machine: of a root folder, of a home, of Windows.
MACHINE_PATH = re.compile(r"(?<![\w/.:<])/(home|root|tmp|work|usr|opt|var|Users)/|[A-Z]:\\\\|~/")
MAX_KB = 250


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(cell):
    """Return the source of a cell and all text among its outputs."""
    outputs = cell.get("outputs", [])
    data = [value for output in outputs for value in output.get("data", {}).items()]
    return "\n".join(
        [cell.source]
        + [output.get("text", "") for output in outputs]
        + [value for kind, value in data if not kind.startswith("image/")]
    )


def test_there_are_notebooks():
    assert len(PATHS) == 6


def test_it_opens_with_the_question_it_answers(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert re.fullmatch(r"# .+\?", first.source.splitlines()[0])


def test_it_was_run_once_in_order_and_without_an_error(notebook):
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds and "error" not in kinds
    pictures = [output for cell in cells for output in cell.outputs if "data" in output]
    assert any("image/png" in output.data for output in pictures)


def test_it_tells_nothing_of_the_machine_it_ran_on(notebook):
    for cell in notebook.cells:
        text = text_of(cell)
        assert not MACHINE_PATH.search(text), text
        assert "\x1b" not in text and "ipykernel" not in text
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(not cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_is_small(path):
    assert path.stat().st_size < MAX_KB * 1000


# Each cell still runs and shows what it shows; how well a network learns is said by the stored
# notebook, which is written by whole fits of the network that is the default.
LITTLE = """
from imbalanced_nn.networks.builders import NETWORKS
from imbalanced_nn.wrapper.factory import NetworkFactory

NETWORKS["default"] = NETWORKS["mlp"]
_epochs = NetworkFactory.epochs
NetworkFactory.epochs = lambda *given, run=_epochs, **named: min(run(*given, **named), 3)
"""
# They run one after the other in one process, because loading the libraries takes longer than most
# of them. What was noted, or left out, in the last one is noted again.
AFRESH = """
import warnings
from imbalanced_nn.exceptions import ImbalanceWarning

warnings.simplefilter("default", ImbalanceWarning)
get_ipython().reset()
"""
# What else a notebook does often, or at length, and how often is enough to see that it runs.
LESS = {
    "choosing_a_strategy": {
        "cv=5": "cv=2",
        "BalancedKerasClassifier(v": 'BalancedKerasClassifier("mlp", v',
        "RandomForestClassifier(random_state=0)": "RandomForestClassifier(10, random_state=0)",
    },
    "extreme_imbalance_and_sequences": {
        "1e-3, 100, stop / 2": "1e-3, 2, stop / 2",
        "1e-2, 30, 1, []": "1e-2, 2, 1, []",
    },
    "pipelines_and_searches": {"StratifiedKFold(3,": "StratifiedKFold(2,"},
}


def shortened(notebook, name):
    """Return a copy of a notebook that does the same in less time."""
    short = nbformat.from_dict(notebook)
    first = code_cells(short)[0]
    first.source = AFRESH + LITTLE + first.source
    for given, instead in LESS.get(name, {}).items():
        (cell,) = (cell for cell in code_cells(short) if given in cell.source)
        cell.source = cell.source.replace(given, instead)
    return short


@pytest.fixture(scope="module")
def execute():
    """Run a notebook in the kernel that the notebooks share."""
    module = runpy.run_path(str(FOLDER / "__main__.py"))
    kernel = module["start_kernel"]()
    yield lambda notebook: module["execute"](notebook, kernel)
    kernel.shutdown_kernel(now=True)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_runs(path, execute):
    notebook = nbformat.read(path, as_version=4)
    done = execute(shortened(notebook, path.stem))
    for stored, fresh in zip(code_cells(notebook), code_cells(done), strict=True):
        assert stored.execution_count == fresh.execution_count
        kinds = [{output.output_type for output in cell.outputs} for cell in (stored, fresh)]
        assert kinds[0] == kinds[1], fresh.source


@pytest.mark.slow
def test_the_picture_of_the_readme_can_be_drawn_again(tmp_path):
    picture = runpy.run_path(str(FOLDER / "picture.py"))
    picture["draw"](tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    readme = (FOLDER.parent / "README.md").read_text("utf-8")
    assert f"notebooks/images/{picture['PATH'].name}" in readme
    assert picture["PATH"].exists()
