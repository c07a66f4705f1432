"""Cuts and probabilities on real imbalanced data, measured on untouched rows.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Each binary set is
cut to at most 8,000 rows and split 60 : 40, stratified, once for each seed.

Cuts: the same network at 0.5; with scikit-learn's `TunedThresholdClassifierCV` (five folds and a
refit around the network); with ours, one fit; and ours cross-fitted in five folds. Probabilities:
a network trained on over-sampled rows, before and after each correction. Fits that a file of
results holds already are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.decisions [--seeds 5] [--data NAME ...]
    python -m benchmarks.decisions --table       # only write the table from the results
"""

import numpy as np
from scipy.stats import t
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    rows_of,
    run_missing,
)
from imbalanced_nn import BalancedKerasClassifier

CUTS, PROBABILITIES = FOLDER / "cuts.csv", FOLDER / "calibration.csv"
TABLE = FOLDER / "decisions.md"
METRICS = {"balanced_accuracy": balanced_accuracy_score, "f1": f1_score}
WAYS = ["0.5", "scikit-learn", "ours", "ours, 5 folds"]
CORRECTIONS = ["None", "prior", "temperature", "sigmoid", "isotonic"]
DATA = [
    "abalone_7",
    "ai4i2020",
    "creditcard_day1",
    "htru2",
    "hypothyroid",
    "keel_abalone9_18",
    "keel_car_vgood",
    "keel_page_blocks0",
    "keel_yeast4",
    "keel_yeast6",
    "letter_img",
    "mammography",
    "oil",
    "polish_5year",
    "satimage",
    "thyroid_sick",
    "us_crime",
    "wine_quality",
]


def calibration_error(y, p, n_bins=10):
    """Return the mean gap between probability and share of positives, in bins of equal size."""
    bins = np.array_split(np.argsort(p, kind="stable"), n_bins)
    return sum(abs(y[b].mean() - p[b].mean()) * len(b) for b in bins) / len(y)


def measure_cuts(seed, X, X_new, y, y_new):
    """Yield the metric, the way and the score on new rows."""
    one = BalancedKerasClassifier(validation_split=0.2, random_state=seed, threshold=None).fit(X, y)
    folds = BalancedKerasClassifier(random_state=seed, validation_split=5).fit(X, y)
    for metric, function in METRICS.items():
        # What a fit with this threshold would have learned, from the scores that it kept.
        ways = {
            "0.5": one.set_threshold(None).predict(X_new),
            "ours": one.tune_threshold(objective=metric).predict(X_new),
            "ours, 5 folds": folds.tune_threshold(objective=metric).predict(X_new),
        }
        plain = BalancedKerasClassifier(validation_split=0.2, random_state=seed, threshold=None)
        grid = TunedThresholdClassifierCV(plain, scoring=metric, random_state=seed)
        ways["scikit-learn"] = grid.fit(X, y).predict(X_new)
        for way in WAYS:
            yield metric, way, function(y_new, ways[way])


def measure_probabilities(seed, X, X_new, y, y_new):
    """Yield the correction, log loss and calibration error on new rows."""
    for correction in CORRECTIONS:
        classifier = BalancedKerasClassifier(
            validation_split=0.2,
            random_state=seed,
            sampler="random_over",
            threshold=None,
            calibration=None if correction == "None" else correction,
        )
        p = classifier.fit(X, y).predict_proba(X_new)[:, 1].astype(float)
        yield correction, log_loss(y_new, p), calibration_error(y_new, p)


