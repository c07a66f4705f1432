"""Checks that what the installed wheel asks for can be had, as wheels, for every Python it names.

Nothing is installed: pip is asked which releases it would take for each version but the one that
runs this, for which all is installed. It evaluates markers for that one, so those of this package
are evaluated here.
"""

import re
import subprocess
import sys
from importlib import metadata

from packaging.requirements import Requirement

EXTRAS = ("", "jax", "onnx", "excel", "parquet", "plots")


def pythons():
    """Return the versions of Python that the wheel says it is for."""
    named = metadata.metadata("imbalanced-nn").get_all("Classifier")
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", name) for name in named]
    return [match[1] for match in found if match]


def asked_for(python):
    """Return the requirements of the wheel, with extras for users, under a version of Python."""
    requirements = map(Requirement, metadata.requires("imbalanced-nn"))
    told = {"python_version": python, "python_full_version": f"{python}.0"}
    return [
        f"{requirement.name}{requirement.specifier}"
        for requirement in requirements
        if requirement.marker is None
        or any(requirement.marker.evaluate(told | {"extra": extra}) for extra in EXTRAS)
    ]


def resolve(python):
    """Ask pip for releases of all that is asked for; it fails where there are none."""
    wanted = asked_for(python)
    target = ("--target", "none", "--python-version", python, "--only-binary", ":all:")
    options = ("--dry-run", "--ignore-installed", "--quiet", *target)
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *wanted], check=True)
    backends = [name for name in ("tensorflow", "jax") if any(w.startswith(name) for w in wanted)]
    print(f"Python {python}: {len(wanted)} requirements, networks by {' or '.join(backends)}")


def main():
    found = pythons()
    assert len(found) > 1, found
    for python in found:
        if python != "{}.{}".format(*sys.version_info):
            resolve(python)


if __name__ == "__main__":
    main()
