"""How much memory a peer takes, by models and by peers, of real peers on this machine. For scripts/bench."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = {1: 60, 2: 60, 4: 60, 32: 20}  # to steps of each
HIDDEN = ((4096, 2048), (5600, 2800))  # of the two models: widths
INPUTS, CLASSES = 784, 10
MODELS_MAX = 4  # of memory that a peer may take beside what does not grow with the model
RUN_SECONDS_MAX = 600
TOML = """
run = "memory"
[model]
kind = "layers"
layers = ["dense {}", "relu", "dense {}", "relu", "dense 10"]
[train]
batch = 8
evaluate_every = 0
[policy]
optimizer = "sgd"
learning_rate = 0.01
[gossip]
topology = "random-k"
"""


def megabytes_of(hidden):
    first, second = hidden
    return 4e-6 * ((INPUTS + 1) * first + (first + 1) * second + (second + 1) * CLASSES)


def peak_megabytes(murmur, hidden, peers, steps):
    """Of the peer that took the most: that of its whole life."""
    with tempfile.TemporaryDirectory(prefix="murmur-bench-") as name:
        folder = Path(name)
        (folder / "run.toml").write_text(TOML.format(*hidden))
        command = [murmur, "launch", "run.toml", "--peers", str(peers), "--set", f"train.steps={steps}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
        if done.returncode != 0:
            raise RuntimeError(f"{peers} peers: exit status {done.returncode}\n{done.stderr.strip()[-2000:]}")
        ends = [json.loads(record.read_text().splitlines()[-1])
                for record in (folder / "runs/memory").glob("p*/metrics.jsonl")]
        return max(end["memory_peak_bytes"] for end in ends) / 1e6


def table(murmur, rounds):
    """Markdown: a row for so many peers. Of each cell the most of all rounds."""
    sizes = [megabytes_of(hidden) for hidden in HIDDEN]
    lines = ["| peers | " + " | ".join(f"model of {size:.1f} MB" for size in sizes)
             + f" | models for each model more | more than {MODELS_MAX} models, at most |",
             "|---|" + "---|" * (len(sizes) + 2)]
    for peers, steps in PEERS.items():
        print(f"bench: {peers} peers", file=sys.stderr)
        peaks = [max(peak_megabytes(murmur, hidden, peers, steps) for _ in range(rounds)) for hidden in HIDDEN]
        slope = (peaks[-1] - peaks[0]) / (sizes[-1] - sizes[0])
        rest = max(peak - MODELS_MAX * size for peak, size in zip(peaks, sizes))
        lines.append(f"| {peers} | " + " | ".join(f"{peak:.0f} MB" for peak in peaks)
                     + f" | {slope:.1f} | {rest:.0f} MB |")
    return "\n".join(lines)
