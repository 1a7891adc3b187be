"""From an intention to a message: currency, amount, authentication, answer, gaps.

Genuine and fraudulent rows are finished together by the same rules, so that the form of a
message says nothing about fraud but what the world would say.
"""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import geography
from loadtest.simulator.merchants import ACQUIRERS
from loadtest.simulator.payments import ATM, ECOMMERCE, MOTO, PRESENT, TRANSFER, VERIFICATION
from loadtest.simulator.prices import to_minor
from loadtest.simulator.randomness import generator, keyed
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.world import World

RESPONSES = ("00", "51", "05", "54", "55", "14", "61", "59")
SUSPECTED = RESPONSES.index("59")
_WHY_NOT = np.array([0.55, 0.2, 0.08, 0.07, 0.05, 0.05])
ENTRIES = ("chip", "contactless", "magstripe", "online", "recurring", "phone", "app")
CHIP, TAP, STRIPE, ONLINE, REPEATED, PHONE, APP = range(7)
AUTHENTICATIONS = (
    '{"method":"pin","result":"success"}',
    '{"method":"none","result":"not_performed","exemption":"low_value"}',
    '{"method":"wallet_biometric","result":"success"}',
    '{"method":"3ds2_challenge","result":"success","eci":"05"}',
    '{"method":"3ds2_frictionless","result":"success","eci":"05"}',
    '{"method":"3ds2_frictionless","result":"attempted","eci":"06"}',
    '{"method":"none","result":"not_performed","eci":"07","exemption":"transaction_risk_analysis"}',
    '{"method":"none","result":"not_performed","exemption":"merchant_initiated"}',
    '{"method":"app_biometric","result":"success"}',
    '{"method":"sms_otp","result":"success"}',
    '{"method":"none","result":"not_performed"}',
)
PIN, LOW_VALUE, WALLET, CHALLENGE, FRICTIONLESS, ATTEMPTED, LOW_RISK, BY_MERCHANT, APP_LOGIN, \
    ONE_TIME, NONE = range(11)  # fmt: skip
OPTIONAL = (
    "outcome",
    "billing",
    "domestic_billing",
    "channel",
    "entry_mode",
    "mcc",
    "country",
    "local_time",
    "time_zone",
    "device_id",
    "ip_country",
    "position",
    "account_id",
    "card_token",
    "terminal_id",
    "authentication",
    "attributes",
)
_CORE = ("channel", "mcc", "country", "outcome", "billing")
_TAP_LIMIT = 50.0


def bit(field: str) -> np.uint32:
    """Return the bit of `Rows.absent` that says a field was left out."""
    return np.uint32(1 << OPTIONAL.index(field))


def finish(rng: np.random.Generator, world: World, rows: Rows, batch: int) -> Rows:
    """Return rows that can be sent, and the second attempts that follow some refusals.

    `batch` numbers the day or the moment they were made in; with the row's place in it,
    it gives the row its key.
    """
    n = len(rows)
    currency = _currency(rng, world, rows)
    asked = to_minor(rng, rows.euros, currency, rows.category)
    rows = rows.having(
        key=keyed(world.config.seed, "transaction", np.full(n, batch), np.arange(n)),
        currency=np.where(rows.scripted, rows.currency, currency),
        amount_minor=np.where(
            rows.scripted, rows.amount_minor, np.where(rows.type == VERIFICATION, 0, asked)
        ),
        age_days=rows.occurred_ms // geography.DAY_MS - world.customers.opened[rows.customer],
    )
    entry, authentication = _authenticate(rng, rows)
    rows = rows.having(
        billing_minor=_billed(world, rows),
        offset_min=_offsets(rows),
        entry=entry,
        authentication=np.where(rows.scripted, rows.authentication, authentication),
        response=_answer(rng, rows, entry),
        absent=np.where(rows.scripted, 0, _absent(rng, world, rows)),
    )
    return Rows.concat([rows, _again(rng, world, rows)])


def _currency(rng: np.random.Generator, world: World, rows: Rows) -> NDArray[np.int16]:
    """Shops ask their own currency; half of those online ask the customer's."""
    account = world.customers.currency[rows.customer]
    local = geography.COUNTRY_CURRENCY[world.merchants.country[rows.merchant]]
    chance = np.array([0.0, 0.55, 0.0, 0.3, 0.96])[rows.channel]
    home = rng.random(len(rows)) < chance
    abroad = np.where(rows.channel == TRANSFER, geography.EUR, local)
    return np.where(home, account, abroad).astype(np.int16)


def _billed(world: World, rows: Rows) -> NDArray[np.int64]:
    account = world.customers.currency[rows.customer]
    scale = 10.0**geography.EXPONENT
    euros = rows.amount_minor / scale[rows.currency] / geography.PER_EURO[rows.currency]
    fee = np.where(account == rows.currency, 1.0, 1.012)
    billed = np.round(euros * fee * geography.PER_EURO[account] * scale[account])
    return np.where(account == rows.currency, rows.amount_minor, billed).astype(np.int64)


