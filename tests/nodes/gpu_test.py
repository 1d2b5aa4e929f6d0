"""The program with device = "cuda:0" on a GPU that is not there (tests/late_gpu): everything but the GPU is real."""

import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from node_run import PATIENCE, PROGRAM, SMALL, Run, fault

ON_GPU = "[peer]\ndevice = \"cuda:0\"\n"
LAYERS = SMALL.replace("\"logistic\"", "\"layers\"\nlayers = [\"conv 2 3x3\", \"relu\", \"dropout 0.2\", \"dense 10\"]").replace(
    "steps = 60", "steps = 12") + ON_GPU
LONG = SMALL.replace("steps = 60", "steps = 1000000") + ON_GPU


class LateGpu(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """The program beside that module instead of CUDA's, and a driver's name that answers."""
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="murmur-gpu-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = shutil.copy(PROGRAM, cls.folder / "murmur")
        for name in ("libmurmur_cuda.so", "libcuda.so.1"):
            shutil.copy(os.environ["MURMUR_LATE_GPU"], cls.folder / name)
        os.environ["LD_LIBRARY_PATH"] = str(cls.folder)

    def train(self, toml, *settings):
        """Three peers to the end; what came of it."""
        with Run(toml, self.program) as run:
            sets = [word for setting in settings for word in ("--set", setting)]
            status, _, err = run.call("launch", "run.toml", "--peers", "3", *sets)
            self.assertEqual(status, 0, err)
            summary = run.summary()
            self.assertLess(abs(summary["weight_total"] + summary["weight_in_flight"] - 3), 1e-9)
            self.assertIn("no GPU, done late by the host", run.events("p0")[0]["device_description"])
            return summary

    @staticmethod
    def trains_on_without_one(events):
        deaths = [i for i, e in enumerate(events) if e["event"] == "member" and e["state"] == "dead"]
        return deaths and any(e["event"] == "progress" for e in events[deaths[0]:])

    def test_peers_train_on_a_gpu_and_the_books_balance(self):
        self.assertGreater(self.train(SMALL + ON_GPU)["average"]["test_accuracy"], 0.5)

    def test_in_blocks_too(self):
        self.train(LAYERS, "gossip.block_bytes=4096", "gossip.blocks_per_push=9")

    def test_the_books_balance_whatever_the_codec_the_precision_and_the_protocol(self):
        for settings in (["gossip.codec=\"int8\""], ["train.precision=\"bf16\""], ["gossip.weighting=\"moreau\""],
                         ["gossip.protocol=\"ad-psgd\""], ["gossip.pace=\"bounded\""],
                         ["gossip.protocol=\"choco\"", "gossip.codec=\"topk\""],
                         ["gossip.protocol=\"liec\"", "gossip.codec=\"sign\""]):
            with self.subTest(settings):
                self.train(SMALL + ON_GPU, *settings)

    def test_in_step_processes_and_a_simulation_give_the_same_bits(self):
        for gossip in ("pace = \"sync\"", "protocol = \"choco\"\ncodec = \"randomk\""):
            with self.subTest(gossip), Run(f"{LAYERS}[gossip]\n{gossip}\n", self.program) as run:
                status, _, err = run.call("launch", "run.toml", "--peers", "3")
                self.assertEqual(status, 0, err)
                status, _, err = run.call("simulate", "run.toml", "--set", "simulate.peers=3", "--out", "simulated")
                self.assertEqual(status, 0, err)
                for peer in ("p0", "p1", "p2"):
                    self.assertEqual(run.estimate(peer), run.estimate(peer, "simulated"))

    @fault
    def test_what_was_on_its_way_to_a_killed_peer_comes_back(self):
        with Run(LONG, self.program) as run:
            process = run.start("launch", "run.toml", "--peers", "3")
            run.wait_for(run.all_training(3), process)
            os.kill(run.pids(3)[1], signal.SIGKILL)
            run.wait_for(lambda: self.trains_on_without_one(run.events("p0")), process)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60 * PATIENCE)


if __name__ == "__main__":
    unittest.main()
