"""Rules of the house over the syntax trees: one writer, one desk for foreign names, one home."""

import ast
import functools
from collections import Counter
from pathlib import Path

import pytest

from imbalanced_nn._compat import scikeras

from .test_package import MODULES, PACKAGE, imports, module_name, room_of

# The estimator itself: scikeras kept to scikit-learn's contract, and what asks its hooks.
OWN = {"classifier", "wrapper"}
CLASSES = [PACKAGE / "classifier.py", *sorted(PACKAGE.glob("wrapper/*_classifier.py"))]
TESTS = Path(__file__).parent
# What estimators are called where they are passed on.
ESTIMATORS = {"classifier", "clf", "estimator"}
BY_NAME = ("getattr", "hasattr", "setattr", "delattr")
OTHERS = [path for path in MODULES if room_of(module_name(path)) not in OWN]


def is_private(name):
    """Whether a name is private, and not one of Python's own."""
    return name.startswith("_") and not name.startswith("__")


@functools.cache
def private_names():
    """Return the private methods, properties and attributes of the estimator's own classes."""
    names = set()
    for path in CLASSES:
        for owner in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(owner, ast.ClassDef):
                continue
            for node in ast.walk(owner):
                if isinstance(node, ast.FunctionDef):
                    names.add(node.name)
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    names.add(node.attr)
    return {name for name in names if is_private(name)}


def accesses(tree):
    """Yield line, object and name of everything read or stored by attribute, `getattr` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.value, node.attr, isinstance(node.ctx, ast.Store)
        elif isinstance(node, ast.Call) and len(node.args) > 1:
            function, given = last_name(node.func), node.args[1]
            if function in BY_NAME and isinstance(given, ast.Constant):
                yield node.lineno, node.args[0], given.value, function in ("setattr", "delattr")


def last_name(node):
    """Return the last name of what an attribute is of: ``estimator`` in ``self.estimator``."""
    return getattr(node, "attr", getattr(node, "id", None))


def readings(source):
    """Return where a module reads what is private to the estimator."""
    names = private_names()
    return [
        f"line {line}: {name}"
        for line, owner, name, _ in accesses(ast.parse(source))
        if name in names and last_name(owner) not in ("self", "cls")
    ]


def writings(source):
    """Return where a module stores on an estimator, or in its dictionary."""
    tree, found = ast.parse(source), []
    for line, owner, name, stores in accesses(tree):
        if stores and last_name(owner) in ESTIMATORS:
            found.append(f"line {line}: {name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            of_vars = isinstance(owner, ast.Call) and last_name(owner.func) == "vars"
            changes = node.func.attr in ("clear", "pop", "setdefault", "update")
            if of_vars and changes and last_name(owner.args[0]) in ESTIMATORS:
                found.append(f"line {node.lineno}: vars().{node.func.attr}")
    return found


@pytest.mark.parametrize("path", OTHERS, ids=module_name)
def test_nobody_reads_inside_the_estimator(path):
    assert readings(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", OTHERS, ids=module_name)
def test_nobody_else_writes_on_the_estimator(path):
    assert writings(path.read_text("utf-8")) == []


def test_no_test_reads_inside_the_estimator():
    """What subclasses override is scikeras' own, and as good as public."""
    found = {path.stem: readings(path.read_text("utf-8")) for path in TESTS.rglob("*.py")}
    hooks = tuple(f": {name}" for name in scikeras.HOOKS)
    assert [(stem, r) for stem, each in found.items() for r in each if not r.endswith(hooks)] == []


def test_the_private_names_are_found():
    assert {"_publish", "_result", "_kind", "_steps", "_fit", "_predict_raw"} <= private_names()


@pytest.mark.parametrize(
    "source", ["clf._kind", "getattr(estimator, '_result', None)", "self.classifier._steps"]
)
def test_a_reading_is_seen(source):
    assert len(readings(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "estimator.model_ = 1",
        "self.estimator.x_ = 1",
        "setattr(clf, 'x_', 1)",
        "vars(clf).update(b)",
    ],
)
def test_a_writing_is_seen(source):
    assert len(writings(source)) == 1


@pytest.mark.parametrize(
    "source", ["self._kind = 1", "estimator.fit_result_.target", "vars(a).update(b)"]
)
def test_what_is_allowed_is_not(source):
    assert readings(source) == writings(source) == []


