"""What the sums need to know of scored payments, and the sums they add to.

A fact is one payment as one bundle scored it, with its legacy decision, its truth and what was
returned of it so far. The same facts come from a batch that is being written and from rows of
the ledger, so that a sum can be corrected, and made anew, by what it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.hashing import keys
from models.transaction import CHANNELS, LEGACY_DECISIONS
from models.transaction import OUTCOMES as ANSWERS
from service.ledger.cells import FLAGS, LEGACIES, OUTCOMES, TRUTHS, codes, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DAY_MS = 86_400_000
RISK_CUT, SEGMENT_CUT, CASE_CUT = "risk", "segment", "case"
NOT_TOLD = ""
"""The ruleset of a payment whose legacy decision is not known."""
UNVERSIONED = "unversioned"
"""The ruleset of a legacy decision that names none."""
MISSING = "unknown"
AMOUNT_EDGES = (1_000, 5_000, 10_000, 50_000, 100_000, 500_000)
"""Bands of the amount, minor units of the reporting currency."""
AGE_EDGES = (30, 90, 365)
"""Bands of how long a customer is known, days."""
BUILTIN_SEGMENTS = ("channel", "country", "mcc", "amount", "customer_age")
_DECLINED = ANSWERS.index("declined")
_LEGACY_DECLINE = LEGACY_DECISIONS.index("decline")
_PER_MEMBER = 2 * FLAGS * OUTCOMES * LEGACIES * TRUTHS


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Columns of n facts.

    `risk` is -1 where unscored; `amount` and `returned` are 0 where there is no exchange rate;
    `outcome`, `legacy` and `truth` are -1 while unknown. `history_days` is -1 where no features
    were computed. `groups` are JSON objects of the declared groups, None where there are none.
    """

    occurred_ms: NDArray[np.int64]
    bundle_id: NDArray[np.object_]
    role: NDArray[np.object_]
    ruleset: NDArray[np.object_]
    risk: NDArray[np.int64]
    flagged: NDArray[np.bool_]
    outcome: NDArray[np.int64]
    legacy: NDArray[np.int64]
    truth: NDArray[np.int64]
    amount: NDArray[np.int64]
    returned: NDArray[np.int64]
    priced: NDArray[np.bool_]
    channel: NDArray[np.int64]
    mcc: NDArray[np.int64]
    country: NDArray[np.object_]
    history_days: NDArray[np.int64]
    groups: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.occurred_ms)

    def take(self, rows: NDArray[Any]) -> Facts:
        """Return the rows selected by a mask or an index array."""
        return Facts(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, slots=True)
class Key:
    """One sum. `day` counts days (UTC) since the epoch."""

    cut: str
    bundle_id: str
    role: str
    day: int
    ruleset: str


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is to be added to one sum; `members` are the segments that its codes number."""

    first_ms: int
    last_ms: int
    members: Sequence[str]
    cells: NDArray[np.void]


def parts(facts: Facts, sign: int = 1) -> Iterator[tuple[Key, Part]]:
    """Yield what facts add to the sums; with `sign` -1 what they take away."""
    day = facts.occurred_ms // DAY_MS
    group = _numbered(day, facts.bundle_id, facts.role, facts.ruleset)
    for number in range(int(group.max(initial=-1)) + 1):
        rows = np.flatnonzero(group == number)
        some = facts if len(rows) == len(facts) else facts.take(rows)
        key = (some.bundle_id[0], some.role[0], int(day[rows[0]]), some.ruleset[0])
        span = int(some.occurred_ms.min()), int(some.occurred_ms.max())
        count = np.full(len(some), sign, np.int64)
        amount, returned = sign * some.amount, sign * some.returned
        declined = stopped(some.outcome, some.legacy)
        cell = codes(some.risk, some.flagged, declined, some.legacy, some.truth)
        yield Key(RISK_CUT, *key), Part(*span, (), summed(cell, count, amount, returned))
        coarse = codes(np.minimum(some.risk, 0), some.flagged, declined, some.legacy, some.truth)
        members, member = _segments(some)
        dimension, row = np.nonzero(member >= 0)
        every = coarse[row] + member[dimension, row] * _PER_MEMBER
        cells = summed(every, count[row], amount[row], returned[row])
        yield Key(SEGMENT_CUT, *key), Part(*span, members, cells)


def renumbered(cells: NDArray[np.void], numbers: NDArray[np.int64]) -> NDArray[np.void]:
    """Return segment cells whose members are numbered as `numbers` says of each."""
    member, cell = np.divmod(cells["code"].astype(np.int64), _PER_MEMBER)
    moved = cells.copy()
    moved["code"] = numbers[member] * _PER_MEMBER + cell
    return moved


def of_member(cells: NDArray[np.void], number: int) -> NDArray[np.void]:
    """Return one member's cells, with the codes of plain cells (risk 0 where scored)."""
    member, cell = np.divmod(cells["code"].astype(np.int64), _PER_MEMBER)
    mine: NDArray[np.void] = cells[member == number].copy()
    mine["code"] = cell[member == number]
    return mine


