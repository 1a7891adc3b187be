"""One explanation as a waterfall: from the base value, contribution by contribution, to the score.

An SVG without script or outside font. Colours are CSS variables with a value of their own, so a
page may set them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from models.reasons.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHOWN = 9
"""Contributions drawn one by one; all others are one bar."""
WIDTH, TEXT_WIDTH, ROW, TOP = 960, 560, 26, 34
RAISES, LOWERS, PLAIN = "var(--raises, #c0392b)", "var(--lowers, #2471a3)", "var(--ink, #1c1c1e)"
LETTERS = 78


class _Bar(NamedTuple):
    text: str
    start: float
    end: float
    value: str
    colour: str


def waterfall(explanation: Mapping[str, Any], log_odds: float, threshold: float) -> str:
    """Return the picture of an explanation as it is stored, with its score and threshold."""
    say = Wording.of(explanation["language"]).say
    bars = _bars(explanation, log_odds, say)
    ends = [0.0, threshold, *(one.start for one in bars), *(one.end for one in bars)]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0

    def x(value: float) -> float:
        return round(TEXT_WIDTH + (value - low) / span * (WIDTH - TEXT_WIDTH - 60), 1)

    height = TOP + ROW * len(bars) + 30
    told = escape(_told(explanation, log_odds, say), quote=True)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img"',
        f'viewBox="0 0 {WIDTH} {height}" aria-label="{told}">',
        f'<rect width="{WIDTH}" height="{height}" fill="var(--paper, #ffffff)"/>',
        '<g font-family="system-ui, sans-serif" font-size="12" fill="var(--ink, #1c1c1e)">',
    ]
    for value, name, dashes in (
        (0.0, "0", "none"),
        (threshold, say("waterfall", "threshold"), "4 3"),
    ):
        parts.append(
            f'<line x1="{x(value)}" y1="{TOP - 8}" x2="{x(value)}" y2="{height - 22}" '
            f'stroke="var(--faint, #8e8e93)" stroke-dasharray="{dashes}"/>'
            f'<text x="{x(value)}" y="{height - 8 if value == 0.0 else TOP - 14}" '
            f'text-anchor="middle">{name}</text>'
        )
    for row, one in enumerate(bars):
        y = TOP + ROW * row
        left, right = sorted((x(one.start), x(one.end)))
        parts.append(
            f'<text x="8" y="{y + 12}">{escape(_short(one.text))}</text>'
            f'<rect x="{left}" y="{y}" width="{max(right - left, 1):.1f}" height="16" '
            f'fill="{one.colour}"/><text x="{right + 5}" y="{y + 12}">{one.value}</text>'
        )
    return "\n".join((*parts, "</g>", "</svg>\n"))


def _bars(explanation: Mapping[str, Any], log_odds: float, say: Callable[..., str]) -> list[_Bar]:
    base = float(explanation["base_value"])
    facts = explanation["contributions"]
    bars = [_Bar(say("waterfall", "base"), 0.0, base, f"{base:.1f}", PLAIN)]
    at = base
    pulls = [(one["text"], float(one["contribution"])) for one in facts[:SHOWN]]
    rest = sum(float(one["contribution"]) for one in facts[SHOWN:])
    if facts[SHOWN:]:
        pulls.append((say("waterfall", "rest", count=len(facts) - SHOWN), rest))
    for text, pull in pulls:
        colour = RAISES if pull > 0 else LOWERS
        bars.append(_Bar(text, at, at + pull, f"{pull:+.1f}", colour))
        at += pull
    return [*bars, _Bar(say("waterfall", "score"), 0.0, log_odds, f"{log_odds:.1f}", PLAIN)]


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else text[: LETTERS - 1].rstrip() + "…"


def _told(explanation: Mapping[str, Any], log_odds: float, say: Callable[..., str]) -> str:
    """Return the picture in words, for those who do not see it."""
    base = float(explanation["base_value"])
    strongest = "; ".join(
        f"{one['text']}: {one['contribution']:+.1f}" for one in explanation["contributions"][:5]
    )
    first, last = say("waterfall", "base"), say("waterfall", "score")
    return f"{first} {base:.1f}; {strongest}; {last} {log_odds:.1f}"
