"""How well classifiers learn as they come, on real imbalanced data, measured on untouched rows.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Each set is cut to at
most 8,000 rows and split 60 : 40, stratified, once for each seed. This package's networks are
cross-fitted in five folds, whose average predicts; the peers, where they are installed, are one fit
on all training rows. Fits that the file of results holds already are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.quality [--seeds 6 7 8] [--ways NAME ...]
    python -m benchmarks.quality --table       # only write the table from the results

Several processes may write to one file, each with ways or data of its own.
"""

import argparse
import importlib
import importlib.util
import os
import time
import warnings

# The same for every way, and read when the libraries are first imported.
for _name in ("OMP", "OPENBLAS", "MKL", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
    os.environ.setdefault(f"{_name}_THREADS" if "TF" in _name else f"{_name}_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402 - after the threads are set
from scipy.stats import rankdata  # noqa: E402 - after the threads are set
from sklearn.metrics import log_loss, roc_auc_score  # noqa: E402 - after the threads are set
from sklearn.model_selection import train_test_split  # noqa: E402 - after the threads are set

from benchmarks.suite import FOLDER, add_result, load_suite, read_results, rows_of  # noqa: E402 - after the threads are set
from imbalanced_nn.metrics import average_precision  # noqa: E402 - after the threads are set

RESULTS, TABLE = FOLDER / "quality.csv", FOLDER / "quality.md"
# A copy of another set.
LEFT_OUT = {"covtype_cottonwood"}


def network(seed, **params):
    """Return this package's estimator."""
    from imbalanced_nn import BalancedKerasClassifier

    return BalancedKerasClassifier(validation_split=5, random_state=seed, **params)


def peer(module, name, seed, **params):
    """Return a classifier of another package."""
    made = getattr(importlib.import_module(module), name)
    return made(random_state=seed, **params)


WAYS = {
    "default": lambda seed: network(seed),
    "mlp": lambda seed: network(seed, model="mlp"),
    "catboost": lambda seed: peer(
        "catboost", "CatBoostClassifier", seed, iterations=400, verbose=0, thread_count=1
    ),
    "xgboost": lambda seed: peer(
        "xgboost", "XGBClassifier", seed, n_estimators=300, max_depth=4, n_jobs=1
    ),
    "lightgbm": lambda seed: peer(
        "lightgbm", "LGBMClassifier", seed, n_estimators=300, n_jobs=1, verbose=-1
    ),
    "random forest": lambda seed: peer(
        "sklearn.ensemble", "RandomForestClassifier", seed, n_estimators=300
    ),
}
MODULES = {"catboost", "xgboost", "lightgbm"}


def installed(way):
    """Whether the package of a way is there."""
    return way not in MODULES or importlib.util.find_spec(way) is not None


def scores(y, proba):
    """Return what is measured of probabilities of untouched rows."""
    several = proba.shape[1] > 2
    kind = "multiclass" if several else "binary"
    found = {"average_precision": average_precision(y, proba, kind), "auc": np.nan}
    if not several:
        found["auc"] = roc_auc_score(y, proba[:, 1])
    proba = np.clip(proba.astype(np.float64), 1e-7, 1)
    found["log_loss"] = log_loss(y, proba / proba.sum(axis=1, keepdims=True))
    return found


def measure(suite, data, split, way):
    """Return the scores of one way on one split of one data set, and what the fit cost."""
    X, y = rows_of(suite, data)
    _, y = np.unique(y, return_inverse=True)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.4, stratify=y, random_state=split)
    classifier = WAYS[way](split)
    start = time.process_time()
    classifier.fit(X, y)
    seconds = time.process_time() - start
    found = scores(y_new, classifier.predict_proba(X_new))
    epochs = getattr(classifier, "n_iter_", "")
    found = {name: f"{value:.5f}" for name, value in found.items()}
    return found | {"cpu_seconds": f"{seconds:.2f}", "epochs": epochs}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    names = args.data or [n for n in suite.names(args.kind) if n not in LEFT_OUT]
    known = {(row["data"], row["split"], row["way"]) for row in read_results(args.results)}
    for split in args.seeds:
        for data in names:
            for way in args.ways:
                if (data, str(split), way) not in known and installed(way):
                    row = {"data": data, "split": split, "way": way}
                    add_result(args.results, row | measure(suite, data, split, way))


def table(rows):
    """Return means over data sets, ranks, and the average precision set by set, as Markdown."""
    ways = [way for way in WAYS if any(row["way"] == way for row in rows)]
    data = sorted({row["data"] for row in rows})

    def cell(name, way, measure):
        found = [r for r in rows if (r["data"], r["way"]) == (name, way)]
        return [float(r[measure]) for r in sorted(found, key=lambda r: int(r["split"]))]

    # Ways that were stopped on their way are compared on the splits that all have.
    splits = {(row["data"], row["split"], row["way"]) for row in rows}
    common = sorted({split for _, split, _ in splits})
    common = [s for s in common if all((n, s, w) in splits for n in data for w in ways)]
    rows_in_common = [row for row in rows if row["split"] in common]

    def mean(name, way, measure):
        found = [r for r in rows_in_common if (r["data"], r["way"]) == (name, way)]
        return np.mean([float(row[measure]) for row in found])

    lines = [f"{len(data)} data sets, splits {' '.join(common)} in all ways.", ""]
    lines += ["| way | average precision | mean rank | log loss | CPU s |", "|---|---|---|---|---|"]
    ranks = np.array([rankdata([-mean(n, w, "average_precision") for w in ways]) for n in data])
    for number, way in enumerate(ways):
        found = [
            np.mean([mean(n, way, measure) for n in data])
            for measure in ("average_precision", "log_loss", "cpu_seconds")
        ]
        lines.append(
            f"| {way} | {found[0]:.4f} | {ranks[:, number].mean():.2f} | {found[1]:.4f} | "
            f"{found[2]:.1f} |"
        )
    lines += ["", f"| data | {' | '.join(ways)} |", "|---" * (len(ways) + 1) + "|"]
    for name in data:
        cells = (" ".join(f"{v:.3f}" for v in cell(name, w, "average_precision")) for w in ways)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[6, 7, 8])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--kind", choices=["binary", "multi"], default="binary")
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    if not args.table:
        warnings.simplefilter("ignore")
        run(args)
    TABLE.write_text(table(read_results(args.results)))


if __name__ == "__main__":
    main()
