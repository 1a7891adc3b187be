"""A file backtested and the same payments streamed give the same comparison, to the last figure."""

import csv
import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from plugins.bundles import make_bundle

from models.hashing import kafka_partition
from service.backtest import backtest
from service.commands.files import read_mapped
from service.comparison.evidence import Evidence, gather, write
from service.comparison.windows import Window
from service.ledger import Ledger
from service.pipeline.lineup import Lineup
from service.settings import Settings
from service.stream.connect import open_consumer, open_producer
from service.stream.ports import Outgoing, Topics
from service.worker import Worker

pytestmark = pytest.mark.xdist_group("comparison_live")  # streamed once

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
NOW_MS = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
PARTITIONS = 2
PATIENCE_S = 240.0
CHOICES: dict[str, Any] = {
    "legacy_positive": "decline+review",
    "label_clock": "record",
    "review_sample_rate": 0.2,
    "idle_after_s": 0.1,
    "session_timeout_ms": 3000,
    "heartbeat_interval_ms": 1000,
}


class Material:
    """Payments over four days with labels, legacy decisions, a repeat and a refused one."""

    def __init__(self) -> None:
        rng = np.random.default_rng(4)
        self.payments: list[dict[str, Any]] = []
        self.legacy: list[dict[str, Any]] = []
        self.labels: list[dict[str, Any]] = []
        for number in range(400):
            when = START + timedelta(minutes=14 * number + int(rng.integers(10)))
            fraud = bool(rng.random() < 0.2)
            one = {
                "transaction_id": f"p{number}",
                "occurred_at": f"{when:%Y-%m-%dT%H:%M:%SZ}",
                "customer_id": f"c{rng.integers(60)}",
                "merchant_id": f"m{rng.integers(5)}",
                "amount_minor": int(rng.gamma(2, 4000) * (3 if fraud else 1)),
                "currency": "EUR" if rng.random() < 0.95 else "USD",
                "channel": str(rng.choice(["ecommerce", "card_present"])),
            }
            self.payments.append(one)
            if number % 10:
                decision = "review" if rng.random() < (0.5 if fraud else 0.05) else "approve"
                self.legacy.append(
                    {
                        "transaction_id": one["transaction_id"],
                        "decision": decision,
                        "rules": ["high_amount"] if decision == "review" else [],
                        "ruleset_version": "v1",
                    }
                )
            if fraud or number % 3 == 0:
                known = when + timedelta(hours=30)
                self.labels.append(
                    {
                        "transaction_id": one["transaction_id"],
                        "is_fraud": fraud,
                        "source": "chargeback",
                        "labelled_at": f"{when:%Y-%m-%dT%H:%M:%SZ}",
                        "known_at": f"{known:%Y-%m-%dT%H:%M:%SZ}",
                        "label_id": f"label-{number}",
                    }
                )
        self.labels.sort(key=lambda one: one["known_at"])
        self.payments.insert(200, dict(self.payments[199]))
        self.payments.insert(
            210, self.payments[209] | {"transaction_id": "bad", "amount_minor": -1}
        )


def backtested(folder: Path, bundle: Path, material: Material) -> Evidence:
    """Backtest the material from files, the legacy decisions inside the payments."""
    told = {one["transaction_id"]: one for one in material.legacy}
    inside = [
        one | {"legacy": json.dumps({k: v for k, v in told[i].items() if k != "transaction_id"})}
        if (i := one["transaction_id"]) in told
        else one | {"legacy": None}
        for one in material.payments
    ]
    pl.DataFrame(inside).write_parquet(folder / "payments.parquet")
    pl.DataFrame(material.labels).write_parquet(folder / "labels.parquet")
    settings = Settings.load(
        var_dir=folder / "file", bundle_path=bundle, legacy_source="inline", **CHOICES
    )
    ledger, lineup = Ledger.open(settings.ledger_url), Lineup.load(settings)
    source = read_mapped(
        settings,
        lineup.intake(settings),
        folder / "payments.parquet",
        "canonical",
        folder / "labels.parquet",
        NOW_MS,
    )
    backtest(
        ledger,
        settings,
        lineup,
        source.frame,
        source.mapped,
        source.labels,
        stream="file",
        start_ms=None,
        owner="test",
        clock=lambda: NOW_MS,
        progress=lambda _: None,
    )
    return evidence_of(ledger, settings)


