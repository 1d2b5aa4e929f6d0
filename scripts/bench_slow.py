"""What one peer costs the others that is slow or stands still. Two of three share one core and the third has another,
so that its speed takes nothing of theirs. For scripts/bench."""

import contextlib
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from chaos_peers import BATCH, TOML, Peer

SETTLE_SECONDS, WINDOW_SECONDS = 3.0, 12.0
SLICE_SECONDS = 0.1  # of which a slow process runs a tenth


@contextlib.contextmanager
def on_core(core):
    """What is started meanwhile stays there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def begin(murmur, folder, part, known, core):
    with on_core(core):
        peer = Peer(murmur, folder, part, [other.address for other in known])
    peer.wait_until_at_work()
    return peer


def rate(peers, meanwhile):
    """Samples a second of all of them together, by their own records, while `meanwhile` goes on."""
    for peer in peers:
        peer.look()
    before = [peer.progress for peer in peers]
    meanwhile()
    for peer in peers:
        peer.look()
    return sum(BATCH * (peer.progress["step"] - then["step"]) / (peer.progress["t"] - then["t"])
               for peer, then in zip(peers, before))


def slow_down(peer, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        peer.process.send_signal(signal.SIGSTOP)
        time.sleep(0.9 * SLICE_SECONDS)
        peer.process.send_signal(signal.SIGCONT)
        time.sleep(0.1 * SLICE_SECONDS)


def wait():
    time.sleep(WINDOW_SECONDS)


def freeze(third):
    third.stop()
    wait()


# What happens to the third during a window; a freeze counts from its first moment.
PHASES = {
    "as fast as it can": lambda third: wait(),
    "a tenth of that": lambda third: slow_down(third, WINDOW_SECONDS),
    "frozen": freeze,
}


def turn(murmur, folder, others, cores):
    """For each phase the rates of the others without the third and, right after, with it: a shared machine drifts."""
    rates = {}
    for phase, happen in PHASES.items():
        time.sleep(SETTLE_SECONDS)
        alone = rate(others, wait)
        third = begin(murmur, folder, 2, others, cores[1])
        try:
            time.sleep(SETTLE_SECONDS)
            rates[phase] = (alone, rate(others, lambda: happen(third)))
        finally:
            third.end(signal.SIGINT)
    return rates


def table(murmur, rounds):
    """Markdown: a row for so slow a third."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        raise RuntimeError("two cores are needed, one is there")
    others = []
    with tempfile.TemporaryDirectory(prefix="murmur-bench-") as name:
        folder = Path(name)
        (folder / "run.toml").write_text(TOML.format(parts=3, batch=BATCH), encoding="utf-8")
        try:
            others.append(begin(murmur, folder, 0, [], cores[0]))
            others.append(begin(murmur, folder, 1, others, cores[0]))
            turns = []
            for number in range(rounds):
                print(f"bench: one of three is slow: round {number + 1} of {rounds}", file=sys.stderr)
                turns.append(turn(murmur, folder, others, cores))
        finally:
            for peer in others:
                peer.end(signal.SIGKILL)
    lines = ["| the third is | the other two without it, samples/s | with it | kept |", "|---|---|---|---|"]
    for phase in PHASES:
        alone, beside = zip(*(one[phase] for one in turns))
        kept = [100 * now / before for before, now in zip(alone, beside)]
        lines.append(f"| {phase} | {statistics.median(alone):.0f} | {statistics.median(beside):.0f} "
                     f"| {statistics.median(kept):.1f} % [{min(kept):.1f}..{max(kept):.1f}] |")
    return "\n".join(lines)
