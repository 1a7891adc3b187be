"""The money page: what risk teams report of a month, beside the month before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response  # noqa: TC002 - read by FastAPI

from models.errors import BadInput
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.telling import money_told
from service.comparison.windows import day_of, month_window, previous_month
from service.console.guard import Who, needs
from service.console.pages import page
from service.console.routes.comparison import as_csv
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from service.api.shown_money import MoneyShown, MoneyWindow, WorkloadShown

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/money"
_Month = Annotated[str, Query(pattern=r"^(\d{4}-\d{2})?$")]


@router.get("/money")
def money(parts: Given, who: Who, month: _Month = "") -> Response:
    """Show a month's figures beside the last: of the newest month with a ripe day, if unasked."""
    first = _first_day(parts, month)
    if first is None:
        return page("comparison_empty.html", who, here=HERE)
    told = _told(parts, first)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return page(
        "money.html", who, here=HERE, told=told, month=first, rows=_rows(told), work=_work(told),
        after=after, before=previous_month(first),
    )  # fmt: skip


@router.get("/money.csv")
def table(parts: Given, month: _Month = "") -> Response:
    """Give the figures as a table for other programs."""
    first = _first_day(parts, month)
    rows: list[tuple[Any, ...]] = [("figure", "kind", "system", "this_month", "month_before")]
    if first is not None:
        told = _told(parts, first)
        rows += [(name, kind, "", *values) for name, kind, *values in _rows(told)]
        for name, kind, legacy, shadow, legacy_before, shadow_before in _work(told):
            rows += [
                (name, kind, "legacy", legacy, legacy_before),
                (name, kind, "shadow", shadow, shadow_before),
            ]
    return as_csv("money.csv", rows)


def _first_day(parts: Parts, month: str) -> date | None:
    stored = parts.ledger.first_and_last_day()
    if stored is None:
        return None
    today = int(datetime.now(UTC).timestamp() * 1000) // DAY_MS
    ripe = today - 1 - parts.settings.label_maturity_days
    newest = day_of(ripe if ripe >= stored[0] else stored[1])
    try:
        return date.fromisoformat(f"{month or format(min(newest, day_of(stored[1])), '%Y-%m')}-01")
    except ValueError:
        raise BadInput(f"month {month!r} is none of the calendar; write 2026-07") from None


def _told(parts: Parts, first: date) -> MoneyShown:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    windows = (month_window(first), month_window(previous_month(first)))
    return money_told(parts.ledger, parts.settings, windows, now_ms=now_ms)


_OF_WINDOW = (
    ("Payments", "count", "payments"),
    ("Volume that went through", "money", "volume_minor"),
    ("Frauds among it", "count", "frauds"),
    ("Fraud, gross", "money", "fraud_gross_minor"),
    ("Fraud, net of what came back", "money", "fraud_net_minor"),
    ("Fraud in basis points, gross", "basis points", "gross_basis_points"),
    ("Fraud in basis points, net", "basis points", "net_basis_points"),
    ("Saved by Penumbra beyond legacy", "money", "value_saved_beyond_legacy_minor"),
    ("Legacy's flags that could be cleared", "share", "clearable"),
    ("Scoring a million payments costs", "cost", "inference_cost_per_million"),
)
_OF_POINT = (
    ("Value detection", "share", "value_detection_rate"),
    ("False positives a fraud", "number", "false_positives_per_fraud"),
    ("Value saved", "money", "value_saved_minor"),
)
_OF_WORK = (
    ("Review hours", "number", "review_hours"),
    ("Genuine payments bothered", "share", "friction_rate"),
)


def _rows(told: MoneyShown) -> list[tuple[str, str, Any, Any]]:
    """Return name, kind, and the value of this month and the last, of every figure."""
    both = (told.current, told.previous)
    return [(name, kind, *(_of(one, field) for one in both)) for name, kind, field in _OF_WINDOW]


def _work(told: MoneyShown) -> list[tuple[Any, ...]]:
    """Return name, kind, and legacy and shadow of this month, then of the last."""
    loads: list[WorkloadShown | None] = [
        _of(one, system) for one in (told.current, told.previous) for system in ("legacy", "shadow")
    ]
    points = [_of(one, "point") for one in loads]
    return [
        (name, kind, *(_of(one, field) for one in of))
        for of, fields in ((points, _OF_POINT), (loads, _OF_WORK))
        for name, kind, field in fields
    ]


def _of(one: MoneyWindow | WorkloadShown | Any | None, field: str) -> Any:
    return None if one is None else getattr(one, field)
