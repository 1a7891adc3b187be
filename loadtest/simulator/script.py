"""The demo's opening: an account is taken over before the eyes of whoever watches."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import categories, geography
from loadtest.simulator.config import TYPOLOGIES
from loadtest.simulator.finishing import ATTEMPTED, ONE_TIME
from loadtest.simulator.payments import ECOMMERCE, TRANSFER, category_of
from loadtest.simulator.randomness import generator, keyed
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from loadtest.simulator.legacy import Profile
    from loadtest.simulator.world import World

# seconds after the beginning, and cents
_TESTS = ((2.0, 100), (4.2, 249), (6.1, 199))
_DRAIN = (9.5, 94_000)
_OLD_DAYS = 400
_MEAN = (82.0, 100.0)  # a drain of 940 is then less than 12 times the mean


def takeover(world: World, profile: Profile, now_ms: int) -> Rows:
    """Return four payments: three small tests, then 940.00 EUR, on a device never seen.

    The victim is a customer of long standing in the euro area who pays as often as most, though
    not within the last hour (`profile`: what the rules know of each customer). The tests are
    telephone top-ups. The drain is a transfer below the rules' limits, confirmed by a one-time
    code the thief intercepts: the legacy rules have no reason to stop it.
    """
    rng = generator(world.config.seed, "script", 0)
    victim = _victim(world, profile, now_ms)
    n = len(_TESTS) + 1
    send = np.arange(n) == n - 1
    tests = world.merchants.by_category[categories.index("telecom")]
    channel = np.where(send, TRANSFER, ECOMMERCE)
    merchant = np.where(send, -1, tests[rng.integers(0, len(tests), n)])
    city = world.customers.city[victim]
    seconds, cents = zip(*_TESTS, _DRAIN, strict=True)
    seed = world.config.seed
    return Rows.of(
        n,
        occurred_ms=now_ms + (np.array(seconds) * 1000).astype(np.int64),
        customer=victim,
        merchant=merchant,
        beneficiary=np.where(send, rng.integers(0, world.accounts), -1),
        city=city,
        channel=channel,
        category=category_of(world, merchant, channel),
        euros=np.array(cents) / 100,
        amount_minor=np.array(cents),
        currency=geography.EUR,
        device=np.repeat(keyed(seed, "script device", now_ms), n),
        ip=geography.CITY_COUNTRY[city],
        typology=TYPOLOGIES.index("account_takeover"),
        episode=np.repeat(keyed(seed, "script", now_ms), n),
        impostor=np.ones(n, bool),
        scripted=np.ones(n, bool),
        authentication=np.where(send, ONE_TIME, ATTEMPTED),
        basket=np.where(send, 0, 1),
    )


def _victim(world: World, profile: Profile, now_ms: int) -> int:
    customers = world.customers
    euro = geography.COUNTRY_CURRENCY[geography.CITY_COUNTRY[customers.city]] == geography.EUR
    old = customers.opened < now_ms // geography.DAY_MS - _OLD_DAYS
    online = np.diff(customers.channels, axis=1)[:, 0] > 0.15
    typical = (profile.mean_eur > _MEAN[0]) & (profile.mean_eur < _MEAN[1])
    best = euro & (customers.currency == geography.EUR) & typical
    for wish in (profile.quiet, old, online, ~customers.vpn):
        best = best & wish if (best & wish).any() else best
    usual = np.median(profile.paid[best]) if best.any() else 0.0
    return int(np.argmin(np.where(best, np.abs(profile.paid - usual), np.inf)))
