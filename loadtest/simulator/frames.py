"""Rows leave as frames of the wire's fields.

One column a field, named as on the wire; nested fields (outcome, authentication,
attributes, legacy) hold their JSON text; what the sender left out is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.simulator import categories, finishing, geography
from loadtest.simulator.columns import empty, identifiers, local_instants, text_where, texts_of
from loadtest.simulator.finishing import bit
from loadtest.simulator.payments import ATM, ECOMMERCE, PRESENT, TRANSFER
from loadtest.simulator.randomness import keyed, letters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.legacy import Decisions
    from loadtest.simulator.rows import Rows
    from loadtest.simulator.world import World

TYPES = ("authorisation", "completion", "reversal", "refund", "account_verification", "advice")
CHANNELS = ("card_present", "ecommerce", "atm", "moto", "transfer")
NESTED = ("outcome", "authentication", "attributes", "legacy")
_TEXT, _WHOLE, _REAL = pl.String(), pl.Int64(), pl.Float64()
TRANSACTION_COLUMNS: dict[str, pl.DataType] = {
    "transaction_id": _TEXT,
    "occurred_at": _TEXT,
    "customer_id": _TEXT,
    "merchant_id": _TEXT,
    "amount_minor": _WHOLE,
    "currency": _TEXT,
    "type": _TEXT,
    "original_transaction_id": _TEXT,
    "outcome": _TEXT,
    "billing_amount_minor": _WHOLE,
    "billing_currency": _TEXT,
    "channel": _TEXT,
    "entry_mode": _TEXT,
    "mcc": _TEXT,
    "country": _TEXT,
    "time_zone": _TEXT,
    "device_id": _TEXT,
    "ip_country": _TEXT,
    "latitude": _REAL,
    "longitude": _REAL,
    "account_id": _TEXT,
    "card_token": _TEXT,
    "terminal_id": _TEXT,
    "beneficiary_id": _TEXT,
    "authentication": _TEXT,
    "attributes": _TEXT,
    "legacy": _TEXT,
}
TRUTH_COLUMNS: dict[str, pl.DataType] = {
    "transaction_id": _TEXT,
    "typology": _TEXT,
    "episode_id": _TEXT,
}
_OUTCOMES = tuple(
    f'{{"status":"{"declined" if code != "00" else "approved"}","response_code":"{code}"}}'
    for code in finishing.RESPONSES
)
_TILLS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Identifiers of everything that has one, made once: text by number."""

    customer: pl.Series
    merchant: pl.Series
    account: pl.Series
    card: pl.Series
    terminal: pl.Series


def make_names(world: World) -> Names:
    """Return the identifiers of a world's customers, merchants, accounts, cards and tills."""
    seed = world.config.seed
    people, places = np.arange(len(world.customers)), np.arange(len(world.merchants))
    tills = keyed(seed, "till", np.repeat(places, _TILLS), np.tile(np.arange(_TILLS), len(places)))
    return Names(
        customer=letters(keyed(seed, "customer", people), "c_"),
        merchant=letters(keyed(seed, "merchant", places), "m_"),
        account=letters(keyed(seed, "account", np.arange(world.accounts)), "a_"),
        card=letters(keyed(seed, "card", people), "k_"),
        terminal=letters(tills, "p_"),
    )


