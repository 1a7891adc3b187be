"""The world: customers, merchants, and who goes where by habit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import geography
from loadtest.simulator.customers import Customers, make_customers
from loadtest.simulator.merchants import Merchants, make_merchants
from loadtest.simulator.randomness import generator, keyed, pick, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.config import SimulationConfig

FAVOURITES = 14
BOOKMARKS = 8
PAYEES = 6
_BLOCK = 50_000
_NEAREST_OF = 3
_ABROAD_ONLINE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Who exists. favourites (customers, 14) are shops, bookmarks (customers, 8) sell online.

    patrons lists customers by the merchants they know: those of merchant m are
    patrons[patrons_of[m]:patrons_of[m + 1]]. exposure: rates summed, to draw customers by.
    """

    config: SimulationConfig
    customers: Customers
    merchants: Merchants
    favourites: NDArray[np.int32]
    bookmarks: NDArray[np.int32]
    patrons: NDArray[np.int32]
    patrons_of: NDArray[np.int64]
    exposure: NDArray[np.float64]

    @property
    def accounts(self) -> int:
        """How many accounts money can be sent to: the customers' own and as many elsewhere."""
        return 2 * len(self.customers)

    def payee(self, customers: NDArray[np.int32], slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the account of a customer's regular payee, slot 0 being the landlord."""
        draw = uniform(keyed(self.config.seed, "payee", customers, slot % PAYEES))
        return (draw * self.accounts).astype(np.int64)

    def victims(self, rng: np.random.Generator, n: int, day: int) -> NDArray[np.int32]:
        """Return n customers with an open account, those who pay more often likelier."""
        found = self._exposed(rng, n)
        for _ in range(6):
            closed = np.flatnonzero(self.customers.opened[found] > day)
            if not len(closed):
                break
            found[closed] = self._exposed(rng, len(closed))
        return found

    def _exposed(self, rng: np.random.Generator, n: int) -> NDArray[np.int32]:
        drawn = np.searchsorted(self.exposure, rng.random(n) * self.exposure[-1], side="right")
        found: NDArray[np.int32] = np.minimum(drawn, len(self.exposure) - 1).astype(np.int32)
        return found


def make_world(config: SimulationConfig) -> World:
    """Return the world of a configuration."""
    customers, merchants = make_customers(config), make_merchants(config)
    rng = generator(config.seed, "habits", 0)
    n = len(customers)
    favourites = np.empty((n, FAVOURITES), np.int32)
    bookmarks = np.empty((n, BOOKMARKS), np.int32)
    for begin in range(0, n, _BLOCK):
        block = slice(begin, min(n, begin + _BLOCK))
        favourites[block] = _near_shops(rng, customers, merchants, block)
        bookmarks[block] = _online_shops(rng, customers, merchants, block)
    known = np.concatenate([favourites, bookmarks], axis=1)
    flat = known.ravel()
    order = np.argsort(flat, kind="stable")
    return World(
        config=config,
        customers=customers,
        merchants=merchants,
        favourites=favourites,
        bookmarks=bookmarks,
        patrons=(order // known.shape[1]).astype(np.int32),
        patrons_of=np.searchsorted(flat[order], np.arange(len(merchants) + 1)),
        exposure=np.cumsum(customers.rate),
    )


def _near_shops(
    rng: np.random.Generator, customers: Customers, merchants: Merchants, block: slice
) -> NDArray[np.int32]:
    """Each favourite is the nearest of three shops of the customer's town."""
    city = np.repeat(customers.city[block], FAVOURITES)
    latitude = np.repeat(customers.latitude[block], FAVOURITES)
    longitude = np.repeat(customers.longitude[block], FAVOURITES)
    found = merchants.shop_in(rng, city)
    nearest = np.full(len(city), np.inf)
    for _ in range(_NEAREST_OF):
        shop = merchants.shop_in(rng, city)
        away = np.hypot(
            merchants.latitude[shop] - latitude, 0.7 * (merchants.longitude[shop] - longitude)
        )
        found = np.where(away < nearest, shop, found)
        nearest = np.minimum(away, nearest)
    return found.reshape(-1, FAVOURITES)


def _online_shops(
    rng: np.random.Generator, customers: Customers, merchants: Merchants, block: slice
) -> NDArray[np.int32]:
    """Three in four bookmarks are of the customer's own country."""
    country = np.repeat(geography.CITY_COUNTRY[customers.city[block]], BOOKMARKS)
    elsewhere = pick(geography.COUNTRY_HOME, rng.random(len(country)))
    abroad = rng.random(len(country)) < _ABROAD_ONLINE
    return merchants.online_in(rng, np.where(abroad, elsewhere, country).astype(np.int16)).reshape(
        -1, BOOKMARKS
    )
