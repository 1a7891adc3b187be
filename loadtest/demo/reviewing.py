"""The bank's random review: what declined payments that were drawn by lot really were.

A real bank asks the customer. This one knows what it simulated, and says so by an ordinary label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loadtest.simulator import keys, wire
from loadtest.simulator.columns import instants
from loadtest.simulator.label_frames import LABEL_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtest.feed import Feed
    from loadtest.simulator import Chunk


class Reviewing:
    """What is known of the payments that were declined: all a review of them needs."""

    def __init__(self) -> None:
        self._fraud: dict[str, bool] = {}

    def learn(self, chunk: Chunk) -> None:
        """Take in a day: which payments were declined, and which of those were fraud."""
        status = pl.col("outcome").str.json_path_match("$.status")
        decision = pl.col("legacy").str.json_path_match("$.decision")
        declined = (status == "declined") | (status.is_null() & (decision == "decline"))
        asked = chunk.transactions.filter(declined & pl.col("legacy").is_not_null())
        names = asked["transaction_id"]
        self._fraud |= zip(names, names.is_in(chunk.truth["transaction_id"].implode()), strict=True)

    def labels(self, drawn: Sequence[str], now_ms: int) -> pl.DataFrame:
        """Return a label of each declined payment among those drawn, known from `now_ms` on."""
        found = [name for name in drawn if name in self._fraud]
        moment = instants(pl.Series([now_ms], dtype=pl.Int64).to_numpy())
        return pl.DataFrame(
            {
                "transaction_id": found,
                "is_fraud": [self._fraud[name] for name in found],
                "source": ["sample"] * len(found),
                "fraud_type": [None] * len(found),
                "labelled_at": [moment[0]] * len(found),
                "known_at": [moment[0]] * len(found),
                "label_id": [f"review:{name}" for name in found],
                "supersedes": [None] * len(found),
            },
            schema=LABEL_COLUMNS,
        )

    def send(self, drawn: Sequence[str], feed: Feed, now_ms: int) -> int:
        """Send those labels to the bank's topic of labels; return how many."""
        labels = self.labels(drawn, now_ms)
        for key, value in zip(keys(labels, "transaction_id"), wire(labels), strict=True):
            feed.send_raw("fraud-labels", key, value)
        feed.flush()
        return len(labels)
