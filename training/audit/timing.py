"""Checks of the order and the flow of time."""

import numpy as np

from training.audit.findings import Finding
from training.audit.subject import Subject

_DAY_MS = 86_400_000
_UNORDERED_WARNING = 0.05


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
    days = np.unique(subject.transactions.occurred_ms // _DAY_MS)
    span = int(days[-1] - days[0]) + 1
    empty = span - len(days)
    first, last = (str(np.datetime64(int(day), "D")) for day in (days[0], days[-1]))
    figures = {"first_day": first, "last_day": last, "days": span, "days_without_payments": empty}
    told = f"{span} days, {first} to {last}"
    if not empty:
        return Finding("time gaps", "good", f"{told}, payments on every one", figures)
    return Finding(
        "time gaps", "warning", f"{told}; on {empty} of them there is no payment at all", figures
    )
