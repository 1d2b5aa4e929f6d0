"""Real processes with CURVE keys: who has none gets nothing in, who loses them is out. One ctest a method."""

import os
import re
import signal
import socket
import time
import unittest

from node_run import PATIENCE, SMALL, Run, fault

# Nobody waits for the end of it.
LONG = SMALL.replace("steps = 60", "steps = 100000000")


class Security(unittest.TestCase):
    def curve(self, run, names, toml=LONG):
        """A key for each, and all let in by all."""
        for name in names:
            status, _, err = run.call("keygen", "keys", "--name", name)
            self.assertEqual(status, 0, err)
        (run.folder / "run.toml").write_text(toml + "[security]\nmode = \"curve\"\nauthorized = \"keys\"\n")

    def peer(self, run, name, part, join=(), key=None, more=()):
        arguments = ["peer", "run.toml", "--set", f"peer.name={name}", "--set", "peer.threads=1", "--set", "data.parts=3",
                     "--set", f"data.part={part}", "--set", f"security.key=keys/{key or name}.key", *more]
        for address in join:
            arguments += ["--join", address]
        return run.start(*arguments)

    def address(self, run, name):
        return run.events(name)[0]["listen"]

    def is_training(self, run, name):
        return lambda: any(e["event"] == "progress" and e["step"] > 0 for e in run.events(name))

    def members(self, run, name, count):
        return lambda: run.events(name) and run.events(name)[-1].get("members") == count

    def start_two(self, run):
        first = self.peer(run, "a", 0)
        run.wait_for(self.is_training(run, "a"), first)
        second = self.peer(run, "b", 1, [self.address(run, "a")])
        run.wait_for(self.members(run, "a", 2), first)
        run.wait_for(self.is_training(run, "b"), second)
        return first, second

    def test_a_launch_makes_its_own_keys_and_ends_with_exact_books(self):
        with Run() as run:
            status, _, err = run.call("launch", "run.toml", "--peers", "3", "--set", "security.mode=curve")
            self.assertEqual(status, 0, err)
            summary = run.summary()
            self.assertLess(abs(summary["weight_total"] + summary["weight_in_flight"] - 3), 1e-9)
            for peer in summary["peers"]:
                self.assertGreater(peer["parcels_received"], 0)
            keys = run.folder / "runs/t/keys"
            self.assertEqual(sorted(file.name for file in keys.iterdir()),
                             sorted(f"p{i}.{end}" for i in range(3) for end in ("key", "pub")))
            self.assertEqual((keys / "p0.key").stat().st_mode & 0o777, 0o600)

    @fault
    def test_peers_with_keys_join_and_one_that_loses_its_own_is_out_within_a_second(self):
        with Run() as run:
            self.curve(run, ["a", "b", "c"])
            first, second = self.start_two(run)
            third = self.peer(run, "c", 2, [self.address(run, "b") + "#b"])
            run.wait_for(self.members(run, "a", 3), first)
            (run.folder / "keys/b.pub").unlink()
            since = time.monotonic()
            out = lambda name: lambda: any(e["event"] == "member" and e["peer"] == "b" and e["state"] == "dead"
                                           and e["reason"] == "key no longer authorized" for e in run.events(name))
            run.wait_for(out("a"), first)
            run.wait_for(out("c"), third)
            self.assertLess(time.monotonic() - since, 1.0)
            # The others go on without it, and neither dies of it.
            run.wait_for(self.members(run, "a", 2), first)
            run.wait_for(self.members(run, "c", 2), third)
            for process in (first, second, third):
                self.assertIsNone(process.poll())

    @fault
    def test_a_stranger_is_turned_away_by_name_and_changes_no_mass(self):
        with Run() as run:
            self.curve(run, ["a", "b"])
            first, second = self.start_two(run)
            address = self.address(run, "a")
            # Mallory knows everybody's public keys; nobody knows hers.
            self.assertEqual(run.call("keygen", "hers", "--name", "mallory")[0], 0)
            for name in "ab":
                (run.folder / f"hers/{name}.pub").write_text((run.folder / f"keys/{name}.pub").read_text())
            mallory = run.start("peer", "run.toml", "--join", address, "--set", "peer.name=mallory", "--set",
                                "security.key=hers/mallory.key", "--set", "security.authorized=hers")
            log = run.folder / "runs/t/a/events.log"
            run.wait_for(lambda: "turned away" in log.read_text(), first)
            key = re.search("public = (.*)", (run.folder / "hers/mallory.pub").read_text()).group(1)
            self.assertIn(key, log.read_text())
            # A plain peer, and noise at both sockets.
            plain = run.start("peer", "run.toml", "--join", address, "--set", "peer.name=plain", "--set",
                              "security.mode=none", "--set", "security.key=", "--set", "security.authorized=")
            for endpoint in (run.events("a")[0]["listen"], run.events("a")[0]["listen_bulk"]):
                for _ in range(20):
                    with socket.create_connection(endpoint.removeprefix("tcp://").rsplit(":", 1)) as noise:
                        noise.sendall(os.urandom(5000))
            silence = lambda name: lambda: "nobody has answered yet" in (run.folder / f"runs/t/{name}/events.log").read_text()
            run.wait_for(silence("mallory"), mallory)
            run.wait_for(silence("plain"), plain)
            before = run.events("a")[-1]["step"]
            run.wait_for(lambda: run.events("a")[-1].get("step", 0) > before + 100, first)
            for stranger, name in ((mallory, "mallory"), (plain, "plain")):
                self.assertIsNone(stranger.poll())
                self.assertFalse(self.is_training(run, name)())
            self.assertEqual({e["peer"] for e in run.events("a") if e["event"] == "member"}, {"b"})
            # Both left what they had with each other: nothing came from elsewhere.
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=60 * PATIENCE)
            run.wait_for(lambda: abs(run.events("b")[-1].get("weight", 0) - 2) < 1e-9, second)

    def test_a_peer_without_its_key_is_told_what_to_do(self):
        with Run(SMALL + "[security]\nmode = \"curve\"\n") as run:
            status, _, err = run.call("peer", "run.toml")
            self.assertEqual(status, 2)
            self.assertIn("murmur keygen DIR", err)

    def test_a_key_is_never_made_twice(self):
        with Run() as run:
            self.assertEqual(run.call("keygen", "keys", "--name", "a")[0], 0)
            before = (run.folder / "keys/a.key").read_text()
            status, _, err = run.call("keygen", "keys", "--name", "a")
            self.assertEqual(status, 1)
            self.assertIn("keys/a.key", err)
            self.assertEqual((run.folder / "keys/a.key").read_text(), before)


if __name__ == "__main__":
    unittest.main()
