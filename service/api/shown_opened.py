"""Payments as a comparison lists them: those behind a cell, and those drawn for review."""

from __future__ import annotations

import msgspec


class OpenedShown(msgspec.Struct):
    """A payment behind a cell: what each system said, and what its label says, if it has one."""

    transaction_id: str
    customer_id: str | None
    occurred_at: str
    reporting_amount_minor: int | None
    bundle_id: str
    risk_score: int | None
    log_odds: float | None
    flagged: bool
    legacy_decision: str | None
    legacy_rules: list[str]
    ruleset: str | None
    is_fraud: bool | None


class OpenedPage(msgspec.Struct):
    """Payments, newest first; `next_cursor` continues, null at the end."""

    transactions: list[OpenedShown]
    next_cursor: str | None


class DrawnShown(msgspec.Struct):
    """A payment drawn at random for review: what it was, and nothing of what anybody said of it."""

    transaction_id: str
    customer_id: str | None
    merchant_id: str | None
    occurred_at: str
    amount_minor: int
    currency: str
    channel: str | None
    mcc: str | None
    country: str | None
    sampled_at: str


class ReviewSamplePage(msgspec.Struct):
    """Drawn payments without a label, oldest first; `next_cursor` continues, null at the end.

    Label them with the source `sample`.
    """

    transactions: list[DrawnShown]
    next_cursor: str | None
