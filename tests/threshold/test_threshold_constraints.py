"""Constraints: the best cut among those that keep a bound, with or without confidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, norm
from sklearn import metrics as sk

from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from imbalanced_nn.threshold import ThresholdTuner, get_objective
from imbalanced_nn.threshold.constraints import get_constraint

# Rows are drawn with scores that rank either way, and either class the rarer one.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[INN01[45]\]")

CONSTRAINTS = [
    ("f1", ("precision", 0.5)),
    ("recall", ("precision", 0.6)),
    ("precision", ("recall", 0.7)),
    ("recall", ("false_positive_rate", 0.2)),
    ("recall", ("specificity", 0.8)),
    ("recall", ("alert_rate", 0.3)),
    ("recall", ("alert_count", 4)),
    ("accuracy", ("recall", 1.0)),
    ("balanced_accuracy", ("precision", 1.0)),
]


def keeps(metric, bound, y, decided, weight):
    """Return whether decisions keep a bound, from the confusion matrix."""
    tn, fp, fn, tp = np.bincount(2 * y + decided, weight, minlength=4)
    slack = 1e-9
    if metric == "precision":
        return tp + fp > 0 and tp / (tp + fp) >= bound - slack
    if metric == "recall":
        return tp / (tp + fn) >= bound - slack
    if metric == "specificity":
        return tn / (tn + fp) >= bound - slack
    if metric == "false_positive_rate":
        return fp / (tn + fp) <= bound + slack
    flagged = tp + fp
    return (
        flagged <= bound + slack
        if metric == "alert_count"
        else (flagged / (tn + fp + fn + tp) <= bound + slack)
    )


def brute_force(objective, constraint, y, score, weight):
    """Return the best objective over the cuts that keep the constraint, or None."""
    decisions = [(score >= cut).astype(int) for cut in np.append(np.unique(score), np.inf)]
    kept = [d for d in decisions if keeps(*constraint, y, d, weight)]
    return max((objective.score(y, d, weight) for d in kept), default=None)


@st.composite
def binary_rows(draw):
    n = draw(st.integers(3, 20))
    y = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    y[:2] = 0, 1
    score = np.array(draw(st.lists(st.sampled_from(np.linspace(0, 1, 8)), min_size=n, max_size=n)))
    weight = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=n, max_size=n)))
    return y, score, weight


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "constraint"), CONSTRAINTS)
@settings(max_examples=30)
@given(rows=binary_rows())
def test_best_of_the_cuts_that_keep_the_bound(name, constraint, weighted, rows):
    y, score, weight = rows
    weight = weight if weighted else None
    tuner = ThresholdTuner(name, constraint=constraint)
    objective = get_objective(name, "binary", constraint=get_constraint(constraint))
    best = brute_force(objective, constraint, y, score, weight)
    if best is None:
        with pytest.raises(ValueError, match="No threshold meets the constraint"):
            tuner.fit(y, score, sample_weight=weight, pos_label=1)
        return
    tuner.fit(y, score, sample_weight=weight, pos_label=1)
    decided = tuner.predict(score)
    assert keeps(*constraint, y, decided, weight)
    assert tuner.best_score_ == pytest.approx(best)
    assert objective.score(y, decided, weight) == pytest.approx(best)
    curve = tuner.threshold_curve_
    for cut, value in zip(curve.thresholds, curve.scores, strict=True):
        assert np.isnan(value) != keeps(*constraint, y, (score >= cut).astype(int), weight)


def test_the_positive_class_may_have_code_0():
    y = np.array(["a", "a", "b", "b", "b"])
    score = np.array([0.9, 0.4, 0.6, 0.2, 0.1])
    tuner = ThresholdTuner("recall", constraint=("precision", 0.9))
    tuner.fit(y, score, pos_label="a")
    assert tuner.pos_label_ == "a"
    assert tuner.best_score_ == 0.5
    assert tuner.predict(score).tolist() == ["a", "b", "b", "b", "b"]


def test_unattainable_constraint_names_the_best_attainable():
    y, score = [0, 0, 1, 0, 1], [0.9, 0.2, 0.8, 0.1, 0.7]
    with pytest.raises(
        ValueError,
        match=r"precision >= 0.9 on the tuning rows: the highest precision is 0.6667, "
        r"at threshold 0.45\. Relax",
    ):
        ThresholdTuner("recall", constraint=("precision", 0.9)).fit(y, score)


def test_callable_with_a_constraint():
    y, score = [0, 0, 1, 0, 1], np.array([0.9, 0.2, 0.8, 0.1, 0.7])

    def flagged_share(y_true, y_pred):
        return np.mean(y_pred)

    tuner = ThresholdTuner(flagged_share, constraint=("alert_count", 2)).fit(y, score)
    assert tuner.best_score_ == pytest.approx(0.4)
    assert tuner.predict(score).tolist() == [1, 0, 1, 0, 0]


def test_thinned_callable_looks_at_the_cuts_that_keep_the_bound():
    rng = np.random.default_rng(0)
    score = rng.random(5000)
    y = (rng.random(5000) < score / 10).astype(int)

    def flagged_share(y_true, y_pred):
        return np.mean(y_pred)

    with pytest.warns(ImbalanceWarning, match="1000 of 2001 distinct cuts"):
        tuner = ThresholdTuner(flagged_share, constraint=("alert_count", 2000)).fit(y, score)
    assert tuner.best_score_ == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("recall", ("recall", 0.5)),
        ("precision", ("precision", 0.5)),
        ("precision", ("alert_rate", 0.5)),
        (sk.recall_score, ("recall", 0.5)),
    ],
)
def test_a_constraint_that_leaves_the_objective_trivial_is_refused(name, constraint):
    with pytest.raises(InvalidParameterError, match="by itself is highest where"):
        ThresholdTuner(name, constraint=constraint).fit([0, 1, 0], [0.1, 0.9, 0.2])


def test_recognised_metric_with_its_constraint():
    tuner = ThresholdTuner(sk.recall_score, constraint=("precision", 0.5))
    assert tuner.fit([0, 1, 0], [0.1, 0.9, 0.2]).best_score_ == 1


@pytest.mark.parametrize(
    ("constraint", "says"),
    [
        ("precision", r"pair \(metric, bound\)"),
        (("precision",), r"pair \(metric, bound\)"),
        ((0.9, "precision"), r"pair \(metric, bound\)"),
        (("precison", 0.9), "Did you mean 'precision'"),
        (("precision", 90), r"a number in \[0, 1\]. Got 90"),
        (("precision", np.nan), r"a number in \[0, 1\]"),
        (("precision", True), r"a number in \[0, 1\]"),
        (("precision", "high"), r"a number in \[0, 1\]"),
        (("alert_count", -1), "a number of rows"),
    ],
)
def test_constraint_refusals(constraint, says):
    with pytest.raises(InvalidParameterError, match=rf"'constraint' parameter.*{says}"):
        ThresholdTuner("f1", constraint=constraint).fit([0, 1, 0], [0.1, 0.9, 0.2])


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_constraints_are_for_binary_targets(kind):
    y = [0, 1, 2] if kind == "multiclass" else [[0, 1, 0], [1, 0, 0], [0, 1, 1]]
    with pytest.raises(InvalidParameterError, match=f"is for a binary target.*{kind}"):
        ThresholdTuner("f1_macro", constraint=("precision", 0.5)).fit(y, np.eye(3))


def clopper_pearson(successes, trials, confidence, upper):
    failures = trials - successes
    if upper:
        return 1.0 if failures == 0 else beta.ppf(confidence, successes + 1, failures)
    return 0.0 if successes == 0 else beta.ppf(1 - confidence, successes, failures + 1)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    "metric", ["precision", "recall", "specificity", "false_positive_rate", "alert_rate"]
)
def test_confidence_is_the_exact_binomial_bound(metric, confidence):
    """The tail that decides and the bound that is named agree with the beta quantile."""
    upper = metric in ("false_positive_rate", "alert_rate")
    for bound in (0.0, 0.1, 0.5, 0.9, 1.0):
        constraint = get_constraint((metric, bound), confidence)
        for tp, fp, fn, tn in np.random.default_rng(0).integers(0, 30, size=(60, 4)):
            successes, trials = {
                "precision": (tp, tp + fp),
                "recall": (tp, tp + fn),
                "specificity": (tn, tn + fp),
                "false_positive_rate": (fp, tn + fp),
                "alert_rate": (tp + fp, tp + fp + fn + tn),
            }[metric]
            if trials == 0:
                continue
            # A bound on precision is tested in two orders, which share the error.
            level = (1 + confidence) / 2 if metric == "precision" else confidence
            limit = clopper_pearson(successes, trials, level, upper)
            counts = [np.array([c], float) for c in (tp, fp, fn, tn)]
            assert constraint.met(*counts)[0] == (limit <= bound if upper else limit >= bound)
            place, value = constraint.best(*counts)
            assert place == 0 and value == pytest.approx(limit)


def test_confidence_flags_with_a_margin():
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.1).astype(int)
    score = norm.cdf(rng.normal(size=3000) + 3 * y)
    plain = ThresholdTuner("recall", constraint=("precision", 0.8)).fit(y, score)
    sure = ThresholdTuner("recall", constraint=("precision", 0.8), confidence=0.95).fit(y, score)
    assert sure.best_threshold_ > plain.best_threshold_
    assert sure.best_score_ < plain.best_score_
    flagged = score >= sure.best_threshold_
    assert clopper_pearson(y[flagged].sum(), flagged.sum(), 0.975, upper=False) >= 0.8


@pytest.mark.parametrize(
    ("name", "constraint", "says"),
    [
        ("f1", ("recall", 0.9), "Even without an error it takes 22 positive rows; there are 3"),
        ("f1", ("precision", 0.9), "it takes 29 positive rows; there are 3"),
        ("f1", ("specificity", 0.99), "it takes 230 negative rows; there are 7"),
        ("recall", ("false_positive_rate", 0.01), "it takes 230 negative rows; there are 7"),
        ("recall", ("alert_rate", 0.02), "it takes 114 tuning rows; there are 10"),
        ("f1", ("recall", 1.0), "Relax the bound"),
    ],
)
def test_confidence_says_how_many_rows_it_takes(name, constraint, says):
    y = np.array([0] * 7 + [1] * 3)
    with pytest.raises(ValueError, match=rf"at confidence 0.9 on the tuning rows.*{says}"):
        ThresholdTuner(name, constraint=constraint, confidence=0.9).fit(y, np.arange(10) / 10)


@pytest.mark.parametrize(("metric", "bound"), [("recall", 0.9), ("false_positive_rate", 0.1)])
def test_the_number_of_rows_it_takes_is_exact(metric, bound):
    needed = get_constraint((metric, bound), 0.9).rows_needed()
    for n, attained in ((needed - 1, False), (needed, True)):
        y = np.array([0] * n + [1] * n)
        tuner = ThresholdTuner("f1", constraint=(metric, bound), confidence=0.9)
        if attained:
            assert tuner.fit(y, y).best_score_ == 1
        else:
            with pytest.raises(ValueError, match=f"takes {needed}"):
                tuner.fit(y, y)


def test_confidence_counts_rows():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 60)
    score = norm.cdf(rng.normal(size=120) + y)
    tuner = ThresholdTuner("recall", constraint=("false_positive_rate", 0.2), confidence=0.9)
    plain = tuner.fit(y, score).best_threshold_
    assert tuner.fit(y, score, sample_weight=np.full(120, 7.0)).best_threshold_ == plain
    with pytest.raises(InvalidParameterError, match="'confidence' parameter needs rows of equal"):
        tuner.fit(y, score, sample_weight=np.arange(120))


def draw(kind, rng, n=2000):
    """Return labels, probabilities and the function of a cut that gives its true precision."""
    if kind == "normal":
        share, shift = 0.1, 2.5
        y = (rng.random(n) < share).astype(int)
        x = rng.normal(size=n) + shift * y
        odds = share / (1 - share) * np.exp(shift * x - shift**2 / 2)

        def precision(cut):
            at = (np.log(cut / (1 - cut) * (1 - share) / share) + shift**2 / 2) / shift
            tp, fp = share * norm.sf(at - shift), (1 - share) * norm.sf(at)
            return tp / (tp + fp)

        return y, odds / (1 + odds), precision
    # One row in five is positive with probability .79, whatever its score: no cut is good enough.
    high = rng.random(n) < 0.2
    score = np.where(high, 0.78 + 0.02 * rng.random(n), 0.01 * rng.random(n))
    return (rng.random(n) < np.where(high, 0.79, 0.001)).astype(int), score, lambda cut: 0.79


@pytest.mark.slow
@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("kind", ["normal", "plateau"])
def test_a_bound_on_precision_covers_the_choice_among_cuts(kind, calibrated):
    """No matter how many cuts could hold it by luck, it breaks at most once in ten samples."""
    rng = np.random.default_rng(0)
    broken, by_luck, trials = 0, 0, 300
    tuner = ThresholdTuner("recall", constraint=("precision", 0.8))
    tuner.set_params(confidence=0.9, calibrated=calibrated)
    for _ in range(trials):
        y, score, precision = draw(kind, rng)
        try:
            cut = tuner.fit(y, score).best_threshold_
            broken += precision(cut) < 0.8
        except ValueError as error:
            assert "No threshold meets" in str(error) or "could not be proved" in str(error)
        order = np.argsort(-score)
        hits, n = np.cumsum(y[order]), np.arange(1, len(y) + 1)
        by_luck += (beta.ppf(0.1, np.maximum(hits, 1), n - hits + 1) >= 0.8).any()
    assert broken / trials <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / trials)
    if kind == "plateau":
        assert by_luck / trials > 0.3, "a search over all cuts would break it"
    else:
        assert broken > 0, "a bound that is never broken is no bound but timidity"


def test_calibrated_scores_prove_a_bound_with_fewer_rows():
    y = np.repeat([1, 0], [25, 75])
    score = np.repeat([0.97, 0.02], [25, 75])
    tuner = ThresholdTuner("recall", constraint=("precision", 0.9), confidence=0.9)
    with pytest.raises(ValueError, match="takes 29 positive rows; there are 25"):
        tuner.fit(y, score)
    assert tuner.set_params(calibrated=True).fit(y, score).best_score_ == 1


def test_a_bound_that_only_luck_could_keep_says_so():
    y = np.repeat([1, 0], [30, 170])
    score = np.concatenate([np.linspace(0.999, 0.98, 100), np.full(100, 0.1)])
    tuner = ThresholdTuner("recall", constraint=("precision", 0.9), confidence=0.9)
    with pytest.raises(ValueError, match="could not be proved.*keeps it.*by luck"):
        tuner.fit(y, score)


def test_scores_that_only_look_like_probabilities_still_prove_a_bound():
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.1).astype(int)
    x = rng.normal(size=3000) + 3 * y
    tuner = ThresholdTuner("recall", constraint=("precision", 0.8), confidence=0.9)
    recalls = [tuner.fit(y, s).best_score_ for s in (norm.cdf(x), x, norm.cdf(x) ** 8)]
    assert min(recalls) > 0.6


@pytest.mark.parametrize("confidence", [0, 1, 90, "high"])
def test_confidence_refusals(confidence):
    with pytest.raises(InvalidParameterError, match="'confidence' parameter"):
        ThresholdTuner("f1", constraint=("recall", 0.9), confidence=confidence).fit([0, 1], [0, 1])


def test_confidence_needs_a_rate():
    with pytest.raises(InvalidParameterError, match="without one"):
        ThresholdTuner("f1", confidence=0.9).fit([0, 1], [0, 1])
    with pytest.raises(InvalidParameterError, match="use 'alert_rate'"):
        ThresholdTuner("f1", constraint=("alert_count", 9), confidence=0.9).fit([0, 1], [0, 1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "metric", "bound"),
    [("precision", "recall", 0.8), ("recall", "false_positive_rate", 0.05)],
)
def test_the_chosen_cut_keeps_the_bound_with_the_confidence(objective, metric, bound):
    """Over many samples the population rate of the chosen cut breaks the bound 1 in 10 times."""
    rng = np.random.default_rng(0)
    broken, trials = 0, 400
    for _ in range(trials):
        y = np.repeat([0, 1], [400, 100])
        score = rng.normal(size=500) + 2.0 * y
        tuner = ThresholdTuner(objective, constraint=(metric, bound), confidence=0.9)
        cut = tuner.fit(y, score).best_threshold_
        rate = norm.sf(cut - 2.0) if metric == "recall" else norm.sf(cut)
        broken += rate < bound if metric == "recall" else rate > bound
    # Three standard errors above 0.1; and without the confidence about half are broken.
    assert broken / trials <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / trials)
    assert broken / trials >= 0.02
