"""Few positives: the cut leans on the probabilities, by a rule that ends where rows are enough."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm

from imbalanced_nn import ThresholdTuner
from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.threshold import get_objective
from imbalanced_nn.threshold import learner as module
from imbalanced_nn.threshold.recalibration import Recalibration, logits, recalibrate

pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[045]\]")


def calibrated(rng, n_positives, n=2000, shift=2.0):
    """Labels with a given number of positives, and the probabilities that they have."""
    y = np.zeros(n, dtype=int)
    y[:n_positives] = 1
    x = rng.normal(size=n) + shift * y
    odds = n_positives / (n - n_positives) * np.exp(shift * x - shift**2 / 2)
    return y, odds / (1 + odds)


@pytest.mark.parametrize("objective", ["balanced_accuracy", "f1", "matthews_corrcoef"])
@pytest.mark.parametrize("n_positives", [1, 12, 49])
@pytest.mark.parametrize("fault", [Recalibration(), Recalibration((3.0,), 0.4)])
def test_each_label_counts_for_its_share(objective, n_positives, fault):
    y, p = calibrated(np.random.default_rng(0), n_positives, n=300)
    p = fault.of_logits(logits(p))
    tuner = ThresholdTuner(objective, min_positives=50).fit(y, p)
    share = n_positives / 50
    line = recalibrate(y, logits(p), np.ones(len(y)))
    assert line.is_neutral == fault.is_neutral
    leaning = share * y + (1 - share) * line.of_logits(logits(p))
    formula = get_objective(objective, "binary")
    values = []
    for cut in np.append(np.unique(p), 1.0):
        flagged = p >= cut
        tp, fp = leaning[flagged].sum(), (1 - leaning)[flagged].sum()
        fn, tn = leaning[~flagged].sum(), (1 - leaning)[~flagged].sum()
        values.append((formula.from_counts(tp, fp, fn, tn), flagged))
    best = max(value for value, _ in values)
    at_prior = (p >= line.score_of(y.mean())).astype(int)
    if objective == "balanced_accuracy" and formula.score(y, at_prior) >= tuner.best_score_:
        assert tuner.best_threshold_ == line.score_of(y.mean())
        return
    chosen = p >= tuner.best_threshold_
    assert any(value >= best - 1e-12 and (flagged == chosen).all() for value, flagged in values)
    assert tuner.best_score_ == pytest.approx(formula.score(y, chosen))


def test_the_score_that_means_the_prior_is_taken_where_it_scores_as_much():
    y, p = np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.2, 0.9])
    line = recalibrate(y, logits(p), np.ones(4))
    assert ThresholdTuner(min_positives=50).fit(y, p).best_threshold_ == line.score_of(0.25)
    weight = np.array([1, 1, 1, 3])
    line = recalibrate(y, logits(p), weight)
    tuner = ThresholdTuner(min_positives=50).fit(y, p, sample_weight=weight)
    assert tuner.best_threshold_ == line.score_of(0.5)
    p = np.array([0.1, 0.2, 0.3, 0.9])
    assert ThresholdTuner(min_positives=1).fit(y, p).best_threshold_ == pytest.approx(0.6)


def test_where_higher_probabilities_mean_less_the_prior_is_no_cut():
    y, p = calibrated(np.random.default_rng(0), 30, n=300)
    line = recalibrate(y, logits(1 - p), np.ones(300))
    assert line.slope < 0
    tuner = ThresholdTuner(min_positives=50).fit(y, 1 - p)
    assert 0 < tuner.best_threshold_ < 1
    assert tuner.best_threshold_ != y.mean()
    spread = tuner.bootstrap(y, 1 - p, n_resamples=5, random_state=0)
    assert np.isfinite(spread.thresholds).all()


def test_with_enough_positives_the_rows_alone_decide():
    y, p = calibrated(np.random.default_rng(0), 50)
    for params in ({"min_positives": 50}, {"min_positives": 0}):
        leaning, exact = ThresholdTuner("f1", **params).fit(y, p), ThresholdTuner("f1").fit(y, p)
        assert leaning.best_threshold_ == exact.best_threshold_


def test_few_negatives_are_few_too():
    y, p = calibrated(np.random.default_rng(0), 20)
    cut = ThresholdTuner("f1", min_positives=50).fit(1 - y, 1 - p, pos_label=1)
    assert cut.best_threshold_ != ThresholdTuner("f1").fit(1 - y, 1 - p, pos_label=1)


def test_by_the_probabilities_alone_balanced_accuracy_is_cut_at_the_prior():
    y, p = calibrated(np.random.default_rng(0), 1, n=5000)
    p = np.concatenate([p, np.linspace(0.0001, 0.001, 5000)])
    y = np.concatenate([y, np.zeros(5000, dtype=int)])
    tuner = ThresholdTuner("youden", min_positives=10**6).fit(y, p)
    line = recalibrate(y, logits(p), np.ones(len(y)))
    believed = line.of_logits(logits(p)).mean()
    assert tuner.best_threshold_ == pytest.approx(line.score_of(believed), rel=0.05)


def test_the_note_tells_both_cuts_and_the_number():
    y, p = calibrated(np.random.default_rng(1), 8)
    exact = ThresholdTuner("f1").fit(y, p).best_threshold_
    with pytest.warns(ImbalanceWarning, match="INN010.*rests on 8 positives") as caught:
        tuner = ThresholdTuner("f1", min_positives=50).fit(y, p)
    assert f"is {tuner.best_threshold_:.4g}, drawn from {exact:.4g}" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_cut_that_stays_is_not_noted():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tuner = ThresholdTuner("f1", min_positives=50).fit([0, 0, 1], [0.001, 0.001, 0.999])
    assert tuner.best_score_ == 1


def test_each_label_has_its_own_number():
    rng = np.random.default_rng(1)
    columns = [calibrated(rng, n) for n in (8, 400)]
    y, p = (np.column_stack(part) for part in zip(*columns, strict=True))
    with pytest.warns(ImbalanceWarning, match="cut of 'rare' rests on 8"):
        tuner = ThresholdTuner("f1_macro", min_positives=50).fit(y, p, classes=["rare", "common"])
    alone = [
        ThresholdTuner("f1", min_positives=50).fit(*column).best_threshold_ for column in columns
    ]
    np.testing.assert_allclose(tuner.best_threshold_, alone)


def test_a_constraint_is_kept_by_the_labels():
    y, p = calibrated(np.random.default_rng(3), 15)
    tuner = ThresholdTuner("f1", constraint=("recall", 0.8), min_positives=50).fit(y, p)
    assert (y & (p >= tuner.best_threshold_)).sum() >= 12


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(ValueError, match="min_positives=5 'y_score' must hold probabilities"):
        ThresholdTuner(min_positives=5).fit([0, 1], [-1.0, 3.0])


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["balanced_accuracy", "f1"])
@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (0.5, 0), (2, 0), (1, 2), (1, -2)])
def test_it_is_worth_more_on_new_rows_right_or_wrong(objective, slope, intercept, monkeypatch):
    """With ten positives leaning beats the best cut of the rows, on average, and blind leaning."""
    rng = np.random.default_rng(0)
    n, n_positives, shift = 1000, 10, 2.0
    share = n_positives / n
    drawn = [calibrated(rng, n_positives, n, shift) for _ in range(100)]

    def values(min_positives):
        for y, p in drawn:
            score = Recalibration((intercept,), slope).of_logits(logits(p))
            cut = ThresholdTuner(objective, min_positives=min_positives).fit(y, score)
            line = (logits(cut.best_threshold_) - intercept) / slope
            at = (line - np.log(share / (1 - share)) + shift**2 / 2) / shift
            tp, fp = share * norm.sf(at - shift), (1 - share) * norm.sf(at)
            formula = get_objective(objective, "binary")
            yield formula.from_counts(tp, fp, share - tp, 1 - share - fp)

    gains = np.array(list(values(50))) - list(values(0))
    assert np.mean(gains) > 2 * np.std(gains) / np.sqrt(len(gains))
    if objective == "f1" and (slope, intercept) in ((0.5, 0), (1, 2)):
        monkeypatch.setattr(module, "recalibrate", lambda *_: Recalibration())
        blind = np.array(list(values(50))) - list(values(0))
        assert np.mean(blind) < -0.02
