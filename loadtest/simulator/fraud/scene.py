"""What every typology builds with: a day, its beginnings, and steps after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest.simulator import geography
from loadtest.simulator.arrivals import clock
from loadtest.simulator.payments import category_of, foreign_ip, genuine_euros, instants
from loadtest.simulator.randomness import mix
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.world import World

    Index = NDArray[np.int64]
    Floats = NDArray[np.float64]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
_PROXY_AT_HOME = 0.62


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Episodes of one typology that begin on one day.

    starts_ms (k): when each begins. pace: factor on the time that passes between the steps
    of an episode (1 in a simulated history; less where a live stream has no days to wait).
    """

    world: World
    rng: np.random.Generator
    day: int
    starts_ms: NDArray[np.int64]
    pace: float = 1.0

    @property
    def k(self) -> int:
        """How many episodes begin."""
        return len(self.starts_ms)

    def between(self, low: int, high: int, n: int | None = None) -> Index:
        """Return a whole number from low to high, both included, an episode (or n of them)."""
        return self.rng.integers(low, high + 1, self.k if n is None else n)

    def own_start(self, victim: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return an hour at which each customer would pay anyway, in place of starts_ms."""
        if self.pace < 1:
            return self.starts_ms
        hour = clock(self.rng, self.world.customers, victim)
        return instants(self.place(victim), self.day, hour)

    def place(self, victim: NDArray[np.int32]) -> NDArray[np.int16]:
        """Return the city each customer is in."""
        return self.world.customers.city_on(victim, self.day)

    def waits(self, minutes: Floats | float, n: int) -> NDArray[np.int64]:
        """Return n exponential waits of a mean number of minutes, in milliseconds."""
        return (self.rng.exponential(1.0, n) * minutes * MINUTE_MS * self.pace).astype(np.int64)

    def days_later(self, days: Floats) -> NDArray[np.int64]:
        """Return milliseconds of a number of days at this pace."""
        return (days * geography.DAY_MS * self.pace).astype(np.int64)

    def devices(self, n: int) -> NDArray[np.uint64]:
        """Return n devices nobody has seen."""
        return mix(self.rng.integers(1, 1 << 63, n, np.uint64))

    def proxies(self, city: NDArray[np.int16]) -> NDArray[np.int64]:
        """Return where connections of attackers come from: mostly the victim's country."""
        n = len(city)
        near = self.rng.random(n) < _PROXY_AT_HOME
        return np.where(near, geography.CITY_COUNTRY[city], foreign_ip(self.rng, n))

    def rows(self, episode: Index, victim: NDArray[np.int32], **columns: NDArray[Any]) -> Rows:
        """Return rows of episodes; place and category follow from customer and merchant."""
        n = len(episode)
        merchant = columns.get("merchant", np.full(n, -1, np.int32))
        return Rows.of(
            n,
            **{
                "city": self.place(victim),
                "category": category_of(self.world, merchant, columns["channel"]),
                **columns,
                "episode": episode.astype(np.uint64),
                "customer": victim,
                "merchant": merchant,
            },
        )

    def priced(self, rows: Rows, factor: Floats | float) -> Rows:
        """Return rows that cost what the customer would pay there, times a factor."""
        euros = genuine_euros(self.rng, self.world, rows, self.day)
        return rows.having(euros=euros * factor)


def repeated(counts: Index) -> Index:
    """Return the episode of each step: [2, 1] becomes [0, 0, 1]."""
    return np.repeat(np.arange(len(counts)), counts)


def step_of(counts: Index) -> Index:
    """Return the number of each step within its episode: [2, 1] becomes [0, 1, 0]."""
    ends = np.cumsum(counts)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)


def elapsed(counts: Index, waits_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the time since the first step of its episode: waits summed within each."""
    total = np.cumsum(waits_ms)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return total - total[first] if len(total) else total
