"""A running API process: its parts, the threads that look after them, and their end."""

from __future__ import annotations

import time
from multiprocessing import active_children
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

import structlog

from models.errors import PenumbraError
from models.seal import HOUR_MS
from service.api.collector import Metrics
from service.api.label_line import LabelLine
from service.api.parts import Parts
from service.api.scoring.answers import Scoring
from service.api.scoring.pool import ScoringPool
from service.api.scoring.source import HttpSource
from service.cases.delivery import Delivery
from service.explaining import Explaining
from service.ledger import wall_clock_ms
from service.relay import RelayProcess, outputs
from service.stream.connect import open_topics
from service.stream.errors import StreamError

if TYPE_CHECKING:
    from types import TracebackType

    from service.ledger import Ledger
    from service.pipeline.lineup import Lineup
    from service.settings import Settings

LOOK_S = 0.5
AGAIN_S = 15.0
RELAY_NAME = "penumbra-relay"

log = structlog.get_logger(__name__)


class Running:
    """Everything `penumbra serve` runs beside the web server: `with Running(…) as parts: …`.

    The relay explains and publishes what comes in by HTTP. It is told to publish once the
    broker has answered: without one, it only explains.
    """

    def __init__(self, settings: Settings, ledger: Ledger, lineup: Lineup, *, owner: str) -> None:
        self._settings = settings
        self._owner = owner
        source = HttpSource(ledger, lineup, settings, owner=owner)
        self._stop = Event()
        self._watching = Thread(target=self._watch, name="penumbra-watch", daemon=True)
        self._relay = RelayProcess(settings, owner, publish=False)
        self._publishing = False
        labels = LabelLine(settings, wall_clock_ms)
        self._delivery = Delivery(ledger, settings, labels)
        self._delivering = Thread(
            target=self._delivery.run, args=(self._stop,), name="penumbra-delivery", daemon=True
        )
        self._topics_due = 0.0
        self.parts = Parts(
            settings=settings,
            ledger=ledger,
            source=source,
            scoring=Scoring(
                ledger,
                source,
                Explaining.of(lineup),
                legacy_positive=settings.legacy_positive,
                clock=wall_clock_ms,
            ),
            pool=ScoringPool(2 * settings.http_partitions),
            labels=labels,
            metrics=Metrics(ledger, wall_clock_ms),
            relay_alive=relay_alive,
        )

    def __enter__(self) -> Self:
        self.parts.labels.start()
        self._watching.start()
        self._delivering.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End in the order in which nothing is lost: scoring, histories, labels, what is told."""
        self.parts.pool.close()
        self._stop.set()
        self._watching.join()
        self._delivering.join(self._settings.webhook_timeout_s + LOOK_S)
        self.parts.source.close()
        self.parts.labels.close()
        self._relay.close()

    def _watch(self) -> None:
        """Restore the histories, then keep snapshots and the relay going."""
        self._relay.keep_running()
        self.parts.source.open()
        while not self._stop.wait(LOOK_S):
            try:
                self._publish_if_it_can()
                self._relay.keep_running()
                self.parts.source.look_after()
                self.parts.ledger.file_alerts(self._settings.case_window_h * HOUR_MS)
                self.parts.standing.follow()
            except (PenumbraError, OSError) as error:
                log.warning("watch_failed", why=str(error))

    def _publish_if_it_can(self) -> None:
        if self.parts.labels.reachable and not self._publishing and self._topics_there():
            self._relay.close()
            self._relay = RelayProcess(self._settings, self._owner, publish=True)
            self._publishing = True

    def _topics_there(self) -> bool:
        """Make the output topics that are absent; without them the relay could not publish."""
        if time.monotonic() < self._topics_due:
            return False
        self._topics_due = time.monotonic() + AGAIN_S
        once = self._settings.model_copy(update={"connect_attempts": 1})
        try:
            topics = open_topics(once)
            try:
                topics.ensure(dict.fromkeys(outputs(self._settings), 1))
            finally:
                topics.close()
        except StreamError as error:
            log.warning("not_publishing", why=str(error))
            return False
        return True


def relay_alive() -> bool:
    """Whether the relay's process lives."""
    return any(child.name == RELAY_NAME for child in active_children())
