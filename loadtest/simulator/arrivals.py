"""Who pays when: the daily rhythm of genuine customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.customers import Customers

HOUR_MS = 3_600_000
_DAY_H = 24.0
# payments by local hour of customers who live by the usual clock
CLOCK = np.array([9, 6, 5, 5, 7, 14, 30, 47, 58, 64, 69, 72, 76, 71, 65, 62, 63, 66, 62, 52, 40, 29,
                   19, 13], np.float64)  # fmt: skip
_GRID = 4096
_EDGES = np.concatenate([[0.0], np.cumsum(CLOCK) / CLOCK.sum()])
_HOUR_OF = np.interp((np.arange(_GRID) + 0.5) / _GRID, _EDGES, np.arange(25.0))
_SPREE = 0.006
_ERRAND = 0.18
_ERRAND_H = 0.5
_SALARY = np.array([1.35] * 3 + [1.1] * 5 + [1.0] * 14 + [0.85] * 9)


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Payments about to be made: customer, local hour of the day (0 to 24), in a spree or not."""

    customer: NDArray[np.int32]
    hour: NDArray[np.float64]
    spree: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.customer)


def day_of_month(day: int) -> int:
    """Return the day of the month of a day counted since 1970."""
    return (date(1970, 1, 1) + timedelta(days=day)).day


def salary_factor(customers: Customers, day: int) -> NDArray[np.float64]:
    """Return how much more than usual each customer spends so soon after pay day."""
    return _SALARY[(day_of_month(day) - customers.salary_day) % len(_SALARY)]


def intensity(customers: Customers, day: int) -> NDArray[np.float64]:
    """Return the number of payments expected of each customer on a day."""
    free = (date(1970, 1, 1) + timedelta(days=day)).weekday() >= 5  # noqa: PLR2004 - Saturday
    weekly = customers.weekend if free else 1.0
    expected = customers.rate * salary_factor(customers, day) * weekly
    return np.where(customers.opened <= day, expected, 0.0)


def arrive(rng: np.random.Generator, customers: Customers, day: int) -> Arrivals:
    """Return the payments of one local day.

    A few customers go on a spree of several purchases within hours; others do two errands
    on one way.
    """
    expected = intensity(customers, day)
    counts = rng.poisson(expected * 0.9)
    spree = np.flatnonzero(rng.random(len(customers)) < _SPREE * expected)
    extra = 3 + rng.poisson(2.5, len(spree))
    ordinary = int(counts.sum())
    customer = np.concatenate([np.repeat(np.arange(len(customers)), counts),
                               np.repeat(spree, extra)]).astype(np.int32)  # fmt: skip
    hour = clock(rng, customers, customer)
    errand = np.zeros(len(customer), bool)
    errand[1:] = (customer[1:] == customer[:-1]) & (rng.random(max(len(customer) - 1, 0)) < _ERRAND)
    before = np.flatnonzero(errand) - 1
    hour[errand] = hour[before] + rng.exponential(_ERRAND_H, len(before))
    centre = rng.uniform(9, 20, len(spree))
    hour[ordinary:] = np.repeat(centre, extra) + rng.uniform(0, 2.5, len(customer) - ordinary)
    in_spree = np.zeros(len(customer), bool)
    in_spree[ordinary:] = True
    return Arrivals(customer, hour % _DAY_H, in_spree)


def clock(
    rng: np.random.Generator, customers: Customers, customer: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return a local hour at which each customer likes to pay."""
    hour = _HOUR_OF[(rng.random(len(customer)) * _GRID).astype(int)]
    jitter = rng.uniform(-0.01, 0.01, len(customer))
    liked: NDArray[np.float64] = (hour + jitter + customers.shift_h[customer]) % _DAY_H
    return liked
