"""What operators look at beside counters: how fast the newest rows came, what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import and_, func, select

from service.ledger.outbox import DeadLetter
from service.ledger.rows import CHAMPION
from service.ledger.tables import alerts, dead_letters, explanations, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from service.ledger.progress import PartitionState

NEWEST = 500
PERCENTILES = (50, 95, 99)
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How the newest rows of a partition were scored.

    `a_minute` counts those of the last minute (at most NEWEST). `delay_ms` are the 50th, 95th and
    99th percentile of the time from a payment to its score; None where there are no rows.
    `unscored` counts reasons among the newest rows.
    """

    a_minute: int
    newest_ms: int | None
    delay_ms: tuple[int, ...] | None
    unscored: dict[str, int]


def pace(connection: Connection, state: PartitionState, now_ms: int) -> Pace:
    """Return how the newest rows of a partition were scored."""
    here = and_(
        scores.c.stream == state.stream,
        scores.c.partition == state.partition,
        scores.c.sequence >= state.next_sequence - NEWEST,
        scores.c.role == CHAMPION,
    )
    same = and_(
        transactions.c.stream == scores.c.stream,
        transactions.c.partition == scores.c.partition,
        transactions.c.sequence == scores.c.sequence,
    )
    found = connection.execute(
        select(scores.c.scored_ms, transactions.c.occurred_ms, scores.c.reason)
        .select_from(scores.join(transactions, same))
        .where(here)
    ).all()
    unscored: dict[str, int] = {}
    for row in found:
        if row[2] is not None:
            unscored[row[2]] = unscored.get(row[2], 0) + 1
    if not found:
        return Pace(0, None, None, unscored)
    scored = np.array([row[0] for row in found], np.int64)
    delay = np.maximum(scored - np.array([row[1] for row in found], np.int64), 0)
    return Pace(
        int(np.count_nonzero(scored > now_ms - MINUTE_MS)),
        int(scored.max()),
        tuple(int(value) for value in np.percentile(delay, PERCENTILES)),
        unscored,
    )


def explaining_ms(connection: Connection) -> tuple[int, ...] | None:
    """Return percentiles of the time from a flag to its explanation, over the newest alerts."""
    found = connection.execute(
        select(explanations.c.created_ms - alerts.c.created_ms)
        .select_from(alerts.join(explanations, explanations.c.alert_id == alerts.c.alert_id))
        .order_by(alerts.c.created_ms.desc())
        .limit(NEWEST)
    ).all()
    if not found:
        return None
    waits = np.maximum([row[0] for row in found], 0)
    return tuple(int(value) for value in np.percentile(waits, PERCENTILES))


def dead_letter_reasons(connection: Connection) -> list[tuple[str, str, int]]:
    """Return (stream, reason, how many) of the dead letters not sent in again."""
    c = dead_letters.c
    found = connection.execute(
        select(c.stream, c.reason, func.count())
        .where(c.redriven_ms.is_(None))
        .group_by(c.stream, c.reason)
        .order_by(func.count().desc())
    )
    return [(row[0], row[1], row[2]) for row in found]


def dead_letter_page(
    connection: Connection, *, before_id: int | None, limit: int, reason: str | None
) -> list[DeadLetter]:
    """Return dead letters, newest first."""
    c = dead_letters.c
    query = select(dead_letters).order_by(c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(c.id < before_id)
    if reason is not None:
        query = query.where(c.reason == reason)
    return [DeadLetter(*row) for row in connection.execute(query)]


def dead_letters_by_id(connection: Connection, ids: Sequence[int]) -> list[DeadLetter]:
    """Return these dead letters, in order."""
    c = dead_letters.c
    found = connection.execute(select(dead_letters).where(c.id.in_(list(ids))).order_by(c.id))
    return [DeadLetter(*row) for row in found]
