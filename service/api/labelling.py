"""Labels as they are posted: checked before they go out, so that none is refused later unseen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from models.cards import is_card_number
from models.instants import parse_instant
from models.labels import Label
from service.api.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.intake import Intake

_Name = Annotated[str, Meta(min_length=1, max_length=128)]


class LabelPosted(msgspec.Struct, forbid_unknown_fields=True):
    """What is learned about a transaction. `known_at` is no field: Penumbra stamps it.

    Without `label_id` the label gets one that follows from its content, so that posting it again
    changes nothing. `supersedes` names the label that this one revises.
    """

    transaction_id: Annotated[str, Meta(min_length=1, max_length=64)]
    is_fraud: bool
    source: Literal[
        "chargeback", "investigation", "customer_report", "issuer_advice", "disposition", "sample"
    ]
    labelled_at: Annotated[str, Meta(min_length=16, max_length=40)]
    label_id: _Name | None = None
    fraud_type: Literal["third_party", "account_takeover", "first_party", "scam"] | None = None
    supersedes: _Name | None = None


_DECODER = msgspec.json.Decoder(LabelPosted)


def labels_of(values: Sequence[bytes], intake: Intake) -> list[Label]:
    """Return the labels that JSON values say. Raises Problem (422) naming every wrong one.

    `intake` tells which ids may look like card numbers.
    """
    labels, errors = [], []
    for number, value in enumerate(values):
        try:
            labels.append(_label(value, intake))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            errors.append({"at": f"label {number}", "error": _said(error)})
    if errors:
        raise invalid(
            f"{len(errors)} of {len(values)} labels are not valid and none was taken: "
            f"{errors[0]['at']}: {errors[0]['error']}",
            errors,
        )
    return labels


def _label(value: bytes, intake: Intake) -> Label:
    value.decode()
    posted = _DECODER.decode(value)
    given = msgspec.structs.asdict(posted)
    for name, text in given.items():
        if isinstance(text, str) and "\0" in text:
            raise ValueError(f"{name} holds the character U+0000")
        if isinstance(text, str) and is_card_number(text) and not intake.declared(name, text):
            raise ValueError(f"{name} holds a card number; name the transaction by its id")
    if parse_instant(posted.labelled_at) is None:
        raise ValueError("labelled_at is not an RFC 3339 instant with an offset from UTC")
    given["label_id"] = posted.label_id or _id(posted)
    return Label(**given)


def _id(posted: LabelPosted) -> str:
    return "api-" + hashlib.blake2b(msgspec.json.encode(posted), digest_size=12).hexdigest()


def _said(error: Exception) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
