"""Line charts as SVG, by hand: a figure of the documentation needs no plotting library."""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 34, 46
# Told apart by who sees no red or no green too (Okabe and Ito 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")


@dataclass
class Axis:
    """Values onto pixels, evenly or by their logarithm."""

    low: float
    high: float
    begin: float
    end: float
    log: bool

    def at(self, value):
        low, high = self._scaled(self.low), self._scaled(self.high)
        return self.begin + (self._scaled(value) - low) / (high - low) * (self.end - self.begin)

    def ticks(self):
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max(1, math.ceil((last - first) / 7))
            return [10.0**power for power in range(first, last + 1, step)]
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 2))
        step *= next(f for f in (1, 2, 5, 10) if (self.high - self.low) / (f * step) <= 6)
        first = math.ceil(self.low / step - 1e-9)
        return [step * i for i in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _scaled(self, value):
        return math.log10(value) if self.log else value


def _axis(values, begin, end, log):
    values = [value for value in values if not log or value > 0.0]
    low, high = min(values), max(values)
    if log:
        low, high = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    if low == high:
        low, high = (low / 10, high * 10) if log else (low - 1, high + 1)
    return Axis(low, high, begin, end, log)


def _text(x, y, words, anchor="middle", turn=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{escape(words)}</text>'


def _grid(x, y):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    lines = []
    for tick in x.ticks():
        lines.append(f'<path d="M{x.at(tick):.1f} {TOP}V{bottom}" stroke="#ddd"/>')
        lines.append(_text(x.at(tick), bottom + 16, f"{tick:g}"))
    for tick in y.ticks():
        lines.append(f'<path d="M{LEFT} {y.at(tick):.1f}H{right}" stroke="#ddd"/>')
        lines.append(_text(LEFT - 6, y.at(tick) + 4, f"{tick:g}", "end"))
    lines.append(f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#444"/>')
    return lines


def chart(title, x_label, y_label, series, log_x=False, log_y=True):
    """`series`: names to points (x, y). On a logarithmic axis points at zero or below are left out."""
    shown = {name: [(a, b) for a, b in points if (not log_x or a > 0) and (not log_y or b > 0)]
             for name, points in series.items()}
    everything = [point for points in shown.values() for point in points]
    x = _axis([a for a, _ in everything], LEFT, WIDTH - RIGHT, log_x)
    y = _axis([b for _, b in everything], HEIGHT - BOTTOM, TOP, log_y)
    turn = f' transform="rotate(-90 14 {(HEIGHT - BOTTOM + TOP) / 2:.0f})"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="11">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
             _text((LEFT + WIDTH - RIGHT) / 2, 20, title),
             _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label),
             _text(14, (HEIGHT - BOTTOM + TOP) / 2, y_label, turn=turn), *_grid(x, y)]
    for place, (name, points) in enumerate(shown.items()):
        colour = COLOURS[place % len(COLOURS)]
        dash = ' stroke-dasharray="5 3"' if place >= len(COLOURS) else ""
        way = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in points)
        lines.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
        height = TOP + 8 + 16 * place
        lines.append(f'<path d="M{WIDTH - RIGHT + 10} {height}h18" stroke="{colour}" stroke-width="2"{dash}/>')
        lines.append(_text(WIDTH - RIGHT + 33, height + 4, name, "start"))
    return "\n".join([*lines, "</svg>", ""])
