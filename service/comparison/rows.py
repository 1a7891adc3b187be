"""The payments of a window as paired rows: what the statistics of `models.comparison` work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, func, select

from models.comparison.paired import LABEL_SOURCES, Paired, paired
from models.decide import LEGACY_POSITIVE
from models.errors import BadInput
from models.hashing import keys
from models.transaction import LEGACY_DECISIONS
from service.ledger import bulk
from service.ledger.columns import array_of, objects
from service.ledger.decisions import same_place
from service.ledger.facts import DAY_MS, UNVERSIONED, stopped
from service.ledger.rollup_tables import review_sample
from service.ledger.tables import labels, legacy_decisions, scores, transactions
from service.ledger.truth import LABEL, standing

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection

    from service.comparison.windows import Window
    from service.ledger import Ledger

CHUNK_DAYS = 7


class TooManyRows(BadInput):
    """The window has more payments than may be read for one answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Paired rows and who they are; every column is (n,), in their order.

    `sample_rate` is the rate at which a payment was drawn for review, NaN where it was not. The
    rows themselves all weigh the same: an estimate from the sample weighs them by that.
    """

    paired: Paired
    transaction_id: NDArray[np.object_]
    sample_rate: NDArray[np.float64]


def read_rows(
    ledger: Ledger,
    window: Window,
    *,
    legacy_positive: str,
    ripe_until: int,
    role: str = "champion",
    most: int | None = None,
) -> Rows:
    """Return the scored payments of a window as one bundle role scored them.

    Labels of days before `ripe_until` are ripe. Raises TooManyRows.
    """
    found: list[tuple[Any, ...]] = []
    told: dict[str, tuple[bool, str]] = {}
    for first in range(window.first_day, window.last_day + 1, CHUNK_DAYS):
        last = min(first + CHUNK_DAYS - 1, window.last_day)
        with ledger.reading() as connection:
            found += _scored(connection, window, first, last, role)
            told |= _truths(connection, first, last)
        if most is not None and len(found) > most:
            raise TooManyRows(
                f"the window has more than {most:,} scored payments: narrow it, raise "
                "PENUMBRA_COMPARISON_MAX_ROWS, or let `penumbra evidence` compute it"
            )
    return _columns(found, told, legacy_positive, ripe_until)


def _scored(
    connection: Connection, window: Window, first: int, last: int, role: str
) -> list[tuple[Any, ...]]:
    t, s, g, r = transactions.c, scores.c, legacy_decisions.c, review_sample.c
    where: list[ColumnElement[bool]] = [
        t.occurred_ms >= first * DAY_MS,
        t.occurred_ms < (last + 1) * DAY_MS,
        s.role == role,
        s.status == "scored",
    ]
    if window.bundle_id is not None:
        where.append(s.bundle_id == window.bundle_id)
    if window.ruleset is not None:
        where.append(func.coalesce(g.ruleset_version, UNVERSIONED) == window.ruleset)
        where.append(g.decision.is_not(None))
    return bulk.fetch(
        connection,
        select(
            t.transaction_id, t.customer_id, t.occurred_ms, t.reporting_minor, t.outcome,
            s.flagged, s.log_odds, g.decision, r.rate,
        )
        .select_from(
            transactions.join(scores, same_place(scores, transactions))
            .outerjoin(
                legacy_decisions,
                and_(g.transaction_id == t.transaction_id, g.revision == 0),
            )
            .outerjoin(review_sample, same_place(review_sample, transactions))
        )
        .where(*where),
    )  # fmt: skip


def _truths(connection: Connection, first: int, last: int) -> dict[str, tuple[bool, str]]:
    """Return (is fraud, source) of the labelled payments of some days."""
    t = transactions.c
    found = bulk.fetch(
        connection,
        select(*LABEL, labels.c.source)
        .select_from(transactions.join(labels, labels.c.transaction_id == t.transaction_id))
        .where(t.occurred_ms >= first * DAY_MS, t.occurred_ms < (last + 1) * DAY_MS),
    )
    return {one: (bool(row[4]), row[-1]) for one, row in standing(found).items()}


def _columns(
    found: list[tuple[Any, ...]],
    told: dict[str, tuple[bool, str]],
    legacy_positive: str,
    ripe_until: int,
) -> Rows:
    columns = list(zip(*found, strict=True)) or [()] * 9
    ids, customers = columns[0], objects(columns[1])
    occurred_ms = array_of(columns[2], np.int64)
    decision = array_of(columns[7], np.int64, -1)
    named = [LEGACY_DECISIONS.index(name) for name in LEGACY_POSITIVE[legacy_positive]]
    truths = [told.get(one) for one in ids]
    source = [-1 if one is None else LABEL_SOURCES.index(one[1]) for one in truths]
    rows = paired(
        occurred_ms=occurred_ms,
        customer=_customers(customers),
        amount=array_of(columns[3], np.int64, -1),
        legacy=np.where(decision < 0, -1, np.isin(decision, named)),
        declined=stopped(array_of(columns[4], np.int64, -1), decision),
        flagged=array_of(columns[5], np.bool_),
        log_odds=array_of(columns[6], np.float64, np.nan),
        truth=np.array([-1 if one is None else int(one[0]) for one in truths], np.int8),
        mature=occurred_ms // DAY_MS < ripe_until,
        source=np.array(source, np.int8),
    )
    return Rows(rows, objects(ids), array_of(columns[8], np.float64, np.nan))


def _customers(customers: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return a code for each customer; each payment without one is a customer of its own."""
    key = keys(customers)
    codes = np.unique(key, return_inverse=True)[1].astype(np.int64)
    nobody = key == 0
    codes[nobody] = codes.max(initial=-1) + 1 + np.arange(int(nobody.sum()))
    return codes
