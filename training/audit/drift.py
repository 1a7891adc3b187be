"""Checks of what changes between the first weeks and those after."""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.stability_index import chance_index, stability_index
from training.audit.findings import Finding, Level
from training.audit.fraud_ratio import ratio_with_interval
from training.audit.inputs import Coded, coded_inputs, sampled_rows
from training.audit.labelling import NO_LABELS
from training.audit.maturity import mature_until_ms
from training.audit.subject import Subject
from training.audit.weeks import Weeks, told_weeks

_SLIGHT, _LARGE = 0.1, 0.25
_SLIGHT_FACTOR, _LARGE_FACTOR = 1.5, 2.0
_FRAUD_NOTE, _FRAUD_WARNING = 1.1, 1.5
_NAMED = 5
_DRAWN = 12
_TOO_SHORT = "not judged: the file has less than four whole weeks"


def volume_drift(subject: Subject) -> Finding:
    """Payments a day, week by week, against the first weeks."""
    weeks = subject.weeks
    if weeks is None:
        return Finding("volume drift", "note", _TOO_SHORT)
    by_day = weeks.counts() / 7
    usual = float(by_day[: weeks.reference].mean())
    later = by_day[weeks.reference :]
    factors = np.maximum(later, usual) / np.maximum(np.minimum(later, usual), 1 / 7)
    worst = int(factors.argmax())
    factor = float(factors[worst])
    told = (
        f"{usual:,.0f} payments a day in {told_weeks('first', weeks.reference)}, "
        f"{later.min():,.0f} to {later.max():,.0f} in the weeks after"
    )
    if factor >= _SLIGHT_FACTOR:
        told += (
            f"; furthest off in the week from {weeks.start(weeks.reference + worst)} "
            f"({later[worst]:,.0f}): was something added, or is something missing?"
        )
    return Finding("volume drift", _by(factor, _SLIGHT_FACTOR, _LARGE_FACTOR), told, {
        "payments_a_day_by_week": [round(float(one), 1) for one in by_day],
        "largest_factor": factor,
    })  # fmt: skip


def input_drift(subject: Subject) -> Finding:
    """Distribution of every input, week by week, against the first weeks."""
    weeks = subject.weeks
    if weeks is None:
        return Finding("input drift", "note", _TOO_SHORT)
    rows = sampled_rows(len(weeks.index))
    index = weeks.index[rows]
    reference = (index >= 0) & (index < weeks.reference)
    moved = [_Moved(coded, index, weeks) for coded in coded_inputs(subject, rows, reference)]
    moved.sort(key=lambda one: -one.worst)
    worst = moved[0].worst if moved else 0.0
    drifting = [one for one in moved if one.worst >= _SLIGHT]
    names = ", ".join(one.name for one in moved[:_DRAWN])
    if drifting:
        told = "; ".join(one.told(weeks) for one in drifting[:_NAMED])
        if len(drifting) > _NAMED:
            told += f"; and {len(drifting) - _NAMED} more inputs"
    else:
        told = f"no input is distributed otherwise than in the first weeks: {names}"
    return Finding("input drift", _by(worst, _SLIGHT, _LARGE), told, {
        "largest_index": worst,
        "weeks": [weeks.start(week) for week in range(weeks.reference, weeks.count)],
        "by_week": {one.name: [round(float(i), 4) for i in one.index] for one in moved[:_DRAWN]},
        "largest": {one.name: round(one.worst, 4) for one in moved},
    })  # fmt: skip


