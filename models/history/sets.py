"""Small bounded sets inside a customer's slot: the least recently used member gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.history.state import COUNTRIES, CURRENCIES, MCCS, State
from models.kernels import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HABIT_LIMIT = 512
"""Habit counts are halved when they add up to this: old habits fade."""


@kernel
def count_habit(counts: NDArray[np.uint16], slot: int, size: int, at: int) -> None:
    """Count one more at `at`; halve all when they reach the limit."""
    counts[slot, at] += 1
    total = 0
    for other in range(size):
        total += counts[slot, other]
    if total >= HABIT_LIMIT:
        for other in range(size):
            counts[slot, other] //= 2


@kernel
def find_key(keys: NDArray[np.uint32], slot: int, size: int, key: np.uint32) -> int:
    """Return the place of a key in the slot's set, -1 if it is not there."""
    for place in range(size):
        if keys[slot, place] == key:
            return place
    return -1


@kernel
def place_of(
    keys: NDArray[np.uint32], last: NDArray[np.uint32], slot: int, size: int, key: np.uint32
) -> int:
    """Return the place of a key, else the first free place, else the one unused longest."""
    oldest = 0
    for place in range(size):
        if keys[slot, place] == key or keys[slot, place] == 0:
            return place
        if last[slot, place] < last[slot, oldest]:
            oldest = place
    return oldest


@kernel
def knows_mcc(state: State, slot: int, mcc: int) -> bool:
    """Whether the customer paid in this merchant category lately. Stored codes are plus one."""
    for place in range(MCCS):  # noqa: SIM110 - a plain loop is what compiles well
        if state.mcc_code[slot, place] == mcc + 1:
            return True
    return False


@kernel
def keep_mcc(state: State, slot: int, mcc: int, seen: np.uint32) -> None:
    """Remember a merchant category."""
    oldest = 0
    for place in range(MCCS):
        code = state.mcc_code[slot, place]
        if code == mcc + 1 or code == 0:
            oldest = place
            break
        if state.mcc_last[slot, place] < state.mcc_last[slot, oldest]:
            oldest = place
    state.mcc_code[slot, oldest] = mcc + 1
    state.mcc_last[slot, oldest] = seen


@kernel
def keep_country(state: State, slot: int, country: int, seen: np.uint32) -> None:
    """Count a payment in a country; counts fade like habits."""
    oldest = 0
    for place in range(COUNTRIES):
        code = state.country_code[slot, place]
        if code == country or code == 0:  # noqa: PLR1714 - numba has no `in` over mixed integers
            oldest = place
            break
        if state.country_last[slot, place] < state.country_last[slot, oldest]:
            oldest = place
    if state.country_code[slot, oldest] != country:
        state.country_code[slot, oldest] = country
        state.country_count[slot, oldest] = 0
    state.country_last[slot, oldest] = seen
    count_habit(state.country_count, slot, COUNTRIES, oldest)


@kernel
def keep_currency(state: State, slot: int, currency: int, seen: np.uint32) -> None:
    """Remember a currency."""
    oldest = 0
    for place in range(CURRENCIES):
        code = state.currency_code[slot, place]
        if code == currency or code == 0:  # noqa: PLR1714 - numba has no `in` over mixed integers
            oldest = place
            break
        if state.currency_last[slot, place] < state.currency_last[slot, oldest]:
            oldest = place
    state.currency_code[slot, oldest] = currency
    state.currency_last[slot, oldest] = seen
