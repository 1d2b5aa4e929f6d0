"""VRL-SGD: many local steps on unlike data reach the loss of averaging at every step."""

from lab import average_curve, percent, spread, thin
from page_parts import table
from svg_plot import chart

PERIOD, STEPS = 20, 400
METHODS = {
    "S-SGD": ["policy.schedule=every-step"],
    "Local SGD": ["policy.schedule=periodic", f"policy.period={PERIOD}"],
    "VRL-SGD": ["policy.schedule=periodic", f"policy.period={PERIOD}", "policy.correction=vrl",
                "policy.correction_damping=1"],
}
SPLITS = {"iid": "iid", "by class": "shards"}
RATES = (0.05, 0.2)

BASE = f"""
run = "vrl-sgd"
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
peers = 5
trace = true
"""

CASES = {(split, method, rate): [f"data.partition={SPLITS[split]}", f"policy.learning_rate={rate}", *settings]
         for split in SPLITS for rate in RATES for method, settings in METHODS.items()}


def at_the_mean(run, method):
    """The training loss of the mean model: of mini-batches just after an average, all peers together."""
    every = 1 if method == "S-SGD" else PERIOD
    rounds = run.losses[::every]
    window = max(1, 2 * PERIOD // every)  # as many steps whatever the method
    return [(every * place, sum(rounds[place - window:place]) / window)
            for place in range(window, len(rounds) + 1, max(1, PERIOD // every))]


def parts(runs):
    rows = []
    for split in SPLITS:
        for method in METHODS:
            for rate in RATES:
                of = runs[split, method, rate]
                rows.append([split, method, f"{rate}", str(STEPS if method == "S-SGD" else STEPS // PERIOD),
                             spread([at_the_mean(run, method)[-1][1] for run in of], ".3f"),
                             spread([run.test_loss for run in of], ".3f"), percent(of)])
    return {"loss": table(["split", "method", "rate", "rounds", "training loss", "test loss", "accuracy, %"],
                          rows)}


def figures(runs):
    def curve(split, method, rate):
        return thin(average_curve([at_the_mean(run, method) for run in runs[split, method, rate]]))

    return {split.replace(" ", "-"): chart(f"{split}, mean of seeds", "local steps", "training loss of the mean model",
                                           {f"{method}, {rate}": curve(split, method, rate)
                                            for method in METHODS for rate in RATES}) for split in SPLITS}
