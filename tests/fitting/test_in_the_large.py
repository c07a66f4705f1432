"""The mean of probabilities agrees with the share of a class that is very rare."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from imbalanced_nn import BalancedKerasClassifier
from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.fitting import HeldOutScores, Posterior, Target
from imbalanced_nn.fitting.records import Mass, SeenRows, Shares, Trained
from imbalanced_nn.fitting.result import _right_in_the_large

SHARES = np.array([0.999, 0.001])


def trained(mean, codes, **changes):
    """Return what a fit of 100,000 rows with 100 positives found, all rows looking alike."""
    proba = np.tile([1 - mean, mean], (len(codes), 1))
    held_out = HeldOutScores(codes, proba, np.ones(len(codes)), **changes.pop("held_out", {}))
    way = {"calibration": "prior", "correction": None} | changes
    posterior = Posterior("binary", (), False, natural=SHARES, in_loss=SHARES, **way)
    mass = Mass(SHARES, np.ones(2))
    return Trained(Shares(mass, mass), posterior, held_out, SeenRows())


def put_right(found, validation=None):
    target = Target("binary", np.array(["no", "yes"]), np.array([99_900, 100]))
    return _right_in_the_large(SimpleNamespace(target=target, validation=validation), found)


CODES = (np.arange(20_000) < 20).astype(int)


def test_means_that_are_far_off_are_put_right_and_told():
    found = trained(2e-5, CODES)
    with pytest.warns(ImbalanceWarning, match=r"INN026\] prob.*'yes' were 50 times too low"):
        right = put_right(found)
    np.testing.assert_allclose(right.held_out.proba[:, 1], 0.001, rtol=1e-6)
    again = right.posterior(np.full((5, 1), 2e-5))
    np.testing.assert_allclose(again[:, 1], 0.001, rtol=1e-6)
    assert found.held_out.proba[0, 1] == 2e-5


@pytest.mark.parametrize(
    "found",
    [
        trained(7e-4, CODES),
        trained(2e-5, CODES, calibration=None),
        trained(2e-5, CODES, calibration="sigmoid"),
        trained(2e-5, CODES, offset=0.0),
        trained(2e-5, CODES, held_out={"fold": np.zeros(20_000, int)}),
        trained(2e-5, np.zeros(20_000, int)),
    ],
)
def test_others_are_left_as_they_are(found):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert put_right(found) is found


def test_rows_of_the_callers_may_have_the_classes_in_other_shares():
    codes = np.arange(2000) % 2
    mixed = trained(2e-5, codes)
    mixed.held_out.proba[:] = np.where(codes[:, None], [0.99, 0.01], [0.99905, 0.00095])
    # At the shares of the fit their mean is right.
    assert put_right(mixed, validation=()) is mixed


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::imbalanced_nn.exceptions.ImbalanceWarning")
def test_the_mean_is_the_prevalence_or_within_its_error_over_seeds():
    wrong = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(40_000, 4)).astype(np.float32), np.zeros(40_000, int)
        y[rng.permutation(40_000)[:30]] = 1
        X[y == 1] += 1
        given = {"class_weight": "balanced", "validation_split": 0.2, "random_state": seed}
        clf = BalancedKerasClassifier("mlp", epochs=2, **given)
        mean = clf.fit(X, y).fit_result_.held_out.proba[:, 1].mean()
        # 30 positives tell a share to within 4 times 1/30 ** .5.
        wrong.append(abs(np.log(mean / clf.class_prior_[1])))
    assert max(wrong) < np.log(2.2)
