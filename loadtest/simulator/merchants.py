"""Merchants: shops in town, cash machines, and those that sell online."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest.simulator import categories, geography
from loadtest.simulator.randomness import generator, pick

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.config import SimulationConfig

    Numbers = NDArray[np.int32]
    Floats = NDArray[np.float64]

ACQUIRERS = 16
_ZIPF = 2.0  # a merchant's rank in its town is u**2 of the way down: the first tenth has a third
_TRIES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Merchants:
    """n merchants: first the shops by city, then the cash machines by city, then online.

    category, city, acquirer: numbers in their tables. level: factor on the category's
    prices. latitude, longitude: of the place. terminals: how many tills. shops, machines
    (cities + 1) and online (countries + 1): where each city's or country's range begins.
    by_category: online merchants of each category.
    """

    category: NDArray[np.int16]
    city: NDArray[np.int16]
    country: NDArray[np.int16]
    acquirer: NDArray[np.int8]
    level: Floats
    latitude: Floats
    longitude: Floats
    terminals: NDArray[np.int8]
    shops: NDArray[np.int64]
    machines: NDArray[np.int64]
    online: NDArray[np.int64]
    by_category: tuple[Numbers, ...]

    def __len__(self) -> int:
        return len(self.category)

    def shop_in(self, rng: np.random.Generator, city: NDArray[np.int16]) -> Numbers:
        """Return a shop in each city, the well-known ones more often."""
        return _within(rng, self.shops, city)

    def machine_in(self, rng: np.random.Generator, city: NDArray[np.int16]) -> Numbers:
        """Return a cash machine in each city."""
        return _within(rng, self.machines, city)

    def online_in(self, rng: np.random.Generator, country: NDArray[np.int16]) -> Numbers:
        """Return an online merchant of each country."""
        return _within(rng, self.online, country)

    def shop_of_kind(
        self, rng: np.random.Generator, city: NDArray[np.int16], weights: Floats
    ) -> Numbers:
        """Return a shop in each city, its category likely by `weights` (categories,).

        The best of eight shops by weight times chance: towns need not have every kind.
        """
        found = self.shop_in(rng, city)
        score = weights[self.category[found]] * rng.random(len(city))
        for _ in range(_TRIES - 1):
            other = self.shop_in(rng, city)
            rival = weights[self.category[other]] * rng.random(len(city))
            found = np.where(rival > score, other, found)
            score = np.maximum(rival, score)
        return found

    def online_of_kind(self, rng: np.random.Generator, n: int, weights: Floats) -> Numbers:
        """Return n online merchants of any country, their category drawn by `weights`."""
        present = weights * np.array([len(m) > 0 for m in self.by_category])
        category = pick(present, rng.random(n))
        rank = rng.random(n) ** _ZIPF
        found = np.zeros(n, np.int32)
        for kind in np.unique(category):
            chosen = category == kind
            numbers = self.by_category[kind]
            found[chosen] = numbers[(rank[chosen] * len(numbers)).astype(int)]
        return found


def kinds(**weights: float) -> Floats:
    """Return weights by category from names, spaces written as underscores."""
    table = np.zeros(len(categories.NAMES))
    for name, weight in weights.items():
        table[categories.index(name.replace("_", " "))] = weight
    return table


def _within(
    rng: np.random.Generator, begins: NDArray[np.int64], place: NDArray[np.int16]
) -> Numbers:
    low, high = begins[place], begins[place.astype(np.int64) + 1]
    return (low + rng.random(len(place)) ** _ZIPF * (high - low)).astype(np.int32)


def make_merchants(config: SimulationConfig) -> Merchants:
    """Return the merchants of a configuration; each city has some of every kind."""
    rng = generator(config.seed, "merchants", 0)
    size = geography.CITY_HOME + 0.25 * geography.CITY_VISIT
    shops = _shared_out(config.merchants * 0.77, size, least=12)
    machines = _shared_out(config.merchants * 0.05, size, least=2)
    online = _shared_out(config.merchants * 0.18, geography.COUNTRY_HOME + 1.0, least=4)
    cities = np.arange(len(size))
    first_city = np.searchsorted(geography.CITY_COUNTRY, np.arange(len(online)))
    city = np.concatenate(
        [np.repeat(cities, shops), np.repeat(cities, machines), np.repeat(first_city, online)]
    )
    in_town, cash, on_line = int(shops.sum()), int(machines.sum()), int(online.sum())
    category = np.concatenate(
        [
            pick(categories.IN_TOWN, rng.random(in_town)),
            np.full(cash, categories.CASH),
            pick(categories.ONLINE, rng.random(on_line)),
        ]
    ).astype(np.int16)
    n = in_town + cash + on_line
    first_online = in_town + cash
    sellers = np.arange(first_online, n, dtype=np.int32)[rng.permutation(on_line)]
    return Merchants(
        category=category,
        city=city.astype(np.int16),
        country=geography.CITY_COUNTRY[city],
        acquirer=rng.integers(0, ACQUIRERS, n).astype(np.int8),
        level=np.exp(rng.normal(0, 0.3, n)),
        latitude=np.round(geography.CITY_LATITUDE[city] + rng.normal(0, 0.07, n), 5),
        longitude=np.round(geography.CITY_LONGITUDE[city] + rng.normal(0, 0.10, n), 5),
        terminals=(1 + rng.integers(0, 4, n)).astype(np.int8),
        shops=_begins(shops, 0),
        machines=_begins(machines, in_town),
        online=_begins(online, first_online),
        by_category=tuple(
            sellers[category[sellers] == kind] for kind in range(len(categories.NAMES))
        ),
    )


def _begins(counts: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    return first + np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _shared_out(total: float, weights: NDArray[Any], *, least: int) -> NDArray[np.int64]:
    share: NDArray[np.int64] = np.round(total * weights / weights.sum()).astype(np.int64)
    return np.maximum(share, least)
