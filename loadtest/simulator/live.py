"""A live stream: a simulated history up to now, and then payments by the wall clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import geography
from loadtest.simulator.arrivals import CLOCK, HOUR_MS, Arrivals, intensity
from loadtest.simulator.config import TYPOLOGIES, SimulationConfig
from loadtest.simulator.engine import Chunk, Course, Simulation
from loadtest.simulator.fraud.schedule import act, expected_episodes
from loadtest.simulator.legacy import RulesEngine
from loadtest.simulator.payments import pay, verifications
from loadtest.simulator.randomness import generator
from loadtest.simulator.rows import Rows
from loadtest.simulator.script import takeover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loadtest.simulator.engine import Decide

_BLOCK_MS = 2_000
_REST = 0.7  # a customer rests for this share of the time it takes to go round them all
_PACE = 0.04  # an hour between two steps of a fraud becomes 2.4 minutes
_HASTE = 300.0  # a report after a day and a half is known in 7 minutes
_OPENING_MS = 600_000
_HISTORY_DAYS = 60


def demo_config(seed: int = 11, *, until: datetime | None = None) -> SimulationConfig:
    """Return the demo's portfolio: 60 days, about 300,000 transactions, 8,000 customers.

    A scam by telephone first appears on day 40. `until` is the moment the history ends
    (default 2026-03-02); the last of the 60 days is the day before.
    """
    end = (until or datetime(2026, 3, 2, tzinfo=UTC)).date()
    return SimulationConfig(
        seed=seed,
        customers=8_000,
        merchants=6_000,
        start=end - timedelta(days=_HISTORY_DAYS),
        days=_HISTORY_DAYS,
        payments_per_customer_day=0.62,
        novel_from={"impersonation_scam": 40},
        foreign_accounts=0.0,
    )


class LiveStream:
    """A history, then an endless stream of what occurs, at a chosen rate.

    config: its `days` end with yesterday; `start` is moved accordingly. clock: seconds since
    1970, never decreasing. rate: payments a second. script: whether an account takeover
    takes place in the first seconds after the first poll. decide: how the bank's rules are asked
    of what occurs after the history.

    Customers pay in turn, those whose local hour suits them first; at N customers and r a
    second each pays once in N / r seconds, far more often than in the history: keep N / r
    above half an hour where habits matter.
    """

    def __init__(
        self,
        config: SimulationConfig,
        *,
        clock: Callable[[], float],
        rate: float = 4.0,
        script: bool = True,
        decide: Decide = RulesEngine.decide,
    ) -> None:
        self._clock = clock
        self._now_ms = int(clock() * 1000)
        today = datetime.fromtimestamp(self._now_ms / 1000, UTC).date()
        self.config = replace(config, start=today - timedelta(days=config.days))
        self._simulation = Simulation(self.config)
        self._world = self._simulation.world
        self._course = Course(self._world, self._simulation.names)
        self._rate = rate
        self._script = script
        self._decide = decide
        self._block: int | None = None
        self._since_ms = 0
        self._rested_ms = np.zeros(self.config.customers, np.int64)

    def history(self) -> Iterator[Chunk]:
        """Yield the days before today, then today until now; `poll` goes on from there."""
        first = self.config.first_day
        for day in range(first, first + self.config.days):
            yield self._course.day(day)
        now = self._tick()
        self._block = now // _BLOCK_MS
        self._since_ms = now
        yield self._pass(now)

    def poll(self) -> Chunk:
        """Return what has occurred and become known since the history or the last call.

        The first call sets the script going. A history that was not asked for is skipped.
        """
        if self._block is None:
            for _ in self.history():
                pass
        now = self._tick()
        self._course.haste = _HASTE
        self._course.decide = self._decide
        if self._script:
            self._script = False
            rows = takeover(self._world, self._course.profile(), now)
            self._rested_ms[rows.customer[0]] = now + _OPENING_MS
            self._course.expect(rows, batch=now)
        last = now // _BLOCK_MS + 1
        for block in range(self._block or last, last + 1):
            rows = self._make(block)
            self._course.expect(rows.take(rows.occurred_ms >= self._since_ms), batch=block)
        self._block = last + 1
        return self._pass(now)

    def _tick(self) -> int:
        self._now_ms = max(self._now_ms, int(self._clock() * 1000))
        return self._now_ms

    def _pass(self, now_ms: int) -> Chunk:
        day = now_ms // geography.DAY_MS
        self._course.foresee(day)
        name = datetime.fromtimestamp(now_ms / 1000, UTC).date()
        return self._course.pass_until(now_ms, batch=now_ms, name=name)

    def _make(self, block: int) -> Rows:
        """Return what customers and fraudsters intend for two seconds of the wall clock."""
        begin = block * _BLOCK_MS
        day = begin // geography.DAY_MS
        rng = generator(self.config.seed, "live", block)
        natural = float(intensity(self._world.customers, day).sum()) / geography.DAY_MS
        wanted = max(self._rate / 1000 - natural, 0.0) * _BLOCK_MS
        turn = self._turn(rng, begin, int(rng.poisson(wanted)))
        paid = pay(rng, self._world, day, turn)
        paid = paid.having(occurred_ms=begin + np.sort(rng.integers(0, _BLOCK_MS, len(turn))))
        checks = verifications(rng, paid)
        checks = checks.having(occurred_ms=np.maximum(checks.occurred_ms, begin))
        starts = {}
        for typology in TYPOLOGIES:
            count = int(rng.poisson(expected_episodes(self.config, typology, wanted)))
            starts[typology] = begin + np.sort(rng.integers(0, _BLOCK_MS, count))
        acts = act(self._world, day, starts, pace=_PACE, batch=block)
        return Rows.concat([paid, checks, acts])

    def _turn(self, rng: np.random.Generator, now_ms: int, n: int) -> Arrivals:
        """Return the arrivals of n rested customers whose local hour suits them."""
        customers = self._world.customers
        zone = geography.CITY_ZONE[customers.city]
        offset = geography.zone_offsets(now_ms // geography.DAY_MS)[zone]
        hour = (now_ms / HOUR_MS + offset / 60) % 24
        suits = CLOCK[((hour - customers.shift_h) % 24).astype(int) % 24] * customers.rate
        pause = _REST * len(customers) / self._rate * 1000
        free = (now_ms - self._rested_ms >= pause) & (customers.opened * geography.DAY_MS < now_ms)
        order = np.where(free, rng.exponential(1.0, len(customers)) / suits, np.inf)
        chosen = np.argpartition(order, min(n, len(order) - 1))[:n]
        chosen = chosen[np.isfinite(order[chosen])]
        rng.shuffle(chosen)
        self._rested_ms[chosen] = now_ms
        return Arrivals(chosen.astype(np.int32), hour[chosen], np.zeros(len(chosen), bool))
