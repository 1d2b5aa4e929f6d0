"""The race of scripts/bench lan: four hosts on one switch, each with a link of 100 Mbit/s, until the test
accuracy is reached. The hosts are network namespaces of this machine, which share its cores. Needs root."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

ROOT = pathlib.Path(__file__).resolve().parent.parent
TORCH = ROOT / "tests/bench/torch_lan.py"
DEBIAN_PYTHON = "/usr/bin/python3"  # which Debian's python3-torch is for
HOSTS = 4
BRIDGE = "murmur-lan"
PORT = 7000
SECONDS_MAX = 120
RACES = (("mlp", 0.97), ("lenet5", 0.98))
TOML = """
run = "lan"
[data]
set = "idx"
parts = 4
[train]
epochs = 40
batch = 32
[policy]
preset = "sgp"
[peer]
threads = 1
[security]
allow_insecure_lan = true
"""


def address(host):
    return f"10.77.0.{host + 1}"


def namespace(host):
    return f"murmur-lan{host}"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def shape(device, *inside):
    subprocess.run([*inside, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "100mbit", "burst", "128kb",
                    "latency", "50ms"], check=True)


def remove_network():
    for host in range(HOSTS):
        subprocess.run(["ip", "netns", "del", namespace(host)], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["ip", "link", "del", BRIDGE], stderr=subprocess.DEVNULL, check=False)


@contextmanager
def network():
    """Four hosts and a switch; what goes in and what goes out of each is 100 Mbit/s."""
    remove_network()
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("link", "set", BRIDGE, "up")
        for host in range(HOSTS):
            inside, outside = ["ip", "netns", "exec", namespace(host)], f"murmur-port{host}"
            ip("netns", "add", namespace(host))
            ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace(host))
            ip("link", "set", outside, "master", BRIDGE, "up")
            ip("-n", namespace(host), "addr", "add", f"{address(host)}/24", "dev", "eth0")
            ip("-n", namespace(host), "link", "set", "eth0", "up")
            ip("-n", namespace(host), "link", "set", "lo", "up")
            shape("eth0", *inside)
            shape(outside)
        yield
    finally:
        remove_network()


def start(host, command, folder, **environment):
    return subprocess.Popen(["ip", "netns", "exec", namespace(host), *map(str, command)], cwd=folder, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **environment})


def megabytes_sent():
    total = 0
    for host in range(HOSTS):
        shown = subprocess.run(["ip", "-n", namespace(host), "-s", "-j", "link", "show", "eth0"], capture_output=True,
                               text=True, check=True)
        total += json.loads(shown.stdout)[0]["stats64"]["tx"]["bytes"]
    return total / 1e6


def end(processes, how=signal.SIGINT):
    for process in processes:
        process.send_signal(how)
    for process in processes:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def evaluations(folder, host):
    """(seconds since it listened, accuracy) of a peer's own estimate."""
    file = folder / f"runs/lan/h{host}/metrics.jsonl"
    lines = file.read_text().splitlines(True) if file.exists() else []
    records = [json.loads(line) for line in lines if line.endswith("\n")]
    began = next((record["t"] for record in records if record["event"] == "start"), 0.0)
    return [(record["t"] - began, record["test_accuracy"]) for record in records if record["event"] == "evaluate"]


