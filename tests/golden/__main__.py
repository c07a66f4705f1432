"""``python -m tests.golden``: store what every configuration gives, or compare bit for bit.

``write FILE`` stores it; ``compare FILE FILE`` tells where two files differ at all. To compare two
versions of the package, write with each of them on the same machine.
"""

import sys
import warnings

import numpy as np

from tests.golden.configurations import CONFIGURATIONS, values


def write(path: str) -> None:
    """Fit every configuration and store its values."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, make in CONFIGURATIONS.items():
            found |= {f"{name}/{part}": value for part, value in values(make()).items()}
    np.savez_compressed(path, **found)
    print(f"{len(CONFIGURATIONS)} configurations, {len(found)} arrays")


def compare(first: str, second: str) -> int:
    """Print which arrays differ, and by how much; return their number."""
    differences = 0
    with np.load(first) as old, np.load(second) as new:
        for name in sorted({*old, *new}):
            if name not in old or name not in new:
                how = "is in one of them only"
            elif old[name].shape != new[name].shape:
                how = f"has shapes {old[name].shape} and {new[name].shape}"
            elif np.array_equal(old[name], new[name], equal_nan=old[name].dtype.kind == "f"):
                continue
            elif old[name].dtype.kind in "fiu":
                how = f"differs by up to {np.nanmax(np.abs(old[name] - new[name])):.3g}"
            else:
                how = "differs"
            print(f"{name} {how}")
            differences += 1
    print(f"{differences} differences")
    return differences


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    if command == "write":
        write(*paths)
    else:
        sys.exit(bool(compare(*paths)))
