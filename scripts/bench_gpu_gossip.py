"""What gossip costs peers on a GPU: two that share it, pushing after every step, beside the same two that never push.
For scripts/bench."""

import statistics
import sys
import tempfile
from pathlib import Path

from bench_launch import launch

STEPS = 2000
WARM_UP_SECONDS = 3.0  # after a peer's first record: plans are made, memory is found
TOML = f"""
run = "gpu"
[model]
kind = "resnet18"
[train]
steps = {STEPS}
batch = 256
precision = "bf16"
evaluate_every = 0
[peer]
device = "cuda:0"
"""
NEVER = ["policy.schedule=periodic", f"policy.period={10 * STEPS}"]


def step_milliseconds(records):
    """Of one peer, by its own records, from when it has warmed up."""
    progress = [record for record in records if record["event"] == "progress"]
    warm = [record for record in progress if record["t"] >= progress[0]["t"] + WARM_UP_SECONDS]
    if len(warm) < 2:
        raise RuntimeError(f"{STEPS} steps took less than {WARM_UP_SECONDS:.0f} s: too few to measure")
    return 1e3 * (warm[-1]["t"] - warm[0]["t"]) / (warm[-1]["step"] - warm[0]["step"])


def measure(murmur, folder, settings):
    """(milliseconds a step, parcels that a peer sent a step) of one run: means over its peers."""
    peers = launch(murmur, folder, 2, settings)
    ends = [records[-1] for records in peers]
    return (statistics.mean(step_milliseconds(records) for records in peers),
            statistics.mean(end["parcels_sent"] / end["step"] for end in ends))


def table(murmur, rounds):
    """Markdown: one row, the median of rounds of both in turn."""
    with tempfile.TemporaryDirectory(prefix="murmur-bench-") as name:
        folder = Path(name)
        (folder / "run.toml").write_text(TOML, encoding="utf-8")
        pairs = []
        for number in range(rounds):
            print(f"bench: gossip of two on a GPU: round {number + 1} of {rounds}", file=sys.stderr)
            pairs.append((measure(murmur, folder, NEVER), measure(murmur, folder, [])))
    without, with_gossip, sent = (statistics.median(column) for column in zip(
        *((alone[0], beside[0], beside[1]) for alone, beside in pairs)))
    ratios = [beside[0] / alone[0] for alone, beside in pairs]
    return "\n".join([
        "| two peers on one GPU | ms a step without gossip | with | with / without | parcels a step |",
        "|---|---|---|---|---|",
        f"| `resnet18`, batch 256, bf16 | {without:.2f} | {with_gossip:.2f} "
        f"| {statistics.median(ratios):.3f} [{min(ratios):.3f}..{max(ratios):.3f}] | {sent:.1f} |"])
