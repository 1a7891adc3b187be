"""Which sentence of a feature is true of a payment, what fills it, and what would be typical.

One function a family of features; `CASES` names one for every feature of the catalogue, and
`NEEDS` what must be known before it is asked: where it is not, the sentence is that of the
indicator, which says what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.catalogue import CATALOGUE
from models.reasons.cases import habits, merchants, rhythm, spending
from models.reasons.cases.case import Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.reasons.facts import Facts

__all__ = ["CASES", "NEEDS", "Case", "case_of"]


def case_of(name: str, facts: Facts) -> Case:
    """Return the case of a kernel feature."""
    if name in OF_ONE_AMOUNT and facts.yes("is_verification") and not facts.features["amount"]:
        return Case("is_verification", "yes")
    for indicator in NEEDS.get(name, ()):
        if not facts.yes(indicator):
            return Case(indicator, "no")
    return CASES[name](name, facts)


def _of(case: Callable[[str, Facts], Case], names: str) -> dict[str, Callable[[str, Facts], Case]]:
    return dict.fromkeys(names.split(), case)


CASES: dict[str, Callable[[str, Facts], Case]] = (
    _of(spending.amount, "amount")
    | _of(
        spending.amount_ratio,
        "amount_ratio_7d amount_ratio_30d amount_ratio_all amount_to_max_30d",
    )
    | _of(spending.amount_deviation, "amount_deviation")
    | _of(spending.amount_rank, "amount_rank")
    | _of(spending.spend, "spend_1h spend_1d spend_7d spend_30d")
    | _of(spending.spend_ratio, "spend_ratio_1d")
    | _of(rhythm.counted, "small_before_1d high_7d high_14d high_30d verifications_1d")
    | _of(
        rhythm.known,
        "history_count merchant_payments merchant_frauds_1d merchant_frauds_7d "
        "merchant_frauds_14d merchant_frauds_30d merchant_run_frauds merchant_run_ordinary",
    )
    | _of(rhythm.payments, "count_1h count_1d count_7d count_30d")
    | _of(rhythm.payments_ratio, "count_ratio_1d")
    | _of(rhythm.merchants, "merchants_1d")
    | _of(rhythm.since, "since_last_s")
    | _of(rhythm.gap, "gap_ratio")
    | _of(rhythm.span, "span_last_5_s")
    | _of(rhythm.tenure, "tenure_days")
    | _of(habits.clock, "hour night weekend hour_share weekday_share")
    | _of(habits.new, "merchant_new mcc_new country_new currency_new channel_new")
    | _of(habits.device_new, "device_new")
    | _of(habits.device_age, "device_age_days")
    | _of(habits.share, "country_share channel_share")
    | _of(habits.travel, "distance_km travel_speed_kmh")
    | _of(
        habits.yes_no,
        "amount_known history_known is_verification local_time_known mcc_known "
        "merchant_fraud_known merchant_volume_known country_known ip_country_differs "
        "ip_country_known position_known device_known is_card_present is_ecommerce is_atm is_moto "
        "is_transfer authenticated authentication_known",
    )
    | _of(
        merchants.fraud_age,
        "merchant_since_fraud_h merchant_fraud_age_h merchant_run_age_h merchant_ordinary_age_h",
    )
    | _of(merchants.clean_age, "merchant_clean_age_d")
    | _of(merchants.fraud_rate, "merchant_fraud_rate_7d merchant_fraud_rate_30d")
    | _of(merchants.volume, "merchant_volume_1d merchant_volume_7d merchant_volume_30d")
    | _of(merchants.amount_ratio, "merchant_amount_ratio")
)


def _needs(indicators: str, names: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names.split(), tuple(indicators.split()))


NEEDS: dict[str, tuple[str, ...]] = (
    {one.name: (one.indicator,) for one in CATALOGUE if one.indicator}
    | _needs("amount_known", "spend_1h spend_1d spend_7d spend_30d")
    | _needs(
        "amount_known history_known",
        "amount_ratio_7d amount_ratio_30d amount_ratio_all amount_deviation amount_to_max_30d "
        "amount_rank spend_ratio_1d small_before_1d",
    )
    | _needs(
        "history_known",
        "high_7d high_14d high_30d count_ratio_1d gap_ratio span_last_5_s history_count "
        "tenure_days merchant_new merchant_payments currency_new",
    )
    | _needs("mcc_known history_known", "mcc_new")
    | _needs("local_time_known", "night weekend hour_share weekday_share")
    | _needs("country_known history_known", "country_new country_share")
    | _needs("device_known history_known", "device_new device_age_days")
    | _needs("history_known", "channel_new channel_share")
    | _needs("position_known", "travel_speed_kmh")
    | _needs("merchant_volume_known", "merchant_volume_7d merchant_volume_30d")
    | _needs("amount_known merchant_volume_known", "merchant_amount_ratio")
)
"""The columns that must be 1, in this order, for a feature to say something."""

OF_ONE_AMOUNT = frozenset(
    name for name, needed in NEEDS.items() if "amount_known" in needed and "spend" not in name
)
"""Features that compare the payment's own amount: an account verification has none."""
