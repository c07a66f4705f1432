"""How often the intervals of `imbalance_report` hold the truth, nominal beside measured.

Rows are drawn anew from populations whose measures are known, class counts included, and each
interval is asked whether it holds the population's value. So is `score_interval` of the bootstrap
of a cut.

    python -m benchmarks.coverage [--quick] [--samples 300] [--bounds]

writes results/coverage.md, with --bounds also results/coverage_bounds.md, which takes longer.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.special import expit, logit, softmax
from scipy.stats import gamma, norm

from benchmarks import coverage_bounds
from imbalanced_nn import ThresholdTuner
from imbalanced_nn.inspection.predictions import Predictions
from imbalanced_nn.inspection.report import report_on
from imbalanced_nn.metrics.measures import MEASURES

RESULTS = Path(__file__).parent / "results"
LEVEL, SHARE, CUT = 0.95, 0.1, 0.25
POSITIVES, SEPARATIONS = (10, 20, 50, 200), (1.5, 2.5, 4.0)
OF_SEVERAL = (20, 50)
N_RESAMPLES, N_POPULATION = 200, 400_000
NAMES = [name for name in MEASURES if name != "cost"]
_ROUNDING = 1e-9
SHAPES = {
    "normal": ("normal", (1.0, 0.0)),
    "gamma, overconfident": ("gamma", (1.6, 0.7)),
}
CUTS = [(d, n, name) for name in ("f1", "balanced_accuracy") for d, n in ((1.5, 20), (2.5, 50))]


def draw_binary(shape, separation, n, rng):
    """Return codes, decisions and probabilities of both classes.

    Scores are normal, `separation` standard deviations apart, or gamma variables of shape 2, those
    of positives 1 + `separation` times as great. Overconfident log-odds are stretched and moved.
    """
    family, (slope, shift) = SHAPES[shape]
    y = (rng.random(n) < SHARE).astype(int)
    if family == "normal":
        ratio = separation * (norm.rvs(size=n, random_state=rng) + separation * (y - 0.5))
    else:
        x = gamma.rvs(2, size=n, random_state=rng) * np.where(y, 1 + separation, 1)
        ratio = x * (1 - 1 / (1 + separation)) - 2 * np.log1p(separation)
    log_odds = ratio + logit(SHARE)
    proba = expit(slope * log_odds + shift)
    return y, (log_odds >= logit(CUT)).astype(int), np.column_stack([1 - proba, proba])


def draw_multiclass(separation, n, rng):
    """Return codes, decisions and probabilities of three classes in the plane, 80, 15 and 5 %."""
    shares = np.array([0.8, 0.15, 0.05])
    centres = separation * np.array([[0, 0], [1, 0], [0, 1]])
    y = np.searchsorted(shares.cumsum()[:-1], rng.random(n), side="right")
    x = rng.normal(size=(n, 2)) + centres[y]
    fit = x @ centres.T - (centres**2).sum(axis=1) / 2
    return y, fit.argmax(axis=1), softmax(fit + np.log(shares), axis=1)


def draw_multilabel(separation, n, rng):
    """Return indicators, decisions and probabilities of three labels with common noise."""
    shares = np.array([0.3, 0.1, 0.05])
    y = (rng.random((n, 3)) < shares).astype(int)
    noise = (rng.normal(size=(n, 1)) + rng.normal(size=(n, 3))) / np.sqrt(2)
    log_odds = separation * (noise + separation * (y - 0.5)) + logit(shares)
    return y, (log_odds >= logit(CUT)).astype(int), expit(log_odds)


def drawn_rows(setting, n, rng):
    """Return rows of a setting as `report_on` takes them."""
    shape, separation = setting
    if shape in SHAPES:
        return Predictions.from_codes(*draw_binary(shape, separation, n, rng), [0, 1], 1)
    if shape == "three classes":
        return Predictions.from_codes(*draw_multiclass(separation, n, rng), [0, 1, 2])
    codes, decided, proba = draw_multilabel(separation, n, rng)
    return Predictions("multilabel", [0, 1, 2], codes, decided, proba, np.ones(n), None, 2.2e-16)


def overall(rows, n_resamples, seed=0):
    """Return value, low and high end of the measures of all classes together."""
    report = report_on(
        rows,
        "",
        cost_matrix=None,
        n_resamples=n_resamples,
        confidence_level=LEVEL,
        random_state=seed,
    )
    return report.estimates[0, [list(MEASURES).index(name) for name in NAMES]]


def covered(setting, n_positive, n_samples, n_population=N_POPULATION):
    """Return shares of samples that hold the true value, those all below it, and the ROC AUC."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rng = np.random.default_rng([n_positive, round(10 * setting[1]), len(setting[0])])
        truth = overall(drawn_rows(setting, n_population, rng), 0)[:, 0]
        share = SHARE if setting[0] in SHAPES else 0.05
        ends = []
        while len(ends) < n_samples:
            rows = drawn_rows(setting, round(n_positive / share), rng)
            if all(rows.is_class(k)[0].sum() > 1 for k in range(len(rows.classes))):
                ends.append(overall(rows, N_RESAMPLES, len(ends))[:, 1:])
    low, high = np.moveaxis(ends, -1, 0)
    held = (low - _ROUNDING <= truth) & (truth <= high + _ROUNDING)
    return held.mean(axis=0), (high < truth - _ROUNDING).mean(axis=0), truth[NAMES.index("roc_auc")]