def transactions(
    world: World, names: Names, rows: Rows, decisions: Decisions | None
) -> pl.DataFrame:
    """Return finished rows as wire columns, in the order of the rows."""
    if not len(rows):
        return empty(TRANSACTION_COLUMNS)

    def sent(field: str) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = (rows.absent & bit(field)) == 0
        return there

    who, place = rows.customer.astype(np.uint32), np.maximum(rows.merchant, 0)
    transfer, first = rows.channel == TRANSFER, rows.original == 0
    physical = (rows.channel == PRESENT) | (rows.channel == ATM)
    account_currency = world.customers.currency[rows.customer]
    cross = rows.currency != account_currency
    billed = np.where(cross, sent("billing"), sent("domestic_billing"))
    home = geography.CITY_COUNTRY[world.customers.city[rows.customer]]
    country = np.where(transfer, home, world.merchants.country[place])
    zone = geography.CITY_ZONE[rows.city]
    local = sent("local_time")
    paid_to = names.account.gather(np.maximum(rows.beneficiary, 0).astype(np.uint32))
    columns = {
        "transaction_id": letters(rows.key, "t_"),
        "occurred_at": local_instants(rows.occurred_ms, rows.offset_min, local),
        "customer_id": names.customer.gather(who),
        "merchant_id": _either(transfer, paid_to, names.merchant.gather(place.astype(np.uint32))),
        "amount_minor": pl.Series(rows.amount_minor),
        "currency": texts_of(geography.CURRENCIES, rows.currency),
        "type": texts_of(TYPES, rows.type),
        "original_transaction_id": identifiers(rows.original, "t_"),
        "outcome": texts_of(_OUTCOMES, np.where(sent("outcome") & first, rows.response, -1)),
        "billing_amount_minor": text_where(billed, pl.Series(rows.billing_minor)),
        "billing_currency": texts_of(geography.CURRENCIES, np.where(billed, account_currency, -1)),
        "channel": texts_of(CHANNELS, np.where(sent("channel"), rows.channel, -1)),
        "entry_mode": texts_of(finishing.ENTRIES, np.where(sent("entry_mode"), rows.entry, -1)),
        "mcc": texts_of(categories.MCC, np.where(sent("mcc"), rows.category, -1)),
        "country": texts_of(geography.COUNTRIES, np.where(sent("country"), country, -1)),
        "time_zone": texts_of(geography.TIME_ZONES, np.where(sent("time_zone") & ~local, zone, -1)),
        "device_id": identifiers(np.where(sent("device_id"), rows.device, np.uint64(0)), "d_"),
        "ip_country": texts_of(geography.COUNTRIES, np.where(sent("ip_country"), rows.ip, -1)),
        "latitude": text_where(
            sent("position") & physical, pl.Series(world.merchants.latitude[place])
        ),
        "longitude": text_where(
            sent("position") & physical, pl.Series(world.merchants.longitude[place])
        ),
        "account_id": text_where(sent("account_id"), names.account.gather(who)),
        "card_token": text_where(sent("card_token") & ~transfer, names.card.gather(who)),
        "terminal_id": text_where(
            sent("terminal_id") & physical, names.terminal.gather(_till(world, rows, place))
        ),
        "beneficiary_id": text_where(transfer, paid_to),
        "authentication": texts_of(
            finishing.AUTHENTICATIONS,
            np.where(sent("authentication") & first, rows.authentication, -1),
        ),
        "attributes": text_where(sent("attributes") & first, _attributes(rows)),
        "legacy": pl.repeat(None, len(rows), dtype=_TEXT, eager=True)
        if decisions is None
        else decisions.text(rows),
    }
    return pl.DataFrame(columns, schema=TRANSACTION_COLUMNS)


def truth(typologies: tuple[str, ...], rows: Rows) -> pl.DataFrame:
    """Return what the frauds among the rows really were: for evaluation, never an input."""
    frauds = rows.take((rows.typology >= 0) & (rows.original == 0))
    if not len(frauds):
        return empty(TRUTH_COLUMNS)
    return pl.DataFrame(
        {
            "transaction_id": letters(frauds.key, "t_"),
            "typology": texts_of(typologies, frauds.typology),
            "episode_id": letters(frauds.episode, "e_"),
        }
    )


def _either(first: NDArray[np.bool_], one: pl.Series, other: pl.Series) -> pl.Series:
    return pl.select(
        c=pl.when(pl.lit(pl.Series(first))).then(pl.lit(one)).otherwise(pl.lit(other))
    )["c"]


def _till(world: World, rows: Rows, place: NDArray[np.int32]) -> NDArray[np.uint32]:
    number = rows.key % world.merchants.terminals[place].astype(np.uint64)
    till: NDArray[np.uint32] = (place * _TILLS + number.astype(np.int64)).astype(np.uint32)
    return till


def _attributes(rows: Rows) -> pl.Series:
    frame = pl.DataFrame({"age": np.maximum(rows.age_days, 0), "basket": rows.basket})
    bought = pl.lit(pl.Series((rows.basket > 0) & (rows.channel == ECOMMERCE)))
    basket = pl.concat_str(pl.lit(',"basket_items":'), pl.col("basket"))
    return frame.select(
        a=pl.concat_str(
            pl.lit('{"account_age_days":'),
            pl.col("age"),
            pl.when(bought).then(basket).otherwise(pl.lit("")),
            pl.lit("}"),
        )
    )["a"]
