"""Tables of a quantity against the number of peers: a row for each setting, a column for each size."""

import math
import statistics

from page_parts import table

ZERO = 1e-15  # below it there is rounding only


def slope(points):
    """Of a straight line through the logarithms, by least squares."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    middle_x, middle_y = statistics.fmean(xs), statistics.fmean(ys)
    return (sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys)) /
            sum((x - middle_x) ** 2 for x in xs))


def size_table(rows, sloped):
    """`rows`: (graph, weights) to (peers, value) pairs. `sloped`: with the slope of logarithms, last."""
    sizes = sorted({size for points in rows.values() for size, _ in points})
    lines = []
    for (graph, weights), points in rows.items():
        found = {size: "0" if value < ZERO else f"{value:.3g}" for size, value in points}
        line = [f"`{graph}`", weights, *[found.get(size, "") for size in sizes]]
        if sloped:
            line.append("-" if max(value for _, value in points) < ZERO else f"{slope(points):+.2f}")
        lines.append(line)
    return table(["graph", "weights", *[f"N = {size}" for size in sizes], *(["slope"] if sloped else [])], lines)
