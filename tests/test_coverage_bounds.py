"""The benchmark of bounds: its rates, its tallies and the section it writes."""

import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def bounds(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("benchmarks.coverage_bounds")


def test_rates_are_those_of_the_confusion_matrix(bounds):
    # tp, fp, fn, tn of 1,000 rows, 100 positive.
    recall, false_positive_rate = 80 / 100, 45 / 900
    rates = {
        "precision": 80 / 125,
        "recall": recall,
        "specificity": 855 / 900,
        "false_positive_rate": false_positive_rate,
        "alert_rate": 125 / 1000,
    }
    for metric, rate in rates.items():
        stricter = 0.01 if metric in bounds.AT_LEAST else -0.01
        for slack, expected in ((stricter, True), (-stricter, False)):
            bound = bounds.Bound(metric, rate + slack)
            assert bound.broken(0.1, recall, false_positive_rate) == expected
    assert not bounds.Bound("precision", 0.9).broken(0.1, 0.0, 0.0)


def test_bounds_on_scores_are_kept_as_often_as_promised(bounds):
    tallies = bounds.tally_scores(100, 2.0, 60)
    for bound, tally in zip(bounds.OF_SCORES, tallies, strict=True):
        assert tally.samples == 60, bound
        assert 0 < tally.found <= 60, bound
        assert tally.broken / 60 <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 60), bound


@pytest.mark.slow
def test_the_section_tells_of_scores_and_of_networks(bounds):
    section = bounds.run(quick=True)
    assert section.startswith("## Bounds\n")
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    n_tables = 2
    assert len(rows) == 2 * n_tables + len(bounds.OF_SCORES) + len(bounds.WAYS)
    for way in bounds.WAYS:
        assert f"| {way} |" in section
