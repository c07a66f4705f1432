"""How often a bound proved at a confidence is broken by the cut that was chosen.

Of scores: labels and scores are drawn from two normal distributions whose rates are known, a cut
is learned by `ThresholdTuner` for each kind of bound, and its true rates are looked up. Of
networks: estimators are fitted to rows drawn anew each time and judged on 4,000 others, the cut
proved on rows that had more and less of a part in the network; cuts of cross-fitted scores, which
the estimator refuses to prove, are carried over by hand.

    python -m benchmarks.coverage_bounds [--quick]

`python -m benchmarks.coverage` puts the section beside that of intervals.
"""

import argparse
import warnings
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold, train_test_split

from imbalanced_nn import BalancedKerasClassifier, ThresholdTuner

CONFIDENCE = 0.9
SHARE = 0.1
POSITIVES, SEPARATIONS = (20, 100, 500), (1.0, 2.0, 3.0)
AT_LEAST = ("precision", "recall", "specificity")

FITTED_SHARE, N_ROWS, N_NEW = 0.15, 800, 4000
NOISY = {"epochs": 20, "batch_size": 64, "optimizer__learning_rate": 0.01}
NETWORKS = {
    "as it comes": {},
    "overfitted in 20 epochs": NOISY | {"early_stopping": False},
    "best of 20 noisy epochs": NOISY | {"patience": 20},
}
WAYS = [
    "held-out fifth",
    "a fifth apart, `tune_threshold`",
    "five folds, all rows ship (refused)",
    "five folds, average ships (refused)",
]


class Bound(NamedTuple):
    """A constraint, and whether the scores are said to be calibrated."""

    metric: str
    value: float
    calibrated: bool = False

    def __str__(self):
        sign = ">=" if self.metric in AT_LEAST else "<="
        name = self.metric.replace("_", " ")
        return f"{name} {sign} {self.value:g}{', calibrated' if self.calibrated else ''}"

    def cut(self, y, score):
        """Return the cut that just keeps the bound with the confidence, None if none does."""
        tuner = ThresholdTuner(
            "precision" if self.metric == "recall" else "recall",
            constraint=(self.metric, self.value),
            confidence=CONFIDENCE,
            calibrated=self.calibrated,
        )
        try:
            return tuner.fit(y, score, pos_label=1).best_threshold_
        except ValueError:
            return None

    def broken(self, share, recall, false_positive_rate):
        """Whether true rates break the bound."""
        alerts = share * recall + (1 - share) * false_positive_rate
        rate = {
            "precision": share * recall / alerts if alerts else 1.0,
            "recall": recall,
            "specificity": 1 - false_positive_rate,
            "false_positive_rate": false_positive_rate,
            "alert_rate": alerts,
        }[self.metric]
        return rate < self.value if self.metric in AT_LEAST else rate > self.value


OF_SCORES = [
    Bound("precision", 0.5),
    Bound("precision", 0.5, calibrated=True),
    Bound("recall", 0.8),
    Bound("specificity", 0.9),
    Bound("false_positive_rate", 0.05),
    Bound("alert_rate", 0.1),
]
OF_NETWORKS = [
    Bound("precision", 0.4),
    Bound("recall", 0.7),
    Bound("specificity", 0.8),
    Bound("false_positive_rate", 0.05),
    Bound("alert_rate", 0.15),
]


class Tally:
    """Counts samples, those in which a cut was found, and those whose cut breaks the bound."""

    def __init__(self):
        self.samples = self.found = self.broken = 0

    def add(self, broken):
        """Count a sample; None is one without a cut."""
        self.samples += 1
        self.found += broken is not None
        self.broken += bool(broken)

    @property
    def shares(self):
        """Broken of all samples, a cut found, and broken of those with a cut, as text."""
        of_found = _share(self.broken, self.found) if self.found else "-"
        return _share(self.broken, self.samples), _share(self.found, self.samples), of_found


def _share(part, whole):
    return f"{part / whole:.2f}"


def tally_scores(n_positive, separation, n_samples):
    """Return a tally for each bound, of cuts learned from calibrated probabilities."""
    rng = np.random.default_rng([n_positive, round(10 * separation)])
    tallies = [Tally() for _ in OF_SCORES]
    for _ in range(n_samples):
        y = (rng.random(round(n_positive / SHARE)) < SHARE).astype(int)
        x = rng.normal(size=len(y)) + separation * y
        proba = expit(separation * x - separation**2 / 2 + logit(SHARE))
        for bound, tally in zip(OF_SCORES, tallies, strict=True):
            cut = bound.cut(y, proba)
            if cut is None:
                tally.add(None)
                continue
            at = (logit(np.clip(cut, 0, 1)) - logit(SHARE)) / separation + separation / 2
            tally.add(bound.broken(SHARE, norm.sf(at - separation), norm.sf(at)))
    return tallies


