"""From outputs to probabilities and labels: the graph against the NumPy that it was traced from."""

from functools import partial

import numpy as np
import pytest

from imbalanced_nn.calibration import (
    PriorCorrection,
    asymmetric_posterior,
    binary_focal_posterior,
    cost_posterior,
    fit_calibrator,
    focal_posterior,
    margin_posterior,
    smoothing_posterior,
)
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.fitting import Posterior
from imbalanced_nn.losses import LogitAdjustedCrossentropy
from imbalanced_nn.threshold import BinaryRule, CostRule, MulticlassRule, MultilabelRule

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

# Where the packages of the extra are there.
from imbalanced_nn.export.answers import codes_of, probabilities_of  # noqa: E402
from imbalanced_nn.export.network_nodes import with_choices, without_erfinv  # noqa: E402
from imbalanced_nn.export.symbols import Graph, Symbol  # noqa: E402

KINDS = {"binary": 1, "two units": 2, "multiclass": 3, "multilabel": 3}
SHARES = {"binary": [0.9, 0.1], "multiclass": [0.7, 0.2, 0.1], "multilabel": [0.3, 0.1, 0.05]}


def run(graph, value, given, name="outputs", nodes=None):
    """Return what onnxruntime makes of a graph."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(given.dtype)
    info = onnx.helper.make_tensor_value_info(name, kind, [None, *given.shape[1:]])
    result = onnx.helper.make_tensor_value_info(
        value.name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), None
    )
    nodes = graph.nodes if nodes is None else nodes
    made = onnx.helper.make_graph(nodes, "test", [info], [result], graph.constants)
    model = onnx.helper.make_model(
        made, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {name: given})[0]


def outputs_of(kind, n_units, logits, n=400, dtype=np.float64):
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 4, (n, n_units))
    odds[0], odds[1] = 60, -60
    if logits:
        return odds.astype(dtype)
    if kind == "multilabel" or n_units == 1:
        return (1 / (1 + np.exp(-odds))).astype(dtype)
    odds -= odds.max(axis=1, keepdims=True)
    return (np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)).astype(dtype)


def agrees(posterior, outputs, atol=1e-12):
    graph = Graph("test")
    value = probabilities_of(
        posterior, Symbol(graph, "outputs", outputs.dtype, (None, *outputs.shape[1:]))
    )
    found, expected = run(graph, value, outputs), posterior(outputs)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def a_posterior(kind, **given):
    n_classes = 2 if kind == "binary" else 3
    natural = np.array(SHARES[kind])
    settings = {"calibration": "prior", "logits": False, "in_loss": np.ones(n_classes) / n_classes}
    return Posterior(kind=kind, steps=(), natural=natural, **(settings | given))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("balanced", [False, True])
def test_outputs_become_probabilities_and_are_put_right(name, logits, balanced):
    kind = "binary" if name == "two units" else name
    shares = tuple(SHARES[kind])
    trained = tuple([0.5] * len(shares)) if balanced else (0.0, *shares[1:])
    correction = PriorCorrection(trained, shares, kind == "multilabel")
    outputs = outputs_of(kind, KINDS[name], logits)
    agrees(a_posterior(kind, logits=logits, correction=correction), outputs)
    agrees(a_posterior(kind, logits=logits, calibration=None), outputs)
    agrees(a_posterior(kind, logits=logits, correction=correction), outputs.astype("f4"), 3e-6)


@pytest.mark.parametrize("method", ["temperature", "sigmoid", "isotonic"])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_every_calibrator(method, kind):
    rng = np.random.default_rng(1)
    held = outputs_of(kind, 2 if kind == "binary" else 3, False)
    if kind == "multilabel":
        codes = (rng.random(held.shape) < held).astype(int)
        codes[:, 1] = 0
    else:
        codes = (held.cumsum(axis=1) < rng.random((len(held), 1))).sum(axis=1).clip(0, 2)
        codes = codes if kind == "binary" else np.where(codes == 1, 0, codes)
    calibrator = fit_calibrator(method, held, codes, np.ones(len(held)), kind)
    priors = None if kind == "multilabel" else np.full(held.shape[1], 1 / held.shape[1])
    posterior = a_posterior(kind, calibration=method, calibrator=calibrator, priors=priors)
    agrees(posterior, held, 1e-9)


def test_rows_of_one_level_of_steps_stay_on_it():
    rng = np.random.default_rng(0)
    p = (1 / (1 + np.exp(-rng.normal(-2, 1.5, 2000)))).astype("float32")
    held, codes = np.column_stack([1 - p, p]), (rng.random(2000) < p).astype(int)
    calibrator = fit_calibrator("isotonic", held, codes, np.ones(2000), "binary")
    posterior = a_posterior("binary", calibration="isotonic", calibrator=calibrator)
    graph, expected = Graph("test"), posterior(p[:, None])
    value = probabilities_of(posterior, Symbol(graph, "outputs", p.dtype, (None, 1)))
    found = run(graph, value, p[:, None])
    _, level, counts = np.unique(expected[:, 1], return_inverse=True, return_counts=True)
    assert (counts > 20).sum() > 2
    np.testing.assert_array_equal(found[counts[level] > 3], expected[counts[level] > 3])


UNDONE = {
    "focal": ("multiclass", partial(focal_posterior, gamma=2.0, alpha=np.array([1.0, 2.0, 3.0]))),
    "binary focal": ("multilabel", partial(binary_focal_posterior, gamma=2.0, alpha=0.25)),
    "smoothed focal": (
        "multilabel",
        partial(binary_focal_posterior, gamma=1.0, smoothing=0.1, prior=np.array([0.3, 0.1, 0.05])),
    ),
    "smoothing": (
        "multiclass",
        partial(smoothing_posterior, smoothing=0.1, prior=np.array([0.7, 0.2, 0.1])),
    ),
    "margin": ("multiclass", partial(margin_posterior, margins=np.array([0.1, 0.3, 0.5]))),
    "asymmetric": (
        "multilabel",
        partial(asymmetric_posterior, gamma_positive=1.0, gamma_negative=4.0, margin=0.05),
    ),
    "cost": (
        "multiclass",
        partial(cost_posterior, gains=np.array([[1, 0, 0], [2, 9, 1], [0, 1, 5.0]])),
    ),
    "logit adjusted": ("multiclass", LogitAdjustedCrossentropy(prior=[0.7, 0.2, 0.1]).posterior),
}


@pytest.mark.parametrize("name", UNDONE)
def test_every_loss_is_undone(name):
    kind, undo = UNDONE[name]
    agrees(a_posterior(kind, undo=undo), outputs_of(kind, 3, False), 1e-9)


def test_a_loss_that_leaves_a_constant_open():
    agrees(a_posterior("binary", offset=-1.5, offset_is_free=True), outputs_of("binary", 1, False))


def test_a_posterior_of_the_users_own_that_is_no_arithmetic_is_refused():
    def by_rank(proba):
        return np.sort(proba, axis=0)

    with pytest.raises(InvalidParameterError, match=r"'sort', which cannot be written in ONNX"):
        agrees(a_posterior("multiclass", undo=by_rank), outputs_of("multiclass", 3, False))


@pytest.mark.parametrize(
    ("rule", "proba"),
    [
        (BinaryRule(0.3), [[0.7, 0.3], [0.71, 0.29]]),
        (BinaryRule(0.3, 0), [[0.3, 0.7], [0.29, 0.71]]),
        (MulticlassRule((0.7, 0.2, 0.1)), [[0.7, 0.2, 0.1], [0.6, 0.1, 0.3], [0.9, 0.08, 0.02]]),
        (MultilabelRule((0.5, 0.1)), [[0.5, 0.1], [0.49, 0.09]]),
        (CostRule([[0, 1, 1], [5, 0, 1], [50, 9, 0]]), [[0.9, 0.08, 0.02], [1, 0, 0], [0, 1, 0]]),
    ],
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_every_rule_decides_alike_ties_included(rule, proba, dtype):
    proba = np.array(proba, dtype)
    graph = Graph("test")
    value = codes_of(rule, Symbol(graph, "outputs", proba.dtype, (None, proba.shape[1])))
    found = run(graph, value, proba)
    assert found.dtype == np.int64
    assert found.tolist() == rule.decide(proba).tolist()


def test_what_is_not_chosen_may_be_no_number():
    def node(op, inputs, output, **given):
        return onnx.helper.make_node(op, inputs, [output], **given)

    nodes = [
        node("IsNaN", ["outputs"], "c"),
        node("Not", ["c"], "not"),
        node("Cast", ["c"], "is", to=1),
        node("Cast", ["not"], "is not", to=1),
        node("Mul", ["is", "one"], "first"),
        node("Mul", ["outputs", "is not"], "second"),
        node("Add", ["first", "second"], "y"),
    ]
    x = np.array([[np.nan], [2.0]], "f4")
    for order in (["first", "second"], ["second", "first"]):
        graph = Graph("test")
        graph.constants.append(onnx.numpy_helper.from_array(np.ones((1, 1), "f4"), "one"))
        nodes[-1] = node("Add", order, "y")
        value = Symbol(graph, "y", np.float32, (None, 1))
        assert run(graph, value, x, nodes=with_choices(nodes)).ravel().tolist() == [1, 2]


def test_the_inverse_error_function_is_right_up_to_the_last_number_below_1():
    from scipy.special import erfinv

    x = np.concatenate(
        [np.linspace(-1, 1, 4001)[1:-1], [1e-30, 0.0, np.nextafter(1, 0, dtype="f4")]]
    )
    x = x.astype("f4")[:, None]
    node = onnx.helper.make_node("Erfinv", ["outputs"], ["y"])
    graph = Graph("test")
    nodes = without_erfinv([node], graph)
    found = run(graph, Symbol(graph, "y", np.float32, (None, 1)), x, nodes=nodes)
    np.testing.assert_allclose(found, erfinv(x.astype("f8")), rtol=2e-7, atol=0)
