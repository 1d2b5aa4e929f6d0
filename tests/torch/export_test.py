"""What `murmur export` writes is what PyTorch loads, name by name. MURMUR_PROGRAM is the program."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import torch

from networks import LeNet5
from loss_curve_test import load, read_safetensors

PROGRAM = os.environ["MURMUR_PROGRAM"]
CONFIG = """
run = "t"
model.kind = "lenet5"
data.limit = 256
train = { steps = 5, batch = 16, evaluate_every = 0 }
peer = { name = "a", threads = 1 }
"""


class Export(unittest.TestCase):
    def murmur(self, folder, *arguments):
        subprocess.run([PROGRAM, *arguments], cwd=folder, check=True, capture_output=True)

    def test_a_checkpoint_loads_in_pytorch_with_the_numbers_of_the_final_estimate(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "run.toml").write_text(CONFIG)
            self.murmur(folder, "peer", "run.toml")
            checkpoints = folder / "runs/t/a/checkpoints"
            self.murmur(folder, "export", checkpoints / "step-000000005.safetensors", "--to", "model.safetensors")
            model = LeNet5()
            load(model, folder / "model.safetensors")  # strictly: every name, and no other
            final = read_safetensors(checkpoints / "final.safetensors")
            for name, tensor in model.state_dict().items():
                self.assertTrue(torch.equal(tensor, final[name]), name)


if __name__ == "__main__":
    unittest.main()
