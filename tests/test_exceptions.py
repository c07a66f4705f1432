"""Errors and warnings: codes, pickling, where a warning points, the nearest name."""

import linecache
import pickle
import warnings

import numpy as np
import pytest
import sklearn.exceptions

from imbalanced_nn import BalancedBatches, exceptions
from imbalanced_nn.exceptions import (
    ImbalanceWarning,
    InvalidParameterError,
    NotFittedError,
    TooFewRowsError,
    nearest_name,
    warn,
)


def test_a_warning_carries_its_code_in_front_of_the_message():
    with pytest.warns(ImbalanceWarning, match=r"^\[INN002\] Blends of images\.$") as caught:
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
    assert (str(warning), warning.code) == ("[INN002] Blends of images.", "INN002")


def test_errors_are_what_scikit_learn_users_catch():
    assert issubclass(TooFewRowsError, ValueError)
    assert issubclass(InvalidParameterError, ValueError)
    assert NotFittedError is sklearn.exceptions.NotFittedError
    assert issubclass(ImbalanceWarning, UserWarning)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("smoet", " Did you mean 'smote'?"), ("tomek", " Did you mean 'tomek_links'?"), ("xyz", "")],
)
def test_the_nearest_name_is_a_hint_or_nothing(name, hint):
    assert nearest_name(name, ["smote", "tomek_links"]) == hint
