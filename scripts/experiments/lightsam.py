"""LightSAM: rates and radii a tenth or ten times as large hardly change what is reached."""

import statistics

from lab import spread
from page_parts import table
from svg_plot import chart

FACTORS = (0.1, 1, 10)
# Optimizer, rate, radius: those that the presets come with; of SAM the published radius.
METHODS = {
    "SAM": ("sam", 0.1, 0.05),
    "LightSAM-I": ("lightsam-norm", 1.0, 0.05),
    "LightSAM-III": ("lightsam-adam", 0.003, 1e-4),
}

BASE = """
run = "lightsam"
[data]
limit = 10000
[model]
kind = "layers"
layers = ["dense 32", "relu", "dense 10"]
[train]
steps = 250
batch = 32
evaluate_every = 0
[policy]
momentum = 0
[gossip]
pace = "sync"
[membership]
probe_interval_ms = 0
[simulate]
peers = 2
trace = true
"""

CASES = {(method, f_rate, f_rho): [f"policy.optimizer={optimizer}", f"policy.learning_rate={rate * f_rate}",
                                   f"policy.rho={rho * f_rho}"]
         for method, (optimizer, rate, rho) in METHODS.items() for f_rate in FACTORS for f_rho in FACTORS}


def settings_of(method):
    return [(f_rate, f_rho) for f_rate in FACTORS for f_rho in FACTORS]


def accuracies(runs, method, seed):
    """Of the nine settings, with one seed."""
    return [100 * runs[method, *pair][seed].accuracy for pair in settings_of(method)]


def parts(runs):
    seeds = range(len(next(iter(runs.values()))))
    rows, cells = [], []
    for method, (_, rate, rho) in METHODS.items():
        found = [accuracies(runs, method, seed) for seed in seeds]
        rows.append([method, f"{rate:g}", f"{rho:g}", spread([max(of) for of in found], ".2f"),
                     spread([statistics.fmean(of) for of in found], ".2f"),
                     spread([statistics.stdev(of) for of in found], ".2f"),
                     spread([min(of) for of in found], ".2f"),
                     spread([sum(value > max(of) - 2 for value in of) for of in found], ".1f")])
        for f_rate in FACTORS:
            cells.append([method, f"{rate * f_rate:g}",
                          *[spread([100 * run.accuracy for run in runs[method, f_rate, f_rho]], ".2f")
                            for f_rho in FACTORS]])
    return {"spread": table(["method", "η", "ρ", "best of 9, %", "mean of 9", "standard deviation of 9", "worst of 9",
                             "within 2 points of the best"], rows),
            "grid": table(["method", "η", *[f"{factor:g} ρ" for factor in FACTORS]], cells)}


def figures(runs):
    series = {}
    for method in METHODS:
        of = sorted(100 * statistics.fmean(run.accuracy for run in runs[method, *pair]) for pair in settings_of(method))
        series[method] = list(enumerate(reversed(of), 1))
    return {"spread": chart("nine settings each, the best first", "place", "accuracy, %", series, log_y=False)}