def _offsets(rows: Rows) -> NDArray[np.int64]:
    """Minutes east of UTC where each row takes place, on its day."""
    day = rows.occurred_ms // geography.DAY_MS
    days, place = np.unique(day, return_inverse=True)
    none = np.empty((0, len(geography.TIME_ZONES)), np.int64)
    table = np.concatenate([none, *([geography.zone_offsets(int(d))] for d in days)])
    return table[place, geography.CITY_ZONE[rows.city]]


def _authenticate(
    rng: np.random.Generator, rows: Rows
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """How each payment was entered and how the customer was recognised.

    An impostor has no PIN, no finger and no telephone of the customer's: payments go
    through without a check where the merchant asks none, which many genuine ones do too.
    """
    n, u = len(rows), rng.random(len(rows))
    tapped = rows.channel == PRESENT
    wallet = tapped & (rows.device != 0)
    low = tapped & ~wallet & (rows.euros < _TAP_LIMIT) & (u < 0.78)
    stripe = tapped & ~wallet & (rng.random(n) < 0.012)
    entry = np.array([CHIP, ONLINE, CHIP, PHONE, APP])[rows.channel]
    entry = np.where(low | wallet, TAP, np.where(stripe, STRIPE, entry))
    entry = np.where(rows.recurring & (rows.channel == ECOMMERCE), REPEATED, entry)
    strict = np.where(rows.impostor, 0.02, 0.3)
    online = np.select(
        [u < strict, u < strict + np.where(rows.impostor, 0.2, 0.26), u < strict + 0.36],
        [CHALLENGE, FRICTIONLESS, ATTEMPTED],
        np.where(rng.random(n) < 0.5, LOW_RISK, NONE),
    )
    online = np.where(rows.recurring, BY_MERCHANT, online)
    known = np.where(rows.impostor, 0.15, 0.85)
    transfer = np.where(u < known, APP_LOGIN, ONE_TIME)
    present = np.select([wallet, low, stripe], [WALLET, LOW_VALUE, NONE], PIN)
    way = np.select(
        [rows.channel == ECOMMERCE, rows.channel == TRANSFER, rows.channel == MOTO],
        [online, transfer, np.full(n, NONE)],
        np.where(rows.channel == ATM, PIN, present),
    )
    return entry.astype(np.int8), way.astype(np.int8)


def _answer(rng: np.random.Generator, rows: Rows, entry: NDArray[np.int8]) -> NDArray[np.int8]:
    chance = np.where(rows.impostor & (entry == ONLINE), 0.09, 0.024)
    refused = (rng.random(len(rows)) < chance) & ~rows.scripted
    why = 1 + np.searchsorted(np.cumsum(_WHY_NOT)[:-1], rng.random(len(rows)))
    return np.where(refused, why, 0).astype(np.int8)


@cache
def _habits_of_acquirers(seed: int) -> NDArray[np.float32]:
    """Return (acquirers + 1, fields): how often each leaves a field out; the last is the bank."""
    rng = generator(seed, "acquirers", 0)
    shape = (ACQUIRERS + 1, len(OPTIONAL))
    habit = np.select(
        [rng.random(shape) < 0.12, rng.random(shape) < 0.12], [np.ones(shape), np.full(shape, 0.4)],
        np.full(shape, 0.004),
    )  # fmt: skip
    for field in _CORE:
        column = OPTIONAL.index(field)
        habit[:, column] = np.where(habit[:, column] > 0.01, 0.03, 0.004)
    habit[:, OPTIONAL.index("local_time")] = np.where(np.arange(ACQUIRERS + 1) % 6 == 5, 1, 0)
    habit[:, OPTIONAL.index("time_zone")] = np.where(np.arange(ACQUIRERS + 1) % 18 == 5, 1, 0)
    habit[:, OPTIONAL.index("domestic_billing")] = np.where(np.arange(ACQUIRERS + 1) % 3, 1, 0)
    habit[-1] = 0.002
    habit[-1, OPTIONAL.index("local_time")] = 0
    habit[-1, OPTIONAL.index("domestic_billing")] = 1
    return habit.astype(np.float32)


def _absent(rng: np.random.Generator, world: World, rows: Rows) -> NDArray[np.uint32]:
    habits = _habits_of_acquirers(world.config.seed)
    acquirer = np.where(rows.merchant >= 0, world.merchants.acquirer[rows.merchant], ACQUIRERS)
    missing = rng.random((len(rows), len(OPTIONAL)), np.float32) < habits[acquirer]
    powers = (1 << np.arange(len(OPTIONAL))).astype(np.uint32)
    bits: NDArray[np.uint32] = (missing * powers).sum(1, dtype=np.uint32)
    return bits


def _again(rng: np.random.Generator, world: World, rows: Rows) -> Rows:
    """Return the second attempts: the same payment soon after a refusal, often accepted."""
    chance = rng.random(len(rows))
    again = np.flatnonzero((rows.response > 0) & (chance < 0.45) & ~rows.recurring)
    tried = rows.take(again)
    n = len(tried)
    refused = rng.random(n) < 0.25
    return tried.having(
        key=keyed(world.config.seed, "again", tried.key),
        occurred_ms=tried.occurred_ms + rng.integers(15_000, 600_000, n),
        response=np.where(refused, tried.response, 0),
    )
