"""The lines that put probabilities right: by a general minimiser, at limits, turned back."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit, logsumexp, softmax

from imbalanced_nn.data import row_blocks
from imbalanced_nn.threshold import recalibration
from imbalanced_nn.threshold.recalibration import (
    Recalibration,
    fit_line,
    log_odds_to_first,
    logits,
    recalibrate,
)


def deviance(lines, codes, at, times):
    """Twice the penalised negative log likelihood; the penalty knows no first class."""
    intercepts = np.append(0.0, lines[:-1])
    z = np.column_stack([np.zeros(len(at)), lines[:-1] + lines[-1] * at])
    likelihood = times @ (z[np.arange(len(z)), codes] - logsumexp(z, axis=1))
    off = 0.5 * ((intercepts - intercepts.mean()) ** 2).sum() + (lines[-1] - 1) ** 2
    return off - 2 * likelihood


def oracle(codes, proba, weight):
    """Return intercepts and slope of least Schwarz criterion, found without derivatives."""
    times = weight * weight.sum() / (weight**2).sum()
    logs = np.log(np.clip(proba, 1e-12, 1))
    at = logs[:, 1:] - logs[:, :1]
    neutral = np.append(np.zeros(at.shape[1]), 1.0)
    found = []
    for free in ([], range(len(neutral) - 1), [len(neutral) - 1], range(len(neutral))):
        free = list(free)

        def loss(values, free=free):
            lines = neutral.copy()
            lines[free] = values
            return deviance(lines, codes, at, times)

        lines = neutral.copy()
        if free:
            options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000, "maxfev": 9000}
            lines[free] = minimize(loss, neutral[free], method="Nelder-Mead", options=options).x
        criterion = deviance(lines, codes, at, times) + len(free) * np.log(times.sum())
        found.append((criterion, lines.tolist()))
    return min(found)[1]


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


BINARY = {
    "calibrated": rows(0),
    "too sure": rows(1, slope=3.0),
    "not sure enough": rows(2, slope=0.3),
    "shifted": rows(3, intercept=4.0),
    "turned round": rows(4, slope=-1.0),
    "one positive": rows(5, n_positives=1),
    "ends": shares(7),
    "one score": (np.repeat([0, 1], [95, 5]), np.full(100, 0.4), np.ones(100)),
    "steep": (
        np.repeat([0, 1, 0, 1], [50, 1, 1, 5]),
        np.repeat([0.0, 0.0, 1.0, 1.0], [50, 1, 1, 5]),
        np.ones(57),
    ),
}


def several(seed, slope=1.0, intercepts=(0.0, 0.0, 0.0), counts=(120, 40, 8)):
    """Rows of three classes on a line, and probabilities by Bayes' rule, made wrong."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(3), counts)
    x = rng.normal(size=len(codes)) + 1.5 * codes
    right = np.log(counts) - (x[:, None] - 1.5 * np.arange(3)) ** 2 / 2
    return codes, softmax(slope * right + intercepts, axis=1), rng.random(len(codes)) + 0.1


