"""What genuine customers pay: channel, merchant, price, device, connection."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest.simulator import categories, geography
from loadtest.simulator.arrivals import HOUR_MS, day_of_month, salary_factor
from loadtest.simulator.merchants import kinds
from loadtest.simulator.prices import draw_euros
from loadtest.simulator.randomness import keyed, mix, pick, uniform
from loadtest.simulator.rows import Rows
from loadtest.simulator.world import BOOKMARKS, FAVOURITES, PAYEES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.arrivals import Arrivals
    from loadtest.simulator.world import World

PRESENT, ECOMMERCE, ATM, MOTO, TRANSFER = range(5)
AUTHORISATION, COMPLETION, REVERSAL, REFUND, VERIFICATION, ADVICE = range(6)
_TREATS = kinds(clothing=6, department_store=5, electronics=3, home_supply=3, books=2, games=2,
                jewellery=1.0, gift_cards=1.5, furniture=1.0)  # fmt: skip
_NEW_PAYEE = 0.09
_LARGE = 0.015
_STRAY_DEVICE = 0.02
_REDRAWS = 3


def pay(rng: np.random.Generator, world: World, day: int, arrivals: Arrivals) -> Rows:
    """Return the payments that `arrivals` make on a local day, prices still in euros."""
    who = arrivals.customer
    customers, n = world.customers, len(arrivals)
    city = customers.city_on(who, day)
    away = city != customers.city[who]
    channel = np.minimum((rng.random(n)[:, None] > customers.channels[who]).sum(1), TRANSFER)
    channel[away & (channel == ECOMMERCE) & (rng.random(n) < 0.5)] = PRESENT
    channel[arrivals.spree & (channel > ECOMMERCE)] = PRESENT
    merchant = np.full(n, -1, np.int32)
    by_channel = [np.flatnonzero(channel == c) for c in range(TRANSFER + 1)]
    present, machine = by_channel[PRESENT], by_channel[ATM]
    hour = arrivals.hour.astype(np.int64)
    merchant[present] = _shops(rng, world, who[present], city[present], away[present],
                               hour[present])  # fmt: skip
    merchant[machine] = world.merchants.machine_in(rng, city[machine])
    remote = np.concatenate([by_channel[ECOMMERCE], by_channel[MOTO]])
    merchant[remote] = _sellers(rng, world, who[remote])
    treat = np.flatnonzero(arrivals.spree & (channel == PRESENT))
    merchant[treat] = world.merchants.shop_of_kind(rng, city[treat], _TREATS)
    treat = np.flatnonzero(arrivals.spree & (channel == ECOMMERCE))
    merchant[treat] = world.merchants.online_of_kind(rng, len(treat), _TREATS)
    rows = Rows.of(
        n,
        customer=who,
        merchant=merchant,
        beneficiary=np.full(n, -1),
        city=city,
        channel=channel,
        category=category_of(world, merchant, channel),
        occurred_ms=instants(city, day, arrivals.hour),
    )
    sends = by_channel[TRANSFER]
    rows.beneficiary[sends] = _payees(rng, world, who[sends])
    rows.euros[:] = genuine_euros(rng, world, rows, day)
    large = sends[rng.random(len(sends)) < _LARGE]  # a car, a roof, a tax bill
    rows.euros[large] = np.exp(rng.normal(7.5, 0.8, len(large)))
    return with_means(rng, world, rows, day)


def genuine_euros(
    rng: np.random.Generator, world: World, rows: Rows, day: int
) -> NDArray[np.float64]:
    """Return what the customers of `rows` would themselves pay there."""
    who = rows.customer
    level = np.where(rows.merchant >= 0, world.merchants.level[rows.merchant], 1.0)
    flush = np.maximum(salary_factor(world.customers, day)[who], 1.0)
    return draw_euros(rng, rows.category, level, world.customers.spend[who] * flush)


def with_means(rng: np.random.Generator, world: World, rows: Rows, day: int) -> Rows:
    """Return the rows with the customers' own devices, connections and baskets."""
    n, who, customers = len(rows), rows.customer, world.customers
    slot = np.searchsorted([0.62, 0.93], rng.random(n))
    device = customers.device(who, slot, day)
    stray = rng.random(n) < _STRAY_DEVICE
    device[stray] = mix(rng.integers(0, 1 << 63, int(stray.sum()), np.uint64))
    remote = (rows.channel == ECOMMERCE) | (rows.channel == TRANSFER)
    tapped = (rows.channel == PRESENT) & customers.wallet[who] & (rng.random(n) < 0.5)
    telephone = customers.device(who, np.zeros(n, np.int64), day)
    device = np.where(tapped, telephone, device)
    hidden = (customers.vpn[who] & (rng.random(n) < 0.5)) | (rng.random(n) < 0.006)
    ip = np.where(hidden, foreign_ip(rng, n), geography.CITY_COUNTRY[rows.city])
    basket = np.where(rows.channel == ECOMMERCE, rng.geometric(0.55, n), 0)
    return rows.having(
        device=np.where(remote | tapped, device, np.uint64(0)),
        ip=np.where(remote, ip, -1),
        basket=np.minimum(basket, 30),
    )


