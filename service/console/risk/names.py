"""What figures are called on the risk teams' pages, and how each is written."""

from __future__ import annotations

from models.reasons.wording import Wording
from service.console import words

FIGURES = {
    "alert_rate": ("Alert rate", "flags per payment"),
    "detection_rate": ("Detection rate", "frauds that were flagged"),
    "value_detection_rate": ("Value detection rate", "money of frauds that was flagged"),
    "precision": ("Precision", "flags that were fraud"),
    "false_positives_per_fraud": (
        "False positives per fraud",
        "genuine flags a fraud found",
    ),
    "false_positives_per_payment": ("False positive rate", "genuine flags per payment"),
}
AT = {
    "threshold": "each at its own threshold",
    "legacy_alert_rate": "at legacy's alert rate",
    "legacy_detection_rate": "at legacy's detection rate",
}
LABELS = {
    "all": "all labels",
    "independent": "labels that follow no flag",
    "reviewed": "random review for declines",
}
WAYS = {
    "both": "both flagged",
    "shadow_only": "Penumbra alone",
    "legacy_only": "legacy alone",
    "neither": "nobody flagged",
}
MATCHED = {"alert_rate": "alert rate", "detection_rate": "detection rate"}
_NUMBERS = frozenset({"false_positives_per_fraud"})


def feature(name: str) -> str:
    """Return what a feature is called in sentences; of an attribute its own name."""
    return Wording.of().name(name) or name


def figure(value: float | None, name: str) -> str:
    """Return a value of a figure as it is written: a share as per cent, others as numbers."""
    if value is None:
        return words.NOTHING
    return f"{value:,.2f}" if name in _NUMBERS else words.share(value)


def difference(value: float | None, name: str) -> str:
    """Return a difference of a figure with its sign: of shares in percentage points.

    As "points" it is for a sentence, which tells sign and unit in words.
    """
    if value is None:
        return words.NOTHING
    if name == "points":
        text = f"{100 * value:.1f}"
    else:
        text = f"{value:+,.2f}" if name in _NUMBERS else f"{100 * value:+.2f} pp"
    return text.replace("-", words.MINUS)
