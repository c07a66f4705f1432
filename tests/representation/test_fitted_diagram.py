"""scikit-learn's diagram of a fitted estimator tells what was learned, and nothing else."""

import pickle
from html.parser import HTMLParser

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner, load, save
from imbalanced_nn.representation import fitted_facts
from imbalanced_nn.representation.classes import class_table

VOID = {"meta", "link", "br", "img", "input", "hr", "path"}
HOSTILE = '<script>document.title="hacked"</script>'


def network(**params):
    small = {"model__hidden_layer_sizes": (6,), "epochs": 3, "random_state": 0}
    return BalancedKerasClassifier(**(small | params))


def binary(labels=("ok", "fraud")):
    X, y = make_classification(400, weights=[0.8], class_sep=2.0, random_state=0)
    return X, np.array(labels)[y]


def multiclass(n_classes=3):
    X, y = make_classification(
        600, n_classes=n_classes, n_informative=8, n_clusters_per_class=1, random_state=0
    )
    return X, y


def multilabel():
    return make_multilabel_classification(300, n_classes=3, random_state=0)


def time_steps():
    X = np.random.default_rng(0).normal(size=(120, 4, 3)).astype("float32")
    return X, np.where(X.sum(axis=2) > 1.5, "rare", "usual")[:, :, None]


TUNER = ThresholdTuner("recall", constraint=("precision", 0.3))
FITS = {
    "binary": lambda: network(sampler="smote", class_weight="balanced").fit(*binary()),
    "multiclass": lambda: network(sampler=SMOTE(random_state=0)).fit(*multiclass()),
    "many classes": lambda: network(class_weight="balanced").fit(*multiclass(15)),
    "multilabel": lambda: network(class_weight="balanced").fit(*multilabel()),
    "time steps": lambda: network(class_weight="balanced").fit(*time_steps()),
    "averaged": lambda: network(validation_split=2, priors=[0.5, 0.5]).fit(*binary()),
    "refitted": lambda: network(validation_split=2, ensemble=False).fit(*binary()),
    "constrained": lambda: network(threshold=TUNER).fit(*binary()),
    "costs": lambda: network(threshold=ThresholdTuner(cost_matrix=[[0, 1], [9, 0]])).fit(*binary()),
    "no cut": lambda: network(threshold=None, calibration=None).fit(*binary()),
    "nothing held out": lambda: network(validation_split=0).fit(*binary()),
    "two stages": lambda: network(head_sampler="balanced_batches").fit(*binary()),
}
_FITTED = {}


def fitted(name):
    """Return an estimator of a kind, fitted once; do not change it."""
    if name not in _FITTED:
        _FITTED[name] = FITS[name]()
    return _FITTED[name]


