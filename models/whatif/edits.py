"""What a payment could have differed in: its amount, merchant, place, device, hour and so on.

Each edit puts what is normal for the customer in the place of what the payment says. Nothing
of the past is edited. Kinds stand in the order in which they are preferred when several do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from models.history.payments import NO_HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from models.features import FeatureSpec
    from models.history.payments import Payments

DAY_S = 86400
LATER_DAYS = (1, 7)
NOON = 12


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One change: columns of the payment as the kernel reads it, and of the full vector.

    `feature` is the one that tells the change best; `case` names its sentence. `before` and
    `after` are what it changes from and to, as the kernel has them.
    """

    kind: str
    feature: str
    case: str
    before: Any
    after: Any
    columns: Mapping[str, Any] = field(default_factory=dict)
    vector: Mapping[str, float] = field(default_factory=dict)
    clean_merchant: bool = False

    def clashes(self, other: Edit) -> bool:
        """Whether two edits change the same thing."""
        return (
            self.kind == other.kind
            or bool(self.columns.keys() & other.columns.keys())
            or bool(self.vector.keys() & other.vector.keys())
        )


def edits_of(
    now: Payments,
    row: int,
    past: Payments,
    typical: Mapping[str, float],
    major: float,
    spec: FeatureSpec,
    vector: Mapping[str, float],
) -> list[Edit]:
    """Return every edit of payment `row`, given its customer's `past` payments.

    `typical` are medians of the background set, for customers without a past; `major` turns
    minor into major units; `vector` are the payment's features by name.
    """
    return [
        *_lower_amounts(now, row, past, typical, major),
        *_merchant(now, row, past),
        *_place(now, row, past),
        *_usual("currency", "currency_new", now, row, past),
        *_device(now, row, past),
        *_channel(now, row, past),
        *_hours(now, row, past),
        *_later(now, row, past),
        *_attributes(spec, typical, vector),
        *_higher_amount(now, row, past),
    ]


