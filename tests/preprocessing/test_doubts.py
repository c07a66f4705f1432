"""What a user is told to look at: text that is nearly numbers, and numbers far from the rest."""

import warnings

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.preprocessing import ColumnTypes


def told(values):
    """Return what is said of a column."""
    frame = pd.DataFrame({"x": values, "other": [0.5, 1.5] * (len(values) // 2)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ColumnTypes().fit(frame)
    return [each.message.told.removeprefix("[INN020] ") for each in caught]


@pytest.mark.parametrize(
    ("values", "unit", "odd", "row"),
    [
        ([*map(str, range(14)), *["open"] * 6], "numbers", "open", 15),
        ([*np.arange(14) / 8e6, *["open"] * 6], "numbers", "open", 15),
        (["3+ rooms"] * 6 + [f"{i} kg" for i in range(14)], "numbers", "3+ rooms", 1),
        ([*(f"2024-01-{i:02}" for i in range(1, 15)), *["soon"] * 6], "dates", "soon", 15),
    ],
)
def test_text_most_of_which_is_read(values, unit, odd, row):
    assert told(values) == [
        f"x: 14 of 20 values are {unit}, 6 are not, the first {odd!r} in row {row}; taken for "
        f"text. Correct these cells, or say that they stand for missing values (missing={odd!r})."
    ]


@pytest.mark.parametrize(
    "values",
    [
        ["a", "1"] * 10,
        [f"{i:05}" for i in range(20)],
        ["0-5", "6-10"] * 10,
        [*map(str, range(19)), "n.a."],
    ],
)
def test_text_that_is_none_of_numbers(values):
    assert "taken for text" not in "".join(told(values))


@pytest.mark.parametrize(
    ("others", "extreme"),
    [(np.arange(17) % 9 + 0.25, 99), (np.arange(17) * 1e3, -999), (np.arange(17) - 8.5, -99)],
)
def test_nines_far_from_the_rest(others, extreme):
    assert told([*others, *[extreme] * 3]) == [
        f"x: 3 of 20 values are {extreme}, the others lie between {others.min():g} and "
        f"{others.max():g}. If it stands for a missing value, say so (missing='{extreme}')."
    ]


@pytest.mark.parametrize(
    "values",
    [
        [*range(90, 109), 99.5],
        [*(np.arange(17) + 0.25), 99, 0.1, 0.2],
        [*(np.arange(17) * 9.1), 998, 998, 998],
        [*(np.arange(17) * 9.1), 99, 99, 99],
        [*(np.arange(17) * -9.1), -99, -99, -99],
    ],
)
def test_honest_extremes(values):
    assert told(values) == []