def race_murmur(murmur, data, model, target, settings):
    """Until each of the four peers' own estimates is as good as asked for."""
    with network(), tempfile.TemporaryDirectory(prefix="murmur-") as scratch:
        folder = pathlib.Path(scratch)
        (folder / "lan.toml").write_text(TOML)
        members = [f"{host} h{host} tcp://{address(host)}:{PORT} tcp://{address(host)}:{PORT + 1}"
                   for host in range(HOSTS)]
        peers = []
        for host in range(HOSTS):
            given = [f"model.kind={model}", f"data.path={data}", f"data.part={host}", f"peer.name=h{host}",
                     f"peer.listen=tcp://{address(host)}:{PORT}", f"membership.members={json.dumps(members)}", *settings]
            command = [murmur, "peer", "lan.toml"]
            for setting in given:
                command += ["--set", setting]
            peers.append(start(host, command, folder))
        began, reached = time.monotonic(), [None] * HOSTS
        while None in reached and time.monotonic() - began < SECONDS_MAX:
            if any(peer.poll() is not None for peer in peers):
                raise RuntimeError(f"a peer ended early: {[peer.poll() for peer in peers]}")
            for host in range(HOSTS):
                reached[host] = next((t for t, accuracy in evaluations(folder, host) if accuracy >= target), None)
            time.sleep(0.05)
        sent = megabytes_sent()
        end(peers)
        return (None if None in reached else max(reached)), sent


def race_torch(data, model, target, local_steps):
    with network(), tempfile.TemporaryDirectory(prefix="murmur-") as scratch:
        ranks = [start(host, [DEBIAN_PYTHON, TORCH, "--rank", host, "--world", HOSTS, "--master", address(0), "--model",
                              model, "--data", data, "--target", target, "--seconds", SECONDS_MAX, "--local-steps",
                              local_steps], scratch, GLOO_SOCKET_IFNAME="eth0")
                 for host in range(HOSTS)]
        try:
            said, _ = ranks[0].communicate(timeout=SECONDS_MAX + 120)
        except subprocess.TimeoutExpired:
            said = ""
        sent = megabytes_sent()
        end(ranks, signal.SIGKILL)
        found = [json.loads(line) for line in said.splitlines()]
        return next((line["t"] for line in found if line["accuracy"] >= target), None), sent


def runners(murmur, data):
    """What races, by name: (model, target) -> seconds or None, megabytes."""
    return {
        "Murmur, SGP, asynchronous": lambda m, a: race_murmur(murmur, data, m, a, []),
        "Murmur, the same with int8": lambda m, a: race_murmur(murmur, data, m, a, ["gossip.codec=int8"]),
        "PyTorch local SGD, all-reduce every 32": lambda m, a: race_torch(data, m, a, 32),
        "PyTorch local SGD, all-reduce every 8": lambda m, a: race_torch(data, m, a, 8),
        "PyTorch DDP": lambda m, a: race_torch(data, m, a, 0),
    }


def race(murmur, data, rounds):
    """Markdown: the median of the rounds' seconds, and megabytes sent by all hosts until then."""
    lines = ["| who | what | seconds [all rounds] | MB sent |", "|---|---|---|---|"]
    for model, target in RACES:
        found = {name: [] for name in runners(murmur, data)}
        for turn in range(rounds):
            for name, run in runners(murmur, data).items():
                print(f"bench: {model}: round {turn + 1} of {rounds}: {name}", file=sys.stderr)
                found[name].append(run(model, target))
        for name, results in found.items():
            seconds = sorted(SECONDS_MAX if t is None else t for t, _ in results)
            median = seconds[len(seconds) // 2]
            cell = f"> {SECONDS_MAX}" if median >= SECONDS_MAX else f"{median:.1f}"
            spread = ", ".join("-" if t is None else f"{t:.1f}" for t, _ in results)
            sent = sorted(megabytes for _, megabytes in results)[len(results) // 2]
            lines.append(f"| {name} | `{model}` to {100 * target:.0f} % | {cell} [{spread}] | {sent:.0f} |")
    return "\n".join(lines)


def problem(data):
    """Why there can be no race here; None: there can."""
    if os.geteuid() != 0:
        return "lan makes network namespaces, so it must run as root"
    if data is None or not data.is_dir():
        return "lan needs --data FOLDER, with MNIST in it"
    for command in (["tc", "-V"], ["ip", "-V"], [DEBIAN_PYTHON, "-c", "import torch"]):
        try:
            subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return f"{' '.join(command)} does not run: iproute2 and python3-torch are needed (scripts/setup --peers)"
    return None
