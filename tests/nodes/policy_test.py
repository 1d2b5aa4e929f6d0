"""Policies as a user meets them: the program, its presets and what a run of them leaves behind."""

import os
import pathlib
import platform
import struct
import subprocess
import unittest

from node_run import PROGRAM, Run

ROOT = pathlib.Path(__file__).resolve().parents[2]

CONVOLUTIONS = """
run = "t"
[model]
kind = "layers"
layers = ["conv 4 3x3 pad 1", "relu", "conv 4 3x3 pad 1", "relu", "conv 4 3x3 pad 1", "relu", "conv 4 3x3 pad 1", "relu",
          "conv 4 3x3 pad 1", "relu", "conv 4 3x3 pad 1", "relu", "conv 4 3x3 pad 1", "relu", "maxpool 2", "dense 10"]
[train]
steps = 20
batch = 16
evaluate_every = 0
"""


TOO_SMALL = """
run = "t"
[objective]
kind = "quadratic"
centers = "small.csv"
start = "small.csv"
[train]
steps = 8
"""


def end_of(run):
    return run.events("p0")[-1]


class SmallNumbers(unittest.TestCase):
    @unittest.skipUnless(platform.machine() == "x86_64", "only x86-64 takes denormals for zero here")
    def test_what_would_cost_a_processor_a_hundred_times_the_time_is_zero(self):
        with Run(TOO_SMALL) as run:
            (run.folder / "small.csv").write_text("1e-40,1e-30\n1e-40,1e-30\n")
            status, _, err = run.call("simulate", "run.toml", "--set", "simulate.peers=2", "--out", "simulated")
            self.assertEqual(status, 0, err)
            _, numbers = run.estimate("p0", "simulated")
            small, normal = struct.unpack("<2f", numbers)
            self.assertEqual(small, 0.0)
            self.assertAlmostEqual(normal / 1e-30, 1.0, delta=1e-5)


class DroppedActivations(unittest.TestCase):
    def test_a_run_that_drops_them_holds_less(self):
        held = []
        for share in ("0.0", "0.9"):
            with Run(CONVOLUTIONS) as run:
                status, _, err = run.call("launch", "run.toml", "--peers", "2", "--set",
                                          f"train.drop_activations={share}")
                self.assertEqual(status, 0, err)
                held.append(end_of(run)["activation_bytes"])
                self.assertGreater(end_of(run)["memory_peak_bytes"], held[-1])
        self.assertLess(held[1], 0.8 * held[0])

    def test_dropping_all_is_refused(self):
        with Run(CONVOLUTIONS) as run:
            status, _, err = run.call("check", "run.toml", "--set", "train.drop_activations=1.0")
            self.assertEqual(status, 2)
            self.assertIn("train.drop_activations", err)
            self.assertIn("below 1", err)


class OwnOptimizer(unittest.TestCase):
    """The example, built as its text says."""

    def test_peers_train_with_an_optimizer_from_a_shared_library(self):
        with Run((ROOT / "examples/plugin/signum.toml").read_text()) as run:
            subprocess.run(["cc", "-O2", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                            "-I", ROOT, "-o", run.folder / "libsignum.so", ROOT / "examples/plugin/signum.c"],
                           check=True)
            status, _, err = run.call("launch", "run.toml", "--peers", "2")
            self.assertEqual(status, 0, err)
            self.assertGreater(run.summary("runs/signum/summary.json")["average"]["test_accuracy"], 0.6)

    def test_a_library_that_is_not_there_or_none_is_refused_by_name(self):
        with Run() as run:
            status, _, err = run.call("check", "run.toml", "--set", "policy.plugin=libmine.so")
            self.assertEqual(status, 2)
            self.assertIn('policy.plugin=libmine.so: no such file: "libmine.so"', err)
            status, _, err = run.call("launch", "run.toml", "--peers", "2", "--set", "policy.plugin=run.toml")
            self.assertEqual(status, 1)
            self.assertIn("policy.plugin: cannot be loaded", err)


class PresetsScript(unittest.TestCase):
    def test_an_unknown_preset_is_refused_with_those_there_are(self):
        done = subprocess.run([ROOT / "scripts/presets", "--data", "/", "sgdp"], capture_output=True, text=True,
                              env={**os.environ, "MURMUR_PROGRAM": PROGRAM})
        self.assertEqual(done.returncode, 2)
        self.assertIn("no preset sgdp; there are sgp, ", done.stderr)


if __name__ == "__main__":
    unittest.main()
