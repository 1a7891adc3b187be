"""What a transaction is: on the wire (one struct) and in Penumbra (columns).

Everything after the decoder works on columns. A batch of n transactions is one
`Transactions`, whose fields are arrays of length n.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TYPES = (
    "authorisation",
    "completion",
    "reversal",
    "refund",
    "account_verification",
    "advice",
)
AUTHORISATION, COMPLETION, REVERSAL, REFUND, VERIFICATION, ADVICE = range(6)
CHANNELS = ("card_present", "ecommerce", "atm", "moto", "transfer")
OUTCOMES = ("approved", "declined")
LEGACY_DECISIONS = ("approve", "challenge", "review", "decline")

UNKNOWN_OFFSET = -32768
"""`utc_offset_min` of a transaction whose local time is not known."""

Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
Minor = Annotated[int, Meta(ge=0, le=10**15)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What the live system answered; never a model input."""

    status: Literal["approved", "declined"]
    response_code: str | None = None


class Authentication(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How the customer proved who they are; `result` "success" counts as authenticated."""

    method: str | None = None
    result: str | None = None
    eci: str | None = None
    exemption: str | None = None


class LegacyDecision(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The legacy system's own decision, kept for comparison and never shown to the model."""

    decision: Literal["approve", "challenge", "review", "decline"]
    score: float | None = None
    rules: list[str] = []
    ruleset_version: str | None = None
    decided_at: str | None = None


class Transaction(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One transaction as it travels: the JSON value of a record."""

    transaction_id: Annotated[str, Meta(min_length=1, max_length=64)]
    occurred_at: Annotated[str, Meta(min_length=16, max_length=40)]
    customer_id: Identifier
    merchant_id: Identifier
    amount_minor: Minor
    currency: Currency
    type: Literal[
        "authorisation", "completion", "reversal", "refund", "account_verification", "advice"
    ] = "authorisation"
    original_transaction_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    outcome: Outcome | None = None
    billing_amount_minor: Minor | None = None
    billing_currency: Currency | None = None
    channel: Literal["card_present", "ecommerce", "atm", "moto", "transfer"] | None = None
    entry_mode: Identifier | None = None
    mcc: Annotated[str, Meta(pattern="^[0-9]{4}$")] | None = None
    country: Country | None = None
    time_zone: Identifier | None = None
    device_id: Identifier | None = None
    ip_country: Country | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    account_id: Identifier | None = None
    card_token: Identifier | None = None
    terminal_id: Identifier | None = None
    beneficiary_id: Identifier | None = None
    authentication: Authentication | None = None
    attributes: dict[str, float | str] | None = None
    legacy: LegacyDecision | None = None


DETAILS = (
    "entry_mode",
    "time_zone",
    "account_id",
    "card_token",
    "terminal_id",
    "beneficiary_id",
    "authentication",
    "attributes",
    "response_code",
)
"""Optional fields that no kernel reads: they travel together in one `details` column."""


@dataclass(frozen=True, slots=True, eq=False)
class Transactions:
    """Columns of n transactions, in stream order.

    Text columns are object arrays of `str` (or None where the field is optional).
    Codes index the tuples of this module; -1 is missing. `reporting_minor` is the
    amount in minor units of the reporting currency, -1 without an exchange rate.
    `details` holds the remaining optional fields as a dict, or None.
    """

    transaction_id: NDArray[np.object_]
    customer_id: NDArray[np.object_]
    merchant_id: NDArray[np.object_]
    occurred_ms: NDArray[np.int64]
    utc_offset_min: NDArray[np.int16]
    amount_minor: NDArray[np.int64]
    currency: NDArray[np.object_]
    reporting_minor: NDArray[np.int64]
    type: NDArray[np.int8]
    outcome: NDArray[np.int8]
    channel: NDArray[np.int8]
    mcc: NDArray[np.int16]
    country: NDArray[np.object_]
    ip_country: NDArray[np.object_]
    device_id: NDArray[np.object_]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    authenticated: NDArray[np.int8]
    billing_amount_minor: NDArray[np.int64]
    billing_currency: NDArray[np.object_]
    original_transaction_id: NDArray[np.object_]
    details: NDArray[np.object_]
    legacy: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.transaction_id)

    def take(self, rows: NDArray[Any] | slice) -> Transactions:
        """Return the rows selected by a mask, an index array or a slice."""
        return Transactions(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def concat(parts: Sequence[Transactions]) -> Transactions:
        """Return the rows of all parts, one after the other."""
        return Transactions(
            **{
                f.name: np.concatenate([getattr(part, f.name) for part in parts])
                for f in fields(Transactions)
            }
        )

    def scored_type(self) -> NDArray[np.bool_]:
        """Which rows are of a type that is scored: authorisations and verifications."""
        scored: NDArray[np.bool_] = (self.type == AUTHORISATION) | (self.type == VERIFICATION)
        return scored

    def attribute(self, name: str) -> NDArray[np.object_]:
        """Return the declared attribute `name` of each row, None where absent."""
        values = np.full(len(self), None, dtype=object)
        for row in np.flatnonzero(self.details != None):  # noqa: E711 - elementwise
            values[row] = (self.details[row].get("attributes") or {}).get(name)
        return values


def text(values: Sequence[Any] | NDArray[Any]) -> NDArray[np.object_]:
    """Return an object column of text or other objects; never a fixed-width or nested array."""
    return np.fromiter(values, dtype=object, count=len(values))


def empty(n: int) -> dict[str, NDArray[Any]]:
    """Return every column of n rows with each optional field missing."""
    nothing = np.full(n, None, dtype=object)
    return {
        "transaction_id": nothing,
        "customer_id": nothing,
        "merchant_id": nothing,
        "occurred_ms": np.zeros(n, np.int64),
        "utc_offset_min": np.full(n, UNKNOWN_OFFSET, np.int16),
        "amount_minor": np.zeros(n, np.int64),
        "currency": nothing,
        "reporting_minor": np.full(n, -1, np.int64),
        "type": np.zeros(n, np.int8),
        "outcome": np.full(n, -1, np.int8),
        "channel": np.full(n, -1, np.int8),
        "mcc": np.full(n, -1, np.int16),
        "country": nothing,
        "ip_country": nothing,
        "device_id": nothing,
        "latitude": np.full(n, np.nan),
        "longitude": np.full(n, np.nan),
        "authenticated": np.full(n, -1, np.int8),
        "billing_amount_minor": np.full(n, -1, np.int64),
        "billing_currency": nothing,
        "original_transaction_id": nothing,
        "details": nothing,
        "legacy": nothing,
    }
