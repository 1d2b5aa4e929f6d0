"""Local descent: the error that is left grows with the steps between averages, tau."""

import math
import random
import statistics

from lab import average_curve, spread, thin
from page_parts import table
from svg_plot import chart

PEERS, DIMENSION = 8, 10
PERIODS = (1, 4, 16, 32)
GRAPHS = {"complete": ["gossip.topology=complete"], "ring": ["gossip.topology=bidirectional-ring"]}
GRADIENTS = {"full": 0.0, "noisy": 1.0}
DRAWN = (8, 4, 2, 1)  # peers that train in a period
LAST = 320  # steps at rest: every period divides it

BASE = f"""
run = "local-descent"
[gossip]
pace = "sync"
settle_rounds = 0
[membership]
probe_interval_ms = 0
[policy]
optimizer = "sgd"
learning_rate = 0.02
schedule = "periodic"
[objective]
kind = "quadratic"
centers = "centers.csv"
curvature = "curvature.csv"
[simulate]
peers = {PEERS}
precision = "f64"
trace = true
[train]
steps = 1280
"""

CASES = {(graph, gradients, period): [*settings, f"objective.noise={noise}", f"policy.period={period}"]
         for graph, settings in GRAPHS.items() for gradients, noise in GRADIENTS.items() for period in PERIODS}
CASES |= {(drawn, period): [*GRAPHS["complete"], f"objective.noise={GRADIENTS['noisy']}",
                            f"policy.period={period}", f"policy.participants={drawn}"]
          for drawn in DRAWN for period in PERIODS}


def files(seed):
    chance = random.Random(seed)
    return {"centers.csv": [[2 * chance.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(PEERS)],
            "curvature.csv": [[chance.uniform(0.5, 2) for _ in range(DIMENSION)] for _ in range(PEERS)]}


def optimum(seed):
    rows = files(seed)
    pairs = [list(zip(h, c)) for h, c in zip(rows["curvature.csv"], rows["centers.csv"])]
    return [sum(h * c for h, c in column) / sum(h for h, _ in column) for column in zip(*pairs)]


def errors(run, seed):
    """By step, the squared distance of the mean estimate from the optimum, over that of the start."""
    best = optimum(seed)
    start = sum(b * b for b in best)
    return [sum((statistics.fmean(column) - b) ** 2 for column, b in zip(zip(*rows), best)) / start
            for rows in run.estimates]


def at_rest(runs):
    return [statistics.fmean(errors(run, seed)[-LAST:]) for seed, run in enumerate(runs, 1)]


def cell(values):
    return "below 1e-15" if max(values) < 1e-15 else spread(values, ".1e")


def parts(runs):
    rows = [[graph, gradients, *[cell(at_rest(runs[graph, gradients, period])) for period in PERIODS]]
            for graph in GRAPHS for gradients in GRADIENTS]
    sampled = [[str(drawn), *[cell(at_rest(runs[drawn, period])) for period in PERIODS]] for drawn in DRAWN]
    return {"error": table(["graph", "gradients", *[f"τ = {period}" for period in PERIODS]], rows),
            "sampled": table([f"drawn of {PEERS}", *[f"τ = {period}" for period in PERIODS]], sampled)}


def figures(runs):
    series = {f"{graph}, {gradients}": [(p, math.exp(statistics.fmean(
        math.log(max(value, 1e-30)) for value in at_rest(runs[graph, gradients, p])))) for p in PERIODS]
        for graph in GRAPHS for gradients in GRADIENTS}
    series = {name: [(p, y) for p, y in points if y > 1e-20] for name, points in series.items()}
    curves = {f"τ = {p}": thin(average_curve([list(enumerate(errors(run, seed), 1)) for seed, run in
                                             enumerate(runs["complete", "noisy", p], 1)])) for p in PERIODS}
    return {"tau": chart("error of the mean estimate at rest", "steps between averages, τ", "relative error",
                         series, log_x=True),
            "steps": chart("complete graph, noisy gradients", "steps", "relative error", curves)}
