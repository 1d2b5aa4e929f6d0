"""What experiments share: simulations side by side, what is read off them, cells of tables.

An experiment is a file beside this one with BASE (TOML that all cases share), CASES (keys to settings),
parts(runs) and figures(runs): names to tables in Markdown and to pictures in SVG; where BASE names files of
numbers, files(seed): their names to rows; where its images are not MNIST's, SET: theirs, as data.set names them;
where something is measured beside the runs, measure(lab, seeds), whose result parts and figures get too. `runs`
are keys to a list of Run, one a seed.
"""

import concurrent.futures
import csv
import json
import math
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass

SECONDS_MAX = 1800


@dataclass
class Run:
    """One simulation, as it ended. Where peers diverged there is no accuracy, and the loss is infinite."""

    summary: dict
    losses: list  # by step, from 1: of the mini-batches of that step, mean over peers
    estimates: list  # of quadratics: after each step, one row a peer
    diverged: bool = False

    @property
    def accuracy(self):
        return 0.0 if self.diverged else (self.summary.get("average") or {}).get("test_accuracy") or 0.0

    @property
    def test_loss(self):
        loss = None if self.diverged else (self.summary.get("average") or {}).get("test_loss")
        return math.inf if loss is None else loss

    @property
    def sent(self):
        """Bytes of all peers, headers included."""
        return sum(peer["bytes_sent"] for peer in self.summary["peers"])

    @property
    def virtual_seconds(self):
        return self.summary["wall_seconds"]


def with_data(base, folder, images="idx"):
    """The base on the files in `folder`, MNIST's or another set's; None: on glyphs, of the shape of MNIST's."""
    source = f'set = "{images}"\npath = "{folder.resolve()}"' if folder else 'set = "glyphs"'
    return base.replace("[data]", f"[data]\n{source}", 1)


class Lab:
    """A program, an experiment, and a folder to run it in."""

    def __init__(self, program, study, data, folder):
        self.program, self.study, self.folder = program, study, folder
        self.data = data
        self.base = self.with_data(study.BASE)

    def with_data(self, base):
        return with_data(base, self.data, getattr(self.study, "SET", "idx"))

    def check(self):
        """The refusals of the program, a line each."""
        here = self._prepare(self.folder / "check", 1)
        found = []
        for key, settings in (self.study.CASES or {"the base": []}).items():
            done = self._call("check", here, settings)
            if done.returncode != 0:
                found.append(f"{key}: {done.stderr.strip()}")
        return found

    def run_all(self, seeds):
        todo = [(key, seed) for seed in range(1, seeds + 1) for key in self.study.CASES]
        runs = {key: [None] * seeds for key in self.study.CASES}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            waiting = {pool.submit(self._simulate, key, seed, self.folder / f"run{place}"): (key, seed)
                       for place, (key, seed) in enumerate(todo)}
            for count, done in enumerate(concurrent.futures.as_completed(waiting), 1):
                key, seed = waiting[done]
                runs[key][seed - 1] = done.result()
                print(f"\r{count} of {len(todo)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return runs

    def bench(self, *words):
        """What `murmur bench` says of these words."""
        return self._ask(["bench", *words], self.folder)

    def study_base(self, command, *words):
        """What a command that takes a config says of the base."""
        return self._ask([command, "run.toml", *map(str, words)], self._prepare(self.folder / command, 1))

    def _ask(self, words, folder):
        done = subprocess.run([self.program, *words, "--json"], cwd=folder, stdout=subprocess.PIPE, text=True,
                              timeout=SECONDS_MAX)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: exit status {done.returncode}")
        return json.loads(done.stdout)

    def _prepare(self, folder, seed):
        folder.mkdir()
        (folder / "run.toml").write_text(self.base)
        files = self.study.files(seed) if hasattr(self.study, "files") else {}
        for name, rows in files.items():
            with open(folder / name, "w", newline="") as file:
                csv.writer(file).writerows(rows)
        return folder

    def _call(self, command, folder, settings, *more):
        words = [word for setting in settings for word in ("--set", setting)]
        return subprocess.run([self.program, command, "run.toml", *more, *words], cwd=folder,
                              capture_output=True, text=True, timeout=SECONDS_MAX)

    def _simulate(self, key, seed, folder):
        self._prepare(folder, seed)
        done = self._call("simulate", folder, self.study.CASES[key], "--seed", str(seed), "--out", "out")
        # Status 1 with a summary: a peer diverged. Whoever is left has an average, but not the run's.
        diverged = done.returncode == 1 and (folder / "out/summary.json").is_file()
        if done.returncode != 0 and not diverged:
            raise RuntimeError(f"{key}, seed {seed}: exit status {done.returncode}: {done.stderr.strip()}")
        losses, estimates = read_trace(folder / "out/trace.csv")
        summary = json.loads((folder / "out/summary.json").read_text())
        shutil.rmtree(folder)
        return Run(summary, losses, estimates, diverged)


def read_trace(path):
    """Of every step from 1 the mean loss of its mini-batches, and every peer's estimate (of quadratics) after
    it. Where a peer diverged the losses end."""
    losses, estimates = {}, {}
    with open(path, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            losses.setdefault(int(row[0]), []).append(float(row[3]))
            estimates.setdefault(int(row[0]), []).append([float(value) for value in row[4:]])
    steps = [step for step in sorted(losses) if step > 0 and len(losses[step]) == len(losses[0])]
    return [statistics.fmean(losses[step]) for step in steps], [estimates[step] for step in steps]


def mean(values):
    return statistics.fmean(values)


def spread(values, form):
    """Mean and standard deviation over seeds, for a table."""
    values = list(values)
    if not all(map(math.isfinite, values)):
        return f"{sum(not math.isfinite(value) for value in values)} of {len(values)} diverged"
    return f"{statistics.fmean(values):{form}} ± {statistics.stdev(values):{form.lstrip('+')}}"


def percent(runs):
    return spread([100 * run.accuracy for run in runs], ".2f")


def smooth(losses, window):
    """Means of so many in a row: (step of the last, mean)."""
    sums, points = sum(losses[:window]), []
    for step in range(window, len(losses) + 1):
        points.append((step, sums / window))
        if step < len(losses):
            sums += losses[step] - losses[step - window]
    return points


def average_curve(curves):
    """Of curves over the same steps, point by point."""
    return [(points[0][0], statistics.fmean(y for _, y in points)) for points in zip(*curves)]


def first_below(points, target):
    """The x from which on the curve has been below the target once; infinity: never."""
    return next((x for x, y in points if y <= target), math.inf)


def thin(points, count=120):
    """So many of them at most, for a picture of a few hundred pixels."""
    every = max(1, math.ceil(len(points) / count))
    return points[::every]
