"""Checks of the order and the flow of time, and of how training would divide it."""

from typing import Any

import numpy as np

from training.audit.findings import Finding
from training.audit.labelling import NO_LABELS
from training.audit.subject import DAY_MS, Subject, by_day
from training.errors import UnusableData
from training.windows import Window, divide, label_delay_ms

_UNORDERED_WARNING = 0.05
_FEW_FRAUDS = 30


def time_order(subject: Subject) -> Finding:
    """Rows earlier than one that stands before them in the file."""
    times = subject.transactions.occurred_ms
    late = int((times < np.maximum.accumulate(times)).sum())
    share = late / len(times)
    if not late:
        return Finding("time order", "good", "rows stand in order of time")
    return Finding(
        "time order",
        "warning" if share > _UNORDERED_WARNING else "note",
        f"{late:,} rows ({share:.1%}) are earlier than one before them; a file is put in order of "
        "time first, a live stream would count them late",
        {"late": late},
    )


def time_gaps(subject: Subject) -> Finding:
    """Whole days without any payment between the first and the last."""
    days = np.unique(subject.transactions.occurred_ms // DAY_MS)
    span = int(days[-1] - days[0]) + 1
    empty = span - len(days)
    first, last = (_date(int(day) * DAY_MS) for day in (days[0], days[-1]))
    figures = {
        "first_day": first,
        "last_day": last,
        "days": span,
        "days_without_payments": empty,
        "empty_share": empty / span,
        "payments_by_day": by_day(subject.transactions.occurred_ms),
    }
    told = f"{span} days, {first} to {last}"
    if not empty:
        return Finding("time gaps", "good", f"{told}, payments on every one", figures)
    steps = np.diff(days)
    longest = int(steps.argmax())
    return Finding(
        "time gaps",
        "warning",
        f"{told}; on {empty} of them there is no payment at all, the longest gap is "
        f"{int(steps[longest]) - 1} days from {_date((int(days[longest]) + 1) * DAY_MS)}",
        figures,
    )


def training_windows(subject: Subject) -> Finding:
    """Which windows training would cut, and how many frauds lie in each."""
    if subject.fraud is None or subject.labels is None or not len(subject.labels):
        return Finding("training windows", "problem", NO_LABELS)
    times = subject.transactions.occurred_ms
    try:
        windows = divide(
            times,
            newest_label_ms=int(subject.labels.known_ms.max()),
            delay_ms=label_delay_ms(subject.fraud_delays_ms),
            config=subject.windows,
        )
    except UnusableData as error:
        return Finding("training windows", "problem", str(error), {"least_frauds": 0})
    cut = {"train": windows.train, "validation": windows.validation, "test": windows.test}
    told: list[str] = []
    figures: dict[str, Any] = {}
    scored = subject.transactions.scored_type()
    for name, window in cut.items():
        if window is not None:
            frauds = int((subject.fraud & scored & window.mask(times)).sum())
            told.append(f"{name} {_span(window)} ({frauds:,} frauds)")
            figures[name] = {
                "from": _date(window.start_ms),
                "to": _date(window.end_ms - 1),
                "frauds": frauds,
            }
    least = min(one["frauds"] for one in figures.values())
    level, more = _enough(least)
    return Finding(
        "training windows", level, ", ".join(told) + more, figures | {"least_frauds": least}
    )


def _enough(least: int) -> tuple[Any, str]:
    if not least:
        return "problem", "; training refuses a window without fraud"
    if least < _FEW_FRAUDS:
        return "warning", f"; figures from only {least} frauds say little"
    return "good", ""


def _span(window: Window) -> str:
    return f"{_date(window.start_ms)} to {_date(window.end_ms - 1)}"


def _date(ms: int) -> str:
    return str(np.datetime64(ms // DAY_MS, "D"))