def streamed(
    folder: Path,
    bundle: Path,
    material: Material,
    broker: Settings,
    new_topic: Callable[..., str],
) -> Evidence:
    """Stream the material through a broker to a worker; legacy decisions come afterwards."""
    topics = {
        "topic_transactions": new_topic(PARTITIONS),
        "topic_fraud_labels": new_topic(),
        "topic_legacy_decisions": new_topic(),
    }
    settings = Settings.load(
        var_dir=folder / "live",
        bundle_path=bundle,
        legacy_source="topic",
        kafka_bootstrap_servers=broker.kafka_bootstrap_servers,
        group_id=f"penumbra-test-{uuid.uuid4().hex}",
        **topics,
        **CHOICES,
    )
    place = kafka_partition([one["customer_id"] for one in material.payments], PARTITIONS)
    mark = {"watermark": "2027-01-01T00:00:00Z"}
    producer = open_producer(settings)
    nowhere = [0] * (len(material.labels) + 1)
    for topic, rows, places in (
        (topics["topic_fraud_labels"], [*material.labels, mark], nowhere),
        (topics["topic_transactions"], material.payments, place.tolist()),
    ):
        producer.send_many(
            topic,
            [
                Outgoing(
                    one.get("customer_id", "").encode() or None,
                    json.dumps(one).encode(),
                    partition=partition,
                )
                for one, partition in zip(rows, places, strict=True)
            ],
        )
    ledger, lineup = Ledger.open(settings.ledger_url), Lineup.load(settings)
    consumer = open_consumer(settings)
    worker = Worker(settings, ledger, lineup, consumer, owner="test", clock=lambda: NOW_MS)
    consumer.subscribe(worker.topics, worker._assigned, worker._revoked)

    def work_until(stream: str, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while ledger.coverage().streams.get(stream, {}).get("consumed", 0) < count:
            assert time.monotonic() < deadline, f"{stream} is not read"
            worker.round()

    producer.flush(PATIENCE_S)
    try:
        work_until(topics["topic_transactions"], len(material.payments))
        producer.send_many(
            topics["topic_legacy_decisions"],
            [Outgoing(None, json.dumps(one).encode(), partition=0) for one in material.legacy],
        )
        producer.flush(PATIENCE_S)
        work_until(topics["topic_legacy_decisions"], len(material.legacy))
        work_until(topics["topic_fraud_labels"], len(material.labels) + 1)
    finally:
        producer.close()
        consumer.close()
    return evidence_of(ledger, settings)


def evidence_of(ledger: Ledger, settings: Settings) -> Evidence:
    """Return everything that is said of the whole ledger, and close it."""
    stored = ledger.first_and_last_day()
    assert stored is not None
    window = Window(*stored)
    before = Window(window.first_day - window.days, window.first_day - 1)
    found = gather(
        ledger, settings, window, before, now_ms=NOW_MS, mix=False, at="threshold", labels="all"
    )
    ledger.close()
    return found


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, broker_settings: Settings, topics: Topics
) -> tuple[Evidence, Evidence]:
    """Give the evidence of the file and of the stream."""
    folder = tmp_path_factory.mktemp("both")
    bundle = make_bundle(folder / "bundle", threshold=0.4, weights=[0.01, 0.2, 0.1, 0.3, 0.4])
    material = Material()

    def new_topic(partitions: int = 1) -> str:
        name = f"penumbra.test.{uuid.uuid4().hex}"
        topics.ensure({name: partitions})
        return name

    return (
        backtested(folder, bundle, material),
        streamed(folder, bundle, material, broker_settings, new_topic),
    )


def test_a_backtest_and_the_live_shadow_say_the_same(both: tuple[Evidence, Evidence]) -> None:
    """Cube, segments, days, figures, intervals, episodes, thresholds, coverage and money."""
    of_file, of_stream = both
    assert msgspec.to_builtins(of_file) == msgspec.to_builtins(of_stream)


def test_what_is_compared_is_something(both: tuple[Evidence, Evidence]) -> None:
    """Both systems flag, are right and wrong; records are repeated, refused, drawn, unpriced."""
    told, _ = both
    cells = {(c.legacy, c.shadow, c.truth) for c in told.comparison.cells}
    assert {legacy for legacy, _, _ in cells} == {"negative", "positive", "unknown"}
    assert {("positive", "flagged", "fraud"), ("negative", "flagged", "genuine")} <= cells
    covered = told.comparison.coverage
    assert covered.reconciles
    assert (covered.seen, covered.duplicates, covered.dead_letters) == (402, 1, 1)
    assert covered.dead_letter_reasons == {"negative_amount": 1}
    assert covered.scored == 400
    assert covered.without_legacy == 40
    assert 0 < covered.without_rate < 400
    assert 0 < covered.sampled < 400
    assert covered.short_history == covered.mature == 400


def test_the_evidence_is_a_page_and_files(both: tuple[Evidence, Evidence], tmp_path: Path) -> None:
    """The page asks for nothing elsewhere; JSON is what the API answers; cells add up."""
    write(both[0], tmp_path)
    page = (tmp_path / "evidence.html").read_text()
    assert "Shadow beside legacy" in page
    assert "not yet known" in page
    assert not re.search(r"(src|href)=|<script", page)
    kept = json.loads((tmp_path / "evidence.json").read_text())
    assert kept == msgspec.to_builtins(both[0])
    rows = list(csv.DictReader((tmp_path / "cells.csv").open()))
    for split in ("day", "channel", "amount", "customer_age"):
        assert sum(int(row["payments"]) for row in rows if row["split"] == split) == 400
    assert "inference cost" in (tmp_path / "money.csv").read_text()
    assert "dead_letter_reasons: negative_amount,1" in (tmp_path / "coverage.csv").read_text()
