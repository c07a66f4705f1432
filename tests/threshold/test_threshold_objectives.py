"""Objectives agree with scikit-learn's metrics and refuse what no threshold can maximise."""

import ast
import pickle
import re
import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.metrics import geometric_mean_score
from sklearn import metrics as sk

from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.metrics import class_balance_accuracy_score
from imbalanced_nn.threshold import ThresholdTuner, get_objective, objective_names


def oracle(name, kind):
    """Return the metric of an independent library for an objective's name."""
    named = {
        "accuracy": sk.accuracy_score,
        "balanced_accuracy": sk.balanced_accuracy_score,
        "matthews_corrcoef": sk.matthews_corrcoef,
        "mcc": sk.matthews_corrcoef,
        "cohen_kappa": sk.cohen_kappa_score,
        "geometric_mean": geometric_mean_score,
        "class_balance_accuracy": class_balance_accuracy_score,
        "youden": partial(sk.balanced_accuracy_score, adjusted=True),
    }
    if name in named:
        return named[name]
    stem, _, average = name.partition("_")
    average = average or "binary"
    if stem == "break":

        def break_even(y_true, y_pred, sample_weight=None, pos_label=1):
            keywords = {"sample_weight": sample_weight, "pos_label": pos_label, "zero_division": 0}
            precision = sk.precision_score(y_true, y_pred, **keywords)
            return min(precision, sk.recall_score(y_true, y_pred, **keywords))

        return break_even
    function = {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "jaccard": sk.jaccard_score,
    }.get(stem)
    if function is None:
        function = partial(sk.fbeta_score, beta=float(stem[1:]))
    return partial(function, average=average, zero_division=0)


def rows(seed, n_classes, n=40):
    """Return codes that hold every class, predictions with errors, and weights."""
    rng = np.random.default_rng(seed)
    y_true = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n)])
    guess = rng.integers(n_classes, size=len(y_true))
    y_pred = np.where(rng.random(len(y_true)) < 0.6, y_true, guess)
    return y_true, y_pred, rng.random(len(y_true)) + 0.1


def call(metric, y_true, y_pred, weight, positive=None):
    keywords = {} if weight is None else {"sample_weight": weight}
    if positive is not None:
        keywords["pos_label"] = positive
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return metric(y_true, y_pred, **keywords)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_scores_equal_the_library_metrics(kind, weighted):
    n_classes = 2 if kind == "binary" else 4
    for name in objective_names(kind):
        objective, metric = get_objective(name, kind), oracle(name, kind)
        for seed in range(5):
            y_true, y_pred, weight = rows(seed, n_classes)
            weight = weight if weighted else None
            expected = call(metric, y_true, y_pred, weight)
            assert objective.score(y_true, y_pred, weight) == pytest.approx(expected), name


@pytest.mark.parametrize("name", ["f1", "f2", "jaccard", "break_even"])
def test_positive_class_scores_follow_positive(name):
    y_true, y_pred, weight = rows(1, 2)
    metric = oracle(name, "binary")
    if name == "f2":
        metric = partial(sk.fbeta_score, beta=2)
    expected = call(metric, y_true, y_pred, weight, positive=0)
    assert get_objective(name, "binary").score(y_true, y_pred, weight, positive=0) == pytest.approx(
        expected
    )
    assert expected != pytest.approx(call(metric, y_true, y_pred, weight, positive=1))


@given(st.tuples(*[st.floats(0.1, 50) | st.just(0.0)] * 4))
def test_from_counts_equals_score(counts):
    tp, fp, fn, tn = counts
    if tp + fn == 0 or tn + fp == 0:
        return
    kept = np.array(counts) > 0
    y_true, y_pred = np.array([1, 0, 1, 0])[kept], np.array([1, 1, 0, 0])[kept]
    for name in objective_names("binary"):
        objective = get_objective(name, "binary")
        by_rows = objective.score(y_true, y_pred, np.array(counts)[kept])
        by_counts = objective.from_counts([tp, 1], [fp, 1], [fn, 1], [tn, 1])
        assert by_counts.shape == (2,)
        assert by_counts[0] == pytest.approx(by_rows, abs=1e-12), name


