"""The payments behind a cell of the comparison's matrix: as a page, and as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response  # noqa: TC002 - read by FastAPI

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.comparison.opening import Asked as Opening
from service.comparison.opening import opened
from service.console.guard import Acting, Who, needs
from service.console.pages import page
from service.console.risk.address import Asked, RiskAddress  # noqa: TC001 - read by FastAPI
from service.console.routes.comparison import HERE, as_csv
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.comparison.opening import OpenedRow
    from service.comparison.windows import Window

router = APIRouter(dependencies=[needs("view")])

PER_PAGE = 100
PER_FILE = 10_000
COLUMNS = ("transaction_id", "customer_id", "occurred_ms", "reporting_minor", "legacy_decision",
           "risk", "flagged", "is_fraud")  # fmt: skip


class Cell(NamedTuple):
    """A cell of the matrix, "" where all of a side are meant; `text` goes into an address."""

    legacy: Literal["negative", "positive", "unknown", ""] = ""
    shadow: Literal["clear", "flagged", "unscored", ""] = ""
    truth: Literal["genuine", "fraud", "unknown", ""] = ""

    @property
    def text(self) -> str:
        """The query string of this cell."""
        return urlencode(self._asdict())


OfCell = Annotated[Cell, Depends(Cell)]


@router.get("/comparison/payments")
def payments(
    parts: Given,
    who: Who,
    by: Acting,
    asked: Asked,
    cell: OfCell,
    before: Annotated[str, Query(max_length=100, pattern="^(\\d{1,15}:[^\\x00]*)?$")] = "",
) -> Response:
    """Open a cell: its payments, newest first."""
    window = asked.window(parts)
    if window is None:
        return page("comparison_empty.html", who, here=HERE)
    moment, _, transaction_id = before.partition(":")
    cursor = (int(moment), transaction_id) if before else None
    rows = _opened(parts, asked, window, cell, cursor, PER_PAGE)
    parts.ledger.note_action(by, "open payments", detail=" ".join(filter(None, cell)))
    return page(
        "comparison_payments.html", who, here=HERE, asked=asked.dated(window), rows=rows,
        cell=cell, currency=parts.settings.reporting_currency,
        older=f"{rows[-1].occurred_ms}:{rows[-1].transaction_id}" if len(rows) == PER_PAGE else "",
    )  # fmt: skip


@router.get("/comparison/payments.csv")
def payments_table(parts: Given, by: Acting, asked: Asked, cell: OfCell) -> Response:
    """Give the newest payments of a cell as a table for other programs."""
    window = asked.window(parts)
    rows = [] if window is None else _opened(parts, asked, window, cell, None, PER_FILE)
    parts.ledger.note_action(by, "export payments", detail=" ".join(filter(None, cell)))
    told = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
    return as_csv("payments.csv", [COLUMNS, *told])


def _opened(
    parts: Parts,
    asked: RiskAddress,
    window: Window,
    cell: Cell,
    cursor: tuple[int, str] | None,
    limit: int,
) -> Sequence[OpenedRow]:
    found = replace(asked, mix=True).read(parts, window)
    return opened(
        parts.ledger,
        window,
        Opening(cell.legacy or None, cell.shadow or None, cell.truth or None, None),
        legacy_positive=parts.settings.legacy_positive,
        ripe_ms=found.ripe_until * DAY_MS,
        cursor=cursor,
        limit=limit,
    )
