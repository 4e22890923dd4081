# SPDX-License-Identifier: Apache-2.0
"""Markdown tables, and a picture of bars as SVG."""

import html

LABEL_WIDTH, BAR_WIDTH, VALUE_WIDTH = 300, 400, 100
ROW_HEIGHT, TITLE_HEIGHT, PADDING = 22, 34, 16
OURS, THEIRS, INK = "#1f6feb", "#9aa4b2", "#24292f"


def number(value):
    """Four digits that count, thousands separated."""
    if isinstance(value, int) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def percent(share):
    return f"{100 * share:.1f} %"


class Table:
    made = []  # all since it was cleared

    def __init__(self, *heads):
        self.heads = heads
        self.rows = []
        self.cells = []
        Table.made.append(self)

    def figures(self):
        """A row after the other, {head: cell}, numbers as they are."""
        return [dict(zip(self.heads, cells)) for cells in self.cells]

    def add(self, *cells):
        self.cells.append(cells)
        self.rows.append([number(c) if isinstance(c, (int, float)) else str(c) for c in cells])

    def markdown(self):
        lines = [self.heads, ["---"] + ["---:"] * (len(self.heads) - 1), *self.rows]
        escaped = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
        return "\n".join("| " + " | ".join(line) + " |" for line in escaped)


def text(x, y, words, size=13, anchor="start", weight="normal"):
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{INK}">{html.escape(words)}</text>'
    )


def bars(title, groups):
    """groups: [(title, [(label, value, ours)])]; the bars of a group share a scale."""
    parts, y = [], PADDING + TITLE_HEIGHT
    for name, rows in groups:
        parts.append(text(PADDING, y, name, weight="bold"))
        most = max(value for _, value, _ in rows)
        for label, value, ours in rows:
            y += ROW_HEIGHT
            x = PADDING + LABEL_WIDTH
            width = max(1, BAR_WIDTH * value / most)
            colour = OURS if ours else THEIRS
            parts.append(text(x - 8, y, label, anchor="end"))
            parts.append(
                f'<rect x="{x}" y="{y - 13}" width="{width:.1f}" height="16" fill="{colour}"/>'
            )
            parts.append(text(f"{x + width + 6:.1f}", y, number(value)))
        y += TITLE_HEIGHT
    width = 2 * PADDING + LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" '
            f'viewBox="0 0 {width} {y}" font-family="sans-serif">',
            f'<rect width="{width}" height="{y}" fill="white"/>',
            text(PADDING, PADDING + 10, title, 15, weight="bold"),
            *parts,
            "</svg>",
            "",
        ]
    )
