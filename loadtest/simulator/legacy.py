"""The live bank's rules: plausible, dated, and blind to devices."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.simulator import categories, geography
from loadtest.simulator.finishing import ATTEMPTED, BY_MERCHANT, LOW_RISK, NONE
from loadtest.simulator.payments import ATM, ECOMMERCE, PRESENT, TRANSFER, VERIFICATION
from loadtest.simulator.randomness import keyed
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.world import World

    Mask = NDArray[np.bool_]

VERSION = "2025.3"
DECISIONS = ("approve", "challenge", "review", "decline")
APPROVE, CHALLENGED, REVIEW, DECLINE = range(4)
# rule and what it adds to the score
RULES = {
    "AMOUNT_OVER_1000": 50,
    "AMOUNT_12_TIMES_MEAN": 40,
    "SIX_IN_AN_HOUR": 45,
    "RUSH_OVER_150": 35,
    "SMALL_BURST": 55,
    "FIRST_TIME_ABROAD": 35,
    "CNP_AT_NIGHT": 30,
    "CNP_UNCHECKED_OVER_300": 30,
    "CASH_OVER_400": 30,
    "RISKY_TRADE": 30,
    "CONNECTION_ELSEWHERE": 30,
    "TRANSFER_OVER_5000": 60,
    "YOUNG_ACCOUNT": 30,
}
_WEIGHTS = np.array(list(RULES.values()))
_FROM = np.array([30, 50, 80])  # challenge, review, decline
_RISKY = np.isin(
    np.arange(len(categories.NAMES)),
    [categories.index(k) for k in ("gambling", "quasi cash", "jewellery", "gift cards")],
)
_UNCHECKED = (ATTEMPTED, LOW_RISK, BY_MERCHANT, NONE)
_HOUR_MS, _TEN_MINUTES_MS = 3_600_000, 600_000
_FADE = 0.97
_SPAN = 1 << 42  # milliseconds: no two customers' times meet when laid end to end


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What the rules said of n rows: decision (-1: not asked), and the bits of rules hit."""

    decision: NDArray[np.int8]
    hits: NDArray[np.int64]

    def text(self, rows: Rows) -> pl.Series:
        """Return each decision as the JSON text of the wire's `legacy`, null if not asked."""
        masks, place = np.unique(self.hits, return_inverse=True)
        heads = pl.Series([_head(int(mask)) for mask in masks], dtype=pl.String)
        latency = 15 + (keyed(0, "decided", rows.key) % np.uint64(120)).astype(np.int64)
        decided = (
            pl.Series(rows.occurred_ms + latency)
            .cast(pl.Datetime("ms"))
            .dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")
        )
        text = pl.concat_str(
            pl.lit(heads.gather(place.astype(np.uint32))), pl.lit(decided), pl.lit('"}')
        )
        return pl.select(c=pl.when(pl.lit(pl.Series(self.decision >= 0))).then(text))["c"]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What the rules know of each customer.

    mean_eur: mean payment; paid: how many payments count; quiet: none within the hour.
    """

    mean_eur: NDArray[np.float64]
    paid: NDArray[np.float64]
    quiet: NDArray[np.bool_]


def merged(rows: Rows, decisions: Decisions, soon: Rows) -> tuple[Rows, Decisions]:
    """Return rows with `soon` among them in the order of time; rules are not asked of those."""
    if not len(soon):
        return rows, decisions
    together = Rows.concat([rows, soon])
    order = np.lexsort((together.key, together.occurred_ms))
    decision = np.concatenate([decisions.decision, np.full(len(soon), -1, np.int8)])
    hits = np.concatenate([decisions.hits, np.zeros(len(soon), np.int64)])
    return together.take(order), Decisions(decision[order], hits[order])


class RulesEngine:
    """Rules over the amount, the clock, the place, and a profile refreshed every night.

    Rows must come in the order of time.
    """

    def __init__(self, world: World) -> None:
        n = len(world.customers)
        self._world = world
        self._spent, self._paid = np.zeros(n), np.zeros(n)
        self._today_spent, self._today_paid = np.zeros(n), np.zeros(n)
        home = geography.CITY_COUNTRY[world.customers.city]
        self._seen = np.uint64(1) << home.astype(np.uint64)
        self._day = -1
        self._recent: tuple[NDArray[np.int64], NDArray[np.bool_]] = (
            np.empty(0, np.int64),
            np.empty(0, bool),
        )

    def decide(self, rows: Rows) -> Decisions:
        """Return the decision on each payment and verification; other types are not asked."""
        asked = np.flatnonzero(rows.original == 0)
        decision, hits = np.full(len(rows), -1, np.int8), np.zeros(len(rows), np.int64)
        if len(asked):
            chosen = rows.take(asked)
            self._refresh(int(chosen.occurred_ms[0]) // geography.DAY_MS)
            found = self._hits(chosen)
            score = np.minimum(found @ _WEIGHTS, 100)
            decision[asked] = np.searchsorted(_FROM, score, side="right")
            hits[asked] = found @ (1 << np.arange(len(RULES)))
            self._learn(chosen)
        return Decisions(decision, hits)

    def profile(self) -> Profile:
        """Return what the rules know of each customer."""
        quiet = np.ones(len(self._paid), bool)
        quiet[self._recent[0] // _SPAN] = False
        return Profile(self._spent / np.maximum(self._paid, 1e-9), self._paid.copy(), quiet)

    def _refresh(self, day: int) -> None:
        if day != self._day:
            self._spent = self._spent * _FADE + self._today_spent
            self._paid = self._paid * _FADE + self._today_paid
            self._today_spent[:] = 0
            self._today_paid[:] = 0
            self._day = day

    def _hits(self, rows: Rows) -> Mask:
        """Return (rows, rules): which rules each row hits."""
        who, world = rows.customer, self._world
        euros = euros_of(rows)
        mean = np.divide(self._spent[who], np.maximum(self._paid[who], 1e-9))
        in_hour, small_in_ten = self._velocity(rows, euros)
        home = geography.CITY_COUNTRY[world.customers.city[who]]
        country = np.where(rows.merchant >= 0, world.merchants.country[rows.merchant], home)
        known = (self._seen[who] >> country.astype(np.uint64)) & np.uint64(1)
        online = rows.channel == ECOMMERCE
        hour = (rows.occurred_ms // _HOUR_MS + rows.offset_min // 60) % 24
        there = (rows.channel == PRESENT) | (rows.channel == ATM)
        unchecked = np.isin(rows.authentication, _UNCHECKED)
        remote_elsewhere = (rows.ip >= 0) & (rows.ip != home) & (rows.ip != country)
        return np.stack(
            [
                euros >= 1000,
                (euros >= 400) & (euros > 12 * mean) & (self._paid[who] >= 5),
                in_hour >= 6,
                (in_hour >= 5) & (euros >= 150),
                (euros < 5) & (small_in_ten >= 4),
                (known == 0) & there & (euros > 250),
                online & (hour < 5) & (euros > 250) & unchecked & ~rows.recurring,
                online & unchecked & (euros >= 300) & ~rows.recurring,
                (rows.channel == ATM) & (euros >= 400),
                _RISKY[rows.category] & (euros > 350),
                remote_elsewhere & (euros > 150),
                (rows.channel == TRANSFER) & (euros >= 5000),
                (rows.age_days < 30) & (euros > 500),
            ],
            axis=1,
        )

    def _velocity(
        self, rows: Rows, euros: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return payments within the last hour, and small ones within ten minutes."""
        now = rows.customer.astype(np.int64) * _SPAN + rows.occurred_ms
        small = euros < 5
        times = np.concatenate([self._recent[0], now])
        tiny = np.concatenate([self._recent[1], small])
        order = np.argsort(times, kind="stable")
        line, tiny_line = times[order], np.concatenate([[0], np.cumsum(tiny[order])])
        here = np.searchsorted(line, now, side="right")
        hour_ago = np.searchsorted(line, now - _HOUR_MS)
        ten_ago = np.searchsorted(line, now - _TEN_MINUTES_MS)
        keep = times % _SPAN > int(rows.occurred_ms[-1]) - _HOUR_MS
        self._recent = (times[keep], tiny[keep])
        return here - hour_ago, tiny_line[here] - tiny_line[ten_ago]

    def _learn(self, rows: Rows) -> None:
        paid = rows.take((rows.response == 0) & (rows.type != VERIFICATION))
        n = len(self._spent)
        self._today_spent += np.bincount(paid.customer, euros_of(paid), n)
        self._today_paid += np.bincount(paid.customer, minlength=n)
        card = paid.take(paid.merchant >= 0)
        country = self._world.merchants.country[card.merchant].astype(np.uint64)
        np.bitwise_or.at(self._seen, card.customer, np.uint64(1) << country)


def euros_of(rows: Rows) -> NDArray[np.float64]:
    """Return what was asked, in euros."""
    scale = 10.0**geography.EXPONENT * geography.PER_EURO
    euros: NDArray[np.float64] = rows.amount_minor / scale[rows.currency]
    return euros


def _head(mask: int) -> str:
    names = [name for bit, name in enumerate(RULES) if mask >> bit & 1]
    score = min(100, sum(RULES[name] for name in names))
    decision = DECISIONS[int(np.searchsorted(_FROM, score, side="right"))]
    rules = ",".join(f'"{name}"' for name in names)
    return (
        f'{{"decision":"{decision}","score":{score},"rules":[{rules}],'
        f'"ruleset_version":"{VERSION}","decided_at":"'
    )
