"""Our networks and PyTorch's: the same numbers from the same start and the same batches.

Needs PyTorch; MURMUR_LOSS_CURVE names the program that trains ours.
"""

import json
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import torch
from torch.nn import functional

from networks import LeNet5, ResNet20
from transformers import GptMini, VitTiny

PROGRAM = os.environ["MURMUR_LOSS_CURVE"]
STEPS = 50


def read_safetensors(path):
    """The format is a length, a header in JSON, and the numbers."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        numbers = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32)
        tensors[name] = numbers.reshape(entry["shape"])
    return tensors


def load(model, path):
    """Every name must be the model's, and every one of the model's there."""
    tensors = read_safetensors(path)
    for name in model.state_dict():
        if name.endswith("num_batches_tracked"):
            tensors[name] = torch.tensor(0)
    model.load_state_dict(tensors)


def read_batches(folder, sizes):
    count, samples, height, width, channels, labels = sizes
    data = (folder / "batches.bin").read_bytes()
    size = samples * height * width * channels
    for i in range(count):
        begin = i * 4 * (size + samples * labels)
        middle = begin + 4 * size
        numbers = torch.frombuffer(bytearray(data[begin:middle]), dtype=torch.float32)
        expected = bytearray(data[middle : middle + 4 * samples * labels])
        expected = torch.frombuffer(expected, dtype=torch.int32).long()
        if labels > 1:  # one for each token
            yield numbers.long().reshape(samples, height), expected
        else:
            yield numbers.reshape(samples, height, width, channels).permute(0, 3, 1, 2), expected


class LossCurve(unittest.TestCase):
    def check(self, name, model, rate, learned, smoothing=0.0):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            subprocess.run([PROGRAM, name, str(STEPS), str(rate), str(smoothing), folder], check=True)
            lines = (folder / "losses.txt").read_text().splitlines()
            batches = list(read_batches(folder, [int(word) for word in lines[0].split()]))
            *ours, ours_scored = (float(line) for line in lines[1:])

            load(model, folder / "start.safetensors")
            optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
            for step in range(STEPS):
                samples, labels = batches[step % len(batches)]
                optimizer.zero_grad()
                outputs = model(samples.contiguous()).flatten(0, -2)
                loss = functional.cross_entropy(outputs, labels, label_smoothing=smoothing)
                loss.backward()
                optimizer.step()
                with self.subTest(step=step):
                    self.assertLess(abs(loss.item() - ours[step]), 1e-4 * loss.item())
            self.assertLess(ours[-1], learned * ours[0], "little was learned, little compared")

            # What we export, running statistics included, is what PyTorch then computes with.
            load(model, folder / "end.safetensors")
            model.eval()
            with torch.no_grad():
                outputs = model(batches[0][0].contiguous()).flatten(0, -2)
                scored = functional.cross_entropy(outputs, batches[0][1]).item()
            self.assertLess(abs(scored - ours_scored), 1e-4 * scored + 1e-6)

    def test_lenet5(self):
        self.check("lenet5", LeNet5(), 0.05, 0.5)

    def test_resnet20(self):
        # Steps as small as this, because in a deep network of ReLUs roundings grow: at a rate of 0.01
        # PyTorch channels-last parts from PyTorch channels-first by 3 % within these 50 steps, at
        # 0.001 by 0.14 %.
        self.check("resnet20", ResNet20(), 0.0002, 0.95)

    def test_gpt_mini(self):
        self.check("gpt-mini", GptMini(65, 64), 0.02, 0.8)

    def test_vit_tiny(self):
        self.check("vit-tiny", VitTiny(10), 0.005, 0.8, smoothing=0.1)


if __name__ == "__main__":
    unittest.main()
