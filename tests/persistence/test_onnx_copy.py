"""The copy in ONNX that a file keeps: what it may hold, whose it is, and what is in doubt."""

import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest

from imbalanced_nn.exceptions import ModelFileError
from imbalanced_nn.persistence.archive import MANIFEST
from imbalanced_nn.persistence.graph_bounds import check_graph
from imbalanced_nn.persistence.onnx_copy import (
    CLOSE,
    COPY,
    OnnxCopy,
    check_copy,
    identity,
)

onnx = pytest.importorskip("onnx")
helper = onnx.helper
FLOAT = onnx.TensorProto.FLOAT


def made(*nodes, constants=(), **given):
    """Return a small model with more nodes and constants."""
    x = helper.make_tensor_value_info("x", FLOAT, [None, 1])
    y = helper.make_tensor_value_info("y", FLOAT, [None, 1])
    nodes = [helper.make_node("Relu", ["x"], ["y"]), *nodes]
    graph = helper.make_graph(nodes, "graph", [x], [y], list(constants))
    return helper.make_model(graph, **given)


def constant(values, name="c"):
    return onnx.numpy_helper.from_array(np.asarray(values), name)


def looping():
    body = helper.make_graph([], "body", [], [])
    return made(helper.make_node("Loop", ["x"], ["z"], body=body))


def elsewhere():
    outside = constant(np.zeros(3, "f4"))
    onnx.external_data_helper.set_external_data(outside, "/etc/passwd")
    outside.ClearField("raw_data")
    return made(constants=[outside])


def declaring(shape):
    tensor = constant(np.zeros(3, "f4"))
    tensor.ClearField("dims")
    tensor.dims.extend(shape)
    return made(constants=[tensor])


def with_function():
    function = helper.make_function("", "f", ["x"], ["y"], [], [])
    return made(functions=[function])


class TestGraphs:
    def test_known_operators_and_constants_pass(self):
        text = onnx.numpy_helper.from_array(np.array(["a", "b"], dtype=object), "t")
        numbers = [
            constant(np.zeros(shape, kind), f"{kind}{len(shape)}")
            for kind in ("f4", "f8", "i8", "i4", "?")
            for shape in ((), (2, 3), (0,))
        ]
        check_graph(made(constants=[text, *numbers]).SerializeToString())

    @pytest.mark.parametrize(
        ("model", "told"),
        [
            (looping(), "operator 'Loop'"),
            (made(helper.make_node("ConstantOfShape", ["x"], ["z"])), "'ConstantOfShape'"),
            (made(helper.make_node("Relu", ["x"], ["z"], domain="com.evil")), "com.evil"),
            (made(opset_imports=[helper.make_opsetid("com.evil", 1)]), "com.evil"),
            (
                made(
                    helper.make_node("Relu", ["x"], ["z"], body=helper.make_graph([], "b", [], []))
                ),
                "unknown field 6",
            ),
            (elsewhere(), "unknown field 1"),
            (declaring([10**12]), "declares"),
            (declaring([]), "declares"),
            (with_function(), "unknown field 25"),
        ],
        ids=["loop", "shape", "domain", "opset", "subgraph", "file", "size", "scalar", "function"],
    )
    def test_what_reads_files_repeats_or_declares_more_is_refused(self, model, told):
        with pytest.raises(ModelFileError, match=told):
            check_graph(model.SerializeToString())

    def test_cut_short_or_changed_bytes_are_refused_or_read(self):
        content = made(constants=[constant(np.arange(5.0))]).SerializeToString()
        rng = np.random.default_rng(0)
        for place in range(1, len(content)):
            changed = bytearray(content)
            changed[place] = rng.integers(256)
            for each in (content[:place], bytes(changed)):
                with contextlib.suppress(ModelFileError):
                    check_graph(each)


@pytest.fixture
def copy():
    return OnnxCopy(
        graph=made().SerializeToString(),
        kinds={"a": "number", "b": "text"},
        forms={},
        categories={"b": ["x"]},
        missing=[],
        decimal=None,
        typed=True,
        classes=["no", "yes"],
        dtype="|O",
        scores=[[0.1, 0.0], [0.0, 0.9]],
    )


class TestWhoseItIs:
    @pytest.fixture
    def file(self, copy):
        members = {"0-model.keras": b"weights", COPY: copy.graph}
        manifest = {"estimator": {"a": 1.5}}
        manifest["onnx"] = {"of": identity(manifest["estimator"], members), **copy.described()}
        return json.loads(json.dumps(manifest)), members

    def test_that_of_the_estimator_is_read(self, file, copy):
        assert check_copy(*file) == copy

    def test_a_file_without_one_has_none(self):
        assert check_copy({"estimator": 1}, {MANIFEST: b""}) is None

    def test_other_weights_other_cuts_and_halves_are_refused(self, file):
        manifest, members = file
        for changed in (
            ({**manifest, "estimator": {"a": 1.25}}, members),
            (manifest, members | {"0-model.keras": b"others"}),
            (manifest, members | {"1-more.npy": b""}),
            (manifest, {name: each for name, each in members.items() if name != COPY}),
            ({"estimator": manifest["estimator"]}, members),
            ({**manifest, "onnx": [1]}, members),
            ({**manifest, "onnx": {**manifest["onnx"], "more": 1}}, members),
        ):
            with pytest.raises(ModelFileError, match="copy in ONNX"):
                check_copy(*changed)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("kinds", {"a": "code"}),
            ("kinds", []),
            ("forms", {"a": {"order": 1}}),
            ("categories", {"b": [1]}),
            ("missing", "x"),
            ("decimal", ";"),
            ("typed", 1),
            ("classes", ["no"]),
            ("classes", ["no", 1]),
            ("dtype", "<f8"),
            ("dtype", "V8"),
            ("dtype", "<U1"),
            ("scores", [[1.0, 0.0]]),
            ("scores", [[1.0, 0.0], [0.0, float("inf")]]),
        ],
    )
    def test_fields_of_other_types_are_refused(self, copy, field, value):
        copy.check()
        with pytest.raises(ModelFileError, match="not as save wrote"):
            replace(copy, **{field: value}).check()


class TestDoubt:
    def test_rows_near_the_cut_of_two_classes(self, copy):
        at = np.array([0.5, 0.1, 0.1 + CLOSE, 0.1 - CLOSE, 0.1 + 5 * CLOSE, np.nan])
        doubtful = copy.in_doubt(np.column_stack([1 - at, at]))
        assert doubtful.tolist() == [False, True, True, True, False, True]

    def test_no_move_of_the_probabilities_changes_a_decision_that_is_not_in_doubt(self, copy):
        rng = np.random.default_rng(0)
        weights = rng.normal(size=(4, 4)) + np.array([5, 5, 0, 0])
        wide = replace(copy, classes=[1, 2, 3, 4], dtype="<i8", scores=weights.tolist())
        proba = rng.dirichlet(np.ones(4), 20_000)
        # Close to a tie of the first two scores.
        apart = (weights[:, 0] - weights[:, 1]) - (weights[:, 0] - weights[:, 1]).mean()
        proba -= np.outer((proba @ (weights[:, 0] - weights[:, 1])) / (apart @ apart), apart)
        proba += rng.normal(0, 30 * CLOSE, proba.shape)
        sure = ~wide.in_doubt(proba)
        assert 0 < sure.sum() < len(proba)
        for _ in range(20):
            moved = proba + rng.choice([-CLOSE, CLOSE], proba.shape)
            changed = (moved @ weights).argmax(1) != (proba @ weights).argmax(1)
            assert not changed[sure].any()
        assert changed.any()