def run(names, n_seeds):
    """Fit what is not in the results yet."""
    suite = load_suite()
    done = {(row["data"], row["seed"]) for row in read_results(PROBABILITIES)}
    for name in names:
        X, y = rows_of(suite, name)
        for seed in range(n_seeds):
            if (name, str(seed)) in done:
                continue
            parts = train_test_split(X, y, test_size=0.4, stratify=y, random_state=seed)
            cuts = list(measure_cuts(seed, *parts))
            probabilities = list(measure_probabilities(seed, *parts))
            for metric, way, score in cuts:
                row = {"data": name, "seed": seed, "metric": metric, "way": f'"{way}"'}
                add_result(CUTS, row | {"score": f"{score:.4f}"})
            for correction, loss, error in probabilities:
                row = {"data": name, "seed": seed, "correction": correction}
                measures = {"log_loss": f"{loss:.5f}", "calibration_error": f"{error:.5f}"}
                add_result(PROBABILITIES, row | measures)


def interval(values):
    """Return a mean with the half width of its 95 % interval."""
    values = np.asarray(values)
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), half


def cut_tables(rows):
    """Yield the lines of a table for each metric."""
    for metric in METRICS:
        of_metric = [row for row in rows if row["metric"] == metric]
        table = {}
        for row in of_metric:
            table.setdefault(row["data"], {}).setdefault(row["way"], []).append(float(row["score"]))
        yield from ["", f"## {metric}", "", f"| data | seeds | {' | '.join(WAYS)} |"]
        yield "|---|---|" + "---|" * len(WAYS)
        for data, ways in table.items():
            cells = ["{:.3f} ±{:.3f}".format(*interval(ways[way])) for way in WAYS]
            yield f"| {data} | {len(ways['ours'])} | {' | '.join(cells)} |"
        means = {way: [np.mean(ways[way]) for ways in table.values()] for way in WAYS}
        cells = [f"{np.mean(means[way]):.3f}" for way in WAYS]
        yield f"| **mean of {len(table)} sets** | | {' | '.join(cells)} |"
        yield ""
        for way in WAYS[2:]:
            for other in ("0.5", "scikit-learn"):
                gain, half = interval(np.subtract(means[way], means[other]))
                yield (
                    f"{way.capitalize()} less {other}: {gain:+.4f}, 95 % interval over the sets "
                    f"{gain - half:+.4f} to {gain + half:+.4f}.  "
                )


def probability_table(rows):
    """Yield the lines of the table of corrections."""
    yield from ["", "## Log loss, and in brackets calibration error", ""]
    yield f"| data | seeds | {' | '.join(CORRECTIONS)} |"
    yield "|---|---|" + "---|" * len(CORRECTIONS)
    table = {}
    for row in rows:
        pair = (float(row["log_loss"]), float(row["calibration_error"]))
        table.setdefault(row["data"], {}).setdefault(row["correction"], []).append(pair)
    for data, corrections in table.items():
        cells = ["{:.4f} ({:.4f})".format(*np.mean(corrections[c], axis=0)) for c in CORRECTIONS]
        yield f"| {data} | {len(corrections['prior'])} | {' | '.join(cells)} |"
    means = [np.mean([np.mean(c[k], axis=0) for c in table.values()], axis=0) for k in CORRECTIONS]
    cells = " | ".join("{:.4f} ({:.4f})".format(*mean) for mean in means)
    yield f"| **mean of {len(table)} sets** | | {cells} |"


def write_table():
    """Write the tables from the files of results."""
    lines = [
        "# Cuts and probabilities on real data",
        "",
        "On untouched rows (40 %); at most 8,000 rows of each set; ± is half the 95 % interval of",
        "the mean over the seeds. `scikit-learn` is `TunedThresholdClassifierCV`, six fits, around",
        "the same network; `ours` is one fit. Probabilities are of a network trained on",
        "over-sampled rows. Written by `python -m benchmarks.decisions`.",
        *cut_tables(read_results(CUTS)),
        *probability_table(read_results(PROBABILITIES)),
    ]
    TABLE.write_text("\n".join(lines) + "\n")


def main():
    """Run the fits that are missing and write the table."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs="*", default=DATA)
    run_missing(parser, lambda args: run(args.data, args.seeds))
    write_table()


if __name__ == "__main__":
    main()
