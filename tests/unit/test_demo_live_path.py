"""The live path: payments decided one at a time, copies handed over, the time of each taken."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from loadtest.demo.live_path import LivePath, Sent
from loadtest.simulator import Chunk, LiveStream, demo_config
from loadtest.simulator.legacy import RulesEngine

NIGHT = datetime(2026, 9, 22, 21, 4, 5, tzinfo=UTC).timestamp()
SMALL = replace(demo_config(seed=4), customers=1_500, merchants=1_500, days=3)


class FakeFeed:
    """Keeps what it is handed, by topic."""

    def __init__(self) -> None:
        self.sent: dict[str, list[tuple[bytes | None, bytes | None]]] = {}

    def send_raw(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Keep one record."""
        self.sent.setdefault(topic, []).append((key, value))


def lived(path: LivePath | None, feed: FakeFeed | None = None) -> tuple[list[Chunk], list[Sent]]:
    """Return half a minute of a stream, and what was handed over of it."""
    now = [NIGHT]
    decide = RulesEngine.decide if path is None else path.decide
    stream = LiveStream(SMALL, clock=lambda: now[0], rate=20.0, decide=decide)
    chunks, sent = [], []
    for _ in range(120):
        now[0] += 0.25
        chunks.append(stream.poll())
        if path is not None and feed is not None:
            sent.append(path.pass_on(chunks[-1], feed))  # type: ignore[arg-type]  # one method
    return chunks, sent


@pytest.fixture(scope="module")
def run() -> tuple[list[Chunk], list[Sent], FakeFeed]:
    """Give half a minute of the live path."""
    feed = FakeFeed()
    return *lived(LivePath(), feed), feed


def test_asked_one_by_one_the_rules_say_the_same(
    run: tuple[list[Chunk], list[Sent], FakeFeed],
) -> None:
    """Taking the time of each decision changes none."""
    together, _ = lived(None)
    for one, other in zip(run[0], together, strict=True):
        assert one.transactions.equals(other.transactions)
        assert one.labels.equals(other.labels)


def test_every_transaction_is_handed_over_once_in_order(
    run: tuple[list[Chunk], list[Sent], FakeFeed],
) -> None:
    """What is told of as handed over is what the producer got."""
    chunks, sent, feed = run
    names = [name for chunk in chunks for name in chunk.transactions["transaction_id"]]
    assert len(names) > 400
    assert [name for one in sent for name in one.transaction_id] == names
    assert len(feed.sent["transactions"]) == len(names)
    told = [name.encode() for name in names]
    assert all(
        name in value
        for name, (_, value) in zip(told, feed.sent["transactions"], strict=True)
        if value
    )


def test_one_payment_a_pass_is_timed(run: tuple[list[Chunk], list[Sent], FakeFeed]) -> None:
    """Those that come together with another find everything warm, and are left out."""
    for one in run[1]:
        timed = ~np.isnan(one.took_ms)
        assert timed.sum() <= 1
        assert (one.took_ms[timed] > 0).all()
    assert sum((~np.isnan(one.took_ms)).sum() for one in run[1]) > 90
