"""`python -m models.feature_page`: docs/features.md, written from the catalogue.

What a feature means stands here and not in the catalogue: the catalogue is part of every
bundle's manifest, and a better sentence must not make another model of it.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from models.catalogue import CATALOGUE, KERNEL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.catalogue import Feature

MEANINGS: dict[str, str] = {
    "amount": "This payment in the reporting currency; 0 where there is no exchange rate",
    "amount_known": "Whether there is an exchange rate",
    "amount_ratio_7d": "Amount over the customer's mean payment of 7 days; 1 without one",
    "amount_ratio_30d": "Amount over the customer's mean payment of 30 days; 1 without one",
    "amount_ratio_all": "Amount over the mean of all the customer's earlier payments; 1 without",
    "amount_deviation": "Log amount less the customer's mean log amount, in the customer's "
    "standard deviations (at least 0.2); 0 with fewer than two payments",
    "amount_to_max_30d": "Amount over the customer's largest of 30 days; 1 without one",
    "amount_rank": "Share of the customer's latest payments that were lower; 0.5 without any",
    "spend_1h": "Spent within an hour, this payment included",
    "spend_1d": "Spent within 24 hours, this payment included",
    "spend_7d": "Spent within 7 days, this payment included",
    "spend_30d": "Spent within 30 days, this payment included",
    "spend_ratio_1d": "`spend_1d` over the customer's mean day of 30 days; 1 without a past",
    "small_before_1d": "Payments and verifications of 24 hours below a tenth of this amount",
    "high_7d": "Payments of 7 days above three times the customer's own mean of then",
    "high_14d": "The same within 14 days",
    "high_30d": "The same within 30 days",
    "count_1h": "Payments and verifications within an hour, this one included",
    "count_1d": "The same within 24 hours",
    "count_7d": "The same within 7 days",
    "count_30d": "The same within 30 days",
    "count_ratio_1d": "`count_1d` over the customer's mean day of 30 days; 1 without a past",
    "verifications_1d": "Account verifications within 24 hours, this one included",
    "since_last_s": "Since the customer's last payment or verification; at most 90 days, "
    "which also stands for never",
    "gap_ratio": "`since_last_s` over the customer's mean gap; 1 without one",
    "span_last_5_s": "Since the fifth event back; at most 90 days, which also stands for never",
    "history_count": "Earlier payments of the customer, verifications not counted",
    "tenure_days": "Since the customer was first seen",
    "history_known": "Whether anything was seen of the customer before",
    "is_verification": "Whether this is an account verification",
    "hour": "Local hour, 0 to 23; 12 where local time is unknown",
    "night": "Local hour 0 to 6; no where local time is unknown",
    "weekend": "Local Saturday or Sunday; no where local time is unknown",
    "hour_share": "Share of the customer's events within an hour of this hour of day",
    "weekday_share": "Share of the customer's events on this weekday",
    "local_time_known": "Whether the local time is known",
    "merchant_new": "Not among the customer's latest 32 merchants; no without a past",
    "merchant_payments": "The customer's earlier events at this merchant",
    "merchants_1d": "Different merchants within 24 hours, this one included",
    "mcc_new": "Not among the customer's latest 16 categories; no without a past",
    "mcc_known": "Whether the merchant category is given",
    "merchant_frauds_1d": "Frauds at this merchant that became known within 24 hours",
    "merchant_frauds_7d": "The same within 7 days",
    "merchant_frauds_14d": "The same within 14 days",
    "merchant_frauds_30d": "The same within 30 days",
    "merchant_since_fraud_h": "Since the newest defrauded payment known; at most 90 days, "
    "which also stands for none",
    "merchant_fraud_age_h": "Since the oldest defrauded payment that became known within 45 "
    "days; 0 without one",
    "merchant_fraud_known": "Whether a fraud at this merchant is known",
    "merchant_fraud_rate_7d": "`merchant_frauds_7d` over the merchant's payments of 7 days, plus 1",
    "merchant_fraud_rate_30d": "`merchant_frauds_30d` over those of 30 days, plus 1",
    "merchant_run_frauds": "Frauds known of days after the last clean one, 45 days back: the run",
    "merchant_run_age_h": "Since the first payment of the run; 0 without one",
    "merchant_run_ordinary": "Frauds of the run that were ordinary: at most twice the mean of the "
    "customer's payments of 14 to 44 days before, and none above 3 times it since",
    "merchant_ordinary_age_h": "Since the oldest ordinary fraud of the run; 0 without one",
    "merchant_clean_age_d": "Since the last clean day: more payments than known frauds, and more "
    "than 7 days back, so that labels would be known; 31 where a month has none",
    "merchant_volume_1d": "The merchant's payments on the day before",
    "merchant_volume_7d": "The merchant's payments a day, over 7 complete days",
    "merchant_volume_30d": "The merchant's payments a day, over 30 complete days",
    "merchant_volume_known": "Whether the merchant had a payment in 30 complete days",
    "merchant_amount_ratio": "Amount over the merchant's mean of 30 complete days; 1 without one",
    "country_new": "Not among the customer's countries, up to 8 of them; no without a past",
    "country_share": "Share of the customer's events in this country",
    "country_known": "Whether the country is given",
    "ip_country_differs": "Network address in another country than the payment",
    "ip_country_known": "Whether both countries are given",
    "currency_new": "Not among the customer's latest 4 currencies; no without a past",
    "distance_km": "Great circle from the customer's last known position",
    "travel_speed_kmh": "That distance over the time since, at least a minute",
    "position_known": "Whether this position and an earlier one are given",
    "device_new": "Not among the customer's latest 8 devices; the first device is not new",
    "device_age_days": "Since this device was first seen with this customer",
    "device_known": "Whether the device is given",
    "channel_new": "Channel the customer never used; no without a past",
    "channel_share": "Share of the customer's events through this channel",
    "is_card_present": "Channel `card_present`",
    "is_ecommerce": "Channel `ecommerce`",
    "is_atm": "Channel `atm`",
    "is_moto": "Channel `moto`",
    "is_transfer": "Channel `transfer`",
    "authenticated": "Authentication result `success`",
    "authentication_known": "Whether an authentication result is given",
}

_HEAD = """# Features

