"""The line that puts probabilities right: by a general minimiser, at limits, turned back."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from imbalanced_nn.threshold.recalibration import Recalibration, fit_line, logits, recalibrate


def oracle(y, score, weight):
    """Return intercept and slope of the penalised likelihood, found without its derivatives."""
    times, at = weight * weight.sum() / (weight**2).sum(), logit(np.clip(score, 1e-12, 1 - 1e-12))

    def loss(line):
        z = line[0] + line[1] * at
        likelihood = times @ (np.logaddexp(0, z) - y * z)
        return likelihood + 0.125 * line[0] ** 2 + 0.5 * (line[1] - 1) ** 2

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    return minimize(loss, [0.0, 1.0], method="Nelder-Mead", options=options).x


def rows(seed, n=200, n_positives=8, slope=1.0, intercept=0.0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < n_positives).astype(int)
    x = rng.normal(size=n) + 2 * y
    return (
        y,
        expit(intercept + slope * (2 * x - 2 + np.log(n_positives / (n - n_positives)))),
        rng.random(n) + 0.1,
    )


def shares(seed):
    """A row that is sure and wrong on either side, and rows at the ends of the scale."""
    y, score, weight = rows(seed)
    score[[0, -1]] = 0.0, 1.0
    return y, score, weight


CASES = {
    "calibrated": rows(0),
    "too sure": rows(1, slope=3.0),
    "not sure enough": rows(2, slope=0.3),
    "shifted": rows(3, intercept=4.0),
    "turned round": rows(4, slope=-1.0),
    "one positive": rows(5, n_positives=1),
    "no positive": (np.zeros(50, dtype=int), rows(6, n=50)[1], np.ones(50)),
    "ends": shares(7),
    "one score": (np.repeat([0, 1], [95, 5]), np.full(100, 0.4), np.ones(100)),
    "steep": (
        np.repeat([0, 1, 0, 1], [50, 1, 1, 5]),
        np.repeat([0.0, 0.0, 1.0, 1.0], [50, 1, 1, 5]),
        np.ones(57),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_line_maximises_the_penalised_likelihood(case):
    y, score, weight = CASES[case]
    line = recalibrate(y, score, weight)
    np.testing.assert_allclose([line.intercept, line.slope], oracle(y, score, weight), atol=1e-5)
    same = recalibrate(y, score, 7 * weight)
    np.testing.assert_allclose([same.intercept, same.slope], [line.intercept, line.slope])
    times = weight * weight.sum() / (weight @ weight)
    for start in (Recalibration(5.0, -2.0), Recalibration(-9.0, 9.0)):
        other = fit_line(y, logits(score), times, start)
        assert other.intercept == pytest.approx(line.intercept, abs=1e-6)
        assert other.slope == pytest.approx(line.slope, abs=1e-6)


def test_many_rows_outvote_the_penalty_and_few_do_not():
    y, score, _ = rows(0, n=20_000, n_positives=2_000, slope=2.0, intercept=1.0)
    line = recalibrate(y, score, np.ones(len(y)))
    assert (line.intercept, line.slope) == pytest.approx((-0.5, 0.5), abs=0.1)
    few = recalibrate(np.array([0, 1]), np.array([0.4, 0.6]), np.ones(2))
    assert (few.intercept, few.slope) == pytest.approx((0, 1), abs=0.4)


def test_a_score_is_found_back_from_its_probability():
    line = Recalibration(-0.7, 0.4)
    score = np.array([0.001, 0.2, 0.9])
    back = [line.score_of(q) for q in line.of_logits(logits(score))]
    np.testing.assert_allclose(back, score)
    assert Recalibration().score_of(0.1234) == 0.1234
    assert Recalibration(0.3, 0.0).score_of(0.5) is None
    assert Recalibration(0.3, -1.0).score_of(0.5) is None
    np.testing.assert_allclose(logits(np.array([0, 1])), logit([1e-12, 1 - 1e-12]))
