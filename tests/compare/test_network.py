"""compare_strategies with the real network."""

import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imbalanced_nn.compare import STRATEGIES, compare_strategies


@pytest.mark.slow
def test_every_strategy_trains_and_the_same_seed_gives_the_same_measures(binary):
    from imbalanced_nn import BalancedKerasClassifier

    pipeline = make_pipeline(StandardScaler(), BalancedKerasClassifier("mlp", epochs=2))
    first, second = (
        compare_strategies(pipeline, *binary, cv=2, random_state=0).folds_frame() for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.drop(columns="seconds"), second.drop(columns="seconds"))
    assert set(first["threshold"]) == {"learned", "0.5"}
    assert first["strategy"].unique().tolist() == list(STRATEGIES)
    # The strategies differ, so their parameters have reached the network.
    assert first.groupby("strategy")["log_loss"].mean().nunique() == len(STRATEGIES)
