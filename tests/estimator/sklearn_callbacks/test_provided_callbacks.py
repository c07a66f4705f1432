"""The callbacks that scikit-learn ships: its monitor of scores and its progress bar."""

import numpy as np
import pandas as pd
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier
from tests.problems import TINY

from .conftest import UNSTEADY, Recorder


class TestScoringMonitor:
    def test_scores_after_each_epoch(self, data):
        X, y = data
        table, weight = pd.DataFrame(X).add_prefix("x"), np.linspace(0.5, 2, len(y))
        monitor, recorder = ScoringMonitor(scoring="average_precision"), Recorder()
        clf = BalancedKerasClassifier(**TINY).set_callbacks(monitor, recorder)
        clf.fit(table, y, sample_weight=weight)
        rows = {row["task_id_path"]: row["average_precision"] for row in monitor.get_logs().data}
        assert list(rows) == [(0,), (0, 0), (0, 1), (0, 2)]
        assert all(told[0] is table for told in recorder.told)
        states = [recorder.states[-1][1], *recorder.of_epochs()]
        assert list(rows.values()) == [
            average_precision_score(y, state.predict_proba(table)[:, 1], sample_weight=weight)
            for state in states
        ]
        assert len(set(rows.values())) == 3

    def test_scores_the_decisions_of_the_epoch(self, data):
        monitor = ScoringMonitor(scoring="balanced_accuracy")
        clf = BalancedKerasClassifier(**TINY).set_callbacks(monitor).fit(*data)
        shorter = BalancedKerasClassifier(**TINY | {"epochs": 1}).fit(*data)
        _, first, *_ = monitor.get_logs().data
        X, y = data
        assert first["balanced_accuracy"] == balanced_accuracy_score(y, shorter.predict(X))
        assert monitor.get_logs().data[0]["balanced_accuracy"] == clf.score(X, y)


class TestProgressBar:
    @pytest.fixture(autouse=True)
    def _wide(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")

    def test_a_search_shows_the_epochs_of_its_fits(self, data, capsys):
        search = GridSearchCV(
            BalancedKerasClassifier(**TINY), {"class_weight": [None, "balanced"]}, cv=2
        )
        search.set_callbacks(ProgressBar()).fit(*data)
        lines = _shown(capsys)
        assert lines[0].startswith("GridSearchCV - fit")
        inner = [line for line in lines if "BalancedKerasClassifier - fit" in line]
        assert len(inner) == 5
        assert all("100%" in line for line in lines)
        assert not hasattr(search.best_estimator_, "_skl_callbacks")

    def test_a_pipeline_passes_it_on(self, data, capsys):
        pipeline = make_pipeline(StandardScaler(), BalancedKerasClassifier(**TINY))
        pipeline.set_callbacks(ProgressBar()).fit(*data)
        *_, last = _shown(capsys)
        assert last.startswith(
            "  Pipeline - fit-final-estimator | BalancedKerasClassifier - fit #1"
        )
        assert "100%" in last

    def test_a_fit_that_stops_early_is_done(self, data, capsys):
        clf = BalancedKerasClassifier(**TINY | UNSTEADY)
        clf.set_callbacks(ProgressBar()).fit(*data)
        assert len(clf.history_["loss"]) < 8
        (line,) = _shown(capsys)
        assert line.startswith("BalancedKerasClassifier - fit") and "100%" in line

    @pytest.mark.slow
    def test_worker_processes_tell_the_main_one(self, data, capsys):
        monitor = ScoringMonitor(scoring="average_precision")
        clf = BalancedKerasClassifier(**TINY | {"validation_split": 2}).set_callbacks(monitor)
        search = GridSearchCV(clf, {"class_weight": [None, "balanced"]}, cv=2, n_jobs=2)
        search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(*data)
        lines = _shown(capsys)
        assert len([line for line in lines if "train-for-fold" in line]) == 10
        assert all("100%" in line for line in lines)
        # One score for each fit, at its end.
        assert len(monitor.get_logs().data) == 5


def _shown(capsys):
    """Return the lines that progress bars have left on the screen."""
    lines = capsys.readouterr().out.splitlines()
    last = max(number for number, line in enumerate(lines) if line.lstrip("\x1b[2K") == lines[0])
    return [line for line in lines[last:] if line.strip()]
