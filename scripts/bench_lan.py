"""The race of scripts/bench lan: four hosts on one switch, each with a link of 100 Mbit/s, until the test accuracy is
reached; and again with one host at a tenth of the others' speed. Needs root."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

import lan_network
from svg_plot import chart

ROOT = pathlib.Path(__file__).resolve().parent.parent
TORCH = ROOT / "tests/bench/torch_lan.py"
PICTURES = ROOT / "docs/benchmarks"
DEBIAN_PYTHON = "/usr/bin/python3"  # which Debian's python3-torch is for
HOSTS = 4
MEGABITS = 100
SLOW = HOSTS - 1  # by whom nobody's arrival is told
SECONDS_MAX = 120
RACES = (("mlp", 0.97, False), ("lenet5", 0.98, False), ("mlp", 0.97, True), ("lenet5", 0.98, True))
TOML = """
run = "lan"
[data]
set = "idx"
[train]
epochs = 400
batch = 32
[policy]
preset = "sgp"
[peer]
threads = 1
"""


@dataclass
class Race:
    """`curve`: (seconds, megabytes that all hosts had sent, accuracy); `seconds`: None, if the target was missed."""

    seconds: float
    sent: float
    curve: list


def network(slow):
    """A slow host gets a tenth of the part of the cores that is each one's."""
    share = (os.cpu_count() or 1) / HOSTS / 10
    return lan_network.lan(HOSTS, MEGABITS, SLOW if slow else None, share)


def racing(slow):
    return HOSTS - 1 if slow else HOSTS


def evaluations(folder, host):
    """(seconds since it listened, accuracy) of a peer's own estimate."""
    file = folder / f"runs/lan/h{host}/metrics.jsonl"
    lines = file.read_text().splitlines(True) if file.exists() else []
    records = [json.loads(line) for line in lines if line.endswith("\n")]
    began = next((record["t"] for record in records if record["event"] == "start"), 0.0)
    return [(record["t"] - began, record["test_accuracy"]) for record in records if record["event"] == "evaluate"]


def race_murmur(murmur, data, settings, model, target, slow):
    """Until each of the peers' own estimates (but the slow one's) is as good as asked for."""
    with network(slow) as lan, tempfile.TemporaryDirectory(prefix="murmur-") as scratch:
        folder = pathlib.Path(scratch)
        (folder / "lan.toml").write_text(TOML)
        peers = lan.start_peers(murmur, folder, [f"model.kind={model}", f"data.path={data}", *settings])
        began, seen, curve = time.monotonic(), 0, []
        reached = [None] * racing(slow)
        while None in reached and time.monotonic() - began < SECONDS_MAX:
            if any(peer.poll() is not None for peer in peers):
                raise RuntimeError(f"a peer ended early: {[peer.poll() for peer in peers]}")
            found = [evaluations(folder, host) for host in range(racing(slow))]
            reached = [next((t for t, accuracy in of if accuracy >= target), None) for of in found]
            sent = lan.megabytes_sent()
            curve += [(t, sent, accuracy) for t, accuracy in found[0][seen:]]
            seen = len(found[0])
            time.sleep(0.05)
        lan_network.end(peers)
        return Race(None if None in reached else max(reached), sent, curve)


def lines_of(process):
    """What it prints, as it comes; None: it has ended."""
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def race_torch(data, local_steps, model, target, slow):
    """Until rank 0's is."""
    with network(slow) as lan, tempfile.TemporaryDirectory(prefix="murmur-") as scratch:
        ranks = [lan.start(host, [DEBIAN_PYTHON, TORCH, "--rank", host, "--world", HOSTS, "--master",
                                  lan_network.address(0), "--model", model, "--data", data, "--target", target,
                                  "--seconds", SECONDS_MAX, "--local-steps", local_steps],
                           scratch, GLOO_SOCKET_IFNAME="eth0") for host in range(HOSTS)]
        lines, curve, until = lines_of(ranks[0]), [], time.monotonic() + 2 * SECONDS_MAX
        try:
            while (line := lines.get(timeout=max(0.0, until - time.monotonic()))) is not None:
                said = json.loads(line)
                curve.append((said["t"], lan.megabytes_sent(), said["accuracy"]))
        except queue.Empty:
            pass
        sent = lan.megabytes_sent()
        lan_network.end(ranks, signal.SIGKILL)
        arrived = next((t for t, _, accuracy in curve if accuracy >= target and t <= SECONDS_MAX), None)
        return Race(arrived, sent, curve)


MURMUR = (
    ("Murmur, SGP", []),
    ("Murmur, SGP, int8", ["gossip.codec=int8"]),
)
TORCH_STEPS = (
    ("PyTorch local SGD, 32 steps", 32),
    ("PyTorch local SGD, 8 steps", 8),
    ("PyTorch DDP", 0),
)


def runners(murmur, data):
    """What races, by name: (model, target, slow) -> Race."""
    ours = {name: lambda *race, given=settings: race_murmur(murmur, data, given, *race)
            for name, settings in MURMUR}
    theirs = {name: lambda *race, steps=steps: race_torch(data, steps, *race) for name, steps in TORCH_STEPS}
    return {**ours, **theirs}


def rows(races, name, what):
    """The median of the rounds' seconds, and megabytes sent by all hosts until then."""
    seconds = sorted(SECONDS_MAX if race.seconds is None else race.seconds for race in races)
    median = seconds[len(seconds) // 2]
    cell = f"> {SECONDS_MAX}" if median >= SECONDS_MAX else f"{median:.1f}"
    spread = ", ".join("-" if race.seconds is None else f"{race.seconds:.1f}" for race in races)
    sent = sorted(race.sent for race in races)[len(races) // 2]
    return f"| {name} | {what} | {cell} [{spread}] | {sent:.0f} |"


def pictures(model, found):
    """Accuracy against seconds and against megabytes, of each one's first round."""
    def series(axis):
        return {name: [(point[axis], 100 * point[2]) for point in races[0].curve] for name, races in found.items()}

    return {f"lan-{model}-seconds": chart(f"{model}, 4 hosts", "seconds", "accuracy, %", series(0), log_y=False),
            f"lan-{model}-bytes": chart(f"{model}, 4 hosts", "MB sent by all", "accuracy, %", series(1), log_y=False)}


def race(murmur, data, rounds, record):
    """Markdown; with `record` the pictures are written, too."""
    lines = ["| who | what | seconds [all rounds] | MB sent |", "|---|---|---|---|"]
    for model, target, slow in RACES:
        what = f"`{model}` to {100 * target:.0f} %{', one host slow' if slow else ''}"
        found = {name: [] for name in runners(murmur, data)}
        for turn in range(rounds):
            for name, run in runners(murmur, data).items():
                print(f"bench: {what}: round {turn + 1} of {rounds}: {name}", file=sys.stderr)
                found[name].append(run(model, target, slow))
                print(f"bench: {rows(found[name][-1:], name, what)}", file=sys.stderr)
        lines += [rows(races, name, what) for name, races in found.items()]
        if record and not slow:
            PICTURES.mkdir(exist_ok=True)
            for name, picture in pictures(model, found).items():
                (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")
    return "\n".join(lines)


def problem(data):
    """Why there can be no race here; None: there can."""
    if data is None or not data.is_dir():
        return "lan needs --data FOLDER, with MNIST in it"
    try:
        subprocess.run([DEBIAN_PYTHON, "-c", "import torch"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "python3-torch is needed (scripts/setup --peers)"
    return lan_network.problem()
