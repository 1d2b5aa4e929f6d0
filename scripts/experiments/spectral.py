"""Spectral regularization: a network that learns task after task stays able to learn the next."""

import statistics

from lab import spread
from page_parts import table
from svg_plot import chart

TASKS, STEPS_A_TASK = 20, 100
LAST = 25  # steps of a task by which it is judged
STRENGTHS = (1e-4, 1e-3, 1e-2)
METHODS = {
    "none": [[]],
    "L2": [[f"policy.weight_decay={strength}"] for strength in STRENGTHS],
    **{name: [[f"policy.regularizer={name}", f"policy.regularizer_strength={strength}"] for strength in STRENGTHS]
       for name in ("l2-init", "spectral")},
}
KINDS = ("pixel-permutation",)

BASE = f"""
run = "spectral"
[data]
limit = 3200
task_count = {TASKS}
[model]
kind = "layers"
layers = ["dense 64", "relu", "dense 64", "relu", "dense 64", "relu", "dense 10"]
[train]
steps = {TASKS * STEPS_A_TASK}
batch = 16
evaluate_every = 0
[policy]
optimizer = "adamw"
learning_rate = 0.003
[gossip]
pace = "sync"
[membership]
probe_interval_ms = 0
[simulate]
peers = 2
trace = true
"""

CASES = {(kind, method, place): [f"data.tasks={kind}", *settings]
         for kind in KINDS for method, choices in METHODS.items() for place, settings in enumerate(choices)}


def ends(run):
    """The mean training loss in the last steps of each task."""
    return [statistics.fmean(run.losses[end - LAST:end])
            for end in range(STEPS_A_TASK, TASKS * STEPS_A_TASK + 1, STEPS_A_TASK)]


def late(run):
    return statistics.fmean(ends(run)[-5:])


def best(runs, kind, method):
    return min(range(len(METHODS[method])), key=lambda place: statistics.fmean(map(late, runs[kind, method, place])))


def parts(runs):
    rows = []
    for kind in KINDS:
        for method, choices in METHODS.items():
            for place in range(len(choices)):
                of = runs[kind, method, place]
                strength = "" if method == "none" else f"{STRENGTHS[place]:g}"
                rows.append([f"`{kind}`", method, strength,
                             spread([statistics.fmean(ends(run)[:5]) for run in of], ".3f"),
                             spread([late(run) for run in of], ".3f")])
    return {"tasks": table(["tasks", "regularizer", "strength", "loss at the end of tasks 1 to 5",
                            f"of tasks {TASKS - 4} to {TASKS}"], rows)}


def figures(runs):
    pictures = {}
    for kind in KINDS:
        series = {}
        for method in METHODS:
            of = [ends(run) for run in runs[kind, method, best(runs, kind, method)]]
            series[method] = [(task, statistics.fmean(column)) for task, column in enumerate(zip(*of), 1)]
        pictures[kind] = chart(f"{kind}, each at its best strength", "task", "training loss at the end of the task",
                               series)
    return pictures
