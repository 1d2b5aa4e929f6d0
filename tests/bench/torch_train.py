#!/usr/bin/env python3
"""PyTorch on a GPU as the peer of `murmur bench train --device cuda:0`: the same network, the same full step
(forward, cross-entropy, backward, SGD with momentum 0.9) on one batch that stays in the device's memory. Images lie
channels last; under bf16 factors are rounded as autocast does it, beside f32 parameters.

  torch_train.py --model resnet18 --batch 256 --precision bf16 [--compile default|reduce-overhead|...]
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

try:
    import torch
    from torch.nn import functional
except ImportError:
    sys.exit("this python3 has no PyTorch (Debian's, without GPUs: python3-torch)")

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "torch"))
from networks import ResNet18, ResNet20  # noqa: E402

MODELS = {"resnet18": ResNet18, "resnet20": ResNet20}
WARM_UP_STEPS = 20


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="resnet18")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="bf16")
    parser.add_argument("--compile", metavar="MODE", help="a mode of torch.compile; without this, eager")
    parser.add_argument("--windows", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one window, at least")
    return parser.parse_args()


class Trainer:
    def __init__(self, options):
        self.device = torch.device(options.device)
        self.bf16 = options.precision == "bf16"
        self.network = MODELS[options.model]().to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=1e-4, momentum=0.9)
        images = torch.rand(options.batch, 3, 32, 32, device=self.device) * 2 - 1
        self.images = images.contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(10, (options.batch,), device=self.device)
        self.loss = torch.compile(self.loss_of, mode=options.compile) if options.compile else self.loss_of

    def loss_of(self, images, labels):
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            return functional.cross_entropy(self.network(images), labels)

    def step(self):
        self.optimizer.zero_grad()
        self.loss(self.images, self.labels).backward()
        self.optimizer.step()

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def samples_per_second(self, seconds):
        """Steps are queued without waiting for them, all of them done before the clock is read."""
        self.wait()
        start = time.perf_counter()
        steps = 0
        while time.perf_counter() - start < seconds:
            self.step()
            steps += 1
        self.wait()
        return steps * len(self.labels) / (time.perf_counter() - start)


def main():
    options = read_arguments()
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit(f"PyTorch {torch.__version__} finds no GPU")
    if options.compile and not hasattr(torch, "compile"):
        sys.exit(f"PyTorch {torch.__version__} has no torch.compile")
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False  # f32 is f32
    trainer = Trainer(options)
    for _ in range(WARM_UP_STEPS):  # compiles, chooses among algorithms, fills caches
        trainer.step()
    windows = [trainer.samples_per_second(options.seconds) for _ in range(options.windows)]
    print(json.dumps({
        "program": f"PyTorch {torch.__version__}", "model": options.model, "batch": options.batch,
        "device": torch.cuda.get_device_name(trainer.device) if trainer.device.type == "cuda" else options.device,
        "precision": options.precision, "compile": options.compile,
        "samples_per_second": {"median": statistics.median(windows), "min": min(windows), "max": max(windows)},
    }))


if __name__ == "__main__":
    main()
