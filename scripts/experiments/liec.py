"""LIEC-SGD: signs of steps, errors compensated at once, reach what 32 bits a number reach."""

import statistics

from lab import average_curve, percent, smooth, spread, thin
from page_parts import table
from svg_plot import chart

PEERS, STEPS, PARAMETERS = 4, 384, 784 * 32 + 32 + 32 * 10 + 10
WINDOW = 32
METHODS = {
    "f32": ["gossip.protocol=allreduce"],
    "LIEC, signs, P = 8": ["gossip.protocol=liec", "gossip.codec=sign", "gossip.average_every=8"],
    "LIEC, signs, P = 32": ["gossip.protocol=liec", "gossip.codec=sign", "gossip.average_every=32"],
    "LIEC, signs, P = 128": ["gossip.protocol=liec", "gossip.codec=sign", "gossip.average_every=128"],
    "CHOCO, signs": ["gossip.protocol=choco", "gossip.codec=sign"],
    "CHOCO, largest 1 %": ["gossip.protocol=choco", "gossip.codec=topk", "gossip.share_kept=0.01"],
    "push-sum, int8": ["gossip.protocol=push-sum", "gossip.codec=int8"],
}
RATES = (0.02, 0.1)

BASE = f"""
run = "liec"
[data]
limit = 10000
partition = "dirichlet"
alpha = 0.3
[model]
kind = "layers"
layers = ["dense 32", "relu", "dense 10"]
[train]
steps = {STEPS}
batch = 32
evaluate_every = 0
[policy]
optimizer = "momentum"
momentum = 0.9
[gossip]
topology = "complete"
pace = "sync"
settle_rounds = 0
[membership]
probe_interval_ms = 0
[simulate]
peers = {PEERS}
trace = true
"""

CASES = {(method, rate): [f"policy.learning_rate={rate}", *settings]
         for method, settings in METHODS.items() for rate in RATES}


def bits(run):
    """Sent for a number of the model, to one receiver, in a step."""
    return 8 * run.sent / (PEERS * (PEERS - 1) * STEPS * PARAMETERS)


def best_rate(runs, method):
    return max(RATES, key=lambda rate: statistics.fmean(run.accuracy for run in runs[method, rate]))


def parts(runs):
    rows = [[method, f"{rate}", spread([bits(run) for run in runs[method, rate]], ".2f"),
             spread([run.summary["consensus_distance"] for run in runs[method, rate]], ".1e"),
             spread([run.test_loss for run in runs[method, rate]], ".3f"), percent(runs[method, rate])]
            for method in METHODS for rate in RATES]
    return {"bits": table(["method", "rate", "bits a number", "consensus distance", "test loss", "accuracy, %"],
                          rows)}


def figures(runs):
    series = {}
    for method in METHODS:
        of = runs[method, best_rate(runs, method)]
        curve = average_curve([smooth(run.losses, WINDOW) for run in of])
        each = statistics.fmean(bits(run) for run in of)
        series[method] = [(each * step, loss) for step, loss in thin(curve)]
    return {"bits": chart("each method at its best rate, mean of seeds", "bits sent for a number, to one receiver",
                          "training loss", series, log_x=True)}
