"""Quadratics of two kinds of peers, that pull apart: what weights by distance do to consensus, exactly."""

import concurrent.futures
import csv
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

from size_tables import ZERO, size_table
from svg_plot import chart

PARTS = ("consensus", "gap")
SECONDS_MAX = 1800

DIMENSION = 20
ROUNDS = 500
GRAPHS = ("complete", "one-peer-exponential", "clusters")
SIZES = (4, 8, 16, 32, 64)
FIGURES_OF = ("clusters", "one-peer-exponential")
PUBLISHED = ["gossip.moreau.distance=exact", "gossip.moreau.space=mass"]
WEIGHTINGS = {
    "uniform": ["gossip.weighting=uniform"],
    "constant": ["gossip.weighting=constant"],
    **{f"moreau, {name}": ["gossip.weighting=moreau", f"gossip.moreau.k={k}", f"gossip.moreau.v={v}", *PUBLISHED]
       for name, k, v in (("k = 0.01", 0.01, 0.1), ("k = 1", 1, 0.1), ("k = 100", 100, 0.1),
                          ("k = 1, v = 0.01", 1, 0.01), ("k = 1, v = 0.5", 1, 0.5))},
    "moreau, k = 1, sketch": ["gossip.weighting=moreau", "gossip.moreau.k=1"],
}

QUADRATICS = """
run = "evidence"
[gossip]
pace = "sync"
[policy]
optimizer = "sgd"
learning_rate = 0.05
[objective]
kind = "quadratic"
centers = "centers.csv"
curvature = "curvature.csv"
[simulate]
precision = "f64"
trace = true
"""


def simulate(program, toml, settings, folder):
    (folder / "run.toml").write_text(toml)
    command = [program, "simulate", "run.toml", "--out", "out"]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX)
    if done.returncode != 0:
        raise RuntimeError(f"{settings}: exit status {done.returncode}: {done.stderr.strip()}")
    return json.loads((folder / "out/summary.json").read_text())


def two_kinds(peers, seed):
    """Centers and curvatures: the halves of the peers pull apart, each with its own steep directions."""
    chance = random.Random(seed)
    pull = [chance.gauss(0, 1) for _ in range(DIMENSION)]
    size = 3.0 / math.sqrt(sum(value * value for value in pull))
    steep = [0.5 + k / (DIMENSION - 1) for k in range(DIMENSION)]
    centers, curvature = [], []
    for peer in range(peers):
        first = peer < peers / 2
        centers.append([(size if first else -size) * value + 0.1 * chance.gauss(0, 1) for value in pull])
        curvature.append(steep if first else steep[::-1])
    return centers, curvature


def write_rows(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def by_round(trace):
    """The estimates of all peers, round by round."""
    rounds = {}
    with open(trace, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            rounds.setdefault(int(row[0]), []).append([float(value) for value in row[4:]])
    return [rounds[r] for r in sorted(rounds)]


def distances(estimates, centers, curvature):
    """Consensus distance, and by how much the mean estimate's loss is above the least."""
    peers = len(estimates)
    mean = [sum(column) / peers for column in zip(*estimates)]
    spread = sum(sum((z - m) ** 2 for z, m in zip(row, mean)) for row in estimates) / peers
    gap = 0.0
    for k, m in enumerate(mean):
        h = [row[k] for row in curvature]
        best = sum(hi * row[k] for hi, row in zip(h, centers)) / sum(h)
        gap += 0.5 * sum(h) / peers * (m - best) ** 2
    return spread, gap


def run(case):
    program, graph, weighting, peers, seed = case
    centers, curvature = two_kinds(peers, seed)
    with tempfile.TemporaryDirectory(prefix="murmur-") as scratch:
        folder = pathlib.Path(scratch)
        write_rows(folder / "centers.csv", centers)
        write_rows(folder / "curvature.csv", curvature)
        settings = [f"gossip.topology={graph}", f"simulate.peers={peers}", f"simulate.rounds={ROUNDS}",
                    f"seed={seed}", *WEIGHTINGS[weighting]]
        summary = simulate(program, QUADRATICS, settings, folder)
        curve = [distances(z, centers, curvature) for z in by_round(folder / "out/trace.csv")]
    last = curve[-100:]
    sent = sum(peer["bytes_sent"] for peer in summary["peers"]) / peers / ROUNDS
    return {"graph": graph, "weighting": weighting, "peers": peers, "seed": seed, "bytes": sent,
            "spread": statistics.fmean(s for s, _ in last), "gap": statistics.fmean(g for _, g in last),
            "curve": curve if peers == 16 else None}


def run_all(cases):
    results = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(run, cases):
            results.append(result)
            print(f"\r{len(results)} of {len(cases)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


def mean_of(results, field, **where):
    return statistics.fmean(r[field] for r in results if all(r[k] == v for k, v in where.items()))


def at_rest(results, field, graph, weighting):
    return [(n, mean_of(results, field, graph=graph, weighting=weighting, peers=n)) for n in SIZES]


def tables(results):
    rows = [(graph, weighting) for graph in GRAPHS for weighting in WEIGHTINGS]
    return [size_table({row: at_rest(results, field, *row) for row in rows}, sloped=field == "spread")
            for field in ("spread", "gap")]


def figures(results):
    pictures = {}
    for graph in FIGURES_OF:
        curves = {w: next(r for r in results if r["graph"] == graph and r["weighting"] == w and r["curve"])
                  for w in WEIGHTINGS}
        for field, place, name in (("consensus distance", 0, "consensus"), ("loss above the least", 1, "gap")):
            against_rounds = {w: [(t, r["curve"][t][place]) for t in range(0, 301, 3)]
                              for w, r in curves.items()}
            against_bytes = {w: [(t * r["bytes"] / 1e3, r["curve"][t][place]) for t in range(0, 301, 3)]
                             for w, r in curves.items()}
            title = f"{graph}, 16 peers"
            pictures[f"{name}-rounds-{graph}"] = draw(title, "rounds", field, against_rounds)
            pictures[f"{name}-bytes-{graph}"] = draw(title, "KB sent by a peer", field, against_bytes)
        against_size = {w: at_rest(results, "spread", graph, w) for w in WEIGHTINGS}
        pictures[f"consensus-size-{graph}"] = draw(f"{graph}, at rest", "peers", "consensus distance",
                                                   against_size, True)
    return pictures


def draw(title, x_label, y_label, series, log_x=False):
    series = {key: [(x, y) for x, y in points if y > ZERO] for key, points in series.items()}
    return chart(title, x_label, y_label, {key: points for key, points in series.items() if points}, log_x)


def evidence(program, seeds):
    """Parts of the page and pictures, by name."""
    results = run_all([(program, g, w, n, s) for g in GRAPHS for w in WEIGHTINGS for n in SIZES
                       for s in range(1, seeds + 1)])
    return dict(zip(PARTS, tables(results))), figures(results)
