"""How well classifiers learn as they come, on real imbalanced data, measured on untouched rows.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Each set is cut to at
most 8,000 rows, without classes of fewer than five, and split 60 : 40, stratified, once for each
seed. This package's networks are cross-fitted in five folds, whose average predicts. The peers,
where they are installed, are fitted in five folds, too, for a threshold, and on all training rows.
All thresholds are learned alike, by `ThresholdTuner` from the probabilities that the rows of each
fold get. Fits that the file of results holds already are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.quality [--kind multi] [--seeds 6 7 8]
                                                       [--ways NAME ...]
    python -m benchmarks.quality --table       # only write the table from the results

Several processes may write to one file, each with ways or data of its own.
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import importlib
import importlib.util
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import rankdata
from sklearn import metrics
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split

from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    rows_of,
    run_missing,
)
from imbalanced_nn.metrics import average_precision

RESULTS = {"binary": FOLDER / "quality.csv", "multi": FOLDER / "quality_several.csv"}
# A copy of another set.
LEFT_OUT = {"covtype_cottonwood"}
# Of a class with fewer rows, no two are among those that some fold trains on.
FEWEST = 5


def network(seed, **params):
    """Return this package's estimator."""
    from imbalanced_nn import BalancedKerasClassifier

    return BalancedKerasClassifier(random_state=seed, **params)


def peer(module, name, seed, **params):
    """Return a classifier of another package."""
    made = getattr(importlib.import_module(module), name)
    return made(random_state=seed, **params)


def catboost(seed, **params):
    """Return CatBoost's classifier."""
    params = {"iterations": 400, "verbose": 0, "thread_count": 1} | params
    return peer("catboost", "CatBoostClassifier", seed, allow_writing_files=False, **params)


def lightgbm(seed, **params):
    """Return LightGBM's classifier."""
    params = {"n_estimators": 300, "n_jobs": 1, "verbose": -1} | params
    return peer("lightgbm", "LGBMClassifier", seed, **params)


def xgboost(seed, **params):
    """Return XGBoost's classifier."""
    params = {"n_estimators": 300, "max_depth": 4, "n_jobs": 1} | params
    return peer("xgboost", "XGBClassifier", seed, **params)


def forest(seed, **params):
    """Return scikit-learn's forest."""
    return peer("sklearn.ensemble", "RandomForestClassifier", seed, n_estimators=300, **params)


# What each way makes of a seed and the share of positives over that of negatives.
WAYS = {
    "default": lambda seed, odds: network(seed),
    "mlp": lambda seed, odds: network(seed, model="mlp"),
    "catboost": lambda seed, odds: catboost(seed),
    "xgboost": lambda seed, odds: xgboost(seed),
    "lightgbm": lambda seed, odds: lightgbm(seed),
    "random forest": lambda seed, odds: forest(seed),
    "catboost weighted": lambda seed, odds: catboost(seed, auto_class_weights="Balanced"),
    "xgboost weighted": lambda seed, odds: xgboost(seed, scale_pos_weight=1 / odds),
    "lightgbm weighted": lambda seed, odds: lightgbm(seed, class_weight="balanced"),
    "random forest weighted": lambda seed, odds: forest(seed, class_weight="balanced"),
}
# Which weighs positives.
OF_TWO_CLASSES = {"xgboost weighted"}
MODULES = {"catboost", "xgboost", "lightgbm"}
CUTS = {
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": lambda y, found: metrics.f1_score(
        y, found, average="binary" if y.max() == 1 else "macro"
    ),
    "mcc": metrics.matthews_corrcoef,
}


def installed(way):
    """Whether the package of a way is there."""
    module = way.partition(" weighted")[0]
    return module not in MODULES or importlib.util.find_spec(module) is not None


def scores(y, proba):
    """Return what is measured of probabilities of untouched rows."""
    several = proba.shape[1] > 2
    kind = "multiclass" if several else "binary"
    found = {"average_precision": average_precision(y, proba, kind), "auc": np.nan}
    if not several:
        found["auc"] = metrics.roc_auc_score(y, proba[:, 1])
    proba = np.clip(proba.astype(np.float64), 1e-7, 1)
    found["log_loss"] = metrics.log_loss(y, proba / proba.sum(axis=1, keepdims=True))
    return found


def held_out(classifier, X, y, seed):
    """Return labels and probabilities of rows that took no part in the fit that tells them."""
    result = getattr(classifier, "fit_result_", None)
    if result is not None:
        return result.held_out.codes, result.held_out.proba
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proba = cross_val_predict(clone(classifier), X, y, cv=folds, method="predict_proba")
    return y, proba


def decisions(y, proba, y_new, proba_new):
    """Return the scores of untouched rows at the thresholds that held-out rows teach."""
    from imbalanced_nn import ThresholdTuner

    found = {}
    for name, score in CUTS.items():
        several = proba.shape[1] > 2
        tuner = ThresholdTuner("f1_macro" if name == "f1" and several else name)
        tuner.fit(y, proba if several else proba[:, 1])
        found[name] = score(y_new, tuner.predict(proba_new if several else proba_new[:, 1]))
    return found


