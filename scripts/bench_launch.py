"""Whole runs of real peers on this machine, for scripts/bench."""

import json
import subprocess

RUN_SECONDS_MAX = 600


def launch(murmur, folder, peers, settings=()):
    """Runs folder/run.toml to its end; of each peer all that it recorded."""
    command = [murmur, "launch", "run.toml", "--peers", str(peers)]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(settings)}: exit status {done.returncode}\n{done.stderr.strip()[-2000:]}")
    return [[json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            for file in sorted(folder.glob("runs/*/p*/metrics.jsonl"))]
