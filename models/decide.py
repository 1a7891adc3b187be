"""From scores to shadow decisions: pure, and with no way to touch a payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.scorer import risk_score

if TYPE_CHECKING:
    import numpy as np
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


@dataclass(frozen=True, slots=True, eq=False)
class ShadowDecisions:
    """What the model would have said of n payments. A flag asks a person to look; no more."""

    log_odds: NDArray[np.float32]
    anomaly: NDArray[np.float32]
    risk: NDArray[np.int16]
    flagged: NDArray[np.bool_]
    threshold: np.float32


def judge(scores: Scores, bundle: Bundle) -> ShadowDecisions:
    """Return the shadow decisions that a bundle's threshold makes of its scores."""
    return ShadowDecisions(
        scores.log_odds,
        scores.anomaly,
        risk_score(scores.log_odds, bundle.risk_edges),
        scores.log_odds >= bundle.threshold,
        bundle.threshold,
    )


def disagreement(flagged: bool, legacy: str | None, positive: str) -> str | None:
    """Return who called fraud, None while the legacy decision is not known."""
    if legacy is None:
        return None
    legacy_flagged = legacy in LEGACY_POSITIVE[positive]
    if flagged:
        return "both" if legacy_flagged else "shadow_only"
    return "legacy_only" if legacy_flagged else "neither"
