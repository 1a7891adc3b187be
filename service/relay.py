"""The relay: explains what is pending and publishes what is not, in a process of its own.

Scoring never waits for it, and it is the only part of a worker that can publish. It reads
the ledger's outbox for the partitions its worker owns: decisions and dead letters in order,
then alerts once explained, and each change of champion as a recommendation. A mark moves after
the broker has acknowledged; whatever lies after a mark is sent again, byte for byte.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING

import structlog

from models.seal import HOUR_MS
from service.errors import LedgerUnavailable
from service.explaining import Explaining, explain_pending
from service.ledger import Ledger, wall_clock_ms
from service.pipeline.lineup import Lineup
from service.promotion.recommendation import recommendation
from service.records import alert_bytes, dead_letter_record, decision_bytes
from service.retrying import patiently
from service.stream.connect import open_producer, open_topics
from service.stream.errors import StreamError
from service.stream.ports import Outgoing

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from multiprocessing.synchronize import Event

    from service.ledger.progress import PartitionState
    from service.settings import Settings
    from service.stream.shadow import ShadowProducer

PUBLISH_LIMIT = 5_000
DEAD_LETTER_LIMIT = 100
"""Each may be as large as a record can be."""
EXPLAIN_LIMIT = 64
ALERT_LIMIT = 500
FLUSH_TIMEOUT_S = 30.0
NICENESS = 5
"""Explaining may lag, scoring may not wait: where both want the processor, the worker has it."""
REST_S = 0.05
BACK_OFF_S = 1.0
LONGEST_BACK_OFF_S = 60.0
RECOMMENDED = "promotions"
"""Under this name, as if it were a stream, stands how many recommendations are published."""
HEALTHY_S = 120.0
"""A relay that lived so long is started again at once."""

log = structlog.get_logger(__name__)


class Relay:
    """Publishes and explains for one owner of partitions.

    `producer` None explains only, for installations without a broker.
    """

    def __init__(
        self,
        ledger: Ledger,
        explaining: Explaining,
        producer: ShadowProducer | None,
        settings: Settings,
        owner: str,
    ) -> None:
        self._ledger = ledger
        self._explaining = explaining
        self._producer = producer
        self._settings = settings
        self._owner = owner

    def step(self) -> bool:
        """Do one round; return whether there was anything to do."""
        # First, so that explanations are shown even while nothing can be published.
        found = explain_pending(
            self._ledger,
            self._explaining,
            owner=self._owner,
            now_ms=wall_clock_ms(),
            limit=EXPLAIN_LIMIT,
        )
        filed = self._ledger.file_alerts(self._settings.case_window_h * HOUR_MS)
        busy = found + filed > 0
        if self._producer is not None:
            busy |= self._alerts(self._producer)
            for state in self._ledger.progress():
                if state.owner == self._owner:
                    busy |= self._decisions(self._producer, state)
                    busy |= self._dead_letters(self._producer, state)
            busy |= self._recommendations(self._producer)
        return busy

    def _decisions(self, producer: ShadowProducer, state: PartitionState) -> bool:
        topic = self._settings.topic_decisions
        through = self._ledger.published(state.stream, state.partition).get(topic, 0)
        if through >= state.next_sequence:
            return False
        rows = self._ledger.unpublished_decisions(
            state.stream, state.partition, through, PUBLISH_LIMIT
        )
        if len(rows):
            records = decision_bytes(rows, self._settings.legacy_positive)
            producer.send_many(topic, (Outgoing(key, value) for key, value in records))
            producer.flush(FLUSH_TIMEOUT_S)
        # Rows without a score (refunds, warmed history) lie between: the mark passes them.
        sent = int(rows.sequence[-1]) + 1 if len(rows) else 0
        mark = sent if len(rows) == PUBLISH_LIMIT else max(sent, state.next_sequence)
        self._ledger.mark_published(state.stream, state.partition, topic, mark)
        return len(rows) > 0

    def _dead_letters(self, producer: ShadowProducer, state: PartitionState) -> bool:
        topic = self._settings.topic_dead_letters
        through = self._ledger.published(state.stream, state.partition).get(topic, 0)
        letters = self._ledger.unpublished_dead_letters(
            state.stream, state.partition, through, DEAD_LETTER_LIMIT
        )
        if not letters:
            return False
        limit = self._settings.max_record_bytes
        producer.send_many(topic, (dead_letter_record(one, limit) for one in letters))
        producer.flush(FLUSH_TIMEOUT_S)
        self._ledger.mark_published(state.stream, state.partition, topic, letters[-1].id + 1)
        return True

    def _recommendations(self, producer: ShadowProducer) -> bool:
        topic = self._settings.topic_recommendations
        through = self._ledger.published(RECOMMENDED, 0).get(topic, 0)
        changes = self._ledger.promotions(through, PUBLISH_LIMIT)
        if not changes:
            return False
        producer.send_many(topic, (recommendation(one) for one in changes))
        producer.flush(FLUSH_TIMEOUT_S)
        self._ledger.mark_published(RECOMMENDED, 0, topic, changes[-1].number + 1)
        return True

    def _alerts(self, producer: ShadowProducer) -> bool:
        alerts = self._ledger.unpublished_alerts(ALERT_LIMIT)
        if not len(alerts):
            return False
        records = alert_bytes(alerts, self._settings.legacy_positive)
        producer.send_many(
            self._settings.topic_alerts, (Outgoing(key, value) for key, value in records)
        )
        producer.flush(FLUSH_TIMEOUT_S)
        self._ledger.mark_alerts_published(alerts.alert_id)
        return True


def run(settings: Settings, owner: str, parent: int, stop: Event, *, publish: bool) -> None:
    """Run a relay until told to stop and there is nothing left, or until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.nice(NICENESS)
    ledger = patiently(lambda: Ledger.open(settings.ledger_url))
    explaining = Explaining.of(Lineup.load(settings))
    producer: ShadowProducer | None = None
    while os.getppid() == parent:
        why: Exception | None = None
        if publish and producer is None:
            try:
                producer = _open(settings)
            except StreamError as error:
                why = error
        try:
            busy = Relay(ledger, explaining, producer, settings, owner).step()
        except (StreamError, LedgerUnavailable) as error:
            busy, why = False, error
        if why is not None:
            log.warning("relay_waits", why=str(why))
            # What it still held is sent again from the marks, by a new one.
            _close(producer)
            producer = None
            if not busy and stop.wait(BACK_OFF_S):
                return
        elif not busy and stop.is_set():
            break
        elif not busy:
            time.sleep(REST_S)
    _close(producer)
    ledger.close()


