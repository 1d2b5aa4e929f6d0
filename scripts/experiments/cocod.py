"""CoCoD-SGD: averages that travel while the next steps run hide a slow link."""

import json
import statistics
import sys
import tempfile
from pathlib import Path

import lan_network
from lab import average_curve, first_below, percent, smooth, spread, thin
from page_parts import table
from svg_plot import chart

PEERS, PERIOD, STEPS = 4, 5, 300
STEP_SECONDS = 0.1
MODEL_BYTES = 4 * (784 * 32 + 32 + 32 * 10 + 10)
RATIOS = (0, 1, 2, 5)  # of the time that a model takes on a link to that of a step
TIMED_STEPS = 20
WINDOW = 30
METHODS = {
    "S-SGD": ["policy.schedule=every-step"],
    "Local SGD": ["policy.schedule=periodic", f"policy.period={PERIOD}"],
    "CoCoD-SGD": ["policy.schedule=overlapped", f"policy.period={PERIOD}"],
}
SPLITS = {"iid": "iid", "by class": "shards"}
RATES = (0.05, 0.2)

BASE = f"""
run = "cocod"
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
step_seconds = [{STEP_SECONDS}]
link = {{ delay_ms = 1.0 }}
"""


def link(ratio):
    return 8e-6 * MODEL_BYTES / (ratio * STEP_SECONDS) if ratio else 0


CASES = {
    **{(split, method, rate): [f"data.partition={SPLITS[split]}", f"policy.learning_rate={rate}", *settings]
       for split in SPLITS for rate in RATES for method, settings in METHODS.items()},
    # Rounds in step make the same models on every link, so for the time a few steps do.
    **{("timed", method, ratio): [f"train.steps={TIMED_STEPS}", f"simulate.link.bandwidth_mbit={link(ratio)}",
                                  *settings] for ratio in RATIOS for method, settings in METHODS.items()},
}


# Real peers on links of so many Mbit/s, with a model of 2.1 MB.
LINK, LINK_STEPS, LINK_BATCH = 100, 60, 256
LINK_SECONDS_MAX = 300
LINK_BASE = f"""
run = "link"
[data]
limit = 20000
[model]
kind = "mlp"
[train]
steps = {LINK_STEPS}
batch = {LINK_BATCH}
evaluate_every = 0
[policy]
optimizer = "sgd"
learning_rate = 0.05
[gossip]
topology = "complete"
pace = "sync"
settle_rounds = 1
[peer]
threads = 1
"""


def seconds_on_links(lab, settings, seed):
    """Of a step of real peers, each a host of its own: from when the slowest begins until it is done."""
    with lan_network.lan(PEERS, LINK) as lan, tempfile.TemporaryDirectory(prefix="murmur-") as scratch:
        (folder := Path(scratch)).joinpath("lan.toml").write_text(lab.with_data(LINK_BASE))
        peers = lan.start_peers(lab.program, folder, [*settings, f"seed={seed}"])
        try:
            for peer in peers:
                peer.communicate(timeout=LINK_SECONDS_MAX)
        finally:
            lan_network.end(peers)
        if any(peer.returncode != 0 for peer in peers):
            raise RuntimeError(f"peers on links ended with {[peer.returncode for peer in peers]}")
        times = []
        for host in range(PEERS):
            records = [json.loads(line) for line in (folder / f"runs/link/h{host}/metrics.jsonl").open()]
            times.append({record["event"]: record["t"] for record in records})
        return max(time["end"] - time["start"] for time in times) / LINK_STEPS


def measure(lab, seeds):
    """By method; None, where there can be no hosts."""
    if missing := lan_network.problem():
        print(f"reproduce: the part on real links stays as it is: {missing}", file=sys.stderr)
        return None
    return {method: [seconds_on_links(lab, settings, seed) for seed in range(1, seeds + 1)]
            for method, settings in METHODS.items()}


def step_time(runs, method, ratio):
    return statistics.fmean(run.virtual_seconds for run in runs["timed", method, ratio]) / TIMED_STEPS


def curves(runs, split, method, rate):
    return [smooth(run.losses, WINDOW) for run in runs[split, method, rate]]


def best_rate(runs, split, method):
    return min(RATES, key=lambda rate: statistics.fmean(run.test_loss for run in runs[split, method, rate]))


def steps_to(runs, target):
    return {method: [first_below(curve, target) for curve in
                     curves(runs, "iid", method, best_rate(runs, "iid", method))] for method in METHODS}


def common_target(runs):
    """The loss that the slowest of them all has come to after nine tenths of the run, at its best rate."""
    return max(curve[-STEPS // 10][1] for method in METHODS
               for curve in curves(runs, "iid", method, best_rate(runs, "iid", method)))


def parts(runs, linked):
    target = common_target(runs)
    steps = steps_to(runs, target)
    time = [[method, f"{best_rate(runs, 'iid', method)}", spread(steps[method], ".0f"),
             *[spread([step * step_time(runs, method, ratio) for step in steps[method]], ".1f") for ratio in RATIOS]]
            for method in METHODS]
    ends = [[split, method, f"{rate}", spread([run.test_loss for run in runs[split, method, rate]], ".3f"),
             percent(runs[split, method, rate])] for split in SPLITS for method in METHODS for rate in RATES]
    heads = [f"s, link {ratio} steps" for ratio in RATIOS]
    found = {"time": f"Training loss to reach: {target:.3f}.\n\n" +
                     table(["method", "rate", "steps to the loss", *heads], time),
             "ends": table(["split", "method", "rate", "test loss", "accuracy, %"], ends)}
    if linked:
        slowest = statistics.fmean(linked["S-SGD"])
        rows = [[method, spread([1e3 * one for one in seconds], ".0f"),
                 f"{slowest / statistics.fmean(seconds):.1f}"] for method, seconds in linked.items()]
        found["links"] = table(["method", "ms a step", "times the speed of S-SGD"], rows)
    return found


def figures(runs, _):
    by_ratio = {method: [(ratio, PERIOD * step_time(runs, method, ratio)) for ratio in RATIOS] for method in METHODS}
    series = {}
    for method in METHODS:
        curve = average_curve(curves(runs, "iid", method, best_rate(runs, "iid", method)))
        series[method] = [(step * step_time(runs, method, 2), loss) for step, loss in thin(curve)]
    return {"time": chart("a link that takes two steps for a model", "virtual seconds", "training loss", series),
            "step": chart(f"time of {PERIOD} steps", "time of a model on a link, in steps", "virtual seconds", by_ratio,
                          log_y=False)}