def test_scores_with_an_absent_or_unpredicted_class():
    y_true, y_pred = [0, 0, 2, 2, 2, 1], [0, 0, 2, 0, 2, 0]
    for name in objective_names("multiclass"):
        expected = call(oracle(name, "multiclass"), y_true, y_pred, None)
        assert get_objective(name, "multiclass").score(y_true, y_pred) == pytest.approx(expected)
    # Class 1 is in no row: it is left out, not counted as 0.
    y_true, y_pred = [0, 0, 2, 2], [0, 0, 2, 0]
    for name in objective_names("multiclass"):
        expected = call(oracle(name, "multiclass"), y_true, y_pred, None)
        assert get_objective(name, "multiclass").score(y_true, y_pred) == pytest.approx(expected)


def test_degenerate_predictions_are_zero_not_rounding():
    """With uneven weights the marginals sum to the total only up to rounding."""
    rng = np.random.default_rng(0)
    weight = rng.random(1000) * 1e-3
    y_true = (rng.random(1000) < 0.1).astype(int)
    for name in ("matthews_corrcoef", "cohen_kappa"):
        for constant in (0, 1):
            score = get_objective(name, "binary").score(y_true, np.full(1000, constant), weight)
            assert abs(score) < 1e-12


@pytest.mark.parametrize("weighted", [False, True])
def test_multilabel_scores_equal_the_library_metrics(weighted):
    rng = np.random.default_rng(0)
    y_true = (rng.random((60, 3)) < [0.5, 0.2, 0.1]).astype(int)
    y_pred = np.where(rng.random((60, 3)) < 0.7, y_true, 1 - y_true)
    weight = rng.random(60) if weighted else None
    for name in objective_names("multilabel"):
        metric = oracle(name, "multilabel")
        if "_" in name and name.split("_")[1] in ("macro", "micro", "weighted", "samples"):
            expected = call(metric, y_true, y_pred, weight)
        elif name == "accuracy":
            expected = call(sk.accuracy_score, y_true, y_pred, weight)
        else:  # scikit-learn has no multilabel form: the mean over labels
            expected = np.mean([call(metric, y_true[:, j], y_pred[:, j], weight) for j in range(3)])
        score = get_objective(name, "multilabel").score(y_true, y_pred, weight)
        assert score == pytest.approx(expected), name


def test_labels_that_no_row_has_score_as_in_the_library():
    y_true, y_pred = np.zeros((4, 2), int), np.array([[0, 0], [0, 1], [0, 0], [0, 1]])
    for stem in ("f1", "jaccard", "f2"):
        for average in ("macro", "micro", "weighted", "samples"):
            name = f"{stem}_{average}"
            expected = call(oracle(name, "multilabel"), y_true, y_pred, None)
            assert get_objective(name, "multilabel").score(y_true, y_pred) == expected, name


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_every_listed_name_is_accepted_and_picklable(kind):
    for name in objective_names(kind):
        objective = pickle.loads(pickle.dumps(get_objective(name, kind)))
        assert objective == get_objective(name, kind)
        assert objective.kind == kind