def public_definitions():
    """Yield module and name of every public function and class, commands of the line aside."""
    for path in MODULES:
        for node in ast.parse(path.read_text("utf-8")).body:
            is_definition = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if (
                is_definition
                and not node.name.startswith("_")
                and not path.stem.endswith("_command")
            ):
                yield module_name(path), node.name


def past_the_door(source, name, is_package=False):
    """Return the imports of a module that reach into another room past its face."""
    return [
        target
        for target, _ in imports(ast.parse(source), name, is_package)
        if target.count(".") > 1
        and target.startswith(f"{PACKAGE.name}.")
        and room_of(target) not in ("_compat", room_of(name))
        and (PACKAGE.parent / target.replace(".", "/")).with_suffix(".py").is_file()
    ]


def is_of_a_backend(name):
    """Whether a module implements for one backend what the others do under the same names."""
    return name.startswith("imbalanced_nn.training.backends.") and name.count(".") > 3


def test_a_file_stem_exists_once():
    shared = [path for path in MODULES if not is_of_a_backend(module_name(path))]
    stems = Counter(path.stem for path in shared if path.stem != "__init__")
    assert [stem for stem, number in stems.items() if number > 1] == []


def test_a_public_name_is_defined_once():
    shared = [name for module, name in public_definitions() if not is_of_a_backend(module)]
    names = Counter(shared)
    assert [name for name, number in names.items() if number > 1] == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_rooms_import_each_other_by_their_faces(path):
    name = module_name(path)
    assert past_the_door(path.read_text("utf-8"), name, path.name == "__init__.py") == []


def test_a_way_past_the_door_is_seen():
    source = "def f():\n    from imbalanced_nn.data.rows import Rows"
    assert past_the_door(source, "imbalanced_nn.sampling.draws") == ["imbalanced_nn.data.rows"]
    assert past_the_door(source, "imbalanced_nn.data.splits") == []
    assert past_the_door("from imbalanced_nn.data import Rows", "imbalanced_nn.cli") == []


# Public, whatever their first letter.
NOT_PRIVATE = {"_asdict", "_getframe", "_replace"}
DESK = "_compat"
# scikeras' protected hooks are overridden by the wrapper and asked through it; the boxes of
# scikit-learn's diagrams and its list of parameters in HTML ask for methods by these names.
HOOKS = {
    "wrapper": {*scikeras.HOOKS, *scikeras.ATTRIBUTES, "_fit_callbacks", "_predict_callbacks"}
    | {"_user_params", "_keras_build_fn"},
    "classifier": {*scikeras.HOOKS},
    "describe": {"_get_fitted_attr_html", "_repr_html_inner"},
}


@functools.cache
def own_names():
    """Return every name that the package defines or stores by attribute, the desk aside."""
    names = set()
    for path in MODULES:
        if room_of(module_name(path)) == DESK:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if last_name(node.value) == "self":
                    names.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Call) and last_name(node.func) == "update":
                names |= {keyword.arg for keyword in node.keywords}
    return names


def foreign_names(source, room=""):
    """Return where a module takes a private name from another package."""
    tree, found = ast.parse(source), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parts = [*node.module.split("."), *(alias.name for alias in node.names)]
            private = any(is_private(part) for part in parts) or "keras.src" in node.module
            if private and parts[0] != PACKAGE.name:
                found.append(f"line {node.lineno}: {node.module}")
    for line, _, name, _ in accesses(tree):
        known = name in own_names() or name in NOT_PRIVATE or name in HOOKS.get(room, ())
        if isinstance(name, str) and is_private(name) and not known:
            found.append(f"line {line}: {name}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_private_names_of_others_are_taken_at_one_desk(path):
    room = room_of(module_name(path))
    if room != DESK:
        assert foreign_names(path.read_text("utf-8"), room) == []


@pytest.mark.parametrize(
    "source",
    [
        "from keras.src.saving import saving_lib",
        "from sklearn.utils import _safe_indexing",
        "from sklearn.utils._param_validation import Interval",
        "getattr(optimizer, '_learning_rate', None)",
        "model._flatten_layers()",
    ],
)
def test_a_foreign_name_is_seen(source):
    assert len(foreign_names(source)) == 1