def draw_rows(n, rng):
    """Draw rows of two overlapping classes, one column of ten bent by the other."""
    y = (rng.random(n) < FITTED_SHARE).astype(int)
    X = rng.normal(size=(n, 10))
    X[:, 0] += 1.5 * y
    X[:, 1] += 0.5 * X[:, 0] ** 2 * (1 - y)
    return X, y


def fitted_scores(params, X, y, X_new, seed):
    """Yield, way by way, labels and scores to prove a cut on, and the scores of new rows."""
    clf = BalancedKerasClassifier(
        **{"validation_split": 0.2} | params, random_state=seed, threshold=None
    )

    def positive(rows):
        return clf.predict_proba(rows)[:, 1]

    clf.fit(X, y)
    held = clf.validation_indices_
    yield y[held], positive(X[held]), positive(X_new)

    X_fit, X_proof, y_fit, y_proof = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=seed
    )
    clf.fit(X_fit, y_fit)
    yield y_proof, positive(X_proof), positive(X_new)

    out_of_fold, of_new, epochs = np.empty(len(y)), [], []
    for fold in StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y):
        clf.set_params(validation_split=[fold]).fit(X, y)
        out_of_fold[fold[1]] = positive(X[fold[1]])
        of_new.append(positive(X_new))
        epochs.append(clf.n_iter_)
    alone = {"validation_split": 0, "early_stopping": False, "epochs": round(np.mean(epochs))}
    clf.set_params(**alone).fit(X, y)
    yield y, out_of_fold, positive(X_new)
    yield y, out_of_fold, np.mean(of_new, axis=0)


def fit_once(params, seed):
    """Return, for each way and bound, whether it is broken, None without a cut."""
    rng = np.random.default_rng(seed)
    X, y = draw_rows(N_ROWS, rng)
    X_new, y_new = draw_rows(N_NEW, rng)

    def judge(bound, y_proof, score, score_new):
        cut = bound.cut(y_proof, score)
        if cut is None:
            return None
        flagged = score_new >= cut
        return bound.broken(y_new.mean(), flagged[y_new == 1].mean(), flagged[y_new == 0].mean())

    ways = fitted_scores(params, X, y, X_new, seed)
    return [[judge(bound, *way) for bound in OF_NETWORKS] for way in ways]


def table(head, rows):
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def scores_table(n_samples, positives=POSITIVES, separations=SEPARATIONS):
    """Return the table of bounds on scores."""
    tallies = {(n, d): tally_scores(n, d, n_samples) for n in positives for d in separations}
    rows = [
        [bound, n, f"{d:g}", f"{1 - CONFIDENCE:.2f}", *tallies[n, d][k].shares]
        for k, bound in enumerate(OF_SCORES)
        for n in positives
        for d in separations
    ]
    head = ["bound", "positives", "separation", "nominal", "broken", "cut found", "broken of these"]
    return table(head, rows)


def networks_table(n_samples, networks=NETWORKS):
    """Return the table of bounds on networks."""
    rows = []
    for name, params in networks.items():
        tallies = [[Tally() for _ in OF_NETWORKS] for _ in WAYS]
        for seed in range(n_samples):
            for row, broken in zip(tallies, fit_once(params, seed), strict=True):
                for tally, one in zip(row, broken, strict=True):
                    tally.add(one)
        for way, row in zip(WAYS, tallies, strict=True):
            cells = ("{} ({})".format(*tally.shares[:2]) for tally in row)
            rows.append([name, way, *cells])
    return table(["network", "cut proved on", *OF_NETWORKS], rows)


def run(quick=False):
    """Return the section as Markdown; quick is for a look at whether it runs."""
    n_scores, n_fits = (3, 1) if quick else (500, 50)
    scores = (n_scores, (20,), (2.0,)) if quick else (n_scores,)
    networks = (n_fits, {"as it comes": NETWORKS["as it comes"]}) if quick else (n_fits,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TEXT.format(
            confidence=CONFIDENCE,
            n_scores=n_scores,
            n_fits=n_fits,
            n_rows=N_ROWS,
            n_new=N_NEW,
            nominal=1 - CONFIDENCE,
            error=np.sqrt(CONFIDENCE * (1 - CONFIDENCE) / n_fits),
            scores=scores_table(*scores),
            networks=networks_table(*networks),
        )


TEXT = """\
## Bounds

Share of samples whose cut breaks the bound it was to keep with confidence {confidence:g}.

### Of scores

{n_scores} samples each of normal scores, one row in ten positive on average, `separation` standard
deviations apart (area under ROC .76, .92, .98); true rates are known. The promise is that of the
column `broken`: over all samples, those in which no cut is found included. Where a cut is rarely
found, most of those found may break the bound, as the last column shows.

{scores}

### Of networks

{n_fits} fits each to {n_rows} rows, 15 % positive, and judged on {n_new} others: share of broken
bounds, nominal {nominal:.2f} with a standard error of {error:.2f}. In brackets the share of fits in
which a cut was found.

{networks}
"""


def main():
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    print(run(parser.parse_args().quick))


if __name__ == "__main__":
    main()
