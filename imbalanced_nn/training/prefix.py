"""The part of a network that training leaves as it is, told from the part that is trained."""

from typing import Any

import keras

from imbalanced_nn._compat.keras import maker_of, nodes_into

__all__ = ["split_fixed"]


def split_fixed(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Return what a network does to its input before the first trained layer, and the rest.

    Fixed are layers that say so of themselves: without trained weights and chance, each row by
    itself. What they make of the rows of a fit need not be made again in every epoch.

    Parameters
    ----------
    model : keras.Model
        Network.

    Returns
    -------
    fixed, rest : keras.Model
        Networks of the same layers, the second one of the same class and not compiled. None
        instead of both where the first would do nothing, or leave more than one array.
    """
    given, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    if len(given) != 1 or len(outputs) != 1:
        return None
    between: dict[int, Any] = {}
    _collect(outputs[0], given[0], between, set())
    if len(between) != 1 or id(given[0]) in between:
        return None
    (tensor,) = between.values()
    # A list of layers begins with an input and no tensor.
    kind = keras.Model if isinstance(model, keras.Sequential) else type(model)
    return keras.Model(given[0], tensor), kind(tensor, outputs[0])


def _inputs(tensor: Any) -> list:
    """Return the symbolic tensors that one is made of."""
    layer, node = maker_of(tensor)
    return nodes_into(layer)[node].input_tensors


def _is_fixed(tensor: Any, given: Any) -> bool:
    """Whether only fixed layers are behind a tensor."""
    if tensor is given:
        return True
    layer, _ = maker_of(tensor)
    fixed = getattr(layer, "is_fixed", False) or isinstance(layer, keras.layers.Concatenate)
    inputs = _inputs(tensor)
    return bool(fixed and inputs) and all(_is_fixed(part, given) for part in inputs)


def _collect(tensor: Any, given: Any, between: dict[int, Any], seen: set[int]) -> None:
    """Collect the last fixed tensors on all ways from the input to a tensor."""
    if id(tensor) in seen:
        return
    seen.add(id(tensor))
    if _is_fixed(tensor, given):
        between[id(tensor)] = tensor
        return
    for part in _inputs(tensor):
        _collect(part, given, between, seen)