def _lower_amounts(
    now: Payments, row: int, past: Payments, typical: Mapping[str, float], major: float
) -> list[Edit]:
    amount = int(now.amount[row])
    if amount <= 0:
        return []
    paid = _amounts_paid(past)
    if len(paid):
        middle, low, least = int(paid[len(paid) // 2]), int(paid[len(paid) // 4]), int(paid[0])
        levels = [middle, low, least]
    else:
        middle = round(typical.get("amount", 0.0) / major)
        levels = [middle, middle // 4]
    return [
        Edit("amount", "amount", "amount_lower", amount, level, {"amount": level})
        for level in sorted({level for level in levels if 0 < level < amount}, reverse=True)
    ]


def _higher_amount(now: Payments, row: int, past: Payments) -> list[Edit]:
    amount, paid = int(now.amount[row]), _amounts_paid(past)
    if amount < 0 or not len(paid) or int(paid[len(paid) // 2]) <= amount:
        return []
    usual = int(paid[len(paid) // 2])
    return [Edit("amount", "amount", "amount_higher", amount, usual, {"amount": usual})]


def _amounts_paid(past: Payments) -> NDArray[np.int64]:
    """Return the customer's amounts, ascending."""
    return np.sort(past.amount[(past.amount > 0) & ~past.verification])


def _merchant(now: Payments, row: int, past: Payments) -> list[Edit]:
    here = now.merchant[row]
    if here == 0:
        return []
    usual = _most_common(past.merchant[past.merchant != here])
    if not usual:
        return [Edit("merchant", "merchant_frauds_30d", "merchant_other", None, None,
                     clean_merchant=True)]  # fmt: skip
    last = np.flatnonzero(past.merchant == usual)[-1]
    columns = {"merchant": usual, "mcc": past.mcc[last]}
    return [Edit("merchant", "merchant_new", "merchant", None, None, columns, clean_merchant=True)]


def _place(now: Payments, row: int, past: Payments) -> list[Edit]:
    found = []
    here, address = now.country[row], now.ip_country[row]
    placed = ~np.isnan(now.latitude[row])
    at = np.flatnonzero(~np.isnan(past.latitude))
    where = (
        {"latitude": past.latitude[at[-1]], "longitude": past.longitude[at[-1]]}
        if placed and len(at)
        else {}
    )
    usual = _most_common(past.country[past.country != 0])
    if usual and usual != here:
        columns = {"country": usual, "ip_country": usual if address else address, **where}
        case = "place" if here else "place_unknown"
        found.append(Edit("place", "country_new", case, here, usual, columns))
    elif where:
        found.append(Edit("place", "distance_km", "position", None, None, where))
    if here and address and here != address:
        columns = {"ip_country": here}
        found.append(Edit("ip_country", "ip_country_differs", "ip_country", address, here, columns))
    return found


def _device(now: Payments, row: int, past: Payments) -> list[Edit]:
    found = []
    known = past.device[past.device != 0]
    usual = _most_common(known)
    if usual and now.device[row] not in known:
        found.append(Edit("device", "device_new", "device", None, None, {"device": usual}))
    if now.authenticated[row] != 1:
        columns = {"authenticated": 1}
        found.append(Edit("authenticated", "authenticated", "authenticated", None, None, columns))
    return found


def _channel(now: Payments, row: int, past: Payments) -> list[Edit]:
    known = past.channel[past.channel >= 0]
    usual, here = _most_common(known + 1), now.channel[row]
    if not usual or usual - 1 == here:
        return []
    columns = {"channel": usual - 1}
    return [Edit("channel", "channel_new", "channel", here, usual - 1, columns)]


def _usual(column: str, feature: str, now: Payments, row: int, past: Payments) -> list[Edit]:
    here, values = getattr(now, column)[row], getattr(past, column)
    usual = _most_common(values[values != 0])
    if not usual or usual == here:
        return []
    return [Edit(column, feature, column, here, usual, {column: usual})]


def _hours(now: Payments, row: int, past: Payments) -> list[Edit]:
    found = []
    hour, weekday = int(now.hour[row]), int(now.weekday[row])
    if hour == NO_HOUR:
        return []
    told = past.hour >= 0
    counts = np.bincount(past.hour[told], minlength=24)
    if counts.any():
        usual = int(np.argmax(counts + np.roll(counts, 1) + np.roll(counts, -1)))
        case = "hour"
    else:
        usual, case = NOON, "hour_other"
    if usual != hour:
        found.append(Edit("hour", "hour", case, hour, usual, {"hour": usual}))
    days = np.bincount(past.weekday[told], minlength=7)
    if days.any() and int(np.argmax(days)) != weekday:
        usual = int(np.argmax(days))
        found.append(Edit("weekday", "weekday_share", "weekday", weekday, usual,
                          {"weekday": usual}))  # fmt: skip
    return found


def _later(now: Payments, row: int, past: Payments) -> list[Edit]:
    if not len(past.customer):
        return []
    found = []
    for days in LATER_DAYS:
        columns: dict[str, Any] = {"occurred_s": now.occurred_s[row] + days * DAY_S}
        if now.weekday[row] >= 0:
            columns["weekday"] = (now.weekday[row] + days) % 7
        found.append(Edit("later", "since_last_s", "later", 0, days * DAY_S, columns))
    return found


def _attributes(
    spec: FeatureSpec, typical: Mapping[str, float], vector: Mapping[str, float]
) -> list[Edit]:
    """Return an edit of each declared attribute to what is typical of genuine payments."""
    found = []
    for attribute in spec.attributes:
        names = [one.name for one in attribute.features()]
        if attribute.kind == "number":
            value = typical.get(names[0])
            if value is not None and (value != vector[names[0]] or vector[names[1]] < 1):
                found.append(
                    Edit(f"attribute {attribute.name}", names[0], "attribute_number",
                         vector[names[0]], value, vector={names[0]: value, names[1]: 1.0})
                )  # fmt: skip
            continue
        levels = [name for name in names[:-1] if name in typical]
        usual = max(levels, key=lambda name: (typical[name], name), default=None)
        if usual is not None and typical[usual] > 0 and vector[usual] < 1:
            changed = dict.fromkeys(names[:-1], 0.0) | {usual: 1.0, names[-1]: 1.0}
            found.append(
                Edit(f"attribute {attribute.name}", usual, "attribute_category",
                     None, usual.partition("=")[2], vector=changed)
            )  # fmt: skip
    return found


def _most_common(values: NDArray[Any]) -> Any:
    """Return what is there most often, the smallest of several, 0 where nothing is."""
    if not len(values):
        return 0
    found, counts = np.unique(values, return_counts=True)
    return found[np.argmax(counts)]
