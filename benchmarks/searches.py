"""What to search strategies with: one network for each fit, or five that judge each other's rows.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Each set is cut to at
most 4,000 rows and split 60 : 40, stratified, once for each seed. A grid of a sampler and class
weights is searched in three folds; what it chose is fitted as it comes, with five networks, on all
training rows, and judged by untouched rows. Fits that the file of results holds already are not
repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.searches [--seeds 0 1] [--data NAME ...]
    python -m benchmarks.searches --table       # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time

import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split

from benchmarks.quality import network
from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    rows_of,
    run_missing,
)

RESULTS = FOLDER / "searches.csv"
MAX_ROWS = 4000
GRID = {"sampler": [None, "smote"], "class_weight": [None, "balanced"]}
# What each way fits while it searches; None does not search.
WAYS = {
    "no search": None,
    "one network, validation_split=0.2": {"validation_split": 0.2},
    "five networks, as it comes": {},
}
DATA = (
    *("abalone_7", "htru2", "mammography", "online_shoppers", "satimage", "thyroid_sick"),
    *("ai4i2020", "keel_page_blocks0"),
)


def measure(X, y, seed, way):
    """Return what a search chose and cost, and how the chosen ranks untouched rows."""
    split = train_test_split(X, y, test_size=0.4, stratify=y, random_state=seed)
    X_train, X_test, y_train, y_test = split
    params, chosen = WAYS[way], {}
    start = time.process_time()
    if params is not None:
        folds = StratifiedKFold(3, shuffle=True, random_state=seed)
        search = GridSearchCV(
            network(seed, **params), GRID, scoring="average_precision", cv=folds, refit=False
        )
        chosen = search.fit(X_train, y_train).best_params_
    seconds = time.process_time() - start
    proba = network(seed, **chosen).fit(X_train, y_train).predict_proba(X_test)[:, 1]
    return {
        "sampler": chosen.get("sampler"),
        "class_weight": chosen.get("class_weight"),
        "average_precision": f"{average_precision_score(y_test, proba):.5f}",
        "cpu_seconds": f"{seconds:.4g}",
    }


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    known = {(row["data"], row["seed"], row["way"]) for row in read_results(args.results)}
    for seed in args.seeds:
        for data in args.data:
            X, y = rows_of(suite, data)
            if len(y) > MAX_ROWS:
                X, _, y, _ = train_test_split(X, y, train_size=MAX_ROWS, stratify=y, random_state=0)
            for way in WAYS:
                if (data, str(seed), way) not in known:
                    row = {"data": data, "seed": seed, "way": f'"{way}"'}
                    add_result(args.results, row | measure(X, y, seed, way))


def table(rows):
    """Return what each way chose, as Markdown."""
    found = {}
    for row in rows:
        found.setdefault(row["way"], {})[row["data"], row["seed"]] = row
    places = set.intersection(*map(set, found.values()))
    five = found["five networks, as it comes"]
    lines = [
        "# What to search with",
        "",
        f"`python -m benchmarks.searches`: four strategies in three folds, {len(places)} sets and "
        "splits; what was chosen is fitted as it comes, with five networks. Average precision of "
        "untouched rows, its difference to a search with five networks and the standard error; "
        "how often both chose alike; CPU seconds of a search, the median.",
        "",
        "| while searching | average precision | beside five | chose alike | CPU s |",
        "|---|---|---|---|---|",
    ]
    for way in (way for way in WAYS if way in found):
        scores, ahead, alike, seconds = [], [], [], []
        for place in places:
            row, other = found[way][place], five[place]
            scores.append(float(row["average_precision"]))
            ahead.append(scores[-1] - float(other["average_precision"]))
            alike.append(all(row[name] == other[name] for name in GRID))
            seconds.append(float(row["cpu_seconds"]))
        error = np.std(ahead, ddof=1) / np.sqrt(len(ahead))
        lines.append(
            f"| {way} | {np.mean(scores):.4f} | {np.mean(ahead):+.4f} ± {error:.4f} "
            f"| {sum(alike)} of {len(alike)} | {np.median(seconds):.0f} |"
        )
    return "\n".join([*lines, ""])


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    args = run_missing(parser, run)
    args.results.with_suffix(".md").write_text(table(read_results(args.results)), "utf-8")


if __name__ == "__main__":
    main()
