"""What is said of a fit is what its attributes hold."""

import copy
import pickle
import re

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from imbalanced_nn import load, save
from imbalanced_nn.describe import class_counts, cut_sentence, cut_summary, fitted_facts
from imbalanced_nn.describe.class_table import class_table
from imbalanced_nn.exceptions import InvalidParameterError
from imbalanced_nn.inspection import ClassCountsDisplay, describe_fit

from .conftest import CASES, binary, multilabel, network, time_steps


def column(estimator, name):
    """Cells of the table's column of that name."""
    _, columns, rows = class_table(estimator)
    return [cells[columns.index(name)] for _, cells in rows]


def numbers(cells):
    """The numbers before the shares in cells."""
    return [float(cell.split(" (")[0].replace(",", "")) for cell in cells]


@pytest.mark.parametrize("name", CASES)
def test_counts_are_those_of_the_fit(name, fitted):
    clf = fitted(name)
    y = CASES[name][0]()[1]
    labels = [str(label) for label in clf.classes_]
    shown = [cell.removesuffix(" (positive)") for cell in class_table(clf)[2][0][1][:1]]
    assert labels[0].startswith(shown[0].rstrip("…"))
    assert numbers(column(clf, "all rows")) == clf.class_count_.tolist()
    if not len(clf.validation_indices_):
        assert fitted_facts(clf)["Held out"] == "no rows"
        return
    held_out = y[clf.validation_indices_]
    if clf.fit_result_.target.kind == "multilabel":
        expected = held_out.sum(axis=0)
    else:
        expected = np.array([(held_out == label).sum() for label in clf.classes_])
    assert numbers(column(clf, "held out")) == expected.tolist()
    told = [int(n) for n in re.findall(r"\d+", fitted_facts(clf)["Held out"])]
    assert told[0] == len(clf.validation_indices_)
    rarest = (
        clf.fit_result_.target.positive
        if clf.fit_result_.target.kind == "binary"
        else expected.argmin()
    )
    assert expected[rarest] in told


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no cut", "Decided for fraud from a probability of 0.5"),
        ("multiclass, no cut", "Decided for the most probable class"),
    ],
)
def test_no_cut_in_words(name, sentence, fitted):
    assert cut_sentence(cut_summary(fitted(name)), "on no rows") == sentence


@pytest.mark.parametrize("name", CASES)
def test_every_step_of_the_table_is_that_of_the_display(name, fitted):
    clf = fitted(name)
    counts = ClassCountsDisplay.from_estimator(clf).counts
    for step, row in class_counts(clf).items():
        assert counts[step].tolist() == row.tolist()
        assert numbers(column(clf, step)) == [round(count) for count in row.tolist()]
        if clf.fit_result_.target.kind != "multilabel":
            shares = [float(re.search(r"\((.*) %\)", cell)[1]) for cell in column(clf, step)]
            np.testing.assert_allclose(shares, 100 * row / row.sum(), rtol=6e-3)


def test_the_table_counts_classes_after_each_step(fitted):
    clf = fitted("binary")
    _, y = binary()
    _, columns, rows = class_table(clf)
    cells = {row[1][0]: dict(zip(columns[1:], row[1][1:], strict=True)) for row in rows}
    assert sorted(cells) == ["fraud (positive)", "ok"]
    held_out = (y[clf.validation_indices_] == "fraud").sum()
    expected = {
        "all rows": (y == "fraud").sum(),
        "held out": held_out,
        "training rows": (y == "fraud").sum() - held_out,
        "after the sampler": (y == "ok").sum() - (y[clf.validation_indices_] == "ok").sum(),
    }
    for step, count in expected.items():
        assert cells["fraud (positive)"][step].startswith(f"{count} ("), step


def test_the_sampler_and_its_synthetic_rows_are_counted(fitted):
    clf = fitted("binary")
    after, synthetic = len(clf.sample_indices_), (clf.sample_indices_ == -1).sum()
    assert synthetic > 0
    words = fitted_facts(clf)["Sampler"]
    assert words == f"SMOTE: {after} rows in an epoch, {synthetic} of them synthetic"
    assert sum(numbers(column(clf, "after the sampler"))) == after
    assert "Sampler" not in fitted_facts(fitted("no cut"))


