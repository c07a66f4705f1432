"""The threshold step: fixed, learned on held-out rows, or at the prior."""

import keras
import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    f1_score,
    fbeta_score,
    jaccard_score,
    make_scorer,
    matthews_corrcoef,
)
from sklearn.model_selection import GridSearchCV

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner
from imbalanced_nn.exceptions import ImbalanceWarning, InvalidParameterError
from tests.problems import TINY, two_classes

HALF = {"validation_split": 0.5}
# What a threshold leaves behind.
LEARNED = ("best_score_", "best_threshold_", "decision_rule_", "threshold_curve_")


@pytest.fixture(scope="module")
def binary():
    """Two overlapping classes, one row in six positive."""
    return two_classes(300)


@pytest.fixture(scope="module")
def many():
    """The same with enough positives that a half of them alone decides."""
    return make_classification(700, 6, weights=[0.8], flip_y=0.05, random_state=0)


@pytest.fixture(scope="module")
def multiclass():
    """Four overlapping classes of very unequal size."""
    return make_classification(
        400, 8, n_informative=5, n_classes=4, weights=[0.6, 0.25, 0.1], random_state=1
    )


@pytest.fixture(scope="module")
def multilabel():
    """Three labels, the last of them rare."""
    X, y = make_multilabel_classification(300, 8, n_classes=3, random_state=0)
    y[np.random.default_rng(0).random(300) < 0.6, 2] = 0
    return X, y


def fitted(data, **params):
    """Fit to all rows."""
    return BalancedKerasClassifier(**TINY | params).fit(*data)


def held_out(clf, data):
    """Labels and probabilities of the rows that were held out."""
    X, y = (part[clf.validation_indices_] for part in data)
    return y, clf.predict_proba(X)


def brute_force(y, score, metric="f1", weight=None):
    """The best value of a metric over every cut of the scores, and over flagging no row.

    A name is computed of the four cells at all cuts at once, a metric called for each.
    """
    cuts = [*np.unique(score), np.inf]
    if callable(metric):
        return max(metric(y, (score >= cut).astype(int)) for cut in cuts)
    weight = np.ones(len(y)) if weight is None else weight
    flagged = (score >= np.array(cuts)[:, None]).astype(float)
    tp, fp = flagged @ (weight * (y == 1)), flagged @ (weight * (y != 1))
    fn, tn = weight @ (y == 1) - tp, weight @ (y != 1) - fp
    return FORMULAS[metric](tp, fp, fn, tn).max()


def cost(y_true, y_pred):
    """What the decisions save: a miss costs ten false alarms."""
    return -np.mean(np.where(y_true == 1, 10 * (y_pred == 0), y_pred == 1))


OBJECTIVES = {
    "balanced_accuracy": balanced_accuracy_score,
    "f1": f1_score,
    "f2": lambda y, p: fbeta_score(y, p, beta=2),
    "matthews_corrcoef": matthews_corrcoef,
    "cohen_kappa": cohen_kappa_score,
    "jaccard": jaccard_score,
    "accuracy": accuracy_score,
}


