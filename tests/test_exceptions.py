"""Errors and warnings: codes, pickling, where a warning points, the nearest name."""

import gc
import linecache
import pickle
import warnings
from contextlib import contextmanager

import joblib
import numpy as np
import pytest
import sklearn.exceptions
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline

from imbalanced_nn import BalancedBatches, exceptions
from imbalanced_nn.exceptions import (
    ImbalanceWarning,
    InvalidParameterError,
    NotFittedError,
    TooFewRowsError,
    counted_fit,
    nearest_name,
    recorded_notes,
    warn,
)


def test_a_warning_carries_its_code_in_front_of_the_message():
    with pytest.warns(
        ImbalanceWarning, match=r"^\[INN002\] Blends of images\. See docs/notes/INN002\.md\.$"
    ) as caught:
        warn("INN002", "Blends of images.")
    assert caught[0].message.code == "INN002"


def test_a_warning_points_at_the_line_that_called_the_package():
    y = np.repeat([0, 1], [90, 10])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        BalancedBatches(steps_per_epoch=1).dataset(np.zeros((100, 1)), y, batch_size=4)
    assert [warning.message.code for warning in caught] == ["INN009"]
    assert caught[0].filename == __file__
    line = linecache.getline(__file__, caught[0].lineno)
    assert "BalancedBatches(steps_per_epoch=1)" in line


def test_an_unknown_code_is_refused():
    with pytest.raises(KeyError, match="INN999"):
        warn("INN999", "Nobody knows this code.")


def test_every_code_has_a_paragraph():
    assert all(code.startswith("INN") and len(code) == 6 for code in exceptions.CODES)
    for paragraph in exceptions.CODES.values():
        assert paragraph.endswith(".")
        assert paragraph.count(". ") >= 1, "what it means, and what to do"


def test_a_warning_survives_pickling():
    # Warnings travel between the processes of a parallel search.
    warning = pickle.loads(pickle.dumps(ImbalanceWarning("Blends of images.", "INN002")))
    assert (warning.told, warning.code) == ("[INN002] Blends of images.", "INN002")
    assert str(warning) == "[INN002] Blends of images. See docs/notes/INN002.md."


def test_errors_are_what_scikit_learn_users_catch():
    assert issubclass(TooFewRowsError, ValueError)
    assert issubclass(InvalidParameterError, ValueError)
    assert NotFittedError is sklearn.exceptions.NotFittedError
    assert issubclass(ImbalanceWarning, UserWarning)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("smoet", " Did you mean 'smote'?"),
        ("tomek", " Did you mean 'tomek_links'?"),
        ("SMOTE", " Did you mean 'smote'?"),
        ("Tomek-Links", " Did you mean 'tomek_links'?"),
        ("TOMEKLINK", " Did you mean 'tomek_links'?"),
        ("f1_score", " Did you mean 'f1'?"),
        ("RandomOverSampler", " Did you mean 'random_over'?"),
        ("xyz", ""),
    ],
)
def test_the_nearest_name_is_a_hint_or_nothing(name, hint):
    assert nearest_name(name, ["smote", "tomek_links", "f1_micro", "f1", "random_over"]) == hint


class Notes(LogisticRegression):
    """A classifier whose fit notes how many it was, of which every second is few."""

    fits = 0

    def fit(self, X, y):
        with counted_fit():
            Notes.fits += 1
            warn("INN001", f"only {Notes.fits} rows.")
            warn("INN001", f"only {Notes.fits} rows of another label.")
            if Notes.fits % 2 == 0:
                warn("INN010", f"drawn from {Notes.fits}.")
            with counted_fit():
                return super().fit(X, y)


X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.repeat([0, 1], [40, 20])


@contextmanager
def filtered(action="default"):
    """Give the texts of what is warned of within, under one filter."""
    Notes.fits, texts = 0, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)
        yield texts
    assert all(each.filename == __file__ for each in caught)
    texts += [each.message.told for each in caught]


