"""Records that cannot be scored, and why: each becomes a dead letter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.cards import masked_text


class Reason(StrEnum):
    """Why a record was refused; the `reason` header of its dead letter."""

    TOMBSTONE = "tombstone"
    OVERSIZED = "oversized"
    NOT_UTF8 = "not_utf8"
    MALFORMED_JSON = "malformed_json"
    INVALID_FIELD = "invalid_field"
    NEGATIVE_AMOUNT = "negative_amount"
    UNKNOWN_CURRENCY = "unknown_currency"
    INVALID_TIME = "invalid_time"
    NAIVE_TIME = "naive_time"
    FAR_FUTURE = "far_future"
    MISROUTED = "misrouted"
    CARD_NUMBER = "card_number"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Rejection:
    """The record at position `record` of a batch was refused.

    `error` may quote what was found: card numbers in it are masked here, whoever wrote it.
    """

    record: int
    reason: Reason
    error: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", masked_text(self.error))
