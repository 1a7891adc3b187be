"""Pictures of reports, as SVG text to put inline: no file beside the page, no script.

Colours are drawn as CSS variables of the page (`--ink`, `--faint`, `--line-0` to `--line-5`), so
that a picture is readable on a dark page too.
"""

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

COLOURS = ("#0b6e99", "#b8860b", "#7a5195", "#5b8c5a", "#c0392b", "#767676")
FAINT = "#888888"
INK = "#1c2733"
_STYLE = {
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
    "legend.facecolor": "none",
    "legend.edgecolor": FAINT,
    "svg.hashsalt": "penumbra",  # the same picture has the same ids
}


def axes(x_label: str, y_label: str, *, width: float = 5.6) -> tuple[Figure, Any]:
    """Return a figure of that width in inches, and its axes."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, 3.8), layout="constrained")
        drawn = figure.add_subplot()
        drawn.set_xlabel(x_label)
        drawn.set_ylabel(y_label)
        drawn.grid(alpha=0.25)
        drawn.spines[["top", "right"]].set_visible(False)
    return figure, drawn


def percent(drawn: Any, *, x_digits: int | None = None, y_digits: int | None = None) -> None:
    """Write an axis as percentages, with that many decimals; None leaves it."""
    if x_digits is not None:
        drawn.xaxis.set_major_formatter(PercentFormatter(1, decimals=x_digits))
    if y_digits is not None:
        drawn.yaxis.set_major_formatter(PercentFormatter(1, decimals=y_digits))


def legend(drawn: Any, *, above: bool = False) -> None:
    """Name the lines, in a free corner or above the axes. Names are text, never formulas."""
    with rc_context(_STYLE):
        if above:
            made = drawn.figure.legend(fontsize=8, loc="outside upper center", ncols=3)
        else:
            made = drawn.legend(fontsize=8)
    for name in made.get_texts():
        name.set_parse_math(False)


def colour(number: int) -> str:
    """Return the colour of the n-th line."""
    return COLOURS[number % len(COLOURS)]


def svg(figure: Figure) -> str:
    """Return a figure as an `<svg>` element."""
    buffer = io.StringIO()
    with rc_context(_STYLE):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text.replace(INK, f"var(--ink, {INK})").replace(FAINT, f"var(--faint, {FAINT})")
    for number, plain in enumerate(COLOURS):
        text = text.replace(plain, f"var(--line-{number}, {plain})")
    return text[text.index("<svg") :]
