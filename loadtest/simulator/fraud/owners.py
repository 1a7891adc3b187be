"""Fraud by the customers themselves, with everything that is theirs."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator.fraud.scene import elapsed, repeated
from loadtest.simulator.merchants import kinds
from loadtest.simulator.payments import ATM, ECOMMERCE, PRESENT, with_means

if TYPE_CHECKING:
    from loadtest.simulator.fraud.scene import Scene
    from loadtest.simulator.rows import Rows

_VALUABLE = kinds(electronics=5, jewellery=3, furniture=2, gift_cards=3, quasi_cash=2,
                  department_store=2, airline=1, clothing=1)  # fmt: skip
_DISPUTED = kinds(games=4, digital_media=2, clothing=5, electronics=2, airline=1, tickets=2,
                  subscriptions=2, department_store=3)  # fmt: skip
_YOUNG_DAYS = 240


def bust_out(scene: Scene) -> Rows:
    """Return accounts used up to their limit in a few days, never to be paid.

    Young accounts rather than old ones, after a time of good behaviour.
    """
    world, rng = scene.world, scene.rng
    candidates = world.victims(rng, scene.k * 4, scene.day).reshape(4, scene.k)
    age = scene.day - world.customers.opened[candidates]
    best = np.argmax((age < _YOUNG_DAYS) * 1.0 + 0.9 * rng.random(age.shape), axis=0)
    victim = candidates[best, np.arange(scene.k)]
    counts = scene.between(6, 18)
    episode = repeated(counts)
    n = len(episode)
    way = rng.random(n)
    town = scene.place(victim)[episode]
    shop = world.merchants.shop_of_kind(rng, town, _VALUABLE)
    site = world.merchants.online_of_kind(rng, n, _VALUABLE)
    cash = world.merchants.machine_in(rng, town)
    gap = np.exp(rng.normal(5.4, 0.5, scene.k))  # minutes: 80 to 600
    rows = scene.rows(
        episode,
        victim[episode],
        merchant=np.where(way < 0.45, shop, np.where(way < 0.6, cash, site)),
        channel=np.where(way < 0.45, PRESENT, np.where(way < 0.6, ATM, ECOMMERCE)),
        occurred_ms=scene.own_start(victim)[episode]
        + elapsed(counts, scene.waits(gap[episode], n)),
    )
    rows = with_means(rng, world, rows, scene.day)
    return scene.priced(rows, rng.uniform(1.2, 4.5, n))


def friendly_fraud(scene: Scene) -> Rows:
    """Return purchases later disputed by who received them: ordinary at the time."""
    world, rng = scene.world, scene.rng
    victim = world.victims(rng, scene.k, scene.day)
    counts = scene.between(1, 3)
    episode = repeated(counts)
    n = len(episode)
    rows = scene.rows(
        episode,
        victim[episode],
        merchant=world.merchants.online_of_kind(rng, n, _DISPUTED),
        channel=np.full(n, ECOMMERCE),
        occurred_ms=scene.own_start(victim)[episode] + elapsed(counts, scene.waits(2500, n)),
    )
    rows = with_means(rng, world, rows, scene.day)
    return scene.priced(rows, rng.uniform(0.9, 1.4, n))
