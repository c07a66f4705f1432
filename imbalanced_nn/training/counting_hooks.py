"""Hooks of callbacks that do the same whether a batch is trained now or has been before."""

import dis
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType, MethodType
from typing import Any

__all__ = ["only_counts"]

# What a hook may do: read and set attributes of its callback, compute, compare, branch. Anything
# else, calls above all, and whatever a later Python adds, could look at the network or the clock.
_HARMLESS = {
    *("RESUME", "NOP", "CACHE", "EXTENDED_ARG", "COPY", "SWAP", "POP_TOP", "NOT_TAKEN"),
    *("LOAD_CONST", "LOAD_SMALL_INT", "LOAD_ATTR", "STORE_ATTR", "BINARY_SUBSCR", "STORE_SUBSCR"),
    *("BINARY_OP", "COMPARE_OP", "CONTAINS_OP", "IS_OP", "TO_BOOL", "BUILD_TUPLE"),
    *("UNARY_NEGATIVE", "UNARY_NOT", "RETURN_VALUE", "RETURN_CONST"),
}
_HARMLESS_STARTS = ("LOAD_FAST", "STORE_FAST", "POP_JUMP", "JUMP_FORWARD")
_OF_THE_NETWORK = {"model", "_model"}


def only_counts(hook: Any) -> bool:
    """Whether a hook of a callback does the same if it is called after its batch.

    True where its code reads nothing but the number of the batch and its callback's attributes,
    the network apart, and calls nothing: such as ``self.n_batches += 1``.

    Parameters
    ----------
    hook : callable
        What Keras calls with the number of a batch and ``logs``.

    Examples
    --------
    >>> from imbalanced_nn.training.counting_hooks import only_counts
    >>> only_counts(lambda batch, logs=None: None)
    True
    >>> only_counts(lambda batch, logs=None: print(batch))
    False
    """
    owner = hook.__self__ if isinstance(hook, MethodType) else None
    function = hook.__func__ if isinstance(hook, MethodType) else hook
    if type(function) is not FunctionType or not _has_plain_attributes(type(owner)):
        return False
    code = function.__code__
    names = code.co_varnames
    n_named = code.co_argcount + code.co_kwonlyargcount
    n_all = n_named + bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    # `logs`, and whatever else is given: of single batches nothing is known afterwards.
    untold = {*names[1 if owner is None else 2 : n_named], *names[n_named:n_all]}
    itself = None if owner is None else names[0]
    before: Any = None
    for step in dis.get_instructions(function):
        name = step.opname
        if name not in _HARMLESS and not name.startswith(_HARMLESS_STARTS):
            return False
        if not untold.isdisjoint(_names(step)):
            return False
        if name.startswith("STORE_FAST") and itself in _names(step):
            return False
        if name in ("LOAD_ATTR", "STORE_ATTR"):
            # What `self.n += 1` sets was read before.
            is_own = before.opname == "SWAP" or _names(before)[-1:] == (itself,)
            if not is_own or itself is None or not _is_plain(type(owner), step.argval):
                return False
        if name not in ("COPY", "CACHE", "EXTENDED_ARG"):
            before = step
    return True


def _names(step: dis.Instruction) -> tuple[Any, ...]:
    """Return the local names that an instruction loads, one or two."""
    if not step.opname.startswith(("LOAD_FAST", "STORE_FAST")):
        return ()
    return step.argval if isinstance(step.argval, tuple) else (step.argval,)


def _is_plain(cls: type, name: str) -> bool:
    """Whether an attribute is a value that instances hold, and not the network."""
    found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return name not in _OF_THE_NETWORK and not hasattr(type(found), "__get__")


def _has_plain_attributes(cls: type) -> bool:
    """Whether reading and setting attributes of instances runs no code of their own."""
    special = ("__getattribute__", "__setattr__")
    own = any(getattr(cls, name) is not getattr(object, name) for name in special)
    return not own and not hasattr(cls, "__getattr__")
