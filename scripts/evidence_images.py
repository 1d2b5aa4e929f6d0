"""Images in two halves of the classes: what weights by distance do to accuracy and consensus.

Every weighting takes the best of a few learning rates. The simulator judges estimates at the end of a run only,
so a point of a curve is a run of its own, of so many steps: at a constant rate, in step, that is the longer run
up to there.
"""

import math
from dataclasses import dataclass

from lab import Lab, mean, spread
from page_parts import table
from size_tables import size_table
from svg_plot import chart

PEERS = 6
GRAPHS = ("complete", "clusters")
OPTIMIZERS = {"sgd": ["policy.optimizer=sgd"],
              "momentum 0.8": ["policy.optimizer=momentum", "policy.momentum=0.8"]}
PUBLISHED = ["gossip.weighting=moreau", "gossip.moreau.distance=exact", "gossip.moreau.space=mass"]
QUANTITIES = {  # names to labels, what they are of a run, and whether their axis is logarithmic
    "accuracy": ("accuracy of the mean, %", lambda run: 100 * run.accuracy, False),
    "consensus": ("consensus distance", lambda run: run.summary["consensus_distance"], True),
}
AGAINST = {"rounds": ("rounds", lambda run: run.summary["peers"][0]["steps"]),
           "bytes": ("MB sent by a peer", lambda run: run.sent / PEERS / 1e6)}
# How many peers of each graph: on a dense one messages grow with the square.
SIZES = {"one-peer-exponential": (4, 16, 64), "clusters": (4, 16)}
ROUNDING = 1e-9  # of consensus distances in single precision: no curve


@dataclass(frozen=True)
class Images:
    """A set of images, what learns it, and how long."""

    title: str
    name: str  # of the part of the page; what the names of its pictures begin with
    set: str
    model: str
    steps: tuple  # of the points of curves; the last is what the table is of
    rates: dict  # optimizers to learning rates, as many for each
    k: tuple  # of Moreau weights

    @property
    def weightings(self):
        return {"uniform": ["gossip.weighting=uniform"], "constant": ["gossip.weighting=constant"],
                **{f"moreau, k = {k}": [*PUBLISHED, f"gossip.moreau.k={k}"] for k in self.k}}

    @property
    def parts(self):
        """Of the page: ends of 6 peers; consensus distance, and loss, against the number of peers."""
        return self.name, f"{self.name}-consensus-sizes", f"{self.name}-loss-sizes"

    @property
    def arms(self):
        return [(graph, optimizer, weighting) for graph in GRAPHS for optimizer in OPTIMIZERS
                for weighting in self.weightings]

    def settings(self, arm, rate, steps):
        graph, optimizer, weighting = arm
        return [f"gossip.topology={graph}", f"train.steps={steps}", f"policy.learning_rate={rate}",
                *OPTIMIZERS[optimizer], *self.weightings[weighting]]


MNIST = Images(title="MNIST", name="mnist", set="idx", model='kind = "lenet5"', steps=(83, 166, 333),
               rates={"sgd": (0.1, 0.2), "momentum 0.8": (0.02, 0.04)}, k=(0.01, 0.1, 1))
CIFAR10 = Images(title="CIFAR-10", name="cifar10", set="cifar10",
                 model="""kind = "layers"
layers = ["conv 16 3x3 stride 2 pad 1", "relu", "conv 32 3x3 stride 2 pad 1", "relu", "dense 10"]""",
                 steps=(100, 200, 400), k=(0.01, 0.1, 1),
                 rates={"sgd": (0.1, 0.2), "momentum 0.8": (0.04, 0.08)})


class Study:
    """Cases of a set of images, as Lab takes them."""

    def __init__(self, images, cases):
        self.SET, self.CASES = images.set, cases
        self.BASE = f"""
run = "evidence"
[data]
partition = "clusters"
[model]
{images.model}
[train]
batch = 50
evaluate_every = 0
[gossip]
pace = "sync"
settle_rounds = 0
[simulate]
peers = {PEERS}
trace = true
"""


def percent(runs):
    return spread([100 * run.accuracy if not run.diverged else math.inf for run in runs], ".2f")


