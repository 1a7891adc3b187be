"""Records in, columns out: the wire contract's JSON becomes `Transactions`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.instants import NAIVE, VALID, parse_instants, zone_offsets
from models.intake import Intake, check
from models.rejection import Reason, Rejection
from models.transaction import (
    CHANNELS,
    DETAILS,
    OUTCOMES,
    TYPES,
    UNKNOWN_OFFSET,
    Authentication,
    Transaction,
    Transactions,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


class _Strict(Transaction, frozen=True, forbid_unknown_fields=True, gc=False):
    """A transaction without fields that the contract does not know."""


_STRICT = msgspec.json.Decoder(_Strict)
_LENIENT = msgspec.json.Decoder(Transaction)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FIELDS = Transaction.__struct_fields__
_KNOWN = frozenset(_FIELDS)
_ROW = attrgetter(*_FIELDS)
_TYPE_CODE = {name: code for code, name in enumerate(TYPES)}
_CHANNEL_CODE = {None: -1} | {name: code for code, name in enumerate(CHANNELS)}
_OUTCOME_CODE = {name: code for code, name in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A batch after the decoder: every record is a row or a rejection.

    `record` (n,) gives each row's position in the batch. `unknown_fields` counts fields that
    were dropped because the contract does not know them.
    """

    transactions: Transactions
    record: NDArray[np.int64]
    rejections: list[Rejection]
    unknown_fields: int = 0
    exempted: int = 0


def decode(
    values: Sequence[bytes | None],
    keys: Sequence[bytes | None] | None,
    *,
    intake: Intake,
    now_ms: int,
) -> Decoded:
    """Decode and check records.

    `keys` are the records' keys; a key that is not the customer id is misrouted, since it
    would split or mix histories. None where records have no keys (HTTP).
    """
    structs, record, rejections, unknown = _parse(values, intake.max_record_bytes)
    if keys is not None:
        structs, record = _routed(structs, record, keys, rejections)
    rows, instants = _columns(structs, intake)
    in_time = instants == VALID
    if not in_time.all():
        rejections += [
            _untimely(int(record[row]), structs[row].occurred_at, naive=instants[row] == NAIVE)
            for row in np.flatnonzero(~in_time)
        ]
        rows, record = rows.take(in_time), record[in_time]
    checked = check(rows, intake, now_ms)
    if checked.rejections:
        rejections += [replace(r, record=int(record[r.record])) for r in checked.rejections]
        rows, record = rows.take(checked.good), record[checked.good]
    return Decoded(rows, record, rejections, unknown, checked.exempted)


def _untimely(record: int, text: str, *, naive: bool) -> Rejection:
    if naive:
        return Rejection(record, Reason.NAIVE_TIME, f"occurred_at {text!r} has no offset from UTC")
    return Rejection(
        record, Reason.INVALID_TIME, f"occurred_at {text!r} is not an RFC 3339 instant"
    )


def _parse(
    values: Sequence[bytes | None], max_bytes: int
) -> tuple[list[Transaction], NDArray[np.int64], list[Rejection], int]:
    try:
        sizes = list(map(len, values))  # type: ignore[arg-type]
        if max(sizes, default=0) <= max_bytes and min(sizes, default=1):
            return list(map(_STRICT.decode, values)), np.arange(len(values)), [], 0  # type: ignore[arg-type]
    except (TypeError, ValueError, RecursionError, msgspec.DecodeError):
        pass  # at least one record is not right: look at them one by one
    structs, record, rejections, unknown = [], [], [], 0
    for number, value in enumerate(values):
        try:
            struct, extra = _parse_one(value, max_bytes)
        except _Refused as refused:
            rejections.append(Rejection(number, refused.reason, refused.error))
        else:
            structs.append(struct)
            record.append(number)
            unknown += extra
    return structs, np.array(record, np.int64), rejections, unknown


class _Refused(Exception):
    def __init__(self, reason: Reason, error: str) -> None:
        self.reason = reason
        self.error = error


