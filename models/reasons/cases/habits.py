"""Hour, merchant, place, device and channel, against the customer's own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.reasons.cases.case import Case

if TYPE_CHECKING:
    from models.reasons.facts import Facts

FASTEST_KMH = 900.0
"""An airliner's cruising speed: nobody travels faster."""
HERE_KM = 0.5


def yes_no(name: str, facts: Facts) -> Case:
    """Return a fact of the payment itself."""
    return Case(name, "yes" if facts.yes(name) else "no")


def new(name: str, facts: Facts) -> Case:
    """Return whether something is new, against the customer's past."""
    return Case(name, "yes" if facts.yes(name) else "no", typical=0.0)


def device_new(name: str, facts: Facts) -> Case:
    """Return whether the device is new; a first device is new to us, not to the customer."""
    if not facts.yes(name) and facts.features["device_age_days"] <= 0.0:
        return Case(name, "first")
    return new(name, facts)


def device_age(name: str, facts: Facts) -> Case:
    """Return how long the device is known with the customer."""
    days = facts.features[name]
    return Case(name, "some" if days >= 1.0 else "zero", {"device_age": days * 86400})


def clock(name: str, facts: Facts) -> Case:
    """Return hour or weekday, and how much of the customer's past was then."""
    if facts.first:
        return Case("hour", "first")
    on_weekday = name in {"weekend", "weekday_share"}
    share = facts.features["weekday_share" if on_weekday else "hour_share"]
    if name in {"night", "weekend"}:
        return Case(name, "yes" if facts.yes(name) else "no", {"share": share})
    case = "zero" if name != "hour" and share <= 0.0 else "some"
    return Case(name, case, {"share": share})


def share(name: str, facts: Facts) -> Case:
    """Return how much of the customer's past was like this."""
    value = facts.features[name]
    return Case(name, "zero" if value <= 0.0 else "some", {"share": value})


def travel(name: str, facts: Facts) -> Case:
    """Return how far, and how fast, from the customer's last payment."""
    distance, speed = facts.features["distance_km"], facts.features["travel_speed_kmh"]
    case = "zero" if distance < HERE_KM else "some"
    if name == "travel_speed_kmh" and speed > FASTEST_KMH and distance >= HERE_KM:
        case = "fast"
    return Case(name, case, {"distance": distance, "speed": speed})
