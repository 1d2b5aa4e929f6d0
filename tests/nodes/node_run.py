"""Runs the program as a user would, in a folder of its own, and looks at what it leaves behind."""

import itertools
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["MURMUR_PROGRAM"]
# How long to wait before giving up, in multiples of the usual: a sanitizer makes programs slow. What
# a test promises in seconds it does not stretch.
PATIENCE = int(os.environ.get("MURMUR_TEST_PATIENCE", "1"))

SMALL = """
run = "t"
[model]
kind = "logistic"
[train]
steps = 60
batch = 16
evaluate_every = 0
"""


def fault(test):
    """Of the tests in which somebody dies, leaves, stands still or is cut off: what ctest labels so."""
    return test


class Run:
    """A scratch folder with a config in it; processes started here end with it."""

    def __init__(self, toml=SMALL, program=PROGRAM):
        self.program = program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="murmur-"))
        (self.folder / "run.toml").write_text(toml)
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if failure:
            self.say_how_all_are()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.end_orphans()
        shutil.rmtree(self.folder)

    def say_how_all_are(self):
        """What a failure leaves behind, before it is swept away: the last that each peer said, and who still runs."""
        for pid in filter(self.is_home_of, os.listdir("/proc")):
            try:
                threads = [f"{(task / 'comm').read_text().strip()} in {(task / 'wchan').read_text()}"
                           for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
            except OSError:  # it has ended meanwhile
                continue
            print(f"still runs: {pid}: {'; '.join(threads)}", file=sys.stderr)
        for folder in sorted(self.folder.glob("runs/*/*/")):
            for file, lines in (("events.log", 8), ("metrics.jsonl", 2)):
                if (folder / file).is_file():
                    said = [line[:600] for line in (folder / file).read_text(errors="replace").splitlines()[-lines:]]
                    print(f"{folder.name}/{file}:", *said, sep="\n  ", file=sys.stderr)

    def end_orphans(self):
        """Peers whose launcher was killed end by themselves, but write into the folder until they have."""
        orphans = [int(name) for name in os.listdir("/proc") if self.is_home_of(name)]
        for pid in orphans:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if left := still_alive_after(orphans, seconds=20):
            raise RuntimeError(f"still in {self.folder}: {left}")

    def is_home_of(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(self.folder)
        except OSError:  # it is gone, or not ours
            return False

    def start(self, *arguments, on=()):
        """`on`: the words before the program that start it on another machine."""
        process = subprocess.Popen([*on, self.program, *arguments], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.processes.append(process)
        return process

    def call(self, *arguments, seconds=120, on=()):
        """Exit status, standard output, standard error."""
        process = self.start(*arguments, on=on)
        out, err = process.communicate(timeout=seconds * PATIENCE)
        return process.returncode, out, err

    def summary(self, name="runs/t/summary.json"):
        return json.loads((self.folder / name).read_text())

    def events(self, peer, run="t", inside=""):
        """The records of a peer so far; a line that is still being written is left out."""
        try:
            text = (self.folder / inside / "runs" / run / peer / "metrics.jsonl").read_text()
        except FileNotFoundError:  # it has not begun, or another life of it is putting the last one's away
            return []
        return [json.loads(line) for line in text.splitlines(True) if line.endswith("\n")]

    def estimate(self, peer, folder="runs/t"):
        """The tensors of a final estimate, bit for bit, without what the file says about the run."""
        data = (self.folder / folder / peer / "checkpoints/final.safetensors").read_bytes()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + size])
        header.pop("__metadata__", None)
        return header, data[8 + size:]

    def wait_for(self, condition, process, seconds=60):
        """Until `condition()` holds. Looks again whenever a moment has passed without `process` ending."""
        end = time.monotonic() + seconds * PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited too long"
            try:
                process.wait(timeout=0.02)
                assert condition(), f"ended too early: {process.communicate()}"
            except subprocess.TimeoutExpired:
                pass

    def pids(self, peers):
        return [self.events(f"p{i}")[0]["pid"] for i in range(peers)]

    def all_training(self, peers):
        return lambda: all(any(e["event"] == "progress" for e in self.events(f"p{i}")) for i in range(peers))


class OtherMachine:
    """A network namespace, linked to this one: another machine, as far as the network can tell. Needs root."""

    def __init__(self):
        self.name = f"murmur-{os.getpid()}"
        # Of two tests at a time, each has its own.
        self.network = f"10.{200 + os.getpid() // 256 % 50}.{os.getpid() % 256}"
        self.address = f"{self.network}.2"
        self.on = ("ip", "netns", "exec", self.name)

    def __enter__(self):
        link = f"mm{os.getpid()}"
        self.ip("netns", "add", self.name)
        self.ip("link", "add", link, "type", "veth", "peer", "name", "there", "netns", self.name)
        self.ip("addr", "add", f"{self.network}.1/24", "dev", link)
        self.ip("link", "set", link, "up")
        for change in (("addr", "add", f"{self.address}/24", "dev", "there"), ("link", "set", "there", "up"),
                       ("link", "set", "lo", "up")):
            self.ip("-n", self.name, *change)
        return self

    def __exit__(self, *_):
        self.ip("netns", "del", self.name)  # and the link goes with it

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL)

    @staticmethod
    def can_be():
        if os.geteuid() != 0 or shutil.which("ip") is None:
            return False
        return subprocess.run(["ip", "netns", "add", f"murmur-try-{os.getpid()}"], stderr=subprocess.DEVNULL).returncode == 0 and \
            subprocess.run(["ip", "netns", "del", f"murmur-try-{os.getpid()}"]).returncode == 0