def test_weights_are_those_that_were_used(fitted):
    clf = fitted("time steps")
    weights = list(clf.class_weight_.values())
    np.testing.assert_allclose(numbers(column(clf, "class weight")), weights, rtol=1e-3)
    low, high = re.fullmatch("from (.*) to (.*)", fitted_facts(clf)["Class weights"]).groups()
    np.testing.assert_allclose([float(low), float(high)], sorted(weights), rtol=1e-3)
    absent, present = zip(*fitted("multilabel").class_weight_.values(), strict=True)
    for side, expected in (("absent", absent), ("present", present)):
        cells = column(fitted("multilabel"), f"weight, {side}")
        np.testing.assert_allclose(numbers(cells), expected, rtol=1e-3)
    assert "Class weights" not in fitted_facts(fitted("binary"))


@pytest.mark.parametrize("name", ["binary", "hostile", "nothing held out", "averaged"])
def test_two_classes_are_decided_from_the_cut_on(name, fitted):
    clf = fitted(name)
    label, cut = re.fullmatch(
        "(.*) from a probability of (.*) on", fitted_facts(clf)["Decision"]
    ).groups()
    assert float(cut) == pytest.approx(clf.best_threshold_, rel=1e-3)
    assert str(clf.pos_label_).startswith(label[1:-1].rstrip("…"))
    marked = [cells[0] for is_positive, cells in class_table(clf)[2] if is_positive]
    assert len(marked) == 1 and marked[0].endswith(" (positive)")


@pytest.mark.parametrize("name", ["multiclass", "multilabel"])
def test_several_cuts_stand_in_the_table(name, fitted):
    clf = fitted(name)
    np.testing.assert_allclose(numbers(column(clf, "cut")), clf.best_threshold_, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "objective"),
    [
        ("binary", "f1"),
        ("multiclass", "balanced accuracy"),
        ("multilabel", "balanced accuracy"),
        ("time steps", "balanced accuracy"),
        ("averaged", "recall"),
        ("cross-fitted", "balanced accuracy"),
        ("costs", "mean cost"),
    ],
)
def test_a_learned_cut_tells_what_it_was_chosen_by(name, objective, fitted):
    clf = fitted(name)
    words = fitted_facts(clf)["Cut"]
    sign = -1 if name == "costs" else 1
    decided = len(clf.fit_result_.held_out.codes)
    unit = "time steps" if name == "time steps" else "rows"
    start = f"learned: {objective} {sign * clf.best_score_:.3f} on the {decided} {unit} held out"
    assert words.startswith(start)
    assert ("precision keeps its bound of 0.3" in words) == (name == "averaged")


def test_a_cut_that_was_not_learned_says_why(fitted):
    told = {name: fitted_facts(fitted(name)) for name in CASES if "no" in name.split()[0]}
    assert told["no cut"]["Cut"] == "not learned: threshold=None"
    assert told["no cut"]["Decision"] == "the class of highest probability"
    assert fitted_facts(fitted("multiclass, no cut"))["Decision"] == told["no cut"]["Decision"]
    assert "the prevalence" in told["nothing held out"]["Cut"]
    prevalence = fitted("nothing held out").class_prior_[0]
    assert f"{prevalence:.4g}" in told["nothing held out"]["Decision"]
    untuned = fitted_facts(network(threshold="f1").partial_fit(*binary()))
    assert untuned["Cut"] == "not learned: there were no rows to learn it on"
    assert untuned["Decision"] == told["no cut"]["Decision"]
    assert fitted_facts(fitted("costs"))["Decision"] == "the class of least expected cost"


def test_the_epoch_that_ships_is_told_with_its_score(fitted):
    clf = fitted("multiclass")
    for fact, history, n_iter in (
        ("Training", clf.history_, clf.n_iter_),
        ("Last layer", clf.head_history_, clf.head_n_iter_),
    ):
        score = history["val_average_precision"][n_iter - 1]
        words = f"epoch {n_iter} of 3, with held-out average precision {score:.3f}"
        assert fitted_facts(clf)[fact].removeprefix("trained anew, ") == words
    assert fitted_facts(fitted("nothing held out"))["Training"] == "epoch 3 of 3"


def test_several_networks_are_told(fitted):
    averaged, crossed = fitted_facts(fitted("averaged")), fitted_facts(fitted("cross-fitted"))
    assert "2 folds" in averaged["Held out"] and "2 folds" in crossed["Held out"]
    n_iter = fitted("averaged").n_iter_
    assert averaged["Training"] == f"2 networks, whose average ships; {n_iter} epochs in the mean"
    assert crossed["Training"].startswith("one network on all rows for ")
    assert averaged["Sampler"].endswith("(of the last fold)")


