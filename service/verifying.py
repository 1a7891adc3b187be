"""A stored alert computed anew from its stored inputs and bundle, and compared with itself.

With the same runtime fingerprint every figure must be the same, bit for bit; with another one
within `TOLERANCE`. Sentences are compared where they come from the same table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from models.errors import PenumbraError
from models.fingerprint import runtime_fingerprint
from models.scorer import risk_score
from service.explaining import Explaining, ExplanationInexact, flags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.ledger import Ledger, PendingAlerts
    from service.pipeline.lineup import Judge

TOLERANCE = 1e-6
"""Absolute below one, relative above: what another runtime may differ by."""
MOST_DIFFERENCES = 50

Verdict = Literal["identical", "close", "different", "erased", "not_verifiable"]


class NoSuchAlert(PenumbraError):
    """The ledger has no alert of this id."""

    def __init__(self, alert_id: str) -> None:
        super().__init__(f"no alert {alert_id!r} in the ledger; look at /v1/alerts for its id")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure or sentence that came out otherwise; `where` is its path in the alert."""

    where: str
    stored: str
    computed: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of computing an alert anew.

    `compared` counts figures and sentences; `same_runtime` says whether all had to be equal bit
    for bit, `runtime` what is otherwise. `why` is said where there was nothing to compare.
    """

    alert_id: str
    verdict: Verdict
    bundle_id: str | None = None
    erased_ms: int | None = None
    why: str | None = None
    same_runtime: bool = False
    runtime: tuple[Difference, ...] = ()
    same_wording: bool = False
    compared: int = 0
    largest: float = 0.0
    differences: tuple[Difference, ...] = ()


def verify(ledger: Ledger, judges: Mapping[str, Judge], alert_id: str) -> Verification:
    """Compute a stored alert anew with the bundle of `judges` that it names.

    Raises NoSuchAlert.
    """
    inputs = ledger.alert_inputs([alert_id])
    if not len(inputs):
        raise NoSuchAlert(alert_id)
    bundle_id = str(inputs.decisions.bundle_id[0])
    erased_ms = ledger.erased_at(inputs.decisions.customer_id[0])
    if erased_ms is not None:
        return Verification(alert_id, "erased", bundle_id, erased_ms)
    stored = ledger.alert(alert_id)
    if stored is None:
        return _nothing(alert_id, bundle_id, "its explanation is still to be made; wait for it")
    if inputs.features[0] is None:
        return _nothing(alert_id, bundle_id, "its features are not stored")
    judge = judges.get(bundle_id)
    if judge is None:
        why = f"its bundle {bundle_id} is not at hand; name its folder with --bundle"
        return _nothing(alert_id, bundle_id, why)
    told = msgspec.json.decode(stored.alert.body[0])
    explaining = Explaining({bundle_id: judge}, told.get("language", "en"))
    try:
        body = explaining.bodies(bundle_id, flags_of(ledger, inputs, [0]))[0][0]
    except ExplanationInexact as error:
        return _nothing(alert_id, bundle_id, str(error))
    again = msgspec.json.decode(body)
    return _compared(alert_id, bundle_id, told, again, _scores(judge, inputs))


def _nothing(alert_id: str, bundle_id: str, why: str) -> Verification:
    return Verification(alert_id, "not_verifiable", bundle_id, why=why)


def _scores(judge: Judge, inputs: PendingAlerts) -> Iterator[tuple[str, Any, Any]]:
    """Yield each figure of the decision: where, as stored, as computed."""
    vector = inputs.features[0]
    if vector is None:
        return
    scores = judge.scorer.score(judge.bundle.spec.select(vector[None, :]))
    risk = risk_score(scores.log_odds, judge.bundle.risk_edges)
    for name, computed in (
        ("log_odds", float(scores.log_odds[0])),
        ("anomaly", float(scores.anomaly[0])),
        ("risk", int(risk[0])),
    ):
        yield name, np.asarray(getattr(inputs.decisions, name))[0].item(), computed


def _compared(
    alert_id: str,
    bundle_id: str,
    told: dict[str, Any],
    again: dict[str, Any],
    scores: Iterator[tuple[str, Any, Any]],
) -> Verification:
    here = runtime_fingerprint()
    then = told.pop("runtime", {})
    again.pop("runtime")
    same_runtime = then == here
    same_wording = told.get("wording") == again["wording"]
    pairs = [*scores, *_leaves("explanation", told, again)]
    if not same_wording:
        pairs = [pair for pair in pairs if not isinstance(pair[1], str)]
    largest, differences = 0.0, []
    for where, stored, computed in pairs:
        off = _off(stored, computed)
        largest = max(largest, off if off != np.inf else 0.0)
        if off > (0.0 if same_runtime else TOLERANCE):
            differences.append(Difference(where, repr(stored), repr(computed)))
    verdict: Verdict = "identical" if same_runtime or largest == 0.0 else "close"
    return Verification(
        alert_id=alert_id,
        verdict="different" if differences else verdict,
        bundle_id=bundle_id,
        same_runtime=same_runtime,
        runtime=tuple(
            Difference(name, str(then.get(name)), str(here.get(name)))
            for name in sorted(then.keys() | here.keys())
            if then.get(name) != here.get(name)
        ),
        same_wording=same_wording,
        compared=len(pairs),
        largest=largest,
        differences=tuple(differences[:MOST_DIFFERENCES]),
    )


_MISSING = "nothing"


def _leaves(where: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield every figure and sentence of two alerts, side by side."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from _leaves(
                f"{where}.{name}", one.get(name, _MISSING), other.get(name, _MISSING)
            )
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _leaves(f"{where}[{at}]", left, right)
    else:
        yield where, one, other


def _off(stored: Any, computed: Any) -> float:
    """Return by how much a figure is off, infinite for anything else that is not equal."""
    numbers = isinstance(stored, int | float) and isinstance(computed, int | float)
    if stored == computed:
        return 0.0
    return abs(stored - computed) / max(1.0, abs(stored)) if numbers else float("inf")
