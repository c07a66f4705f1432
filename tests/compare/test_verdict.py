"""The verdict: it says what the intervals show, in plain words, and calls ties ties."""

import numpy as np
import pytest
from scipy.stats import t

from imbalanced_nn.compare import StrategyComparison

NONE = np.array([0.50, 0.52, 0.48, 0.51, 0.49])
UNEVEN = [0.60, 0.45, 0.56, 0.44, 0.55]
JITTER = np.array([0.0, 0.001, 0.002, 0.003, 0.004])

WIDE = " That is a wide interval: more repeats, or more folds, narrow it."


def made(scores, cut="learned", ratio=0.25, **more):
    """Return a comparison whose average precision in every fold is given by strategy."""
    folds = [
        {
            "strategy": strategy,
            "fold": fold,
            "threshold": threshold,
            "average_precision": score,
            "balanced_accuracy": 0.5,
            "f1": 0.5,
            "matthews_corrcoef": 0.25,
            "log_loss": 1 - score,
            "seconds": 12.34,
        }
        for strategy, per_fold in scores.items()
        for fold, score in enumerate(per_fold)
        for threshold in (cut, "0.5")
    ]
    n = max(map(len, scores.values()))
    train, test = [400] * n, [round(400 * ratio)] * n
    return StrategyComparison(folds, [0, 1], [90, 10], 1, train, test, **more)