def standing(rng: np.random.Generator, world: World, day: int) -> Rows:
    """Return what is paid by itself on a day: rents and subscriptions."""
    customers, today = world.customers, day_of_month(day)
    open_ = customers.opened <= day
    tenants = np.flatnonzero(open_ & (customers.rent_day == today)).astype(np.int32)
    slots = np.arange(int(customers.subscriptions.max(initial=0)))
    everyone = np.arange(len(customers))
    due = (uniform(keyed(world.config.seed, "due", everyone[:, None], slots)) * 28).astype(int) + 1
    held = slots < customers.subscriptions[:, None]
    subscriber, slot = np.nonzero(held & (due == today) & open_[:, None])
    n = len(tenants) + len(subscriber)
    rent = np.arange(n) < len(tenants)
    who = np.concatenate([tenants, subscriber]).astype(np.int32)
    city = customers.city[who]
    service = keyed(world.config.seed, "service", subscriber, slot)
    sellers = np.concatenate(
        [world.merchants.by_category[categories.index(k)] for k in ("subscriptions", "telecom")]
    )
    merchant = np.full(n, -1, np.int32)
    merchant[~rent] = sellers[(uniform(service) ** 2 * len(sellers)).astype(int)]
    euros = np.empty(n)
    euros[rent] = customers.rent_eur[tenants]
    euros[~rent] = 4 + 40 * uniform(mix(service)) ** 2
    channel = np.where(rent, TRANSFER, ECOMMERCE)
    hour = np.where(rent, rng.uniform(5, 9, n), rng.uniform(0, 24, n))
    zeros = np.zeros(len(tenants), np.int64)
    return Rows.of(
        n,
        customer=who,
        merchant=merchant,
        beneficiary=np.concatenate([world.payee(tenants, zeros), np.full(n - len(tenants), -1)]),
        city=city,
        channel=channel,
        category=category_of(world, merchant, channel),
        occurred_ms=instants(city, day, hour),
        euros=euros,
        recurring=np.ones(n, bool),
    )


def verifications(rng: np.random.Generator, rows: Rows) -> Rows:
    """Return the checks of a card, for nothing, that precede some purchases online."""
    checked = (rows.channel == ECOMMERCE) & ~rows.recurring & (rng.random(len(rows)) < 0.03)
    before = rows.take(checked)
    earlier = rng.integers(4_000, 90_000, len(before))
    return before.having(
        occurred_ms=before.occurred_ms - earlier, type=VERIFICATION, euros=0.0, basket=0
    )


def instants(city: NDArray[np.int16], day: int, hour: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return UTC milliseconds of local hours of a day in each city."""
    offset = geography.zone_offsets(day)[geography.CITY_ZONE[city]]
    return day * geography.DAY_MS + (hour * HOUR_MS).astype(np.int64) - offset * 60_000


def category_of(
    world: World, merchant: NDArray[np.int32], channel: NDArray[Any]
) -> NDArray[np.int16]:
    """Return the category paid in: the merchant's, or a transfer."""
    return np.where(
        channel == TRANSFER, categories.TRANSFER, world.merchants.category[merchant]
    ).astype(np.int16)


def foreign_ip(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Return n countries from which hidden connections come out."""
    return pick(np.bincount(geography.CITY_COUNTRY, geography.CITY_VISIT), rng.random(n))


def _shops(
    rng: np.random.Generator,
    world: World,
    who: NDArray[np.int32],
    city: NDArray[np.int16],
    away: NDArray[np.bool_],
    hour: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Return shops: favourites or others in town, that are busy at that hour."""
    found = np.zeros(len(who), np.int32)
    todo = np.arange(len(who))
    for _ in range(_REDRAWS):
        slot = (FAVOURITES * rng.random(len(todo)) ** 1.7).astype(int)
        usual = (rng.random(len(todo)) < world.customers.loyalty[who[todo]]) & ~away[todo]
        other = world.merchants.shop_in(rng, city[todo])
        found[todo] = np.where(usual, world.favourites[who[todo], slot], other)
        busy = categories.BUSY[world.merchants.category[found[todo]], hour[todo]]
        todo = todo[rng.random(len(todo)) * 10 > busy]
    return found


def _sellers(rng: np.random.Generator, world: World, who: NDArray[np.int32]) -> NDArray[np.int32]:
    slot = (BOOKMARKS * rng.random(len(who)) ** 1.6).astype(int)
    usual = rng.random(len(who)) < 0.3 + 0.5 * world.customers.loyalty[who]
    other = world.merchants.online_of_kind(rng, len(who), categories.ONLINE)
    return np.where(usual, world.bookmarks[who, slot], other)


def _payees(rng: np.random.Generator, world: World, who: NDArray[np.int32]) -> NDArray[np.int64]:
    slot = 1 + ((PAYEES - 1) * rng.random(len(who)) ** 1.5).astype(np.int64)
    anyone = rng.integers(0, world.accounts, len(who))
    return np.where(rng.random(len(who)) < _NEW_PAYEE, anyone, world.payee(who, slot))
