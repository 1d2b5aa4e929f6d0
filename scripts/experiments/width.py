"""Width and large batches: of networks of equal size, wide ones take larger batches than deep ones."""

from page_parts import table
from svg_plot import chart

SAMPLES = 10000
DEPTHS = (2, 3, 4, 6, 8)
BATCHES = (8, 16, 32, 64, 128, 256, 512)
PARAMETERS, TARGET, EPOCHS = 20000, 0.9, 15

# Images of 7 x 7, so that most parameters are of the layers whose number and width is varied.
BASE = f"""
[data]
limit = {SAMPLES}
[policy]
learning_rate = 0.05
[peer]
threads = 1
"""

CASES = {}
ARGUMENTS = ["--before", "avgpool 4", "--parameters", PARAMETERS, "--target", TARGET, "--epochs", EPOCHS,
             "--depths", ",".join(map(str, DEPTHS)), "--batches", ",".join(map(str, BATCHES))]


def measure(lab, seeds):
    return lab.study_base("width-study", *ARGUMENTS, "--seeds", seeds)["shapes"]


def cell(epochs):
    return "-" if epochs is None else f"{epochs:.1f}"


def parts(_, shapes):
    rows = [[f"{shape['depth']} x {shape['width']}", f"{shape['noise_at_start']:.0f}", f"{shape['noise_on_way']:.0f}",
             *map(cell, shape["epochs"]), f"**{shape['batch_max']}**"] for shape in shapes]
    return {"epochs": table(["depth x width", "B_S at the start", "B_S on the way", *[f"batch {b}" for b in BATCHES],
                             "largest batch"], rows)}


def figures(_, shapes):
    series = {f"{shape['depth']} layers, {shape['width']} wide":
              [(batch, epochs) for batch, epochs in zip(BATCHES, shape["epochs"]) if epochs is not None]
              for shape in shapes}
    return {"epochs": chart(f"to {100 * TARGET:.0f} %", "samples a step", "passes over the data", series, log_x=True)}
