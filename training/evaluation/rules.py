"""Rule sets as a rival: thresholds searched on the weeks learned from, all of a grid at once.

A rule set flags a payment if any of its conditions holds, a condition being "value above a
threshold". Which sets of a grid are worth having is a frontier: no other flags as few payments
and finds as many frauds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.features import FeatureSpec
from training.evaluation.material import NEVER_MS, Mask, Matrix, Payments
from training.windows import DAY_MS

Numbers = npt.NDArray[np.int64]
Column = npt.NDArray[np.floating]
SHARES = (0.05, 0.02, 0.01, 0.005, 0.003, 0.001, 0.0003, 0.0)
"""Thresholds of a condition: values that these shares of genuine payments lie above."""
FINE = (0.05, 0.03, 0.02, 0.015, 0.01, 0.0075, 0.005, 0.004, 0.003, 0.002, 0.001, 0.0003, 0.0)
"""As SHARES, for the conditions that matter most."""
MOST_ALERTS = 0.05
WINDOWS_DAYS = (7, 14, 28)
COUNTS = np.arange(10.0)
"""Thresholds of known frauds: one or more, up to ten or more."""
KNOWN_21D, NIGHT_AMOUNT = "frauds known at the merchant in 21 days", "amount at night"
BEHAVIOUR = ("amount", "amount_ratio_all", "count_1h", "count_1d", NIGHT_AMOUNT)
LABELS = ("merchant_frauds_14d", KNOWN_21D)


@dataclass(frozen=True)
class RuleSet:
    """Conditions as (column, threshold): a payment with any value above its threshold is flagged.

    `name` is set where somebody found the set by hand.
    """

    conditions: tuple[tuple[str, float], ...]
    name: str = ""

    def flags(self, columns: dict[str, Column]) -> Mask:
        """Which payments are flagged, (n,)."""
        flagged: Mask = np.logical_or.reduce([columns[n] > least for n, least in self.conditions])
        return flagged

    def told(self) -> str:
        """Return the set as a line of text."""
        return " or ".join(f"{name} > {least:g}" for name, least in self.conditions)


_BY_HAND = (("amount", 220.0), ("amount_ratio_all", 3.0))
HAND_SEARCHED = (
    RuleSet(_BY_HAND, "by hand, amounts"),
    RuleSet((*_BY_HAND, ("merchant_frauds_14d", 5.0)), "by hand, 6 frauds known in 14 days"),
    RuleSet((*_BY_HAND, (KNOWN_21D, 2.0)), "by hand, 3 frauds known in 21 days"),
)
"""Sets searched by hand for the Fraud Detection Handbook's payments, amounts in euros."""


def columns(payments: Payments, features: Matrix, spec: FeatureSpec) -> dict[str, Column]:
    """Return what conditions are made of: our features where they exist, all (n,)."""
    place = {name: at for at, name in enumerate(spec.names)}
    found: dict[str, Column] = {
        name: features[:, place[name]] for name in (*BEHAVIOUR, *LABELS) if name in place
    }
    found[KNOWN_21D] = frauds_known(payments, 21)
    if "night" in place:
        found[NIGHT_AMOUNT] = features[:, place["amount"]] * features[:, place["night"]]
    return found


def known_frauds(payments: Payments) -> dict[str, Column]:
    """Return frauds known at each payment's merchant, a column for each window searched."""
    return {known(days): frauds_known(payments, days) for days in WINDOWS_DAYS}


def frauds_known(payments: Payments, days: int) -> npt.NDArray[np.float64]:
    """How many frauds became known at a payment's merchant in the days before it, (n,)."""
    fraud = np.flatnonzero((payments.known_ms < NEVER_MS) & (payments.merchants >= 0))
    moments = np.concatenate([payments.occurred_ms, payments.known_ms[fraud]])
    first, span = int(moments.min()), int(moments.max() - moments.min()) + days * DAY_MS + 2

    def place(merchants: Numbers, at: Numbers) -> Numbers:
        return merchants * span + (at - first) + days * DAY_MS + 1

    known = np.sort(place(payments.merchants[fraud], payments.known_ms[fraud]))
    now = place(payments.merchants, payments.occurred_ms)
    until, since = (np.searchsorted(known, at, side="right") for at in (now, now - days * DAY_MS))
    return np.where(payments.merchants < 0, 0, until - since).astype(np.float64)


