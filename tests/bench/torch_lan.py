"""One rank of PyTorch over Gloo, for scripts/bench lan: DDP, or local SGD with all-reduce of parameters and
momentum every so many steps. Prints one JSON object a line: seconds since training began, accuracy.

  torch_lan.py --rank R --world N --master HOST --model mlp|lenet5 --data FOLDER --target A [--local-steps H]
"""

import argparse
import gzip
import json
import pathlib
import time

import numpy
import torch
import torch.distributed as dist
from torch import nn

MEAN, DEVIATION = 0.1307, 0.3081


def read_idx(folder, name, offset):
    file = pathlib.Path(folder) / name
    data = file.read_bytes() if file.exists() else gzip.open(f"{file}.gz").read()
    return numpy.frombuffer(data, numpy.uint8, offset=offset)


def read_set(folder, prefix):
    images = read_idx(folder, f"{prefix}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    labels = read_idx(folder, f"{prefix}-labels-idx1-ubyte", 8)
    scaled = (torch.tensor(images).float() / 255 - MEAN) / DEVIATION
    return scaled, torch.tensor(labels).long()


def network(kind):
    if kind == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(),
                             nn.Linear(256, 10))
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10))


def average(optimizer, world):
    """All parameters and their momentum, as one vector."""
    tensors = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            tensors += [parameter.data, optimizer.state[parameter]["momentum_buffer"]]
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    dist.all_reduce(flat)
    flat /= world
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start:start + tensor.numel()].view_as(tensor))
        start += tensor.numel()


def accuracy(model, images, labels):
    with torch.no_grad():
        right = [(model(images[i:i + 256]).argmax(1) == labels[i:i + 256]).sum() for i in range(0, len(images), 256)]
    return float(sum(right)) / len(images)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("rank", int), ("world", int), ("master", str), ("model", str), ("data", str), ("target", float),
                       ("seconds", float)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--local-steps", type=int, default=0, help="0: DDP")
    return parser.parse_args()


def main():
    options = read_arguments()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    images, labels = read_set(options.data, "train")
    mine = torch.randperm(len(images), generator=torch.Generator().manual_seed(2))[options.rank::options.world]
    images, labels = images[mine], labels[mine]
    test = read_set(options.data, "t10k")
    model = network(options.model)
    dist.init_process_group("gloo", init_method=f"tcp://{options.master}:29500", rank=options.rank,
                            world_size=options.world)
    trained = model if options.local_steps else nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    dist.barrier()
    began, step, done = time.monotonic(), 0, torch.zeros(1)
    while not done:
        order = torch.randperm(len(images))
        for start in range(0, len(images) - 31, 32):
            batch = order[start:start + 32]
            optimizer.zero_grad()
            loss(trained(images[batch]), labels[batch]).backward()
            optimizer.step()
            step += 1
            if options.local_steps and step % options.local_steps == 0:
                average(optimizer, options.world)
            # Rank 0's clock counts, and everybody hears what it says: once in 64 steps, a number.
            if step % 64 == 0:
                late = torch.tensor([float(time.monotonic() - began > options.seconds)])
                dist.broadcast(late, 0)
                done = late
                if done:
                    break
        if options.rank == 0 and not done:
            reached = accuracy(model, *test)
            print(json.dumps({"t": time.monotonic() - began, "accuracy": reached}), flush=True)
            done = torch.tensor([float(reached >= options.target)])
        dist.broadcast(done, 0)


if __name__ == "__main__":
    main()
