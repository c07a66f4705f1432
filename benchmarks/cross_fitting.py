"""What five networks that judge each other gain over one network, by the number of rows.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Of each set, so many
rows are drawn for training, stratified, and as many as there are, up to 20,000, are left to judge
by. The default network is fitted once with a fifth of its rows held out, and once in five folds.
Fits that the file of results holds already are not repeated. Their CPU seconds are in that file,
but not in the table: the first fit of a size also pays for its program, whichever way it is.

    IMBALANCED_NN_DATA=... python -m benchmarks.cross_fitting [--seeds 3 4] [--data NAME ...]
    python -m benchmarks.cross_fitting --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from benchmarks.quality import LEFT_OUT, scores
from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    run_missing,
)

RESULTS, TABLE = FOLDER / "cross_fitting.csv", FOLDER / "cross_fitting.md"
ROWS = (500, 1000, 2000, 4000, 8000, 16000, 32000, 64000)
LARGEST_TEST = 20_000
WAYS = {"one": 0.2, "five": 5}
MEASURES = ("average_precision", "balanced_accuracy", "log_loss")


def measure(X, y, n_rows, seed, split):
    """Return the scores of one fit of so many rows, and what it cost."""
    from imbalanced_nn import BalancedKerasClassifier

    n_test = min(len(y) - n_rows, LARGEST_TEST)
    X, X_new, y, y_new = train_test_split(
        X, y, train_size=n_rows, test_size=n_test, stratify=y, random_state=seed
    )
    start = time.process_time()
    classifier = BalancedKerasClassifier(validation_split=split, random_state=seed).fit(X, y)
    seconds = time.process_time() - start
    found = scores(y_new, classifier.predict_proba(X_new))
    found["balanced_accuracy"] = balanced_accuracy_score(y_new, classifier.predict(X_new))
    found |= {"cpu_seconds": seconds, "rarest": int(np.bincount(y).min())}
    return {name: f"{value:.5g}" for name, value in found.items()}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    names = args.data or [n for n in suite.names("binary") if n not in LEFT_OUT]
    known = {(r["data"], r["rows"], r["seed"], r["way"]) for r in read_results(args.results)}
    for seed in args.seeds:
        for data in names:
            X, y = suite.load(data)
            _, y = np.unique(y, return_inverse=True)
            for n_rows in args.rows:
                rarest = np.bincount(y).min() * n_rows / len(y)
                if n_rows > 0.7 * len(y) or rarest < 8:
                    continue
                for way, split in WAYS.items():
                    if (data, str(n_rows), str(seed), way) not in known:
                        row = {"data": data, "rows": n_rows, "seed": seed, "way": way}
                        add_result(args.results, row | measure(X, y, n_rows, seed, split))


def _differences(rows, key):
    """Yield by a key of the rows what five folds have over one hold-out in each measure."""
    pairs = {}
    for row in rows:
        pairs.setdefault((row["data"], row["rows"], row["seed"]), {})[row["way"]] = row
    groups = {}
    for (data, *_), pair in pairs.items():
        if len(pair) == len(WAYS):
            one, five = pair["one"], pair["five"]
            found = [float(five[m]) - float(one[m]) for m in MEASURES]
            groups.setdefault(key(one), {}).setdefault(data, []).append(found)
    for group in sorted(groups):
        # Draws of one set are no independent witnesses.
        yield group, np.array([np.mean(found, axis=0) for found in groups[group].values()])


def table(rows):
    """Return the gains of five folds by rows and by rows of the rarer class, as Markdown."""
    keys = {
        "rows": lambda row: int(row["rows"]),
        "rows of the rarer class": lambda row: 2 ** int(np.log2(int(row["rarest"]))),
    }
    lines = ["Five folds less one hold-out: mean over data sets ± standard error.", ""]
    for name, key in keys.items():
        lines += [f"| {name} | sets | average precision | balanced accuracy | log loss |"]
        lines += ["|---|---|---|---|---|"]
        for group, found in _differences(rows, key):
            mean = found.mean(axis=0)
            cells = [f"{value:+.4f}" for value in mean]
            if len(found) > 1:
                error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
                cells = [f"{cell} ± {e:.4f}" for cell, e in zip(cells, error, strict=True)]
            lines.append(f"| {group} | {len(found)} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4])
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    args = run_missing(parser, run)
    TABLE.write_text(table(read_results(args.results)))


if __name__ == "__main__":
    main()
