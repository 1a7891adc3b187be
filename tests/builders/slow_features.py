"""The window features once more, from their definitions: slow, in plain Python, obviously right."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from models.labels import Labels
from models.transaction import AUTHORISATION, VERIFICATION, Transactions

HOUR_S, DAY_S = 3_600, 86_400
KEPT_ONE_BY_ONE = 32
IDLE_S = 400 * DAY_S
NEVER_S = 90 * DAY_S


@dataclass
class Event:
    """What a customer did once. `amount` is None without an exchange rate."""

    at_s: int
    check: bool
    amount: int | None
    merchant: str


@dataclass
class Change:
    """A payment's truth as a seal changes it: `by` is +1 where it turns out to be fraud."""

    merchant: str
    sealed: int
    by: int
    occurred_s: int
    ordinary: bool


def ratio(value: float, base: float) -> float:
    """Return value / base, 1 without a base, at most 1,000."""
    return 1.0 if base <= 0 else min(value / base, 1000.0)


def customer_features(rows: Transactions) -> list[dict[str, float]]:
    """Return the customer's window features of each row, taken in the order given."""
    histories: dict[str, list[Event]] = defaultdict(list)
    out = []
    for row in range(len(rows)):
        past = histories[rows.customer_id[row]]
        now = int(rows.occurred_ms[row]) // 1000
        if past and now - past[-1].at_s > IDLE_S:
            past.clear()
        if past:
            now = max(now, past[-1].at_s)
        amount = int(rows.reporting_minor[row])
        event = Event(
            now,
            bool(rows.type[row] == VERIFICATION),
            amount if amount >= 0 else None,
            rows.merchant_id[row],
        )
        out.append(_features(past, event))
        past.append(event)
    return out


