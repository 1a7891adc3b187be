"""What every judge says of a batch: scores of the bundles, decisions of the rules."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from models.attributes import attribute_features
from models.decide import ShadowDecisions, judge, thresholds
from models.instants import parse_instant
from models.money import EXPONENTS
from models.transaction import LEGACY_DECISIONS
from service.ledger import CHALLENGER, CHAMPION, AlertRows, LegacyRows, ScoreRows
from service.rules.columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from models.transaction import Transactions
    from service.pipeline.lineup import Judge, Lineup


def full_vector(
    lineup: Lineup, rows: Transactions, kernel: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the stored vectors: the kernel's features and the declared attributes."""
    if not lineup.attributes:
        return kernel
    return np.hstack([kernel, attribute_features(rows, lineup.attributes).values])


def legacy_rows(
    lineup: Lineup, rows: Transactions, features: NDArray[np.float32], now_ms: int
) -> LegacyRows | None:
    """Return the legacy decisions that come with the batch: from the rules, or inline."""
    if lineup.ruleset is not None:
        decided = lineup.ruleset.decide(
            columns_of(
                rows,
                features,
                lineup.feature_names,
                wanted=lineup.ruleset.columns,
                reporting_exponent=EXPONENTS[lineup.reporting_currency],
            )
        )
        n = len(rows)
        return LegacyRows(
            transaction_id=rows.transaction_id.tolist(),
            source="builtin",
            decision=decided.decision,
            score=decided.score,
            rules=decided.fired(),
            ruleset_version=[decided.version] * n,
            decided_ms=rows.occurred_ms,
            received_ms=now_ms,
        )
    have = np.flatnonzero(rows.legacy != None)  # noqa: E711 - elementwise
    if lineup.legacy_source != "inline" or not len(have):
        return None
    given = rows.legacy[have].tolist()
    return LegacyRows(
        transaction_id=rows.transaction_id[have].tolist(),
        source="inline",
        decision=np.array([LEGACY_DECISIONS.index(g.decision) for g in given], np.int8),
        score=np.array([np.nan if g.score is None else g.score for g in given]),
        rules=[tuple(g.rules) for g in given],
        ruleset_version=[g.ruleset_version for g in given],
        decided_ms=np.array([_instant(g.decided_at) for g in given], np.int64),
        received_ms=now_ms,
    )


def _instant(moment: str | None) -> int:
    found = None if moment is None else parse_instant(moment)
    return -1 if found is None else found


def scores(
    one: Judge,
    role: str,
    row: NDArray[np.int64],
    features: NDArray[np.float32],
    amount: NDArray[np.float64],
    legacy_known: NDArray[np.bool_],
    now_ms: int,
) -> ScoreRows:
    """Return one bundle's scores of full vectors; `row` says where they stand in the batch.

    `amount` is in the reporting currency, NaN where there is no exchange rate. A row without a
    finite score, or a model that fails, gives "unscored" with the reason: never a 0, never
    "legitimate".
    """
    n = len(row)
    try:
        decided = judge(one.scorer.score(one.bundle.spec.select(features)), one.bundle, amount)
        reasons = _reasons(decided)
    except Exception as error:  # noqa: BLE001 - whatever the runtime raises, the batch goes on
        nothing = np.full(n, np.nan, np.float32)
        decided = ShadowDecisions(
            nothing,
            nothing,
            np.full(n, -1, np.int16),
            np.zeros(n, bool),
            thresholds(one.bundle.threshold, one.bundle.threshold_at_risk, amount),
        )
        reasons = [f"model_error: {type(error).__name__}"] * n
    return ScoreRows(
        row=row,
        bundle_id=one.bundle.bundle_id,
        role=role,
        threshold=decided.threshold,
        log_odds=decided.log_odds,
        anomaly=decided.anomaly,
        risk=decided.risk,
        flagged=decided.flagged,
        legacy_known=legacy_known,
        scored_ms=now_ms,
        reason=reasons,
    )


def _reasons(decided: ShadowDecisions) -> list[str | None] | None:
    unsound = ~(np.isfinite(decided.log_odds) & np.isfinite(decided.anomaly))
    if not unsound.any():
        return None
    decided.log_odds[unsound] = np.nan
    decided.anomaly[unsound] = np.nan
    decided.risk[unsound] = -1
    decided.flagged[unsound] = False
    return ["not_finite" if bad else None for bad in unsound]


def all_scores(
    lineup: Lineup,
    row: NDArray[np.int64],
    features: NDArray[np.float32],
    amount: NDArray[np.float64],
    legacy_known: NDArray[np.bool_],
    now_ms: int,
) -> list[ScoreRows]:
    """Return the champion's scores first, then those of each challenger."""
    return [
        scores(one, role, row, features, amount, legacy_known, now_ms)
        for one, role in (
            (lineup.champion, CHAMPION),
            *((challenger, CHALLENGER) for challenger in lineup.challengers),
        )
    ]


def alert_rows(rows: Transactions, champion: ScoreRows) -> AlertRows | None:
    """Return a pending alert for each flag of the champion."""
    flagged = np.flatnonzero(champion.flagged)
    if not len(flagged):
        return None
    where = champion.row[flagged]
    ids = rows.transaction_id[where]
    return AlertRows(
        row=where,
        alert_id=[identity("alert", str(i), champion.bundle_id) for i in ids],
        bundle_id=champion.bundle_id,
        risk=champion.risk[flagged],
        log_odds=champion.log_odds[flagged],
        created_ms=champion.scored_ms,
    )


def identity(kind: str, transaction_id: str, bundle_id: str) -> str:
    """Return a deterministic id: the same payment and bundle always give the same."""
    name = f"{kind}\x00{transaction_id}\x00{bundle_id}"
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()


def known_legacy(
    lineup: Lineup, rows: Transactions, arrived: LegacyRows | None, earlier: Mapping[str, object]
) -> NDArray[np.bool_]:
    """Return for which rows the legacy decision is known as they are scored."""
    if lineup.ruleset is not None:
        return np.ones(len(rows), bool)
    known = set(earlier) | set(arrived.transaction_id if arrived is not None else ())
    return np.array([i in known for i in rows.transaction_id.tolist()], bool)
