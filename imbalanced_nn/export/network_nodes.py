"""Nodes of a network that the converter leaves as no runtime, or not every number, takes them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import erfcinv, erfinv

from imbalanced_nn.export.symbols import Graph, Symbol

__all__ = ["with_choices", "without_erfinv"]

# Of -log(1 - x^2) in float32, and what stands for 0 there. The polynomial is right to 1e-10.
DEEPEST, TINY = 17.0, 1e-12
DEGREE = 24


def with_choices(nodes: Iterable) -> list:
    """Return nodes in which sums that stand for a choice are choices.

    The converter writes ``where(c, x, y)`` as ``c * x + (1 - c) * y``, which is nothing where the
    one that is not chosen is infinite or no number.

    Parameters
    ----------
    nodes : iterable of onnx.NodeProto
        Of a network.
    """
    from onnx import helper

    nodes = list(nodes)
    maker = {name: node for node in nodes for name in node.output}

    def chosen(name):
        """Return condition, whether it is negated, and value of a product with a condition."""
        product = maker.get(name)
        if product is None or product.op_type != "Mul":
            return None
        for cast, value in (product.input, product.input[::-1]):
            cast = maker.get(cast)
            if cast is not None and cast.op_type == "Cast":
                condition = maker.get(cast.input[0])
                negated = condition is not None and condition.op_type == "Not"
                asked = condition if condition is not None and negated else cast
                return asked.input[0], negated, value
        return None

    made = []
    for node in nodes:
        parts: list[Any] = (
            [chosen(name) for name in node.input] if node.op_type == "Add" else [None]
        )
        if None not in parts and parts[0][0] == parts[1][0] and parts[0][1] != parts[1][1]:
            (_, negated, first), (condition, _, second) = parts
            values = (second, first) if negated else (first, second)
            node = helper.make_node("Where", [condition, *values], list(node.output), node.name)
        made.append(node)
    return made


def without_erfinv(nodes: Iterable, graph: Graph) -> list:
    """Return nodes in which those named Erfinv are replaced by what ONNX has.

    Parameters
    ----------
    nodes : iterable of onnx.NodeProto
        Of a network.
    graph : Graph
        Whose constants receive those that are needed.
    """
    made = []
    for node in nodes:
        if node.op_type != "Erfinv":
            made.append(node)
            continue
        start = len(graph.nodes)
        _inverse(Symbol(graph, node.input[0], np.float32, (None, 1)))
        # Its value keeps the name that others ask for.
        graph.nodes[-1].output[0] = node.output[0]
        made += graph.nodes[start:]
    return made


def _inverse(x: Symbol) -> Symbol:
    """Return the inverse error function of values between -1 and 1.

    Over x it is a smooth function of -log(1 - x^2), fitted by a polynomial to what SciPy gives.
    """
    wide = x.astype(np.float64)
    depth = -np.log(np.maximum(1 - wide * wide, np.exp(-DEEPEST)))
    place = depth * (2 / DEEPEST) - 1
    # Horner's rule.
    first, *others = _coefficients()[::-1]
    value = place * first
    for coefficient in others[:-1]:
        value = (value + coefficient) * place
    return (wide * (value + others[-1])).astype(np.float32)


def _coefficients() -> np.ndarray:
    """Return the coefficients, lowest first, of the polynomial on [-1, 1]."""

    def ratio(place):
        depth = np.maximum(DEEPEST * (place + 1) / 2, TINY)
        x = np.sqrt(-np.expm1(-depth))
        # Near 1 what is missing there says more than x.
        return np.where(depth < 1, erfinv(x), erfcinv(np.exp(-depth) / (1 + x))) / x

    return Chebyshev.interpolate(ratio, DEGREE).convert(kind=Polynomial).coef
