"""Where the legacy's rules and the model's reasons meet: which rule fires with which reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, select

from service.ledger import bulk
from service.ledger.decisions import same_place
from service.ledger.tables import alerts, explanations, legacy_decisions, transactions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.comparison.windows import Window
    from service.ledger import Ledger

TOP = 3
"""How many of a flag's strongest contributions count as its reasons."""
MOST_FLAGS = 20_000
"""The newest flags of a window that are looked at."""
NO_RULE = "no rule"


class _Contribution(msgspec.Struct):
    feature: str
    contribution: float


class _Body(msgspec.Struct):
    contributions: list[_Contribution]


_BODY = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of `flags` of the shadow: how often each rule fired, each reason stood, and both.

    A rule that never meets a reason is knowledge the model lacks, or noise; flags under
    `NO_RULE` are what the rules do not see at all.
    """

    flags: int
    rules: Mapping[str, int]
    reasons: Mapping[str, int]
    both: Mapping[tuple[str, str], int]


def overlap(ledger: Ledger, window: Window) -> Overlap:
    """Return the overlap in the explained flags of a window that have a legacy decision."""
    g, t = legacy_decisions.c, transactions.c
    where = [t.occurred_ms >= window.from_ms, t.occurred_ms < window.to_ms]
    if window.bundle_id is not None:
        where.append(alerts.c.bundle_id == window.bundle_id)
    if window.ruleset is not None:
        where.append(g.ruleset_version == window.ruleset)
    with ledger.reading() as connection:
        found = bulk.fetch(
            connection,
            select(explanations.c.body, g.rules)
            .select_from(
                alerts.join(transactions, same_place(alerts, transactions))
                .join(explanations, explanations.c.alert_id == alerts.c.alert_id)
                .join(
                    legacy_decisions,
                    and_(g.transaction_id == t.transaction_id, g.revision == 0),
                )
            )
            .where(*where)
            .order_by(alerts.c.created_ms.desc())
            .limit(MOST_FLAGS),
        )
    rules, reasons, both = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for body, fired in found:
        mine = msgspec.json.decode(fired, type=list[str]) or [NO_RULE]
        strongest = sorted(_BODY.decode(body).contributions, key=lambda one: -one.contribution)
        named = [one.feature for one in strongest[:TOP] if one.contribution > 0]
        rules.update(mine)
        reasons.update(named)
        both.update((rule, reason) for rule in mine for reason in named)
    return Overlap(len(found), dict(rules), dict(reasons), dict(both))
