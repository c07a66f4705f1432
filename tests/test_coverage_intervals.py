"""The benchmark of intervals: its populations, what it counts, and where it is quoted."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import balanced_accuracy_score, f1_score

from imbalanced_nn.inspection.report_table import HELD

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "coverage.md"


@pytest.fixture
def coverage(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("benchmarks.coverage")


@pytest.mark.parametrize("family", ["normal", "gamma"])
def test_scores_are_calibrated_until_they_are_made_overconfident(coverage, family, monkeypatch):
    monkeypatch.setitem(coverage.SHAPES, "plain", (family, (1.0, 0.0)))
    y, _, proba = coverage.draw_binary("plain", 2.5, 100_000, np.random.default_rng(0))
    likely = proba[:, 1] > 0.5
    for rows in (likely, ~likely):
        assert y[rows].mean() == pytest.approx(proba[rows, 1].mean(), abs=0.01)


@pytest.mark.parametrize("draw", ["draw_multiclass", "draw_multilabel"])
def test_scores_of_several_classes_are_calibrated(coverage, draw):
    y, _, proba = getattr(coverage, draw)(2.5, 100_000, np.random.default_rng(0))
    true = y if y.ndim == 2 else np.eye(3)[y]
    np.testing.assert_allclose(true.mean(axis=0), proba.mean(axis=0), atol=0.005)


def test_the_truth_is_the_populations(coverage):
    *_, area = coverage.covered(("normal", 2.5), 10, 1, n_population=100_000)
    assert area == pytest.approx(norm.cdf(2.5 / np.sqrt(2)), abs=0.005)


def test_the_score_of_a_cut_is_scikit_learns(coverage):
    rng = np.random.default_rng(0)
    y, flagged = (rng.random((2, 200)) < 0.3).astype(int)
    counts = [np.sum(flagged & y), np.sum(flagged & (1 - y)), y.sum(), (1 - y).sum()]
    for name, measured in (("f1", f1_score), ("balanced_accuracy", balanced_accuracy_score)):
        assert coverage.score_of(name, *counts) == pytest.approx(measured(y, flagged))


def test_the_section_tells_of_every_setting(coverage):
    section = coverage.run(quick=True)
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    n_tables, n_settings, n_cuts = 4, len(coverage.SHAPES) + 2, len(coverage.CUTS)
    assert len(rows) == 2 * n_tables + 2 * len(coverage.NAMES) + n_settings + n_cuts


def test_the_report_quotes_the_results():
    summary = RESULTS.read_text(encoding="utf-8").split("### Intervals")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in summary if line.startswith("| ")]
    counts = [int(re.match(r"\d+", cell)[0]) for cell in rows[0][1:]]
    n_samples = int(re.search(r"Share of (\d+) samples", RESULTS.read_text(encoding="utf-8"))[1])
    clear = 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_samples)
    lowest = {
        count: {row[0]: float(row[place].split(" / ")[0]) for row in rows[2:]}
        for place, count in enumerate(counts, start=1)
    }
    assert {
        count: {label: round(100 * share) for label, share in held.items() if share < clear}
        for count, held in lowest.items()
    } == HELD
