"""Explanations of pending alerts: from stored inputs to the body an alert is shown with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import structlog

from models.explainer import explainer_of
from models.fingerprint import runtime_fingerprint
from models.reasons import player_facts, reasons
from service.ledger.alerts import ExplanationRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.explainer import Explanations
    from models.scorer import Scores
    from service.ledger import Ledger, PendingAlerts
    from service.pipeline.lineup import Judge, Lineup

ADDITIVITY_LIMIT = 1e-4
"""Log-odds: an explanation that does not add up to this is an error, never shown."""
LEASE_MS = 60_000

log = structlog.get_logger(__name__)


class ExplanationInexact(Exception):
    """The contributions of an explanation do not add up to the score."""


class Explaining:
    """Explains flags of the champions it knows, in batches."""

    def __init__(self, judges: dict[str, Judge]) -> None:
        self._judges = judges
        self._explainers = {
            bundle_id: explainer_of(judge.bundle, judge.scorer)
            for bundle_id, judge in judges.items()
        }
        self._runtime = runtime_fingerprint()

    @staticmethod
    def of(lineup: Lineup) -> Explaining:
        """Return the explainer of all bundles of a lineup.

        A champion that was replaced, and is kept as a challenger, still explains its flags.
        """
        judges = (lineup.champion, *lineup.challengers)
        return Explaining({judge.bundle.bundle_id: judge for judge in judges})

    @property
    def bundles(self) -> tuple[str, ...]:
        """The bundles whose flags this explainer can explain."""
        return tuple(self._judges)

    def bodies(
        self, bundle_id: str, vectors: NDArray[np.float32]
    ) -> tuple[list[bytes], tuple[str, ...]]:
        """Return the explanation of each full vector (n, W) as JSON bytes, and its method.

        Raises ExplanationInexact where the parts do not add up.
        """
        judge = self._judges[bundle_id]
        features = judge.bundle.spec.select(vectors)
        found = self._explainers[bundle_id].explain(features)
        scores = judge.scorer.score(features)
        worst = float(found.additivity_error.max(initial=0.0))
        if not worst <= ADDITIVITY_LIMIT:
            raise ExplanationInexact(f"contributions miss the log-odds by {worst:.2g}")
        encoder = msgspec.json.Encoder(order="deterministic")
        bodies = [
            encoder.encode(self._body(judge, features[row], found, scores, row))
            for row in range(len(features))
        ]
        return bodies, found.methods

    def _body(
        self,
        judge: Judge,
        values: NDArray[np.float32],
        found: Explanations,
        scores: Scores,
        row: int,
    ) -> dict[str, Any]:
        spec = judge.bundle.spec
        facts = player_facts(judge.bundle, values, found.contributions[row])
        errors = scores.reconstruction[row]
        strange = np.argsort(-errors, kind="stable")
        return {
            "base_value": found.base_value,
            "contributions": facts,
            "additivity_error": float(found.additivity_error[row]),
            "method": found.methods[row],
            "background_sha256": judge.bundle.background_sha256,
            "background_rows": self._explainers[judge.bundle.bundle_id].compared,
            "reconstruction": [
                {"feature": spec.names[at], "error": float(errors[at])} for at in strange[:5]
            ],
            "counterfactual": [],
            "reasons": reasons(facts),
            "bundle_id": judge.bundle.bundle_id,
            "runtime": self._runtime,
        }


def explain_pending(
    ledger: Ledger, explaining: Explaining, *, owner: str, now_ms: int, limit: int
) -> int:
    """Explain up to `limit` pending alerts, highest risk first; return how many were there.

    Alerts of bundles that are not loaded here are left to those who have them. One whose
    explanation is inexact stays pending and is said so; it is leased again later.
    """
    pending = ledger.lease_alerts(owner, now_ms, LEASE_MS, limit, bundles=explaining.bundles)
    if not len(pending):
        return 0
    for bundle_id in sorted(set(pending.decisions.bundle_id)):
        rows = np.flatnonzero(pending.decisions.bundle_id == bundle_id).tolist()
        try:
            _explain(ledger, explaining, pending, rows, now_ms)
        except ExplanationInexact:
            # One that does not add up must not hold back those it was leased with.
            for row in rows:
                try:
                    _explain(ledger, explaining, pending, [row], now_ms)
                except ExplanationInexact as error:
                    _say(bundle_id, error)
    return len(pending)


def _explain(
    ledger: Ledger, explaining: Explaining, pending: PendingAlerts, rows: list[int], now_ms: int
) -> None:
    stored = [(row, vector) for row in rows if (vector := pending.features[row]) is not None]
    if not stored:
        return
    bundle_id = str(pending.decisions.bundle_id[stored[0][0]])
    bodies, methods = explaining.bodies(bundle_id, np.stack([vector for _, vector in stored]))
    ledger.save_explanations(
        ExplanationRows(
            alert_id=[pending.alert_id[row] for row, _ in stored],
            body=bodies,
            method=methods,
            created_ms=now_ms,
        )
    )


def _say(bundle_id: str, error: Exception) -> None:
    # Said, not raised: other alerts must not wait for this one.
    log.error("alert_not_explained", bundle=bundle_id, why=str(error))
