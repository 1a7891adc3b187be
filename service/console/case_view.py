"""Everything the page of a case shows, read and put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from models.money import EXPONENTS
from service.api.reads import explained_by_id
from service.api.shown import TransactionShown, transaction_shown
from service.console.timeline import Drawing, drawing
from service.console.waterfall import Waterfall, waterfall
from service.errors import CaseUnknown
from service.records import alert_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.ledger import AlertDetail, Ledger, Timeline
    from service.ledger.audit import Entry
    from service.ledger.case_about import Disposition, Linked, Note, Truth
    from service.ledger.case_reads import Case
    from service.settings import Settings

MOST_FLAGS = 50
MOST_PAST = 60
LOOKED = ("view case", "view queue", "verify")
"""Actions that stand in the audit log and not in the history of a case."""


@dataclass(frozen=True, slots=True, eq=False)
class Flag:
    """One alert of the case, as a line."""

    alert_id: str
    transaction_id: str
    occurred_ms: int
    amount_minor: int
    currency: str
    risk: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reason in words and how many log-odds it pushed; `against` the flag, or for it."""

    words: str
    push: float | None
    against: bool


@dataclass(frozen=True, slots=True, eq=False)
class CaseView:
    """A case with its flags, and one of them, `record`, in full: the riskiest, or the one asked.

    `past` is the customer's newest transactions; `truths` what labels say by transaction id.
    """

    case: Case
    flags: Sequence[Flag]
    found: AlertDetail
    record: dict[str, Any]
    explanation: dict[str, Any]
    transaction: TransactionShown
    spoken: Sequence[Spoken]
    waterfall: Waterfall | None
    past: Timeline | None
    past_shown: Sequence[TransactionShown]
    drawing: Drawing | None
    linked: Sequence[Linked]
    said: Mapping[str, Disposition]
    truths: Mapping[str, Truth]
    notes: Sequence[Note]
    history: Sequence[Entry]
    raw: str


def case_view(ledger: Ledger, settings: Settings, case_id: str, alert_id: str | None) -> CaseView:
    """Return what to show of a case. Raises CaseUnknown."""
    case = ledger.case(case_id)
    if case is None:
        raise CaseUnknown(case_id)
    ids = ledger.alerts_of_case(case_id)
    chosen = alert_id if alert_id in ids else case.riskiest
    found = ledger.alert(chosen)
    if found is None:
        raise CaseUnknown(chosen)
    record = alert_record(found.alert, 0, settings.legacy_positive)
    flags = _flags(ledger, ids[:MOST_FLAGS])
    past = None
    if case.customer_id is not None:
        past = ledger.timeline(case.customer_id, limit=MOST_PAST)
    shown = (
        []
        if past is None
        else [transaction_shown(past.transactions, row) for row in range(len(past.transactions))]
    )
    places = EXPONENTS[settings.reporting_currency]
    labelled = {one.transaction_id for one in shown} | {one.transaction_id for one in flags}
    return CaseView(
        case=case,
        flags=flags,
        found=found,
        record=record,
        explanation=record["explanation"],
        transaction=transaction_shown(found.transaction, 0),
        spoken=_spoken(record["explanation"]),
        waterfall=waterfall(record["explanation"], record["log_odds"], record["threshold"]),
        past=past,
        past_shown=shown,
        drawing=None if past is None else drawing(past, set(ids), places),
        linked=ledger.linked_cases(case),
        said=ledger.dispositions_of_case(case_id),
        truths=ledger.truths(sorted(labelled)),
        notes=ledger.notes(case_id),
        history=ledger.history_of_case(case_id, LOOKED),
        raw=msgspec.json.format(msgspec.json.encode(record), indent=2).decode(),
    )


def _spoken(explanation: dict[str, Any]) -> list[Spoken]:
    """Return the reasons of an explanation with what each pushed, those against it last."""
    pushes: dict[str, float] = {}
    for fact in explanation.get("contributions", ()):
        pushes.setdefault(fact["text"], fact["contribution"])
    return [
        Spoken(words, pushes.get(words), against)
        for name, against, most in (("reasons", False, 5), ("reasons_against", True, 2))
        for words in explanation.get(name, ())[:most]
    ]


def _flags(ledger: Ledger, alert_ids: Sequence[str]) -> list[Flag]:
    found = explained_by_id(ledger, alert_ids)
    rows = found.decisions
    flags = [
        Flag(
            found.alert_id[row],
            rows.transaction_id[row],
            int(rows.occurred_ms[row]),
            int(rows.amount_minor[row]),
            rows.currency[row],
            int(rows.risk[row]),
        )
        for row in range(len(found))
    ]
    return sorted(flags, key=lambda flag: flag.occurred_ms)
