"""The threshold simulator: any threshold or budget over stored days, beside legacy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.shown_comparison import (
    coverage_shown,
    not_enough,
    period_shown,
    window_shown,
)
from service.api.shown_thresholds import point_shown
from service.api.telling import simulator_of
from service.comparison.simulator import LEVELS
from service.comparison.windows import MixedPeriods
from service.console.guard import Who, needs
from service.console.pages import page
from service.console.risk.address import Asked  # noqa: TC001 - read by FastAPI
from service.console.risk.drawn_curve import drawn_curve
from service.console.routes.comparison import as_csv, systems_of

if TYPE_CHECKING:
    from service.comparison.simulator import Simulator
    from service.comparison.windowed import Windowed

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/thresholds"
CURVE_STEP = 10
_Cost = Annotated[str, Query(max_length=12, pattern=r"^([0-9]+(\.[0-9]+)?)?$")]


class Wishes(NamedTuple):
    """What is tried: a least risk score, or a budget of alerts a day; costs instead of the set."""

    risk: int | None = None
    budget: float | None = None
    loss_given_fraud: float | None = None
    review_cost: float | None = None
    friction_cost: float | None = None

    @property
    def costs(self) -> dict[str, float]:
        """The costs that were given."""
        names = ("loss_given_fraud", "review_cost", "friction_cost")
        return {name: one for name in names if (one := getattr(self, name)) is not None}

    def chosen(self, made: Simulator, days: int) -> int:
        """Return the least risk score that is looked at: as asked, else the shadow's best."""
        if self.risk is not None:
            return self.risk
        point = made.best() if self.budget is None else made.within(self.budget * days)
        return LEVELS if point.risk is None else point.risk


def _wishes(
    risk: Annotated[str, Query(max_length=4, pattern="^[0-9]*$")] = "",
    budget: _Cost = "",
    loss_given_fraud: _Cost = "",
    review_cost: _Cost = "",
    friction_cost: _Cost = "",
) -> Wishes:
    numbers = [float(one) if one else None for one in (budget, loss_given_fraud, review_cost,
                                                        friction_cost)]  # fmt: skip
    at = min(int(risk), LEVELS) if risk and not budget else None
    share = None if numbers[1] is None else min(numbers[1], 1.0)
    return Wishes(at, numbers[0], share, *numbers[2:])


Wished = Annotated[Wishes, Depends(_wishes)]


@router.get("/thresholds")
def thresholds(parts: Given, who: Who, asked: Asked, wished: Wished) -> Response:
    """Show the profit curve, a slider, and what the chosen threshold would have made."""
    window = asked.window(parts)
    if window is None:
        return page("comparison_empty.html", who, here=HERE)
    dated = asked.dated(window)
    try:
        found = asked.read(parts, window)
    except MixedPeriods as error:
        return page("comparison_mixed.html", who, here=HERE, asked=dated, systems=systems_of(error))
    return page("thresholds.html", who, here=HERE, asked=dated, **_shown(parts, found, wished))


@router.get("/thresholds/point")
def point(parts: Given, who: Who, asked: Asked, wished: Wished) -> Response:
    """Give the part of the page that follows the slider."""
    window = asked.window(parts)
    if window is None:
        return Response(status_code=204)
    found = replace(asked, mix=True).read(parts, window)
    return page("thresholds_point.html", who, asked=asked, **_shown(parts, found, wished))


@router.get("/thresholds.csv")
def table(parts: Given, asked: Asked, wished: Wished) -> Response:
    """Give every threshold as a table for other programs."""
    window = asked.window(parts)
    rows: list[tuple[Any, ...]] = []
    if window is not None:
        found = asked.read(parts, window)
        curve = _shown(parts, found, wished, step=1)["curve"]
        rows = [tuple(getattr(one, name) for name in one.__struct_fields__) for one in curve]
        rows.insert(0, curve[0].__struct_fields__)
    return as_csv("thresholds.csv", rows)


def _shown(parts: Parts, found: Windowed, wished: Wishes, step: int = CURVE_STEP) -> dict[str, Any]:
    made = simulator_of(parts.ledger, parts.settings, found, wished.costs)
    unknown = not_enough(found, made.base.frauds, parts.settings)

    def shown(point: Any) -> Any:
        return point_shown(point, found.coverage, None, known=unknown is None)

    curve = [shown(made.at(risk)) for risk in range(LEVELS, -1, -step)]
    return {
        "told": _Told(found, parts),
        "curve": curve,
        "drawn": drawn_curve(curve, "profit"),
        "chosen": shown(made.at(wished.chosen(made, found.coverage.days_with_payments))),
        "shadow": shown(made.shadow),
        "legacy": None if made.legacy is None else shown(made.legacy),
        "best": None if unknown else shown(made.best()),
        "base": made.base,
        "unknown": unknown,
        "wished": wished,
        "currency": parts.settings.reporting_currency,
    }


class _Told:
    """What the head of the page says of the window."""

    def __init__(self, found: Windowed, parts: Parts) -> None:
        self.window = window_shown(found.window)
        self.periods = [period_shown(period) for period in found.periods]
        self.legacy_positive = parts.settings.legacy_positive
        self.coverage = coverage_shown(found.coverage)
