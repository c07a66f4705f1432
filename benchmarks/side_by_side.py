"""What five folds gain by one program for all of them, on JAX.

The default network is cross-fitted in five folds, one network after the other and all at once,
interleaved, as often as is asked; the medians are of warm fits. As it comes, each fold stops by
itself, and at once those that have stopped wait for the others; of four epochs no fold stops.
Seconds are CPU seconds of one thread, on a GPU those that pass.

    python -m benchmarks.side_by_side [--rows 1000 10000 100000] [--rounds 3]

Writes benchmarks/results/side_by_side.md, on a GPU side_by_side_gpu.md.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("NPROC", "1")

import benchmarks.one_thread  # noqa: F401 - before the libraries that it is for

# isort: split

import argparse
import importlib
import statistics
import time
from pathlib import Path

import jax
from sklearn.datasets import make_classification

from imbalanced_nn import BalancedKerasClassifier

DEVICE = jax.devices()[0]
ON_CPU = DEVICE.platform == "cpu"
CLOCK = time.process_time if ON_CPU else time.perf_counter
TABLE = Path(__file__).parent / "results" / f"side_by_side{'' if ON_CPU else '_gpu'}.md"
LARGEST_AS_IT_COMES = 20_000
WAYS = {"one after the other": False, "at once": True}


def fit(X, y, at_once, seed, epochs):
    """Return the seconds of a fit in five folds."""
    cross_fit = importlib.import_module("imbalanced_nn.fitting.cross_fit")
    cross_fit.may_train_together = lambda: at_once
    start = CLOCK()
    clf = BalancedKerasClassifier(validation_split=5, random_state=seed, epochs=epochs).fit(X, y)
    seconds = CLOCK() - start
    assert clf.engine_ == "graph"
    return seconds


def main():
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    clock = "CPU seconds of one thread" if ON_CPU else f"seconds on one {DEVICE.device_kind}"
    lines = [
        "# Five folds in one program on JAX",
        "",
        "`python -m benchmarks.side_by_side`: the default network on so many rows of 20 columns, "
        f"{clock}, median of warm fits. As it comes, folds that have stopped wait "
        "for the others; of 4 epochs none stops.",
        "",
        "| rows | epochs | one after the other | at once | gain |",
        "|---|---|---|---|---|",
    ]
    for n_rows in args.rows:
        X, y = make_classification(n_rows, 20, weights=[0.95], random_state=0)
        for epochs in ("auto", 4) if n_rows <= LARGEST_AS_IT_COMES else (4,):
            seconds = {name: [] for name in WAYS}
            for round_ in range(args.rounds + 1):
                for name, at_once in WAYS.items():
                    taken = fit(X, y, at_once, round_, epochs)
                    if round_:
                        seconds[name].append(taken)
            one, other = (statistics.median(part) for part in seconds.values())
            how = "as it comes" if epochs == "auto" else epochs
            lines.append(f"| {n_rows:,} | {how} | {one:.2f} | {other:.2f} | {one / other:.2f} |")
            TABLE.write_text("\n".join([*lines, ""]), "utf-8")
            print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
