"""Rows per second and extra memory of ways to feed a network 0.2 % positives.

At 1,000,000 x 30, each way in a process of its own, one round after the other in one run:
our batches, imbalanced-learn's generator, copying with RandomOverSampler, and tf.data. A round
measures the CPU seconds of one epoch of batches and the peak memory above the data.

    python -m benchmarks.batches [--rounds 5] [--rows 1000000]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SIZE = 512
FEATURES = 30
SHARE = 0.002
MAX_BATCHES = 4000


def make_data(n_rows):
    """Return X of float32 and labels with 0.2 % positives."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((n_rows, FEATURES), dtype=np.float32)
    y = np.zeros(n_rows, dtype=np.int32)
    y[generator.choice(n_rows, round(SHARE * n_rows), replace=False)] = 1
    return X, y


def balanced_batches(X, y):
    """Our batches: exact quotas, fresh majority rows in each epoch."""
    from imbalanced_nn import BalancedBatches

    dataset = BalancedBatches(random_state=0).dataset(X, y, batch_size=SIZE)
    while True:
        dataset.on_epoch_begin()
        yield from (dataset[i] for i in range(len(dataset)))


def imblearn_generator(X, y):
    """imbalanced-learn's generator with its default sampler, which draws once."""
    import warnings

    from imblearn.keras import BalancedBatchGenerator

    warnings.simplefilter("ignore")
    dataset = BalancedBatchGenerator(X, y, batch_size=SIZE, random_state=0)
    while True:
        yield from (dataset[i] for i in range(len(dataset)))


def imblearn_generator_over(X, y):
    """The same with RandomOverSampler: balanced in expectation over all rows."""
    import warnings

    from imblearn.keras import BalancedBatchGenerator
    from imblearn.over_sampling import RandomOverSampler

    warnings.simplefilter("ignore")
    sampler = RandomOverSampler(random_state=0)
    dataset = BalancedBatchGenerator(X, y, sampler=sampler, batch_size=SIZE, random_state=0)
    while True:
        yield from (dataset[i] for i in range(len(dataset)))


def copy_over_sampled(X, y):
    """RandomOverSampler's copy, in shuffled batches as ``Model.fit`` reads it."""
    from imblearn.over_sampling import RandomOverSampler

    X, y = RandomOverSampler(random_state=0).fit_resample(X, y)
    generator = np.random.default_rng(0)
    while True:
        order = generator.permutation(len(y))
        for start in range(0, len(order), SIZE):
            rows = order[start : start + SIZE]
            yield X[rows], y[rows]


def index_over_sampled(X, y):
    """Our random over-sampling, by row number alone."""
    from imbalanced_nn.data.rows import Rows
    from imbalanced_nn.sampling import make_sampler, redraws, resample
    from imbalanced_nn.training import RowBatches

    rows = Rows(X, y, y, np.ones(len(y)), np.arange(len(y)))
    sampler, classes = make_sampler("random_over", {}, 0), np.array([0, 1])
    drawn, _ = resample(sampler, rows, classes)
    draw = redraws(sampler, rows, classes)
    batches = RowBatches(X, y, None, drawn.index, SIZE, 0, draw)
    while True:
        batches.on_epoch_begin()
        yield from (batches[i] for i in range(len(batches)))


def tf_data(X, y):
    """tf.data: one shuffled stream per class, sampled evenly."""
    import tensorflow as tf

    streams = [
        tf.data.Dataset.from_tensor_slices((X[y == label], y[y == label]))
        .shuffle(100_000, seed=0)
        .repeat()
        for label in (0, 1)
    ]
    mixed = tf.data.Dataset.sample_from_datasets(streams, [0.5, 0.5], seed=0)
    yield from mixed.batch(SIZE).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


def tf_data_indices(X, y):
    """tf.data over batches of row numbers, gathered from a resident tensor."""
    import tensorflow as tf

    X_all, y_all = tf.constant(X), tf.constant(y)
    classes = [np.flatnonzero(y == label) for label in (0, 1)]
    generator = np.random.default_rng(0)

    def indices():
        while True:
            yield np.concatenate([generator.choice(rows, SIZE // 2) for rows in classes])

    stream = tf.data.Dataset.from_generator(
        indices, output_signature=tf.TensorSpec((SIZE,), tf.int64)
    ).map(lambda rows: (tf.gather(X_all, rows), tf.gather(y_all, rows)))
    yield from stream.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


WAYS = {
    "BalancedBatches": balanced_batches,
    "imblearn BalancedBatchGenerator": imblearn_generator,
    "imblearn generator, over-sampling": imblearn_generator_over,
    "RandomOverSampler, copied": copy_over_sampled,
    "sampler='random_over', by index": index_over_sampled,
    "tf.data, a stream per class": tf_data,
    "tf.data, gathered by index": tf_data_indices,
}


def peak_bytes():
    """Largest memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def load_everything():
    """Import what any of the ways needs, so that none pays for it."""
    import imblearn.keras
    import imblearn.over_sampling
    import tensorflow as tf

    import imbalanced_nn.training

    tf.constant(0.0)
    return imblearn, imbalanced_nn


def measure(way, n_rows):
    """Return rows per CPU second and wall second, set-up seconds and extra bytes of one way."""
    load_everything()
    X, y = make_data(n_rows)
    before = peak_bytes()
    start = time.process_time()
    batches = WAYS[way](X, y)
    first = next(batches)
    setup = time.process_time() - start
    n_batches = 200 if way == "tf.data, a stream per class" else MAX_BATCHES
    rows, cpu, wall = len(first[1]), time.process_time(), time.perf_counter()
    rows = 0
    for _ in range(n_batches):
        rows += len(next(batches)[1])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": rows / cpu, "wall": rows / wall, "setup": setup, "extra": peak_bytes() - before}


def in_a_process(way, n_rows):
    """Measure one way in a process of its own, whose peak memory is its alone."""
    command = [sys.executable, "-m", "benchmarks.batches", "--one", way, "--rows", str(n_rows)]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Print one line for each way: medians over the rounds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.rows)))
        return
    results = {way: [] for way in WAYS}
    for _ in range(arguments.rounds):
        for way, rounds in results.items():
            rounds.append(in_a_process(way, arguments.rows))
    medians = {
        way: {key: float(np.median([r[key] for r in rounds])) for key in rounds[0]}
        for way, rounds in results.items()
    }
    generator = medians["imblearn BalancedBatchGenerator"]["cpu"]
    copied = medians["RandomOverSampler, copied"]["extra"]
    print(f"{arguments.rows:,} x {FEATURES}, {SHARE:.1%} positive, batches of {SIZE}")
    print(f"{'':36s}{'M rows / CPU s':>15s}{'ratio':>8s}{'set-up s':>10s}{'extra MB':>10s}{'':>8s}")
    for way, m in medians.items():
        print(
            f"{way:36s}{m['cpu'] / 1e6:15.2f}{m['cpu'] / generator:8.2f}{m['setup']:10.2f}"
            f"{m['extra'] / 1e6:10.1f}{m['extra'] / copied:8.1%}"
        )


if __name__ == "__main__":
    main()
