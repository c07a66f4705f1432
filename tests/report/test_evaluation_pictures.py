"""Pictures of an evaluation: every cut by brute force, the decision, and which there are."""

import re

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from imbalanced_nn.inspection import Predictions, imbalance_report, ranked
from imbalanced_nn.report import write_evaluation
from imbalanced_nn.report.alert_tables import alert_levels, confusion_tables
from imbalanced_nn.report.evaluation_pictures import evaluation_pictures


def made(n_classes=2, n=300, seed=0):
    """Return rows of made answers."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n) % n_classes)
    proba = rng.dirichlet(np.ones(n_classes), n).round(2) + np.eye(n_classes)[codes]
    proba /= proba.sum(axis=1, keepdims=True)
    classes = [f"class {k}" for k in range(n_classes)]
    positive = 1 if n_classes == 2 else None
    return Predictions.from_codes(codes, proba.argmax(axis=1), proba, classes, positive)


def test_hits_and_alerts_at_every_cut_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    positive, weight = rng.random(200) < 0.2, rng.random(200)
    score = (rng.random(200) + positive).round(1)
    found = ranked(positive, score > 1, score, weight)
    rate, recall, _ = roc_curve(positive, score, sample_weight=weight, drop_intermediate=False)
    np.testing.assert_allclose(found["hits"] / found["n_positive"], recall)
    false = (found["alerts"] - found["hits"]) / (found["n"] - found["n_positive"])
    np.testing.assert_allclose(false, rate)
    precision, _, _ = precision_recall_curve(positive, score, sample_weight=weight)
    np.testing.assert_allclose(found["hits"][1:] / found["alerts"][1:], precision[:-1][::-1])
    assert found["decided_alerts"] == pytest.approx(weight[score > 1].sum())
    assert found["decided_hits"] == pytest.approx(weight[(score > 1) & positive].sum())


@pytest.mark.parametrize(
    ("n_classes", "of"),
    [(2, "'class 1'"), (4, "each class"), (9, "the 7 rarest classes")],
)
def test_the_classes_are_drawn_and_their_alerts_counted(n_classes, of):
    *pictures, table = evaluation_pictures(made(n_classes))
    assert len(pictures) == 4
    assert all(f"of {of}".replace("'", "&#x27;") in picture for picture in pictures)
    assert "What so many alerts find" in table
    # Of two classes the positive one, of nine those with the fewest rows.
    lines = table.count("as decided")
    assert lines == {2: 1, 4: 4, 9: 7}[n_classes]


def test_alerts_are_counted_as_rows_are_flagged():
    rng = np.random.default_rng(0)
    positive = rng.permutation(2000) < 40
    score = rng.random(2000) + 0.5 * positive
    decided = score > 1.2
    table = alert_levels([("rare", ranked(positive, decided, score, np.ones(2000)))])
    lines = dict(re.findall(r'<tr[^>]*><th scope="row">(.*?)</th>(.*?)</tr>', table))
    by_score = positive[np.argsort(-score)]
    for level in (1, 10, 100):
        hits, n = by_score[: 2 * level].sum(), 2 * level
        cells = re.findall(r"<td[^>]*>(.*?)</td>", lines[str(level)])
        assert cells[1:] == [f"{hits / 40:.3f}", f"{hits / n:.3f}", f"{hits / n / 0.02:.3g}"]
    own = re.findall(r"<td[^>]*>(.*?)</td>", lines[f"{decided.sum() / 2:.3g}, as decided"])
    assert own[1] == f"{(decided & positive).sum() / 40:.3f}"


def test_many_classes_are_told_by_their_mistakes():
    confusion = np.diag(np.arange(1, 13))
    confusion[3, [5, 7]] = 2, 6
    classes = [f"c{k}" for k in range(12)]
    counts, costs = confusion_tables(confusion, classes, None, 1 - np.eye(12))
    assert "<td>c7 (6), c5 (2)</td>" in counts
    assert "Costs of the same rows, 8 in all" in costs


def test_rows_of_one_class_have_no_pictures():
    rows = made()
    alone = Predictions.from_codes(
        np.zeros(5, int), np.zeros(5, int), rows.proba[:5], rows.classes, 1
    )
    assert evaluation_pictures(alone) == []


def test_the_page_shows_them_and_what_errors_cost(tmp_path):
    class Made:
        classes_ = np.array(["class 0", "class 1"])

        def predict_proba(self, X):
            return rows.proba

        def predict(self, X):
            return self.classes_[rows.decided]

    rows = made()
    truth = Made.classes_[rows.codes]
    report = imbalance_report(Made(), np.zeros((300, 1)), truth, n_resamples=0)
    confusion = [[100, 50], [7, 143]]
    path = tmp_path / "page.html"
    write_evaluation(report, path, confusion=confusion, cost_matrix=[[0, 1], [20, 0]], rows=rows)
    page = path.read_text("utf-8")
    assert page.count("<img ") == 4
    assert "Costs of the same rows, 190 in all" in page
    assert all(part in page for part in report._repr_html_().split("\n")[:3])
