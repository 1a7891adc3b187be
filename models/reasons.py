"""Explanations in words: what each feature was, what is typical, which way it speaks.

One table, `TEXTS`, holds a sentence for every kernel feature; a test sees that none is
missing. Sentences are templates over `value` and `typical`, so they can be translated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle

MOST_REASONS = 5
LEAST_CONTRIBUTION = 0.05
"""Log-odds: a weaker contribution is no reason."""

TEXTS: dict[str, str] = {
    "amount": "Amount {value} {currency}; typical {typical} {currency}",
    "amount_known": "No exchange rate for the amount",
    "amount_ratio_7d": "Amount is {value} times this customer's 7-day average",
    "amount_ratio_30d": "Amount is {value} times this customer's 30-day average",
    "amount_ratio_all": "Amount is {value} times this customer's long-term average",
    "amount_deviation": "Amount lies {value} standard deviations from this customer's usual",
    "amount_to_max_30d": "Amount is {value} times this customer's largest of 30 days",
    "amount_rank": "Amount is above {percent} of this customer's recent payments",
    "spend_1h": "{value} {currency} spent within an hour; typical {typical} {currency}",
    "spend_1d": "{value} {currency} spent within 24 hours; typical {typical} {currency}",
    "spend_7d": "{value} {currency} spent within 7 days; typical {typical} {currency}",
    "spend_30d": "{value} {currency} spent within 30 days; typical {typical} {currency}",
    "spend_ratio_1d": "Spending of 24 hours is {value} times this customer's daily average",
    "small_before_1d": "{value} much smaller payments within 24 hours before",
    "high_7d": "{value} unusually high payments of this customer within 7 days",
    "high_14d": "{value} unusually high payments of this customer within 14 days",
    "high_30d": "{value} unusually high payments of this customer within 30 days",
    "count_1h": "{value} payments within an hour; typical {typical}",
    "count_1d": "{value} payments within 24 hours; typical {typical}",
    "count_7d": "{value} payments within 7 days; typical {typical}",
    "count_30d": "{value} payments within 30 days; typical {typical}",
    "count_ratio_1d": "Payments of 24 hours are {value} times this customer's daily average",
    "verifications_1d": "{value} account verifications within 24 hours",
    "since_last_s": "{duration} since this customer's last payment",
    "gap_ratio": "Time since the last payment is {value} times this customer's usual",
    "span_last_5_s": "The last five payments within {duration}",
    "history_count": "{value} earlier payments known of this customer",
    "tenure_days": "Customer known for {value} days",
    "history_known": "Whether this customer has a history",
    "is_verification": "Whether this is an account verification",
    "hour": "Local hour {value}",
    "night": "Paid at night: {yesno}",
    "weekend": "Paid at a weekend: {yesno}",
    "hour_share": "{percent} of this customer's payments are around this hour",
    "weekday_share": "{percent} of this customer's payments are on this weekday",
    "local_time_known": "Whether the local time is known",
    "merchant_new": "Merchant new to this customer: {yesno}",
    "merchant_payments": "{value} earlier payments of this customer at this merchant",
    "merchants_1d": "{value} different merchants within 24 hours; typical {typical}",
    "mcc_new": "Merchant category new to this customer: {yesno}",
    "mcc_known": "Whether the merchant category is known",
    "merchant_frauds_1d": "{value} frauds learned of at this merchant within 24 hours",
    "merchant_frauds_7d": "{value} frauds learned of at this merchant within 7 days",
    "merchant_frauds_14d": "{value} frauds learned of at this merchant within 14 days",
    "merchant_frauds_30d": "{value} frauds learned of at this merchant within 30 days",
    "merchant_since_fraud_h": "{value} hours since the last known fraud at this merchant",
    "merchant_fraud_age_h": "{value} hours since the first known fraud of the merchant's episode",
    "merchant_fraud_known": "Whether frauds at this merchant are known",
    "merchant_fraud_rate_7d": "{percent} of this merchant's payments of a week known as fraud",
    "merchant_fraud_rate_30d": "{percent} of this merchant's payments of a month known as fraud",
    "merchant_run_frauds": "{value} frauds known of this merchant and no genuine payment since",
    "merchant_run_age_h": "{value} hours since this merchant's unbroken run of frauds began",
    "merchant_run_ordinary": "{value} of those frauds that their customers might have made",
    "merchant_ordinary_age_h": "{value} hours since the first of those ordinary frauds",
    "merchant_clean_age_d": "{value} days since the last genuine payment known of this merchant",
    "merchant_volume_1d": "Merchant had {value} payments the day before; typical {typical}",
    "merchant_volume_7d": "Merchant has {value} payments a day over a week; typical {typical}",
    "merchant_volume_30d": "Merchant has {value} payments a day over a month; typical {typical}",
    "merchant_volume_known": "Whether the merchant's volume is known",
    "merchant_amount_ratio": "Amount is {value} times this merchant's average",
    "country_new": "Country new to this customer: {yesno}",
    "country_share": "{percent} of this customer's payments were in this country",
    "country_known": "Whether the country is known",
    "ip_country_differs": "Network address in another country than the merchant: {yesno}",
    "ip_country_known": "Whether the network address's country is known",
    "currency_new": "Currency new to this customer: {yesno}",
    "distance_km": "{value} km from this customer's last payment",
    "travel_speed_kmh": "Travel at {value} km/h since the last payment",
    "position_known": "Whether both positions are known",
    "device_new": "Device new to this customer: {yesno}",
    "device_age_days": "Device used by this customer for {value} days",
    "device_known": "Whether the device is known",
    "channel_new": "Channel new to this customer: {yesno}",
    "channel_share": "{percent} of this customer's payments came through this channel",
    "is_card_present": "Card present: {yesno}",
    "is_ecommerce": "Paid online: {yesno}",
    "is_atm": "Cash machine: {yesno}",
    "is_moto": "Mail or telephone order: {yesno}",
    "is_transfer": "Transfer: {yesno}",
    "authenticated": "Customer authenticated: {yesno}",
    "authentication_known": "Whether authentication is known",
}


def player_facts(
    bundle: Bundle, values: NDArray[np.float32], contributions: NDArray[np.float32]
) -> list[dict[str, Any]]:
    """Return each player's feature, value, typical value, contribution and text.

    Strongest first. `typical` is the median of the background set.
    """
    spec = bundle.spec
    typical = np.median(bundle.background, axis=0)
    place = {name: at for at, name in enumerate(spec.names)}
    facts = []
    for player in np.argsort(-np.abs(contributions), kind="stable"):
        name = spec.player_names[player]
        at = place[name]
        facts.append(
            {
                "feature": name,
                "group": spec.features[at].group,
                "value": float(values[at]),
                "typical": float(typical[at]),
                "contribution": float(contributions[player]),
                "text": text(name, float(values[at]), float(typical[at]), spec.reporting_currency),
            }
        )
    return facts


def reasons(facts: list[dict[str, Any]]) -> list[str]:
    """Return the texts of what raises the score most, strongest first."""
    return [
        fact["text"]
        for fact in facts
        if fact["contribution"] >= LEAST_CONTRIBUTION
    ][:MOST_REASONS]  # fmt: skip


def text(name: str, value: float, typical: float, currency: str) -> str:
    """Return the sentence of a feature; one that is not in the table is of a declared attribute."""
    return (TEXTS.get(name) or _of_attribute(name, yes=value >= 0.5)).format(
        value=_number(value),
        typical=_number(typical),
        currency=currency,
        percent=f"{100 * value:.0f} %",
        yesno="yes" if value >= 0.5 else "no",
        duration=_duration(value),
    )


def _of_attribute(name: str, *, yes: bool) -> str:
    """Return the template of an attribute's column: a number, `name=level` or `name_known`."""
    plain = name.replace("{", "(").replace("}", ")")
    field, is_category, level = plain.partition("=")
    if is_category:
        return f"{field} is {'' if yes else 'not '}{level}"
    if plain.endswith("_known"):
        return f"Whether {plain.removesuffix('_known')} is known"
    return plain + " is {value}; typical {typical}"


def _number(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
