"""The operations page: throughput, lag, latency, what was refused, what waits to be sent."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.reads import queue, seal_totals
from service.api.routes.coverage import reconciles
from service.api.routes.health import missing
from service.console.guard import Acting, OurForm, SentForm, Who, needs
from service.console.pages import page
from service.console.percentiles import route_times
from service.redriving import redrive

router = APIRouter(dependencies=[needs("view")])

LETTERS = 25
MOST_ROUTES = 8
MOST_AT_ONCE = 200


@router.get("/operations")
def operations(
    parts: Given,
    who: Who,
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    reason: Annotated[str, Query(max_length=64)] = "",
    done: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show how everything runs."""
    letters = parts.ledger.dead_letter_page(
        before_id=before, limit=LETTERS, reason=reason.replace("\0", "") or None
    )
    return page(
        "operations.html",
        who,
        here="/console/operations",
        letters=letters,
        older=letters[-1].id if len(letters) == LETTERS else None,
        reason=reason,
        reasons=parts.ledger.dead_letter_reasons(),
        done=done,
        **_running(parts),
    )


@router.get("/operations/live")
def live(parts: Given, who: Who) -> Response:
    """Give the part of the page that changes by itself."""
    return page("operations_live.html", who, **_running(parts))


@router.post("/operations/redrive", dependencies=[needs("operate"), OurForm])
def again(parts: Given, by: Acting, sent: SentForm) -> Response:
    """Send the chosen dead letters in again."""
    ids = [int(one) for one in sent.many("letter") if one.isdecimal() and len(one) < 19]  # noqa: PLR2004
    done = redrive(
        parts.ledger,
        parts.settings,
        parts.ledger.dead_letters_by_id(ids[:MOST_AT_ONCE]),
        score=lambda payload: _score(parts, payload),
        publish=parts.labels.publish,
    )
    said = ", ".join(f"{count:,} {way}" for way, count in sorted(done.items())) or "none was chosen"
    parts.ledger.note_action(by, "redrive", detail=said)
    return RedirectResponse(f"/console/operations?done={said}", HTTPStatus.SEE_OTHER)


@router.post("/operations/retry", dependencies=[needs("operate"), OurForm])
def retry(parts: Given, by: Acting) -> Response:
    """Try again what the webhook did not take."""
    count = parts.ledger.retry_deliveries()
    parts.ledger.note_action(by, "retry posts", detail=f"{count} posts")
    return RedirectResponse("/console/operations", HTTPStatus.SEE_OTHER)


def _score(parts: Parts, payload: bytes) -> None:
    parts.scoring.answer([payload])


def _running(parts: Parts) -> dict[str, Any]:
    found = parts.ledger.coverage()
    states = list(found.partitions)
    paces = parts.ledger.paces(states)
    waiting = queue(parts.ledger)
    unscored: Counter[str] = Counter()
    for one in paces:
        unscored.update(one.unscored)
    now_ms = parts.ledger.now_ms()
    owners: dict[str, list[Any]] = {}
    for state in states:
        if state.owner is not None:
            owners.setdefault(state.owner, []).append(state)
    return {
        "now_ms": now_ms,
        "partitions": list(zip(states, paces, strict=True)),
        "owners": sorted(owners.items()),
        "counters": found.total,
        "reconciles": reconciles(found.total),
        "a_minute": sum(one.a_minute for one in paces),
        "newest_ms": max((one.newest_ms or 0 for one in paces), default=0) or None,
        "waiting": waiting,
        "explaining_ms": parts.ledger.explaining_ms(),
        "seals": seal_totals(parts.ledger),
        "routes": route_times(parts.metrics.registry)[:MOST_ROUTES],
        "unscored": unscored.most_common(),
        "missing": missing(parts),
        "deliveries": parts.ledger.delivery_counts(),
        "waiting_labels": parts.ledger.waiting_labels(),
        "webhook": bool(parts.settings.webhook_url),
        "broker": parts.labels.reachable,
    }
