"""How far probabilities are off, as they come, on the sets and splits of `benchmarks.quality`.

The calibration error is the mean gap between probability and share of positives over ten bins of
equal size of untouched rows. Every way is fitted once. Fits that the file of results holds already
are not repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.calibration [--seeds 6 7 8] [--ways NAME ...]
    python -m benchmarks.calibration --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import numpy as np

from benchmarks.decisions import calibration_error
from benchmarks.quality import FOLDER, LEFT_OUT, WAYS, installed, scores, split_of
from benchmarks.suite import add_result, load_suite, parser_of, read_results, run_missing

RESULTS, TABLE = FOLDER / "calibration_error.csv", FOLDER / "calibration_error.md"
# Weights of classes are there for ranks and cuts, and move probabilities by intent.
UNWEIGHTED = [way for way in WAYS if "weighted" not in way]
MEASURES = ("log_loss", "calibration_error")


def measure(suite, data, split, way):
    """Return what is measured of probabilities of untouched rows after one fit."""
    X, X_new, y, y_new = split_of(suite, data, split)
    share = np.mean(y == 1)
    proba = WAYS[way](split, share / (1 - share)).fit(X, y).predict_proba(X_new)
    found = scores(y_new, proba)["log_loss"], calibration_error(y_new, proba[:, 1].astype(float))
    return {name: f"{value:.5f}" for name, value in zip(MEASURES, found, strict=True)}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    names = [name for name in suite.names("binary") if name not in LEFT_OUT]
    known = {(row["data"], row["split"], row["way"]) for row in read_results(RESULTS)}
    for split in args.seeds:
        for data in names:
            for way in args.ways:
                if (data, str(split), way) not in known and installed(way):
                    row = {"data": data, "split": split, "way": way}
                    add_result(RESULTS, row | measure(suite, data, split, way))


def table(rows):
    """Return means over sets, and those of the first way as a share of the others', as Markdown."""
    ways = [way for way in UNWEIGHTED if any(row["way"] == way for row in rows)]
    values = {way: {} for way in ways}
    for row in rows:
        found = [float(row[measure]) for measure in MEASURES]
        values[row["way"]].setdefault(row["data"], {})[row["split"]] = found
    sets = [name for name in values[ways[0]] if all(name in values[way] for way in ways)]
    splits = sorted(set.intersection(*(set(values[w][n]) for w in ways for n in sets)))
    lines = [f"{len(sets)} data sets, {len(splits)} splits of each; means over sets.", ""]
    lines += ["| way | log loss | calibration error | sets where least |", "|---" * 4 + "|"]
    array = np.array([[[values[w][n][s] for s in splits] for n in sets] for w in ways]).mean(axis=2)
    least = np.bincount(array[:, :, 1].argmin(axis=0), minlength=len(ways))
    for way, of_sets, n_least in zip(ways, array, least, strict=True):
        loss, error = of_sets.mean(axis=0)
        lines.append(f"| {way} | {loss:.4f} | {error:.4f} | {n_least} |")
    return "\n".join(lines) + "\n"


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[6, 7, 8])
    parser.add_argument("--ways", nargs="+", choices=UNWEIGHTED, default=UNWEIGHTED)
    run_missing(parser, run)
    TABLE.write_text(table(read_results(RESULTS)))


if __name__ == "__main__":
    main()
