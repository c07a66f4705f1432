"""Quality and time of the default beside LightGBM and CatBoost, from 20,000 rows to 465,000.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Of each set, so many
rows are drawn for training, stratified, four fifths of them all at most; of the others up to
100,000 judge. Every way is fitted as it comes: CatBoost with its 1,000 trees, LightGBM with 300 in
place of its 100. The time is that of one fit; only the default's ends with a threshold. Fits that
the file of results holds already are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.more_rows [--draws 0 1 2] [--data NAME ...]
    python -m benchmarks.more_rows --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time

import numpy as np
from sklearn.model_selection import train_test_split

from benchmarks.quality import catboost, installed, lightgbm, network, scores
from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    one_class,
    parser_of,
    read_results,
    run_missing,
)

RESULTS, TABLE = FOLDER / "more_rows.csv", FOLDER / "more_rows.md"
# A class of a set of several, by its number, against the others.
DATA = ("covtype:3", "creditcard_day1", "adb_aloi", "covtype:6")
TITLES = {
    "covtype:3": "covertype, class 4 of 7 (cottonwood)",
    "covtype:6": "covertype, class 7 of 7",
}
ROWS = (20_000, 100_000, 500_000)
LARGEST_TEST = 100_000
WAYS = {
    "default": network,
    "lightgbm": lightgbm,
    "catboost": lambda seed: catboost(seed, iterations=1000),
}
MEASURES = ("average_precision", "log_loss", "cpu_seconds")


def measure(X, y, n_rows, way, draw):
    """Return the scores of one fit of so many rows, and what it cost."""
    X, X_new, y, y_new = train_test_split(X, y, train_size=n_rows, stratify=y, random_state=draw)
    if len(y_new) > LARGEST_TEST:
        X_new, _, y_new, _ = train_test_split(
            X_new, y_new, train_size=LARGEST_TEST, stratify=y_new, random_state=draw
        )
    classifier = WAYS[way](draw)
    start = time.process_time()
    classifier.fit(X, y)
    seconds = time.process_time() - start
    found = scores(y_new, classifier.predict_proba(X_new)) | {"cpu_seconds": seconds}
    found = {name: f"{value:.5g}" for name, value in found.items()}
    return found | {"rarest": int(y.sum()), "epochs": getattr(classifier, "n_iter_", "")}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    known = {(r["data"], r["rows"], r["draw"], r["way"]) for r in read_results(args.results)}
    for draw in args.draws:
        for data in args.data:
            X, y = one_class(suite, data)
            for n_rows in sorted({min(n, len(y) * 4 // 5) for n in args.rows}):
                for way in args.ways:
                    if (data, str(n_rows), str(draw), way) not in known and installed(way):
                        row = {"data": data, "rows": n_rows, "draw": draw, "way": way}
                        add_result(args.results, row | measure(X, y, n_rows, way, draw))


def table(rows):
    """Return means over the draws that all ways have, a line for each set and size, as Markdown."""
    cells = {}
    for row in rows:
        cells.setdefault((row["data"], int(row["rows"])), {})[row["draw"], row["way"]] = row
    lines = [
        "Average precision, log loss and CPU seconds of one fit on one thread: means over draws,",
        "± the standard error over them.",
        "",
        f"| data | rows, of the rarer class | draws | {' | '.join(WAYS)} |",
        "|---" * (3 + len(WAYS)) + "|",
    ]
    for data, n_rows in sorted(cells, key=lambda size: (DATA.index(size[0]), size[1])):
        found = cells[data, n_rows]
        draws = sorted({d for d, _ in found if all((d, way) in found for way in WAYS)})
        if draws:
            size = f"{n_rows:,}, {int(found[draws[0], 'default']['rarest']):,}"
            told = [_told([found[draw, way] for draw in draws]) for way in WAYS]
            cells_of_line = [TITLES.get(data, data), size, str(len(draws)), *told]
            lines.append(f"| {' | '.join(cells_of_line)} |")
    return "\n".join(lines) + "\n"


def _told(rows):
    """Return the figures of one way on some draws as a cell of the table."""
    values = np.array([[float(row[measure]) for measure in MEASURES] for row in rows])
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=min(1, len(rows) - 1))
    error = spread / len(rows) ** 0.5
    return f"{mean[0]:.3f} ± {error[0]:.3f}, {mean[1]:.5f} ± {error[1]:.5f}, {mean[2]:.0f} s"


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--draws", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    args = run_missing(parser, run)
    TABLE.write_text(table(read_results(args.results)))


if __name__ == "__main__":
    main()