def test_probabilities_tell_their_shares(fitted):
    told = {name: fitted_facts(fitted(name))["Probabilities"] for name in CASES}
    assert told["no cut"].startswith("as the network gives them")
    assert told["nothing held out"] == "at the training prevalence"
    assert "put back" in told["binary"] and "put back" in told["time steps"]
    assert told["multiclass"].endswith("then calibrated by sigmoid")
    assert told["averaged"].endswith("brought to the priors")
    assert column(fitted("averaged"), "prior") == ["50 %", "50 %"]


def test_the_engine_is_told_with_its_reason(fitted):
    assert fitted_facts(fitted("binary"))["Engine"].startswith("graph: ")
    assert fitted_facts(fitted("multiclass, no cut"))["Engine"] == "keras: as asked"


@pytest.mark.filterwarnings(r"ignore:\[INN004\]")  # These are rows of the training.
def test_a_cut_changed_after_the_fit_is_told_and_the_held_out_rows_stay(fitted):
    clf = copy.deepcopy(fitted("binary"))
    before, table = fitted_facts(clf), class_table(clf)
    X, y = binary()
    clf.set_threshold(0.25)
    assert fitted_facts(clf)["Decision"] == "'fraud' from a probability of 0.25 on"
    assert fitted_facts(clf)["Cut"] == "not learned: as given"
    clf.tune_threshold(X[:50], y[:50], objective="f2")
    assert fitted_facts(clf)["Cut"].endswith("on 50 rows given to tune_threshold")
    changed = {name for name, words in fitted_facts(clf).items() if words != before[name]}
    assert changed <= {"Decision", "Cut"}
    assert class_table(clf) == table
    clf.tune_threshold(X[:50], y[:50], sample_cost=np.tile([1.0, 2.0], (50, 1)))
    assert fitted_facts(clf)["Cut"].endswith("on the rows it was learned on")


def test_rows_of_the_callers_are_told_as_such():
    X, y = binary()
    clf = network().fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert fitted_facts(clf)["Held out"] == (
        f"100 rows, {(y[300:] == 'fraud').sum()} of class 'fraud'; given as X_val"
    )
    assert "training rows" not in class_counts(clf)


def test_further_training_holds_nothing_out():
    X, y = binary()
    clf = network().fit(X, y).partial_fit(X, y)
    facts = fitted_facts(clf)
    assert facts["Held out"] == "no rows"
    assert facts["Cut"].startswith("learned: ")
    assert numbers(column(clf, "all rows")) == (2 * np.unique(y, return_counts=True)[1]).tolist()


@pytest.mark.parametrize("name", CASES)
def test_a_file_and_a_pickle_know_as_much(name, fitted, tmp_path):
    clf = fitted(name)
    save(clf, tmp_path / "clf.inn")
    for twin in (load(tmp_path / "clf.inn"), pickle.loads(pickle.dumps(clf))):
        assert fitted_facts(twin) == fitted_facts(clf)
        assert class_table(twin) == class_table(clf)


def test_nothing_is_said_of_what_was_not_fitted():
    X, y = binary()
    assert fitted_facts(network()) == {}
    assert fitted_facts(network().initialize(X, y)) == {}


def test_of_many_classes_the_rarest_are_shown():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(20), np.arange(44, 24, -1))
    X = rng.normal(size=(len(y), 4))
    caption, _, rows = class_table(network().fit(X, y))
    assert caption == "Classes, the 12 rarest of 20"
    assert [cells[0] for _, cells in rows] == [str(label) for label in range(8, 20)]


def test_steps_and_labels_are_named_as_such(fitted):
    assert class_table(fitted("time steps"))[0] == "Classes, counted in time steps"
    assert class_table(fitted("multilabel"))[0] == "Positives of each label"
    sequences = len(time_steps()[0]) // 5
    assert fitted_facts(fitted("time steps"))["Held out"].startswith(f"{sequences} sequences: ")
    assert numbers(column(fitted("multilabel"), "all rows")) == multilabel()[1].sum(0).tolist()


def test_the_words_are_public_for_pipelines_too(fitted):
    clf = fitted("binary")
    assert describe_fit(Pipeline([("classifier", clf)])) == fitted_facts(clf)
    with pytest.raises(NotFittedError):
        describe_fit(network())
    with pytest.raises(InvalidParameterError, match="Got DummyClassifier; fit one"):
        describe_fit(DummyClassifier().fit(*binary()))
