"""A process for each library, in which the arms of `benchmarks.engine` work when asked.

Keras has one backend in a process, and PyTorch's threads do not live beside TensorFlow's. One home
is asked at a time, so arms of different homes are interleaved as those of one are.
"""

import contextlib
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path


def started(home, *arguments, **environ):
    """Start a hidden part of `benchmarks.engine` in a process of a home."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.engine", "--part", *map(str, arguments)],
        env=os.environ | {"KERAS_BACKEND": home} | environ,
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def in_a_process(home, *arguments, **environ):
    """Return what a hidden part of `benchmarks.engine` measures in a fresh process."""
    said, _ = (process := started(home, *arguments, **environ)).communicate()
    if process.returncode:
        raise SystemExit(f"{home}: {arguments} ended with {process.returncode}")
    return json.loads(said.splitlines()[-1])


class Home:
    """A process that holds the arms of one home for one row of the table."""

    def __init__(self, name, row):
        self._process = started(name, "serve", name, row)
        self.arms = self._answer()

    def seconds(self, arm, repeat):
        """Return the CPU seconds that an arm takes there, the mean of so many."""
        print(json.dumps([arm, repeat]), file=self._process.stdin, flush=True)
        return self._answer()

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a process ended with {self._process.wait()}")
        return json.loads(line)


def serve(works):
    """Do the works whose names are read, and tell their CPU seconds, until there are no more."""
    told = os.fdopen(os.dup(1), "w")
    # What libraries print must not be read as an answer.
    os.dup2(2, 1)
    print(json.dumps(list(works)), file=told, flush=True)
    for line in sys.stdin:
        name, repeat = json.loads(line)
        gc.collect()
        start = time.process_time()
        for _ in range(repeat):
            works[name]()
        print(json.dumps((time.process_time() - start) / repeat), file=told, flush=True)


def interleaved(homes, row, rounds, repeat=1):
    """Return the CPU seconds of each round of each arm, run in turns from a moving start."""
    with contextlib.ExitStack() as stack:
        at_home = {}
        for name in homes:
            home = Home(name, row)
            stack.callback(home.close)
            at_home |= dict.fromkeys(home.arms, home)
        for arm, home in at_home.items():
            home.seconds(arm, 1)
        seconds = {arm: [] for arm in at_home}
        names = list(at_home)
        for number in range(rounds):
            turn = number % len(names)
            for arm in names[turn:] + names[:turn]:
                seconds[arm].append(at_home[arm].seconds(arm, repeat))
                print(f"    {number + 1}. {arm}: {seconds[arm][-1]:.5f} s", flush=True)
    return seconds