def ratio(a, b):
    """A share, 0 where there is nothing."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def kappa(tp, fp, fn, tn):
    """Agreement beyond that of chance."""
    n = tp + fp + fn + tn
    chance = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / n**2
    return ((tp + tn) / n - chance) / (1 - chance)


FORMULAS = {
    "balanced_accuracy": lambda tp, fp, fn, tn: (tp / (tp + fn) + tn / (tn + fp)) / 2,
    "f1": lambda tp, fp, fn, tn: 2 * tp / (2 * tp + fp + fn),
    "f2": lambda tp, fp, fn, tn: 5 * tp / (5 * tp + fp + 4 * fn),
    "matthews_corrcoef": lambda tp, fp, fn, tn: ratio(
        tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    ),
    "cohen_kappa": kappa,
    "jaccard": lambda tp, fp, fn, tn: tp / (tp + fp + fn),
    "accuracy": lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_named_score_is_maximal_over_every_cut_of_the_held_out_rows(name, many):
    clf = fitted(many, threshold=name, **HALF)
    y, proba = held_out(clf, many)
    assert y.sum() >= 50
    assert clf.best_score_ == pytest.approx(brute_force(y, proba[:, 1], name))
    # The cut that ships scores what was promised.
    X = many[0][clf.validation_indices_]
    assert OBJECTIVES[name](y, clf.predict(X)) == pytest.approx(clf.best_score_)
    assert clf.best_score_ == pytest.approx(np.nanmax(clf.threshold_curve_.scores))


@pytest.mark.parametrize(
    ("threshold", "metric"),
    [
        (cost, cost),
        (f1_score, f1_score),
        (make_scorer(fbeta_score, beta=2), OBJECTIVES["f2"]),
        (make_scorer(cost), cost),
    ],
    ids=["metric", "sklearn-metric", "sklearn-scorer", "scorer"],
)
def test_a_callable_is_maximised_too(threshold, metric, many):
    clf = fitted(many, threshold=threshold, **HALF)
    y, proba = held_out(clf, many)
    assert clf.best_score_ == pytest.approx(brute_force(y, proba[:, 1], metric))


def test_held_out_rows_count_by_their_weight(many):
    X, y = many
    weight = np.random.default_rng(0).uniform(0.1, 5, len(y))
    clf = BalancedKerasClassifier(threshold="f1", **TINY | HALF).fit(X, y, sample_weight=weight)
    _, proba = held_out(clf, many)
    of_rows = weight[clf.validation_indices_]
    best = brute_force(y[clf.validation_indices_], proba[:, 1], weight=of_rows)
    assert clf.best_score_ == pytest.approx(best)


def test_a_number_is_the_cut_and_a_probability_equal_to_it_is_positive(binary):
    X, _ = binary
    clf = fitted(binary, threshold=0.25)
    proba = clf.predict_proba(X)[:, 1]
    np.testing.assert_array_equal(clf.predict(X), (proba >= 0.25).astype(int))
    assert clf.best_threshold_ == 0.25
    assert not hasattr(clf, "best_score_")
    # The float64 value of one row's own probability is reached by that row.
    middle = float(np.sort(proba)[len(proba) // 2])
    at_middle = fitted(binary, threshold=middle)
    assert (at_middle.predict(X) == 1).sum() == (proba >= middle).sum()
    assert at_middle.predict(X)[np.argsort(proba)[len(proba) // 2]] == 1


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="the network that PyTorch draws leans nowhere"
)
def test_few_held_out_positives_lean_on_the_probabilities(binary, multilabel):
    clf = fitted(binary, threshold="geometric_mean")
    y, proba = held_out(clf, binary)
    leaning = ThresholdTuner("geometric_mean", min_positives=50).fit(y, proba)
    assert clf.best_threshold_ == leaning.best_threshold_
    assert clf.best_threshold_ != ThresholdTuner("geometric_mean").fit(y, proba).best_threshold_
    with pytest.warns(ImbalanceWarning, match=rf"INN010.*rests on {y.sum()} positives") as caught:
        fitted(binary, threshold="geometric_mean")
    # Keras may warn, too.
    notes = [note for note in caught if issubclass(note.category, ImbalanceWarning)]
    assert notes[-1].filename == __file__
    clf = fitted(multilabel, threshold="f1_macro")
    leaning = ThresholdTuner("f1_macro", min_positives=50).fit(*held_out(clf, multilabel))
    np.testing.assert_array_equal(clf.best_threshold_, leaning.best_threshold_)


def test_the_rows_alone_decide_for_a_tuner_and_for_uncorrected_probabilities(binary):
    for params in ({"threshold": ThresholdTuner("f1")}, {"threshold": "f1", "calibration": None}):
        clf = fitted(binary, **params)
        exact = ThresholdTuner("f1").fit(*held_out(clf, binary))
        assert clf.best_threshold_ == exact.best_threshold_


def test_parameters_of_the_search_are_routed(binary):
    # Trained for long enough that the bound can be kept.
    params = {"epochs": 20, "optimizer__learning_rate": 0.02}
    given = {"threshold": "recall", "threshold__constraint": ("precision", 0.3)}
    routed = fitted(binary, **given, **params)
    tuner = ThresholdTuner("recall", constraint=("precision", 0.3), min_positives=50)
    assert routed.best_threshold_ == fitted(binary, threshold=tuner, **params).best_threshold_
    grid = GridSearchCV(routed, {"threshold__min_positives": [0, 50]}, cv=2, refit=False)
    assert len(grid.fit(*binary).cv_results_["params"]) == 2
    with pytest.raises(ValueError, match="constrain"):
        fitted(binary, threshold="recall", threshold__constrain=("precision", 0.3))


@pytest.mark.parametrize(("threshold", "flagged"), [(0, 300), (1, 0), (0.0, 300), (1.0, 0)])
def test_the_ends_of_the_scale_flag_all_rows_or_none(threshold, flagged, binary):
    assert (fitted(binary, threshold=threshold, epochs=0).predict(binary[0]) == 1).sum() == flagged


def test_none_is_one_half_and_argmax(binary, multiclass):
    clf = fitted(binary, threshold=None)
    np.testing.assert_array_equal(
        clf.predict(binary[0]), (clf.predict_proba(binary[0])[:, 1] >= 0.5).astype(int)
    )
    clf = fitted(multiclass, threshold=None)
    np.testing.assert_array_equal(
        clf.predict(multiclass[0]), clf.predict_proba(multiclass[0]).argmax(axis=1)
    )


@pytest.mark.parametrize("cuts", [[0.5, 0.3, 0.2, 0.1], (0.5, 0.3, 0.2, 0.1), np.r_[5:1:-1] / 10])
def test_a_number_for_each_class_divides_its_probability(cuts, multiclass):
    clf = fitted(multiclass, threshold=cuts)
    ratio = clf.predict_proba(multiclass[0]) / np.asarray(cuts)
    np.testing.assert_array_equal(clf.predict(multiclass[0]), ratio.argmax(axis=1))
    np.testing.assert_allclose(clf.best_threshold_, cuts)


def test_a_number_for_each_label_is_its_cut(multilabel):
    X, _ = multilabel
    clf = fitted(multilabel, threshold=[0.6, 0.4, 0.1])
    np.testing.assert_array_equal(clf.predict(X), clf.predict_proba(X) >= [0.6, 0.4, 0.1])
    same = fitted(multilabel, threshold=0.4)
    np.testing.assert_array_equal(same.predict(X), same.predict_proba(X) >= 0.4)


@pytest.mark.parametrize(
    "labels", [("fraud", "ok"), ("ok", "theft"), (True, False), (1, -1), (1, 2)]
)
def test_the_rarest_class_is_positive_wherever_its_label_sorts(labels, many):
    X, y = many
    rare, common = labels
    y = np.where(y == 1, rare, common)
    clf = BalancedKerasClassifier(threshold="f1", **TINY | HALF).fit(X, y)
    assert clf.pos_label_ == rare
    of_rare = clf.predict_proba(X)[:, list(clf.classes_).index(rare)]
    flagged = of_rare >= clf.best_threshold_
    np.testing.assert_array_equal(clf.predict(X), np.where(flagged, rare, common))
    y, score = y[clf.validation_indices_] == rare, of_rare[clf.validation_indices_]
    assert clf.best_score_ == pytest.approx(brute_force(y, score))


@pytest.mark.parametrize("labels", [(1, 0), (1, -1), (True, False), (1.0, 0.0)])
def test_the_greater_of_zero_and_one_is_positive_where_it_is_common(labels, many):
    X, y = many
    common, rare = labels
    y = np.where(y == 1, rare, common)
    with pytest.warns(ImbalanceWarning, match="INN014") as caught:
        clf = BalancedKerasClassifier(threshold="f1", **TINY | HALF).fit(X, y)
    (note,) = [w.message.told for w in caught if "INN014" in str(w.message)]
    assert "pos_label=" in note and "threshold='f1'" in note
    assert clf.pos_label_ == common
    proba = clf.predict_proba(X)[:, 1]
    flagged = proba >= clf.best_threshold_
    np.testing.assert_array_equal(clf.predict(X), np.where(flagged, common, rare))
    held = clf.validation_indices_
    assert clf.best_score_ == pytest.approx(brute_force(y[held] == common, proba[held]))
    clf.set_params(pos_label=common).fit(X, y)
    with pytest.warns(ImbalanceWarning, match="INN014"):
        clf.set_params(pos_label=None).set_threshold(0.3)
    clf.set_threshold(0.5).tune_threshold(objective="balanced_accuracy")


@pytest.mark.parametrize("threshold", ["balanced_accuracy", "matthews_corrcoef", None, 0.5])
def test_nothing_is_said_of_the_positive_class_where_it_does_not_matter(threshold, many):
    X, y = many
    clf = BalancedKerasClassifier(threshold=threshold, **TINY | HALF).fit(X, 1 - y)
    assert clf.pos_label_ == 1


@pytest.mark.parametrize("pos_label", ["fraud", "ok"])
def test_the_positive_class_can_be_named(pos_label, many):
    X, y = many
    y = np.where(y == 1, "fraud", "ok")
    clf = BalancedKerasClassifier(threshold="f1", pos_label=pos_label, **TINY | HALF).fit(X, y)
    assert clf.pos_label_ == pos_label
    held = clf.validation_indices_
    score = clf.predict_proba(X[held])[:, list(clf.classes_).index(pos_label)]
    assert clf.best_score_ == pytest.approx(brute_force(y[held] == pos_label, score))


@pytest.mark.parametrize("threshold", ["balanced_accuracy", "f1_macro", "matthews_corrcoef"])
def test_several_classes_are_never_below_argmax_on_the_held_out_rows(threshold, multiclass):
    metric = {
        "balanced_accuracy": balanced_accuracy_score,
        "f1_macro": lambda y, p: f1_score(y, p, average="macro"),
        "matthews_corrcoef": matthews_corrcoef,
    }[threshold]
    clf = fitted(multiclass, threshold=threshold)
    y, proba = held_out(clf, multiclass)
    decided = clf.predict(multiclass[0][clf.validation_indices_])
    assert metric(y, decided) == pytest.approx(clf.best_score_)
    assert clf.best_score_ >= metric(y, proba.argmax(axis=1))
    assert clf.best_threshold_.shape == (4,)


def test_every_label_gets_the_best_cut_of_its_own(multilabel):
    clf = fitted(multilabel, threshold=ThresholdTuner("f1_macro"))
    y, proba = held_out(clf, multilabel)
    best = [brute_force(y[:, j], proba[:, j]) for j in range(3)]
    assert clf.best_score_ == pytest.approx(np.mean(best))
    decided = clf.predict(multilabel[0][clf.validation_indices_])
    assert f1_score(y, decided, average="macro") == pytest.approx(np.mean(best))


@pytest.mark.parametrize(
    ("threshold", "metric"),
    [
        ("balanced_accuracy", balanced_accuracy_score),
        ("f1", f1_score),
        (None, accuracy_score),
        (0.3, accuracy_score),
    ],
)
def test_the_score_of_the_estimator_is_what_its_threshold_maximises(threshold, metric, binary):
    X, y = binary
    clf = fitted(binary, threshold=threshold)
    assert clf.score(X, y) == pytest.approx(metric(y, clf.predict(X)))
    weight = np.random.default_rng(0).uniform(0.1, 5, len(y))
    assert clf.score(X, y, sample_weight=weight) == pytest.approx(
        metric(y, clf.predict(X), sample_weight=weight)
    )


def test_without_held_out_rows_balanced_accuracy_is_cut_at_the_prior(binary, multiclass):
    clf = fitted(binary, validation_split=0.0)
    assert clf.validation_indices_.size == 0
    assert clf.best_threshold_ == pytest.approx(np.mean(binary[1] == 1))
    assert not hasattr(clf, "best_score_")
    clf = fitted(multiclass, validation_split=0.0)
    np.testing.assert_allclose(clf.best_threshold_, np.bincount(multiclass[1]) / 400)


def test_the_cut_at_the_prior_is_on_the_scale_of_the_probabilities(binary):
    params = {"validation_split": 0, "sampler": "random_over"}
    assert fitted(binary, **params).best_threshold_ == pytest.approx(np.mean(binary[1] == 1))
    uncorrected = fitted(binary, calibration=None, **params)
    assert uncorrected.best_threshold_ == pytest.approx(0.5)


@pytest.mark.parametrize("threshold", ["f1", cost])
def test_without_held_out_rows_no_other_score_can_be_learned(threshold, binary):
    message = "is learned on held-out rows.*validation_split=0.*X_val.*'balanced_accuracy'"
    with pytest.raises(InvalidParameterError, match=message):
        fitted(binary, threshold=threshold, validation_split=0)


def test_rows_of_ones_own_take_the_place_of_the_split(many):
    X, y = many
    clf = BalancedKerasClassifier(threshold="f1", **TINY)
    clf.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert clf.validation_indices_.size == 0
    proba = clf.predict_proba(X[200:])[:, 1]
    assert clf.best_score_ == pytest.approx(brute_force(y[200:], proba))
    assert len(clf.sample_indices_) == 200


def test_weights_of_ones_own_rows_count(many):
    X, y = many
    weight = np.random.default_rng(0).uniform(0.1, 5, 500)
    clf = BalancedKerasClassifier(threshold="f1", **TINY)
    clf.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:], sample_weight_val=weight)
    proba = clf.predict_proba(X[200:])[:, 1]
    best = brute_force(y[200:], proba, weight=weight)
    assert clf.best_score_ == pytest.approx(best)


def test_a_second_fit_forgets_the_first(binary, multiclass):
    clf = fitted(binary, threshold="f1")
    assert all(hasattr(clf, name) for name in (*LEARNED, "pos_label_"))
    clf.set_params(threshold=0.2).fit(*binary)
    assert not hasattr(clf, "best_score_")
    assert not hasattr(clf, "threshold_curve_")
    assert clf.best_threshold_ == 0.2
    clf.fit(*multiclass)
    assert not hasattr(clf, "pos_label_")
    clf.set_params(class_weight="balanced", sampler="random_over", threshold=None).fit(*binary)
    clf.set_params(class_weight=None, sampler=None).fit(*binary)
    assert clf.class_weight_ is None
    assert clf.sampler_ is None
    fresh = fitted(binary, threshold=None)
    np.testing.assert_array_equal(clf.predict_proba(binary[0]), fresh.predict_proba(binary[0]))
    assert set(vars(clf)) == set(vars(fresh))


def test_scores_that_are_no_probabilities_are_cut_by_the_rows_alone(binary):
    def build(meta):
        inputs = keras.Input(meta["X_shape_"][1:])
        return keras.Model(inputs, keras.layers.Dense(1)(inputs))

    params = {"loss": "mse", "calibration": None, "threshold": "f1", "epochs": 3}
    clf = BalancedKerasClassifier(build, random_state=0, **params)
    y, scores = held_out(clf.fit(*binary), binary)
    assert scores.min() < 0
    assert clf.best_score_ == pytest.approx(brute_force(y, scores[:, 1]))