def stopped(outcome: NDArray[Any], legacy: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which payments were declined: as they say, else as the legacy system decided.

    Nothing can be lost or saved on them, and no label comes by itself.
    """
    declined: NDArray[np.bool_] = (outcome == _DECLINED) | (
        (outcome < 0) & (legacy == _LEGACY_DECLINE)
    )
    return declined


def ruleset_of(known: bool, version: str | None) -> str:  # noqa: FBT001 - a fact
    """Return the ruleset a payment is counted under."""
    return (version or UNVERSIONED) if known else NOT_TOLD


def bands(edges: Sequence[int]) -> list[tuple[str, int, int | None]]:
    """Return (name, lowest, end) of each band; the last has no end."""
    lowest = [0, *edges]
    closed = [
        (f"{low}-{high - 1}", low, high) for low, high in zip(lowest[:-1], edges, strict=True)
    ]
    return [*closed, (f"{edges[-1]}+", edges[-1], None)]


def _band_names(edges: Sequence[int]) -> list[str]:
    return [name for name, _, _ in bands(edges)]


def _segments(facts: Facts) -> tuple[list[str], NDArray[np.int64]]:
    """Return the members' names, and (dimensions, n) the member's number, -1 where none."""
    names: list[str] = []
    numbers: list[NDArray[np.int64]] = []

    def add(dimension: str, values: Sequence[str], place: NDArray[np.int64]) -> None:
        used, inverse = np.unique(place, return_inverse=True)
        numbers.append(inverse + len(names))
        names.extend(f"{dimension}={values[at]}" for at in used.tolist())

    add("channel", (MISSING, *CHANNELS), facts.channel + 1)
    add("country", *_texts(facts.country))
    mccs, at = np.unique(facts.mcc, return_inverse=True)
    add("mcc", [MISSING if m < 0 else f"{m:04d}" for m in mccs.tolist()], at)
    amount = np.where(facts.priced, np.searchsorted(AMOUNT_EDGES, facts.amount, "right") + 1, 0)
    add("amount", (MISSING, *_band_names(AMOUNT_EDGES)), amount)
    age = np.searchsorted(AGE_EDGES, facts.history_days, "right") + 1
    age = np.where(facts.history_days < 0, 0, age)
    add("customer_age", (MISSING, *_band_names(AGE_EDGES)), age)
    for name, values in _declared(facts.groups).items():
        stated = values != None  # noqa: E711 - elementwise
        place = np.full(len(facts), -1, np.int64)
        texts, at = _texts(values[stated])
        place[stated] = at + len(names)
        numbers.append(place)
        names.extend(f"{name}={text}" for text in texts)
    return names, np.stack(numbers)


def _texts(values: NDArray[np.object_]) -> tuple[list[str], NDArray[np.int64]]:
    _, first, inverse = np.unique(keys(values), return_index=True, return_inverse=True)
    return [MISSING if v is None else v for v in values[first].tolist()], inverse


def _declared(groups: NDArray[np.object_]) -> dict[str, NDArray[np.object_]]:
    stated = np.flatnonzero(groups != None)  # noqa: E711 - elementwise
    columns: dict[str, NDArray[np.object_]] = {}
    for row in stated.tolist():
        for name, value in msgspec.json.decode(groups[row]).items():
            if name not in columns:
                columns[name] = np.full(len(groups), None, object)
            columns[name][row] = value
    return columns


def _numbered(
    day: NDArray[np.int64],
    bundle_id: NDArray[np.object_],
    role: NDArray[np.object_],
    ruleset: NDArray[np.object_],
) -> NDArray[np.int64]:
    """Return a number for each row, equal where the rows belong to one sum."""
    numbers: dict[tuple[Any, ...], int] = {}
    rows = zip(day.tolist(), bundle_id.tolist(), role.tolist(), ruleset.tolist(), strict=True)
    return np.fromiter((numbers.setdefault(row, len(numbers)) for row in rows), np.int64, len(day))
