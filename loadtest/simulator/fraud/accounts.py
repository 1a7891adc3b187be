"""Fraud through accounts: taken over, lent, or emptied by persuasion."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator.fraud.scene import HOUR_MS, elapsed, repeated, step_of
from loadtest.simulator.merchants import kinds
from loadtest.simulator.payments import (
    ATM,
    AUTHORISATION,
    ECOMMERCE,
    TRANSFER,
    VERIFICATION,
    with_means,
)

if TYPE_CHECKING:
    from loadtest.simulator.fraud.scene import Scene
    from loadtest.simulator.rows import Rows

_TESTS = kinds(digital_media=4, games=3, telecom=2, subscriptions=2)
_DRAINS = kinds(electronics=5, gift_cards=3, quasi_cash=3, department_store=2, jewellery=2)


def account_takeover(scene: Scene) -> Rows:
    """Return takeovers: a new device signs in, tries a few euros, waits, and drains.

    Drains stay below a thousand two times in three: limits are known to those who live
    off them.
    """
    world, rng = scene.world, scene.rng
    victim = world.victims(rng, scene.k, scene.day)
    tests, drains = scene.between(0, 3), scene.between(1, 3)
    counts = tests + drains
    episode, step = repeated(counts), step_of(counts)
    n = len(episode)
    drain = step >= tests[episode]
    pause = np.exp(rng.normal(3.8, 1.4, scene.k))  # minutes before the drain: 3 to 700
    waits = scene.waits(np.where(step == tests[episode], pause[episode], 4), n)
    send = drain & (rng.random(n) < 0.6)
    site = world.merchants.online_of_kind(rng, n, _TESTS)
    goods = world.merchants.online_of_kind(rng, n, _DRAINS)
    low = rng.random(n) < 0.66
    euros = np.where(low, rng.uniform(180, 995, n), np.exp(rng.normal(7.2, 0.5, n)))
    euros *= np.where(low, 1.0, np.minimum(world.customers.spend[victim[episode]], 2))
    mules = rng.integers(0, world.accounts, scene.k)
    check = ~drain & (rng.random(n) < 0.3)
    rows = scene.rows(
        episode,
        victim[episode],
        merchant=np.where(send, -1, np.where(drain, goods, site)),
        beneficiary=np.where(send, mules[episode], -1),
        channel=np.where(send, TRANSFER, ECOMMERCE),
        occurred_ms=scene.starts_ms[episode] + elapsed(counts, waits),
        euros=np.where(drain, euros, np.exp(rng.normal(0.9, 0.6, n))),
        type=np.where(check, VERIFICATION, AUTHORISATION),
        device=scene.devices(scene.k)[episode],
        impostor=np.ones(n, bool),
        basket=np.where(send, 0, 1),
    )
    return rows.having(ip=scene.proxies(scene.place(victim))[episode])


def money_mule(scene: Scene) -> Rows:
    """Return layering: money passes lent accounts, in, then out in parts within hours.

    One to three accounts in a chain; each sends most of what came on to the next, to
    others, or draws it as cash, from the owner's own telephone.
    """
    world, rng = scene.world, scene.rng
    hops = scene.between(1, 3)
    chain = repeated(hops)
    mule = world.victims(rng, len(chain), scene.day)
    hop_start = scene.own_start(mule[np.cumsum(hops) - hops])[chain]
    hop_start = hop_start + elapsed(hops, scene.waits(150, len(chain)))
    parts = scene.between(2, 5, len(chain))
    hop = repeated(parts)
    n = len(hop)
    passed = np.exp(rng.normal(7.0, 0.7, len(chain)))
    share = rng.dirichlet(np.ones(5), len(chain))
    euros = np.maximum(passed[hop] * share[hop, step_of(parts)] * 5 / parts[hop], 20)
    cash = rng.random(n) < 0.2
    following = np.minimum(np.arange(len(chain)) + 1, max(len(chain) - 1, 0))
    linked = (chain[following] == chain) & (following != np.arange(len(chain)))
    onward = linked[hop] & (rng.random(n) < 0.5)
    payee = np.where(onward, mule[following][hop], rng.integers(0, world.accounts, n))
    town = scene.place(mule)[hop]
    rows = scene.rows(
        chain[hop],
        mule[hop],
        merchant=np.where(cash, world.merchants.machine_in(rng, town), -1),
        beneficiary=np.where(cash, -1, payee),
        channel=np.where(cash, ATM, TRANSFER),
        occurred_ms=hop_start[hop] + elapsed(parts, scene.waits(25, n)),
    )
    return with_means(rng, world, rows, scene.day).having(
        euros=np.where(cash, np.minimum(euros, 900), euros)
    )


def structuring(scene: Scene) -> Rows:
    """Return sums sent in parts, each a little below a limit, over a week or so."""
    world, rng = scene.world, scene.rng
    victim = world.victims(rng, scene.k, scene.day)
    counts = scene.between(3, 9)
    episode = repeated(counts)
    n = len(episode)
    limit = rng.choice([1000.0, 3000.0, 10000.0], scene.k, p=[0.5, 0.3, 0.2])
    payees = rng.integers(0, world.accounts, (scene.k, 3))
    rows = scene.rows(
        episode,
        victim[episode],
        beneficiary=payees[episode, rng.integers(0, 3, n)],
        channel=np.full(n, TRANSFER),
        occurred_ms=scene.own_start(victim)[episode] + elapsed(counts, scene.waits(1100, n)),
    )
    return with_means(rng, world, rows, scene.day).having(
        euros=limit[episode] * (1 - rng.gamma(2.0, 0.03, n).clip(0.002, 0.3))
    )


def impersonation_scam(scene: Scene) -> Rows:
    """Return scams: a voice on the telephone has money moved to a "safe account".

    The customer's own device and secrets, in waking hours, to an account never paid
    before; sometimes a few euros first, to see that it arrives.
    """
    world, rng = scene.world, scene.rng
    victim = world.victims(rng, scene.k, scene.day)
    trial = rng.random(scene.k) < 0.3
    counts = scene.between(1, 2) + trial
    episode, step = repeated(counts), step_of(counts)
    n = len(episode)
    thieves = rng.integers(0, world.accounts, scene.k)
    wealth = world.customers.spend[victim]
    euros = np.exp(rng.normal(6.9, 0.8, n)) * np.sqrt(wealth[episode])
    first = trial[episode] & (step == 0)
    rows = scene.rows(
        episode,
        victim[episode],
        beneficiary=thieves[episode],
        channel=np.full(n, TRANSFER),
        occurred_ms=scene.own_start(victim)[episode]
        + np.minimum(elapsed(counts, scene.waits(30, n)), 6 * HOUR_MS),
    )
    return with_means(rng, world, rows, scene.day).having(
        euros=np.where(first, rng.uniform(1, 30, n), euros)
    )