def cut_covered(separation, n_positive, objective, n_samples, n_population=N_POPULATION):
    """Return the share of samples whose `score_interval` holds the cut's score on new rows."""
    rng = np.random.default_rng([n_positive, round(10 * separation)])
    y_new, _, proba_new = draw_binary("normal", separation, n_population, rng)
    order = np.argsort(proba_new[:, 1])
    sorted_scores = proba_new[order, 1]
    # Rows of each class from each place on.
    above = np.stack([(y_new[order] == k)[::-1].cumsum()[::-1] for k in (0, 1)])
    above = np.column_stack([above, [0, 0]])
    held, optimism, real = [], [], []
    tuner = ThresholdTuner(objective)
    while len(held) < n_samples:
        y, _, proba = draw_binary("normal", separation, round(n_positive / SHARE), rng)
        if y.sum() < 2:
            continue
        tuner.fit(y, proba[:, 1], pos_label=1)
        spread = tuner.bootstrap(y, proba[:, 1], n_resamples=N_RESAMPLES, random_state=len(held))
        fp, tp = above[:, np.searchsorted(sorted_scores, tuner.best_threshold_)]
        score = score_of(objective, tp, fp, *above[::-1, 0])
        low, high = spread.score_interval(LEVEL)
        held.append(low <= score <= high)
        optimism.append(spread.optimism)
        real.append(tuner.best_score_ - score)
    return np.mean(held), np.mean(optimism), np.mean(real)


def score_of(objective, tp, fp, n_positive, n_negative):
    """Return F1 or balanced accuracy from true and false positives."""
    tp, fp, n_positive, n_negative = map(float, (tp, fp, n_positive, n_negative))
    fn, tn = n_positive - tp, n_negative - fp
    if objective == "f1":
        return 2 * tp / (2 * tp + fp + fn)
    return (tp / n_positive + tn / n_negative) / 2


def run(quick=False, n_samples=300):
    """Return the section as Markdown; quick is for a look at whether it runs."""
    n_samples, n_population = (3, 2000) if quick else (n_samples, N_POPULATION)
    positives, separations = ((20,), (2.5,)) if quick else (POSITIVES, SEPARATIONS)
    of_several = (20,) if quick else OF_SEVERAL
    tasks = [((s, d), n) for s in SHAPES for n in positives for d in separations]
    tasks += [((s, 2.5), n) for s in ("three classes", "three labels") for n in of_several]
    with Parallel(n_jobs=1 if quick else -1, batch_size=1, backend="multiprocessing") as parallel:
        found = parallel(delayed(covered)(*task, n_samples, n_population) for task in tasks)
        of_cuts = parallel(delayed(cut_covered)(*cut, n_samples, n_population) for cut in CUTS)
    return section(
        dict(zip(tasks, found, strict=True)), dict(zip(CUTS, of_cuts, strict=True)), n_samples
    )


