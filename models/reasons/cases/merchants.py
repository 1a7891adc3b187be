"""What is known of the merchant, whoever pays there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.history.amount import RATIO_LIMIT
from models.history.fraud_run import NO_CLEAN_D
from models.history.merchant import NO_FRAUD_H
from models.reasons.cases.case import Case, compared, ratio

if TYPE_CHECKING:
    from models.reasons.facts import Facts


def fraud_age(name: str, facts: Facts) -> Case:
    """Return how long ago, or for how long, there were frauds at the merchant."""
    hours = facts.features[name]
    if name == "merchant_since_fraud_h":
        return Case(name, "limit" if hours >= NO_FRAUD_H else "some", {"age": hours * 3600})
    return Case(name, "none" if hours <= 0.0 else "some", {"age": hours * 3600})


def clean_age(name: str, facts: Facts) -> Case:
    """Return how long ago the merchant had its last clean day."""
    days = facts.features[name]
    return Case(name, "limit" if days >= NO_CLEAN_D else "some", {"age": days * 86400})


def fraud_rate(name: str, facts: Facts) -> Case:
    """Return the known frauds among the merchant's payments."""
    value = facts.features[name]
    return Case(name, "none" if value <= 0.0 else "some", {"share": min(value, 1.0)})


def volume(name: str, facts: Facts) -> Case:
    """Return the merchant's payments a day, against its own month or merchants at large."""
    value, usual = facts.features[name], facts.features["merchant_volume_30d"]
    if name == "merchant_volume_30d":
        usual = facts.typical.get(name, usual)
    case = compared(value / usual) if usual > 0 else "above"
    return Case(name, case, {"count": value, "usual_count": usual})


def amount_ratio(name: str, facts: Facts) -> Case:
    """Return the amount against the merchant's average."""
    value = facts.features[name]
    usual = facts.features["amount"] / value if value > 0 else 0.0
    return Case(name, compared(value, limit=RATIO_LIMIT), ratio(value, usual=usual))
