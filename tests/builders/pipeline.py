"""One partition on a ledger, driven as a worker drives it, without broker or threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plugins.bundles import make_bundle
from sqlalchemy import text

from models.history import Histories
from models.history.state import pack
from models.labels import Labels
from models.transaction import Transactions
from service.ledger import Commit, LabelRows, Ledger
from service.pipeline.arrivals import Arrivals
from service.pipeline.lineup import Lineup
from service.pipeline.partition import PartitionWork
from service.seals import SealedMerchants, Waiting, try_seal
from service.settings import Settings

NOW_MS = 1_785_600_000_000
FAR_MS = 4_000_000_000_000
STREAM = "transactions"
LABELS = "fraud-labels"
LEGACY = "legacy-decisions"


def lineup_of(folder: Path, *, challengers: Sequence[Path] = (), **given: Any) -> Lineup:
    """Load a line-up around a tiny bundle; `given` changes the settings."""
    bundle = folder / "champion"
    if not bundle.exists():
        make_bundle(bundle, threshold=1.0)
    settings = Settings.load(
        var_dir=folder / "var", bundle_path=bundle, challenger_paths=list(challengers), **given
    )
    return Lineup.load(settings)


def settings_of(folder: Path, url: str = "", **given: Any) -> Settings:
    """Return settings with everything under a folder."""
    return Settings.load(var_dir=folder / "var", database_url=url, **given)


def arrivals(
    lineup: Lineup, values: Sequence[bytes | None], *, first: int = 0, keys: Any = None
) -> Arrivals:
    """Decode records at offsets from `first` on."""
    return Arrivals.decoded(
        values,
        [None] * len(values) if keys is None else keys,
        np.arange(first, first + len(values), dtype=np.int64),
        intake=lineup.intake(Settings.load()),
        now_ms=NOW_MS,
        keyed=keys is not None,
    )


@dataclass
class Driver:
    """Takes records into one partition of a ledger, sealing hours as they come."""

    ledger: Ledger
    lineup: Lineup
    partition: int = 0
    stream: str = STREAM
    identity: str = "topic"
    clock: Callable[[], int] = lambda: NOW_MS
    work: PartitionWork = field(init=False)
    merchants: SealedMerchants = field(init=False)

    def __post_init__(self) -> None:
        """Acquire the partition with empty histories."""
        self.merchants = SealedMerchants(self.ledger)
        self.own(Histories())

    def own(self, histories: Histories) -> None:
        """Acquire the partition with these histories."""
        lease = self.ledger.acquire(
            self.stream, self.partition, identity=self.identity, owner="test"
        )
        self.work = PartitionWork(
            self.ledger, lease, histories, self.merchants, self.lineup, self.clock
        )

    def take(self, values: Sequence[bytes | None], *, size: int = 2000, keys: Any = None) -> None:
        """Take records in, in batches of `size`."""
        whole = arrivals(self.lineup, values, first=self.work.lease.next_offset, keys=keys)
        while len(whole):
            batch, whole = whole.split(size)
            while len(batch):
                taken = self.work.take(batch)
                _, batch = batch.split(taken.records)
                if taken.blocked_hour is not None:
                    self.ledger.reach(self.work.lease, taken.blocked_hour)
                    self.seal(taken.blocked_hour)

    def rest(self) -> None:
        """Hold no other partition back."""
        self.ledger.set_idle(self.work.lease, True)

    def seal(self, hour: int) -> None:
        """Seal an hour, which nobody may hold back, and take the seal in."""
        assert seal(self.ledger, hour, give_up=False) is None
        self.merchants.refresh()


def seal(ledger: Ledger, hour: int, *, give_up: bool = False, **given: Any) -> Waiting | None:
    """Try to seal an hour."""
    said: dict[str, Any] = {
        "label_stream": LABELS,
        "legacy_stream": LEGACY,
        "owner": "test",
        "now_ms": NOW_MS,
        "give_up": give_up,
    }
    return try_seal(ledger, hour, **said | given)


def tell(ledger: Ledger, labels: Labels, *, watermark_ms: int = FAR_MS, partition: int = 0) -> None:
    """Write labels as a label worker would, and how far it is."""
    lease = ledger.acquire(LABELS, partition, identity="labels", owner="test")
    ledger.commit(
        lease,
        Commit(
            next_offset=lease.next_offset + len(labels) + 1,
            counters={"consumed": 1, "kept": 1},
            watermark_ms=watermark_ms,
            labels=LabelRows(labels, np.arange(len(labels), dtype=np.int64))
            if len(labels)
            else None,
        ),
    )


def counters(ledger: Ledger, stream: str = STREAM) -> dict[str, int]:
    """Return the counters of a stream that are not 0."""
    found = ledger.coverage().streams.get(stream, {})
    return {name: count for name, count in found.items() if count}


def rows_of(ledger: Ledger, table: str, order: str) -> list[tuple[Any, ...]]:
    """Return all rows of a table."""
    with ledger.reading() as connection:
        found = connection.execute(text(f"SELECT * FROM {table} ORDER BY {order}"))
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in found]


def stored_features(ledger: Ledger) -> dict[str, NDArray[np.float32]]:
    """Return the stored vector of every transaction."""
    with ledger.reading() as connection:
        found = connection.execute(text("SELECT transaction_id, features FROM transactions"))
        return {row[0]: np.frombuffer(row[1], "<f4") for row in found if row[1] is not None}


def differing(ledger: Ledger, rows: Transactions, features: NDArray[np.float32]) -> list[str]:
    """Return the ids whose stored vector differs in any bit from the given one."""
    stored = stored_features(ledger)
    return [
        name
        for name, wanted in zip(rows.transaction_id.tolist(), features, strict=True)
        if name in stored and stored[name].tobytes() != wanted.tobytes()
    ]


def state_of(histories: Histories) -> bytes:
    """Return what histories know of their customers; when they last looked for idle ones aside."""
    return pack(histories._state)
