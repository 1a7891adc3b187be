"""What the API answers, as wire structs: their schemas are the OpenAPI document's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from models.instants import format_instant
from models.transaction import CHANNELS, OUTCOMES, TYPES, UNKNOWN_OFFSET
from service.api.shown_comparison import PeriodShown, WindowCoverageShown  # noqa: TC001 - msgspec
from service.records import DecisionRecord

if TYPE_CHECKING:
    from models.transaction import Transactions

AlertStatus = Literal["open", "fraud", "genuine"]


class AlertRecord(DecisionRecord, kw_only=True):
    """An alert as published to `penumbra.alerts`: the decision and its explanation."""

    alert_id: str
    created_at: str
    explanation: dict[str, Any]


class ScoreAnswer(msgspec.Struct):
    """What became of one transaction.

    `reason` says why a transaction was rejected, is unscored or is not scored, `error` what is
    wrong with a rejected one. `alert` comes with a flag; it is null beside a flagged decision
    only while the explanation is still to be made.
    """

    status: Literal["scored", "unscored", "not_scored", "rejected"]
    duplicate: bool = False
    transaction_id: str | None = None
    reason: str | None = None
    error: str | None = None
    decision: DecisionRecord | None = None
    alert: AlertRecord | None = None


class BatchAnswer(msgspec.Struct):
    """Answers in the order of the batch, and how many there are of each kind."""

    results: list[ScoreAnswer]
    counts: dict[str, int]


class AlertSummary(DecisionRecord, kw_only=True):
    """An alert in the queue: the decision, its reasons in words, and what is known by now."""

    alert_id: str
    created_at: str
    alert_status: AlertStatus
    reasons: list[str]


class AlertPage(msgspec.Struct):
    """Alerts, newest first; `next_cursor` continues, null at the end."""

    alerts: list[AlertSummary]
    next_cursor: str | None


class TransactionShown(msgspec.Struct, omit_defaults=True):
    """A transaction as stored; fields it did not have are left out."""

    transaction_id: str
    occurred_at: str
    customer_id: str | None
    merchant_id: str | None
    amount_minor: int
    currency: str
    type: str
    utc_offset_min: int | None = None
    reporting_amount_minor: int | None = None
    outcome: str | None = None
    channel: str | None = None
    mcc: str | None = None
    country: str | None = None
    ip_country: str | None = None
    device_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    authenticated: bool | None = None
    billing_amount_minor: int | None = None
    billing_currency: str | None = None
    original_transaction_id: str | None = None
    details: dict[str, Any] | None = None


class AlertDetail(msgspec.Struct):
    """One alert: the record as published, its reasons, its transaction, what is known by now."""

    alert: AlertRecord
    alert_status: AlertStatus
    reasons: list[str]
    transaction: TransactionShown


class TimelineEntry(msgspec.Struct):
    """A customer's transaction and what was said of it; null where nothing was."""

    transaction: TransactionShown
    log_odds: float | None
    risk_score: int | None
    flagged: bool
    alert_id: str | None
    is_fraud: bool | None


class TimelinePage(msgspec.Struct):
    """A customer's transactions, newest first; `next_cursor` continues, null at the end."""

    customer_id: str
    entries: list[TimelineEntry]
    next_cursor: str | None


class LabelsTaken(msgspec.Struct):
    """Ids of the labels that were handed to the broker, in the order given."""

    label_ids: list[str]


class PartitionShown(msgspec.Struct):
    """A partition of a stream: how far it is read, and what became of what was consumed."""

    partition: int
    next_offset: int
    transactions: int
    source_epoch: int
    watermark: str | None
    idle: bool
    owner: str | None
    counters: dict[str, int]
    reconciles: bool


class StreamShown(msgspec.Struct):
    """A stream: its partitions and the sum of their counters."""

    stream: str
    counters: dict[str, int]
    reconciles: bool
    partitions: list[PartitionShown]