def split_of(suite, data, split):
    """Return rows to learn from and untouched ones of a data set, and the codes of both."""
    X, y = rows_of(suite, data)
    _, y, counts = np.unique(y, return_inverse=True, return_counts=True)
    told = counts[y] >= FEWEST
    X, (_, y) = X[told], np.unique(y[told], return_inverse=True)
    return train_test_split(X, y, test_size=0.4, stratify=y, random_state=split)


def measure(suite, data, split, way):
    """Return the scores of one way on one split of one data set, and what the fits cost."""
    X, X_new, y, y_new = split_of(suite, data, split)
    share = np.mean(y == 1)
    classifier = WAYS[way](split, share / (1 - share))
    start = time.process_time()
    classifier.fit(X, y)
    alone = time.process_time() - start
    judged = held_out(classifier, X, y, split)
    seconds = time.process_time() - start
    proba = classifier.predict_proba(X_new)
    found = scores(y_new, proba) | decisions(*judged, y_new, proba)
    epochs = getattr(classifier, "n_iter_", "")
    found = {name: f"{value:.5f}" for name, value in found.items()}
    return found | {
        "fit_seconds": f"{alone:.2f}",
        "cpu_seconds": f"{seconds:.2f}",
        "epochs": epochs,
    }


def run(args):
    """Measure what the file of results does not hold."""
    suite, results = load_suite(), args.results or RESULTS[args.kind]
    names = args.data or [n for n in suite.names(args.kind) if n not in LEFT_OUT]
    ways = [way for way in args.ways if args.kind == "binary" or way not in OF_TWO_CLASSES]
    known = {(row["data"], row["split"], row["way"]) for row in read_results(results)}
    for split in args.seeds:
        for data in names:
            for way in ways:
                if (data, str(split), way) not in known and installed(way):
                    row = {"data": data, "split": split, "way": way}
                    add_result(results, row | measure(suite, data, split, way))


def table(rows):
    """Return means over data sets, ranks, and the average precision set by set, as Markdown."""
    ways = [way for way in WAYS if any(row["way"] == way for row in rows)]
    data = sorted({row["data"] for row in rows})
    # Ways that were stopped on their way are compared on the splits that all have.
    there = {(row["data"], row["split"], row["way"]) for row in rows}
    splits = sorted({split for _, split, _ in there})
    splits = [s for s in splits if all((n, s, w) in there for n in data for w in ways)]
    cells = {(r["data"], r["way"], r["split"]): r for r in rows}

    def values(way, measure):
        """Return the measure of each set, split by split."""
        found = [[float(cells[name, way, split][measure]) for split in splits] for name in data]
        return np.array(found)

    lines = [f"{len(data)} data sets, {len(splits)} splits of each ({' '.join(splits)})."]
    measures = ["average_precision", "balanced_accuracy", "f1", "mcc", "log_loss"]
    for title, shown in (("Means", _means), ("Mean ranks, 1 is best", _ranks)):
        lines += ["", f"## {title}", "", f"| way | {' | '.join(measures)} | CPU s |"]
        lines += ["|---" * (len(measures) + 2) + "|"]
        columns = [shown([values(way, m).mean(axis=1) for way in ways], m) for m in measures]
        for number, way in enumerate(ways):
            seconds = values(way, "cpu_seconds").mean()
            lines.append(f"| {way} | {' | '.join(c[number] for c in columns)} | {seconds:.1f} |")
    lines += ["", "## The first way less the others, ± standard error over sets, sets won", ""]
    lines += [f"| way | {' | '.join(measures)} |", "|---" * (len(measures) + 1) + "|"]
    for way in ways[1:]:
        found = []
        for measure in measures:
            less = (values(ways[0], measure) - values(way, measure)).mean(axis=1)
            won = np.sum(less < 0 if measure == "log_loss" else less > 0)
            error = less.std(ddof=1) / np.sqrt(len(less)) if len(less) > 1 else np.nan
            found.append(f"{less.mean():+.4f} ± {error:.4f}, {won}")
        lines.append(f"| {way} | {' | '.join(found)} |")
    lines += ["", "## Average precision, set by set and split by split", ""]
    lines += [f"| data | {' | '.join(ways)} |", "|---" * (len(ways) + 1) + "|"]
    of_ways = [values(way, "average_precision") for way in ways]
    for number, name in enumerate(data):
        line = (" ".join(f"{value:.3f}" for value in found[number]) for found in of_ways)
        lines.append(f"| {name} | {' | '.join(line)} |")
    return "\n".join(lines) + "\n"


def _means(found, measure):
    """Return the mean over data sets of each way's values, the best one starred."""
    means = [values.mean() for values in found]
    best = min(means) if measure == "log_loss" else max(means)
    return [f"{'*' if mean == best else ''}{mean:.4f}" for mean in means]


def _ranks(found, measure):
    """Return the mean over data sets of each way's rank, the best one starred."""
    sign = 1 if measure == "log_loss" else -1
    means = rankdata(sign * np.array(found), axis=0).mean(axis=1)
    return [f"{'*' if mean == means.min() else ''}{mean:.2f}" for mean in means]


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[6, 7, 8])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--kind", choices=RESULTS, default="binary")
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--results", type=Path, help="file; one of its own for each kind")
    args = run_missing(parser, run)
    results = args.results or RESULTS[args.kind]
    results.with_suffix(".md").write_text(table(read_results(results)))


if __name__ == "__main__":
    main()
