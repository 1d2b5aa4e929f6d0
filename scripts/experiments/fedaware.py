"""FedAWARE: the direction that descends for all peers, where their data differ in kind and number."""

import statistics

from lab import average_curve, percent, spread
from page_parts import table
from svg_plot import chart

PEERS, PERIOD, STEPS = 8, 20, 400
LOCAL = ["policy.schedule=periodic", f"policy.period={PERIOD}"]
METHODS = {
    "FedAvg (local SGD)": LOCAL,
    "FedAvgM (outer heavy ball 0.9)": [*LOCAL, "policy.outer=heavy-ball", "policy.outer_learning_rate=1",
                                       "policy.outer_momentum=0.9"],
    "SCAFFOLD's kind (VRL-SGD)": [*LOCAL, "policy.correction=vrl", "policy.correction_damping=1"],
    "FedAWARE, projected": [*LOCAL, "policy.correction=fedaware"],
    "FedAWARE, first published form": [*LOCAL, "policy.correction=fedaware", "policy.fedaware_projected=false"],
}
SPLITS = {"dirichlet 0.1": ["data.partition=dirichlet", "data.alpha=0.1"]}
RATES = (0.05, 0.2)

BASE = f"""
run = "fedaware"
[data]
limit = 10000
[model]
kind = "layers"
layers = ["dense 32", "relu", "dense 10"]
[train]
steps = {STEPS}
batch = 32
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

CASES = {(split, method, rate): [*SPLITS[split], f"policy.learning_rate={rate}", *settings]
         for split in SPLITS for method, settings in METHODS.items() for rate in RATES}


def best_rate(runs, split, method):
    return max(RATES, key=lambda rate: statistics.fmean(run.accuracy for run in runs[split, method, rate]))


def parts(runs):
    rows = []
    for split in SPLITS:
        for method in METHODS:
            of = {rate: runs[split, method, rate] for rate in RATES}
            best = best_rate(runs, split, method)
            rows.append([split, method, *[percent(of[rate]) for rate in RATES],
                         spread([run.test_loss for run in of[best]], ".3f")])
    return {"accuracy": table(["split", "method", *[f"rate {rate}, %" for rate in RATES],
                               "test loss at the better rate"], rows)}


def after_averages(run):
    """Loss of all peers' data at the common model: of the step that comes right after an average."""
    return [(PERIOD * place + 1, loss) for place, loss in enumerate(run.losses[::PERIOD])]


def figures(runs):
    return {split.replace(" ", "-"): chart(
        f"{split}, each at its better rate, mean of seeds", "local steps", "training loss of the common model",
        {method.split(" (")[0]: average_curve([after_averages(run) for run in
                                              runs[split, method, best_rate(runs, split, method)]])
         for method in METHODS}) for split in SPLITS}
