"""Which of two classes is positive, which of them scores belong to, and which way they rank."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import f1_score

from imbalanced_nn import ThresholdTuner
from imbalanced_nn.data.target import positive_code
from imbalanced_nn.exceptions import ImbalanceWarning
from imbalanced_nn.threshold import get_objective

RNG = np.random.default_rng(0)
CODES = (RNG.random(300) < 0.7).astype(int)  # the greater label is the common one
SCORE = 1 / (1 + np.exp(-(RNG.normal(size=300) + 2 * CODES - 1)))
CONVENTIONAL = [(0, 1), (-1, 1), (False, True), (0.0, 1.0)]


def best_f1(is_positive, decisions):
    """F1 of the best of some decisions about rows."""
    return max(f1_score(is_positive, decided) for decided in decisions)


@pytest.mark.parametrize("labels", CONVENTIONAL, ids=str)
def test_the_greater_of_conventional_labels_is_positive(labels):
    labels = np.array(labels)
    for counts in ([9, 1], [1, 9], [5, 5]):
        assert positive_code(None, labels, np.array(counts)) == 1
        assert positive_code(None, labels[::-1], np.array(counts)) == 0
        assert positive_code(None, labels.astype(object), np.array(counts)) == 1
        assert positive_code(labels[0], labels, np.array(counts)) == 0


@pytest.mark.parametrize("labels", [("a", "b"), ("0", "1"), (1, 2), (0, 2), (-1, 0)], ids=str)
def test_of_other_labels_the_rarest_is_positive(labels):
    for counts, code in (([9, 1], 1), ([1, 9], 0), ([5, 5], 1)):
        assert positive_code(None, np.array(labels), np.array(counts)) == code


@pytest.mark.parametrize("labels", CONVENTIONAL, ids=str)
def test_scores_of_conventional_labels_are_cut_as_scikit_learn_means_them(labels):
    labels = np.array(labels)
    y = labels[CODES]
    tuner = ThresholdTuner().fit(y, SCORE)
    assert tuner.pos_label_ == labels[1]
    np.testing.assert_array_equal(
        tuner.predict(SCORE), labels[(tuner.best_threshold_ <= SCORE).astype(int)]
    )
    with pytest.warns(ImbalanceWarning, match=r"INN014.*as everywhere in scikit-learn"):
        tuner = ThresholdTuner("f1").fit(y, SCORE)
    cuts = [t <= SCORE for t in SCORE]
    assert tuner.best_score_ == pytest.approx(best_f1(CODES == 1, cuts))
    named = ThresholdTuner("f1").fit(y, SCORE, pos_label=labels[1])
    assert named.best_threshold_ == tuner.best_threshold_


@pytest.mark.parametrize(("scale", "min_positives"), [("proba", 0), ("logit", 0), ("proba", 200)])
def test_scores_of_text_labels_are_those_of_the_greater_one(scale, min_positives):
    score = SCORE if scale == "proba" else np.log(SCORE / (1 - SCORE))
    labels = np.array(["fraud", "ok"])
    with pytest.warns(ImbalanceWarning) as caught:
        tuner = ThresholdTuner("f1", min_positives=min_positives).fit(labels[CODES], score)
    (note,) = [w.message.told for w in caught if "INN014" in str(w.message)]
    assert "'fraud' is taken as the positive class" in note and "pos_label='fraud'" in note
    assert tuner.pos_label_ == "fraud"
    decided = tuner.predict(score)
    np.testing.assert_array_equal(decided == "ok", score >= tuner.best_threshold_)
    assert tuner.best_score_ == pytest.approx(f1_score(CODES == 0, decided == "fraud"))
    if not min_positives:
        decisions = [score < t for t in [*score, np.inf]]
        assert tuner.best_score_ == pytest.approx(best_f1(CODES == 0, decisions))
    curve = tuner.threshold_curve_
    assert (np.diff(curve.thresholds) > 0).all()
    for cut, value in zip(curve.thresholds, curve.scores, strict=True):
        assert value == pytest.approx(f1_score(CODES == 0, score < cut, zero_division=0))


def test_a_column_for_each_class_leaves_no_doubt_about_the_rarer_one():
    labels = np.array(["fraud", "ok"])
    tuner = ThresholdTuner("f1").fit(labels[CODES], np.column_stack([1 - SCORE, SCORE]))
    assert tuner.pos_label_ == "fraud"
    with pytest.warns(ImbalanceWarning, match=r"INN014.*scores are those of 'ok'"):
        ThresholdTuner("f1").fit(labels[CODES], SCORE)


def test_either_side_of_a_score_gives_the_same_decisions_and_spread():
    labels = np.array(["fraud", "ok"])
    y = labels[CODES]
    with pytest.warns(ImbalanceWarning, match="INN014"):
        of_ok = ThresholdTuner("f2").fit(y, SCORE)
    of_fraud = ThresholdTuner("f2").fit(y, -SCORE, pos_label="fraud")
    np.testing.assert_array_equal(of_ok.predict(SCORE), of_fraud.predict(-SCORE))
    assert of_ok.best_score_ == of_fraud.best_score_
    one = of_ok.bootstrap(y, SCORE, n_resamples=50, random_state=0)
    other = of_fraud.bootstrap(y, -SCORE, n_resamples=50, random_state=0)
    # The range beyond the scores ends at 0 and 1 for probabilities.
    np.testing.assert_allclose(one.thresholds, np.clip(-other.thresholds, 0, 1), atol=1e-12)
    np.testing.assert_array_equal(one.scores, other.scores)


def test_scores_that_rank_in_reverse_are_told():
    for y, score, words in [
        (CODES, -SCORE, "ROC curve of 1 is 0"),
        (np.array(["a", "b"])[CODES], -SCORE, "pass pos_label='a'"),
        (CODES, np.column_stack([SCORE, 1 - SCORE]), "columns are in the order of the classes"),
    ]:
        with pytest.warns(ImbalanceWarning, match="INN015") as caught:
            ThresholdTuner().fit(y, score)
        assert words in str(caught[0].message)
    with pytest.warns(ImbalanceWarning, match=r"INN015.*pass them with a minus"):
        ThresholdTuner().fit(CODES, SCORE, pos_label=0)


def test_scores_that_tell_nothing_are_no_reverse():
    rng, told = np.random.default_rng(1), 0
    for _ in range(200):
        y, score = rng.random(200) < 0.3, rng.normal(size=200)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ThresholdTuner().fit(y, score)
        told += len(caught)
    assert told <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


@pytest.mark.parametrize(
    ("name", "symmetric"),
    [
        ("balanced_accuracy", True),
        ("accuracy", True),
        ("matthews_corrcoef", True),
        ("cohen_kappa", True),
        ("geometric_mean", True),
        ("youden", True),
        ("f1_macro", True),
        ("f1_weighted", True),
        ("f1", False),
        ("f0.5", False),
        ("jaccard", False),
        ("net_benefit_0.1", False),
    ],
)
def test_which_objectives_know_the_positive_class(name, symmetric):
    objective = get_objective(name, "binary")
    assert objective.is_symmetric == symmetric
    y, decided = np.repeat([0, 0, 1, 1], [9, 4, 2, 6]), np.repeat([0, 1, 0, 1], [9, 4, 2, 6])
    same = objective.score(y, decided, positive=0) == pytest.approx(objective.score(y, decided))
    assert same == symmetric


def test_a_metric_that_takes_the_positive_class_is_told_which():
    def own(y_true, y_pred, pos_label=1):
        return f1_score(y_true, y_pred, pos_label=pos_label)

    assert not get_objective(own, "binary").is_symmetric
    assert get_objective(lambda y, p: f1_score(y, p), "binary").is_symmetric
