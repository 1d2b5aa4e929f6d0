"""STL-SGD: a period that grows from stage to stage saves rounds on the way to a loss."""

import math
import random
import statistics

from lab import average_curve, first_below, smooth, spread, thin
from page_parts import table
from svg_plot import chart

PEERS, DIMENSION = 8, 10
STAGES = (100, 200, 400)  # steps; the rate halves from each to the next, for every method
WINDOW = 70  # steps
SHARE = 1.05  # of what averaging at every step ends with: the target
STAGE = ["policy.schedule=stagewise", "policy.stages=sc", f"policy.stage_steps={STAGES[0]}", "policy.period=4"]
FALL = ["policy.learning_rate_rule=step", "policy.decay_factor=0.5",
        f"policy.decay_at=[{STAGES[0] / sum(STAGES)}, {(STAGES[0] + STAGES[1]) / sum(STAGES)}]"]
# To the settings, and the lengths and periods of which the run is made. k = 6 and k = 9 average about as often as STL-SGD's two forms.
METHODS = {
    "every step": ([*FALL, "policy.schedule=every-step"], [(sum(STAGES), 1)]),
    **{f"Local SGD, k = {k}": ([*FALL, "policy.schedule=periodic", f"policy.period={k}"], [(sum(STAGES), k)])
       for k in (6, 9, 32)},
    "STL-SGD, k times √2": ([*STAGE, "policy.stage_data=non-iid"], list(zip(STAGES, (4, 5, 8)))),
    "STL-SGD, k doubles": ([*STAGE, "policy.stage_data=iid"], list(zip(STAGES, (4, 8, 16)))),
}
DATA = {"iid": "iid", "by class": "shards"}
RATES = (0.3,)
LABORATORY = "quadratics"

BASE = f"""
run = "stl-sgd"
[data]
limit = 10000
[model]
kind = "logistic"
[train]
steps = {sum(STAGES)}
batch = 16
evaluate_every = 0
[gossip]
topology = "complete"
pace = "sync"
settle_rounds = 0
[membership]
probe_interval_ms = 0
[policy]
optimizer = "sgd"
[objective]
centers = "centers.csv"
curvature = "curvature.csv"
noise = 2.0
[simulate]
peers = {PEERS}
trace = true
"""

CASES = {
    **{(data, rate, method): [f"data.partition={DATA[data]}", f"policy.learning_rate={rate}", *settings]
       for data in DATA for rate in RATES for method, (settings, _) in METHODS.items()},
    **{(LABORATORY, 0.1, method): ["objective.kind=quadratic", "simulate.precision=f64", "policy.learning_rate=0.1",
                                   *settings] for method, (settings, _) in METHODS.items()},
}


def files(seed):
    chance = random.Random(seed)
    return {"centers.csv": [[2 * chance.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(PEERS)],
            "curvature.csv": [[chance.uniform(0.5, 1.5) for _ in range(DIMENSION)] for _ in range(PEERS)]}


def gaps(run, seed):
    """Of quadratics: by step, the loss of the mean estimate above the least."""
    h, c = files(seed)["curvature.csv"], files(seed)["centers.csv"]
    sums = [sum(column) for column in zip(*h)]
    best = [sum(a * b for a, b in zip(*pair)) / total for *pair, total in zip(zip(*h), zip(*c), sums)]
    return [0.5 / PEERS * sum(a * (sum(column) / PEERS - b) ** 2 for a, column, b in zip(sums, zip(*rows), best))
            for rows in run.estimates]


def averages(method):
    """The steps after which all average: the end of every period, and of every stage."""
    begin, steps = 0, []
    for length, period in METHODS[method][1]:
        steps += [begin + min(end, length) for end in range(period, length + period, period)]
        begin += length
    return steps


def curve(key, run, seed):
    """(step, loss): of quadratics the gap; of networks that of the mini-batches, with unlike data only of those
    that come right after an average, since a peer's own data flatter its own estimate."""
    data, _, method = key
    if data == LABORATORY:
        return smooth(gaps(run, seed), WINDOW)
    if data == "iid":
        return smooth(run.losses, WINDOW)
    points = [(step + 1, run.losses[step]) for step in averages(method) if step < len(run.losses)]
    return [(last, statistics.fmean(loss for step, loss in points if last - WINDOW < step <= last))
            for last, _ in points if last >= WINDOW]


def curves(runs, key):
    return [curve(key, run, seed) for seed, run in enumerate(runs[key], 1)]


def rounds_until(step, method):
    return sum(end <= step for end in averages(method))


def settings():
    return [(data, rate) for data in DATA for rate in RATES] + [(LABORATORY, 0.1)]


def parts(runs):
    rows = []
    for data, rate in settings():
        target = SHARE * statistics.fmean(of[-1][1] for of in curves(runs, (data, rate, "every step")))
        for method in METHODS:
            of = curves(runs, (data, rate, method))
            steps = [first_below(points, target) for points in of]
            missed = sum(map(math.isinf, steps))
            until = f"{missed} of {len(steps)} never" if missed else spread([rounds_until(s, method) for s in steps], ".0f")
            test = [run.test_loss for run in runs[data, rate, method]]
            rows.append([data, f"{rate}", method, str(rounds_until(sum(STAGES), method)),
                         spread([points[-1][1] for points in of], ".4f"),
                         "" if data == LABORATORY else spread(test, ".4f"), f"{target:.4f}", until])
    return {"rounds": table(["data", "rate", "method", "rounds in all", "training loss at the end", "test loss",
                             "target", "rounds to it"], rows)}


def figures(runs):
    pictures = {}
    for data, rate in settings():
        series = {}
        for method in METHODS:
            points = average_curve(curves(runs, (data, rate, method)))
            series[method] = [(rounds_until(step, method), loss) for step, loss in thin(points, 60)]
        pictures[f"{data.replace(' ', '-')}-{rate}"] = chart(f"{data}, rate {rate}, mean of seeds", "averages of all models",
                                                            "training loss", series, log_x=True)
    return pictures
