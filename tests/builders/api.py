"""An API over a ledger, without a web server, a relay or a broker; and payments as JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi.testclient import TestClient

from models.instants import format_instant
from models.transaction import CHANNELS, TYPES, UNKNOWN_OFFSET, Transactions
from service.api.app import create_app
from service.api.collector import Metrics
from service.api.label_line import LabelLine
from service.api.parts import Parts
from service.api.scoring.answers import Scoring
from service.api.scoring.pool import ScoringPool
from service.api.scoring.source import HttpSource
from service.explaining import Explaining
from service.ledger import Ledger, wall_clock_ms
from service.pipeline.lineup import Lineup
from service.settings import Settings
from service.stream.memory import MemoryBroker, MemoryProducer
from service.stream.shadow import ShadowProducer

HERE = "http://127.0.0.1"


@dataclass
class Api:
    """A client of the API, and what it stands on."""

    client: TestClient
    parts: Parts
    broker: MemoryBroker

    @property
    def ledger(self) -> Ledger:
        """The ledger under it."""
        return self.parts.ledger

    def score(self, *payments: dict[str, Any]) -> httpx.Response:
        """Post one payment as itself, several as a batch."""
        body = payments[0] if len(payments) == 1 else list(payments)
        answered: httpx.Response = self.client.post("/v1/score", json=body)
        return answered


@contextmanager
def api(
    url: str,
    folder: Path,
    bundle: Path,
    *,
    broker: MemoryBroker | None = None,
    clock: Callable[[], int] = wall_clock_ms,
    **given: Any,
) -> Iterator[Api]:
    """Run an API over the ledger at `url`; closed as `penumbra serve` closes it."""
    settings = Settings.load(
        var_dir=folder / "var", database_url=url, bundle_path=bundle, **{"http_seal_wait_s": 0.5}
        | given,
    )  # fmt: skip
    ledger = Ledger.open(url)
    lineup = Lineup.load(settings)
    source = HttpSource(ledger, lineup, settings, owner="test", clock=clock)
    there = broker or MemoryBroker()
    parts = Parts(
        settings=settings,
        ledger=ledger,
        source=source,
        scoring=Scoring(
            ledger,
            source,
            Explaining.of(lineup),
            legacy_positive=settings.legacy_positive,
            clock=clock,
        ),
        pool=ScoringPool(8),
        labels=LabelLine(
            settings,
            clock,
            producer=lambda _: ShadowProducer(MemoryProducer(there)),
            topics=lambda _: there,
        ),
        metrics=Metrics(ledger, clock),
        relay_alive=lambda: True,
    )
    source.open()
    client = TestClient(create_app(parts), base_url=HERE, raise_server_exceptions=False)
    try:
        yield Api(client, parts, there)
    finally:
        client.close()
        parts.pool.close()
        source.close()
        ledger.close()


def payment(transaction_id: str = "t1", **changed: Any) -> dict[str, Any]:
    """Return a payment as JSON would say it."""
    return {
        "transaction_id": transaction_id,
        "occurred_at": "2026-07-01T12:00:00+02:00",
        "customer_id": "customer",
        "merchant_id": "merchant",
        "amount_minor": 1_000,
        "currency": "EUR",
    } | changed


def wire(rows: Transactions) -> list[dict[str, Any]]:
    """Return transactions of a test stream as they travel."""
    return [_wire(rows, row) for row in range(len(rows))]


def _wire(rows: Transactions, row: int) -> dict[str, Any]:
    offset = int(rows.utc_offset_min[row])
    moment = format_instant(int(rows.occurred_ms[row]) + max(offset, -720) * 60_000)
    if offset == UNKNOWN_OFFSET:
        moment = format_instant(int(rows.occurred_ms[row]))
    else:
        sign = "-" if offset < 0 else "+"
        moment = f"{moment[:-1]}{sign}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
    mcc, channel = int(rows.mcc[row]), int(rows.channel[row])
    known = int(rows.authenticated[row])
    said: dict[str, Any] = {
        "transaction_id": rows.transaction_id[row],
        "occurred_at": moment,
        "customer_id": rows.customer_id[row],
        "merchant_id": rows.merchant_id[row],
        "amount_minor": int(rows.amount_minor[row]),
        "currency": rows.currency[row],
        "type": TYPES[rows.type[row]],
        "channel": CHANNELS[channel] if channel >= 0 else None,
        "mcc": f"{mcc:04d}" if mcc >= 0 else None,
        "country": rows.country[row],
        "ip_country": rows.ip_country[row],
        "device_id": rows.device_id[row],
        "authentication": {"result": "success" if known else "failed"} if known >= 0 else None,
    }
    if not np.isnan(rows.latitude[row]):
        said |= {"latitude": float(rows.latitude[row]), "longitude": float(rows.longitude[row])}
    return {name: value for name, value in said.items() if value is not None}


def as_bytes(payments: list[dict[str, Any]]) -> list[bytes]:
    """Return payments as the bytes of their records."""
    return [json.dumps(one).encode() for one in payments]
