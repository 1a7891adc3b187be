"""Hourly seals in the ledger: made by the first worker to reach an hour, read by all.

A worker that meets a payment of an hour not yet sealed waits before it and says so
(`reach`). Once every partition of every source waits there or is idle, and the labels known
until a quarter of an hour before have all come in, any of the workers seals the hour in one
transaction. After `seal_wait_s` it seals what there is and marks it incomplete. Seals are made
in order of hour only, so what a payment of an earlier hour reads can never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from models.hashing import keys
from models.merchants import MEMORY_H, Merchants
from models.seal import HOUR_MS, Seal, Volumes, cutoff_ms, needs_volumes, seal
from models.transaction import AUTHORISATION, VERIFICATION
from service.ledger import rollups
from service.ledger.bulk import among
from service.ledger.facts import DAY_MS
from service.ledger.tables import labels, partitions, seals, transactions
from service.sealed_labels import labels_due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from service.ledger import Ledger

KEPT_H = MEMORY_H + MEMORY_H // 3


class SealedMerchants:
    """The merchant table of a process, kept up with the seals in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.table = Merchants()
        self.refresh()

    @property
    def hour(self) -> int | None:
        """The newest sealed hour, None before the first."""
        return self.table.hour

    def refresh(self) -> None:
        """Take in the seals made since the last refresh."""
        with self._ledger.reading() as connection:
            newest = connection.execute(select(func.max(seals.c.hour))).scalar()
            if newest is None or newest == self.table.hour:
                return
            after = newest - KEPT_H if self.table.hour is None else self.table.hour
            found = connection.execute(
                select(seals.c.entries).where(seals.c.hour > after).order_by(seals.c.hour)
            ).scalars()
            packed = list(found)
        for entries in packed:
            self.table.apply(Seal.unpack(entries))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who holds a seal back: partitions behind the hour, and whether labels are."""

    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of topics read at this moment.

    `partitions` counts those of each topic: one that no worker has taken yet is waited for,
    one that the topic has no more is not. What was said of being idle holds for
    `idle_valid_ms`: it is no longer true of a partition whose worker died.
    """

    partitions: Mapping[str, int]
    idle_valid_ms: int


NOTHING_LIVE = Live({}, 0)


def try_seal(
    ledger: Ledger,
    hour: int,
    *,
    label_stream: str,
    legacy_stream: str,
    owner: str,
    now_ms: int,
    give_up: bool,
    live: Live = NOTHING_LIVE,
) -> Waiting | None:
    """Seal an hour if everyone has reached it, or regardless with `give_up`.

    Returns None once a seal of this hour or a later one exists, else who is waited for.
    """

    def behind_of(rows: Sequence[Row[Any]]) -> list[str]:
        return _behind(rows, hour, label_stream, legacy_stream, now_ms, live)

    if not give_up:
        # Asked many times a second: to find somebody behind must not hold up a commit.
        with ledger.reading() as connection:
            if behind := behind_of(connection.execute(select(partitions)).all()):
                previous = connection.execute(select(func.max(seals.c.hour))).scalar()
                sealed = previous is not None and previous >= hour
                return None if sealed else Waiting(tuple(behind))
    try:
        with ledger.begin() as connection:
            # One sealer at a time, and no partition moves meanwhile.
            rows = connection.execute(
                select(partitions).order_by(partitions.c.stream, partitions.c.partition)
                .with_for_update()
            ).all()  # fmt: skip
            previous = connection.execute(select(func.max(seals.c.hour))).scalar()
            if previous is not None and previous >= hour:
                return None
            behind = behind_of(rows)
            if behind and not give_up:
                return Waiting(tuple(behind))
            sources = [r for r in rows if r.stream not in {label_stream, legacy_stream}]
            made, label_ids = _make(connection, hour, previous, sources)
            connection.execute(
                insert(seals).values(
                    hour=hour,
                    complete=not behind,
                    sealed_ms=now_ms,
                    cutoff_ms=cutoff_ms(hour),
                    owner=owner,
                    entries=made.pack(),
                )
            )
            _mark(connection, label_ids, hour)
            if made.day >= 0:
                rollups.fold(connection, hour * HOUR_MS // DAY_MS)
                connection.execute(
                    update(partitions)
                    .where(partitions.c.stream.in_({r.stream for r in sources}))
                    .values(sealed_sequence=partitions.c.next_sequence)
                )
    except IntegrityError:
        return None  # another worker sealed it between our look and our write
    return None


def _behind(
    rows: Sequence[Row[Any]],
    hour: int,
    label_stream: str,
    legacy_stream: str,
    now_ms: int,
    live: Live,
) -> list[str]:
    cutoff = cutoff_ms(hour)
    behind = [
        f"{stream}/{number}"
        for stream, count in live.partitions.items()
        for number in set(range(count)) - {r.partition for r in rows if r.stream == stream}
    ]
    for row in rows:
        count = live.partitions.get(row.stream)
        if row.stream == legacy_stream or (count is not None and row.partition >= count):
            continue
        idle = row.idle and (count is None or now_ms - row.updated_ms <= live.idle_valid_ms)
        if row.stream == label_stream:
            # A label topic that never carried anything is not waited for once it is idle.
            ready = idle if row.watermark_ms is None else row.watermark_ms >= cutoff
        else:
            ready = idle or (row.reached_hour is not None and row.reached_hour >= hour)
        if not ready:
            behind.append(f"{row.stream}/{row.partition}")
    return sorted(behind)


def _make(
    connection: Connection, hour: int, previous: int | None, sources: Sequence[Row[Any]]
) -> tuple[Seal, list[str]]:
    fresh, joined = labels_due(connection, hour)
    volumes = _volumes(connection, sources) if needs_volumes(hour, previous) else None
    return seal(hour, joined, volumes, previous), fresh


def _volumes(connection: Connection, sources: Sequence[Row[Any]]) -> Volumes:
    t = transactions.c
    totals: dict[str, list[int]] = {}
    for source in sources:
        found = connection.execute(
            select(
                t.merchant_id,
                func.count(),
                func.count(t.reporting_minor),
                func.coalesce(func.sum(t.reporting_minor), 0),
            )
            .where(
                and_(
                    t.stream == source.stream,
                    t.partition == source.partition,
                    t.sequence >= source.sealed_sequence,
                    t.sequence < source.next_sequence,
                    t.type.in_((AUTHORISATION, VERIFICATION)),
                    t.merchant_id.is_not(None),
                )
            )
            .group_by(t.merchant_id)
        )
        for merchant, *counts in found:
            total = totals.setdefault(merchant, [0, 0, 0])
            for place, count in enumerate(counts):
                total[place] += int(count)
    columns = np.array(list(totals.values()), np.int64).reshape(-1, 3)
    merchant = keys(list(totals)) if totals else np.empty(0, np.uint64)
    return Volumes(merchant, columns[:, 0], columns[:, 1], columns[:, 2])


def _mark(connection: Connection, label_ids: list[str], hour: int) -> None:
    if label_ids:
        connection.execute(
            update(labels)
            .where(among(connection, labels.c.label_id, label_ids))
            .values(sealed_hour=hour)
        )
