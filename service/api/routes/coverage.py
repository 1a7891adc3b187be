"""`/v1/coverage`: that everything consumed is accounted for, and what it became."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from models.instants import format_instant
from models.seal import HOUR_MS
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.reads import queue, seal_totals
from service.api.shown import (
    CoverageShown,
    PartitionShown,
    PeriodCoverage,
    SealsShown,
    ShortHistory,
    StreamShown,
)
from service.api.shown_comparison import coverage_shown, period_shown
from service.comparison.windowed import windowed
from service.comparison.windows import Window, periods
from service.ledger import wall_clock_ms
from service.ledger.facts import DAY_MS
from service.metrics import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.api.parts import Parts
    from service.api.scoring.source import HttpSource
    from service.api.shown_comparison import WindowCoverageShown
    from service.ledger import PartitionState

router = APIRouter(tags=["operations"])

MOST_PERIODS = 12
"""The newest periods whose coverage is told."""


@router.get(
    "/v1/coverage",
    summary="What became of everything consumed",
    response_class=Response,
    responses=told(
        "Counters, summed, by stream and by partition.",
        CoverageShown,
        problems=(HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)
def coverage(parts: Given) -> Response:
    """Account for every record consumed."""
    found = parts.ledger.coverage()
    payments, of_periods = _compared(parts)
    seals = seal_totals(parts.ledger)
    newest = None if seals.newest_hour is None else format_instant(seals.newest_hour * HOUR_MS)
    return answer(
        CoverageShown(
            counters=dict(found.total),
            reconciles=reconciles(found.total),
            streams=[
                StreamShown(
                    stream,
                    dict(counters),
                    reconciles(counters),
                    [_partition(state) for state in found.partitions if state.stream == stream],
                )
                for stream, counters in found.streams.items()
            ],
            seals=SealsShown(seals.complete, seals.incomplete, newest),
            alerts_pending=queue(parts.ledger).pending,
            short_history=_short_history(parts.source),
            payments=payments,
            periods=of_periods,
        )
    )


def _compared(parts: Parts) -> tuple[WindowCoverageShown | None, list[PeriodCoverage]]:
    """Return the coverage of all days, and of the newest periods' days."""
    stored = parts.ledger.first_and_last_day()
    if stored is None:
        return None, []
    now_ms = wall_clock_ms()

    def of(window: Window) -> WindowCoverageShown:
        found = windowed(parts.ledger, parts.settings, window, now_ms=now_ms, mix=True)
        return coverage_shown(found.coverage)

    newest = periods(parts.ledger, Window(*stored))[-MOST_PERIODS:]
    return of(Window(*stored)), [
        PeriodCoverage(period_shown(one), of(Window(one.first_ms // DAY_MS, one.last_ms // DAY_MS)))
        for one in newest
    ]


def reconciles(counters: Mapping[str, int]) -> bool:
    """Whether every record consumed became exactly one thing."""
    return counters["consumed"] == sum(counters[status] for status in STATUSES)


def _partition(state: PartitionState) -> PartitionShown:
    mark = state.watermark_ms
    return PartitionShown(
        partition=state.partition,
        next_offset=state.next_offset,
        transactions=state.next_sequence,
        source_epoch=state.source_epoch,
        watermark=None if mark is None else format_instant(mark),
        idle=state.idle,
        owner=state.owner,
        counters=dict(state.counters),
        reconciles=reconciles(state.counters),
    )


def _short_history(source: HttpSource) -> ShortHistory | None:
    known = [one for p in source.partitions if (one := p.short_history()) is not None]
    customers = sum(count for count, _ in known)
    if not customers:
        return None
    return ShortHistory(customers, sum(count * share for count, share in known) / customers)
