"""Real processes on this machine: `murmur doctor`. One ctest a method."""

import json
import socket
import time
import unittest

from node_run import SMALL, OtherMachine, Run, free_port

# Nobody waits for the end of it.
LONG = SMALL.replace("steps = 60", "steps = 100000000")
CURVE = "[security]\nmode = \"curve\"\nauthorized = \"keys\"\n"


def taken_after_a_free_one():
    """A server on a port below which nobody is."""
    while True:
        server = socket.create_server(("127.0.0.1", 0))
        try:
            socket.create_server(("127.0.0.1", server.getsockname()[1] - 1)).close()
            return server
        except OSError:
            server.close()


class Doctor(unittest.TestCase):
    def examine(self, run, *arguments, on=()):
        """Exit status, and the findings by their names."""
        status, out, err = run.call("doctor", *arguments, "--json", on=on)
        report = json.loads(out)
        self.assertEqual(status, 0 if report["ok"] else 1, err)
        self.assertEqual(report["ok"], all(f["state"] != "wrong" for f in report["findings"]))
        for finding in report["findings"]:
            self.assertTrue(finding["what"] and finding["next"], finding)
        return status, {finding["check"]: finding for finding in report["findings"]}

    def peer(self, run, *more, on=()):
        process = run.start("peer", "run.toml", "--set", "peer.name=a", "--set", "peer.threads=1", *more, on=on)
        run.wait_for(lambda: any(e["event"] == "progress" and e["step"] > 0 for e in run.events("a")), process)
        return process

    def address(self, run):
        return run.events("a")[0]["listen"]

    def test_this_machine_is_looked_at_without_any_peer(self):
        with Run() as run:
            status, found = self.examine(run)
            self.assertEqual(status, 0, found)
            self.assertEqual(list(found), ["device", "networks", "ports", "loopback"])
            self.assertGreater(found["loopback"]["bytes_per_second"], 0)
            self.assertGreater(found["loopback"]["round_trip_seconds"], 0)
            self.assertIn("127.0.0.1", found["networks"]["what"])
            status, out, _ = run.call("doctor")
            self.assertEqual(status, 0, out)
            self.assertEqual(out.count("next: "), 4)
            self.assertIn("nothing wrong", out)

    def test_a_port_in_use_is_said_also_where_it_is_the_second_of_the_two(self):
        with Run() as run, taken_after_a_free_one() as other:
            taken = other.getsockname()[1]
            for listen in (taken, taken - 1):
                status, found = self.examine(run, "--listen", f"tcp://127.0.0.1:{listen}")
                self.assertEqual(status, 1)
                self.assertEqual(found["ports"]["state"], "wrong")
                self.assertIn(f"tcp://127.0.0.1:{taken}", found["ports"]["what"])
                self.assertEqual(found["loopback"]["state"], "ok")

    def test_a_dead_address_is_named_as_such(self):
        with Run() as run:
            address = f"tcp://127.0.0.1:{free_port()}"
            since = time.monotonic()
            status, found = self.examine(run, address)
            self.assertLess(time.monotonic() - since, 30)
            self.assertEqual(status, 1)
            self.assertEqual(found["peer"]["state"], "wrong")
            self.assertIn(f"nobody listens at {address}", found["peer"]["what"])
            self.assertNotIn("way back", found)
            status, found = self.examine(run, "127.0.0.1:7000")
            self.assertEqual((status, found["peer"]["state"]), (1, "wrong"))

    def test_a_living_peer_is_found_and_dials_back_and_loses_nothing(self):
        with Run(LONG) as run:
            process = self.peer(run)
            status, found = self.examine(run, self.address(run))
            self.assertEqual(status, 0, found)
            start = run.events("a")[0]
            peer = found["peer"]
            self.assertEqual((peer["name"], peer["fingerprint"]), ("a", start["fingerprint"]))
            self.assertGreater(peer["round_trip_seconds"], 0)
            self.assertTrue(found["way there"]["reached"])
            self.assertTrue(found["way back"]["reached"])
            _, out, _ = run.call("status", self.address(run), "--json")
            after = json.loads(out)
            self.assertEqual((after["weight"], after["members_known"], after["messages_refused"]), (1, 1, 0))
            process.terminate()
            process.wait(timeout=60)
            self.assertEqual([e for e in run.events("a") if e["event"] in ("member", "refused")], [])

    def test_a_peer_that_names_an_address_where_nobody_answers_is_found_out(self):
        with Run(LONG) as run:
            self.peer(run, "--set", "peer.advertise=tcp://127.0.0.2:0")
            told = self.address(run)
            status, found = self.examine(run, told.replace("127.0.0.2", "127.0.0.1"))
            self.assertEqual(status, 1)
            self.assertEqual(found["peer"]["state"], "ok")
            self.assertEqual(found["way there"]["state"], "wrong")
            self.assertIn(told, found["way there"]["what"])
            self.assertIn("peer.advertise", found["way there"]["next"])
            self.assertTrue(found["way back"]["reached"])

    def test_a_peer_that_cannot_dial_back_is_found_out(self):
        if not OtherMachine.can_be():
            self.skipTest("a second network namespace needs root")
        with Run(LONG + "[security]\nallow_insecure_lan = true\n") as run, OtherMachine() as other:
            self.peer(run, "--set", f"peer.listen=tcp://{other.address}:0", on=other.on)
            status, found = self.examine(run, self.address(run))
            self.assertEqual((status, found["way back"]["reached"]), (0, True), found)
            # The loopback of this machine is not that of the other.
            status, found = self.examine(run, self.address(run), "--listen", "tcp://127.0.0.1:0")
            self.assertEqual((status, found["peer"]["state"], found["way there"]["state"]), (1, "ok", "ok"))
            self.assertEqual((found["way back"]["state"], found["way back"]["reached"]), ("wrong", False))
            self.assertIn("peer.listen", found["way back"]["next"])

    def test_with_keys_too(self):
        with Run(LONG + CURVE) as run:
            for name in ("a", "ops"):
                self.assertEqual(run.call("keygen", "keys", "--name", name)[0], 0)
            self.peer(run, "--set", "security.key=keys/a.key")
            status, found = self.examine(run, self.address(run), "--key", "keys/ops.key")
            self.assertEqual(status, 0, found)
            self.assertEqual(found["peer"]["name"], "a")
            self.assertTrue(found["way there"]["reached"] and found["way back"]["reached"])
            status, found = self.examine(run, self.address(run))
            self.assertEqual(status, 1)
            self.assertIn("--key", found["peer"]["what"])


if __name__ == "__main__":
    unittest.main()
