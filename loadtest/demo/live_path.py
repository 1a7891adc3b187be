"""The path on which payments are decided, and how long each takes on it.

A payment is decided by the bank's rules and answered; then its copy is handed to the producer.
The time of both counts, since the hand-over is the only place where Penumbra could be felt.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import keys, wire
from loadtest.simulator.legacy import Decisions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.feed import Feed
    from loadtest.simulator import Chunk
    from loadtest.simulator.legacy import RulesEngine
    from loadtest.simulator.rows import Rows

NOT_ASKED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """Transactions handed over: ids, when (epoch ms), and milliseconds on the path.

    `took_ms` (n,) is NaN for what the rules are not asked about, refunds and reversals, and for
    payments that came together with another: they find everything warm and would flatter.
    """

    transaction_id: list[str]
    at_ms: NDArray[np.int64]
    took_ms: NDArray[np.float64]


class LivePath:
    """Decides payments one at a time and takes the time of each."""

    def __init__(self) -> None:
        self._took_ms: list[float] = []

    def decide(self, rules: RulesEngine, rows: Rows) -> Decisions:
        """Ask the rules of each row by itself, as an authorisation asks them."""
        if not len(rows):
            return rules.decide(rows)
        answers = []
        for row in range(len(rows)):
            one = rows.take(np.array([row]))
            begun = time.perf_counter()
            answers.append(rules.decide(one))
            took_ms = (time.perf_counter() - begun) * 1000
            if answers[-1].decision[0] != NOT_ASKED:
                self._took_ms.append(took_ms)
        return Decisions(
            np.concatenate([one.decision for one in answers]),
            np.concatenate([one.hits for one in answers]),
        )

    def pass_on(self, chunk: Chunk, feed: Feed) -> Sent:
        """Hand copies of what was decided to the producer, and labels as they become known."""
        transactions = chunk.transactions
        asked = transactions["legacy"].is_not_null().to_list()
        decided_ms, self._took_ms = self._took_ms, []
        if sum(asked) != len(decided_ms):
            raise RuntimeError(f"{len(decided_ms)} decisions for {sum(asked)} payments")
        took, decided = [], iter(decided_ms)
        at_ms = np.empty(len(asked), np.int64)
        pairs = zip(keys(transactions), wire(transactions), asked, strict=True)
        for row, (key, value, was_asked) in enumerate(pairs):
            begun = time.perf_counter()
            feed.send_raw("transactions", key, value)
            handed_ms = (time.perf_counter() - begun) * 1000
            took.append(next(decided) + handed_ms if was_asked else np.nan)
            at_ms[row] = time.time_ns() // 1_000_000
        for key, value in zip(
            keys(chunk.labels, "transaction_id"), wire(chunk.labels), strict=True
        ):
            feed.send_raw("fraud-labels", key, value)
        took_ms = np.array(took, np.float64)
        took_ms[np.flatnonzero(asked)[1:]] = np.nan
        return Sent(transactions["transaction_id"].to_list(), at_ms, took_ms)
