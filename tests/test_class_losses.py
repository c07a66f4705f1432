"""Losses for rare classes: against float64 NumPy, by finite differences, at their minimum."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize
from scipy.special import expit, log_expit, log_softmax, logit, softmax

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.losses import (
    AsymmetricCrossentropy,
    BalancedSoftmaxCrossentropy,
    CostSensitiveCrossentropy,
    FocalCrossentropy,
    LDAMCrossentropy,
    LogitAdjustedCrossentropy,
    PairwiseAUCLoss,
)

PRIOR = np.array([0.9, 0.08, 0.02])
COSTS = [[0, 1, 2], [5, 0, 1], [30, 9, 0]]


def focal(z, k, gamma=2.0, alpha=(1, 1, 1)):
    p = softmax(z)[k]
    return -alpha[k] * (1 - p) ** gamma * np.log(p)


def adjusted(z, k, tau=1.0):
    return -log_softmax(z + tau * np.log(PRIOR))[k]


def ldam(z, k, weights=(1, 1, 1)):
    margins = PRIOR**-0.25
    z = log_softmax(z)
    z[k] -= 0.5 * (margins / margins.max())[k]
    return -weights[k] * log_softmax(z)[k]


def costly(z, k):
    costs = np.array(COSTS, float)
    spared = costs.max(axis=1, keepdims=True) - costs
    scale = PRIOR @ spared.sum(axis=1)
    return -(spared[k] / scale) @ log_softmax(z)


INVERSE = 1 / (3 * PRIOR)
OF_CLASSES = {
    "focal": (FocalCrossentropy(gamma=2.0), focal),
    "focal, gamma 0": (FocalCrossentropy(gamma=0.0), lambda z, k: focal(z, k, 0.0)),
    "focal, prior": (
        FocalCrossentropy(gamma=1.0, alpha="prior"),
        lambda z, k: focal(z, k, 1.0, INVERSE),
    ),
    "focal, alpha": (
        FocalCrossentropy(gamma=0.5, alpha=[1, 4, 9]),
        lambda z, k: focal(z, k, 0.5, (1, 4, 9)),
    ),
    "logit adjusted": (LogitAdjustedCrossentropy(), adjusted),
    "logit adjusted, tau": (
        LogitAdjustedCrossentropy(tau=0.5),
        lambda z, k: adjusted(z, k, 0.5),
    ),
    "balanced softmax": (BalancedSoftmaxCrossentropy(), adjusted),
    "ldam": (LDAMCrossentropy(), ldam),
    "ldam, late": (LDAMCrossentropy(reweighted=True), lambda z, k: ldam(z, k, INVERSE)),
    "cost sensitive": (CostSensitiveCrossentropy(COSTS), costly),
}


def filled(name, from_logits=True):
    """A loss of its own that knows the shares, and its reference."""
    loss, reference = OF_CLASSES[name]
    loss = type(loss).from_config({**loss.get_config(), "from_logits": from_logits})
    loss.fill(PRIOR)
    return loss, reference


def rows(n=40):
    """Logits and classes."""
    rng = np.random.default_rng(0)
    return rng.normal(scale=2, size=(n, 3)), rng.integers(3, size=n)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_each_row_costs_what_numpy_says(name):
    z, codes = rows()
    loss, reference = filled(name)
    expected = [reference(row.copy(), k) for row, k in zip(z, codes, strict=True)]
    for target in (codes, codes[:, None], np.eye(3)[codes]):
        by_row = loss.call(tf.constant(target), tf.constant(z, tf.float32))
        np.testing.assert_allclose(by_row, expected, rtol=2e-4, atol=2e-6)
    of_proba, _ = filled(name, from_logits=False)
    by_row = of_proba.call(tf.constant(codes), tf.constant(softmax(z, axis=1), tf.float32))
    np.testing.assert_allclose(by_row, expected, rtol=1e-3, atol=1e-5)
    weight = np.random.default_rng(1).random(len(z))
    np.testing.assert_allclose(
        loss(codes, z.astype("float32"), sample_weight=weight),
        np.mean(weight * expected),
        rtol=1e-4,
    )


def test_classes_are_weighed_while_they_are_asked_to_be():
    z, codes = rows()
    loss, _ = filled("ldam")
    for on in (True, False):
        loss.reweight(on)
        weights = INVERSE if on else np.ones(3)
        expected = [ldam(row.copy(), k, weights) for row, k in zip(z, codes, strict=True)]
        by_row = loss.call(tf.constant(codes), tf.constant(z, tf.float32))
        np.testing.assert_allclose(by_row, expected, rtol=2e-4, atol=2e-6)
        assert loss.get_config()["reweighted"] is on


@pytest.mark.parametrize("name", [name for name in OF_CLASSES if name != "cost sensitive"])
def test_a_structure_knows_of_the_shares_only_how_many_there_are(name):
    structures = []
    for prior in (PRIOR, PRIOR[::-1], [0.9, 0.1], None):
        loss = type(OF_CLASSES[name][0])()
        if prior is not None:
            loss.fill(prior)
        structures.append(loss.structure())
    assert structures[0] == structures[1]
    assert all(structures[0] != other for other in structures[2:])
    assert structures[2] != structures[3]


@pytest.mark.parametrize("name", OF_CLASSES)
def test_gradients_are_finite_differences(name):
    z, codes = rows(6)
    loss, reference = filled(name)
    logits = tf.Variable(z, dtype=tf.float32)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(loss.call(tf.constant(codes), logits))
    found = tape.gradient(value, logits).numpy()
    step = 1e-6
    for i, j in np.ndindex(*z.shape):
        up, down = z[i].copy(), z[i].copy()
        up[j] += step
        down[j] -= step
        slope = (reference(up, codes[i]) - reference(down, codes[i])) / (2 * step)
        assert found[i, j] == pytest.approx(slope, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("eta", [(0.9, 0.07, 0.03), (0.2, 0.5, 0.3), (0.34, 0.33, 0.33)])
def test_the_posterior_is_found_where_the_loss_is_least(name, eta):
    loss, reference = filled(name)

    def expected_loss(free):
        z = np.append(0.0, free)
        return sum(p * reference(z.copy(), k) for k, p in enumerate(eta))

    best = minimize(expected_loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-9}).x
    output = softmax(np.append(0.0, best))[None]
    np.testing.assert_allclose(loss.posterior(output)[0], eta, atol=2e-3)


def asymmetric(z, y, positive, negative, margin):
    p = expit(z)
    shifted = np.clip(p - margin, 0, 1)
    of_positive = -((1 - p) ** positive) * log_expit(z)
    of_negative = -(shifted**negative) * np.log1p(-shifted)
    return (y * of_positive + (1 - y) * of_negative).mean(axis=-1)


BENT = [(0.0, 0.0, 0.0), (0.0, 4.0, 0.0), (1.0, 2.0, 0.0), (1.0, 3.0, 0.05)]


@pytest.mark.parametrize("bent", BENT)
def test_labels_are_bent_apart(bent):
    rng = np.random.default_rng(0)
    z, y = rng.normal(scale=2, size=(30, 4)), rng.integers(2, size=(30, 4)).astype(float)
    loss = AsymmetricCrossentropy(*bent, from_logits=True)
    found = loss.call(tf.constant(y, tf.float32), tf.constant(z, tf.float32))
    np.testing.assert_allclose(found, asymmetric(z, y, *bent), rtol=1e-3, atol=1e-6)
    logits = tf.Variable(z[:3], dtype=tf.float32)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(loss.call(tf.constant(y[:3], tf.float32), logits))
    slopes = tape.gradient(value, logits).numpy()
    for i, j in np.ndindex(3, 4):
        step = np.zeros(4)
        step[j] = 1e-6
        up, down = (asymmetric(z[i] + sign * step, y[i], *bent) for sign in (1, -1))
        assert slopes[i, j] == pytest.approx((up - down) / 2e-6, rel=2e-3, abs=2e-5)


def test_by_default_negatives_alone_are_bent_by_their_fourth_power():
    p, y = np.array([[0.3, 0.6]]), np.array([[0.0, 1.0]])
    found = AsymmetricCrossentropy()(y, p.astype("float32"))
    assert float(found) == pytest.approx(-(0.3**4 * np.log(0.7) + np.log(0.6)) / 2, rel=1e-5)


@pytest.mark.parametrize("bent", BENT[1:])
@pytest.mark.parametrize("eta", [0.05, 0.3, 0.8])
def test_a_labels_posterior_is_found_where_its_loss_is_least(bent, eta):
    def expected_loss(z):
        one, none = (asymmetric(z, np.full(1, label), *bent) for label in (1.0, 0.0))
        return eta * one + (1 - eta) * none

    best = minimize(expected_loss, [logit(eta)], method="BFGS", options={"gtol": 1e-10}).x
    loss = AsymmetricCrossentropy(*bent)
    np.testing.assert_allclose(loss.posterior(expit(best)[None])[0, 0], eta, atol=2e-3)


def pairs(s, y):
    gaps = s[y == 1][:, None] - s[y == 0][None, :]
    return np.log1p(np.exp(-gaps)).mean()


@pytest.mark.parametrize("from_logits", [True, False])
def test_pairs_are_ranked(from_logits):
    rng = np.random.default_rng(0)
    s, y = rng.normal(size=25), (rng.random(25) < 0.3).astype(int)
    outputs = s if from_logits else expit(s)
    loss = PairwiseAUCLoss(from_logits=from_logits)
    given = outputs[:, None].astype("float32")
    np.testing.assert_allclose(loss(y[:, None], given), pairs(s, y), rtol=1e-4)
    if not from_logits:
        two = np.column_stack([1 - outputs, outputs]).astype("float32")
        np.testing.assert_allclose(loss(y, two), pairs(s, y), rtol=1e-3)
        return
    logits = tf.Variable(given)
    with tf.GradientTape() as tape:
        value = loss(y[:, None], logits)
    slopes = tape.gradient(value, logits).numpy()[:, 0]
    for i in range(25):
        step = np.eye(25)[i] * 1e-6
        slope = (pairs(s + step, y) - pairs(s - step, y)) / 2e-6
        assert slopes[i] == pytest.approx(slope, rel=2e-3, abs=1e-5)


def test_a_batch_of_one_class_has_no_pairs():
    assert float(PairwiseAUCLoss(from_logits=True)(np.ones((4, 1)), np.ones((4, 1), "f"))) == 0


SAVED = [
    *(filled(name, from_logits=False)[0] for name in OF_CLASSES),
    AsymmetricCrossentropy(1.0, 3.0, 0.05),
    PairwiseAUCLoss(),
]


@pytest.mark.parametrize("loss", SAVED, ids=lambda loss: type(loss).__name__)
def test_a_network_loads_without_custom_objects(loss, tmp_path):
    units = 1 if isinstance(loss, AsymmetricCrossentropy | PairwiseAUCLoss) else 3
    inputs = keras.Input((2,))
    outputs = keras.layers.Dense(units, "sigmoid" if units == 1 else "softmax")(inputs)
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss)
    X, y = np.random.default_rng(0).random((8, 2)).astype("float32"), np.arange(8)[:, None] % 2
    before = model.evaluate(X, y, verbose=0)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    assert type(twin.loss) is type(loss)
    assert twin.loss.get_config() == loss.get_config()
    assert twin.evaluate(X, y, verbose=0) == pytest.approx(before, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CostSensitiveCrossentropy([[1, 0], [0, 1]]), "must cost least"),
        (lambda: FocalCrossentropy(alpha=[-1, 2]), "one weight for each class"),
        (lambda: FocalCrossentropy(alpha=[0.25]), "one weight for each class"),
        (lambda: FocalCrossentropy(gamma=np.inf), "gamma must be a number"),
        (lambda: LogitAdjustedCrossentropy(prior=[-1, 2]), "prior must hold the shares"),
        (lambda: LDAMCrossentropy(prior=[np.nan, 2]), "prior must hold the shares"),
    ],
)
def test_numbers_that_make_no_loss_are_refused(make, said):
    with pytest.raises(InvalidParameterError, match=said):
        make()


def test_a_class_without_rows_has_a_posterior():
    found = LogitAdjustedCrossentropy(prior=[1.0, 0.0]).posterior(np.array([[0.0, 1.0]]))
    np.testing.assert_array_equal(found, [[0, 1]])
