"""Bad input: every kind of it in one stream, each to its dead letter, the rest scored."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest.feed import Feed, create_topics
from loadtest.results import Figure
from loadtest.system import System
from models.decode import decode
from models.intake import Intake
from models.money import Rates

if TYPE_CHECKING:
    from pathlib import Path

STREAM = "transactions"
GOOD = 2_000
NUMERIC_IDS = 1_000_000
_SCHEMES = {
    "Visa": ("4", 16),
    "Mastercard": ("51", 16),
    "Mastercard 2-series": ("2221", 16),
    "American Express": ("34", 15),
    "Diners Club": ("36", 14),
    "Discover": ("6011", 16),
    "JCB": ("3528", 16),
    "UnionPay": ("62", 19),
    "Maestro": ("6759", 16),
}


def bad_input(folder: Path, bundle: Path, *, numeric_ids: int = NUMERIC_IDS) -> list[Figure]:
    """Send good and bad records through a broker and see where each went."""
    bad = _bad_records()
    with System(folder, bundle_path=str(bundle)) as system:
        system.start_broker()
        create_topics(system.address, 2)
        feed = Feed(system.address)
        for number in range(GOOD):
            payment = _payment(number)
            feed.send_raw(STREAM, payment["customer_id"].encode(), _json(payment))
            if number % (GOOD // len(bad)) == 0 and number // (GOOD // len(bad)) < len(bad):
                _, key, value = bad[number // (GOOD // len(bad))]
                feed.send_raw(STREAM, key, value)
        feed.watermark(4_000_000_000_000)
        feed.close()
        system.start("worker", "worker")
        system.wait_consumed(STREAM, GOOD + len(bad))
        counters = system.ledger.counters(STREAM)
        letters = system.ledger.dead_letters()
    wanted = Counter(reason for reason, _, _ in bad)
    found = Counter(reason for reason, _, _ in letters)
    kinds = ", ".join(sorted(wanted))
    return [
        Figure(
            "bad records in dead letters with the right reason and their offset",
            f"{sum((wanted & found).values())} of {len(bad)} ({kinds})",
            "all",
            wanted == found and all(offset is not None for _, offset, _ in letters),
        ),
        Figure(
            "good records of the same batches scored",
            f"{counters['scored']:,} of {GOOD:,}",
            "all",
            counters["scored"] == GOOD,
        ),
        _numeric_ids(numeric_ids),
        _planted_cards(),
    ]


def _payment(number: int) -> dict[str, Any]:
    second = number % 60
    return {
        "transaction_id": f"good-{number}",
        "occurred_at": f"2026-03-01T10:{number // 60 % 60:02d}:{second:02d}+01:00",
        "customer_id": f"customer-{number % 50}",
        "merchant_id": f"merchant-{number % 7}",
        "amount_minor": 100 + number,
        "currency": "EUR",
    }


def _bad_records() -> list[tuple[str, bytes | None, bytes | None]]:
    """Return (reason, key, value) of every kind of bad record."""

    def changed(**fields: Any) -> bytes:
        return _json(_payment(0) | {"transaction_id": "bad"} | fields)

    key = b"customer-0"
    card = _card("4", 16, np.random.default_rng(5))
    return [
        ("malformed_json", key, b'{"transaction_id": "bad", '),
        ("invalid_field", key, changed(amount_minor="12.50")),
        ("invalid_field", key, changed(merchant_id=None)),
        ("invalid_field", key, changed(device_id="a\u0000b")),
        ("unknown_currency", key, changed(currency="XXZ")),
        ("negative_amount", key, changed(amount_minor=-1)),
        ("naive_time", key, changed(occurred_at="2026-03-01T10:00:00")),
        ("invalid_time", key, changed(occurred_at="2026-02-30T10:00:00Z")),
        ("far_future", key, changed(occurred_at="2150-03-01T10:00:00Z")),
        ("oversized", key, changed(device_id="x" * 1_000_001)),
        ("conflict", key, _json(_payment(0) | {"amount_minor": 7})),
        ("misrouted", b"somebody-else", changed()),
        ("card_number", key, changed(merchant_id=card)),
        ("card_number", key, changed(device_id=f"{card[:4]} {card[4:8]} {card[8:12]} {card[12:]}")),
        ("tombstone", key, None),
        ("tombstone", key, b""),
        ("not_utf8", key, changed().replace(b"merchant-0", b"merchant-\xff")),
    ]


def _numeric_ids(count: int) -> Figure:
    """Decode so many payments whose declared numeric ids may look like card numbers."""
    rng = np.random.default_rng(17)
    intake = Intake(Rates.none("EUR"), id_formats={"customer_id": "numeric"})
    refused = exempted = 0
    for start in range(0, count, 20_000):
        ids = rng.integers(4_000_000_000_000_000, 6_800_000_000_000_000, min(20_000, count - start))
        values = [
            _json(_payment(start + row) | {"customer_id": str(number)})
            for row, number in enumerate(ids)
        ]
        found = decode(values, None, intake=intake, now_ms=4_000_000_000_000)
        refused += len(found.rejections)
        exempted += found.exempted
    return Figure(
        f"declared numeric ids refused, of {count:,} ({exempted:,} look like card numbers)",
        f"{refused:,}",
        "0",
        refused == 0 and exempted > 0,
    )


def _planted_cards() -> Figure:
    """Plant card numbers of every scheme, plain and spaced, in undeclared fields."""
    rng = np.random.default_rng(29)
    intake = Intake(Rates.none("EUR"))
    values: list[bytes] = []
    for prefix, length in _SCHEMES.values():
        for place in ("merchant_id", "device_id", "terminal_id", "entry_mode", "customer_id"):
            for gap in ("", " ", "-"):
                number = _card(prefix, length, rng)
                shown = gap.join(number[i : i + 4] for i in range(0, length, 4))
                text = shown if place != "entry_mode" else f"card {shown} keyed"
                values.append(_json(_payment(len(values)) | {place: text}))
    found = decode(values, None, intake=intake, now_ms=4_000_000_000_000)
    refused = sum(r.reason == "card_number" for r in found.rejections)
    return Figure(
        "planted card numbers refused (nine schemes, five fields, plain, spaced, hyphenated)",
        f"{refused} of {len(values)}",
        "all",
        refused == len(values),
    )


def _card(prefix: str, length: int, rng: np.random.Generator) -> str:
    """Return a made-up number of a scheme that passes the Luhn check."""
    body = prefix + "".join(str(d) for d in rng.integers(0, 10, length - len(prefix) - 1))
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the Luhn rule
    return body + str(-total % 10)


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()
