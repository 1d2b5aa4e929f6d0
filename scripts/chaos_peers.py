"""The peers of scripts/chaos: processes that come and go, and what their records say of them."""

import json
import os
import pathlib
import signal
import subprocess
import time

TOML = """
run = "chaos"
[data]
partition = "dirichlet"
alpha = 0.5
parts = {parts}
[model]
kind = "lenet5"
[train]
steps = 1000000000
batch = {batch}
evaluate_every = 0
[peer]
threads = 1
[checkpoint]
every_seconds = 10
resume = "auto"
"""
BATCH = 32
BEGIN_MAX = 120.0  # seconds
# What no honest peer gives cause for (gossip/shut_out.h).
OFFENCES = {"malformed", "wrong sender", "wrong block", "wrong codec", "impossible weight", "wrong checksum",
            "not finite", "out of window", "outlier"}


class Peer:
    """One life of one peer: from its start until it is gone."""

    def __init__(self, murmur, folder, part, join):
        self.name = f"p{part}"
        self.part = part
        self.file = folder / "runs/chaos" / self.name / "metrics.jsonl"
        self.log = open(folder / f"{self.name}.log", "a", encoding="utf-8")
        arguments = [murmur, "peer", "run.toml", "--set", f"peer.name={self.name}", "--set", f"data.part={part}"]
        for address in join:
            arguments += ["--join", address]
        self.process = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=self.log)
        self.began = time.monotonic()
        self.ended = None
        self.stopped_at = None
        self.stopped_seconds = 0.0
        self.first_step = self.last_step = self.progress = self.address = None
        self.first_samples = 0.0       # until its first record
        self.progress_at = self.began  # when a record last moved on
        self.read_to = 0               # of the file
        self.offences = []             # of others, that this one refused
        self.resident = []             # (seconds of life, bytes)

    @property
    def alive(self):
        return self.ended is None

    @property
    def at_work(self):
        return self.alive and self.stopped_at is None and self.progress is not None

    def wait_until_at_work(self):
        while not self.at_work:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended before it began to train; its log: {self.log.name}")
            if time.monotonic() - self.began > BEGIN_MAX:
                raise RuntimeError(f"{self.name} has not begun to train for {BEGIN_MAX:.0f} s; its log: {self.log.name}")
            time.sleep(0.05)
            self.look()

    def look(self):
        """Reads what was recorded since. The file is that of this life once its first line names the process."""
        for record in self.new_records():
            if record["event"] == "refused" and record["reason"] in OFFENCES:
                self.offences.append(f"{record['peer']}: {record['reason']}")
            if record["event"] == "end":
                self.last_step = record["step"]
            if record["event"] != "progress":
                continue
            if self.progress is None:  # of its first second
                self.first_step = record["step"]
                self.first_samples = record.get("samples_per_second", 0.0)
            self.last_step = record["step"]
            if self.progress is None or record["step"] > self.progress["step"]:
                self.progress_at = time.monotonic()
            self.progress = record

    def new_records(self):
        try:
            file = open(self.file, "rb")
        except FileNotFoundError:  # it has not begun, or is putting away what its last life recorded
            return []
        with file:
            if self.address is None:
                first = file.readline()
                start = json.loads(first) if first.endswith(b"\n") else {}
                if start.get("pid") != self.process.pid:
                    return []
                self.address = start["listen"]
                self.read_to = file.tell()
            file.seek(self.read_to)
            whole = file.read().rpartition(b"\n")[0]
        self.read_to += len(whole) + 1 if whole else 0
        return [json.loads(line) for line in whole.splitlines()]

    def count_from_here(self):
        self.began = time.monotonic()
        self.first_step = self.progress["step"]
        self.first_samples = 0.0

    def note_memory(self):
        try:
            text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        resident = [line for line in text.splitlines() if line.startswith("VmRSS")]
        if resident:
            self.resident.append((time.monotonic() - self.began, int(resident[0].split()[1]) * 1024))

    def samples(self):
        if self.progress is None:
            return 0
        return self.first_samples + BATCH * max(0, self.last_step - self.first_step)

    def live_seconds(self):
        until = self.ended or time.monotonic()
        frozen = self.stopped_seconds + (until - self.stopped_at if self.stopped_at else 0.0)
        return until - self.began - frozen

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped_at = time.monotonic()

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.stopped_seconds += time.monotonic() - self.stopped_at
        self.stopped_at = None
        self.progress_at = time.monotonic()

    def end(self, how):
        """Signals, waits, and returns the exit status."""
        if self.stopped_at is not None:
            self.go_on()
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.ended = time.monotonic()
        self.look()
        self.log.close()
        return self.process.returncode
