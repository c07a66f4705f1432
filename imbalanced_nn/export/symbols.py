"""Arrays that write down in ONNX what NumPy is asked to do with them.

The formulas that lead from a network's outputs to probabilities stand once, in NumPy. Called on a
`Symbol` in place of an array they leave the same computation as nodes of a graph.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from scipy import special

from imbalanced_nn.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import onnx

__all__ = ["Graph", "Symbol"]

UFUNCS = {
    np.add: "Add",
    np.subtract: "Sub",
    np.multiply: "Mul",
    np.divide: "Div",
    np.power: "Pow",
    np.maximum: "Max",
    np.minimum: "Min",
    np.negative: "Neg",
    np.absolute: "Abs",
    np.log: "Log",
    np.exp: "Exp",
    np.sqrt: "Sqrt",
    np.greater: "Greater",
    np.greater_equal: "GreaterOrEqual",
    np.less: "Less",
    np.less_equal: "LessOrEqual",
    np.equal: "Equal",
    np.logical_not: "Not",
    np.isnan: "IsNaN",
    np.matmul: "MatMul",
    special.expit: "Sigmoid",
}
ANSWERS_BOOL = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "Not", "IsNaN"}
WRITTEN_OUT = {
    np.log1p: lambda x: np.log(1 + x),
    np.expm1: lambda x: np.exp(x) - 1,
    np.square: lambda x: x * x,
    special.logit: lambda x: np.log(x) - np.log(1 - x),
}


class Graph:
    """Nodes and constants of an ONNX graph in the order in which they are needed.

    Parameters
    ----------
    prefix : str
        What the names of its values begin with.
    """

    def __init__(self, prefix: str):
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: Any) -> "Symbol":
        """Return an array as a value of the graph."""
        values = np.asarray(values)
        if values.dtype.kind in "UO":
            values = values.astype(object)
        name = f"{self.prefix}/constant_{len(self.constants)}"
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(values, name))
        return Symbol(self, name, values.dtype, values.shape)

    def add(self, op: str, *inputs: Any, dtype: Any, shape: tuple, **attributes: Any) -> "Symbol":
        """Add a node and return its value.

        Parameters
        ----------
        op : str
            Name of the operator.
        *inputs : Symbol or array
            What it takes.
        dtype, shape : data type, tuple
            Of its value; None stands for the number of rows.
        **attributes
            Of the node; ``domain`` that of the operator.
        """
        given = [part if isinstance(part, Symbol) else self.constant(part) for part in inputs]
        name = f"{self.prefix}/{op}_{len(self.nodes)}"
        names = [part.name for part in given]
        from onnx import helper

        self.nodes.append(helper.make_node(op, names, [name], name=name, **attributes))
        return Symbol(self, name, np.dtype(dtype), shape)


class Symbol(NDArrayOperatorsMixin):
    """A value of a graph that NumPy takes for an array.

    Parameters
    ----------
    graph : Graph
        Where it is computed.
    name : str
        Its name there.
    dtype : dtype
        Its type.
    shape : tuple of int or None
        Its shape; None is the number of rows.
    """

    def __init__(self, graph: Graph, name: str, dtype: Any, shape: tuple):
        self.graph, self.name = graph, name
        self.dtype, self.shape = np.dtype(dtype), shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def astype(self, dtype: Any, copy: bool = True) -> "Symbol":
        """Return the value in another type."""
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        from onnx import helper

        to = helper.np_dtype_to_tensor_dtype(dtype)
        return self.graph.add("Cast", self, dtype=dtype, shape=self.shape, to=to)

    def reshape(self, *shape: Any) -> "Symbol":
        """Return the value in another shape, in which -1 is the number of rows."""
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        new = tuple(None if size == -1 else int(size) for size in shape)
        return self._add("Reshape", self, np.array(shape, np.int64), shape=new)

    def sum(self, axis: int = -1, keepdims: bool = False) -> "Symbol":
        """Return the sum over an axis."""
        axis %= self.ndim
        kept = (1,) if keepdims else ()
        shape = (*self.shape[:axis], *kept, *self.shape[axis + 1 :])
        axes = np.array([axis], np.int64)
        return self._add("ReduceSum", self, axes, shape=shape, keepdims=int(keepdims))

    def __getitem__(self, key: Any) -> "Symbol":
        """Return columns by number, list or slice."""
        if not (isinstance(key, tuple) and len(key) == self.ndim == 2 and key[0] == slice(None)):
            raise _not_written(f"the index {key!r}")
        columns = np.arange(self.shape[1])[key[1]]
        shape = (None, *columns.shape)
        return self._add("Gather", self, np.asarray(columns, np.int64), shape=shape, axis=1)

    def _add(self, op: str, *inputs: Any, shape: tuple, **attributes: Any) -> "Symbol":
        return self.graph.add(op, *inputs, dtype=self.dtype, shape=shape, **attributes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise _not_written("a step that makes an array of its input")

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, where=True):
        if method != "__call__" or (ufunc not in UFUNCS and ufunc not in WRITTEN_OUT):
            raise _not_written(f"numpy's {ufunc.__name__!r}")
        written = WRITTEN_OUT.get(ufunc)
        made = written(*inputs) if written else self._apply(UFUNCS[ufunc], inputs)
        return made if where is True else np.where(where, made, out[0])

    def _apply(self, op: str, inputs: tuple) -> "Symbol":
        kinds = [part.dtype if hasattr(part, "dtype") else part for part in inputs]
        kind = np.result_type(*kinds)
        if op in ("Div", "Log", "Exp", "Sqrt", "Sigmoid", "Pow") and kind.kind in "iub":
            kind = np.dtype(np.float64)
        parts = [_as(part, kind) for part in inputs]
        if op == "MatMul":
            shape = (*parts[0].shape[:-1], parts[1].shape[-1])
        else:
            shape = _broadcast([part.shape for part in parts])
        answer = bool if op in ANSWERS_BOOL else kind
        return self.graph.add(op, *parts, dtype=answer, shape=shape)

    def __array_function__(self, function, types, args, kwargs):
        if function not in FUNCTIONS:
            raise _not_written(f"numpy's {function.__name__!r}")
        written: Any = FUNCTIONS[function]
        return written(*args, **kwargs)


def _not_written(what: str) -> InvalidParameterError:
    """Return the error for a computation that has no translation."""
    return InvalidParameterError(
        f"The way from the network's outputs to probabilities has {what}, which cannot be written "
        f"in ONNX. A loss of your own has to keep to NumPy's arithmetic in its posterior."
    )


def _as(values: Any, dtype: np.dtype) -> Any:
    """Return a value or constant in a type."""
    return values.astype(dtype) if isinstance(values, Symbol) else np.asarray(values, dtype)


def _broadcast(shapes: list[tuple]) -> tuple:
    """Return the shape that values of several shapes have together."""
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(None if None in sizes else max(sizes) for sizes in zip(*padded, strict=True))


def _graph_of(parts: Any) -> Graph:
    return next(part.graph for part in parts if isinstance(part, Symbol))


def _where(condition, chosen, other):
    kinds = [part.dtype if hasattr(part, "dtype") else part for part in (chosen, other)]
    kind = np.result_type(*kinds)
    parts = [_as(condition, np.dtype(bool)), _as(chosen, kind), _as(other, kind)]
    shape = _broadcast([part.shape for part in parts])
    return _graph_of(parts).add("Where", *parts, dtype=kind, shape=shape)


def _clip(values, low=None, high=None):
    values = values if low is None else np.maximum(values, low)
    return values if high is None else np.minimum(values, high)


def _concatenate(parts, axis=0):
    parts = list(parts)
    kind = np.result_type(*(part.dtype for part in parts))
    parts, axis = [_as(part, kind) for part in parts], axis % parts[0].ndim
    size = sum(part.shape[axis] for part in parts)
    shape = (*parts[0].shape[:axis], size, *parts[0].shape[axis + 1 :])
    return _graph_of(parts).add("Concat", *parts, dtype=kind, shape=shape, axis=axis)


def _column_stack(parts):
    return _concatenate([p.reshape(-1, 1) if p.ndim == 1 else p for p in parts], axis=1)


def _full_like(values, number, dtype=None):
    # Broadcast against what it is used with.
    return np.full((1,) * values.ndim, number, dtype or values.dtype)


FUNCTIONS = {
    np.where: _where,
    np.clip: _clip,
    np.concatenate: _concatenate,
    np.column_stack: _column_stack,
    np.full_like: _full_like,
    np.zeros_like: lambda values, dtype=None: _full_like(values, 0, dtype),
    np.ones_like: lambda values, dtype=None: _full_like(values, 1, dtype),
    np.shape: lambda values: values.shape,
    np.ndim: lambda values: values.ndim,
    np.sum: lambda values, axis=-1, keepdims=False: values.sum(axis, keepdims),
}