def test_general_beta():
    y_true, y_pred, weight = rows(0, 2)
    assert get_objective("f3.5", "binary").score(y_true, y_pred, weight) == pytest.approx(
        sk.fbeta_score(y_true, y_pred, beta=3.5, sample_weight=weight)
    )


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("average_precision", "binary", "does not depend on the threshold.*'f1'.*scoring="),
        ("roc_auc", "binary", "does not depend on the threshold"),
        ("roc_auc_ovr_weighted", "multiclass", "does not depend on the threshold.*'f1_macro'"),
        ("neg_log_loss", "multiclass", "does not depend on the threshold"),
        ("neg_brier_score", "binary", "does not depend on the threshold"),
        ("d2_brier_score", "binary", "does not depend on the threshold"),
        ("top_k_accuracy", "multiclass", "does not depend on the threshold"),
        ("f1", "multiclass", "'f1_macro' or 'f1_weighted' or 'f1_micro'"),
        ("f1", "multilabel", "'f1_macro' or 'f1_weighted' or 'f1_micro' or 'f1_samples'"),
        ("recall", "multiclass", "'recall_macro'"),
        ("precision", "multiclass", "'f0.5_macro' or 'precision_micro'"),
        ("f1_samples", "binary", "not defined for a binary target"),
        ("recall", "binary", r"every row is flagged.*constraint=\('precision', 0.8\).*'f2'"),
        ("precision", "binary", r"surest rows.*constraint=\('recall', 0.8\).*'f0.5'"),
        ("precision_macro", "multiclass", "surest rows.*'f0.5_macro'"),
        ("recall_macro", "multilabel", "every row is flagged.*'f2_macro'"),
        ("positive_likelihood_ratio", "binary", "without bound.*'youden'"),
        ("net_benefit", "binary", "risk.*'net_benefit_0.1'"),
        ("net_benefit_0.1", "multiclass", "binary target.*cost_matrix"),
        ("net_benefit_1.5", "binary", "between 0 and 1"),
        ("net_benefit_0.0", "binary", "between 0 and 1"),
        ("youden", "multiclass", "'balanced_accuracy' has the same best threshold"),
        ("balanced_acuracy", "binary", "Did you mean 'balanced_accuracy'"),
        ("f0", "binary", "unknown"),
        ("f1_score", "binary", "Did you mean 'f1'?"),
        ("F1", "binary", "Did you mean 'f1'?"),
        ("f1-macro", "binary", "Did you mean 'f1_macro'?"),
        ("macro_f2", "binary", "Did you mean 'f2_macro'?"),
        ("f1_score", "multiclass", "Did you mean 'f1_macro'?"),
        ("MCC", "binary", "Did you mean 'mcc'?"),
        ("gmean", "binary", "Did you mean 'geometric_mean'?"),
        ("fbeta_score", "binary", "Did you mean 'f2'?"),
        ("precision_score", "binary", "unknown.*surest rows"),
        ("sensitivity", "binary", "unknown.*every row is flagged"),
        ("specificity", "binary", r"no row is flagged.*constraint=\('specificity'"),
        ("auc", "binary", "does not depend on the threshold"),
        ("r2", "binary", "does not score a classifier"),
    ],
)
def test_refusals_say_what_to_do(name, kind, says):
    with pytest.raises(InvalidParameterError, match=rf"(?s){name}.*{says}"):
        get_objective(name, kind)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_functions_of_scikit_learn_are_answered_with_our_names(kind):
    named = {f"{name}_score": name for name in objective_names("binary") if "mcc" not in name}
    for function, name in named.items():
        if not hasattr(sk, function):
            continue
        ours = name if name in objective_names(kind) else f"{name}_macro"
        with pytest.raises(InvalidParameterError, match=f"Did you mean '{ours}'"):
            get_objective(function, kind)


def test_refused_names_are_the_only_ones_scikit_learn_has_beyond_ours():
    """Every scorer name of scikit-learn is either accepted or refused with a reason."""
    for name in sk.get_scorer_names():
        for kind in ("binary", "multiclass", "multilabel"):
            try:
                get_objective(name, kind)
            except InvalidParameterError as error:
                assert "is unknown" not in str(error), name


@pytest.mark.parametrize(
    ("candidate", "kind", "name"),
    [
        (sk.f1_score, "binary", "f1"),
        (sk.balanced_accuracy_score, "multiclass", "balanced_accuracy"),
        (sk.get_scorer("f1"), "binary", "f1"),
        (sk.get_scorer("f1_weighted"), "multiclass", "f1_weighted"),
        (sk.make_scorer(sk.fbeta_score, beta=2), "binary", "f2"),
        (sk.make_scorer(sk.fbeta_score, beta=0.5, average="macro"), "multiclass", "f0.5_macro"),
        (sk.make_scorer(sk.jaccard_score, average="samples"), "multilabel", "jaccard_samples"),
    ],
)
def test_library_metrics_are_recognised(candidate, kind, name):
    assert get_objective(candidate, kind) == get_objective(name, kind)


def test_recognised_metrics_are_refused_as_their_names_are():
    with pytest.raises(InvalidParameterError, match="every row is flagged"):
        get_objective(sk.recall_score, "binary")
    with pytest.raises(InvalidParameterError, match="'f1_macro'"):
        get_objective(sk.make_scorer(sk.f1_score), "multiclass")


