"""The payments behind a cell, newest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, column, false, not_, or_, select, table, text, tuple_

from models.decide import LEGACY_POSITIVE
from models.errors import BadInput
from models.transaction import CHANNELS, LEGACY_DECISIONS, OUTCOMES
from service.comparison.cube import by_day, cube
from service.comparison.totals import positive
from service.ledger.decisions import same_place
from service.ledger.facts import (
    AGE_EDGES,
    AMOUNT_EDGES,
    BUILTIN_SEGMENTS,
    DAY_MS,
    MISSING,
    SEGMENT_CUT,
    bands,
)
from service.ledger.tables import labels, legacy_decisions, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement

    from service.comparison.windows import Window
    from service.ledger import Ledger

_MCCS = [f"{number:04d}" for number in range(10_000)]
_truths = table("truths", column("transaction_id"), column("is_fraud"))
_t, _s, _g = transactions.c, scores.c, legacy_decisions.c


@dataclass(frozen=True, slots=True)
class Asked:
    """Which payments of a window: by cell, and of one segment ("dimension=value")."""

    legacy: str | None = None
    shadow: str | None = None
    truth: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """A payment behind a cell. Numbers are None where unscored, `is_fraud` without a label."""

    transaction_id: str
    customer_id: str | None
    occurred_ms: int
    reporting_minor: int | None
    bundle_id: str
    risk: int | None
    log_odds: float | None
    flagged: bool
    legacy_decision: str | None
    legacy_rules: tuple[str, ...]
    ruleset: str | None
    is_fraud: bool | None


def opened(
    ledger: Ledger,
    window: Window,
    asked: Asked,
    *,
    legacy_positive: str,
    ripe_ms: int,
    cursor: tuple[int, str] | None,
    limit: int,
) -> list[OpenedRow]:
    """Return up to `limit` payments after the cursor (occurred_ms, transaction_id).

    Payments before `ripe_ms` have ripe labels. Raises BadInput for a segment that is none.
    """
    if asked.truth == "unknown":
        days = _days(ledger, window, asked, positive(legacy_positive), ripe_ms // DAY_MS)
        if days is None:
            return []
        window = replace(window, first_day=days[0], last_day=days[1])
    first = and_(_g.transaction_id == _t.transaction_id, _g.revision == 0)
    query = (
        select(
            _t.transaction_id, _t.customer_id, _t.occurred_ms, _t.reporting_minor, _s.bundle_id,
            _s.risk, _s.log_odds, _s.flagged, _g.decision, _g.rules, _g.ruleset_version,
            _truths.c.is_fraud,
        )
        .select_from(
            transactions.join(scores, same_place(scores, transactions))
            .outerjoin(legacy_decisions, first)
            .outerjoin(_truths, _truths.c.transaction_id == _t.transaction_id)
        )
        .where(*_conditions(window, asked, legacy_positive, ripe_ms))
        .order_by(_t.occurred_ms.desc(), _t.transaction_id.desc())
        .limit(limit)
    )  # fmt: skip
    if (rare := _rare(asked)) is not None:
        query = query.where(rare)
    if cursor is not None:
        query = query.where(tuple_(_t.occurred_ms, _t.transaction_id) < tuple_(*cursor))
    with ledger.reading() as connection:
        found = connection.execute(query).all()
    return [_row(row) for row in found]


def _rare(asked: Asked) -> ColumnElement[bool] | None:
    """Return the rarest thing asked of, as a set to begin from: there is an index of each.

    Without it a database looks at every payment of the window, newest first, until enough are
    found; of what is rare that is most of them.
    """
    if asked.truth == "fraud":
        return _t.transaction_id.in_(select(labels.c.transaction_id).where(labels.c.is_fraud))
    if asked.shadow == "flagged":
        place = select(_s.stream, _s.partition, _s.sequence).where(text("flagged"))
        return tuple_(_t.stream, _t.partition, _t.sequence).in_(place)
    if asked.legacy == "positive":
        return _t.transaction_id.in_(select(_g.transaction_id).where(text("decision > 0")))
    return None


def _days(
    ledger: Ledger,
    window: Window,
    asked: Asked,
    legacy_positive: NDArray[np.bool_],
    ripe_until: int,
) -> tuple[int, int] | None:
    """Return the first and the last day that have such payments by the ledger's sums."""
    sums = ledger.sums(
        SEGMENT_CUT,
        first_day=window.first_day,
        last_day=window.last_day,
        bundle_id=window.bundle_id,
        role="champion",
    )
    wanted = ((asked.legacy, "legacy"), (asked.shadow, "shadow"), (asked.truth, "truth"))
    days = [
        day
        for day, told in by_day(sums, ripe_until, window.ruleset)
        if any(
            all(want in (None, getattr(cell, side)) for want, side in wanted)
            for cell in cube("", told, legacy_positive).cells
        )
    ]
    return (min(days), max(days)) if days else None


