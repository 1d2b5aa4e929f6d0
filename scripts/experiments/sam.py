"""D-SGD and SAM: at large batches averaging with neighbours tests better than averaging with all."""

import statistics

from lab import average_curve, percent, smooth, spread, thin
from page_parts import table
from svg_plot import chart

PEERS, STEPS = 8, 200
SAMPLES = 2048
WINDOW = 10
GRAPHS = {
    "C-SGD": ["gossip.protocol=allreduce"],
    "D-SGD, ring": ["gossip.protocol=d-sgd", "gossip.topology=bidirectional-ring"],
}
BATCHES = (16, 128)  # of one peer
RATES = (0.1, 0.2)  # at the smaller batch; in proportion at the larger

BASE = f"""
run = "sam"
[data]
limit = {SAMPLES}
[model]
kind = "layers"
layers = ["dense 32", "relu", "dense 10"]
[train]
steps = {STEPS}
evaluate_every = 0
[policy]
optimizer = "sgd"
warm_up = 0.01
learning_rate_rule = "step"
decay_at = [0.4, 0.8]
decay_factor = 0.1
[gossip]
settle_rounds = 0
[membership]
probe_interval_ms = 0
[simulate]
peers = {PEERS}
trace = true
"""

CASES = {(batch, rate, graph): [f"train.batch={batch}", f"policy.learning_rate={rate * batch / BATCHES[0]:g}",
                                *settings]
         for batch in BATCHES for rate in RATES for graph, settings in GRAPHS.items()}


def best_rate(runs, batch, graph):
    return max(RATES, key=lambda rate: statistics.fmean(run.accuracy for run in runs[batch, rate, graph]))


def parts(runs):
    rows = []
    for batch in BATCHES:
        for graph in GRAPHS:
            for rate in RATES:
                of = runs[batch, rate, graph]
                rows.append([str(PEERS * batch), graph, f"{rate * batch / BATCHES[0]:g}",
                             spread([run.summary["consensus_distance"] for run in of], ".1e"),
                             spread([smooth(run.losses, WINDOW)[-1][1] for run in of], ".4f"),
                             spread([run.test_loss for run in of], ".3f"), percent(of)])
    gaps = []
    for batch in BATCHES:
        best = {graph: runs[batch, best_rate(runs, batch, graph), graph] for graph in GRAPHS}
        differences = [100 * (d.accuracy - c.accuracy) for c, d in zip(*best.values())]
        gaps.append([str(PEERS * batch), *[percent(of) for of in best.values()], spread(differences, "+.2f")])
    return {"gap": table(["total batch", "C-SGD, %", "D-SGD, %", "difference, seed by seed"], gaps),
            "all": table(["total batch", "method", "rate", "consensus distance", "training loss", "test loss",
                          "accuracy, %"], rows)}


def figures(runs):
    series = {f"{graph}, {PEERS * batch}": thin(average_curve([smooth(run.losses, WINDOW) for run in runs[
        batch, best_rate(runs, batch, graph), graph]])) for batch in BATCHES for graph in GRAPHS}
    return {"loss": chart("each at its best rate, mean of seeds", "steps", "training loss", series)}
