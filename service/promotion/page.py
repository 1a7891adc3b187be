"""evidence.html: the evidence as one page without scripts, which needs no network."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from service.promotion.gate import words


def render_evidence(body: dict[str, Any]) -> str:
    """Return the page of what evidence.json holds."""
    return _environment().get_template("evidence.html.j2").render(body)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("service.promotion", "."), undefined=StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"words": words, "figure": _figure, "count": "{:,}".format}
    return made


def _figure(value: float | None) -> str:
    """Return a figure with three significant digits; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004
