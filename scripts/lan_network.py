"""Hosts on one switch, each with a link of so many Mbit/s, as network namespaces of this machine, whose cores they
share; any of them may get a small part of the cores only. Needs root."""

import json
import os
import pathlib
import signal
import subprocess
from contextlib import contextmanager

BRIDGE = "murmur-lan"
PORT = 7000
ENDING_SECONDS_MAX = 20
CPU_GROUPS = pathlib.Path("/sys/fs/cgroup")
SLOW_GROUP = "murmur-slow"
CPU_PERIOD = 20_000  # microseconds: shorter than what it is to slow down takes


def problem():
    """Why there can be no such network here; None: there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for command in (["tc", "-V"], ["ip", "-V"]):
        try:
            subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return f"{' '.join(command)} does not run: iproute2 is needed"
    return None


def address(host):
    return f"10.77.0.{host + 1}"


def members(hosts):
    """As membership.members wants them."""
    return [f"{host} h{host} tcp://{address(host)}:{PORT} tcp://{address(host)}:{PORT + 1}" for host in range(hosts)]


def _namespace(host):
    return f"murmur-lan{host}"


def _port(host):
    """Of the switch."""
    return f"murmur-port{host}"


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def _remove(hosts):
    for host in range(hosts):
        # With its namespace alone it would go when the kernel comes to it, after the next one is made.
        subprocess.run(["ip", "link", "del", _port(host)], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["ip", "netns", "del", _namespace(host)], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["ip", "link", "del", BRIDGE], stderr=subprocess.DEVNULL, check=False)


def _cpu_folder():
    """Where groups with a share of the cores are made, in either version of control groups."""
    first = CPU_GROUPS / "cpu"
    return first / SLOW_GROUP if first.is_dir() else CPU_GROUPS / SLOW_GROUP


def _limit_cpu(folder, share):
    folder.mkdir(exist_ok=True)
    quota = max(1000, round(share * CPU_PERIOD))
    if (folder / "cpu.max").exists():
        (folder / "cpu.max").write_text(f"{quota} {CPU_PERIOD}")
        return
    (folder / "cpu.cfs_period_us").write_text(str(CPU_PERIOD))
    (folder / "cpu.cfs_quota_us").write_text(str(quota))


class Lan:
    """The hosts, by number from 0. `slow`: which of them gets no more than `share` of one core."""

    def __init__(self, hosts, slow=None):
        self.hosts, self.slow = hosts, slow

    def start(self, host, command, folder, **environment):
        """A process of that host; what it says on standard error is dropped."""
        enter = ["ip", "netns", "exec", _namespace(host)]
        if host == self.slow:
            join = 'echo $$ > "$0" && exec "$@"'
            enter = ["sh", "-c", join, str(_cpu_folder() / "cgroup.procs"), *enter]
        return subprocess.Popen([*enter, *map(str, command)], cwd=folder, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, env={**os.environ, **environment})

    def start_peers(self, murmur, folder, settings):
        """A peer on each, by folder/lan.toml and settings: h0, h1, ..., each with its part of the data."""
        peers = []
        for host in range(self.hosts):
            words = [murmur, "peer", "lan.toml"]
            for setting in (f"data.part={host}", f"data.parts={self.hosts}", f"peer.name=h{host}",
                            f"peer.listen=tcp://{address(host)}:{PORT}",
                            f"membership.members={json.dumps(members(self.hosts))}",
                            "security.allow_insecure_lan=true", *settings):
                words += ["--set", setting]
            peers.append(self.start(host, words, folder))
        return peers

    def megabytes_sent(self):
        """By all hosts, since the network was made."""
        total = 0
        for host in range(self.hosts):
            shown = subprocess.run(["ip", "-n", _namespace(host), "-s", "-j", "link", "show", "eth0"],
                                   capture_output=True, text=True, check=True)
            total += json.loads(shown.stdout)[0]["stats64"]["tx"]["bytes"]
        return total / 1e6


@contextmanager
def lan(hosts, megabits, slow=None, share=1.0):
    """What goes in and what goes out of each host is that many Mbit/s."""
    def shape(device, *inside):
        subprocess.run([*inside, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", f"{megabits}mbit",
                        "burst", "128kb", "latency", "50ms"], check=True)

    _remove(hosts)
    try:
        if slow is not None:
            _limit_cpu(_cpu_folder(), share)
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("link", "set", BRIDGE, "up")
        for host in range(hosts):
            space, outside = _namespace(host), _port(host)
            _ip("netns", "add", space)
            _ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", outside, "master", BRIDGE, "up")
            _ip("-n", space, "addr", "add", f"{address(host)}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
            shape("eth0", "ip", "netns", "exec", space)
            shape(outside)
        yield Lan(hosts, slow)
    finally:
        _remove(hosts)
        if slow is not None and _cpu_folder().is_dir():
            _cpu_folder().rmdir()


def end(processes, how=signal.SIGINT):
    for process in processes:
        if process.poll() is None:
            process.send_signal(how)
    for process in processes:
        try:
            process.wait(timeout=ENDING_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
