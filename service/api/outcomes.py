"""What other tools say of alerts: dispositions, claims and notes as they are posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from models.cards import masked_text
from models.instants import parse_instant
from service.api.problems import invalid
from service.cases.dispositions import code_of
from service.ledger.external import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

_Name = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00]*$")]
_Text = Annotated[str, Meta(min_length=1, max_length=4000)]
FraudType = Literal["third_party", "account_takeover", "first_party", "scam"]


class DispositionPosted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an alert was found to be. It counts at once and becomes a label.

    `reason_code` may be one of the console's or the other tool's own. `fraud_type` follows from a
    code of the console. Sent again, unchanged, it changes nothing.
    """

    disposition: Literal["confirmed_fraud", "false_positive", "undetermined"]
    reason_code: Annotated[str, Meta(pattern="^[a-z0-9_]{1,64}$")]
    note: _Text | None = None
    fraud_type: FraudType | None = None
    decided_by: _Name | None = None
    decided_at: Annotated[str, Meta(min_length=16, max_length=40)] | None = None
    external_case_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class OutcomePosted(DispositionPosted, kw_only=True):
    """A disposition of the alert that `alert_id` names, or of `transaction_id`'s newest."""

    alert_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    transaction_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class ClaimPosted(msgspec.Struct, forbid_unknown_fields=True):
    """Who takes the case; a program names its own user in `claimed_by`."""

    claimed_by: _Name | None = None


class NotePosted(msgspec.Struct, forbid_unknown_fields=True):
    """Something to keep with the case; a program names its own user in `author`."""

    text: _Text
    author: _Name | None = None


def decoded(content: bytes, kind: Any) -> Any:
    """Return a body of a kind. Raises Problem (422)."""
    try:
        content.decode()
        return msgspec.json.decode(content or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(f"the body cannot be read: {error}") from None


def outcomes_of(values: Sequence[bytes], caller: str) -> list[Outcome]:
    """Return the outcomes that JSON values say. Raises Problem (422) naming every wrong one."""
    outcomes, errors = [], []
    for number, value in enumerate(values):
        try:
            value.decode()
            posted = msgspec.json.decode(value, type=OutcomePosted)
            outcomes.append(outcome_of(posted, caller, posted.alert_id, posted.transaction_id))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            errors.append({"at": f"outcome {number}", "error": str(error)})
    if errors:
        raise invalid(
            f"{len(errors)} of {len(values)} outcomes are not valid and none was taken: "
            f"{errors[0]['at']}: {errors[0]['error']}",
            errors,
        )
    return outcomes


def outcome_of(
    posted: DispositionPosted, caller: str, alert_id: str | None, transaction_id: str | None = None
) -> Outcome:
    """Return an outcome as the ledger takes it. Raises ValueError."""
    if (alert_id is None) == (transaction_id is None):
        raise ValueError("name the alert by alert_id or by transaction_id, one of the two")
    decided_ms = None if posted.decided_at is None else parse_instant(posted.decided_at)
    if posted.decided_at is not None and decided_ms is None:
        raise ValueError("decided_at is not an RFC 3339 instant with an offset from UTC")
    for name in ("note", "decided_by", "external_case_id"):
        if "\0" in (getattr(posted, name) or ""):
            raise ValueError(f"{name} holds the character U+0000")
    code = code_of(posted.disposition, posted.reason_code)
    is_fraud = posted.disposition == "confirmed_fraud"
    if posted.fraud_type is not None and not is_fraud:
        raise ValueError("fraud_type belongs to confirmed_fraud only")
    return Outcome(
        alert_id=alert_id,
        transaction_id=transaction_id,
        disposition=posted.disposition,
        reason_code=posted.reason_code,
        note=None if posted.note is None else masked_text(posted.note),
        fraud_type=posted.fraud_type or (code.fraud_type if code else None),
        external_case_id=posted.external_case_id,
        decided_by=posted.decided_by or caller,
        decided_ms=decided_ms,
    )