def _row(row: Sequence[Any]) -> OpenedRow:
    flagged, decision, rules, ruleset, is_fraud = row[7:]
    return OpenedRow(
        transaction_id=row[0],
        customer_id=row[1],
        occurred_ms=row[2],
        reporting_minor=row[3],
        bundle_id=row[4],
        risk=row[5],
        log_odds=row[6],
        flagged=bool(flagged),
        legacy_decision=None if decision is None else LEGACY_DECISIONS[decision],
        legacy_rules=() if rules is None else tuple(msgspec.json.decode(rules)),
        ruleset=ruleset,
        is_fraud=None if is_fraud is None else bool(is_fraud),
    )


def _conditions(
    window: Window, asked: Asked, legacy_positive: str, ripe_ms: int
) -> list[ColumnElement[bool]]:
    found = [
        _t.occurred_ms >= window.from_ms,
        _t.occurred_ms < window.to_ms,
        _s.role == "champion",
    ]
    if window.bundle_id is not None:
        found.append(_s.bundle_id == window.bundle_id)
    if window.ruleset is not None:
        version = _g.ruleset_version
        unstated = and_(version.is_(None), _g.decision.is_not(None))
        found.append(
            or_(version == window.ruleset, unstated)
            if window.ruleset == "unversioned"
            else version == window.ruleset
        )
    if asked.legacy is not None:
        named = [LEGACY_DECISIONS.index(name) for name in LEGACY_POSITIVE[legacy_positive]]
        found.append(
            {
                "unknown": _g.decision.is_(None),
                "positive": _g.decision.in_(named),
                "negative": _g.decision.not_in(named),
            }[asked.legacy]
        )
    if asked.shadow is not None:
        scored = _s.status == "scored"
        found.append(
            {
                "unscored": not_(scored),
                "flagged": and_(scored, _s.flagged),
                "clear": and_(scored, not_(_s.flagged)),
            }[asked.shadow]
        )
    if asked.truth is not None:
        found.append(_settled(asked.truth, ripe_ms))
    if asked.segment is not None:
        found.append(_segment(asked.segment))
    return found


def _settled(truth: str, ripe_ms: int) -> ColumnElement[bool]:
    """Return the condition of a settled truth; as in `service.comparison.totals`."""
    unlabelled = _truths.c.is_fraud.is_(None)
    declined = or_(
        and_(_t.outcome.is_not(None), _t.outcome == OUTCOMES.index("declined")),
        and_(
            _t.outcome.is_(None),
            _g.decision.is_not(None),
            _g.decision == LEGACY_DECISIONS.index("decline"),
        ),
    )
    ripe = and_(unlabelled, _t.occurred_ms < ripe_ms, not_(declined))
    labelled = _truths.c.is_fraud
    return {
        "fraud": and_(not_(unlabelled), labelled),
        "genuine": or_(and_(not_(unlabelled), not_(labelled)), ripe),
        "unknown": and_(unlabelled, not_(ripe)),
    }[truth]


def _segment(segment: str) -> ColumnElement[bool]:
    dimension, _, value = segment.partition("=")
    if dimension not in BUILTIN_SEGMENTS:
        wanted = f"{msgspec.json.encode(dimension).decode()}:{msgspec.json.encode(value).decode()}"
        return _t.declared_groups.contains(wanted, autoescape=True)
    conditions: dict[str, Callable[[], ColumnElement[bool]]] = {
        "channel": lambda: _coded(_t.channel, value, CHANNELS),
        "country": lambda: _t.country.is_(None) if value == MISSING else _t.country == value,
        "mcc": lambda: _coded(_t.mcc, value, _MCCS),
        "amount": lambda: _banded(_t.reporting_minor, value, AMOUNT_EDGES),
        "customer_age": lambda: _banded(_t.history_days, value, AGE_EDGES),
    }
    return conditions[dimension]()


def _coded(found: ColumnElement[Any], value: str, names: Sequence[str]) -> ColumnElement[bool]:
    if value == MISSING:
        return found.is_(None)
    return found == names.index(value) if value in names else false()


def _banded(found: ColumnElement[Any], value: str, edges: Sequence[int]) -> ColumnElement[bool]:
    if value == MISSING:
        return found.is_(None)
    for name, low, high in bands(edges):
        if name == value:
            return found >= low if high is None else and_(found >= low, found < high)
    raise BadInput(
        f"segment: {value!r} is no band; they are {', '.join(one[0] for one in bands(edges))}"
    )