The {count} numbers the kernel computes for every payment, at kernel version {version}. All are of
the moment: they use this payment and what was accepted before it. "The customer's" means the
customer's own past, this payment left out unless it says otherwise.

- Windows of an hour and a day are exact over the customer's latest 32 events. Windows of 7, 14
  and 30 days are whole UTC days, today included.
- Ratios stop at 1,000. A feature whose *known by* column is 0 has the value given here, and
  the two are one player in an explanation.
- Merchant features come from hourly seals: labels known a quarter of an hour before the hour,
  volumes of complete days.
- *Scale* is what a model's graph does before it standardises: `log1p` is log(1 + x),
  `signed_log` is sign(x) log(1 + |x|).
"""

_TAIL = """
## Attributes

Extra fields that a mapping declares become features behind these. A number gives its value
(0 where absent) and `NAME_known`. A category gives a yes/no column for each of its 32 most
frequent values in the training data, `NAME=VALUE`, then `NAME=other` and `NAME_known`.

Written by `python -m models.feature_page`; a test compares it with the catalogue.
"""


def page() -> str:
    """Return docs/features.md."""
    parts = [_HEAD.format(count=len(CATALOGUE), version=KERNEL_VERSION)]
    for group, features in groupby(CATALOGUE, attrgetter("group")):
        parts.append(f"\n## {group.capitalize()}\n\n" + _table(features))
    return "".join((*parts, _TAIL))


def _table(features: Iterable[Feature]) -> str:
    lines = ["| feature | meaning | unit | scale | known by |", "|---|---|---|---|---|"]
    for one in features:
        known = f"`{one.indicator}`" if one.indicator else ""
        lines.append(
            f"| `{one.name}` | {MEANINGS[one.name]} | {one.unit} | {one.transform} | {known} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is what this program prints
