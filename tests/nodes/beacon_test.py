"""Real processes on this machine that find each other without an address. One ctest a method."""

import json
import os
import re
import shutil
import signal
import socket
import unittest

from node_run import PATIENCE, SMALL, Network, OtherMachine, Run, fault, free_port, kill

# Nobody waits for the end of it.
LONG = SMALL.replace("steps = 60", "steps = 100000000")
LAN = LONG + "[security]\nallow_insecure_lan = true\n"
CURVE = "[security]\nmode = \"curve\"\nauthorized = \"keys\"\n"


class Beacons(unittest.TestCase):
    def setUp(self):
        self.port = free_port()

    def start(self, run, name, part, *more, on=()):
        arguments = ["--set", f"peer.name={name}", "--set", "peer.threads=1", "--set", "data.parts=3", "--set", f"data.part={part}",
                     "--set", "membership.discovery=beacon", "--set", f"membership.beacon_port={self.port}"]
        return run.start("peer", "run.toml", *arguments, *more, on=on)

    def members(self, run, name):
        """As many as that peer said last."""
        return ([e["members"] for e in run.events(name) if e["event"] == "progress"] or [0])[-1]

    def met(self, run, *names):
        return lambda: all(self.members(run, name) == len(names) for name in names)

    def noise(self, count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for i in range(count):
                out.sendto(os.urandom(i % 700 + 1), ("127.255.255.255", self.port))

    def leave(self, run, name, process):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60 * PATIENCE)
        self.assertEqual(process.returncode, 130, err)
        return run.events(name)[-1]

    def weight_of_all(self, run, processes):
        """Once all but the last have left, that one holds what all of them had."""
        for name, process in processes[:-1]:
            self.leave(run, name, process)
        name, process = processes[-1]
        run.wait_for(lambda: abs(run.events(name)[-1].get("weight", 0) - len(processes)) < 1e-9, process)

    def become_one_run(self, names):
        with Run(LONG) as run:
            processes = [(name, self.start(run, name, part % 3)) for part, name in enumerate(names)]
            run.wait_for(self.met(run, *names), processes[0][1])
            self.weight_of_all(run, processes)

    def test_two_that_start_at_once_without_any_address_find_each_other(self):
        self.become_one_run("ab")

    def test_four_that_start_at_once_become_one_run(self):
        self.become_one_run("abcd")

    def test_noise_is_dropped_and_counted(self):
        with Run(LONG) as run:
            first = self.start(run, "a", 0)
            second = self.start(run, "b", 1)

            def met():
                self.noise(20)
                return self.met(run, "a", "b")()

            run.wait_for(met, first)
            self.assertEqual([e for name in "ab" for e in run.events(name) if e["event"] == "refused"], [])
            for name, process in (("b", second), ("a", first)):
                self.assertGreater(self.leave(run, name, process)["beacons_malformed"], 0)

    @fault
    def test_who_was_first_is_not_needed_by_those_who_come_later(self):
        with Run(LONG) as run:
            first = self.start(run, "a", 0)
            run.wait_for(lambda: self.members(run, "a") == 1, first)
            second = self.start(run, "b", 1)
            run.wait_for(self.met(run, "a", "b"), second)
            kill(first.pid)
            third = self.start(run, "c", 2)
            run.wait_for(self.met(run, "b", "c"), third)
            # Nor is anybody: those who are left, and one that finds them.
            kill(second.pid)
            fourth = self.start(run, "d", 0)
            run.wait_for(self.met(run, "c", "d"), fourth)

    @fault
    def test_two_of_which_each_has_begun_alone_become_one_run(self):
        with Run(LONG) as run:
            first = self.start(run, "a", 0)
            run.wait_for(lambda: self.members(run, "a") == 1, first)
            first.send_signal(signal.SIGSTOP)
            second = self.start(run, "b", 1)
            run.wait_for(lambda: self.members(run, "b") == 1, second)
            first.send_signal(signal.SIGCONT)
            run.wait_for(self.met(run, "a", "b"), second)
            self.weight_of_all(run, [("b", second), ("a", first)])

    def test_peers_of_another_run_are_not_found(self):
        with Run(LONG) as run:
            first = self.start(run, "a", 0)
            run.wait_for(lambda: self.members(run, "a") == 1, first)
            other = self.start(run, "b", 1, "--set", "run=other")
            run.wait_for(lambda: any(e["event"] == "progress" for e in run.events("b", run="other")), other)
            self.assertEqual(run.events("b", run="other")[-1].get("members", 1), 1)
            self.assertEqual(self.members(run, "a"), 1)
            self.assertEqual([e for e in run.events("a") if e["event"] == "refused"], [])

    def test_launched_peers_are_found_by_one_that_comes_later(self):
        with Run(LONG) as run:
            launch = run.start("launch", "run.toml", "--peers", "2", "--set", "membership.discovery=beacon",
                               "--set", f"membership.beacon_port={self.port}")
            run.wait_for(lambda: all(self.members(run, f"p{i}") == 2 for i in range(2)), launch)
            terms = json.loads(run.call("status", run.events("p0")[0]["listen"], "--json")[1])
            late = run.start("peer", "run.toml", "--set", "peer.name=late", "--set", "peer.threads=1", "--set", "data.parts=2",
                             "--set", "membership.discovery=beacon", "--set", f"membership.beacon_port={self.port}")
            run.wait_for(lambda: self.members(run, "late") == 3, late)
            self.assertEqual(run.events("late")[0]["fingerprint"], terms["fingerprint"])

    def test_with_keys_a_beacon_lets_nobody_in(self):
        with Run(LONG + CURVE) as run:
            for name in ("a", "b"):
                self.assertEqual(run.call("keygen", "keys", "--name", name)[0], 0)
            self.assertEqual(run.call("keygen", "theirs", "--name", "mallory")[0], 0)
            (run.folder / "theirs/a.pub").write_text((run.folder / "keys/a.pub").read_text())
            first = self.start(run, "a", 0, "--set", "security.key=keys/a.key")
            run.wait_for(lambda: self.members(run, "a") == 1, first)
            stranger = self.start(run, "m", 2, "--set", "security.key=theirs/mallory.key", "--set", "security.authorized=theirs")
            self.start(run, "b", 1, "--set", "security.key=keys/b.key")
            run.wait_for(self.met(run, "a", "b"), first)
            self.assertLessEqual(self.members(run, "m"), 1)  # it knocks on, or has begun alone
            self.assertIsNone(stranger.poll())

    def test_who_is_not_authorized_yet_is_told_what_to_do_and_is_met_once_it_is(self):
        with Run(LONG + CURVE) as run:
            for name in ("a", "b"):
                self.assertEqual(run.call("keygen", "keys", "--name", name)[0], 0)
            self.assertEqual(run.call("keygen", "own", "--name", "m")[0], 0)
            for name in ("a", "b"):
                shutil.copy(run.folder / f"keys/{name}.pub", run.folder / "own")
            members = [(name, self.start(run, name, part, "--set", f"security.key=keys/{name}.key")) for part, name in enumerate("ab")]
            run.wait_for(self.met(run, "a", "b"), members[0][1])
            late = self.start(run, "m", 2, "--set", "security.key=own/m.key", "--set", "security.authorized=own")
            public = re.search("public = (.*)", (run.folder / "own/m.pub").read_text()).group(1)
            log = run.folder / "runs/t/m/events.log"
            run.wait_for(lambda: self.members(run, "m") == 1 or (log.exists() and public in log.read_text()), late)
            shutil.copy(run.folder / "own/m.pub", run.folder / "keys")
            run.wait_for(self.met(run, "a", "b", "m"), late)
            self.weight_of_all(run, [*members, ("m", late)])

    def test_a_port_that_somebody_keeps_for_himself_is_named(self):
        with Run(LONG) as run, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("", self.port))
            process = self.start(run, "a", 0)
            _, err = process.communicate(timeout=60 * PATIENCE)
            self.assertEqual(process.returncode, 1)
            self.assertIn("membership.beacon_port", err)
            self.assertIn(str(self.port), err)

    def test_on_another_machine_of_the_network_too(self):
        if not OtherMachine.can_be():
            self.skipTest("a second network namespace needs root")
        with Run(LAN) as run, OtherMachine() as other:
            here = other.address.rsplit(".", 1)[0] + ".1"
            first = self.start(run, "a", 0, "--set", f"peer.listen=tcp://{other.address}:0", on=other.on)
            self.start(run, "b", 1, "--set", f"peer.listen=tcp://{here}:0")
            run.wait_for(self.met(run, "a", "b"), first)

    def test_two_machines_on_a_switch_find_each_other(self):
        if not OtherMachine.can_be():
            self.skipTest("network namespaces need root")
        with Run(LAN) as run, Network(2) as network:
            processes = [(name, self.start(run, name, part, "--set", "peer.listen=tcp://0.0.0.0:0", on=network.on(part)))
                         for part, name in enumerate("ab")]
            run.wait_for(self.met(run, "a", "b"), processes[0][1])
            self.weight_of_all(run, processes)

    @fault
    def test_groups_that_begin_while_the_network_is_cut_become_one_run_once_it_heals(self):
        if not OtherMachine.can_be():
            self.skipTest("network namespaces need root")
        with Run(LAN) as run, Network(2) as network:
            network.cut(1)
            processes = [(name, self.start(run, name, part % 3, "--set", "peer.listen=tcp://0.0.0.0:0", on=network.on(part % 2)))
                         for part, name in enumerate("abcd")]
            run.wait_for(lambda: all(self.members(run, name) == 2 for name in "abcd"), processes[0][1])
            network.heal(1)
            run.wait_for(self.met(run, *"abcd"), processes[0][1])
            self.weight_of_all(run, processes)


if __name__ == "__main__":
    unittest.main()
