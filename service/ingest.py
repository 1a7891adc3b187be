"""Labels and legacy decisions on their way in: streams of their own, with their own partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from msgspec import Meta

from models.cards import is_card_number, masked
from models.instants import parse_instant
from models.intake import Intake
from models.labels import Label, Labels, Watermark
from models.money import Rates
from models.rejection import Reason, Rejection
from models.transaction import LEGACY_DECISIONS, LegacyDecision, text
from service.ledger import Commit, DeadLetterRows, LabelRows, LegacyRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.ledger import Lease
    from service.stream.ports import Record

_WATERMARK = msgspec.json.Decoder(Watermark)
_LABEL = msgspec.json.Decoder(Label)
_PLAIN = Intake(Rates.none("EUR"))
"""No id is declared; labels and legacy decisions hold no money."""


class LegacyMessage(LegacyDecision, frozen=True, omit_defaults=True, kw_only=True):
    """A record of `legacy-decisions`: the decision and the transaction it is about."""

    transaction_id: Annotated[str, Meta(min_length=1, max_length=64)]


_LEGACY = msgspec.json.Decoder(LegacyMessage)


def label_commit(
    lease: Lease,
    records: Sequence[Record],
    *,
    now_ms: int,
    trust_known_at: bool,
    intake: Intake = _PLAIN,
) -> Commit:
    """Return the commit of a batch of `fraud-labels`.

    `known_at` is the time of arrival, or with `trust_known_at` what the record says; it never
    decreases within a partition. Watermarks move the partition's watermark and count as kept;
    one ahead of the clock that stamps moves it to the clock. `intake` says which ids may look
    like card numbers.
    """
    mark = lease.watermark_ms if lease.watermark_ms is not None else -(2**62)
    found: list[Label] = []
    times: list[tuple[int, int]] = []
    offsets: list[int] = []
    watermarks = 0
    refused: list[Rejection] = []
    stored = _Stored(intake)
    for number, record in enumerate(records):
        try:
            value = _value(record)
            promised = _watermark(value)
            if promised is not None:
                mark = max(mark, promised if trust_known_at else min(promised, now_ms))
                watermarks += 1
                continue
            label = _LABEL.decode(value)
            stored.check("transaction_id", label.transaction_id)
            stored.check("label_id", label.label_id)
            stored.check("supersedes", label.supersedes)
            labelled = _instant(label.labelled_at, "labelled_at")
            known = now_ms
            if trust_known_at and label.known_at is not None:
                known = _instant(label.known_at, "known_at")
        except _Unreadable as error:
            refused.append(Rejection(number, error.reason, str(error)))
            continue
        except msgspec.DecodeError as error:
            refused.append(Rejection(number, _reason(error), str(error)))
            continue
        mark = max(mark, known)
        found.append(label)
        times.append((labelled, mark))
        offsets.append(record.offset)
    return Commit(
        next_offset=records[-1].offset + 1,
        counters={
            "consumed": watermarks + len(refused),
            "kept": watermarks,
            "dead_letters": len(refused),
            "exempted_ids": stored.exempted,
        },
        watermark_ms=mark if mark > -(2**62) else None,
        labels=LabelRows(label_columns(found, times), np.array(offsets, np.int64))
        if found
        else None,
        dead_letters=_dead_letters(records, refused, now_ms),
    )


def label_columns(found: Sequence[Label], times: Sequence[tuple[int, int]]) -> Labels:
    """Return labels as columns; `times` gives (labelled_ms, known_ms) of each."""
    return Labels(
        label_id=text([label.label_id for label in found]),
        transaction_id=text([label.transaction_id for label in found]),
        is_fraud=np.array([label.is_fraud for label in found], bool),
        source=text([label.source for label in found]),
        fraud_type=text([label.fraud_type for label in found]),
        labelled_ms=np.array([labelled for labelled, _ in times], np.int64),
        known_ms=np.array([known for _, known in times], np.int64),
        supersedes=text([label.supersedes for label in found]),
    )


def legacy_commit(records: Sequence[Record], *, now_ms: int, intake: Intake = _PLAIN) -> Commit:
    """Return the commit of a batch of `legacy-decisions`; see `label_commit` for `intake`."""
    found: list[LegacyMessage] = []
    decided: list[int] = []
    refused: list[Rejection] = []
    stored = _Stored(intake)
    for number, record in enumerate(records):
        try:
            message = _LEGACY.decode(_value(record))
            stored.check("transaction_id", message.transaction_id)
            stored.check("legacy.ruleset_version", message.ruleset_version)
            for rule in message.rules:
                stored.check("legacy.rules", rule)
            at = -1 if message.decided_at is None else _instant(message.decided_at, "decided_at")
        except _Unreadable as error:
            refused.append(Rejection(number, error.reason, str(error)))
        except msgspec.DecodeError as error:
            refused.append(Rejection(number, _reason(error), str(error)))
        else:
            found.append(message)
            decided.append(at)
    rows = LegacyRows(
        transaction_id=[m.transaction_id for m in found],
        source="topic",
        decision=np.array([LEGACY_DECISIONS.index(m.decision) for m in found], np.int8),
        score=np.array([np.nan if m.score is None else m.score for m in found], np.float64),
        rules=[tuple(m.rules) for m in found],
        ruleset_version=[m.ruleset_version for m in found],
        decided_ms=np.array(decided, np.int64),
        received_ms=now_ms,
    )
    return Commit(
        next_offset=records[-1].offset + 1,
        counters={
            "consumed": len(refused),
            "dead_letters": len(refused),
            "exempted_ids": stored.exempted,
        },
        legacy=rows if found else None,
        dead_letters=_dead_letters(records, refused, now_ms),
    )


class _Unreadable(Exception):
    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _value(record: Record) -> bytes:
    if not record.value:
        raise _Unreadable(Reason.TOMBSTONE, "the record has no value")
    try:
        record.value.decode()
    except UnicodeDecodeError as error:
        raise _Unreadable(Reason.NOT_UTF8, f"byte {error.start} is not UTF-8") from None
    return record.value


def _watermark(value: bytes) -> int | None:
    """Return the time that a watermark promises, None for a record that is none."""
    if b'"watermark"' not in value:
        return None
    try:
        return _instant(_WATERMARK.decode(value).watermark, "watermark")
    except msgspec.ValidationError:
        return None  # a label may say the word too


class _Stored:
    """Checks text before it is stored: no card number but declared ids, no NUL (PostgreSQL)."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.exempted = 0

    def check(self, name: str, value: str | None) -> None:
        """Count a declared id that looks like a card number. Raises _Unreadable."""
        if value is None:
            return
        if "\0" in value:
            raise _Unreadable(Reason.INVALID_FIELD, f"{name} holds the character U+0000")
        if not is_card_number(value):
            return
        if not self._intake.declared(name, value):
            raise _Unreadable(Reason.CARD_NUMBER, f"{name} holds a card number")
        self.exempted += 1


def _instant(moment: str, field: str) -> int:
    found = parse_instant(moment)
    if found is None:
        raise _Unreadable(
            Reason.INVALID_TIME, f"{field} {moment!r} is no RFC 3339 instant with an offset"
        )
    return found


def _reason(error: msgspec.DecodeError) -> Reason:
    invalid = isinstance(error, msgspec.ValidationError)
    return Reason.INVALID_FIELD if invalid else Reason.MALFORMED_JSON


def _dead_letters(
    records: Sequence[Record], refused: Sequence[Rejection], now_ms: int
) -> DeadLetterRows | None:
    if not refused:
        return None
    bad = [records[r.record] for r in refused]
    return DeadLetterRows(
        reason=[str(r.reason) for r in refused],
        error=[masked(r.error.encode("utf-8", "replace")).decode() for r in refused],
        payload=[masked(record.value or b"") for record in bad],
        key=[None if record.key is None else masked(record.key) for record in bad],
        received_ms=now_ms,
        offset=np.array([record.offset for record in bad], np.int64),
    )
