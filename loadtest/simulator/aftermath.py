"""What follows a payment: completions, reversals, refunds, advices."""

# ruff: noqa: PLR2004 - the numbers are the model: each stands in the sentence it belongs to

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import categories, geography
from loadtest.simulator.payments import (
    ADVICE,
    AUTHORISATION,
    COMPLETION,
    ECOMMERCE,
    PRESENT,
    REFUND,
    REVERSAL,
    TRANSFER,
)
from loadtest.simulator.randomness import keyed
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.world import World

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_HELD = np.isin(np.arange(len(categories.NAMES)),
                [categories.index(k) for k in ("fuel", "hotel")])  # fmt: skip
_RETURNED = np.isin(
    np.arange(len(categories.NAMES)),
    [categories.index(k) for k in ("clothing", "department store", "electronics", "home supply")],
)


def follow(rng: np.random.Generator, world: World, rows: Rows) -> Rows:
    """Return what follows the approved payments among finished rows, later than each.

    Amounts held by fuel stations and hotels and some purchases online are completed; a few
    payments are reversed, goods are returned, and stand-in approvals are advised.
    """
    done = rows.take((rows.type == AUTHORISATION) & (rows.response == 0) & (rows.amount_minor > 0))
    n, u = len(done), rng.random(len(done))
    online = done.channel == ECOMMERCE
    completes = np.select([_HELD[done.category], online], [0.85, 0.22],
                          np.where(done.channel == PRESENT, 0.04, 0.0))  # fmt: skip
    returns = np.where(done.channel == TRANSFER, 0.0,
                       np.where(_RETURNED[done.category], 0.035, 0.004))  # fmt: skip
    reversed_ = u < 0.006
    completed = ~reversed_ & (u < 0.006 + completes)
    advised = (rng.random(n) < 0.0015) & (done.channel == PRESENT)
    returned = ~reversed_ & (rng.random(n) < returns)
    shipped = np.exp(rng.normal(3.0, 1.0, n)).clip(0.02, 120)  # hours
    soon = np.where(_HELD[done.category] & ~online, 0.1, 1.0)
    partly = np.where(rng.random(n) < 0.4, rng.uniform(0.15, 0.9, n), 1.0)
    parts = [
        _after(world, done, completed, COMPLETION, shipped * soon, np.ones(n)),
        _after(world, done, reversed_, REVERSAL, rng.uniform(0.02, 3, n), np.ones(n)),
        _after(world, done, returned, REFUND, rng.uniform(40, 620, n), partly),
        _after(world, done, advised, ADVICE, rng.uniform(0.5, 20, n), np.ones(n)),
    ]
    return Rows.concat(parts)


def _after(
    world: World,
    rows: Rows,
    chosen: NDArray[np.bool_],
    kind: int,
    hours: NDArray[np.float64],
    share: NDArray[np.float64],
) -> Rows:
    first = rows.take(chosen)
    asked = np.maximum((first.amount_minor * share[chosen]).astype(np.int64), 1)
    billed = (first.billing_minor * (asked / first.amount_minor)).astype(np.int64)
    delay = (hours[chosen] * _HOUR_MS).astype(np.int64) + _MINUTE_MS
    return first.having(
        key=keyed(world.config.seed, "after", first.key, np.full(len(first), kind)),
        original=first.key,
        type=kind,
        occurred_ms=first.occurred_ms + delay,
        age_days=first.age_days + delay // geography.DAY_MS,
        amount_minor=asked,
        billing_minor=billed,
        device=np.zeros(len(first), np.uint64),
        ip=-1,
        authentication=-1,
        entry=-1,
        basket=0,
    )
