"""How ways to learn fare as positives grow rarer, from 5 % of the rows to .02 %.

Reads the data folder that the environment variable IMBALANCED_NN_DATA names. Of each set, so many
rows are drawn to train on, with a given share of positives; others judge, all positives and up to
200,000 negatives, weighed so that they have that share, too. Thresholds are learned alike for all,
from the probabilities of rows that a fit has not seen; how far the cut may move is a 90 % interval
of its log-odds over resamples of these rows. Fits that the file of results holds already are not
repeated.

    IMBALANCED_NN_DATA=... python -m benchmarks.extreme [--draws 0 1 2 3 4] [--ways NAME ...]
    python -m benchmarks.extreme --table     # only write the table from the results
"""

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import time

import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.quality import catboost, held_out, installed, lightgbm, network
from benchmarks.suite import (
    FOLDER,
    add_result,
    load_suite,
    one_class,
    parser_of,
    read_results,
    run_missing,
)

RESULTS = FOLDER / "extreme.csv"
# A class of a set of several, by its number, against the others.
DATA = ("covtype:2", "covtype:6", "adb_aloi", "creditcard_day1")
SHARES = (0.05, 0.01, 0.002, 0.0005, 0.0002)
# Negatives that judge, which stand for all others.
MAX_NEGATIVES = 200_000
MEASURES = ("average_precision", "recall_at_half", "log_loss", "cut_width", "cpu_seconds")

TITLES = {
    "covtype:2": "covertype, class 3 of 7",
    "covtype:6": "covertype, class 7 of 7",
    "adb_aloi": "adb_aloi",
    "creditcard_day1": "creditcard_day1",
}
# In the order of the ways.
COLOURS = ("#0b5394", "#c27ba0", "#e69138", "#cc0000", "#38761d", "#93c47d", "#7f7f7f")


def logistic(seed):
    """Return scikit-learn's logistic regression of standardised columns."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


WAYS = {
    "default": lambda seed: network(seed),
    "balanced batches": lambda seed: network(seed, sampler="balanced_batches"),
    "class weights": lambda seed: network(seed, class_weight="balanced"),
    "smote": lambda seed: network(seed, sampler="smote"),
    "catboost": lambda seed: catboost(seed),
    "lightgbm": lambda seed: lightgbm(seed),
    "logistic regression": logistic,
}


def draw(X, y, share, n_rows, seed):
    """Return rows to train on, rows to judge by and their weights, None if they are too few."""
    generator = np.random.default_rng(seed)
    positives, negatives = (generator.permutation(np.flatnonzero(y == code)) for code in (1, 0))
    n_positives = round(share * n_rows)
    if n_positives < 2 or n_positives > 0.7 * len(positives):
        return None
    n_negatives = min(n_rows - n_positives, int(0.8 * len(negatives)))
    train = np.concatenate([positives[:n_positives], negatives[:n_negatives]])
    rest = positives[n_positives:], negatives[n_negatives:][:MAX_NEGATIVES]
    weight = np.repeat([share / len(rest[0]), (1 - share) / len(rest[1])], [len(r) for r in rest])
    return train, np.concatenate(rest), weight


def recall_at_half(y, score, weight):
    """Return the largest recall at a precision of at least one half."""
    precision, recall, _ = metrics.precision_recall_curve(y, score, sample_weight=weight)
    return recall[precision >= 0.5].max(initial=0.0)


def cut_width(y, score, seed):
    """Return the width of the 90 % interval of a learned cut's log-odds."""
    from imbalanced_nn import ThresholdTuner

    tuner = ThresholdTuner("balanced_accuracy").fit(y, score)
    spread = tuner.bootstrap(y, score, random_state=seed)
    low, high = np.clip(spread.threshold_interval(0.9), 1e-7, 1 - 1e-7)
    return np.log(high / (1 - high)) - np.log(low / (1 - low))


def measure(X, y, rows, way, seed):
    """Return the scores of one way on one draw, and what its fits cost."""
    train, test, weight = rows
    X_train, y_train, X_test, y_test = X[train], y[train], X[test], y[test]
    classifier = WAYS[way](seed)
    start = time.process_time()
    classifier.fit(X_train, y_train)
    seconds = time.process_time() - start
    labels, proba = held_out(classifier, X_train, y_train, seed)
    score = classifier.predict_proba(X_test)[:, 1].astype(np.float64)
    kept = np.clip(score, 1e-7, 1 - 1e-7)
    found = {
        "average_precision": metrics.average_precision_score(y_test, score, sample_weight=weight),
        "recall_at_half": recall_at_half(y_test, score, weight),
        "log_loss": metrics.log_loss(y_test, kept, sample_weight=weight),
        "cut_width": cut_width(labels, proba[:, 1], seed),
        "cpu_seconds": seconds,
    }
    return {name: f"{value:.5g}" for name, value in found.items()}


def run(args):
    """Measure what the file of results does not hold."""
    suite = load_suite()
    known = {(r["data"], r["share"], r["draw"], r["way"]) for r in read_results(args.results)}
    for seed in args.draws:
        for data in args.data:
            X, y = one_class(suite, data)
            for share in SHARES:
                rows = draw(X, y, share, args.rows, seed)
                for way in args.ways if rows else ():
                    if (data, str(share), str(seed), way) not in known and installed(way):
                        row = {"data": data, "share": share, "draw": seed, "way": way}
                        add_result(args.results, row | measure(X, y, rows, way, seed))


