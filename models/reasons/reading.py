"""How a sentence reads to whoever does not see its figure: it alarms, it reassures, or neither.

A model may pull the other way: that two payments came within an hour can lower a score, and a
known device raise it, since most payments come with none. That stands among the contributions.
Told as a reason it would read like its opposite, so reasons keep to sentences that read their way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.reasons.cases.case import DAYS

if TYPE_CHECKING:
    from models.reasons.cases import Case

RAISES, LOWERS = "raises", "lowers"


def reads(case: Case, value: float) -> str | None:
    """Return the way a sentence reads, its feature being `value`; None where it reads both ways."""
    if case.case in _MORE and case.feature in _OFTEN:
        usual = case.figures.get("a_day") if case.typical is None else case.typical
        return None if usual is None else RAISES if value > usual else LOWERS
    return _WAYS.get(case.feature, {}).get(case.case)


def _of(names: str, *, alarm: str = "", reassure: str = "") -> dict[str, dict[str, str]]:
    """Return the way of these features' cases."""
    ways = dict.fromkeys(alarm.split(), RAISES) | dict.fromkeys(reassure.split(), LOWERS)
    return dict.fromkeys(names.split(), ways)


_MORE = frozenset({"more", "many"})
_OFTEN = frozenset({f"{kind}_{days}" for kind in ("spend", "count") for days in DAYS})
_OFTEN |= {"merchants_1d"}
"""Features that are compared with what the customer usually does in as long a time."""
_WAYS: dict[str, dict[str, str]] = (
    _of(
        "amount amount_ratio_7d amount_ratio_30d amount_ratio_all amount_deviation "
        "merchant_amount_ratio",
        alarm="far above",
        reassure="same",
    )
    | _of("amount_to_max_30d", alarm="far above same")
    | _of("amount_rank", alarm="highest")
    | _of("spend_ratio_1d count_ratio_1d", alarm="far above", reassure="same below")
    | _of("spend_1h spend_1d spend_7d count_1h count_1d count_7d", reassure="only")
    | _of("merchants_1d", reassure="one")
    | _of("since_last_s span_last_5_s", alarm="short")
    | _of("gap_ratio", alarm="below", reassure="same")
    | _of(
        "small_before_1d high_7d high_14d high_30d verifications_1d merchant_frauds_1d "
        "merchant_frauds_7d merchant_frauds_14d merchant_frauds_30d merchant_run_frauds",
        alarm="one many",
        reassure="zero",
    )
    | _of("merchant_fraud_rate_7d merchant_fraud_rate_30d", alarm="some", reassure="none")
    | _of("merchant_since_fraud_h", reassure="limit")
    | _of("merchant_clean_age_d", alarm="limit")
    | _of("history_count merchant_payments", alarm="zero", reassure="many")
    | _of("tenure_days", alarm="new")
    | _of("history_known", alarm="no", reassure="yes")
    | _of(
        "merchant_new mcc_new country_new currency_new channel_new device_new ip_country_differs "
        "merchant_fraud_known",
        alarm="yes",
        reassure="no first",
    )
    | _of("device_age_days", alarm="zero", reassure="some")
    | _of("authenticated", alarm="no", reassure="yes")
    | _of("country_share channel_share hour_share weekday_share", alarm="zero")
    | _of("night", alarm="yes", reassure="no")
    | _of("distance_km travel_speed_kmh", alarm="fast", reassure="zero")
)