class TestNotesOfManyFits:
    def test_a_search_tells_each_code_once_and_in_how_many_fits(self):
        with filtered() as texts:
            GridSearchCV(Notes(), {"C": [1, 2]}, cv=3).fit(X, Y)
        assert texts == [
            "[INN001] in 7 of 7 fits; the first: only 1 rows.",
            "[INN010] in 3 of 7 fits; the first: drawn from 2.",
        ]

    def test_each_search_tells_its_own(self):
        with filtered() as texts:
            for cv in (2, 3):
                cross_validate(make_pipeline(Notes()), X, Y, cv=cv)
        assert [text[:23] for text in texts] == [
            *("[INN001] in 2 of 2 fits", "[INN010] in 1 of 2 fits"),
            *("[INN001] in 3 of 3 fits", "[INN010] in 1 of 3 fits"),
        ]

    def test_a_search_in_a_search_is_part_of_it(self):
        with filtered() as texts:
            cross_val_score(GridSearchCV(Notes(), {"C": [1, 2]}, cv=2), X, Y, cv=2)
        assert [text[:25] for text in texts] == [
            *("[INN001] in 10 of 10 fits", "[INN010] in 5 of 10 fits;"),
        ]

    def test_it_ends_with_the_search_and_not_with_the_next_collection(self):
        gc.disable()
        try:
            with filtered() as texts:
                cross_val_score(Notes(), X, Y, cv=2)
        finally:
            gc.enable()
        assert len(texts) == 2

    @pytest.mark.parametrize("fit", [Notes().fit, make_pipeline(Notes()).fit])
    def test_one_fit_says_its_numbers_at_once(self, fit):
        with filtered() as texts:
            fit(X, Y)
        assert texts == ["[INN001] only 1 rows.", "[INN001] only 1 rows of another label."]

    def test_filters_that_ask_for_all_get_all(self):
        with filtered("always") as texts:
            cross_val_score(Notes(), X, Y, cv=2)
        assert len(texts) == 5

    def test_filters_that_ask_for_errors_get_them_in_every_fit(self):
        with filtered("error"), pytest.raises(ValueError, match="All the 3 fits failed"):
            cross_val_score(Notes(), X, Y, cv=3)

    def test_filters_that_ask_for_nothing_get_nothing(self):
        with filtered() as texts:
            warnings.filterwarnings("ignore", r"\[INN001\]")
            cross_val_score(Notes(), X, Y, cv=2)
        assert texts == ["[INN010] in 1 of 2 fits; the first: drawn from 2."]

    def test_a_recorder_gets_all_at_once_unless_they_are_errors(self):
        def record():
            with recorded_notes() as caught:
                Notes().fit(X, Y)
            return len(caught)

        with filtered() as texts:
            assert joblib.Parallel(n_jobs=1)(joblib.delayed(record)() for _ in range(2)) == [2, 3]
        assert texts == []
        with filtered("error"), pytest.raises(ImbalanceWarning):
            record()

    def test_a_worker_says_each_code_once_until_it_has_paused(self, monkeypatch):
        said = "[INN001] only 1 rows. (Each worker process says this once.)"
        for idle in (1e9, -1.0):
            monkeypatch.setattr(exceptions, "_WORKER", exceptions._WorkerFits())
            monkeypatch.setattr(exceptions, "_IDLE_SECONDS", idle)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("default")
                Notes.fits = 0
                with joblib.parallel_config("threading", n_jobs=2):
                    joblib.Parallel()(joblib.delayed(Notes().fit)(X, Y) for _ in range(4))
            codes = [warning.message.code for warning in caught]
            if idle > 0:
                assert sorted(codes) == ["INN001", "INN010"]
                assert caught[0].message.told == said
            else:
                assert len(codes) > 3

    def test_notes_outside_of_fits_are_counted_by_themselves(self):
        def note():
            warn("INN005", "200 of 300 cuts.")

        with filtered() as texts:
            joblib.Parallel(n_jobs=1)(joblib.delayed(note)() for _ in range(3))
        assert texts == ["[INN005] 3 times; the first: 200 of 300 cuts."]
