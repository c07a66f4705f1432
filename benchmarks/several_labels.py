"""The default and its peers where each row has several labels: two real tables, three splits.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names, which holds no set of
several labels. Two are made of its tables: columns that say yes or no become labels, beside the
class, and are predicted from all others. Peers are fitted label by label, with the parameters of
`benchmarks.quality`; the network learns all labels at once. Fits that the file of results holds
already are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.several_labels [--seeds 0 1 2] [--ways NAME ...]
    python -m benchmarks.several_labels --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.multioutput import MultiOutputClassifier

from benchmarks.quality import catboost, forest, installed, lightgbm, network
from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    run_missing,
)

RESULTS, TABLE = FOLDER / "several_labels.csv", FOLDER / "several_labels.md"
# Columns that become labels, beside the class of the table.
DATA = {
    "thyroid_sick": (
        "on thyroxine=t",
        "query hypothyroid=t",
        "query hyperthyroid=t",
        "psych=t",
        "tumor=t",
    ),
    "online_shoppers": ("VisitorType=New_Visitor", "Weekend=True", "SpecialDay"),
}
# Which say the same as a label does.
TELL_TALES = {"VisitorType=Returning_Visitor", "VisitorType=Other", "Weekend=False"}
WAYS = {
    "default": network,
    "mlp": lambda seed: network(seed, model="mlp"),
    "catboost": catboost,
    "lightgbm": lightgbm,
    "random forest": forest,
}
MEASURES = ("average_precision", "log_loss", "f1", "cpu_seconds")


def table_of(suite, name):
    """Return the columns that are left, and an indicator of the labels."""
    X, y = suite.load(name)
    columns = suite.info(name)["columns"]
    missing = [label for label in DATA[name] if label not in columns]
    if missing:
        raise SystemExit(f"{name} has no column {missing}. It has {columns}.")
    numbers = [columns.index(label) for label in DATA[name]]
    left = [i for i, column in enumerate(columns) if column not in {*DATA[name], *TELL_TALES}]
    labels = np.column_stack([y == 1, X[:, numbers] > 0]).astype(int)
    return X[:, left], labels


def proba_of(classifier, X):
    """Return the probability of each label, of shape (n_samples, n_labels)."""
    proba = classifier.predict_proba(X)
    return np.column_stack([p[:, 1] for p in proba]) if isinstance(proba, list) else proba


def held_out(classifier, X, y, seed):
    """Return probabilities of training rows by fits that did not see them, and their labels."""
    if not isinstance(classifier, MultiOutputClassifier):
        found = classifier.fit_result_.held_out
        return found.proba, found.codes
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    found = [
        cross_val_predict(classifier.estimator, X, label, cv=folds, method="predict_proba")[:, 1]
        for label in y.T
    ]
    return np.column_stack(found), y


def measure(suite, data, seed, way):
    """Return the scores of one way on one split, and what its fit cost."""
    from imbalanced_nn import ThresholdTuner

    X, y = table_of(suite, data)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.4, random_state=seed, stratify=y[:, 0])
    made = WAYS[way](seed)
    classifier = made if way in ("default", "mlp") else MultiOutputClassifier(made)
    start = time.process_time()
    classifier.fit(X, y)
    seconds = time.process_time() - start
    proba = proba_of(classifier, X_new).astype(np.float64)
    judged, labels = held_out(classifier, X, y, seed)
    cut = ThresholdTuner("f1_macro").fit(labels, judged).predict(proba)
    clipped = np.clip(proba, 1e-7, 1 - 1e-7)
    found = {
        "average_precision": average_precision_score(y_new, proba, average="macro"),
        "log_loss": np.mean([log_loss(a, b) for a, b in zip(y_new.T, clipped.T, strict=True)]),
        "f1": f1_score(y_new, cut, average="macro"),
        "cpu_seconds": seconds,
    }
    return {name: f"{value:.5g}" for name, value in found.items()}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    known = {(r["data"], r["split"], r["way"]) for r in read_results(args.results)}
    for seed in args.seeds:
        for data in DATA:
            for way in args.ways:
                if (data, str(seed), way) not in known and installed(way):
                    row = {"data": data, "split": seed, "way": way}
                    add_result(args.results, row | measure(suite, data, seed, way))


def table(rows):
    """Return the means over splits, a line for each set and way, as Markdown."""
    lines = [
        "Means over labels and splits ± standard error over splits; F1 with a threshold of each",
        "label, learned from rows that a fit did not see; CPU seconds of one fit on one thread.",
        "",
        "| data | labels | splits | way | average precision | log loss | F1 | CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for data, labels in DATA.items():
        for way in WAYS:
            found = [row for row in rows if (row["data"], row["way"]) == (data, way)]
            if not found:
                continue
            values = np.array([[float(row[m]) for m in MEASURES] for row in found])
            error = (
                values.std(axis=0, ddof=1) / len(found) ** 0.5 if len(found) > 1 else 0 * values[0]
            )
            cells = [
                f"{m:.4f} ± {e:.4f}" for m, e in zip(values.mean(axis=0)[:3], error, strict=False)
            ]
            seconds = f"{values[:, 3].mean():.1f}"
            cells = [data, str(len(labels) + 1), str(len(found)), way, *cells, seconds]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    args = run_missing(parser, run)
    TABLE.write_text(table(read_results(args.results)))


if __name__ == "__main__":
    main()
