"""Whole comparisons on simulated data of which the truth is known."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from imbalanced_nn.compare import compare_strategies

N_COMPARISONS = 40


def _columns(first, last):
    return make_pipeline(
        FunctionTransformer(np.take, kw_args={"indices": range(first, last), "axis": 1}),
        LinearDiscriminantAnalysis(),
    )


STRATEGIES = {"none": _columns(0, 2), "twin": _columns(2, 4), "blind": _columns(4, 6)}


def _drawn(seed):
    """Return rows: the first two columns tell as much as the next two, the last two nothing."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(300) < 60).astype(int)
    X = rng.normal(size=(300, 6))
    X[:, :4] += 1.3 * y[:, None]
    return X, y


@pytest.mark.slow
def test_intervals_cover_the_truth_and_twins_are_tied():
    covered = ties = worse = 0
    for seed in range(N_COMPARISONS):
        result = compare_strategies(
            LinearDiscriminantAnalysis(),
            *_drawn(seed),
            strategies=STRATEGIES,
            random_state=seed,
            cv=5,
        )
        # By symmetry the twins differ by nothing, whatever the data and the classifier.
        low, high = result.differences().set_index("strategy").loc["twin", ["low", "high"]]
        covered += low <= 0 <= high
        ties += result.standing_["twin"] == "tied"
        worse += result.standing_["blind"] == "worse"
        assert result.standing_["blind"] != "better"
    # Two intervals share the 5 %; four standard errors below the rate.
    error = 4 * np.sqrt(0.025 * 0.975 / N_COMPARISONS)
    assert covered == ties
    assert covered / N_COMPARISONS >= 0.975 - error
    assert worse / N_COMPARISONS > 0.8
