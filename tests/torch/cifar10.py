"""PyTorch's resnet20 on CIFAR-10, with the budget of a Murmur run: for a figure beside ours.

    python3 cifar10.py FOLDER [--limit 5000] [--epochs 10] [--batch 64] [--seed 1]

FOLDER holds the binary version. Momentum 0.9, learning rate 0.05 on half a cosine, weight decay
5e-4, crops of images padded by 4 pixels, half of them mirrored.
"""

import argparse
import math
from pathlib import Path

import torch
from torch.nn import functional

from networks import ResNet20

MEAN = torch.tensor([0.4914, 0.4822, 0.4465])
DEVIATION = torch.tensor([0.2470, 0.2435, 0.2616])


def read(files):
    data = bytearray(b"".join(file.read_bytes() for file in files))
    records = torch.frombuffer(data, dtype=torch.uint8).reshape(-1, 3073)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).float() / 255
    return (pixels - MEAN[:, None, None]) / DEVIATION[:, None, None], records[:, 0].long()


def augment(images):
    padded = functional.pad(images, (4, 4, 4, 4))
    out = torch.empty_like(images)
    for i, image in enumerate(padded):
        y, x = torch.randint(0, 9, (2,))
        crop = image[:, y : y + 32, x : x + 32]
        out[i] = crop.flip(2) if torch.rand(()) < 0.5 else crop
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    samples, labels = read([options.folder / f"data_batch_{i}.bin" for i in range(1, 6)])
    samples, labels = samples[: options.limit], labels[: options.limit]
    test_samples, test_labels = read([options.folder / "test_batch.bin"])
    model = ResNet20()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    per_epoch = len(samples) // options.batch
    steps = options.epochs * per_epoch
    for step in range(steps):
        if step % per_epoch == 0:
            order = torch.randperm(len(samples))
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * 0.5 * (1 + math.cos(math.pi * step / steps))
        begin = step % per_epoch * options.batch
        chosen = order[begin : begin + options.batch]
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(augment(samples[chosen])), labels[chosen])
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(f"step {step} of {steps}, loss {loss.item():.4f}", flush=True)
    model.eval()
    with torch.no_grad():
        correct = sum(
            (model(x).argmax(1) == y).sum().item()
            for x, y in zip(test_samples.split(100), test_labels.split(100))
        )
    print(f"accuracy {100 * correct / len(test_labels):.2f} %")


if __name__ == "__main__":
    main()