def fraud_drift(subject: Subject) -> Finding:
    """Fraud share of the first and the last quarter of the weeks whose labels have arrived."""
    weeks, fraud = subject.weeks, subject.fraud
    if weeks is None or fraud is None:
        return Finding("fraud drift", "note", _TOO_SHORT if weeks is None else NO_LABELS)
    limit = mature_until_ms(subject)
    newest = int(subject.transactions.occurred_ms.max())
    mature = sum(min(weeks.end_ms(week) - 1, newest) <= limit for week in range(weeks.count))
    part = mature // 4
    if not part or not fraud.any():
        why = "less than four whole weeks have all their labels" if not part else "no fraud"
        return Finding("fraud drift", "note", f"not judged: {why}")
    frauds, payments = _by_customer(subject, weeks, fraud, part, mature)
    ratio, low, high = ratio_with_interval(frauds, payments)
    shares = weeks.counts(fraud)[:mature] / np.maximum(weeks.counts()[:mature], 1)
    first, last = frauds.sum(axis=0) / np.maximum(payments.sum(axis=0), 1)
    beyond = max(low, 1 / high, 1.0)
    level: Level = _by(beyond, _FRAUD_NOTE, _FRAUD_WARNING)
    told = (
        f"{first:.2%} of payments are fraud in {told_weeks('first', part)}, {last:.2%} in "
        f"{told_weeks('last', part)} with all labels: {ratio:.2f} times as much (95 % interval "
        f"{low:.2f} to {high:.2f}, by customer)"
    )
    told += {
        "good": "; no more than chance explains",
        "note": "; a small change beyond chance",
    }.get(level, "; figures of the past will not hold: find out what changed, in fraud or labels")
    return Finding("fraud drift", level, told, {
        "fraud_share_by_week": [round(float(one), 6) for one in shares],
        "ratio": ratio, "low": low, "high": high, "factor_beyond_chance": beyond,
    })  # fmt: skip


class _Moved:
    """How far one input moved in each week; an index that chance explains counts as none."""

    def __init__(self, coded: Coded, index: npt.NDArray[np.int64], weeks: Weeks) -> None:
        bins = int(max(coded.codes.max() + 1, len(coded.levels)))
        inside = index >= 0
        flat = index[inside] * bins + coded.codes[inside]
        table = np.bincount(flat, minlength=weeks.count * bins).reshape(weeks.count, bins)
        expected, found = table[: weeks.reference].sum(axis=0), table[weeks.reference :]
        self.name = coded.name
        self.index = stability_index(expected, found)
        real = np.where(self.index > chance_index(expected, found), self.index, 0.0)
        self.week = int(real.argmax())
        self.worst = float(real[self.week])
        before = expected / max(int(expected.sum()), 1)
        after = found[self.week] / max(int(found[self.week].sum()), 1)
        level = int(np.abs(after - before).argmax())
        self._most = (coded.levels[level], float(before[level]), float(after[level]))

    def told(self, weeks: Weeks) -> str:
        """Say when it moved furthest, and which value most."""
        level, before, after = self._most
        return (
            f"{self.name} differs most in the week from {weeks.start(weeks.reference + self.week)} "
            f"(stability index {self.worst:.2f}): {level} went from {before:.1%} of payments to "
            f"{after:.1%}"
        )


def _by_customer(
    subject: Subject, weeks: Weeks, fraud: npt.NDArray[np.bool_], part: int, mature: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return frauds and payments of each customer, (c, 2): first and last `part` weeks."""
    early = (weeks.index >= 0) & (weeks.index < part)
    late = (weeks.index >= mature - part) & (weeks.index < mature)
    rows = np.flatnonzero(early | late)
    codes = _customers(subject.transactions.customer_id[rows])
    place = 2 * codes + late[rows]
    size = 2 * (int(codes.max(initial=0)) + 1)
    payments = np.bincount(place, minlength=size).reshape(-1, 2).astype(np.float64)
    frauds = np.bincount(place[fraud[rows]], minlength=size).reshape(-1, 2).astype(np.float64)
    return frauds, payments


def _customers(ids: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return customers numbered from 0; a payment without one stands for itself."""
    unknown = ids == None  # noqa: E711 - elementwise
    known = np.unique(ids[~unknown].astype("U"), return_inverse=True)[1]
    codes = np.empty(len(ids), np.int64)
    codes[~unknown] = known
    codes[unknown] = int(known.max(initial=-1)) + 1 + np.arange(int(unknown.sum()))
    return codes


def _by(value: float, note: float, warning: float) -> Level:
    if value >= warning:
        return "warning"
    return "note" if value >= note else "good"
