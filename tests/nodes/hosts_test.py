"""Peers on four machines of one network, as far as the network can tell. One ctest a method."""

import shutil
import signal
import subprocess
import unittest

from node_run import PATIENCE, SMALL, Network, OtherMachine, Run, fault

NAMES = "abcd"
# Pushes of two megabytes, again and again: more than a link takes.
LONG = SMALL.replace("steps = 60", "steps = 100000000").replace("logistic", "mlp")
CURVE = "[security]\nmode = \"curve\"\nauthorized = \"keys\"\n"
SLOW = ("root", "tbf", "rate", "100mbit", "burst", "128kb", "latency", "50ms")


class Hosts(unittest.TestCase):
    def limit_links(self, network):
        """What goes in and what goes out of each machine: 100 Mbit/s."""
        for i, name in enumerate(network.names):
            for machine, device in ((name, "eth0"), (network.switch, f"port{i}")):
                subprocess.run(["ip", "netns", "exec", machine, "tc", "qdisc", "add", "dev", device, *SLOW], check=True)

    def start(self, run, network, i):
        arguments = ["peer", "run.toml", "--set", f"peer.name={NAMES[i]}", "--set", "peer.threads=1",
                     "--set", "data.parts=4", "--set", f"data.part={i}", "--set", f"security.key=keys/{NAMES[i]}.key",
                     "--set", f"peer.listen=tcp://{network.address(i)}:7000"]
        if i > 0:
            arguments += ["--join", f"tcp://{network.address(0)}:7000"]
        return run.start(*arguments, on=network.on(i))

    def progress(self, run, name):
        return [e for e in run.events(name) if e["event"] == "progress"]

    def know(self, run, names, members):
        last = lambda name: (self.progress(run, name) or [{}])[-1]
        return lambda: all(last(name).get("members") == members for name in names)

    def has_filled_its_links(self, run, name):
        """Has sent for some time, and heard answers."""
        return lambda: len([e for e in self.progress(run, name) if len(e["edges"]) == 3 and e["bytes_sent"] > 20e6]) > 3

    @fault
    def test_one_that_is_cut_off_and_comes_back_is_let_in_again_by_its_key(self):
        if not OtherMachine.can_be() or shutil.which("tc") is None:
            self.skipTest("network namespaces need root, links of 100 Mbit/s tc")
        with Run(LONG + CURVE) as run, Network(4) as network:
            self.limit_links(network)
            for name in NAMES:
                self.assertEqual(run.call("keygen", "keys", "--name", name)[0], 0)
            peers = [self.start(run, network, 0)]
            run.wait_for(lambda: self.progress(run, "a"), peers[0])
            peers += [self.start(run, network, i) for i in (1, 2, 3)]
            run.wait_for(self.know(run, NAMES, 4), peers[0])
            for name in NAMES:
                run.wait_for(self.has_filled_its_links(run, name), peers[0])
            waited = [edge["round_trip_seconds_p99"] or 0 for name in NAMES for edge in self.progress(run, name)[-1]["edges"]]
            print(f"round trips of control messages beside full links, 99th percentile: at most {1e3 * max(waited):.0f} ms")
            before = len(self.progress(run, "a"))
            network.cut(3)
            run.wait_for(self.know(run, "abc", 3), peers[0])
            run.wait_for(self.know(run, "d", 1), peers[3])
            network.heal(3)
            run.wait_for(self.know(run, NAMES, 4), peers[0])
            steps = [e["step"] for e in self.progress(run, "a")[before - 1:]]
            self.assertTrue(all(later > earlier for earlier, later in zip(steps, steps[1:])), steps)  # it never stood
            for process in peers:
                process.send_signal(signal.SIGINT)
            for process in peers:
                _, err = process.communicate(timeout=60 * PATIENCE)
                self.assertEqual(process.returncode, 130, err)


if __name__ == "__main__":
    unittest.main()
