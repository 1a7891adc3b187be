"""Fraud by people who hold a card's data or the card: they lack the customer's secrets."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator.fraud.scene import elapsed, repeated
from loadtest.simulator.merchants import kinds
from loadtest.simulator.payments import (
    ATM,
    AUTHORISATION,
    ECOMMERCE,
    MOTO,
    PRESENT,
    VERIFICATION,
    with_means,
)

if TYPE_CHECKING:
    from loadtest.simulator.fraud.scene import Scene
    from loadtest.simulator.rows import Rows

_TEST_SITES = kinds(digital_media=4, charity=3, games=3, subscriptions=2, transit=1)
_THIEF_SHOPS = kinds(grocery=5, electronics=4, fuel=2.5, clothing=4, department_store=4,
                     restaurant=1, bar=1, transit=1, gift_cards=2, pharmacy=1)  # fmt: skip
_RESALE = kinds(electronics=5, clothing=5, department_store=5, gift_cards=4, airline=1.5, games=3,
                quasi_cash=1.5, tickets=2, furniture=0.5, digital_media=1, jewellery=1)  # fmt: skip


def card_testing(scene: Scene) -> Rows:
    """Return attacks on one online merchant to find out which stolen cards work.

    A handful of our customers' cards, one to three tiny payments or verifications each,
    within an hour or two.
    """
    world, rng = scene.world, scene.rng
    cards = scene.between(3, 11)
    attack = repeated(cards)
    victim = world.victims(rng, len(attack), scene.day)
    site = world.merchants.online_of_kind(rng, scene.k, _TEST_SITES)
    tries = scene.between(1, 3, len(attack))
    card = repeated(tries)
    episode = attack[card]
    n = len(card)
    begins = scene.starts_ms[attack] + elapsed(cards, scene.waits(6, len(attack)))
    tool = scene.devices(scene.k)[episode]
    rotated = rng.random(n) < 0.5
    rows = scene.rows(
        episode,
        victim[card],
        merchant=site[episode],
        channel=np.full(n, ECOMMERCE),
        occurred_ms=begins[card] + elapsed(tries, scene.waits(2, n)),
        euros=np.exp(rng.normal(0.7, 0.7, n)),
        type=np.where(rng.random(n) < 0.3, VERIFICATION, AUTHORISATION),
        device=np.where(rotated, scene.devices(n), tool),
        impostor=np.ones(n, bool),
        basket=np.ones(n, np.int64),
    )
    return rows.having(ip=scene.proxies(rows.city))


def stolen_card(scene: Scene) -> Rows:
    """Return cards taken and used in town until they are blocked.

    Contactless and in shops; in one case of three the thief saw the PIN and draws cash.
    """
    world, rng = scene.world, scene.rng
    counts = scene.between(2, 8)
    episode = repeated(counts)
    n = len(episode)
    victim = world.victims(rng, scene.k, scene.day)
    saw_pin = rng.random(scene.k) < 0.33
    cash = saw_pin[episode] & (rng.random(n) < 0.4)
    town = scene.place(victim)[episode]
    shop = world.merchants.shop_of_kind(rng, town, _THIEF_SHOPS)
    rows = scene.rows(
        episode,
        victim[episode],
        merchant=np.where(cash, world.merchants.machine_in(rng, town), shop),
        channel=np.where(cash, ATM, PRESENT),
        occurred_ms=scene.own_start(victim)[episode] + elapsed(counts, scene.waits(30, n)),
        impostor=np.ones(n, bool),
    )
    return scene.priced(rows, rng.uniform(1.0, 3.5, n))


def cnp_spree(scene: Scene) -> Rows:
    """Return sprees online with bought card data, for goods that sell again."""
    world, rng = scene.world, scene.rng
    counts = scene.between(2, 9)
    episode = repeated(counts)
    n = len(episode)
    victim = world.victims(rng, scene.k, scene.day)
    haste = np.exp(rng.normal(3.6, 1.0, scene.k))  # minutes between purchases: 5 to 250
    by_telephone = rng.random(n) < 0.1
    rows = scene.rows(
        episode,
        victim[episode],
        merchant=world.merchants.online_of_kind(rng, n, _RESALE),
        channel=np.where(by_telephone, MOTO, ECOMMERCE),
        occurred_ms=scene.starts_ms[episode] + elapsed(counts, scene.waits(haste[episode], n)),
        device=np.where(by_telephone, np.uint64(0), scene.devices(scene.k)[episode]),
        impostor=np.ones(n, bool),
        basket=np.where(by_telephone, 0, rng.geometric(0.5, n)),
    )
    ip = np.where(by_telephone, -1, scene.proxies(rows.city[np.cumsum(counts) - counts])[episode])
    return scene.priced(rows.having(ip=ip), rng.uniform(0.8, 3.2, n))


def merchant_compromise(scene: Scene) -> Rows:
    """Return charges, for one to four weeks, of cards used at one merchant.

    Customers, hours, amounts and devices are the ordinary ones of that merchant: only what
    was learned of earlier payments there tells.
    """
    world, rng = scene.world, scene.rng
    length = rng.uniform(7, 28, scene.k)
    counts = np.maximum(rng.poisson(length * rng.uniform(0.7, 2.2, scene.k)), 1)
    episode = repeated(counts)
    n = len(episode)
    merchant = _visited(scene)[episode]
    first, beyond = world.patrons_of[merchant], world.patrons_of[merchant + 1]
    victim = world.patrons[first + (rng.random(n) * (beyond - first)).astype(np.int64)]
    closed = world.customers.opened[victim] > scene.day
    victim[closed] = world.victims(rng, int(closed.sum()), scene.day)
    online = merchant >= world.merchants.online[0]
    later = np.floor(rng.random(n) * length[episode]) if scene.pace == 1 else rng.random(n) * 7
    rows = scene.rows(
        episode,
        victim,
        merchant=merchant,
        channel=np.where(online, ECOMMERCE, PRESENT),
        occurred_ms=scene.own_start(victim) if scene.pace == 1 else scene.starts_ms[episode],
    )
    rows = with_means(rng, world, rows.having(
        occurred_ms=rows.occurred_ms + scene.days_later(later)), scene.day)  # fmt: skip
    return scene.priced(rows, 1.0)


def _visited(scene: Scene) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return a merchant with patrons for each episode: three in five in town."""
    world, rng = scene.world, scene.rng
    who = world.victims(rng, scene.k, scene.day)
    shop = world.favourites[who, rng.integers(0, world.favourites.shape[1], scene.k)]
    site = world.bookmarks[who, rng.integers(0, world.bookmarks.shape[1], scene.k)]
    return np.where(rng.random(scene.k) < 0.6, shop, site)
