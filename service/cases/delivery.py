"""What follows from decisions and alerts, sent to where it belongs; at least once, never lost.

A disposition becomes a label once it can no longer be undone. A confirmed fraud that the legacy
rules let pass is handed off, to a topic and to the webhook, so that a human can act in the live
system: Penumbra itself never does. The ledger says what is still to be sent, so a restart
forgets nothing; what is sent again has the same id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from models.decide import disagreement
from models.errors import PenumbraError
from models.instants import format_instant
from models.labels import Label
from models.transaction import LEGACY_DECISIONS
from service.cases.dispositions import IS_FRAUD
from service.cases.webhook import DeliveryFailed, post
from service.ledger.outcomes import DELIVERED, DUE, GIVEN_UP
from service.records import alert_record
from service.stream.errors import StreamError
from service.stream.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from service.api.label_line import LabelLine
    from service.ledger import Ledger
    from service.ledger.case_about import Disposition
    from service.ledger.outcomes import Delivery as Due
    from service.settings import Settings

REST_S = 1.0
LIMIT = 200
LONGEST_WAIT_MS = 3_600_000

log = structlog.get_logger(__name__)


class Delivery:
    """Sends labels, hand-offs and posts. Several at once do no harm, one is enough."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        labels: LabelLine,
        *,
        post: Callable[..., None] = post,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._labels = labels
        self._post = post

    def run(self, stop: Event) -> None:
        """Send what is due, until told to stop."""
        while not stop.wait(REST_S):
            try:
                self.step()
            except (PenumbraError, OSError) as error:
                log.warning("delivery_waits", why=str(error))

    def step(self) -> None:
        """Do one round. Raises StreamError or LedgerError: the rest waits for the next."""
        if self._settings.webhook_url:
            self._ledger.queue_alerts(LIMIT)
        failed: StreamError | None = None
        try:
            self._send_labels()
        except StreamError as error:
            # Posts do not need the broker: they go out all the same.
            failed = error
        for one in self._ledger.due_deliveries(LIMIT):
            self._deliver(one)
        if failed is not None:
            raise failed

    def _send_labels(self) -> None:
        due = self._ledger.due_dispositions(LIMIT)
        if not due:
            return
        labels = [label for one in due if (label := label_of(one)) is not None]
        if labels:
            self._labels.send(labels)
        channels = ("topic", *(("webhook",) if self._settings.webhook_url else ()))
        handoffs = [
            (channel, one.disposition_id)
            for one in due
            if one.disposition == "confirmed_fraud" and self._only_shadow(one)
            for channel in channels
        ]
        self._ledger.mark_sent([one.disposition_id for one in due], handoffs)

    def _only_shadow(self, one: Disposition) -> bool:
        """Whether the legacy rules let the payment pass, by what is known of them now."""
        known = self._ledger.legacy_for([one.transaction_id]).get(one.transaction_id)
        word = None if known is None else LEGACY_DECISIONS[known.decision]
        return disagreement(True, word, self._settings.legacy_positive) == "shadow_only"

    def _deliver(self, one: Due) -> None:
        now_ms = self._ledger.now_ms()
        state, due_ms, why = DELIVERED, now_ms, None
        try:
            key, body = self._body(one)
            if one.channel == "topic":
                self._labels.publish(self._settings.topic_handoff, [Outgoing(key, body)])
            else:
                self._post_signed(one, body, now_ms)
        except (DeliveryFailed, StreamError) as error:
            attempts = one.attempts + 1
            over = one.channel == "webhook" and attempts >= self._settings.webhook_attempts
            state, why = GIVEN_UP if over else DUE, str(error)
            due_ms = now_ms + min(1000 * 2 ** min(one.attempts, 12), LONGEST_WAIT_MS)
            log.warning("delivery_failed", delivery=one.id, attempts=attempts, why=why)
        self._ledger.note_delivery(one, state=state, due_ms=due_ms, error=why)

    def _post_signed(self, one: Due, body: bytes, now_ms: int) -> None:
        secret = self._settings.webhook_secret
        self._post(
            self._settings.webhook_url,
            body,
            secret="" if secret is None else secret.get_secret_value(),
            delivery=f"{one.kind}:{one.subject_id}",
            seconds=now_ms // 1000,
            timeout_s=self._settings.webhook_timeout_s,
        )

    def _body(self, one: Due) -> tuple[bytes | None, bytes]:
        """Return (key, body), built from ledger rows only, so that a repeat is the same."""
        said: dict[str, Any] = {}
        alert_id = one.subject_id
        if one.kind == "handoff":
            disposition = self._ledger.disposition(one.subject_id)
            if disposition is None:
                raise DeliveryFailed(f"disposition {one.subject_id} is gone")
            alert_id = disposition.alert_id
            said = handoff_of(disposition)
        found = self._ledger.alert(alert_id)
        if found is None:
            raise DeliveryFailed(f"alert {alert_id} is gone")
        record = alert_record(found.alert, 0, self._settings.legacy_positive)
        case_id = self._ledger.case_of_alert(alert_id)
        body = {"type": one.kind, "case_id": case_id, **said, "alert": record}
        customer = record["customer_id"]
        return None if customer is None else customer.encode(), msgspec.json.encode(body)


def label_of(one: Disposition) -> Label | None:
    """Return the label a disposition becomes; an undetermined one becomes none."""
    is_fraud = IS_FRAUD[one.disposition]
    if is_fraud is None:
        return None
    return Label(
        transaction_id=one.transaction_id,
        is_fraud=is_fraud,
        source="disposition",
        labelled_at=format_instant(one.decided_ms),
        label_id=label_id_of(one.disposition_id),
        fraud_type=one.fraud_type,  # type: ignore[arg-type]  # a code's, checked when it was given
        supersedes=None if one.supersedes is None else label_id_of(one.supersedes),
    )


def label_id_of(disposition_id: str) -> str:
    """Return the id of the label a disposition becomes: sent twice, it is kept once."""
    return f"disposition:{disposition_id}"


def handoff_of(one: Disposition) -> dict[str, Any]:
    """Return what a hand-off says beside the alert."""
    return {
        "handoff_id": one.disposition_id,
        "disposition": one.disposition,
        "reason_code": one.reason_code,
        "fraud_type": one.fraud_type,
        "note": one.note,
        "decided_by": one.decided_by,
        "decided_at": format_instant(one.decided_ms),
        "external_case_id": one.external_case_id,
    }
