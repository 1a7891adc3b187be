"""Pictures of an audit: payments and frauds a day, and drift by week."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from training.audit.findings import Audit
from training.drawing import FAINT, axes, colour, legend, svg

_LINES = 6
_WIDTH = 8.4


def pictures(found: Audit) -> dict[str, str]:
    """Return SVG by title; what the audit has no figures for is left out."""
    time = found.figures("time gaps")
    drawn = {
        "Payments a day": _by_day(time, time.get("payments_by_day"), "Payments", 0, None),
        "Frauds a day": _by_day(
            time,
            found.figures("label rate").get("frauds_by_day"),
            "Frauds",
            4,
            found.figures("label maturity").get("mature_until"),
        ),
        "Drift of inputs against the first weeks": _drift(found.figures("input drift")),
    }
    return {title: picture for title, picture in drawn.items() if picture}


def _by_day(
    time: Mapping[str, Any], counts: list[int] | None, what: str, number: int, mature: str | None
) -> str:
    """Draw a line of days, dashed from where labels are still on their way."""
    if not counts:
        return ""
    figure, drawn = axes("Day (UTC)", what, width=_WIDTH)
    days = np.datetime64(time["first_day"], "D") + np.arange(len(counts))
    drawn.plot(days, counts, color=colour(number), lw=1.2)
    drawn.set_ylim(0, 1.1 * max(*counts, 1))
    drawn.yaxis.get_major_locator().set_params(integer=True)
    if mature is not None and np.datetime64(mature, "D") < days[-1]:
        drawn.axvline(
            np.datetime64(mature, "D"), color=FAINT, ls="--", lw=1, label="later ones: labels due"
        )
        legend(drawn)
    return svg(figure)


def _drift(figures: Mapping[str, Any]) -> str:
    """Draw the stability index of the inputs that move most."""
    moved: dict[str, npt.ArrayLike] = figures.get("by_week", {})
    if not moved:
        return ""
    figure, drawn = axes("Week from", "Population stability index", width=_WIDTH)
    weeks = np.array(figures["weeks"], "datetime64[D]")
    for number, (name, index) in enumerate(list(moved.items())[:_LINES]):
        drawn.plot(weeks, index, "o-", ms=3, lw=1.2, label=name, color=colour(number))
    for bound in (0.1, 0.25):
        drawn.axhline(bound, color=FAINT, ls="--", lw=1)
    drawn.set_ylim(bottom=0)
    legend(drawn, above=True)
    return svg(figure)
