"""The bank's random review: declined payments that a lot drew, labelled as they really were."""

import json
from dataclasses import replace
from typing import Any

import pytest

from loadtest.demo.reviewing import Reviewing
from loadtest.simulator import Simulation, demo_config

NOW_MS = 1_780_000_000_000
SMALL = replace(demo_config(seed=4), customers=1_500, merchants=1_500, days=3, fraud_rate=0.05)


class FakeFeed:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_raw(self, topic: str, key: bytes, value: bytes) -> None:
        """Keep one label."""
        assert topic == "fraud-labels"
        self.sent.append(json.loads(value))
        assert key.decode() == self.sent[-1]["transaction_id"]

    def flush(self) -> None:
        """Hold nothing back."""


@pytest.fixture(scope="module")
def reviewed() -> tuple[list[dict[str, Any]], set[str], list[dict[str, Any]]]:
    """Give three days' payments, the ids of their frauds, and the labels of a whole review."""
    reviewing, feed = Reviewing(), FakeFeed()
    payments: list[dict[str, Any]] = []
    frauds: set[str] = set()
    for chunk in Simulation(SMALL).chunks():
        reviewing.learn(chunk)
        payments += chunk.transactions.to_dicts()
        frauds |= set(chunk.truth["transaction_id"])
    drawn = [one["transaction_id"] for one in payments]
    assert reviewing.send(drawn, feed, NOW_MS) == len(feed.sent)  # type: ignore[arg-type]  # two methods
    assert reviewing.send(["never-made"], feed, NOW_MS) == 0  # type: ignore[arg-type]  # two methods
    return payments, frauds, feed.sent


def test_each_declined_payment_that_was_drawn_is_labelled_once(
    reviewed: tuple[list[dict[str, Any]], set[str], list[dict[str, Any]]],
) -> None:
    """And no payment that went through: chargebacks tell of those."""
    payments, _, labels = reviewed
    declined = {
        one["transaction_id"]
        for one in payments
        if one["legacy"] is not None and '"declined"' in (one["outcome"] or "")
    }
    named = [one["transaction_id"] for one in labels]
    assert len(named) == len(set(named)) > 50
    assert declined <= set(named)
    by_id = {one["transaction_id"]: one for one in payments}
    assert not any('"approved"' in (by_id[name]["outcome"] or "") for name in named)


def test_labels_say_what_was_simulated_and_that_a_lot_asked(
    reviewed: tuple[list[dict[str, Any]], set[str], list[dict[str, Any]]],
) -> None:
    """Frauds are called fraud and genuine payments genuine, known when they were looked into."""
    _, frauds, labels = reviewed
    assert {one["source"] for one in labels} == {"sample"}
    assert all(one["is_fraud"] == (one["transaction_id"] in frauds) for one in labels)
    assert {one["is_fraud"] for one in labels} == {True, False}
    assert {one["known_at"] for one in labels} == {"2026-05-28T20:26:40.000Z"}