def section(found, of_cuts, n_samples):
    """Return the section of what `covered` and `cut_covered` found, by their arguments."""
    labels = [MEASURES[name].label for name in NAMES]
    shares, below = (np.array([part[k] for part in found.values()]) for k in (0, 1))
    counts = np.array([n for _, n in found])
    positives = np.unique(counts).tolist()
    by_count = [counts == n for n in positives]
    summary = [
        [label, *(f"{part[there].min():.2f} / {np.median(part[there]):.2f}" for there in by_count)]
        for label, part in zip(labels, shares.T, strict=True)
    ]
    side = [
        [label, *(f"{part[there].mean():.3f}" for there in by_count)]
        for label, part in zip(labels, below.T, strict=True)
    ]
    every = [
        [shape, n, f"{d:g}", f"{area:.2f}", *(f"{share:.2f}" for share in held)]
        for ((shape, d), n), (held, _, area) in found.items()
    ]
    of_cuts = [
        [MEASURES[name].label, n, f"{d:g}", LEVEL, f"{held:.2f}", f"{said:.3f}", f"{real:.3f}"]
        for (d, n, name), (held, said, real) in of_cuts.items()
    ]
    head = ["measure", *(f"{n} positives" for n in positives)]
    of_cut = ["objective", "positives", "separation", "nominal", "held", "optimism said", "real"]
    return TEXT.format(
        n_samples=n_samples,
        n_resamples=N_RESAMPLES,
        level=LEVEL,
        error=np.sqrt(LEVEL * (1 - LEVEL) / n_samples),
        summary=coverage_bounds.table(head, summary),
        side=coverage_bounds.table(head, side),
        every=coverage_bounds.table(["scores", "positives", "separation", "AUC", *labels], every),
        cuts=coverage_bounds.table(of_cut, of_cuts),
    )


TEXT = """\
## Intervals

Share of {n_samples} samples of each setting whose interval holds the value of the population,
nominal {level:g} with a standard error of {error:.3f}; {n_resamples} resamples. One row in ten is
positive, the number of positives is that of the average sample. Decisions are for a probability of
.25 or more. `normal` scores are `separation` standard deviations apart, `gamma` scores of shape 2
differ in scale by 1 + separation; `overconfident` log-odds are stretched by 1.6 and raised by .7.
Three classes (80, 15, 5 %, decided by likelihood) and three labels (30, 10, 5 %) have as many
positives of the rarest as the column says, and the averages of all measures are judged.
`python -m benchmarks.coverage --samples {n_samples}` writes this file.

### By the number of positives: lowest setting / median

{summary}

### Intervals that lie below the truth, of nominal .025, on average

{side}

### Every setting

{every}

## The score of a learned cut

Share of samples whose `ThresholdBootstrap.score_interval` holds the score that the cut reaches on
new rows, and the optimism that the bootstrap tells beside the real one; normal scores.

{cuts}

## Bounds

Of cuts proved at a confidence: [coverage_bounds.md](coverage_bounds.md).
"""


def main():
    """Print the section, and write it unless it is a quick look."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="print a few samples, write nothing")
    parser.add_argument("--samples", type=int, default=300, help="samples of each setting")
    parser.add_argument("--bounds", action="store_true", help="measure the bounds of cuts too")
    args = parser.parse_args()
    sections = {"coverage.md": run(args.quick, args.samples)}
    if args.bounds:
        sections["coverage_bounds.md"] = coverage_bounds.run(args.quick)
    for name, section in sections.items():
        print(section)
        if not args.quick:
            (RESULTS / name).write_text(section, encoding="utf-8")


if __name__ == "__main__":
    main()
