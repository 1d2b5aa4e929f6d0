"""What a policy costs beside plain SGD: time of a step and memory of a peer, of real peers. For scripts/bench."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_launch import launch

STEPS = 150
MODEL_MEGABYTES = 14.9  # of f32: the unit in which memory is told
PEERS = 2
PLAIN = "plain SGD"
TOML = f"""
run = "cost"
[model]
kind = "layers"
layers = ["dense 2048", "relu", "dense 1024", "relu", "dense 10"]
[train]
steps = {STEPS}
batch = 32
evaluate_every = 0
[peer]
threads = 1
"""


def presets(murmur):
    listed = subprocess.run([murmur, "list", "presets"], capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in listed.stdout.splitlines() if not line.startswith(" ")]
    return [name for name in names if name != "none"]


def settings(name):
    return ["policy.preset=none", "policy.optimizer=sgd"] if name == PLAIN else [f"policy.preset={name}"]


def measure(murmur, name, folder):
    """(milliseconds a step, megabytes) of one run: means over its peers."""
    ends = [records[-1] for records in launch(murmur, folder, PEERS, settings(name))]
    # Of the samples that its steps had, whose number a policy may change.
    seconds = [end["samples"] / end["samples_per_second"] / end["step"] for end in ends]
    return 1e3 * statistics.mean(seconds), statistics.mean(end["memory_peak_bytes"] for end in ends) / 1e6


def table(murmur, rounds):
    """Markdown: a row a preset. Plain SGD runs before each, so that a ratio is of two runs side by side."""
    lines = ["| policy | ms a step | / plain SGD | peak memory, MB | more than plain SGD, in models |",
             "|---|---|---|---|---|"]
    plain_all = []
    with tempfile.TemporaryDirectory(prefix="murmur-bench-") as name:
        folder = Path(name)
        (folder / "run.toml").write_text(TOML)
        for preset in presets(murmur):
            print(f"bench: {preset}", file=sys.stderr)
            pairs = [(measure(murmur, PLAIN, folder), measure(murmur, preset, folder)) for _ in range(rounds)]
            plain_all += [plain for plain, _ in pairs]
            ratio = statistics.median(policy[0] / plain[0] for plain, policy in pairs)
            milliseconds = statistics.median(policy[0] for _, policy in pairs)
            memory = statistics.median(policy[1] for _, policy in pairs)
            more = statistics.median(policy[1] - plain[1] for plain, policy in pairs) / MODEL_MEGABYTES
            lines.append(f"| `{preset}` | {milliseconds:.2f} | {ratio:.2f} | {memory:.1f} | {more:+.1f} |")
    milliseconds, memory = (statistics.median(column) for column in zip(*plain_all))
    lines.insert(2, f"| {PLAIN} | {milliseconds:.2f} | 1 | {memory:.1f} | |")
    return "\n".join(lines)
