"""Diagrams of tools/quality and tools/codec_table, as SVG."""

import itertools
import math

COLORS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f"]


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def panel(lines, left, top, x, y):
    """A diagram of the points of `lines` (name -> dicts) in SVG elements. x and y are (key, label); x is logarithmic."""
    width, height = 330, 200
    xs = [math.log10(p[x[0]]) for points in lines.values() for p in points]
    ys = [p[y[0]] for points in lines.values() for p in points]
    x_range = max(max(xs) - min(xs), 1e-9)
    y_range = max(max(ys) - min(ys), 1e-9)

    def place(p):
        column = left + (math.log10(p[x[0]]) - min(xs)) / x_range * width
        return f"{column:.1f},{top + height - (p[y[0]] - min(ys)) / y_range * height:.1f}"

    yield f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#999"/>'
    yield f'<text x="{left + width / 2}" y="{top + height + 30}" text-anchor="middle">{x[1]}</text>'
    yield f'<text x="{left}" y="{top - 8}">{y[1]}</text>'
    for part, anchor in ((0, "start"), (1, "end")):
        at = number(10 ** (min(xs) + part * x_range))
        yield f'<text x="{left + part * width}" y="{top + height + 14}" text-anchor="{anchor}">{at}</text>'
        value = number(min(ys) + part * y_range)
        yield f'<text x="{left - 4}" y="{top + (1 - part) * height + 4}" text-anchor="end">{value}</text>'
    for color, points in zip(itertools.cycle(COLORS), lines.values()):
        yield f'<polyline points="{" ".join(map(place, points))}" fill="none" stroke="{color}" stroke-width="2"/>'
        for p in points:
            column, row = place(p).split(",")
            yield f'<circle cx="{column}" cy="{row}" r="3" fill="{color}"/>'


def plot(lines, title, columns, rows):
    """An SVG with a panel for each of `rows` (y) under each of `columns` (x), and a legend."""
    legend = 42 + 270 * len(rows)
    width, height = 20 + 400 * len(columns), legend + 18 + 18 * len(lines)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">']
    parts += ['<rect width="100%" height="100%" fill="white"/>', f'<text x="60" y="24" font-size="15">{title}</text>']
    for (row, y), (column, x) in itertools.product(enumerate(rows), enumerate(columns)):
        parts += panel(lines, 60 + 400 * column, 60 + 270 * row, x, y)
    for i, (color, name) in enumerate(zip(itertools.cycle(COLORS), lines)):
        parts.append(f'<rect x="60" y="{legend + 18 * i}" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="78" y="{legend + 10 + 18 * i}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])
