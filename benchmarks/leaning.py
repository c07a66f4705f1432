"""What leaning on probabilities gains or costs where positives are few, right or wrong ones.

Scores are normal, `separation` standard deviations apart, and probabilities by Bayes' rule, then
made wrong by a fault. A cut is learned from 1,000 rows with and without `min_positives=50`, and
its objective in the population compared: means over samples, in thousandths.

    python -m benchmarks.leaning [--samples 100]

writes results/leaning.md.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm
from scipy.stats import t as student

from imbalanced_nn import ThresholdTuner
from imbalanced_nn.threshold import get_objective

RESULTS = Path(__file__).parent / "results"
N_ROWS, POSITIVES, SEPARATIONS = 1000, (5, 10, 20), (1.0, 2.0, 3.0)
OBJECTIVES = ("f1", "balanced_accuracy", "matthews_corrcoef")
EDGE = 1e-13
# Slope and intercept of log-odds; slope of them above the prior's + 1; share of positives that lie
# among the negatives, and of negatives that lie among the positives; distribution.
FAULTS = {
    "none": (1.0, 0.0, 1.0, 0.0, 0.0, norm),
    "not sure enough": (0.5, 0.0, 1.0, 0.0, 0.0, norm),
    "too sure": (2.0, 0.0, 1.0, 0.0, 0.0, norm),
    "too high": (1.0, 2.0, 1.0, 0.0, 0.0, norm),
    "too low": (1.0, -2.0, 1.0, 0.0, 0.0, norm),
    "hidden positives": (1.0, 0.0, 1.0, 0.3, 0.0, norm),
    "flattened top": (1.0, 0.0, 0.3, 0.0, 0.0, norm),
    "negatives at the top": (1.0, 0.0, 1.0, 0.0, 0.03, norm),
    "heavy tails": (1.0, 0.0, 1.0, 0.0, 0.0, student(3)),
}


def score_of(x, separation, n_positives, fault):
    """Return the faulty probabilities of values on the scale that classes are normal on."""
    slope, intercept, above, *_ = FAULTS[fault]
    prior = logit(n_positives / N_ROWS)
    z = prior + separation * x - separation**2 / 2
    z = np.where(z > prior + 1, prior + 1 + above * (z - prior - 1), z)
    return np.clip(expit(slope * z + intercept), EDGE, 1 - EDGE)


def value_of(score, separation, n_positives, fault):
    """Return the value at which a row has a probability."""
    slope, intercept, above, *_ = FAULTS[fault]
    prior = logit(n_positives / N_ROWS)
    z = (logit(np.clip(score, EDGE, 1 - EDGE)) - intercept) / slope
    z = np.where(z > prior + 1, prior + 1 + (z - prior - 1) / above, z)
    return (z - prior + separation**2 / 2) / separation


def draw(separation, n_positives, fault, rng):
    """Return labels and probabilities."""
    *_, hidden, mixed_in, family = FAULTS[fault]
    y = (np.arange(N_ROWS) < n_positives).astype(int)
    elsewhere = rng.random(N_ROWS) < np.where(y, hidden, mixed_in)
    x = family.rvs(size=N_ROWS, random_state=rng) + separation * (y ^ elsewhere)
    return y, score_of(x, separation, n_positives, fault)


def worth(objective, cut, separation, n_positives, fault):
    """Return the objective of a cut in the population."""
    *_, hidden, mixed_in, family = FAULTS[fault]
    share = n_positives / N_ROWS
    at = value_of(cut, separation, n_positives, fault)
    low, high = family.sf(at), family.sf(at - separation)
    tp = share * ((1 - hidden) * high + hidden * low)
    fp = (1 - share) * ((1 - mixed_in) * low + mixed_in * high)
    formula = get_objective(objective, "binary")
    return float(formula.from_counts(tp, fp, share - tp, 1 - share - fp))


def gain(objective, setting, n_samples):
    """Return the mean gain of leaning, and its standard error, in thousandths."""
    rng, gains = np.random.default_rng(0), []
    for _ in range(n_samples):
        y, score = draw(*setting, rng)
        leaning, rows_alone = (
            worth(
                objective,
                ThresholdTuner(objective, min_positives=few).fit(y, score).best_threshold_,
                *setting,
            )
            for few in (50, 0)
        )
        gains.append(1000 * (leaning - rows_alone))
    return np.mean(gains), np.std(gains) / np.sqrt(n_samples)


def main():
    """Write the tables, one for each objective."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=100)
    n_samples = parser.parse_args().samples
    settings = [(d, n) for d in SEPARATIONS for n in POSITIVES]
    lines = ["# What leaning on probabilities gains where positives are few", ""]
    lines += [f"{n_samples} samples of {N_ROWS:,} rows; thousandths, standard errors in brackets."]
    warnings.simplefilter("ignore")
    for objective in OBJECTIVES:
        names = [f"separation {d:g}, {n} positives" for d, n in settings]
        lines += ["", f"## {objective}", "", f"| fault | {' | '.join(names)} |"]
        lines.append("|---" * (len(names) + 1) + "|")
        for fault in FAULTS:
            found = [gain(objective, (*setting, fault), n_samples) for setting in settings]
            cells = (f"{mean:.0f} ({error:.0f})" for mean, error in found)
            lines.append(f"| {fault} | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    (RESULTS / "leaning.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
