"""Every strategy on real imbalanced data: average precision and log loss on untouched rows.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Each data set is
cut to at most 8,000 rows and split 60 : 40, stratified, once for each seed; all strategies see
the same split. Fits that a file of results holds already are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.strategies [--seeds 3] [--data NAME ...]
    python -m benchmarks.strategies --table       # only write the table from the results
"""

import time

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    parser_of,
    read_results,
    rows_of,
    run_missing,
)
from imbalanced_nn import BalancedBatches, BalancedKerasClassifier
from imbalanced_nn.metrics import average_precision

RESULTS, TABLE = FOLDER / "strategies.csv", FOLDER / "strategies.md"

STRATEGIES = {
    "none": {},
    "class_weight": {"class_weight": "balanced"},
    "weights_sqrt": {"class_weight": "balanced_sqrt"},
    "weights_effective": {"class_weight": "effective_number"},
    "balanced_batch": {"class_weight": "balanced_batch"},
    "random_over": {"sampler": "random_over"},
    "random_under": {"sampler": "random_under"},
    "smote": {"sampler": "smote"},
    "smote_each_epoch": {"sampler": "smote", "resample_every": "epoch"},
    "balanced_batches": {"sampler": "balanced_batches"},
    "batches_quarter": {"sampler": BalancedBatches(1 / 3)},
    "batches_cosine": {"sampler": "balanced_batches", "balancing_schedule": "cosine"},
    "two_stage": {"head_sampler": "balanced_batches"},
    "focal": {"loss": "focal"},
    "logit_adjusted": {"loss": "logit_adjusted"},
    "ldam": {"loss": "ldam"},
    "pairwise_auc": {"loss": "pairwise_auc"},
}
BINARY_ONLY = {"pairwise_auc"}

DATA = [
    "abalone_7",
    "ai4i2020",
    "coil_2000",
    "creditcard_day1",
    "htru2",
    "hypothyroid",
    "keel_abalone9_18",
    "keel_car_vgood",
    "keel_page_blocks0",
    "keel_yeast4",
    "letter_img",
    "mammography",
    "oil",
    "online_shoppers",
    "polish_5year",
    "satimage",
    "thyroid_sick",
    "us_crime",
    "wine_quality",
    "car",
    "page_blocks",
    "thyroid_ann",
    "sms_spam",
    "ecg5000_rare",
]


def measure(X, y, params, seed):
    """Return average precision, log loss and seconds of one fit."""
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.4, stratify=y, random_state=seed)
    start = time.process_time()
    clf = BalancedKerasClassifier(**{"validation_split": 0.2} | params, random_state=seed)
    clf.fit(X, y)
    seconds = time.process_time() - start
    proba = clf.predict_proba(X_new)
    kind = "binary" if proba.shape[1] == 2 else "multiclass"
    return average_precision(y_new, proba, kind), log_loss(y_new, proba), seconds


def run(names, n_seeds):
    """Fit what is not in the results yet, one line in the file for each fit."""
    suite = load_suite()
    done = {(row["data"], row["strategy"], row["seed"]) for row in read_results(RESULTS)}
    for name in names:
        X, y = rows_of(suite, name)
        several = len(np.unique(y)) > 2
        for seed in range(n_seeds):
            for strategy, params in STRATEGIES.items():
                if (name, strategy, str(seed)) in done or (several and strategy in BINARY_ONLY):
                    continue
                precision, loss, seconds = measure(X, y, params, seed)
                row = {
                    "data": name,
                    "strategy": strategy,
                    "seed": seed,
                    "average_precision": f"{precision:.4f}",
                    "log_loss": f"{loss:.5f}",
                    "seconds": f"{seconds:.2f}",
                }
                add_result(RESULTS, row)


def write_table():
    """Write the means over the seeds, and how each strategy compares with none."""
    rows = read_results(RESULTS)
    sets = list(dict.fromkeys(row["data"] for row in rows))
    strategies = [s for s in STRATEGIES if any(row["strategy"] == s for row in rows)]

    def mean(data, strategy, column):
        values = [
            float(row[column]) for row in rows if (row["data"], row["strategy"]) == (data, strategy)
        ]
        return (np.mean(values), len(values)) if values else (np.nan, 0)

    lines = [
        "# Every strategy on real data",
        "",
        "Average precision and, in brackets, log loss on untouched rows (40 %), means over the",
        "seeds; at most 8,000 rows of each set. Written by `python -m benchmarks.strategies`.",
        "",
        "| data | seeds | " + " | ".join(strategies) + " |",
        "|---|---|" + "---|" * len(strategies),
    ]
    for data in sets:
        seeds = max(mean(data, s, "log_loss")[1] for s in strategies)
        cells = []
        for strategy in strategies:
            precision, n = mean(data, strategy, "average_precision")
            cell = f"{precision:.3f} ({mean(data, strategy, 'log_loss')[0]:.3f})" if n else "-"
            cells.append(cell)
        lines.append(f"| {data} | {seeds} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Against `none`, over the data sets: mean difference of average precision, sets on which",
        "it is higher, geometric mean and largest of the ratio of log losses, CPU seconds a fit.",
        "",
        "| strategy | average precision | higher on | log loss ratio | largest | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for strategy in strategies:
        pairs = [
            (
                mean(d, strategy, "average_precision")[0] - mean(d, "none", "average_precision")[0],
                mean(d, strategy, "log_loss")[0] / mean(d, "none", "log_loss")[0],
                mean(d, strategy, "seconds")[0],
            )
            for d in sets
            if mean(d, strategy, "log_loss")[1]
        ]
        gain, ratio, seconds = np.array(pairs).T
        lines.append(
            f"| {strategy} | {gain.mean():+.3f} | {(gain > 0).sum()} of {len(gain)} | "
            f"{np.exp(np.log(ratio).mean()):.2f} | {ratio.max():.2f} | {seconds.mean():.1f} |"
        )
    TABLE.write_text("\n".join(lines) + "\n")


def main():
    """Run the fits that are missing and write the table."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", nargs="*", default=DATA)
    run_missing(parser, lambda args: run(args.data, args.seeds))
    write_table()


if __name__ == "__main__":
    main()
