"""DiveBatch: batches that grow with the diversity of gradients reach an accuracy in fewer steps."""

import math
import statistics

from lab import percent, spread
from page_parts import table
from svg_plot import chart

PEERS, SAMPLES, SMALL, LARGE = 4, 10000, 8, 128  # batches of one peer
RATE = 0.1
GROWING = [f"train.batch={SMALL}", "train.batch_policy=divebatch", f"train.batch_max={LARGE}"]
# To the settings, and the lengths, in steps, at which each is looked at.
METHODS = {
    "SGD, small": ([f"train.batch={SMALL}", f"policy.learning_rate={RATE}"], (156, 312, 625, 1250, 2500)),
    "SGD, large": ([f"train.batch={LARGE}", f"policy.learning_rate={RATE}"], (40, 80, 160, 320)),
    "SGD, large, rate in proportion": ([f"train.batch={LARGE}", f"policy.learning_rate={RATE * LARGE / SMALL}"],
                                       (40, 80, 160, 320)),
    "DiveBatch, same rate": ([*GROWING, f"policy.learning_rate={RATE}", "train.batch_rescale=false"],
                             (312, 400, 500, 700, 900)),
    "DiveBatch, rate in proportion": ([*GROWING, f"policy.learning_rate={RATE}"], (312, 400, 500, 700, 900)),
}

BASE = f"""
run = "divebatch"
[data]
limit = {SAMPLES}
[model]
kind = "layers"
layers = ["dense 32", "relu", "dense 10"]
[train]
evaluate_every = 0
[policy]
optimizer = "sgd"
[gossip]
topology = "complete"
pace = "sync"
settle_rounds = 1
[membership]
probe_interval_ms = 0
[simulate]
peers = {PEERS}
trace = true
"""

CASES = {(method, steps): [*settings, f"train.steps={steps}"]
         for method, (settings, lengths) in METHODS.items() for steps in lengths}


def epochs(run):
    return sum(peer["samples"] for peer in run.summary["peers"]) / SAMPLES


def reached(points, target):
    """The x at which a broken line through the points first has y; infinity: never."""
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if y0 >= target:
            return x0
        if y1 >= target:
            return x0 + (target - y0) / (y1 - y0) * (x1 - x0)
    return math.inf


def line(runs, method, seed, x):
    return [(x(runs[method, steps][seed], steps), runs[method, steps][seed].accuracy) for steps in METHODS[method][1]]


def cell(values):
    missed = sum(map(math.isinf, values))
    return f"{missed} of {len(values)} never" if missed else spread(values, ".1f")


def parts(runs):
    seeds = range(len(next(iter(runs.values()))))
    target = statistics.fmean(run.accuracy for run in runs["SGD, small", METHODS["SGD, small"][1][-1]]) - 0.01
    rows = []
    for method, (_, lengths) in METHODS.items():
        last = runs[method, lengths[-1]]
        rows.append([method, spread([PEERS * run.summary["peers"][0]["batch"] for run in last], ".0f"),
                     spread([epochs(run) for run in last], ".1f"), percent(last),
                     cell([reached(line(runs, method, seed, lambda run, _: epochs(run)), target) for seed in seeds]),
                     cell([reached(line(runs, method, seed, lambda _, steps: steps), target) for seed in seeds])])
    return {"epochs": f"Accuracy to reach: {100 * target:.2f} %.\n\n" +
                      table(["method", "batch of all at the end", "epochs in all", "accuracy then, %",
                             "epochs to the accuracy", "steps to it"], rows)}


def figures(runs):
    def points(method, x):
        return [(statistics.fmean(x(run, steps) for run in runs[method, steps]),
                 100 * statistics.fmean(run.accuracy for run in runs[method, steps])) for steps in METHODS[method][1]]

    return {"epochs": chart("mean of seeds", "epochs", "accuracy, %",
                            {method: points(method, lambda run, _: epochs(run)) for method in METHODS},
                            log_x=True, log_y=False),
            "steps": chart("mean of seeds", "steps of a peer", "accuracy, %",
                           {method: points(method, lambda _, steps: steps) for method in METHODS},
                           log_x=True, log_y=False)}
