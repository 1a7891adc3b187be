"""What a batch carries for comparisons: declared groups, the random sample, the days of repeats."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from models.catalogue import column
from models.hashing import keys, mix
from service.ledger import SampleRows
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.transaction import Transactions
    from service.pipeline.arrivals import Arrivals
    from service.pipeline.settle import Settled
    from service.settings import Settings

LONGEST_GROUP = 64
"""A longer value of a declared group is cut: it names a group, and tells no story."""
_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Compared:
    """What is recorded for comparisons, by the settings."""

    segment_attributes: tuple[str, ...] = ()
    sample_rate: float = 0.0
    sample_salt: str = "penumbra"
    case_window_ms: int = DAY_MS

    @staticmethod
    def of(settings: Settings) -> Compared:
        """Return what the settings say."""
        return Compared(
            tuple(settings.segment_attributes),
            settings.review_sample_rate,
            settings.review_sample_salt,
            settings.case_window_h * 3_600_000,
        )

    def groups(self, rows: Transactions) -> list[str | None] | None:
        """Return the declared groups of each row as JSON, None where it states none."""
        if not self.segment_attributes:
            return None
        columns = [rows.attribute(name).tolist() for name in self.segment_attributes]
        found: list[str | None] = []
        for values in zip(*columns, strict=True):
            stated = {
                name: str(value)[:LONGEST_GROUP]
                for name, value in zip(self.segment_attributes, values, strict=True)
                if value is not None
            }
            found.append(_encode(stated).decode() if stated else None)
        return found

    def sample(self, rows: Transactions, scored: NDArray[np.int64]) -> SampleRows | None:
        """Draw from the scored rows: the same payments whoever draws, and whenever."""
        if self.sample_rate <= 0:
            return None
        drawn = scored[sampled(rows.transaction_id[scored], self.sample_rate, self.sample_salt)]
        return SampleRows(drawn, self.sample_rate) if len(drawn) else None


def sampled(transaction_ids: NDArray[np.object_], rate: float, salt: str) -> NDArray[np.bool_]:
    """Return which ids are in a sample of this rate: a matter of the id and the salt alone."""
    seed = int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "little")
    mixed = mix(keys(transaction_ids), np.full(len(transaction_ids), seed, np.uint64))
    # The upper 53 bits as a number of [0, 1).
    return (mixed >> np.uint64(11)) * 2.0**-53 < rate


def history_days(
    n: int, scored: NDArray[np.int64], kernel: NDArray[np.float32]
) -> NDArray[np.int16]:
    """Return for how many whole days each customer was known, -1 for rows without features."""
    days = np.full(n, -1, np.int16)
    days[scored] = np.minimum(kernel[:, column("tenure_days")], np.iinfo(np.int16).max)
    return days


def duplicate_days(batch: Arrivals, settled: Settled) -> NDArray[np.int64]:
    """Return the days on which repeated payments happened."""
    repeated = ~settled.new
    repeated[[np.searchsorted(batch.record, r.record) for r in settled.conflicts]] = False
    return batch.transactions.occurred_ms[repeated] // DAY_MS
