"""What a handful of rows far out is to a network that is told of ranks alone, and of tails.

Tables as of sensors are made at random: 20,000 rows, half of them to judge by, nine columns with
heavy tails, seven classes of which the rarest three have .03 to .09 % of the rows and lie far out
in one column each. Thresholds are learned alike, from the rows that each of five folds leaves out.

    python -m benchmarks.heavy_tails [--seeds 6 7 8]
    python -m benchmarks.heavy_tails --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time
from contextlib import contextmanager

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from benchmarks.quality import WAYS as PEERS
from benchmarks.quality import decisions, held_out, installed, scores
from benchmarks.suite import FOLDER, add_result, parser_of, read_results, run_missing

RESULTS = FOLDER / "heavy_tails.csv"
WAYS = ("ranks alone", "default", "catboost", "lightgbm", "random forest")
MEASURES = ("average_precision", "log_loss", "most_likely", "balanced_accuracy", "fit_seconds")
SHARES = np.array([0.786, 0.0009, 0.003, 0.154, 0.0555, 0.0003, 0.0003])
SCALES = np.array([1, 3, 1, 5, 1, 8, 2, 2, 2])
# Rare classes: the column in which they lie far out, where, and how far apart.
FAR_OUT = {1: (1, -900, 150), 2: (1, 300, 60), 5: (5, 5000, 500), 6: (3, -2500, 300)}


def sensors(n_rows, seed):
    """Return columns with heavy tails, and classes."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(SHARES), n_rows, p=SHARES / SHARES.sum())
    y[: 10 * len(SHARES)] = np.repeat(np.arange(len(SHARES)), 10)
    X = np.round(rng.standard_t(1.5, (n_rows, len(SCALES))) * SCALES)
    X[:, 0] += 45 + 12 * (y == 3) - 9 * (y == 4) + rng.normal(size=n_rows)
    for number, (column, center, spread) in FAR_OUT.items():
        rows = y == number
        X[rows, column] = np.sign(center) * np.abs(rng.normal(center, spread, rows.sum()))
    X[:, 8] = X[:, 0] - X[:, 6]
    return X.astype(np.float32), y


@contextmanager
def without_tails(is_so):
    """Let no column have heavy tails while the block runs."""
    from imbalanced_nn.networks import column_layers

    heavy = column_layers.HEAVY
    column_layers.HEAVY = np.inf if is_so else heavy
    try:
        yield
    finally:
        column_layers.HEAVY = heavy


def measure(seed, way):
    """Return the scores of a way on one table."""
    X, y = sensors(20_000, seed)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    classifier = PEERS["default" if way == WAYS[0] else way](seed, 1)
    start = time.process_time()
    with without_tails(way == WAYS[0]):
        classifier.fit(X, y)
    seconds = time.process_time() - start
    proba = classifier.predict_proba(X_new)
    found = scores(y_new, proba) | decisions(*held_out(classifier, X, y, seed), y_new, proba)
    found["most_likely"] = balanced_accuracy_score(y_new, proba.argmax(axis=1))
    found["fit_seconds"] = seconds
    return {name: f"{found[name]:.4f}" for name in MEASURES}


def run(args):
    """Measure what the file of results does not hold."""
    known = {(row["seed"], row["way"]) for row in read_results(RESULTS)}
    for seed in args.seeds:
        for way in filter(installed, WAYS):
            if (str(seed), way) not in known:
                add_result(RESULTS, {"seed": seed, "way": way} | measure(seed, way))


def table(rows):
    """Return means over the tables as Markdown."""
    seeds = sorted({row["seed"] for row in rows}, key=int)
    lines = [
        "# A handful of rows, far out",
        "",
        f"`python -m benchmarks.heavy_tails`: means over {len(seeds)} tables (seeds "
        f"{', '.join(seeds)}), and over classes; balanced accuracy of the most likely class, and "
        f"with learned thresholds; CPU seconds of a fit, one thread.",
        "",
        "| way | average precision | log loss | most likely | learned threshold | CPU s |",
        "|---" * 6 + "|",
    ]
    for way in WAYS:
        of_way = [row for row in rows if row["way"] == way]
        if of_way:
            means = [np.mean([float(row[name]) for row in of_way]) for name in MEASURES]
            *shares, seconds = means
            cells = [*(f"{mean:.4f}" for mean in shares), f"{seconds:.1f}"]
            lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[6, 7, 8])
    run_missing(parser, run)
    RESULTS.with_suffix(".md").write_text(table(read_results(RESULTS)))


if __name__ == "__main__":
    main()
