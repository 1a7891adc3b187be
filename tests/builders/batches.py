"""Batches of one partition, and everything a ledger keeps of them."""

import json
from typing import Any

from builders.api import as_bytes, payment, wire
from builders.pipeline import rows_of
from builders.streams import random_stream

from service.ledger import Ledger

TABLES = {
    "transactions": "sequence",
    "scores": "sequence, bundle_id",
    "legacy_decisions": "transaction_id",
    "alerts": "alert_id",
    "dead_letters": '"offset"',
    "seals": "hour",
}


def stream_of(n: int = 60, seed: int = 3) -> list[bytes]:
    """Return payments over two days, with an unreadable record and a repeat among them."""
    said = as_bytes(wire(random_stream(seed, n, days=2)))
    refund = json.dumps(payment("refund", type="refund")).encode()
    return [*said[:20], b"{", *said[20:40], said[3], refund, *said[40:]]


def said(*payments: dict[str, Any]) -> list[bytes]:
    """Return payments as records."""
    return [json.dumps(one).encode() for one in payments]


def everything(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows that a stream leaves, but when they were made and their own numbers."""
    return {
        table: [row[1:] if table == "dead_letters" else row for row in rows_of(ledger, table, by)]
        for table, by in TABLES.items()
    }