def _parse_one(value: bytes | None, max_bytes: int) -> tuple[Transaction, int]:
    """Return a transaction and how many unknown fields it had. Raises _Refused."""
    if not value:
        raise _Refused(Reason.TOMBSTONE, "the record has no value")
    if len(value) > max_bytes:
        raise _Refused(Reason.OVERSIZED, f"{len(value)} bytes, at most {max_bytes} are taken")
    try:
        value.decode()
    except UnicodeDecodeError as error:
        raise _Refused(Reason.NOT_UTF8, f"byte {error.start} is not UTF-8") from None
    try:
        return _LENIENT.decode(value), len(_OBJECT.decode(value).keys() - _KNOWN)
    except msgspec.ValidationError as error:
        negative = ">= 0" in str(error) and "amount_minor" in str(error)
        reason = Reason.NEGATIVE_AMOUNT if negative else Reason.INVALID_FIELD
        raise _Refused(reason, str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Refused(Reason.MALFORMED_JSON, str(error)) from None


def _routed(
    structs: list[Transaction],
    record: NDArray[np.int64],
    keys: Sequence[bytes | None],
    rejections: list[Rejection],
) -> tuple[list[Transaction], NDArray[np.int64]]:
    customers = [struct.customer_id.encode() for struct in structs]
    found = [keys[number] for number in record]
    if customers == found:
        return structs, record
    good = np.array([a == b for a, b in zip(customers, found, strict=True)], bool)
    error = "the record's key is not its customer_id: produce with key = customer_id"
    rejections += [Rejection(int(at), Reason.MISROUTED, error) for at in record[~good]]
    return [structs[row] for row in np.flatnonzero(good)], record[good]


def _columns(structs: list[Transaction], intake: Intake) -> tuple[Transactions, NDArray[np.int8]]:
    n = len(structs)
    column: dict[str, tuple[Any, ...]] = dict.fromkeys(_FIELDS, ())
    if n:
        column = dict(zip(_FIELDS, zip(*map(_ROW, structs), strict=True), strict=True))
    occurred_ms, offset, status = parse_instants(column["occurred_at"])
    if not _absent(column["time_zone"]):
        zones = text(column["time_zone"])
        blank = (offset == UNKNOWN_OFFSET) & (zones != None)  # noqa: E711 - elementwise
        offset[blank] = zone_offsets(occurred_ms[blank], zones[blank])
    amount = np.array(column["amount_minor"], np.int64)
    currency = text(column["currency"])
    billing = _numbers(column["billing_amount_minor"], -1, np.int64)
    billing_currency = text(column["billing_currency"])
    return Transactions(
        transaction_id=text(column["transaction_id"]),
        customer_id=text(column["customer_id"]),
        merchant_id=text(column["merchant_id"]),
        occurred_ms=occurred_ms,
        utc_offset_min=offset,
        amount_minor=amount,
        currency=currency,
        reporting_minor=intake.rates.reporting_minor(
            amount, currency, billing, billing_currency, occurred_ms
        ),
        type=np.fromiter(map(_TYPE_CODE.__getitem__, column["type"]), np.int8, n),
        outcome=_numbers(column["outcome"], -1, np.int8, lambda o: _OUTCOME_CODE[o.status]),
        channel=np.fromiter(map(_CHANNEL_CODE.__getitem__, column["channel"]), np.int8, n),
        mcc=_numbers(column["mcc"], -1, np.int16, int),
        country=text(column["country"]),
        ip_country=text(column["ip_country"]),
        device_id=text(column["device_id"]),
        latitude=_numbers(column["latitude"], np.nan, np.float64),
        longitude=_numbers(column["longitude"], np.nan, np.float64),
        authenticated=_numbers(column["authentication"], -1, np.int8, _authenticated),
        billing_amount_minor=billing,
        billing_currency=billing_currency,
        original_transaction_id=text(column["original_transaction_id"]),
        details=_details(column, intake.attributes),
        legacy=text(column["legacy"]),
    ), status


def _absent(values: tuple[Any, ...]) -> bool:
    """Whether no row has the field: the common case, told fast."""
    return values.count(None) == len(values)


def _numbers(
    values: tuple[Any, ...], missing: float, dtype: Any, of: Callable[[Any], Any] | None = None
) -> NDArray[Any]:
    if _absent(values):
        return np.full(len(values), missing, dtype)
    if of is None:
        return np.array([missing if value is None else value for value in values], dtype)
    return np.array([missing if value is None else of(value) for value in values], dtype)


def _authenticated(authentication: Authentication) -> int:
    return -1 if authentication.result is None else int(authentication.result == "success")


def _details(column: dict[str, tuple[Any, ...]], declared: frozenset[str]) -> NDArray[np.object_]:
    """Return the remaining optional fields of each row as a dict, None where it has none."""
    kept = {name: values for name in DETAILS if not _absent(values := column.get(name, ()))}
    if "authentication" in kept:
        kept["authentication"] = tuple(
            None if value is None else msgspec.to_builtins(value)
            for value in kept["authentication"]
        )
    if "attributes" in kept:
        kept["attributes"] = tuple(
            {name: value for name, value in given.items() if name in declared} or None
            if given is not None
            else None
            for given in kept["attributes"]
        )
    if not _absent(column["outcome"]):
        codes = tuple(None if o is None else o.response_code for o in column["outcome"])
        kept["response_code"] = codes
    if not kept:
        return np.full(len(column["outcome"]), None, dtype=object)
    names = tuple(kept)
    return text(
        [
            {name: v for name, v in zip(names, row, strict=True) if v is not None} or None
            for row in zip(*kept.values(), strict=True)
        ]
    )