def best_rates(images, ends):
    return {arm: max(images.rates[arm[1]], key=lambda rate: mean([run.accuracy for run in ends[arm, rate]]))
            for arm in images.arms}


def ends_table(images, ends, best):
    """`ends`: (arm, rate) to runs."""
    rows = []
    for arm in images.arms:
        chosen, rates = ends[arm, best[arm]], images.rates[arm[1]]
        lowest = [min(peer["test_accuracy"] or 0.0 for peer in run.summary["peers"]) for run in chosen]
        rows.append([f"`{arm[0]}`", *arm[1:], *[percent(ends[arm, rate]) for rate in rates],
                     *([f"{best[arm]}"] if len(rates) > 1 else []),
                     f"{mean([run.test_loss for run in chosen]):.4f}", f"{100 * mean(lowest):.2f}",
                     f"{mean([run.summary['consensus_distance'] for run in chosen]):.2g}"])
    accuracy = "accuracy of the mean, %"
    columns = [f"rate {sgd} ({momentum})" for sgd, momentum in zip(*images.rates.values())]
    columns = [f"{accuracy}: {columns[0]}", *columns[1:], "best"] if len(columns) > 1 else [accuracy]
    return table(["graph", "optimizer", "weights", *columns, "its loss", "lowest peer, %", "consensus distance"],
                 rows)


def picture(images, curves, optimizer, quantity, against):
    y_label, y_of, log_y = QUANTITIES[quantity]
    x_label, x_of = AGAINST[against]
    series = {f"{arm[0]}, {arm[2]}": [(mean(map(x_of, curves[arm, steps])), mean(map(y_of, curves[arm, steps])))
                                      for steps in images.steps]
              for arm in images.arms if arm[1] == optimizer}
    series = {name: points for name, points in series.items() if points[-1][1] > ROUNDING}
    return chart(f"{images.title}, {optimizer}", x_label, y_label, series, log_y=log_y)


def pictures(images, curves):
    """`curves`: (arm, steps) to runs."""
    return {f"{images.name}-{quantity}-{against}-{optimizer.split()[0]}":
            picture(images, curves, optimizer, quantity, against)
            for optimizer in OPTIMIZERS for quantity in QUANTITIES for against in AGAINST}


def end_cases(images):
    return {(arm, rate): images.settings(arm, rate, images.steps[-1])
            for arm in images.arms for rate in images.rates[arm[1]]}


def size_cases(images):
    """With SGD at the lower of its rates: (graph, weights, peers) to settings."""
    rate = images.rates["sgd"][0]
    return {(graph, weights, peers): [*images.settings((graph, "sgd", weights), rate, images.steps[-1]),
                                      f"simulate.peers={peers}"]
            for graph, sizes in SIZES.items() for weights in images.weightings for peers in sizes}


def size_tables(images, runs):
    """`runs`: (graph, weights, peers) to runs."""
    def rows(value_of):
        return {(graph, weights): [(peers, mean(map(value_of, runs[graph, weights, peers]))) for peers in sizes]
                for graph, sizes in SIZES.items() for weights in images.weightings}

    return [size_table(rows(lambda run: run.summary["consensus_distance"]), sloped=True),
            size_table(rows(lambda run: run.test_loss), sloped=False)]


def check(images, program, folder):
    """The refusals of the program, a line each. Nothing is trained, and glyphs stand for the images."""
    return Lab(program, Study(images, end_cases(images) | size_cases(images)), None, folder).check()


def evidence(images, data, program, seeds, folder):
    """Parts of the page and pictures, by name. `folder`: to run in."""
    def run(name, cases):
        (place := folder / name).mkdir()
        return Lab(program, Study(images, cases), data, place).run_all(seeds)

    end = images.steps[-1]
    ends = run("ends", end_cases(images))
    best = best_rates(images, ends)
    sized = size_tables(images, run("sizes", size_cases(images)))
    curves = run("curves", {(arm, steps): images.settings(arm, best[arm], steps)
                            for arm in images.arms for steps in images.steps[:-1]})
    curves |= {(arm, end): ends[arm, best[arm]] for arm in images.arms}
    return dict(zip(images.parts, [ends_table(images, ends, best), *sized])), pictures(images, curves)
