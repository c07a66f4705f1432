"""What a threshold proves at a confidence holds of new rows as often as it says."""

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner

BOUNDS = [("recall", 0.7), ("false_positive_rate", 0.1), ("alert_rate", 0.2), ("precision", 0.4)]
SMALL = {
    "model": "mlp",
    "model__hidden_layer_sizes": (16,),
    "early_stopping": False,
    "epochs": 15,
    "batch_size": 64,
    "optimizer__learning_rate": 0.01,
}


def draw(n, rng):
    """Draw two overlapping classes, one row in five positive."""
    y = (rng.random(n) < 0.2).astype(int)
    X = rng.normal(size=(n, 8))
    X[:, 0] += 1.5 * y
    return X, y


def tuner_of(metric, bound):
    """Return a tuner whose best cut just keeps the bound."""
    objective = "precision" if metric == "recall" else "recall"
    return ThresholdTuner(objective, constraint=(metric, bound), confidence=0.9)


def breaks(metric, bound, y, flagged):
    """Whether decisions about many rows break a bound."""
    rate = {
        "recall": flagged[y == 1].mean(),
        "false_positive_rate": flagged[y == 0].mean(),
        "alert_rate": flagged.mean(),
        "precision": y[flagged].mean() if flagged.any() else 1.0,
    }[metric]
    return rate < bound if metric in ("recall", "precision") else rate > bound


def broken_share(prove, n_trials):
    """Return how often each bound is broken by the cut that ``prove`` finds in a trial."""
    rng = np.random.default_rng(0)
    X_new, y_new = draw(8000, rng)
    broken = np.zeros(len(BOUNDS))
    for _ in range(n_trials):
        proved = prove(rng)
        score = proved.predict_proba(X_new)[:, 1]
        for k, bound in enumerate(BOUNDS):
            try:
                proved.tune_threshold(*proved.rows, objective=tuner_of(*bound))
            except ValueError:
                continue  # a sample in which no cut is found breaks nothing
            broken[k] += breaks(*bound, y_new, score >= proved.best_threshold_)
    return broken / n_trials


def at_most(confidence, n_trials):
    """Return the share that three standard errors allow."""
    error = 1 - confidence
    return error + 3 * np.sqrt(error * confidence / n_trials)


@pytest.mark.slow
def test_rows_of_ones_own_prove_a_bound_of_any_network():
    X, y = draw(600, np.random.default_rng(1))
    clf = BalancedKerasClassifier(random_state=0, **SMALL).fit(X, y)

    def prove(rng):
        clf.rows = draw(400, rng)
        return clf

    broken = broken_share(prove, 120)
    assert (broken <= at_most(0.9, 120)).all(), broken
    assert broken.max() > 0.03, "a bound that is never broken is no bound but timidity"


@pytest.mark.slow
def test_held_out_rows_that_chose_no_epoch_prove_a_bound_of_overfitted_networks():
    def prove(rng):
        clf = BalancedKerasClassifier(random_state=0, validation_split=0.5, **SMALL)
        clf.fit(*draw(600, rng)).rows = ()
        return clf

    broken = broken_share(prove, 60)
    assert (broken <= at_most(0.9, 60)).all(), broken
