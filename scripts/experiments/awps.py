"""AWPS: pushing more to whom is further away, with unlike data, each weighting at its best rate."""

import statistics

from lab import percent, spread
from page_parts import table
from svg_plot import chart

STEPS = 200
PUBLISHED = ["gossip.weighting=moreau", "gossip.moreau.distance=exact", "gossip.moreau.space=mass"]
WEIGHTINGS = {
    "uniform": ["gossip.weighting=uniform"],
    "constant": ["gossip.weighting=constant"],
    "moreau, k = 1": [*PUBLISHED, "gossip.moreau.k=1"],
}
GRAPHS = ("complete", "clusters")
RATES = (0.05, 0.2)

BASE = f"""
run = "awps"
[data]
partition = "clusters"
limit = 10000
[model]
kind = "layers"
layers = ["dense 32", "relu", "dense 10"]
[train]
steps = {STEPS}
batch = 50
evaluate_every = 0
[policy]
optimizer = "sgd"
[gossip]
pace = "sync"
settle_rounds = 0
[membership]
probe_interval_ms = 0
[simulate]
peers = 6
trace = true
"""

CASES = {(graph, weighting, rate): [f"gossip.topology={graph}", f"policy.learning_rate={rate}", *settings]
         for graph in GRAPHS for weighting, settings in WEIGHTINGS.items() for rate in RATES}


def parts(runs):
    rows = []
    for graph in GRAPHS:
        for weighting in WEIGHTINGS:
            of = {rate: runs[graph, weighting, rate] for rate in RATES}
            best = max(RATES, key=lambda rate: statistics.fmean(run.accuracy for run in of[rate]))
            rows.append([f"`{graph}`", weighting, *[percent(of[rate]) for rate in RATES], f"{best}",
                         spread([run.summary["consensus_distance"] for run in of[best]], ".2g")])
    return {"accuracy": table(["graph", "weights", *[f"rate {rate}" for rate in RATES], "best",
                               "consensus distance there"], rows)}


def figures(runs):
    return {graph: chart(f"{graph}, mean of seeds", "learning rate", "accuracy of the mean, %",
                         {weighting: [(rate, 100 * statistics.fmean(
                             run.accuracy for run in runs[graph, weighting, rate])) for rate in RATES]
                          for weighting in WEIGHTINGS}, log_x=True, log_y=False) for graph in GRAPHS}
