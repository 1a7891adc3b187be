"""The line to the label topic: labels posted here go out on it, and watermarks between them.

A thread of its own keeps it open while there is a broker and looks for one while there is not;
serving never depends on it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import msgspec
import structlog

from models.instants import format_instant
from models.labels import Watermark
from service.stream.connect import open_producer, open_topics
from service.stream.errors import StreamError
from service.stream.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from models.labels import Label
    from service.settings import Settings
    from service.stream.ports import Topics
    from service.stream.shadow import ShadowProducer

CONNECT_TIMEOUT_S = 2.0
FLUSH_TIMEOUT_S = 5.0
LONGEST_PAUSE_S = 15.0
AGAIN_S = 2.0
"""A request tries the broker itself unless it was found away so recently."""

log = structlog.get_logger(__name__)


class LabelLine:
    """Sends labels, and every `label_watermark_s` a watermark to each partition.

    A watermark promises that no later label has an earlier `known_at`, so both are stamped and
    sent under one lock, from one clock that never goes back. With `label_clock` "record" times
    are those of a replay, and whoever replays sends the watermarks.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], int],
        *,
        producer: Callable[[Settings], ShadowProducer] = open_producer,
        topics: Callable[[Settings], Topics] = open_topics,
    ) -> None:
        # One short attempt at a time: the thread here does the trying again.
        patience_s = min(settings.connect_timeout_s, CONNECT_TIMEOUT_S)
        self._settings = settings.model_copy(
            update={"connect_attempts": 1, "connect_timeout_s": patience_s}
        )
        self._topic = settings.topic_fraud_labels
        self._clock = clock
        self._open_producer = producer
        self._open_topics = topics
        self._lock = Lock()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="penumbra-label-line", daemon=True)
        self._producer: ShadowProducer | None = None
        self._partitions = 0
        self._newest_ms = 0
        self._failed: tuple[float, StreamError] | None = None

    @property
    def reachable(self) -> bool:
        """Whether the broker answered when last asked."""
        return self._producer is not None

    def start(self) -> None:
        """Begin to look for the broker."""
        self._thread.start()

    def close(self) -> None:
        """Stop, for at most some seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(FLUSH_TIMEOUT_S + CONNECT_TIMEOUT_S)
        self._hang_up()

    def send(self, labels: Sequence[Label]) -> None:
        """Hand labels to the broker, stamped with when they became known.

        Returns once all are acknowledged. Raises StreamError: some may have arrived, and sending
        them again is harmless, since a label is kept once by its id.
        """
        if self._failed is not None and time.monotonic() - self._failed[0] < AGAIN_S:
            raise self._failed[1]
        with self._lock, self._line() as producer:
            known_at = format_instant(self._now())
            producer.send_many(
                self._topic,
                [
                    Outgoing(
                        label.transaction_id.encode(),
                        msgspec.json.encode(msgspec.structs.replace(label, known_at=known_at)),
                    )
                    for label in labels
                ],
            )
            producer.flush(FLUSH_TIMEOUT_S)

    def publish(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Hand records to another topic of ours; returns once all are acknowledged.

        Raises StreamError: some may have arrived.
        """
        with self._lock, self._line() as producer:
            producer.send_many(topic, records)
            producer.flush(FLUSH_TIMEOUT_S)

    def _now(self) -> int:
        self._newest_ms = max(self._newest_ms, self._clock())
        return self._newest_ms

    @contextmanager
    def _line(self) -> Iterator[ShadowProducer]:
        """Give the line, opened if need be; after a failure it is closed, to be opened anew."""
        try:
            yield self._connected()
        except StreamError as error:
            if self._failed is None:
                log.warning("label_line_down", why=str(error))
            self._failed = (time.monotonic(), error)
            self._hang_up()
            raise

    def _connected(self) -> ShadowProducer:
        if self._producer is None:
            topics = self._open_topics(self._settings)
            try:
                self._partitions = topics.describe(self._topic).partitions
            finally:
                topics.close()
            self._producer = self._open_producer(self._settings)
            self._failed = None
            log.info("label_line_open", topic=self._topic, partitions=self._partitions)
        return self._producer

    def _hang_up(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()

    def _run(self) -> None:
        pause_s = self._settings.label_watermark_s
        while not self._stop.is_set():
            try:
                with self._lock, self._line() as producer:
                    self._mark(producer)
                pause_s = self._settings.label_watermark_s
            except StreamError:
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except Exception:  # whatever a client library does, serving goes on
                log.exception("label_line_failed")
                pause_s = LONGEST_PAUSE_S
            self._stop.wait(pause_s)

    def _mark(self, producer: ShadowProducer) -> None:
        """Send a watermark to every partition; none in a replay, whose times are not ours."""
        if self._settings.label_clock == "ingest":
            mark = msgspec.json.encode(Watermark(format_instant(self._now())))
            numbers = range(self._partitions)
            producer.send_many(
                self._topic, [Outgoing(None, mark, partition=number) for number in numbers]
            )
            producer.flush(FLUSH_TIMEOUT_S)
