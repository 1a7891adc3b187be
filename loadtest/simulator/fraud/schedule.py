"""How often each typology begins, and its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import geography
from loadtest.simulator.config import TYPOLOGIES
from loadtest.simulator.fraud import accounts, owners, strangers
from loadtest.simulator.fraud.scene import HOUR_MS, Scene
from loadtest.simulator.randomness import generator, keyed
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtest.simulator.config import SimulationConfig
    from loadtest.simulator.world import World

_ACT: dict[str, Callable[[Scene], Rows]] = {
    "card_testing": strangers.card_testing,
    "stolen_card": strangers.stolen_card,
    "cnp_spree": strangers.cnp_spree,
    "account_takeover": accounts.account_takeover,
    "merchant_compromise": strangers.merchant_compromise,
    "bust_out": owners.bust_out,
    "money_mule": accounts.money_mule,
    "structuring": accounts.structuring,
    "friendly_fraud": owners.friendly_fraud,
    "impersonation_scam": accounts.impersonation_scam,
}
# payments of a mean episode, second attempts included
_SIZE = {
    "card_testing": 14.5,
    "stolen_card": 4.5,
    "cnp_spree": 5.8,
    "account_takeover": 3.6,
    "merchant_compromise": 25.5,
    "bust_out": 12.1,
    "money_mule": 7.1,
    "structuring": 6.1,
    "friendly_fraud": 2.0,
    "impersonation_scam": 1.8,
}
_PER_ARRIVAL = 1.03  # payments for one expected arrival: rents, second attempts and all
LONGEST_DAYS = 30
"""No episode lasts longer: so many days before the first have to be looked at."""


def frauds(world: World, day: int) -> Rows:
    """Return the payments of all fraud episodes that begin on a day, of any later time."""
    config = world.config
    payments = float(world.customers.rate[world.customers.opened <= day].sum()) * _PER_ARRIVAL
    starts: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
    rng = generator(config.seed, "episodes", day)
    for typology in TYPOLOGIES:
        count = int(rng.poisson(expected_episodes(config, typology, payments)))
        hours = np.sort(rng.triangular(0, 15, 24, count))
        if day - config.first_day >= config.novel_from.get(typology, -LONGEST_DAYS - 1):
            starts[typology] = (day * geography.DAY_MS + hours * HOUR_MS).astype(np.int64)
    return act(world, day, starts)


def expected_episodes(config: SimulationConfig, typology: str, payments: float) -> float:
    """Return how many episodes of a typology go with so many payments."""
    return payments * config.fraud_rate * config.share_of(typology) / _SIZE[typology]


def act(
    world: World,
    day: int,
    starts: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]],
    *,
    pace: float = 1.0,
    batch: int | None = None,
) -> Rows:
    """Return the rows of episodes that begin at given times, by typology.

    `batch` numbers the occasion (the day, unless there are several in one).
    """
    number = day if batch is None else batch
    parts = []
    for typology, times in starts.items():
        if not len(times):
            continue
        rng = generator(world.config.seed, typology, number)
        rows = _ACT[typology](Scene(world, rng, day, times, pace))
        code = TYPOLOGIES.index(typology)
        numbered = np.full(len(rows), number)
        key = keyed(world.config.seed, typology, numbered, rows.episode)
        parts.append(rows.having(typology=code, episode=key))
    return Rows.concat(parts)
