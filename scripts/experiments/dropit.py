"""DropIT: most of what is kept for weight gradients can be dropped, and accuracy stays."""

from lab import average_curve, percent, smooth, spread, thin
from page_parts import table
from svg_plot import chart

SHARES = (0.0, 0.5, 0.9, 0.97)
BATCH, STEPS = 32, 150
MEASURED = {"lenet5": 32, "resnet20": 4}  # to the batch
WINDOW = 15

BASE = f"""
run = "dropit"
[data]
limit = 10000
[model]
kind = "lenet5"
[train]
steps = {STEPS}
batch = {BATCH}
evaluate_every = 0
[policy]
optimizer = "momentum"
learning_rate = 0.05
[gossip]
pace = "sync"
[membership]
probe_interval_ms = 0
[simulate]
peers = 2
trace = true
"""

CASES = {share: [f"train.drop_activations={share}"] for share in SHARES}


def measure(lab, _):
    """Bytes between forward and backward pass, which no simulation changes: by share, of some networks."""
    return {(model, share): lab.bench("train", "--model", model, "--batch", str(batch), "--windows", "1",
                                      "--drop-activations", str(share))["activation_bytes"]
            for model, batch in MEASURED.items() for share in SHARES}


def parts(runs, measured):
    rows = [[f"{share:g}", percent(of), spread([run.test_loss for run in of], ".3f"),
             spread([smooth(run.losses, WINDOW)[-1][1] for run in of], ".3f"),
             *[f"{measured[model, share] / 1e6:.2f} ({measured[model, share] / measured[model, 0.0]:.0%})"
               for model in MEASURED]]
            for share, of in runs.items()]
    return {"memory": table(["dropped", "accuracy, %", "test loss", "training loss", *[f"`{model}`, MB" for model in MEASURED]],
                            rows)}


def figures(runs, measured):
    series = {f"{share:g} dropped": thin(average_curve([smooth(run.losses, WINDOW) for run in of]))
              for share, of in runs.items()}
    memory = {model: [(share, measured[model, share] / measured[model, 0.0]) for share in SHARES]
              for model in MEASURED}
    return {"loss": chart("LeNet-5, mean of seeds", "steps", "training loss", series),
            "memory": chart("activations kept, beside all", "share dropped", "share of bytes", memory, log_y=False)}
