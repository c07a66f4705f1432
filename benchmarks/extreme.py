"""How ways to learn fare as positives grow rarer, from 5 % of the rows to .02 %.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Of each set, so many
rows are drawn to train on, with a given share of positives; others judge, all positives and up to
200,000 negatives, weighed so that they have that share, too. Thresholds are learned alike for all,
from the probabilities of rows that a fit has not seen; how far the cut may move is a 90 % interval
of its log-odds over resamples of these rows. Fits that the file of results holds already are not
repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.extreme [--draws 0 1 2 3 4] [--ways NAME ...]
    python -m benchmarks.extreme --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time

import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.quality import catboost, held_out, installed, lightgbm, network
from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    run_missing,
)

RESULTS = FOLDER / "extreme.csv"
# A class of a set of several, by its number, against the others.
DATA = ("covtype:2", "covtype:6", "adb_aloi", "creditcard_day1")
SHARES = (0.05, 0.01, 0.002, 0.0005, 0.0002)
# Negatives that judge, which stand for all others.
MAX_NEGATIVES = 200_000
MEASURES = ("average_precision", "recall_at_half", "log_loss", "cut_width", "cpu_seconds")


def logistic(seed):
    """Return scikit-learn's logistic regression of standardised columns."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


WAYS = {
    "default": lambda seed: network(seed),
    "balanced batches": lambda seed: network(seed, sampler="balanced_batches"),
    "class weights": lambda seed: network(seed, class_weight="balanced"),
    "smote": lambda seed: network(seed, sampler="smote"),
    "catboost": lambda seed: catboost(seed),
    "lightgbm": lambda seed: lightgbm(seed),
    "logistic regression": logistic,
}


def draw(X, y, share, n_rows, seed):
    """Return rows to train on, rows to judge by and their weights, None if they are too few."""
    generator = np.random.default_rng(seed)
    positives, negatives = (generator.permutation(np.flatnonzero(y == code)) for code in (1, 0))
    n_positives = round(share * n_rows)
    if n_positives < 2 or n_positives > 0.7 * len(positives):
        return None
    n_negatives = min(n_rows - n_positives, int(0.8 * len(negatives)))
    train = np.concatenate([positives[:n_positives], negatives[:n_negatives]])
    rest = positives[n_positives:], negatives[n_negatives:][:MAX_NEGATIVES]
    weight = np.repeat([share / len(rest[0]), (1 - share) / len(rest[1])], [len(r) for r in rest])
    return train, np.concatenate(rest), weight


def recall_at_half(y, score, weight):
    """Return the largest recall at a precision of at least one half."""
    precision, recall, _ = metrics.precision_recall_curve(y, score, sample_weight=weight)
    return recall[precision >= 0.5].max(initial=0.0)


def cut_width(y, score, seed):
    """Return the width of the 90 % interval of a learned cut's log-odds."""
    from imbalanced_nn import ThresholdTuner

    tuner = ThresholdTuner("balanced_accuracy").fit(y, score)
    spread = tuner.bootstrap(y, score, random_state=seed)
    low, high = np.clip(spread.threshold_interval(0.9), 1e-7, 1 - 1e-7)
    return np.log(high / (1 - high)) - np.log(low / (1 - low))


def measure(X, y, rows, way, seed):
    """Return the scores of one way on one draw, and what its fits cost."""
    train, test, weight = rows
    X_train, y_train, X_test, y_test = X[train], y[train], X[test], y[test]
    classifier = WAYS[way](seed)
    start = time.process_time()
    classifier.fit(X_train, y_train)
    seconds = time.process_time() - start
    labels, proba = held_out(classifier, X_train, y_train, seed)
    score = classifier.predict_proba(X_test)[:, 1].astype(np.float64)
    kept = np.clip(score, 1e-7, 1 - 1e-7)
    found = {
        "average_precision": metrics.average_precision_score(y_test, score, sample_weight=weight),
        "recall_at_half": recall_at_half(y_test, score, weight),
        "log_loss": metrics.log_loss(y_test, kept, sample_weight=weight),
        "cut_width": cut_width(labels, proba[:, 1], seed),
        "cpu_seconds": seconds,
    }
    return {name: f"{value:.5g}" for name, value in found.items()}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    known = {(r["data"], r["share"], r["draw"], r["way"]) for r in read_results(args.results)}
    for seed in args.draws:
        for data in args.data:
            name, _, code = data.partition(":")
            X, y = suite.load(name)
            y = (y == int(code or 1)).astype(int)
            for share in SHARES:
                rows = draw(X, y, share, args.rows, seed)
                for way in args.ways if rows else ():
                    if (data, str(share), str(seed), way) not in known and installed(way):
                        row = {"data": data, "share": share, "draw": seed, "way": way}
                        add_result(args.results, row | measure(X, y, rows, way, seed))


def table(rows):
    """Return means over sets and draws by the share of positives, as Markdown."""
    ways = [way for way in WAYS if any(row["way"] == way for row in rows)]
    lines = []
    for measure in MEASURES:
        shares = sorted({float(row["share"]) for row in rows}, reverse=True)
        lines += [f"## {measure}", "", f"| way | {' | '.join(f'{s:.2%}' for s in shares)} |"]
        lines += ["|---" * (len(shares) + 1) + "|"]
        for way in ways:
            cells = []
            for share in shares:
                found = {}
                for row in rows:
                    if (row["way"], float(row["share"])) == (way, share):
                        found.setdefault(row["data"], []).append(float(row[measure]))
                means = [np.mean(values) for values in found.values()]
                cells.append(f"{np.mean(means):.4g}" if means else "")
            lines.append(f"| {way} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--draws", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    args = run_missing(parser, run)
    args.results.with_suffix(".md").write_text(table(read_results(args.results)))


if __name__ == "__main__":
    main()
