"""Every feature the history kernel computes: name, group, unit, transform, partner.

All are point-in-time: they use this payment and what was accepted before it. "Own" means
the customer's own past, this payment excluded; counts and sums over a window include this
payment. A feature that can be missing has a defined value then, and an `indicator`: the
column that is 1 where the value is known. Attempts count whatever the live system
answered, so that a feature never depends on the system Penumbra is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KERNEL_VERSION = 2
"""Raised whenever any feature of the same payments could come out differently."""

Group = Literal["amount", "velocity", "time", "merchant", "place", "device", "attribute"]
Transform = Literal["linear", "log1p", "signed_log", "binary"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature matrix.

    `transform` is what a model's graph does before it standardises: nothing (linear,
    binary), log(1 + x), or sign(x) log(1 + |x|). `indicator` names the column that tells
    whether the value is known; the two are one player in an explanation.
    """

    name: str
    group: Group
    unit: str
    transform: Transform
    indicator: str | None = None


def _f(
    name: str, group: Group, unit: str, transform: Transform, indicator: str | None = None
) -> Feature:
    return Feature(name, group, unit, transform, indicator)


CATALOGUE: tuple[Feature, ...] = (
    # amount: this payment against the customer's own past
    _f("amount", "amount", "money", "log1p", "amount_known"),
    _f("amount_known", "amount", "yes/no", "binary"),
    _f("amount_ratio_7d", "amount", "times", "log1p"),
    _f("amount_ratio_30d", "amount", "times", "log1p"),
    _f("amount_ratio_all", "amount", "times", "log1p"),
    _f("amount_deviation", "amount", "standard deviations", "signed_log"),
    _f("amount_to_max_30d", "amount", "times", "log1p"),
    _f("amount_rank", "amount", "share", "linear"),
    _f("spend_1h", "amount", "money", "log1p"),
    _f("spend_1d", "amount", "money", "log1p"),
    _f("spend_7d", "amount", "money", "log1p"),
    _f("spend_30d", "amount", "money", "log1p"),
    _f("spend_ratio_1d", "amount", "times", "log1p"),
    _f("small_before_1d", "amount", "payments", "log1p"),
    _f("high_7d", "amount", "payments", "log1p"),
    _f("high_14d", "amount", "payments", "log1p"),
    _f("high_30d", "amount", "payments", "log1p"),
    # velocity: how often
    _f("count_1h", "velocity", "payments", "log1p"),
    _f("count_1d", "velocity", "payments", "log1p"),
    _f("count_7d", "velocity", "payments", "log1p"),
    _f("count_30d", "velocity", "payments", "log1p"),
    _f("count_ratio_1d", "velocity", "times", "log1p"),
    _f("verifications_1d", "velocity", "verifications", "log1p"),
    _f("since_last_s", "velocity", "seconds", "log1p", "history_known"),
    _f("gap_ratio", "velocity", "times", "log1p"),
    _f("span_last_5_s", "velocity", "seconds", "log1p"),
    _f("history_count", "velocity", "payments", "log1p"),
    _f("tenure_days", "velocity", "days", "log1p"),
    _f("history_known", "velocity", "yes/no", "binary"),
    _f("is_verification", "velocity", "yes/no", "binary"),
    # time: local clock against the customer's habit
    _f("hour", "time", "hour of day", "linear", "local_time_known"),
    _f("night", "time", "yes/no", "binary"),
    _f("weekend", "time", "yes/no", "binary"),
    _f("hour_share", "time", "share", "linear"),
    _f("weekday_share", "time", "share", "linear"),
    _f("local_time_known", "time", "yes/no", "binary"),
    # merchant: new to the customer? known for fraud?
    _f("merchant_new", "merchant", "yes/no", "binary"),
    _f("merchant_payments", "merchant", "payments", "log1p"),
    _f("merchants_1d", "merchant", "merchants", "log1p"),
    _f("mcc_new", "merchant", "yes/no", "binary", "mcc_known"),
    _f("mcc_known", "merchant", "yes/no", "binary"),
    _f("merchant_frauds_1d", "merchant", "frauds", "log1p"),
    _f("merchant_frauds_7d", "merchant", "frauds", "log1p"),
    _f("merchant_frauds_14d", "merchant", "frauds", "log1p"),
    _f("merchant_frauds_30d", "merchant", "frauds", "log1p"),
    _f("merchant_since_fraud_h", "merchant", "hours", "log1p", "merchant_fraud_known"),
    _f("merchant_fraud_age_h", "merchant", "hours", "log1p"),
    _f("merchant_fraud_known", "merchant", "yes/no", "binary"),
    _f("merchant_fraud_rate_7d", "merchant", "share", "linear"),
    _f("merchant_fraud_rate_30d", "merchant", "share", "linear"),
    _f("merchant_run_frauds", "merchant", "frauds", "log1p"),
    _f("merchant_run_age_h", "merchant", "hours", "linear"),
    _f("merchant_run_ordinary", "merchant", "frauds", "log1p"),
    _f("merchant_ordinary_age_h", "merchant", "hours", "linear"),
    _f("merchant_clean_age_d", "merchant", "days", "linear"),
    _f("merchant_volume_1d", "merchant", "payments a day", "log1p", "merchant_volume_known"),
    _f("merchant_volume_7d", "merchant", "payments a day", "log1p"),
    _f("merchant_volume_30d", "merchant", "payments a day", "log1p"),
    _f("merchant_volume_known", "merchant", "yes/no", "binary"),
    _f("merchant_amount_ratio", "merchant", "times", "log1p"),
    # place: where, and could the customer have got there
    _f("country_new", "place", "yes/no", "binary", "country_known"),
    _f("country_share", "place", "share", "linear"),
    _f("country_known", "place", "yes/no", "binary"),
    _f("ip_country_differs", "place", "yes/no", "binary", "ip_country_known"),
    _f("ip_country_known", "place", "yes/no", "binary"),
    _f("currency_new", "place", "yes/no", "binary"),
    _f("distance_km", "place", "km", "log1p", "position_known"),
    _f("travel_speed_kmh", "place", "km/h", "log1p"),
    _f("position_known", "place", "yes/no", "binary"),
    # device and channel: how
    _f("device_new", "device", "yes/no", "binary", "device_known"),
    _f("device_age_days", "device", "days", "log1p"),
    _f("device_known", "device", "yes/no", "binary"),
    _f("channel_new", "device", "yes/no", "binary"),
    _f("channel_share", "device", "share", "linear"),
    _f("is_card_present", "device", "yes/no", "binary"),
    _f("is_ecommerce", "device", "yes/no", "binary"),
    _f("is_atm", "device", "yes/no", "binary"),
    _f("is_moto", "device", "yes/no", "binary"),
    _f("is_transfer", "device", "yes/no", "binary"),
    _f("authenticated", "device", "yes/no", "binary", "authentication_known"),
    _f("authentication_known", "device", "yes/no", "binary"),
)

NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)
_COLUMN = {name: column for column, name in enumerate(NAMES)}


def column(name: str) -> int:
    """Return the position of a kernel feature in the full feature vector."""
    return _COLUMN[name]
