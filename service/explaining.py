"""Explanations of pending alerts: from stored inputs to the body an alert is shown with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import structlog

from models.explainer import explainer_of
from models.fingerprint import runtime_fingerprint
from models.reasons.telling import Telling
from models.reasons.wording import ENGLISH
from service.ledger.alerts import ExplanationRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.explainer import Explanations
    from models.transaction import Transactions
    from models.whatif.search import Past
    from service.ledger import Ledger, PendingAlerts
    from service.pipeline.lineup import Judge, Lineup

ADDITIVITY_LIMIT = 1e-4
"""Log-odds: an explanation that does not add up to this is an error, never shown."""
LEASE_MS = 60_000

log = structlog.get_logger(__name__)


class ExplanationInexact(Exception):
    """The contributions of an explanation do not add up to the score."""


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """What flags are explained from: full vectors (n, W), the payments, their customers' past."""

    vectors: NDArray[np.float32]
    payments: Transactions
    past: Past


class Explaining:
    """Explains flags of the champions it knows, in batches."""

    def __init__(self, judges: dict[str, Judge], language: str = ENGLISH) -> None:
        self._judges = judges
        self._explainers = {
            bundle_id: explainer_of(judge.bundle, judge.scorer)
            for bundle_id, judge in judges.items()
        }
        self._telling = {
            bundle_id: Telling(judge.bundle, judge.scorer, language)
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

    def bodies(self, bundle_id: str, flags: Flags) -> tuple[list[bytes], tuple[str, ...]]:
        """Return the explanation of each flag as JSON bytes, and its method.

        Raises ExplanationInexact where the parts do not add up.
        """
        judge = self._judges[bundle_id]
        features = judge.bundle.spec.select(flags.vectors)
        found = self._explainers[bundle_id].explain(features)
        scores = judge.scorer.score(features)
        worst = float(found.additivity_error.max(initial=0.0))
        if not worst <= ADDITIVITY_LIMIT:
            raise ExplanationInexact(f"contributions miss the log-odds by {worst:.2g}")
        told = self._telling[bundle_id].of(
            flags.payments, flags.vectors, flags.past, found.contributions, scores.reconstruction
        )
        encoder = msgspec.json.Encoder(order="deterministic")
        bodies = [
            encoder.encode(self._figures(judge, found, row) | words)
            for row, words in enumerate(told)
        ]
        return bodies, found.methods

    def _figures(self, judge: Judge, found: Explanations, row: int) -> dict[str, Any]:
        return {
            "base_value": found.base_value,
            "additivity_error": float(found.additivity_error[row]),
            "method": found.methods[row],
            "background_sha256": judge.bundle.background_sha256,
            "background_rows": self._explainers[judge.bundle.bundle_id].compared,
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
    explain(ledger, explaining, pending, now_ms)
    return len(pending)


def explain(ledger: Ledger, explaining: Explaining, pending: PendingAlerts, now_ms: int) -> None:
    """Explain these alerts, as far as their bundles are loaded here and their inputs stored."""
    for bundle_id in sorted(set(pending.decisions.bundle_id.tolist())):
        if bundle_id not in explaining.bundles:
            _say(bundle_id, KeyError("its bundle is not loaded here"))
            continue
        rows = [
            row
            for row in np.flatnonzero(pending.decisions.bundle_id == bundle_id).tolist()
            if pending.features[row] is not None
        ]
        try:
            _explain(ledger, explaining, pending, rows, now_ms)
        except ExplanationInexact:
            # One that does not add up must not hold back those it was leased with.
            for row in rows:
                try:
                    _explain(ledger, explaining, pending, [row], now_ms)
                except ExplanationInexact as error:
                    _say(bundle_id, error)


def flags_of(ledger: Ledger, pending: PendingAlerts, rows: list[int]) -> Flags:
    """Return what these rows, which all have stored features, are explained from."""
    return Flags(
        np.stack([vector for row in rows if (vector := pending.features[row]) is not None]),
        pending.payments.take(np.array(rows)),
        ledger.pasts(pending.decisions.take(np.array(rows))),
    )


def _explain(
    ledger: Ledger, explaining: Explaining, pending: PendingAlerts, rows: list[int], now_ms: int
) -> None:
    if not rows:
        return
    bundle_id = str(pending.decisions.bundle_id[rows[0]])
    bodies, methods = explaining.bodies(bundle_id, flags_of(ledger, pending, rows))
    ledger.save_explanations(
        ExplanationRows(
            alert_id=[pending.alert_id[row] for row in rows],
            body=bodies,
            method=methods,
            created_ms=now_ms,
        )
    )


def _say(bundle_id: str, error: Exception) -> None:
    # Said, not raised: other alerts must not wait for this one.
    log.error("alert_not_explained", bundle=bundle_id, why=str(error))
