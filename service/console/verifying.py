"""Recomputing an alert from what was stored: same inputs, same bundle, the same bits?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.fingerprint import runtime_fingerprint
from service.explaining import Explaining, ExplanationInexact

if TYPE_CHECKING:
    from service.ledger import AlertDetail
    from service.pipeline.lineup import Lineup

_VARYING = ("runtime",)
"""What a recomputation on another machine may say differently of itself."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What recomputing gave. `score` and `explanation` say whether each is the same, bit for bit.

    None where it could not be recomputed, and `why` then says why. `runtime` lists what differs
    between the machine that scored and this one.
    """

    score: bool | None
    explanation: bool | None
    stored: float
    recomputed: float | None
    runtime: tuple[str, ...]
    why: str | None = None


def verify(lineup: Lineup, found: AlertDetail) -> Verified:
    """Score and explain an alert's stored vector again and compare with what is stored."""
    stored = float(found.alert.decisions.log_odds[0])
    bundle_id = str(found.alert.decisions.bundle_id[0])
    body: dict[str, Any] = msgspec.json.decode(found.alert.body[0])
    differs = _differences(body.get("runtime"))
    judges = {one.bundle.bundle_id: one for one in (lineup.champion, *lineup.challengers)}
    judge = judges.get(bundle_id)
    if judge is None:
        why = f"bundle {bundle_id} is not loaded here; name it in PENUMBRA_CHALLENGER_PATHS"
        return Verified(None, None, stored, None, differs, why)
    if found.features is None:
        return Verified(None, None, stored, None, differs, "no feature vector is stored")
    vector = found.features[None, :]
    again = judge.scorer.score(judge.bundle.spec.select(vector)).log_odds[0]
    same = np.float32(stored).tobytes() == np.float32(again).tobytes()
    try:
        bodies, _ = Explaining({bundle_id: judge}).bodies(bundle_id, vector)
    except ExplanationInexact as error:
        return Verified(same, None, stored, float(again), differs, str(error))
    recomputed = msgspec.json.decode(bodies[0])
    explained = _plain(recomputed) == _plain(body)
    return Verified(same, explained, stored, float(again), differs)


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _VARYING}


def _differences(then: Any) -> tuple[str, ...]:
    now = runtime_fingerprint()
    if not isinstance(then, dict):
        return ()
    return tuple(sorted(name for name in now if then.get(name) != now[name]))