class TestSentence:
    def test_a_winner(self):
        comparison = made({"none": NONE, "smote": NONE + 0.2 + JITTER})
        margin = t.ppf(0.975, 4) * np.std(JITTER, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
        assert comparison.verdict_ == (
            "'smote' beats plain training with a learned threshold here by 0.202 in average "
            f"precision (95 % interval {0.202 - margin:.3f} to {0.202 + margin:.3f})."
        )
        assert comparison.recommended_strategy_ == comparison.best_strategy_ == "smote"

    def test_nothing_beats_the_baseline(self):
        comparison = made({"none": NONE, "smote": UNEVEN, "under": NONE - 0.2 - JITTER})
        paired = UNEVEN - NONE
        # Two comparisons share the 5 %, in two tails each.
        margin = t.ppf(1 - 0.05 / 4, 4) * np.std(paired, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
        low, high = paired.mean() - margin, paired.mean() + margin
        assert comparison.verdict_ == (
            "No strategy beats plain training with a learned threshold here (difference in "
            f"average precision {low:+.3f} to {high:+.3f} for the best, 'smote'). Tied with it, "
            "as far as these folds tell: smote; worse: under. That is a wide interval: more "
            "repeats, or more folds, narrow it."
        )
        assert comparison.best_strategy_ == "smote"
        assert comparison.recommended_strategy_ == "none"

    def test_all_others_are_tied(self):
        scores = {"none": NONE, "a": UNEVEN, "b": UNEVEN[::-1]}
        said = made(scores).verdict_.removesuffix(WIDE)
        assert said.endswith(
            "for the best, 'a'). All 2 others are tied with it, as far as these folds tell."
        )

    def test_winners_that_cannot_be_told_apart(self):
        wave = np.array([0.01, -0.01, 0.01, -0.01, 0.0])
        scores = {"none": NONE, "a": NONE + 0.2 + wave, "b": NONE + 0.2 - wave, "c": NONE + 0.1}
        scores["c"] = scores["c"] + JITTER
        sentence = made(scores).verdict_
        assert sentence.startswith("'a' beats plain training")
        assert sentence.endswith(". Tied with it, as far as these folds tell: b.")

    def test_a_small_loss_beats(self):
        comparison = made(
            {"none": NONE, "smote": NONE + 0.2 + JITTER, "u": NONE - 0.1}, scoring="log_loss"
        )
        assert comparison.verdict_.startswith(
            "'smote' beats plain training with a learned threshold here by 0.202 in log loss ("
        )
        others = made({"none": NONE, "u": NONE - 0.1 - JITTER}, scoring="log_loss")
        assert others.verdict_ == (
            "No strategy beats plain training with a learned threshold here (difference in log "
            "loss +0.099 to +0.105, lower is better, for the best, 'u'). Worse: u."
        )
        assert others.best_strategy_ == "none"

    def test_equal_scores_are_a_tie(self):
        sentence = made({"none": NONE, "same": NONE}).verdict_
        assert "precision +0.000 to +0.000 for the best, 'same'). Tied with it" in sentence

    def test_without_a_learned_threshold_the_baseline_is_plain_training(self):
        sentence = made({"none": NONE, "b": UNEVEN}, cut="predict").verdict_
        assert sentence.startswith("No strategy beats plain training here (")

    def test_without_none_the_first_is_the_baseline(self):
        comparison = made({"a": NONE, "b": NONE + 0.2 + JITTER})
        assert comparison.baseline_ == "a"
        assert comparison.verdict_.startswith("'b' beats 'a' here by 0.202 in average precision")

    @pytest.mark.parametrize(("spread", "is_said"), [(0.01, False), (1.0, True)])
    def test_a_wide_interval_and_what_narrows_it_are_said(self, spread, is_said):
        away = np.array([0.1, -0.1, 0.1, -0.1, 0.01]) * spread
        comparison = made({"none": NONE, "a": NONE + away})
        row = comparison.differences().iloc[0]
        assert (row["high"] - row["low"] >= 0.1) == is_said
        assert comparison.verdict_.endswith(WIDE) == is_said

    def test_dropped_strategies_are_named_and_come_last(self):
        scores = {"none": NONE, "gone": np.add(NONE[:3], [0.3, -0.1, 0.2]), "smote": UNEVEN}
        comparison = made(scores, dropped={"gone": 3})
        assert comparison.verdict_.removesuffix(WIDE).endswith(
            "as far as these folds tell: smote; dropped early: gone."
        )
        assert "for the best, 'smote')" in comparison.verdict_
        assert comparison.frame()["strategy"].iloc[-1] == "gone"
        assert comparison.best_strategy_ == "smote"

    def test_all_others_were_dropped(self):
        comparison = made({"none": NONE, "gone": NONE[:3] - 0.2 - JITTER[:3]}, dropped={"gone": 3})
        assert comparison.verdict_.startswith("No strategy beats plain training")
        assert comparison.verdict_.endswith(" for the best, 'gone'). Dropped early: gone.")

    def test_a_dropped_strategy_does_not_win(self):
        scores = {"none": NONE, "gone": NONE[:3] + 0.4 + JITTER[:3], "b": NONE + 0.2 + JITTER}
        comparison = made(scores, dropped={"gone": 3})
        assert comparison.verdict_.startswith("'b' beats plain training")
        assert comparison.recommended_strategy_ == comparison.best_strategy_ == "b"
        assert comparison.standing_ == {"none": "baseline", "b": "better", "gone": "dropped"}

    def test_one_strategy_and_one_fold_show_nothing(self):
        assert made({"none": NONE}).verdict_ == (
            "Only 'none' was measured: there is nothing to compare it with."
        )
        one = made({"none": [0.5], "smote": [0.7]})
        assert one.verdict_ == (
            "'smote' has the best average precision, but one fold does not show whether by more "
            "than chance. Compare on more folds."
        )
        assert one.recommended_strategy_ == "none"


def drawn(rng, gains, n_folds, ratio):
    """Return scores whose differences vary over folds as those of overlapping training sets."""
    shared = ratio / (1 + ratio)
    scores = {"none": np.full(n_folds, 0.5)}
    for place, gain in enumerate(gains):
        common, own = rng.normal(size=1), rng.normal(size=n_folds)
        noise = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
        scores[f"s{place}"] = 0.5 + gain + 0.02 * noise
    return scores


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [5, 15])
def test_intervals_cover_at_their_rate_and_ties_are_called_ties(n_folds):
    rng = np.random.default_rng(n_folds)
    gains, n = [0.0, 0.0, 0.01, -0.05], 200
    covered = ties = 0
    for _ in range(n):
        comparison = made(drawn(rng, gains, n_folds, 0.25), ratio=0.25)
        table = comparison.differences().set_index("strategy").sort_index()
        covered += (table["low"] <= gains).all() and (gains <= table["high"]).all()
        tied = made(drawn(rng, [0.0] * 4, n_folds, 0.25), ratio=0.25)
        ties += tied.verdict_.startswith("No strategy beats")
    # Four standard errors around and below the rate; Bonferroni only errs to the safe side.
    error = 4 * np.sqrt(0.05 * 0.95 / n)
    assert 0.95 - error <= covered / n <= 0.95 + error
    assert ties / n >= 0.975 - error


@pytest.mark.slow
def test_the_best_is_found_where_it_is_far_ahead():
    rng = np.random.default_rng(0)
    for _ in range(50):
        comparison = made(drawn(rng, [0.0, 0.3, -0.1], 5, 0.25))
        assert comparison.verdict_.startswith("'s1' beats plain training with a learned threshold")
        assert comparison.recommended_strategy_ == "s1"