class Elements(HTMLParser):
    """Checks that elements are closed in order, and keeps scripts and text."""

    def __init__(self):
        super().__init__()
        self.open, self.scripts, self.text, self.sources = [], 0, [], []

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.sources += [value for name, value in attrs if name in ("src", "onerror", "onload")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(html):
    elements = Elements()
    elements.feed(html)
    assert elements.open == []
    return elements


@pytest.mark.parametrize("name", FITS)
def test_it_tells_every_fact_in_well_formed_html(name):
    clf = fitted(name)
    page = parsed(clf._repr_html_())
    text = " ".join(" ".join(page.text).split())
    assert "What was learned" in text
    for what, words in fitted_facts(clf).items():
        assert f"{what} {words}" in text
    assert page.sources == []
    # scikit-learn's own, and no more.
    assert page.scripts == parsed(network()._repr_html_()).scripts


def test_an_estimator_that_is_not_fitted_tells_nothing():
    assert fitted_facts(network()) == {}
    assert "What was learned" not in network()._repr_html_()


def test_facts_are_those_of_the_fit():
    clf = fitted("binary")
    facts = fitted_facts(clf)
    _, y = binary()
    held_out = y[clf.validation_indices_]
    n_positives = (held_out == "fraud").sum()
    assert facts["Held out"] == f"{len(held_out)} rows, {n_positives} of class 'fraud'"
    assert facts["Sampler"].startswith(f"SMOTE: {len(clf.sample_indices_)} rows in an epoch, ")
    assert f"{(clf.sample_indices_ < 0).sum()} of them synthetic" in facts["Sampler"]
    assert facts["Training"].startswith(
        f"epoch {clf.n_iter_} of {len(clf.history_['loss'])}, with held-out average precision "
        f"{clf.history_['val_average_precision'][clf.n_iter_ - 1]:.3f}"
    )
    assert facts["Decision"] == f"'fraud' from a probability of {clf.best_threshold_:.4g} on"
    assert f"balanced accuracy {clf.best_score_:.3f} on the 80 rows held out" in facts["Cut"]


def test_the_table_counts_classes_after_each_step():
    clf = fitted("binary")
    _, y = binary()
    _, columns, rows = class_table(clf)
    cells = {row[1][0]: dict(zip(columns[1:], row[1][1:], strict=True)) for row in rows}
    assert [row[0] for row in rows] == [True, False]
    fraud = cells["fraud (positive)"]
    held_out = (y[clf.validation_indices_] == "fraud").sum()
    assert fraud["all rows"].startswith(f"{(y == 'fraud').sum()} (")
    assert fraud["held out"].startswith(f"{held_out} (")
    assert fraud["training rows"].startswith(f"{(y == 'fraud').sum() - held_out} (")
    assert fraud["class weight"] == f"{clf.class_weight_['fraud']:.4g}"
    assert fraud["after the sampler"].endswith("(50 %)")
    assert list(cells) == ["fraud (positive)", "ok"]


@pytest.mark.parametrize(
    ("name", "what", "words"),
    [
        ("averaged", "Held out", "2 folds, each judged by a network that did not see it"),
        ("averaged", "Training", "2 networks, whose average ships"),
        ("averaged", "Probabilities", "brought to the priors"),
        ("refitted", "Training", "one network on all rows"),
        ("constrained", "Cut", "where precision keeps its bound of 0.3"),
        ("costs", "Cut", "learned: mean cost"),
        ("no cut", "Decision", "the class of highest probability"),
        ("no cut", "Cut", "not learned: threshold=None"),
        ("no cut", "Probabilities", "as the network gives them"),
        ("nothing held out", "Held out", "no rows"),
        ("nothing held out", "Cut", "the prevalence"),
        ("two stages", "Last layer", "trained anew"),
        ("multilabel", "Decision", "each label from its cut on"),
        ("multilabel", "Held out", "with label"),
        ("time steps", "Held out", "24 sequences: 96 time steps"),
        ("many classes", "Decision", "the class of largest ratio of probability to cut"),
    ],
)
def test_facts_follow_what_the_fit_did(name, what, words):
    assert words in fitted_facts(fitted(name))[what]


def test_of_many_classes_the_rarest_are_listed():
    caption, columns, rows = class_table(fitted("many classes"))
    assert caption == "Classes, the 12 rarest of 15"
    assert len(rows) == 12
    assert "cut" in columns


def test_labels_of_the_data_are_escaped_and_shortened():
    clf = network(class_weight="balanced").fit(*binary(("ok", 3 * HOSTILE)))
    page = clf._repr_html_()
    assert HOSTILE not in page
    assert parsed(page).scripts == parsed(network()._repr_html_()).scripts
    assert "&lt;script&gt;" in page
    assert 3 * "hacked" not in page


def test_pipelines_and_searches_show_it_in_their_diagrams():
    X, y = binary()
    pipeline = make_pipeline(StandardScaler(), network())
    assert "What was learned" not in pipeline._repr_html_()
    grid = {"balancedkerasclassifier__class_weight": [None, "balanced"]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring="balanced_accuracy").fit(X, y)
    best = search.best_estimator_
    for owner in (search, best):
        text = " ".join(" ".join(parsed(owner._repr_html_()).text).split())
        assert f"Held out {fitted_facts(best[-1])['Held out']}" in text


@pytest.mark.parametrize("name", ["binary", "averaged", "multilabel", "time steps", "costs"])
def test_facts_outlive_a_file(name, tmp_path):
    clf = fitted(name)
    facts, table = fitted_facts(clf), class_table(clf)
    unpickled = pickle.loads(pickle.dumps(clf))
    assert (fitted_facts(unpickled), class_table(unpickled)) == (facts, table)
    save(clf, tmp_path / "a.inn")
    loaded = load(tmp_path / "a.inn")
    assert (fitted_facts(loaded), class_table(loaded)) == (facts, table)


def test_a_cut_set_later_is_told():
    clf = pickle.loads(pickle.dumps(fitted("binary"))).set_threshold(0.2)
    assert fitted_facts(clf)["Decision"] == "'fraud' from a probability of 0.2 on"
    assert fitted_facts(clf)["Cut"] == "not learned: as given"
    X, y = make_classification(300, weights=[0.8], class_sep=2.0, random_state=1)
    clf.tune_threshold(X, np.array(["ok", "fraud"])[y], objective="f1")
    assert fitted_facts(clf)["Cut"].endswith("on 300 rows given to tune_threshold")
    assert "f1" in fitted_facts(clf)["Cut"]


def test_what_a_further_training_forgets_is_not_told():
    clf = pickle.loads(pickle.dumps(fitted("binary")))
    clf.partial_fit(*binary())
    assert fitted_facts(clf)["Held out"] == "no rows"
    assert parsed(clf._repr_html_())
