"""Facts of one payment for tests of sentences: a customer with a past, changed at will."""

from typing import Any

import numpy as np
from builders.streams import START_S, payments

from models.attributes import Attribute
from models.catalogue import NAMES
from models.reasons.facts import Facts
from models.reasons.sentences import Sentences
from models.reasons.wording import Wording

USUAL: dict[str, float] = dict.fromkeys(NAMES, 0.0) | {
    "amount": 940.0, "amount_known": 1, "amount_ratio_7d": 8.2, "amount_ratio_30d": 8.2,
    "amount_ratio_all": 8.2, "amount_to_max_30d": 2.0, "amount_deviation": 3.4, "amount_rank": 1.0,
    "spend_1h": 940, "spend_1d": 1000, "spend_7d": 1200, "spend_30d": 2000, "spend_ratio_1d": 10,
    "count_1h": 1, "count_1d": 2, "count_7d": 5, "count_30d": 20, "count_ratio_1d": 4,
    "since_last_s": 600, "gap_ratio": 0.1, "span_last_5_s": 7200, "history_count": 40,
    "tenure_days": 300, "history_known": 1, "hour": 12, "hour_share": 0.1, "weekday_share": 0.2,
    "local_time_known": 1, "merchants_1d": 2, "mcc_known": 1, "merchant_since_fraud_h": 2160,
    "merchant_clean_age_d": 8, "merchant_volume_1d": 4, "merchant_volume_7d": 5,
    "merchant_volume_30d": 4, "merchant_volume_known": 1, "merchant_amount_ratio": 2,
    "country_known": 1, "country_share": 0.9, "ip_country_known": 1, "position_known": 1,
    "device_known": 1, "device_age_days": 30, "channel_share": 0.5, "authentication_known": 1,
}  # fmt: skip
"""A payment of 940.00 EUR by a customer who usually pays 114.63."""


def sentences_of(
    features: dict[str, float] | None = None,
    *,
    attributes: tuple[Attribute, ...] = (),
    typical: dict[str, float] | None = None,
    reporting_currency: str = "EUR",
    language: str = "en",
    **columns: Any,
) -> Sentences:
    """Return the sentences of that payment, features and columns changed as given."""
    given = {
        "amount_minor": [94_000], "merchant_id": ["m1"], "country": ["FR"], "ip_country": ["DE"],
        "mcc": [742], "channel": [1], "utc_offset_min": [60],
    } | columns  # fmt: skip
    rows = payments([START_S], **{name: _column(name, value) for name, value in given.items()})
    named = USUAL | (features or {})
    middles = dict.fromkeys(named, 1.0) | {"amount": 30.0} | (typical or {})
    facts = Facts(rows, 0, named, middles, reporting_currency, attributes)
    return Sentences(facts, Wording.of(language))


def _column(name: str, value: Any) -> Any:
    kinds = {"amount_minor": np.int64, "mcc": np.int16, "channel": np.int8}
    kinds |= {"utc_offset_min": np.int16, "reporting_minor": np.int64}
    return np.array(value, kinds[name]) if name in kinds else value