CASES = {name: (y, np.column_stack([1 - p, p]), w) for name, (y, p, w) in BINARY.items()}
CASES |= {
    "three classes": several(0),
    "three, too sure": several(1, slope=3.0),
    "three, shifted": several(2, intercepts=(0.0, 1.0, 3.0)),
    "three, both": several(3, slope=0.3, intercepts=(2.0, 0.0, 3.0)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_lines_are_those_of_least_criterion(case):
    codes, proba, weight = CASES[case]
    at = logits(proba[:, 1]) if proba.shape[1] == 2 else log_odds_to_first(proba)
    line = recalibrate(codes, at, weight)
    expected = oracle(codes, proba, weight)
    np.testing.assert_allclose([*line.intercepts, line.slope], expected, atol=2e-5)
    same = recalibrate(codes, at, 7 * weight)
    np.testing.assert_allclose([*same.intercepts, same.slope], [*line.intercepts, line.slope])
    times = weight * weight.sum() / (weight @ weight)
    k = proba.shape[1] - 1
    for start in (Recalibration((5.0,) * k, -2.0), Recalibration((-9.0,) * k, 9.0)):
        other = fit_line(codes, at, times, start)
        np.testing.assert_allclose(other.intercepts, line.intercepts, atol=1e-6)
        assert other.slope == pytest.approx(line.slope, abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_rows_taken_some_at_a_time_lead_to_the_same(case, monkeypatch):
    codes, proba, weight = CASES[case]
    at = logits(proba[:, 1]) if proba.shape[1] == 2 else log_odds_to_first(proba)
    line = recalibrate(codes, at, weight)
    monkeypatch.setattr(recalibration, "row_blocks", partial(row_blocks, n_bytes=4 * 37))
    same = recalibrate(codes, at, weight)
    np.testing.assert_allclose([*same.intercepts, same.slope], [*line.intercepts, line.slope])


def test_nothing_but_log_odds_is_there_of_all_rows(monkeypatch):
    rng = np.random.default_rng(0)
    codes = rng.integers(40, size=30_000)
    proba = softmax(rng.normal(size=(30_000, 40)) + 3 * (codes[:, None] == np.arange(40)), axis=1)
    monkeypatch.setattr(recalibration, "row_blocks", partial(row_blocks, n_bytes=2**18))
    tracemalloc.start()
    recalibrate(codes, log_odds_to_first(proba), np.ones(30_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * proba.nbytes


def test_probabilities_of_a_trial_are_not_computed_again_for_its_slope(monkeypatch):
    computed, asked = [], []
    made, value = recalibration._Deviance._probabilities, recalibration._Deviance.__call__

    def counted(self, line, block):
        computed.append(line)
        return made(self, line, block)

    def called(self, line):
        asked.append(line)
        return value(self, line)

    monkeypatch.setattr(recalibration._Deviance, "_probabilities", counted)
    monkeypatch.setattr(recalibration._Deviance, "__call__", called)
    codes, proba, weight = CASES["three, both"]
    recalibrate(codes, log_odds_to_first(proba), weight)
    assert len(computed) == len(asked) > 5


def test_what_the_rows_do_not_clearly_contradict_stays_to_the_last_digit():
    y, score, weight = BINARY["calibrated"]
    assert recalibrate(y, logits(score), weight).is_neutral
    assert Recalibration().score_of(0.1234) == 0.1234
    codes, proba, weight = CASES["three classes"]
    shares = np.array([0.2, 0.3, 0.5])
    np.testing.assert_array_equal(
        recalibrate(codes, log_odds_to_first(proba), weight).cuts(shares), shares
    )


def test_of_balanced_rows_a_slope_leaves_one_half_where_it_is():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    score = expit(0.3 * (2 * (rng.normal(size=200) + 2 * y) - 2))
    line = recalibrate(y, logits(score), np.ones(200))
    assert line.intercepts == (0.0,)
    assert line.slope > 2
    assert line.score_of(0.5) == 0.5


def test_many_rows_outvote_the_penalty_and_few_do_not():
    y, score, _ = rows(0, n=20_000, n_positives=2_000, slope=2.0, intercept=1.0)
    line = recalibrate(y, logits(score), np.ones(len(y)))
    assert (*line.intercepts, line.slope) == pytest.approx((-0.5, 0.5), abs=0.1)
    few = recalibrate(np.array([0, 1]), logits(np.array([0.4, 0.6])), np.ones(2))
    assert few.is_neutral


def test_a_class_without_rows_has_the_mean_intercept():
    codes, proba, weight = CASES["three, shifted"]
    absent = np.insert(proba, 1, 0.5, axis=1)
    line = recalibrate(codes, log_odds_to_first(proba), weight)
    wider = recalibrate(codes + (codes > 0), log_odds_to_first(absent), weight)
    assert wider.slope == line.slope
    assert wider.intercepts[1:] == pytest.approx(line.intercepts)
    assert wider.intercepts[0] == pytest.approx(np.mean([0, *line.intercepts]))
    assert recalibrate(np.zeros(9, int), log_odds_to_first(proba[:9]), weight[:9]).is_neutral


def test_a_score_is_found_back_from_its_probability():
    line = Recalibration((-0.7,), 0.4)
    score = np.array([0.001, 0.2, 0.9])
    back = [line.score_of(q) for q in line.of_logits(logits(score))]
    np.testing.assert_allclose(back, score)
    assert Recalibration((0.3,), 0.0).score_of(0.5) is None
    assert Recalibration((0.3,), -1.0).score_of(0.5) is None
    assert Recalibration((0.3,), 1e-5).score_of(0.5) is None
    np.testing.assert_allclose(logits(np.array([0, 1])), logit([1e-12, 1 - 1e-12]))


def test_cuts_at_the_shares_decide_as_the_shares_do_once_probabilities_are_right():
    proba = several(5)[1]
    line, shares = Recalibration((0.3, -0.5), 0.6), np.array([0.6, 0.25, 0.15])
    right = softmax(np.append(0.0, line.intercepts) + line.slope * np.log(proba), axis=1)
    decided = (proba / line.cuts(shares)).argmax(axis=1)
    np.testing.assert_array_equal(decided, (right / shares).argmax(axis=1))
    assert len(set(decided)) == 3
