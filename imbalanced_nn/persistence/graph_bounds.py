"""What an ONNX graph in a file may hold, looked at before a runtime gets to see it.

The format is protocol buffers: fields, each with a number, a kind and a value, some of which are
messages of fields again. Fields that are not known here are refused, and with them all that
points to other files, nests graphs or loops.
"""

import math
from collections.abc import Iterator

from imbalanced_nn.exceptions import ModelFileError

__all__ = ["OPERATORS", "check_graph"]

OPERATORS = frozenset(
    (
        *("Abs", "Add", "And", "ArgMax", "ArgMin", "BatchNormalization", "Cast", "Ceil", "Clip"),
        *("Concat", "Constant", "Cos", "Div", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten"),
        *("Floor", "Gather", "Gelu", "Gemm", "Greater", "GreaterOrEqual", "HardSigmoid"),
        *("HardSwish", "Identity", "IsInf", "IsNaN", "LabelEncoder", "LayerNormalization"),
        *("LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "MatMul", "Max", "Mean", "Min"),
        *("Mish", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "Reciprocal", "ReduceL2"),
        *("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare", "Relu"),
        *("Reshape", "Round", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Slice", "Softmax"),
        *("Softplus", "Softsign", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh"),
        *("ThresholdedRelu", "Transpose", "Unsqueeze", "Where", "Xor"),
    )
)
"""Operators that compute values of their inputs, none of which reads a file, draws or repeats."""

_DOMAINS = (b"", b"ai.onnx.ml")
# Fields by number, of those that a message may have.
_MODEL = {1: "ir_version", 2: "producer_name", 3: "producer_version", 7: "graph", 8: "opset"}
_GRAPH = {1: "node", 2: "name", 5: "initializer", 11: "input", 12: "output", 13: "value_info"}
_NODE = {1: "input", 2: "output", 3: "name", 4: "op_type", 5: "attribute", 7: "domain"}
_ATTRIBUTE = {1: "name", 2: "f", 3: "i", 4: "s", 5: "t", 7: "floats", 8: "ints", 9: "strings"} | {
    20: "type"
}
_TENSOR = {1: "dims", 2: "data_type", 6: "string_data", 8: "name", 9: "raw_data"}
_OPSET = {1: "domain", 2: "version"}
_TEXT = 8
# Bytes of an element by the number of its type: floats, whole numbers, truth values.
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def check_graph(content: bytes) -> None:
    """Refuse a model that holds anything but known operators and constants that lie in it.

    Parameters
    ----------
    content : bytes
        A model in ONNX's format.

    Raises
    ------
    ModelFileError
        Naming what it holds.
    """
    graphs = 0
    for field, value in _fields(memoryview(content), _MODEL, "model"):
        if field == "opset":
            for each, name in _fields(value, _OPSET, "opset"):
                if each == "domain" and bytes(name) not in _DOMAINS:
                    raise ModelFileError(f"its copy in ONNX uses {_text(name)} operators")
        elif field == "graph":
            graphs += 1
            _check_parts(_part(value))
    if graphs != 1:
        raise ModelFileError(f"its copy in ONNX has {graphs} graphs")


def _check_parts(graph: memoryview) -> None:
    """Check nodes and constants."""
    for field, value in _fields(graph, _GRAPH, "graph"):
        if field == "initializer":
            _check_tensor(_part(value))
        elif field == "node":
            _check_node(_part(value))


def _check_node(node: memoryview) -> None:
    """Refuse operators that are not known."""
    for field, value in _fields(node, _NODE, "node"):
        if field == "op_type" and _text(value) not in OPERATORS:
            raise ModelFileError(f"its copy in ONNX uses the operator {_text(value)!r:.80}")
        if field == "domain" and bytes(value) not in _DOMAINS:
            raise ModelFileError(f"its copy in ONNX uses {_text(value)!r:.80} operators")
        if field == "attribute":
            for each, part in _fields(value, _ATTRIBUTE, "attribute"):
                if each == "t":
                    _check_tensor(_part(part))


def _check_tensor(tensor: memoryview) -> None:
    """Refuse a constant that has other bytes than it declares, or has them elsewhere."""
    shape: list[int] = []
    kind, texts, stored = 0, 0, 0
    for field, value in _fields(tensor, _TENSOR, "constant"):
        if field == "dims":
            shape += [value] if isinstance(value, int) else _numbers(value)
        elif field == "data_type":
            kind = _whole(value)
        elif field == "string_data":
            texts += 1
        elif field == "raw_data":
            stored += len(_part(value))
    size = math.prod(shape)
    if kind == _TEXT:
        fits = texts == size and not stored
    else:
        fits = kind in _SIZES and stored == size * _SIZES[kind] and not texts
    if not fits:
        raise ModelFileError(f"a constant of its copy in ONNX declares {shape!r:.80}")


def _fields(content, known: dict[int, str], what: str) -> Iterator[tuple[str, int | memoryview]]:
    """Yield name and value of the fields of a message, or refuse one that is not known."""
    content, place = _part(content), 0
    while place < len(content):
        key, place = _varint(content, place)
        name, kind = known.get(key >> 3), key & 7
        if name is None:
            raise ModelFileError(f"a {what} of its copy in ONNX has the unknown field {key >> 3}")
        value: int | memoryview
        if kind == _VARINT:
            value, place = _varint(content, place)
        elif kind in (_EIGHT, _FOUR, _BYTES):
            size = {_EIGHT: 8, _FOUR: 4}.get(kind)
            if size is None:
                size, place = _varint(content, place)
            value, place = content[place : place + size], place + size
        else:
            raise ModelFileError("its copy in ONNX is damaged")
        if place > len(content):
            raise ModelFileError("its copy in ONNX is cut short")
        yield name, value


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """Return a number that is stored in seven bits of each of its bytes, and where it ends."""
    value, shift = 0, 0
    while place < len(content) and shift < 70:
        byte = content[place]
        value, place = value | (byte & 127) << shift, place + 1
        if byte < 128:
            return value, place
        shift += 7
    raise ModelFileError("its copy in ONNX is cut short")


def _numbers(content: memoryview) -> list[int]:
    """Return the numbers that lie behind each other."""
    numbers, place = [], 0
    while place < len(content):
        number, place = _varint(content, place)
        numbers.append(number)
    return numbers


def _part(value: int | memoryview) -> memoryview:
    """Return a value that is no number, or refuse it."""
    if isinstance(value, int):
        raise ModelFileError("its copy in ONNX is damaged")
    return value


def _whole(value: int | memoryview) -> int:
    """Return a value that is a number, or refuse it."""
    if not isinstance(value, int):
        raise ModelFileError("its copy in ONNX is damaged")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_part(value)).decode("utf-8", "replace")
