"""The house as a whole: lazy names, the order of the rooms, the style of every module."""

import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

import imbalanced_nn

# Each row's rooms import only from the rows above. Up to KERAS_FREE_UP_TO no room may import
# Keras; LATE_KERAS may inside a function, where it makes a Keras data set.
ROOMS = [
    ["_compat", "codes"],
    ["exceptions"],
    ["atomic_files"],
    ["data", "metrics", "weighting"],
    ["threshold"],
    ["calibration"],
    ["preprocessing"],
    ["sampling"],
    ["losses", "networks"],
    ["training", "describe"],
    ["wrapper"],
    ["fitting"],
    ["classifier"],
    ["inspection", "datasets", "export"],
    ["persistence"],
    ["report"],
    ["compare"],
    ["cli"],
]
KERAS_FREE_UP_TO = "sampling"
LATE_KERAS = {"sampling"}
KERAS = {"keras", "scikeras", "tensorflow"}
# Modules of the desk for private names that load Keras, though their room lies above it.
KERAS_DESKS = {
    f"imbalanced_nn._compat.{name}"
    for name in ("adam", "gradient", "joined", "keras", "late_variables", "scikeras")
}
# Before anything else the door looks which backend Keras can run on, without loading it.
CHOICE = "imbalanced_nn._compat.backend"
# The front door: the lazy table of public names, and the version report that it shows.
DOOR = {"", "__main__", "_show_versions"}
MAY_PRINT = {"cli", "_show_versions"}
MAX_LINES = 400

PACKAGE = Path(importlib.util.find_spec("imbalanced_nn").origin).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ROW_OF = {room: row for row, rooms in enumerate(ROOMS) for room in rooms}


def module_name(path):
    """Return the dotted name of a module's file."""
    parts = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts).removesuffix(".__init__")


def room_of(name):
    """Return the room a dotted name inside the package lies in; "" for the package itself."""
    return [*name.split("."), ""][1]