def searched(found: dict[str, Column], payments: Payments) -> list[RuleSet]:
    """Return the frontier over amount, ratio to own mean, velocity, night and known frauds.

    Known frauds at the merchant count over 7, 14 or 28 days, one window to a set, from one to ten
    on. Amounts and ratios have finer thresholds than the rest.
    """
    fraud = payments.fraud
    behaviour = {name: found[name] for name in BEHAVIOUR if name in found}
    fine = {
        name: thresholds(found[name][~fraud], FINE)
        for name in ("amount", "amount_ratio_all")
        if name in found
    }
    every = [
        one
        for days in WINDOWS_DAYS
        for one in frontier(
            behaviour | {known(days): found[known(days)]}, fraud, fine | {known(days): COUNTS}
        )
    ]
    alerts, frauds = (
        np.array([int((one.flags(found) & of).sum()) for one in every])
        for of in (np.ones(len(fraud), bool), fraud)
    )
    order = np.lexsort((-frauds, alerts))
    best = np.maximum.accumulate(frauds[order])
    return [every[at] for at in order[np.diff(best, prepend=0) > 0]]


def in_force(
    found: dict[str, Column], fraud: Mask, velocities: Sequence[str], least: float
) -> RuleSet:
    """Return the set with the best F1 in which every kind of condition is in force.

    One velocity of those given and all other columns, each condition flagging at least this
    share of genuine payments: what a rule book holds that nobody has pruned.
    """
    shares = [share for share in SHARES if share >= least]
    best, highest = RuleSet(()), -1.0
    for velocity in (one for one in velocities if one in found):
        kinds = {n: v for n, v in found.items() if n not in velocities or n == velocity}
        ladders = {name: thresholds(values[~fraud], shares) for name, values in kinds.items()}
        missed, passed = _left(kinds, fraud, ladders)
        inside = tuple(slice(0, len(ladder)) for ladder in ladders.values())
        alerts, hits = len(fraud) - passed[inside], int(fraud.sum()) - missed[inside]
        f1 = 2 * hits / (alerts + int(fraud.sum()))
        place = np.unravel_index(int(f1.argmax()), f1.shape)
        if f1[place] > highest:
            best, highest = _rule_set(place, ladders), float(f1[place])
    return best


def known(days: int) -> str:
    """Return the name of a column: frauds known at the merchant in so many days."""
    return f"frauds known at the merchant in {days} days"


def frontier(
    found: dict[str, Column], fraud: Mask, given: dict[str, Column] | None = None
) -> list[RuleSet]:
    """Return the sets of the grid that are worth having on these payments, fewest alerts first.

    The grid's cells count payments by how many thresholds of each condition they pass; what a
    set does not flag is then a sum over a corner of the grid. Some thresholds may be `given`.
    """
    ladders = {
        name: (given or {}).get(name, thresholds(values[~fraud], SHARES))
        for name, values in found.items()
    }
    missed, passed = _left(found, fraud, ladders)
    shape = passed.shape
    alerts, frauds = (len(fraud) - passed).ravel(), (int(fraud.sum()) - missed).ravel()
    open_ = np.flatnonzero((alerts > 0) & (alerts <= MOST_ALERTS * len(fraud)))
    fewest_conditions = -open_  # the last place of a ladder is none
    order = open_[np.lexsort((fewest_conditions, -frauds[open_], alerts[open_]))]
    best = np.maximum.accumulate(frauds[order])
    worth = order[np.diff(best, prepend=0) > 0]
    return [_rule_set(np.unravel_index(one, shape), ladders) for one in worth]


def best_f1(found: dict[str, Column], fraud: Mask, among: Sequence[RuleSet]) -> RuleSet:
    """Return the set with the best harmonic mean of precision and share of frauds found."""

    def f1(one: RuleSet) -> float:
        flagged = one.flags(found)
        return 2 * int((flagged & fraud).sum()) / (int(flagged.sum()) + int(fraud.sum()))

    return max(among, key=f1)


def thresholds(genuine: Column, shares: Sequence[float]) -> Column:
    """Return values that these shares of genuine payments lie above, rising."""
    return np.unique(np.quantile(genuine, [1 - share for share in shares], method="higher"))


def _left(
    found: dict[str, Column], fraud: Mask, ladders: dict[str, Column]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return frauds, and payments, that the set of each place of the grid does not flag."""
    shape = tuple(len(ladder) + 1 for ladder in ladders.values())
    levels = [np.searchsorted(ladder, found[name]) for name, ladder in ladders.items()]
    cell = np.ravel_multi_index(levels, shape)
    cells = int(np.prod(shape))
    missed = np.bincount(cell[fraud], minlength=cells).reshape(shape)
    passed = np.bincount(cell, minlength=cells).reshape(shape)
    return _corners(missed), _corners(passed)


def _corners(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    for axis in range(counts.ndim):
        counts = np.cumsum(counts, axis=axis)
    return counts


def _rule_set(place: tuple[np.intp, ...], ladders: dict[str, Column]) -> RuleSet:
    return RuleSet(
        tuple(
            (name, float(ladder[at]))
            for at, (name, ladder) in zip(place, ladders.items(), strict=True)
            if at < len(ladder)
        )
    )