def outputs(settings: Settings) -> tuple[str, ...]:
    """Return every output topic, the labels' aside."""
    return (
        settings.topic_decisions,
        settings.topic_alerts,
        settings.topic_dead_letters,
        settings.topic_redrive,
        settings.topic_handoff,
        settings.topic_recommendations,
    )


def _close(producer: ShadowProducer | None) -> None:
    if producer is not None:
        with suppress(Exception):  # whatever the client says of a broker that is gone
            producer.close()


def _open(settings: Settings) -> ShadowProducer:
    """Connect, and make the output topics where they are not there (any more)."""
    topics = open_topics(settings)
    try:
        topics.ensure(dict.fromkeys(outputs(settings), 1))
    finally:
        topics.close()
    return open_producer(settings)


class RelayProcess:
    """A relay in a child process that is started again if it dies."""

    def __init__(self, settings: Settings, owner: str, *, publish: bool = True) -> None:
        self._settings = settings
        self._owner = owner
        self._publish = publish
        self._context = get_context("spawn")
        self._stop: Event = self._context.Event()
        self._process: BaseProcess | None = None
        self._started_at = 0.0
        self._back_off_s = 0.0
        self._due_at = 0.0

    def keep_running(self) -> None:
        """Start the process, or start it again if it ended."""
        if self._process is not None and self._process.is_alive():
            return
        if self._process is not None and not self._may_start_again(self._process.exitcode):
            return
        self._started_at = time.monotonic()
        self._process = self._context.Process(
            target=run,
            args=(self._settings, self._owner, os.getpid(), self._stop),
            kwargs={"publish": self._publish},
            name="penumbra-relay",
            daemon=True,
        )
        self._process.start()

    def _may_start_again(self, exitcode: int | None) -> bool:
        """Say that it ended, once, and whether it has been down for long enough."""
        now = time.monotonic()
        if not self._due_at:
            if now - self._started_at > HEALTHY_S:
                self._back_off_s = 0.0
            log.error("relay_ended", exitcode=exitcode, again_in_s=self._back_off_s)
            self._due_at = now + self._back_off_s
            self._back_off_s = min(max(BACK_OFF_S, 2 * self._back_off_s), LONGEST_BACK_OFF_S)
        if now < self._due_at:
            return False
        self._due_at = 0.0
        return True

    def close(self, timeout_s: float = 20.0) -> None:
        """Let it finish what is pending, for at most so long."""
        self._stop.set()
        if self._process is not None:
            self._process.join(timeout_s)
            if self._process.is_alive():
                self._process.terminate()
