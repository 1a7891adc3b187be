"""From scores to shadow decisions: pure, and with no way to touch a payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.scorer import risk_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scores

DISAGREEMENTS = ("both", "shadow_only", "legacy_only", "neither")
LEGACY_POSITIVE: dict[str, tuple[str, ...]] = {
    "decline": ("decline",),
    "decline+review": ("decline", "review"),
    "all-but-approve": ("decline", "review", "challenge"),
}
"""Which legacy decisions count as the legacy system calling fraud, by setting."""

NEVER = float(np.finfo(np.float32).max)
"""A threshold that no score reaches: where less is at risk than what a flag asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class ShadowDecisions:
    """What the model would have said of n payments. A flag asks a person to look; no more.

    `threshold` (n,) is the log-odds from which each payment is flagged.
    """

    log_odds: NDArray[np.float32]
    anomaly: NDArray[np.float32]
    risk: NDArray[np.int16]
    flagged: NDArray[np.bool_]
    threshold: NDArray[np.float32]


def judge(scores: Scores, bundle: Bundle, amount: NDArray[np.float64]) -> ShadowDecisions:
    """Return the shadow decisions that a bundle's threshold makes of its scores.

    `amount` (n,) is in the bundle's reporting currency, NaN where there is no exchange rate.
    """
    threshold = thresholds(bundle.threshold, bundle.threshold_at_risk, amount)
    return ShadowDecisions(
        scores.log_odds,
        scores.anomaly,
        risk_score(scores.log_odds, bundle.risk_edges),
        scores.log_odds >= threshold,
        threshold,
    )


def thresholds(
    log_odds: float | np.float32, at_risk: float | None, amount: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the log-odds, (n,), from which each payment is flagged.

    Without `at_risk` it is `log_odds` for all. With it a payment is flagged when probability x
    amount reaches `at_risk`: for each amount that is a log-odds of its own, that of the
    probability `at_risk` / amount, and NEVER where the amount itself is not more. `log_odds`
    then counts where the amount is not known.
    """
    fixed = np.full(len(amount), log_odds, np.float32)
    if at_risk is None:
        return fixed
    found = np.full(len(amount), NEVER)
    enough = amount > at_risk
    found[enough] = np.log(at_risk / (amount[enough] - at_risk))
    return np.where(np.isnan(amount), fixed, found.astype(np.float32))


def disagreement(flagged: bool, legacy: str | None, positive: str) -> str | None:
    """Return who called fraud, None while the legacy decision is not known."""
    if legacy is None:
        return None
    legacy_flagged = legacy in LEGACY_POSITIVE[positive]
    if flagged:
        return "both" if legacy_flagged else "shadow_only"
    return "legacy_only" if legacy_flagged else "neither"
