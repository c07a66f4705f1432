"""Fits on a GPU beside the CPU, under JAX: the default network and a convolutional one.

Each device is measured in a process of its own, the first fit apart from the second, which finds
its programs compiled. Both devices see the same rows, and are to learn the same: the average
precision of rows that no fit has seen may differ by .01. Of each fit the wall time counts.

    python -m benchmarks.gpu [--rows 1000000] [--images 50000] [--epochs 3]

Prints a line for each device and network, and at the end what was not run.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

TOLERANCE = 0.01
NETWORKS = ("table", "images")


def make_images(n_images):
    """Return images of noise, with a brighter square in one of twenty."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(n_images, 16, 16, 1)).astype(np.float32)
    y = (np.arange(n_images) % 20 == 0).astype(int)
    for number in np.flatnonzero(y):
        row, column = generator.integers(0, 10, 2)
        X[number, row : row + 6, column : column + 6] += 0.7
    return X, y


def image_network():
    """Return the uncompiled convolutional network."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def measure(name, n_rows, epochs):
    """Return device, seconds and average precision of two fits in this process."""
    import jax
    from sklearn.metrics import average_precision_score

    from benchmarks.engine import make_data
    from imbalanced_nn import BalancedKerasClassifier

    X, y = make_data(n_rows, 30) if name == "table" else make_images(n_rows)
    n_train = len(y) * 4 // 5
    model = None if name == "table" else image_network
    clf = BalancedKerasClassifier(
        model, validation_split=0.2, epochs=epochs, batch_size=512, random_state=0
    )
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        clf.fit(X[:n_train], y[:n_train])
        seconds.append(time.perf_counter() - start)
    proba = clf.predict_proba(X[n_train:])[:, 1]
    return {
        "device": jax.devices()[0].device_kind,
        "engine": clf.engine_,
        "seconds": seconds,
        "score": average_precision_score(y[n_train:], proba),
    }


def in_a_process(platform, name, given):
    """Return what `measure` does on a platform, or None where it is not there."""
    n_rows = given.rows if name == "table" else given.images
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--measure", name]
    command += ["--rows", str(n_rows), "--epochs", str(given.epochs)]
    environ = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": platform}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    if done.returncode:
        print(f"{platform}, {name}: {done.stderr.strip().splitlines()[-1]}", flush=True)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Measure both networks on both devices and compare what they learned."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--measure", choices=NETWORKS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.rows, given.epochs)))
        return
    lacking, differing = [], []
    for name in NETWORKS:
        scores = []
        for platform in ("cuda", "cpu"):
            found = in_a_process(platform, name, given)
            if found is None:
                lacking.append(f"{name} on {platform}")
                continue
            first, second = found["seconds"]
            scores.append(found["score"])
            print(
                f"{name}, {found['device']}: first fit {first:.1f} s, second {second:.1f} s, "
                f"average precision {found['score']:.4f}, engine {found['engine']}",
                flush=True,
            )
        if len(scores) == 2 and abs(scores[0] - scores[1]) > TOLERANCE:
            differing.append(name)
    print("not run:", ", ".join(lacking) or "nothing")
    if differing:
        raise SystemExit(f"the devices learned otherwise: {', '.join(differing)}")


if __name__ == "__main__":
    main()