class SealsShown(msgspec.Struct):
    """Hourly merchant tables: made with everything in, or with what there was."""

    complete: int
    incomplete: int
    newest: str | None


class ShortHistory(msgspec.Struct):
    """Customers of the HTTP stream, and the share with under 30 days of history."""

    customers: int
    share: float


class PeriodCoverage(msgspec.Struct):
    """The coverage of a period's days: those from its first payment to its last, whole."""

    period: PeriodShown
    coverage: WindowCoverageShown


class CoverageShown(msgspec.Struct):
    """What became of everything consumed.

    `reconciles`: consumed is scored + unscored + duplicates + not_scored + kept + dead_letters.
    `short_history` is null where it is not known at once: no HTTP customers, or busy. `payments`
    tells of all days what a comparison would rest on, `periods` of each of the newest periods.
    """

    counters: dict[str, int]
    reconciles: bool
    streams: list[StreamShown]
    seals: SealsShown
    alerts_pending: int
    short_history: ShortHistory | None
    payments: WindowCoverageShown | None
    periods: list[PeriodCoverage]


class BundleShown(msgspec.Struct):
    """A bundle in use. `threshold` is in log-odds, `threshold_probability` its sigmoid.

    With `threshold_at_risk` payments are flagged from that much probability x amount on, in the
    reporting currency, and `threshold` counts where the amount is not known.
    """

    bundle_id: str
    role: Literal["champion", "challenger"]
    name: str
    created_at: str | None
    code_version: str | None
    kernel_version: int
    features: int
    feature_spec_sha256: str
    threshold: float
    threshold_probability: float
    threshold_at_risk: float | None
    alert_rate: float | None
    base_rate: float | None
    data: dict[str, Any] | None
    metrics: dict[str, Any] | None


class BundlesShown(msgspec.Struct):
    """The bundles in use, the champion first."""

    models: list[BundleShown]


class Health(msgspec.Struct):
    """Whether the process, or each part it needs, is up; `problems` says what is not and why."""

    status: Literal["alive", "ready", "not_ready"]
    problems: list[str] = []


def transaction_shown(rows: Transactions, row: int) -> TransactionShown:
    """Return one row as it is shown."""
    offset, mcc = int(rows.utc_offset_min[row]), int(rows.mcc[row])
    authenticated = int(rows.authenticated[row])
    return TransactionShown(
        transaction_id=rows.transaction_id[row],
        occurred_at=format_instant(int(rows.occurred_ms[row])),
        customer_id=rows.customer_id[row],
        merchant_id=rows.merchant_id[row],
        amount_minor=int(rows.amount_minor[row]),
        currency=rows.currency[row],
        type=TYPES[rows.type[row]],
        utc_offset_min=None if offset == UNKNOWN_OFFSET else offset,
        reporting_amount_minor=_known(int(rows.reporting_minor[row])),
        outcome=_named(OUTCOMES, int(rows.outcome[row])),
        channel=_named(CHANNELS, int(rows.channel[row])),
        mcc=None if mcc < 0 else f"{mcc:04d}",
        country=rows.country[row],
        ip_country=rows.ip_country[row],
        device_id=rows.device_id[row],
        latitude=_number(rows.latitude[row]),
        longitude=_number(rows.longitude[row]),
        authenticated=None if authenticated < 0 else bool(authenticated),
        billing_amount_minor=_known(int(rows.billing_amount_minor[row])),
        billing_currency=rows.billing_currency[row],
        original_transaction_id=rows.original_transaction_id[row],
        details=rows.details[row],
    )


def _known(value: int) -> int | None:
    return None if value < 0 else value


def _named(names: tuple[str, ...], code: int) -> str | None:
    return None if code < 0 else names[code]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def status_of(is_fraud: bool | None) -> AlertStatus:  # noqa: FBT001 - the truth itself
    """Return the status of an alert whose transaction is so labelled."""
    if is_fraud is None:
        return "open"
    return "fraud" if is_fraud else "genuine"