def cells_of(rows, measure):
    """Return the values of each way by set and share, then draw."""
    cells = {}
    for row in rows:
        place = cells.setdefault(row["way"], {}).setdefault((row["data"], float(row["share"])), {})
        place[row["draw"]] = float(row[measure])
    return cells


def spread(cells, measure):
    """Return the mean over sets of means over draws, and its standard error by the draws."""
    # Held-out rows that cannot tell cuts apart give no width.
    kept = [[v for v in cell.values() if v or measure != "cut_width"] for cell in cells]
    found = [np.array(values) for values in kept if values]
    if not found:
        return np.nan, np.nan
    means = [values.mean() for values in found]
    errors = [values.var(ddof=1) / len(values) for values in found if len(values) > 1]
    return np.mean(means), np.sqrt(np.sum(errors)) / len(means)


def table(rows):
    """Return means over sets and draws by the share of positives, as Markdown."""
    n_draws = len({row["draw"] for row in rows})
    shares = sorted({float(row["share"]) for row in rows}, reverse=True)
    sets = {s: sorted({r["data"] for r in rows if float(r["share"]) == s}) for s in shares}
    lines = [
        "# As positives grow rarer",
        "",
        f"`python -m benchmarks.extreme`: 20,000 rows to train on, {n_draws} draws. Means over the "
        "sets that have so many positives, with standard errors by the draws; "
        "`creditcard_day1`, which is easy, is among the last three alone. Networks on JAX. "
        "Recall is the largest at a precision of one half, the width that of the 90 % interval of "
        "the log-odds of a cut learned for balanced accuracy, `cpu_seconds` of a fit with, for "
        "networks, its threshold.",
        "",
    ]
    for measure in MEASURES:
        cells = cells_of(rows, measure)
        heads = " | ".join(f"{100 * share:g} % ({len(sets[share])})" for share in shares)
        lines += [f"## {measure}", "", f"| way | {heads} |", "|---" * (len(shares) + 1) + "|"]
        for way in (way for way in WAYS if way in cells):
            line = []
            for share in shares:
                found = [cell for (_, at), cell in cells[way].items() if at == share]
                mean, error = spread(found, measure)
                line.append(f"{mean:.3g} ± {error:.1g}" if found and np.isfinite(mean) else "")
            lines.append(f"| {way} | {' | '.join(line)} |")
        lines.append("")
    return "\n".join([*lines, *beside_default(rows)])


def beside_default(rows):
    """Return lines that hold the default against each other way, draw by draw."""
    lines = [
        "## The default beside each other way",
        "",
        "Differences in average precision and ratios of log loss, draw by draw; wins of cells of a "
        "set and a share, means of their draws.",
        "",
        "| way | average precision ahead by | cells won | log loss over the default's |",
        "|---|---|---|---|",
    ]
    precision, loss = (cells_of(rows, name) for name in ("average_precision", "log_loss"))
    for way in (way for way in WAYS if way in precision and way != "default"):
        ahead, ratios = [], []
        for place, draws in precision[way].items():
            for draw in draws.keys() & precision["default"].get(place, {}).keys():
                ahead.append((place, precision["default"][place][draw] - draws[draw]))
                ratios.append(np.log(loss[way][place][draw] / loss["default"][place][draw]))
        places = dict.fromkeys(place for place, _ in ahead)
        means = [np.mean([value for at, value in ahead if at == place]) for place in places]
        error = np.std(means, ddof=1) / np.sqrt(len(means))
        won = f"{sum(mean > 0 for mean in means)} of {len(means)}"
        ratio = np.exp(np.mean(ratios))
        lines.append(f"| {way} | {np.mean(means):.3f} ± {error:.3f} | {won} | {ratio:.2f} |")
    return [*lines, ""]


def draw_picture(rows, path):
    """Draw average precision by the share of positives, a panel for each set, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    cells = cells_of(rows, "average_precision")
    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=COLOURS)
    figure, panels = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained", sharex=True)
    for data, panel in zip(DATA, panels.flat, strict=True):
        for number, way in enumerate(way for way in WAYS if way in cells):
            found = sorted((at, cell) for (name, at), cell in cells[way].items() if name == data)
            means = np.array([np.mean(list(cell.values())) for _, cell in found])
            ends = np.array([[min(cell.values()), max(cell.values())] for _, cell in found]).T
            # Side by side, the default in the middle, so that no bar hides another.
            aside = (number + 1) // 2 * (-1) ** number
            shares = np.array([share for share, _ in found]) * 1.025**aside
            bars = np.abs(ends - means)
            line = panel.errorbar(shares, means, bars, label=way, capsize=2, elinewidth=1)[0]
            line.set(linewidth=2.6 if way == "default" else 1.2)
        panel.set(title=TITLES[data], xscale="log", xlim=(0.085, 0.00012), ylim=0)
        panel.set_xticks(SHARES, [f"{100 * share:g} %" for share in SHARES])
        panel.minorticks_off()
    for panel in panels[:, 0]:
        panel.set_ylabel("average precision")
    for panel in panels[1]:
        panel.set_xlabel("positives among 20,000 rows to train on")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=7, frameon=False)
    figure.savefig(path, dpi=110, facecolor="white")


def main():
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--draws", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--results", type=type(RESULTS), default=RESULTS)
    args = run_missing(parser, run)
    rows = read_results(args.results)
    args.results.with_suffix(".md").write_text(table(rows), "utf-8")
    draw_picture(rows, args.results.with_suffix(".png"))


if __name__ == "__main__":
    main()