class Network:
    """Network namespaces on one switch (a bridge, in a namespace of its own): machines 0, 1, ... of one network."""

    def __init__(self, machines):
        self.names = [f"murmur-{os.getpid()}-{i}" for i in range(machines)]
        self.switch = f"murmur-{os.getpid()}-switch"
        self.made = []

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in (self.switch, *self.names):
            self.ip("netns", "add", name)
            self.made.append(name)
            self.ip("-n", name, "link", "set", "lo", "up")
        self.ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
        self.ip("-n", self.switch, "link", "set", "bridge", "up")
        for i, name in enumerate(self.names):
            self.ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", f"port{i}", "netns", self.switch)
            self.ip("-n", name, "addr", "add", f"{self.address(i)}/24", "dev", "eth0")
            self.ip("-n", name, "link", "set", "eth0", "up")
            self.heal(i)
            self.ip("-n", self.switch, "link", "set", f"port{i}", "up")

    def __exit__(self, *_):
        for name in self.made:
            self.ip("netns", "del", name)

    @staticmethod
    def address(machine):
        return f"10.199.0.{machine + 1}"

    def on(self, machine):
        return ("ip", "netns", "exec", self.names[machine])

    def cut(self, machine):
        """Nobody hears it, and it hears nobody."""
        self.ip("-n", self.switch, "link", "set", f"port{machine}", "nomaster")

    def heal(self, machine):
        self.ip("-n", self.switch, "link", "set", f"port{machine}", "master", "bridge")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL)


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    """Whether a process runs (one that has ended but was not yet waited for does not)."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def still_alive_after(pids, seconds):
    """Waits until all of these have ended, and no longer than that; those that have not."""
    end = time.monotonic() + seconds
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        select.select([handle], [], [], max(0.0, end - time.monotonic()))
        os.close(handle)
    return [pid for pid in pids if alive(pid)]


# Below the ports that the system hands out by itself, for outgoing connections too: one of those may be somebody
# else's by the time that it is used. Tests that run side by side, each a process, look in places of their own.
PORTS = itertools.count(10000 + os.getpid() % 1000 * 20)


def free_port(in_a_row=1):
    """A port that nobody uses right now, by TCP or UDP; the first of so many."""
    found = 0
    for port in PORTS:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            try:
                stream.bind(("0.0.0.0", port))
                datagrams.bind(("0.0.0.0", port))
                found += 1
            except OSError:
                found = 0
        if found == in_a_row:
            return port - in_a_row + 1


def kill(pid):
    os.kill(pid, signal.SIGKILL)
