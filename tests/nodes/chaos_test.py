"""scripts/chaos with a program in Murmur's place that misbehaves in one way: it must be found out. One ctest a method."""

import os
import pathlib
import subprocess
import tempfile
import unittest

CHAOS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/chaos"

# Looks like a peer: records fifty steps a second, and ends with 130 when it is asked to leave.
PROGRAM = """#!/usr/bin/env python3
import json, os, pathlib, select, signal, sys
wrong = os.environ["WRONG"]
name = next(word.split("=")[1] for word in sys.argv if word.startswith("peer.name="))
folder = pathlib.Path("runs/chaos") / name
folder.mkdir(parents=True, exist_ok=True)
def leave(*_):
    os._exit(0 if wrong == "status" else 130)
signal.signal(signal.SIGINT, leave)
ballast = b""
with open(folder / "metrics.jsonl", "w") as out:
    def record(**fields):
        out.write(json.dumps(fields) + "\\n")
        out.flush()
    record(event="start", pid=os.getpid(), listen="tcp://127.0.0.1:1", step=0)
    for step in range(10**9):
        if wrong == "ends" and name == "p0" and len(list(folder.parent.glob("*/metrics.jsonl"))) == 3:
            os._exit(1)
        if step == 10 and wrong == "offence":
            record(event="refused", peer="p9", reason="wrong checksum", count=1)
        if step == 10 and wrong == "gossip":
            record(event="refused", peer="p9", reason="from the dead", count=1)
        record(event="progress", step=step, loss=None if wrong == "loss" else 0.5, weight=-1.0 if wrong == "weight" else 1.0)
        select.select([], [], [], 0.02)
"""


class Chaos(unittest.TestCase):
    def run_with(self, wrong):
        """Exit status and all that is said."""
        with tempfile.TemporaryDirectory(prefix="murmur-") as folder:
            program = pathlib.Path(folder) / "murmur"
            program.write_text(PROGRAM)
            program.chmod(0o755)
            done = subprocess.run([CHAOS, "--minutes", "0.07", "--calm-minutes", "0.02", "--peers", "3", "--fault-every", "60", "--murmur", program],
                                  env={**os.environ, "WRONG": wrong, "TMPDIR": folder}, capture_output=True, text=True,
                                  check=False)
            return done.returncode, done.stdout + done.stderr

    def test_peers_that_do_as_they_should_pass(self):
        status, said = self.run_with("gossip")
        self.assertEqual(status, 0, said)
        self.assertIn("0 violations", said)

    def test_whatever_is_wrong_with_a_peer_is_found(self):
        for wrong, says in (("loss", "loss None"), ("weight", "weight -1.0"), ("ends", "ended by itself, with status 1"),
                            ("offence", "refused a message of p9: wrong checksum"),
                            ("status", "was asked to leave at the end and ended with status 0")):
            with self.subTest(wrong):
                status, said = self.run_with(wrong)
                self.assertEqual(status, 1, said)
                self.assertIn("VIOLATED", said)
                self.assertIn(says, said)


if __name__ == "__main__":
    unittest.main()