def test_scorers_of_probabilities_are_refused():
    for scorer in (
        sk.make_scorer(sk.log_loss, response_method="predict_proba", greater_is_better=False),
        sk.make_scorer(sk.roc_auc_score, response_method=("decision_function", "predict_proba")),
    ):
        with pytest.raises(InvalidParameterError, match="does not depend on the threshold"):
            get_objective(scorer, "binary")


@pytest.mark.parametrize("candidate", [3, None, ["f1"]])
def test_what_is_no_objective_is_refused(candidate):
    with pytest.raises(InvalidParameterError, match=r"'objective' parameter .* Got"):
        get_objective(candidate, "binary")


def test_callables_see_labels_weights_and_the_positive_class():
    seen = {}

    def metric(y_true, y_pred, sample_weight=None, pos_label=None):
        seen.update(y_true=y_true, y_pred=y_pred, weight=sample_weight, pos_label=pos_label)
        return 0.25

    objective = get_objective(metric, "binary", classes=["fraud", "ok"])
    assert objective.name == "metric" and not objective.exact
    assert objective.score([0, 1], [1, 1], [2.0, 3.0], positive=0) == 0.25
    assert seen["y_true"].tolist() == ["fraud", "ok"]
    assert seen["y_pred"].tolist() == ["ok", "ok"]
    assert seen["weight"] == [2.0, 3.0]
    assert seen["pos_label"] == "fraud"
    get_objective(metric, "binary").score([0, 1], [1, 1], positive=0)
    assert seen["y_true"].tolist() == [0, 1] and seen["pos_label"] == 0


def test_scorers_keep_their_sign_and_arguments():
    def loss(y_true, y_pred, *, pos_label, factor):
        return factor * np.sum((y_true == pos_label) != (y_pred == pos_label))

    scorer = sk.make_scorer(loss, greater_is_better=False, pos_label="a", factor=2)
    objective = get_objective(scorer, "binary", classes=["a", "b"])
    assert objective.score([0, 1, 1], [1, 1, 0], positive=1) == -4


def test_a_recognised_metric_to_be_minimised_is_a_callable():
    scorer = sk.make_scorer(sk.accuracy_score, greater_is_better=False)
    objective = get_objective(scorer, "binary")
    assert not objective.exact
    assert objective.score([0, 1, 1], [0, 1, 0]) == pytest.approx(-2 / 3)


def test_metrics_without_a_signature_are_called_plainly():
    objective = get_objective(np.maximum.reduce, "binary")
    assert not objective.exact
    with pytest.raises(TypeError, match="no function of binary counts"):
        objective.from_counts(1, 1, 1, 1)


@pytest.mark.parametrize("risk", [0.02, 0.3, 0.9])
def test_net_benefit_is_that_of_decision_curves(risk):
    y = np.repeat([0, 1], [70, 30])
    decided = np.random.default_rng(0).integers(2, size=100)
    tp, fp = (decided & y).sum(), (decided & (1 - y)).sum()
    objective = get_objective(f"net_benefit_{risk}", "binary")
    assert objective.score(y, decided) == pytest.approx(tp / 100 - fp / 100 * risk / (1 - risk))


def test_net_benefit_of_probabilities_is_best_at_its_risk():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 5, size=20_000)
    y = (rng.random(20_000) < p).astype(int)
    cut = ThresholdTuner("net_benefit_0.25").fit(y, p).best_threshold_
    assert cut == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_a_refusal_lists_names_that_are_accepted_and_no_others(kind):
    with pytest.raises(InvalidParameterError) as refusal:
        get_objective("nonsense", kind)
    listed = ast.literal_eval(re.search(r"Use one of (\[.*?\])", str(refusal.value))[1])
    assert listed == objective_names(kind)
    assert ("f1" in listed) == ("youden" in listed) == (kind == "binary")
    assert ("f1_samples" in listed) == (kind == "multilabel")
    for name in listed:
        assert get_objective(name, kind).kind == kind


def test_several_classes_are_offered_the_averages_that_they_have():
    with pytest.raises(InvalidParameterError) as refusal:
        get_objective("jaccard", "multiclass")
    offered = re.findall("'(.*?)'", str(refusal.value).partition("Use ")[2])
    assert offered == ["jaccard_macro", "jaccard_weighted", "jaccard_micro"]