def _features(past: list[Event], event: Event) -> dict[str, float]:
    now, today = event.at_s, event.at_s // DAY_S
    recent = past[-KEPT_ONE_BY_ONE:]
    hour = [e for e in recent if now - e.at_s < HOUR_S]
    day = [e for e in recent if now - e.at_s < DAY_S]
    week = [e for e in past if today - e.at_s // DAY_S < 7]
    month = [e for e in past if today - e.at_s // DAY_S < 30]
    minor = event.amount or 0
    spent = 0 if event.check else minor
    known = event.amount is not None

    def paid(events: list[Event]) -> list[int]:
        return [e.amount for e in events if e.amount is not None and not e.check]

    def against_mean(events: list[Event]) -> float:
        return ratio(minor, sum(paid(events)) / len(paid(events))) if known and paid(events) else 1

    days = min(30, today - past[0].at_s // DAY_S + 1) if past else 1
    span = past[-1].at_s - past[0].at_s if past else 0
    spend_1d = spent + sum(paid(day))
    priced = [e.amount for e in recent if e.amount is not None and not e.check]
    small = [e for e in day if e.amount is not None or e.check]
    return {
        "amount": minor / 100,
        "count_1h": 1 + len(hour),
        "count_1d": 1 + len(day),
        "count_7d": 1 + len(week),
        "count_30d": 1 + len(month),
        "count_ratio_1d": min((1 + len(day)) / (len(month) / days), 1000) if month else 1,
        "verifications_1d": event.check + sum(e.check for e in day),
        "merchants_1d": len({e.merchant for e in day} | {event.merchant}),
        "spend_1h": (spent + sum(paid(hour))) / 100,
        "spend_1d": spend_1d / 100,
        "spend_7d": (spent + sum(paid(week))) / 100,
        "spend_30d": (spent + sum(paid(month))) / 100,
        "spend_ratio_1d": ratio(spend_1d, sum(paid(month)) / days) if known and paid(month) else 1,
        "amount_ratio_7d": against_mean(week),
        "amount_ratio_30d": against_mean(month),
        "amount_ratio_all": against_mean(past),
        "amount_to_max_30d": ratio(minor, max(paid(month))) if known and paid(month) else 1,
        "amount_rank": sum(a < minor for a in priced) / len(priced) if known and priced else 0.5,
        "small_before_1d": sum(10 * (e.amount or 0) < minor for e in small),
        "since_last_s": min(now - past[-1].at_s, NEVER_S) if past else NEVER_S,
        "gap_ratio": min((now - past[-1].at_s) / (span / (len(past) - 1)), 1000) if span else 1,
        "span_last_5_s": min(now - past[-5].at_s, NEVER_S) if len(past) >= 5 else NEVER_S,
        "tenure_days": (now - past[0].at_s) / DAY_S if past else 0,
        "history_count": sum(not e.check for e in past),
        "history_known": bool(past),
        "merchant_new": bool(past) and event.merchant not in {e.merchant for e in past},
        "merchant_payments": sum(e.merchant == event.merchant for e in past),
    }


def merchant_features(rows: Transactions, labels: Labels, now_s: Any) -> list[dict[str, float]]:
    """Return the merchant's fraud and volume windows of each row of one stream.

    `now_s` are the times the kernel takes the rows at (late rows raised to their history).
    """
    reached = np.maximum.accumulate(rows.occurred_ms // 1000 // HOUR_S).tolist()
    hours = sorted(set(reached))
    row_of = {name: row for row, name in enumerate(rows.transaction_id)}
    changes = _changes(rows, labels, reached, hours, row_of)
    volume_day = [
        min((h // 24 for h in hours if h // 24 > mine // 24), default=10**9) - 1 for mine in reached
    ]
    out = []
    for row in range(len(rows)):
        merchant, now = rows.merchant_id[row], int(now_s[row])
        mine = [c for c in changes if c.merchant == merchant and c.sealed <= now // HOUR_S]
        age = [(now // HOUR_S - one.sealed, one.by) for one in mine]
        sold = [
            now // DAY_S - volume_day[other]
            for other in range(len(rows))
            if rows.merchant_id[other] == merchant and now // DAY_S > volume_day[other]
        ]
        out.append(
            {
                f"merchant_frauds_{days}d": max(sum(by for a, by in age if a < 24 * days), 0)
                for days in (1, 7, 14, 30)
            }
            | {f"merchant_volume_{d}d": sum(a <= d for a in sold) / d for d in (1, 7, 30)}
            | _fraud_run(mine, sold, now)
        )
    return out


def _fraud_run(changes: list[Change], sold: list[int], now: int) -> dict[str, float]:
    """Return the run of frauds since the last clean day; `sold` are payments' ages in days.

    Of what one hour's seal adds, only the oldest and the newest time are known.
    """
    told = []
    for sealed in {c.sealed for c in changes if now // HOUR_S - c.sealed < 45 * 24}:
        net = sum(c.by for c in changes if c.sealed == sealed)
        times = [c.occurred_s for c in changes if c.sealed == sealed and c.by > 0]
        if net and times:
            told.append((min(times), max(times), net))
    today = now // DAY_S
    frauds = Counter[int]()
    for oldest, newest, net in told:
        frauds[newest // DAY_S] += max(net, 1) - (oldest // DAY_S != newest // DAY_S)
        frauds[oldest // DAY_S] += oldest // DAY_S != newest // DAY_S
    payments = Counter(today - age for age in sold if 8 <= age <= 30)
    clean = max((day for day, count in payments.items() if count > frauds[day]), default=0)
    run = [one for one in told if one[1] // DAY_S > clean]
    started = [oldest if oldest // DAY_S > clean else newest for oldest, newest, _ in run]
    count = sum(net - (oldest // DAY_S <= clean) for oldest, _, net in run)
    plain = [one for one in _ordinary_told(changes, now) if one[0] // DAY_S > clean]
    return {
        "merchant_run_frauds": max(count, 0),
        "merchant_run_age_h": max(now - min(started), 0) / 3600 if run else 0,
        "merchant_run_ordinary": max(sum(net for _, net in plain), 0),
        "merchant_ordinary_age_h": max(now - min(plain)[0], 0) / 3600 if plain else 0,
        "merchant_clean_age_d": today - clean if clean else 31,
    }


def _ordinary_told(changes: list[Change], now: int) -> list[tuple[int, int]]:
    """Return the oldest time and the net number of ordinary frauds that each hour's seal adds."""
    told = []
    for sealed in {c.sealed for c in changes if now // HOUR_S - c.sealed < 45 * 24}:
        here = [c for c in changes if c.sealed == sealed]
        times = [c.occurred_s for c in here if c.by > 0 and c.ordinary]
        if sum(c.by for c in here) and times:
            told.append((min(times), sum(c.by for c in here if c.ordinary)))
    return told


def _changes(
    rows: Transactions, labels: Labels, reached: list[int], hours: list[int], row_of: dict[str, int]
) -> list[Change]:
    """Return every change of a payment's known truth."""
    by_payment: dict[int, list[tuple[int, int, str, bool]]] = defaultdict(list)
    for at in range(len(labels)):
        row = row_of[labels.transaction_id[at]]
        known_ms = int(labels.known_ms[at])
        first = -(-(known_ms + 15 * 60 * 1000) // (HOUR_S * 1000))
        sealed = next((h for h in hours if h >= first and h > reached[row]), None)
        if sealed is not None:
            by_payment[row].append(
                (sealed, known_ms, labels.label_id[at], bool(labels.is_fraud[at]))
            )
    changes = []
    for row, told in by_payment.items():
        truth = False
        for hour in sorted({entry[0] for entry in told}):
            latest = max((entry for entry in told if entry[0] <= hour), key=lambda e: e[1:3])
            if latest[3] != truth:
                truth = latest[3]
                changes.append(
                    Change(
                        rows.merchant_id[row],
                        hour,
                        1 if truth else -1,
                        int(rows.occurred_ms[row]) // 1000,
                        _ordinary(rows, row),
                    )
                )
    return changes


def _ordinary(rows: Transactions, row: int) -> bool:
    """Return whether its customer might have made a payment, by the month before the fortnight."""
    usual, recent = [], [0]
    for other in range(row):
        days = (rows.occurred_ms[row] - rows.occurred_ms[other]) / 1000 / DAY_S
        paid = int(rows.reporting_minor[other])
        same = rows.customer_id[other] == rows.customer_id[row] is not None
        if same and rows.type[other] == AUTHORISATION and paid >= 0:
            if days < 14:
                recent.append(paid)
            elif days <= 44:
                usual.append(paid)
    mean = Fraction(sum(usual), max(len(usual), 1))
    within = int(rows.reporting_minor[row]) <= 2 * mean and max(recent) <= 3 * mean
    return not usual or within