def imports(tree, name, is_package=False):
    """Yield each imported dotted name and whether the import runs when the module is loaded."""
    at_load = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        at_load.add(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in at_load
        elif isinstance(node, ast.ImportFrom):
            package = name.split(".") if is_package else name.split(".")[:-1]
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                if source != PACKAGE.name:
                    yield source, node in at_load
                elif not alias.name.startswith("__"):
                    # A public name of the package counts as the module it comes from.
                    target = imbalanced_nn._MODULE_OF.get(alias.name, alias.name)
                    yield f"{source}.{target}", node in at_load


def breaches(source, name, is_package=False):
    """Return what the imports of a module's source break of the order of the rooms."""
    room = room_of(name)
    found = []
    if name in KERAS_DESKS:
        return found
    for target, at_load in imports(ast.parse(source), name, is_package):
        top, target_room = target.split(".")[0], room_of(target)
        is_keras = top in KERAS or target in KERAS_DESKS
        if is_keras and (room in DOOR or ROW_OF[room] <= ROW_OF[KERAS_FREE_UP_TO]):
            if at_load or room not in LATE_KERAS:
                found.append(f"{name} imports {target}, but Keras starts further down")
        elif top == PACKAGE.name and target_room != room and target_room not in DOOR:
            if room in DOOR:
                if at_load and target != CHOICE:
                    found.append(f"{name} imports {target} when the package is loaded")
            elif ROW_OF[target_room] >= ROW_OF[room]:
                found.append(f"{name} imports {target}, which is not above it")
    return found


def backends_imported(source, name, is_package=False):
    """Return which of Keras' backends a module imports that is neither theirs nor the desk."""
    if room_of(name) == "_compat":
        return set()
    own = name.removeprefix(f"{PACKAGE.name}.training.backends.").split(".")[0]
    tops = {target.split(".")[0] for target, _ in imports(ast.parse(source), name, is_package)}
    return tops & {"tensorflow", "jax", "jaxlib", "torch"} - {own}


def run_python(code):
    """Run code in a fresh interpreter and return what it prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_every_module_imports_only_from_the_rooms_above_it(path):
    name = module_name(path)
    assert room_of(name) in {*DOOR, *ROW_OF}, f"{name} lies in no room of the table"
    assert breaches(path.read_text("utf-8"), name, path.name == "__init__.py") == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_backends_are_imported_in_their_own_packages_alone(path):
    name = module_name(path)
    assert backends_imported(path.read_text("utf-8"), name, path.name == "__init__.py") == set()


@pytest.mark.parametrize("source", ["import torch", "def f():\n    from jax import numpy"])
def test_a_backend_elsewhere_is_seen(source):
    assert len(backends_imported(source, "imbalanced_nn.training.backends.tensorflow.passes")) == 1
    assert len(backends_imported(source, "imbalanced_nn.training.graph")) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("imbalanced_nn.metrics", "from imbalanced_nn.classifier import BalancedKerasClassifier"),
        ("imbalanced_nn.metrics", "from imbalanced_nn import BalancedKerasClassifier"),
        ("imbalanced_nn.metrics", "from imbalanced_nn import weighting"),
        ("imbalanced_nn.metrics", "import imbalanced_nn.weighting"),
        ("imbalanced_nn.metrics", "from .weighting import class_weights"),
        ("imbalanced_nn.metrics", "def f():\n    from imbalanced_nn.cli import main"),
        ("imbalanced_nn.threshold.tuner", "from ..calibration import correct"),
        ("imbalanced_nn.threshold.tuner", "from keras import ops"),
        ("imbalanced_nn.data.checks", "def f():\n    import tensorflow as tf"),
        ("imbalanced_nn.sampling.batches", "import keras"),
        ("imbalanced_nn.sampling.batches", "from imbalanced_nn._compat.keras import mask_of"),
        ("imbalanced_nn.sampling.batches", "class A:\n    import keras"),
        ("imbalanced_nn.losses", "from imbalanced_nn.networks import mlp"),
        ("imbalanced_nn", "from imbalanced_nn.classifier import BalancedKerasClassifier"),
        ("imbalanced_nn._show_versions", "def f():\n    import tensorflow"),
    ],
)
def test_a_breach_of_the_order_is_seen(name, source):
    assert len(breaches(source, name)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("imbalanced_nn.metrics", "from imbalanced_nn.exceptions import warn"),
        ("imbalanced_nn.threshold.tuner", "from .search import best_cut"),
        ("imbalanced_nn.threshold.tuner", "from imbalanced_nn import __version__, metrics"),
        ("imbalanced_nn.sampling.batches", "def f():\n    import keras"),
        ("imbalanced_nn.losses", "import keras"),
        ("imbalanced_nn", "def f():\n    from imbalanced_nn.exceptions import nearest_name"),
        ("imbalanced_nn.cli", "from imbalanced_nn import compare_strategies"),
    ],
)
def test_the_order_lets_through_what_it_should(name, source):
    assert breaches(source, name) == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_every_module_keeps_the_house_style(path):
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree), "the module has no docstring"
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "__all__" in assigned, "the module has no __all__"
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n)]
    n_lines = source.count("\n") - sum(doc.end_lineno - doc.lineno + 1 for doc in docs)
    assert n_lines <= MAX_LINES, "the module is too long, its docstrings aside"
    prints = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not prints or room_of(module_name(path)) in MAY_PRINT, f"print on lines {prints}"


def test_the_page_on_architecture_shows_these_rooms():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    table = page.partition("| rooms |")[2].partition("\n\n")[0].split("\n")[2:]
    shown = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table]
    assert shown == ROOMS


def test_importing_the_package_loads_no_numerical_library():
    heavy = sorted(KERAS | {"imblearn", "numpy", "pandas", "sklearn"})
    code = f"import sys, imbalanced_nn; print([m for m in {heavy} if m in sys.modules])"
    assert run_python(code).strip() == "[]"


def test_the_rooms_above_keras_and_displays_load_neither_keras_nor_matplotlib():
    names = [
        module_name(path)
        for path in MODULES
        if ROW_OF.get(room_of(module_name(path)), len(ROOMS)) <= ROW_OF[KERAS_FREE_UP_TO]
        and module_name(path) not in KERAS_DESKS
    ]
    found = "print([m for m in {} if m in sys.modules])"
    code = (
        "import importlib, sys, imbalanced_nn.metrics, imbalanced_nn.threshold\n"
        + found.format(["imblearn", *sorted(KERAS)])
        + "\nimport imbalanced_nn.inspection as i\n"
        "i.ClassCountsDisplay(counts={'all rows': [9, 1]}, classes=[0, 1]).frame()\n"
        f"for name in {names}: importlib.import_module(name)\n"
        + found.format(["matplotlib", *sorted(KERAS)])
    )
    assert run_python(code).split() == ["[]", "[]"]


@pytest.mark.parametrize("name", imbalanced_nn.__all__)
def test_every_public_name_resolves(name):
    value = getattr(imbalanced_nn, name)
    assert value is not None
    assert name in vars(imbalanced_nn)
    assert getattr(value, "__name__", name) == name


def test_dir_lists_the_public_names_before_they_are_imported():
    code = (
        "import imbalanced_nn as p\n"
        "before = set(vars(p))\n"
        "print(sorted(set(p.__all__) - set(dir(p))), '__version__' in dir(p),\n"
        "      sorted(set(p.__all__) & before), dir(p) == sorted(set(dir(p))))"
    )
    assert run_python(code).split("\n")[0] == "[] True [] True"


def test_an_unknown_name_is_an_attribute_error_that_names_the_nearest():
    with pytest.raises(AttributeError) as error:
        imbalanced_nn.BalancedKerasClasifier  # noqa: B018
    assert str(error.value) == (
        "module 'imbalanced_nn' has no attribute 'BalancedKerasClasifier'."
        " Did you mean 'BalancedKerasClassifier'?"
    )
    assert error.value.name == "BalancedKerasClasifier"
    assert "".join(traceback.format_exception_only(error.value)).count("Did you mean") == 1
    with pytest.raises(AttributeError) as error:
        imbalanced_nn.qqq  # noqa: B018
    assert str(error.value) == "module 'imbalanced_nn' has no attribute 'qqq'"


def test_the_package_runs_as_the_command():
    code = (
        "import runpy, sys; sys.argv = ['x', 'report', '--help']\n"
        "try: runpy.run_module('imbalanced_nn', run_name='__main__')\n"
        "except SystemExit as end: print(end.code)"
    )
    assert run_python(code).startswith("Usage: ")
    assert run_python(code).endswith("\n0\n")


def test_show_versions_prints_every_dependency_and_loads_no_keras():
    code = (
        "import sys, imbalanced_nn; imbalanced_nn.show_versions();"
        f"print([m for m in {sorted(KERAS)} if m in sys.modules])"
    )
    *report, loaded = run_python(code).strip().split("\n")
    assert loaded == "[]"
    versions = dict(line.strip().split(": ", 1) for line in report if ": " in line)
    assert versions["imbalanced_nn"] == imbalanced_nn.__version__
    assert versions["python"].startswith(sys.version.split()[0])
    for name in ("scikit-learn", "imbalanced-learn", "keras", "tensorflow", "numpy", "matplotlib"):
        assert versions[name] == importlib.metadata.version(name)


def test_show_versions_says_none_for_what_is_not_installed():
    from imbalanced_nn import _show_versions

    assert _show_versions.installed_version("no-such-distribution-here") is None


def test_type_hints_are_announced():
    assert (PACKAGE / "py.typed").is_file()
