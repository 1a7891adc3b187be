"""What sentences are made of: one payment, its features, and its customer's normal behaviour.

Most features compare with the customer's own past already. Both sides of the comparison are
taken back out of them: an amount and its ratio give the average, a count and its ratio the
customer's payments a day. So nothing but the stored vector and the payment is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from models.history.payments import NO_HOUR, payments
from models.money import EXPONENTS
from models.transaction import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.attributes import Attribute
    from models.transaction import Transactions

LEAST = 1e-4
"""Relative: what float32 loses of a sum of money."""


@dataclass(frozen=True)
class Facts:
    """A payment, row `row` of `rows`, and all its features by name, in natural units.

    `typical` are the medians of the background set, for what is compared with no customer;
    `attributes` are the declared ones, whose columns follow the kernel's.
    """

    rows: Transactions
    row: int
    features: Mapping[str, float]
    typical: Mapping[str, float]
    reporting_currency: str
    attributes: tuple[Attribute, ...] = ()

    def yes(self, name: str) -> bool:
        """Whether a yes/no feature is 1."""
        return self.features[name] >= 0.5

    @property
    def first(self) -> bool:
        """Whether nothing is known of the customer."""
        return not self.yes("history_known")

    @property
    def amount(self) -> float | None:
        """Amount in major units of the reporting currency, None without an exchange rate."""
        return self.features["amount"] if self.yes("amount_known") else None

    @property
    def own_amount(self) -> tuple[float, str]:
        """The amount as it was made, in major units, and its currency."""
        currency = str(self.rows.currency[self.row])
        minor = int(self.rows.amount_minor[self.row])
        return minor / 10.0 ** EXPONENTS.get(currency, 2), currency

    @property
    def spent_now(self) -> float:
        """What this payment adds to spending: nothing for a verification."""
        return 0.0 if self.yes("is_verification") else self.features["amount"]

    def alone_in(self, window: str) -> bool:
        """Whether nothing else was spent in a window of `spend_…`."""
        spent = self.features[f"spend_{window}"]
        return spent - self.spent_now <= LEAST * max(spent, 1e-9)

    def average(self, ratio: str) -> float | None:
        """Return the customer's own figure that a ratio of the amount divides by, None if unknown.

        A ratio at its limit says only how large the figure can be at most.
        """
        value, amount = self.features[ratio], self.amount
        nothing_before = self.first or self.features["history_count"] < 0.5
        if amount is None or amount <= 0.0 or value <= 0.0 or nothing_before:
            return None
        window = {"amount_ratio_7d": "7d", "amount_ratio_30d": "30d", "amount_to_max_30d": "30d"}
        if ratio in window and value == 1.0 and self.alone_in(window[ratio]):
            return None
        return amount / value

    @cached_property
    def usual_amount(self) -> float | None:
        """The customer's average payment of 30 days, else of all time, None without any."""
        month = self.average("amount_ratio_30d")
        return self.average("amount_ratio_all") if month is None else month

    @cached_property
    def payments_a_day(self) -> float | None:
        """The customer's own payments a day over 30 days, None without any."""
        ratio = self.features["count_ratio_1d"]
        if self.first or self.features["count_30d"] < 1.5 or ratio <= 0.0:
            return None
        return self.features["count_1d"] / ratio

    @cached_property
    def spending_a_day(self) -> float | None:
        """What the customer spends a day over 30 days, None without anything."""
        ratio = self.features["spend_ratio_1d"]
        if self.first or self.alone_in("30d") or ratio <= 0.0:
            return None
        return self.features["spend_1d"] / ratio

    @cached_property
    def usual_gap_s(self) -> float | None:
        """How long the customer usually waits between payments, None if there were too few."""
        ratio = self.features["gap_ratio"]
        since = self.features["since_last_s"]
        few = self.first or self.features["history_count"] < 1.5
        if few or ratio <= 0.0 or since <= 0.0:
            return None
        return since / ratio

    @cached_property
    def local(self) -> tuple[int, int] | None:
        """Local hour and weekday (0 is Monday) of the payment, None if not known."""
        view = payments(self.rows.take(np.array([self.row])))
        hour = int(view.hour[0])
        return None if hour == NO_HOUR else (hour, int(view.weekday[0]))

    @property
    def channel(self) -> str:
        """The channel, "unknown" where it is not given."""
        code = int(self.rows.channel[self.row])
        return CHANNELS[code] if code >= 0 else "unknown"

    def text(self, name: str) -> str | None:
        """Return a text field of the payment, None where it is missing."""
        value = getattr(self.rows, name)[self.row]
        return None if value is None else str(value)
