"""Customers and their habits."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import geography
from loadtest.simulator.randomness import generator, keyed, pick, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.config import SimulationConfig

_TRIP_WINDOW = 40
_DEVICES = 3
_SHY = 0.25
_RATE_SHAPE = 2.6  # a gamma of this shape spreads like the handbook's uniform(0, 4)
_MOST_A_DAY = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """Habits of n customers, as columns.

    rate: payments a day. spend: factor on prices. city: home. currency: of the account.
    opened: day (since 1970) the account was opened. shift_h: how much later than others the
    day runs. weekend: factor on Saturdays and Sundays. channels (n, 5): cumulative channel
    mix. loyalty: chance of going to a favourite. salary_day, rent_day: day of the month
    (rent_day 0: none). rent_eur. subscriptions: how many. trips: chance of one in 40 days.
    wallet: pays by telephone. vpn: hides where the connection comes from.
    """

    seed: int
    rate: NDArray[np.float64]
    spend: NDArray[np.float64]
    city: NDArray[np.int16]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    currency: NDArray[np.int16]
    opened: NDArray[np.int64]
    shift_h: NDArray[np.float64]
    weekend: NDArray[np.float64]
    channels: NDArray[np.float64]
    loyalty: NDArray[np.float64]
    salary_day: NDArray[np.int8]
    rent_day: NDArray[np.int8]
    rent_eur: NDArray[np.float64]
    subscriptions: NDArray[np.int8]
    trips: NDArray[np.float64]
    wallet: NDArray[np.bool_]
    vpn: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rate)

    def city_on(self, customers: NDArray[np.int32], day: int) -> NDArray[np.int16]:
        """Return where each of `customers` is on a day: home, or on a trip."""
        phase = keyed(self.seed, "trip phase", customers) % np.uint64(_TRIP_WINDOW)
        shifted = day + phase.astype(np.int64)
        window, today = shifted // _TRIP_WINDOW, shifted % _TRIP_WINDOW
        chance = uniform(keyed(self.seed, "trip", customers, window))
        begins = (uniform(keyed(self.seed, "trip begins", customers, window)) * 30).astype(int)
        length = 2 + (uniform(keyed(self.seed, "trip length", customers, window)) ** 2 * 9).astype(
            int
        )
        away = (chance < self.trips[customers]) & (today >= begins) & (today < begins + length)
        where = self.city[customers].copy()
        travellers = np.flatnonzero(away)
        where[travellers] = pick(
            geography.CITY_VISIT,
            uniform(keyed(self.seed, "trip to", customers[travellers], window[travellers])),
        ).astype(np.int16)
        return where

    def device(
        self, customers: NDArray[np.int32], slot: NDArray[np.int64], day: int
    ) -> NDArray[np.uint64]:
        """Return the key of a customer's device; slot 0 is the telephone, 1 and 2 are others.

        Devices are replaced every one to three years; browsers of customers who clear their
        traces are new every few weeks.
        """
        slot = slot % _DEVICES
        u = uniform(keyed(self.seed, "device life", customers, slot))
        shy = (uniform(keyed(self.seed, "shy", customers)) < _SHY) & (slot > 0)
        life = np.where(shy, 8 + u * 40, 250 + u * 700).astype(np.int64)
        age = (uniform(keyed(self.seed, "device age", customers, slot)) * 700).astype(int)
        return keyed(self.seed, "device", customers, slot, (day + age) // life)


def make_customers(config: SimulationConfig) -> Customers:
    """Return the customers of a configuration."""
    n = config.customers
    rng = generator(config.seed, "customers", 0)
    city = pick(geography.CITY_HOME, rng.random(n)).astype(np.int16)
    country = geography.CITY_COUNTRY[city]
    own = geography.COUNTRY_CURRENCY[country]
    outside = own != geography.EUR
    share_outside = max(float(outside.mean()), 1e-9)
    in_own = outside & (rng.random(n) < config.foreign_accounts / share_outside)
    rate = rng.gamma(_RATE_SHAPE, 1 / _RATE_SHAPE, n)
    before = config.first_day - 30 - (rng.random(n) ** 2 * 4000).astype(np.int64)
    after = config.first_day + rng.exponential(150, n).astype(np.int64)
    owl = rng.random(n) < 0.07
    mix = np.array([0.61, 0.27, 0.045, 0.015, 0.06]) * rng.gamma(6, 1 / 6, (n, 5))
    mix[rng.random(n) < 0.12, 1] = 0.0  # some never buy online
    mix /= mix.sum(1, keepdims=True)
    pays_rent = rng.random(n) < 0.45
    return Customers(
        seed=config.seed,
        rate=np.minimum(rate, _MOST_A_DAY) * config.payments_per_customer_day,
        spend=np.exp(rng.normal(-0.10, 0.55, n)),
        city=city,
        latitude=geography.CITY_LATITUDE[city] + rng.normal(0, 0.09, n),
        longitude=geography.CITY_LONGITUDE[city] + rng.normal(0, 0.13, n),
        currency=np.where(in_own, own, geography.EUR).astype(np.int16),
        opened=np.where(rng.random(n) < 0.82, before, after),
        shift_h=rng.normal(0, 1.3, n) + owl * rng.normal(8, 2, n),
        weekend=np.exp(rng.normal(-0.02, 0.25, n)),
        channels=np.cumsum(mix, axis=1),
        loyalty=rng.beta(5, 4, n),
        salary_day=rng.choice(
            np.array([1, 5, 15, 25, 27, 28, 29, 30], np.int8),
            n,
            p=[0.2, 0.06, 0.06, 0.18, 0.15, 0.15, 0.1, 0.1],
        ),
        rent_day=np.where(pays_rent, rng.integers(1, 7, n), 0).astype(np.int8),
        rent_eur=np.round(np.exp(rng.normal(6.3, 0.35, n)) / 10) * 10.0,
        subscriptions=rng.poisson(1.2, n).astype(np.int8),
        trips=rng.beta(1.4, 4.5, n),
        wallet=rng.random(n) < 0.3,
        vpn=rng.random(n) < 0.04,
    )
