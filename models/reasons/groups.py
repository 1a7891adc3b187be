"""How analysts sort features: by aspect, and by what says the same thing twice.

The catalogue's own groups are part of every bundle's manifest; these are only shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.catalogue import CATALOGUE

if TYPE_CHECKING:
    from models.features import FeatureSpec

GROUPS = (
    *("amount", "velocity", "time", "merchant", "place", "device", "channel", "customer"),
    "attribute",
)
"""Aspects of a payment, in the order in which they are shown where nothing else orders them."""

_MOVED = {
    "customer": "history_count tenure_days history_known",
    "channel": "channel_new channel_share is_card_present is_ecommerce is_atm is_moto is_transfer "
    "authenticated authentication_known is_verification",
}
_GROUP = {one.name: str(one.group) for one in CATALOGUE} | {
    name: group for group, names in _MOVED.items() for name in names.split()
}
_SAME = """
amount amount_ratio_7d amount_ratio_30d amount_ratio_all amount_deviation amount_rank
spend_1h spend_1d spend_7d spend_30d spend_ratio_1d
high_7d high_14d high_30d
count_1h count_1d count_7d count_30d count_ratio_1d
since_last_s gap_ratio span_last_5_s
history_count tenure_days history_known
hour night hour_share
weekend weekday_share
merchant_new merchant_payments
merchant_volume_1d merchant_volume_7d merchant_volume_30d merchant_volume_known
country_new country_share
distance_km travel_speed_kmh
device_new device_age_days
channel_new channel_share is_card_present is_ecommerce is_atm is_moto is_transfer
"""
"""Features about one thing, a line each; those of a merchant's frauds come from their names."""
_OF_MERCHANT_FRAUDS = (
    *("merchant_fraud", "merchant_since_fraud", "merchant_run", "merchant_clean"),
)
_TOPIC = {"amount_to_max_30d": "amount"} | {
    name: line.split()[0] for line in _SAME.splitlines() for name in line.split()
}


def group_of(name: str) -> str:
    """Return the aspect a feature belongs to; declared attributes are one of their own."""
    return _GROUP.get(name, "attribute")


def topic_of(name: str) -> str:
    """Return what a feature is about: several windows of one thing are one topic."""
    if name.startswith(_OF_MERCHANT_FRAUDS):
        return "merchant_frauds_1d"
    return _TOPIC.get(name, name)


def leaders(spec: FeatureSpec) -> dict[str, str]:
    """Return, for each feature in graph order, the name its player is shown under."""
    names = spec.names
    found = {
        column: leader
        for leader, player in zip(spec.player_names, spec.players, strict=True)
        for column in player
    }
    return {name: found[column] for column, name in enumerate(names)}
