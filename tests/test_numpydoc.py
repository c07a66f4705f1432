"""Public objects are documented by numpydoc's rules, but for what is listed here."""

import importlib
import inspect
import runpy
from pathlib import Path

import pytest

import imbalanced_nn

validate = pytest.importorskip("numpydoc.validate").validate

CONF = Path(__file__).parents[1] / "docs" / "conf.py"
# Left out everywhere: "See Also" and extended summaries where there is nothing more to say, names
# of what is returned, and the order of the classifier's parameters, which the page groups by step.
EVERYWHERE = {"SA01", "ES01", "RT02", "PR03"}
# Left out of methods, which the example of their class shows, and of what the parent documents.
OF_METHODS = {"EX01", "PR04"}
# Left out in the rooms' faces, which those read who change the package: a summary may say all.
OF_ROOMS = {"EX01", "PR01", "PR04", "RT01", "RT03", "YD01"}


def methods(name, value):
    """Yield the names of the methods and properties that a class defines itself."""
    for each, member in vars(value).items():
        kinds = property, classmethod, staticmethod
        if not each.startswith("_") and (inspect.isfunction(member) or isinstance(member, kinds)):
            yield f"{name}.{each}"


def room_names():
    """Return the names of what the rooms of the reference show, their methods too."""
    names = []
    for room in runpy.run_path(str(CONF))["ROOMS"]:
        for name in importlib.import_module(room).__all__:
            value = getattr(importlib.import_module(room), name)
            if callable(value) and value.__module__.startswith(imbalanced_nn.__name__):
                names.append(f"{room}.{name}")
                names += methods(names[-1], value) if inspect.isclass(value) else []
    return names


def faults(name, left_out):
    """Return what numpydoc finds wrong with a docstring."""
    found = [error for error in validate(name)["errors"] if error[0] not in left_out]
    return [f"{name}: {code} {message}" for code, message in found]


@pytest.mark.parametrize("name", imbalanced_nn.__all__)
def test_what_most_import_is_documented_in_full(name):
    value = getattr(imbalanced_nn, name)
    full = f"imbalanced_nn.{name}"
    if callable(value):
        # Parameters of the parent are named together, by the link to where it tells of them.
        of_parent = {"PR04"} if name == "BalancedKerasClassifier" else set()
        assert faults(full, EVERYWHERE | of_parent) == []
    if inspect.isclass(value):
        for method in methods(full, value):
            assert faults(method, EVERYWHERE | OF_METHODS) == []


def test_what_rooms_show_keeps_the_form():
    found = [fault for name in room_names() for fault in faults(name, EVERYWHERE | OF_ROOMS)]
    assert found == []


def test_a_fault_is_seen():
    found = faults("textwrap.dedent", EVERYWHERE)
    assert {fault.split()[1] for fault in found} >= {"PR01", "RT01"}
