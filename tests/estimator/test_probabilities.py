"""Probabilities stay at the training prevalence, whatever was done to the training rows."""

import keras
import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.datasets import load_htru2, load_page_blocks

BALANCED = {
    "class_weight": {"class_weight": "balanced"},
    "random_over": {"sampler": "random_over"},
    "random_under": {"sampler": "random_under"},
    "smote": {"sampler": "smote"},
}


def text_or_not():
    """Page blocks, text against everything else."""
    X, y = load_page_blocks(return_X_y=True)
    return X, (y > 0).astype(int)


# Balancing also costs rank: docs/concepts.md tells by how much on other sets.
DATA = {"htru2": lambda: load_htru2(return_X_y=True), "page_blocks": text_or_not}
SEEDS = range(3)
N_TRAIN = 2700
# How much worse than the unbalanced network's the log loss may be.
MARGIN = 1.1


def logistic_regression(meta):
    """Build the network that two normal classes of equal variance need, and no larger one."""
    inputs = keras.Input(meta["X_shape_"][1:])
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(inputs))


@pytest.fixture(scope="module")
def gaussians():
    """Two normal classes, one of them rare, and the true posterior of the rare one."""
    generator = np.random.default_rng(0)
    y = (generator.random(8000) < 0.06).astype(int)
    x = generator.normal(loc=1.5 * y)
    rare, common = 0.06 * norm.pdf(x, 1.5), 0.94 * norm.pdf(x)
    posterior = rare / (rare + common)
    return x[:, None], y, np.column_stack([1 - posterior, posterior])


def fitted_to(gaussians, **params):
    """Fit a logistic regression to the first half."""
    X, y, _ = gaussians
    clf = BalancedKerasClassifier(
        logistic_regression, optimizer__learning_rate=0.03, epochs=30, random_state=0, **params
    )
    return clf.fit(X[:4000], y[:4000])


@pytest.mark.parametrize("strategy", BALANCED)
def test_the_true_posterior_is_found_after_any_balancing(strategy, gaussians):
    X, _, posterior = gaussians
    proba = fitted_to(gaussians, batch_size=64, **BALANCED[strategy]).predict_proba(X[4000:])
    # SMOTE narrows the rare class, which no correction by shares can undo.
    allowed = 0.02 if strategy == "smote" else 0.01
    assert np.abs(proba - posterior[4000:]).mean() < allowed
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("strategy", BALANCED)
def test_without_the_correction_they_are_at_equal_classes(strategy, gaussians):
    X, _, posterior = gaussians
    clf = fitted_to(gaussians, batch_size=64, calibration=None, **BALANCED[strategy])
    proba = clf.predict_proba(X[4000:])
    assert np.abs(proba - posterior[4000:]).mean() > 0.15


def test_a_network_that_was_not_balanced_is_left_as_it_is(gaussians):
    X, _, _ = gaussians
    corrected, plain = (
        fitted_to(gaussians, calibration=calibration, batch_size=64).predict_proba(X[:100])
        for calibration in ("prior", None)
    )
    np.testing.assert_array_equal(corrected, plain)


def test_class_weights_and_the_samplers_they_stand_for_agree(gaussians):
    X, _, _ = gaussians
    weighted, sampled = (
        fitted_to(gaussians, batch_size=64, **BALANCED[name]).predict_proba(X[4000:])
        for name in ("class_weight", "random_over")
    )
    np.testing.assert_allclose(weighted, sampled, atol=0.03)


def test_sample_weights_are_a_prevalence_of_their_own(gaussians):
    # Ten times the weight is ten times the rows: that population is the one to be right for.
    X, y, _ = gaussians
    weight = np.where(y == 1, 10.0, 1.0)
    clf = BalancedKerasClassifier(
        logistic_regression,
        optimizer__learning_rate=0.03,
        epochs=30,
        batch_size=64,
        random_state=0,
        class_weight="balanced",
    )
    clf.fit(X[:4000], y[:4000], sample_weight=weight[:4000])
    share = weight[y == 1].sum() / weight.sum()
    mean = np.average(clf.predict_proba(X[4000:])[:, 1], weights=weight[4000:])
    assert abs(mean - share) < 0.03


def test_multilabel_probabilities_are_at_the_prevalence_of_each_label(gaussians):
    X, y, posterior = gaussians
    labels = np.column_stack([y, X[:, 0] + np.random.default_rng(1).normal(size=len(y)) > 0])

    def network(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(2, "sigmoid")(inputs))

    def mean_error(calibration):
        clf = BalancedKerasClassifier(
            network,
            optimizer__learning_rate=0.03,
            epochs=30,
            batch_size=64,
            random_state=0,
            class_weight="balanced",
            calibration=calibration,
        )
        clf.fit(X[:4000], labels[:4000].astype(int))
        return np.abs(clf.predict_proba(X[4000:])[:, 0] - posterior[4000:, 1]).mean()

    assert mean_error("prior") < 0.015
    assert mean_error(None) > 0.15


@pytest.fixture(scope="module")
def losses():
    """Log losses on untouched rows, one for each seed, by data set and strategy; as needed."""
    known = {}

    def of(data, strategy):
        if (data, strategy) not in known:
            known[data, strategy] = [_log_loss(data, strategy, seed) for seed in SEEDS]
        return np.array(known[data, strategy])

    return of


def _log_loss(data, strategy, seed):
    X, y = DATA[data]()
    X, X_new, y, y_new = train_test_split(
        X, y, train_size=N_TRAIN, test_size=N_TRAIN, stratify=y, random_state=seed
    )
    clf = BalancedKerasClassifier(random_state=seed, **BALANCED.get(strategy, {})).fit(X, y)
    return log_loss(y_new, clf.predict_proba(X_new))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", BALANCED)
@pytest.mark.parametrize("data", DATA)
def test_log_loss_on_untouched_rows_is_near_the_unbalanced_networks(data, strategy, losses):
    plain, balanced = losses(data, "none"), losses(data, strategy)
    assert balanced.mean() <= MARGIN * plain.mean(), (
        f"ratio {balanced.mean() / plain.mean():.3f}, of the seeds {(balanced / plain).round(3)}"
    )
