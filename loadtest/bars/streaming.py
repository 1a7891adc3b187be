"""Streaming drills: warm, feed, disturb, and compare the ledger with the offline replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.feed import Feed, Messages, create_topics
from loadtest.system import System, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from loadtest.bars.material import Material
    from loadtest.ledger_view import Streamed

PARTITIONS = 4
STREAM = "transactions"
DAY_MS = 86_400_000
FAR_MS = 90 * DAY_MS
ADDITIVITY_LIMIT = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Drill:
    """What a drill found. All counts; `worst_additivity` is in log-odds.

    `answered` are flags of which it is said what would have changed them.
    """

    streamed: int
    consumed: int
    accounted: int
    scored: int
    duplicates: int
    not_scored: int
    late: int
    compared: int
    different: int
    flags: int
    explained: int
    answered: int
    worst_additivity: float
    seals: int
    incomplete_seals: int
    rows: Streamed

    @property
    def exact(self) -> bool:
        """Whether everything is accounted for once and equals the replay bit for bit."""
        return (
            self.consumed == self.accounted
            and self.different == 0
            and self.compared == self.scored
            and self.explained == self.flags
            and self.worst_additivity <= ADDITIVITY_LIMIT
        )


def drill(
    folder: Path,
    material: Material,
    expected: NDArray[np.float32],
    disturb: Callable[[System, Material], int],
    **settings: str,
) -> Drill:
    """Warm a fresh system, let `disturb` stream into it, wait for the end, and compare.

    `disturb` returns how many records it sent to the transactions topic, repeats included.
    """
    with System(folder, **settings) as system:
        system.start_broker()
        create_topics(system.address, PARTITIONS)
        system.run(
            "warm", "--data", str(material.past), "--mapping", material.mapping,
            "--labels", str(material.past_labels), "--partitions", str(PARTITIONS),
        )  # fmt: skip
        sent = disturb(system, material)
        system.wait_consumed(STREAM, sent)
        system.wait_explained()
        return _compared(system, material, expected, sent)


def killed_three_times(system: System, material: Material) -> int:
    """Stream everything into one worker that is killed three times on the way."""
    sent = _stream(system, material.transactions, material)
    for share in (0.2, 0.5, 0.8):
        system.start("worker", "worker")
        _wait_for_share(system, share, sent)
        system.kill("worker")
    system.start("worker", "worker")
    return sent


def two_workers(system: System, material: Material) -> int:
    """Stream everything into two workers of one group; one dies half-way, another joins."""
    sent = _stream(system, material.transactions, material)
    system.start("worker-1", "worker")
    system.start("worker-2", "worker")
    _wait_for_share(system, 0.4, sent)
    system.kill("worker-1")
    _wait_for_share(system, 0.6, sent)
    system.start("worker-3", "worker")
    return sent


def broker_restarted_empty(system: System, material: Material) -> int:
    """Stream half, restart the broker with nothing in it, stream the rest and a day again."""
    whole = material.transactions
    half = len(whole.at_ms) // 2
    sent = _stream(system, whole.between(0, half), material, last=False)
    system.start("worker", "worker")
    # The last hour's records wait for a seal that needs the records to come.
    _wait_for_share(system, 0.98, sent)
    system.kill("broker")
    consumed = system.settled(STREAM)  # what the worker had in hand goes on into the ledger
    system.start_broker()
    create_topics(system.address, PARTITIONS)
    back = int(np.searchsorted(whole.at_ms, whole.at_ms[half] - DAY_MS))
    # What the first broker lost unread lies within the day that is sent again.
    return consumed + _stream(system, whole.between(back, len(whole.at_ms)), material)


def _stream(
    system: System, transactions: Messages, material: Material, *, last: bool = True
) -> int:
    """Feed transactions and all labels; return how many transactions that were."""
    feed = Feed(system.address)
    sent = feed.send(transactions, material.label_messages)
    newest = int(transactions.at_ms.max())
    feed.watermark(newest + FAR_MS if last else newest)
    feed.close()
    return sent


def _wait_for_share(system: System, share: float, sent: int) -> None:
    system.wait_consumed(STREAM, int(share * sent))


def _compared(
    system: System, material: Material, expected: NDArray[np.float32], sent: int
) -> Drill:
    ledger = system.ledger
    wait_for(lambda: ledger.counter(STREAM, "consumed") >= sent, "the last record", timeout_s=60)
    counters = ledger.counters(STREAM)
    rows = ledger.streamed(STREAM)
    place = {name: row for row, name in enumerate(material.rows.transaction_id.tolist())}
    wanted = expected[[place[name] for name in rows.transaction_id]]
    found = rows.features[:, : wanted.shape[1]]
    same = (found.view(np.uint32) == wanted.view(np.uint32)).all(axis=1)
    alerts = ledger.alerts()
    bodies = [body for _, body in alerts if body is not None]
    errors = [
        abs(b["base_value"] + sum(c["contribution"] for c in b["contributions"]) - log_odds)
        for (log_odds, b) in alerts
        if b is not None
    ]
    seals, incomplete = ledger.seals()
    return Drill(
        streamed=sent,
        consumed=counters["consumed"],
        accounted=sum(
            counters[name]
            for name in ("scored", "unscored", "duplicates", "not_scored", "dead_letters")
        ),
        scored=counters["scored"],
        duplicates=counters["duplicates"],
        not_scored=counters["not_scored"],
        late=counters["late"],
        compared=len(rows.transaction_id),
        different=int((~same).sum()),
        flags=int(rows.flagged.sum()),
        explained=len(bodies),
        answered=sum(b["what_if"]["found"] for b in bodies),
        worst_additivity=max(errors, default=0.0),
        seals=seals,
        incomplete_seals=incomplete,
        rows=rows,
    )
