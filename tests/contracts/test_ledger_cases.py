"""Cases: filed once, within their window, whoever files; and a log that nobody can change."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from builders.ledger_rows import START_MS, alert_rows, legacy_rows, own, scored, transaction_rows
from sqlalchemy import exc

from models.transaction import text
from service.errors import CaseRefused, CaseUnknown
from service.ledger import ExplanationRows, Ledger, case_work, erasing
from service.ledger.audit import By
from service.ledger.case_reads import Asked, Case
from service.ledger.external import Outcome

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ANNA, BERT = By("anna", "analyst", "10.0.0.1"), By("bert", "analyst", "10.0.0.2")
LENA = By("lena", "lead", "10.0.0.3")


def flag(
    ledger: Ledger, ids: Sequence[str], customers: Sequence[str | None], hours: Sequence[float]
) -> None:
    """Record flagged transactions of these customers, so many hours after the start, explained."""
    n = len(ids)
    columns = {
        "customer_id": text(customers),
        "occurred_ms": START_MS + (HOUR_MS * np.array(hours)).astype(np.int64),
        "device_id": text([f"device-{customer}" for customer in customers]),
        "reporting_minor": np.full(n, 1_000, np.int64),
    }
    lease = own(ledger)
    ledger.commit(
        lease,
        scored(
            ids,
            next_offset=lease.next_offset + n,
            flagged=range(n),
            transactions=transaction_rows(ids, **columns),
            alerts=alert_rows(ids, range(n)),
            legacy=legacy_rows(ids),
        ),
    )
    body = b'{"reasons": ["one", {"text": "two"}, "three", "four"]}'
    alert_ids = [f"alert-{one}" for one in ids]
    ledger.save_explanations(ExplanationRows(alert_ids, [body] * n, ["m"] * n, START_MS))


def cases(ledger: Ledger, **asked: str) -> list[Case]:
    """Return the queue, oldest first."""
    return ledger.cases(Asked(sort="age", **asked), "anna")  # type: ignore[arg-type]


def decide(ledger: Ledger, case_id: str, by: By = ANNA, decision_id: str = "d") -> None:
    """Decide a case as fraud."""
    ledger.work_on_case(
        case_work.decide, case_id, by, decision_id=decision_id, disposition="confirmed_fraud",
        reason_code="scam", text=None, fraud_type="scam", undo_ms=10_000,
    )  # fmt: skip


def test_flags_of_a_customer_within_the_window_are_one_case(ledger: Ledger) -> None:
    """First to last, whatever the order in which they come; others are other cases."""
    flag(ledger, ["a1", "b1"], ["a", "b"], [10, 10])
    assert ledger.file_alerts(DAY_MS) == 2
    flag(ledger, ["a0", "a2", "a3"], ["a", "a", "a"], [1, 25, 26])
    assert ledger.file_alerts(DAY_MS) == 3
    assert ledger.file_alerts(DAY_MS) == 0
    found = {(one.customer_id, one.alerts) for one in cases(ledger)}
    assert found == {("a", 3), ("b", 1), ("a", 1)}
    first = cases(ledger)[0]
    assert (first.first_ms, first.last_ms) == (START_MS + HOUR_MS, START_MS + 25 * HOUR_MS)
    assert (first.money_minor, first.legacy, first.reasons) == (3_000, 3, ("one", "two", "three"))
    assert set(ledger.alerts_of_case(first.case_id)) == {"alert-a1", "alert-a0", "alert-a2"}


def test_flags_without_a_customer_are_a_case_each(ledger: Ledger) -> None:
    """Nobody knows that they belong together."""
    flag(ledger, ["t1", "t2"], [None, None], [0, 0])
    ledger.file_alerts(DAY_MS)
    assert [one.alerts for one in cases(ledger)] == [1, 1]


def test_a_decided_case_takes_no_more_flags(ledger: Ledger) -> None:
    """What comes after the decision has not been looked at: it is a case of its own, linked."""
    flag(ledger, ["a1"], ["a"], [0])
    ledger.file_alerts(DAY_MS)
    decided = cases(ledger)[0]
    decide(ledger, decided.case_id)
    flag(ledger, ["a2"], ["a"], [1])
    ledger.file_alerts(DAY_MS)
    (fresh,) = cases(ledger)
    assert fresh.case_id != decided.case_id
    linked = ledger.linked_cases(fresh)
    assert {(one.kind, one.case.case_id) for one in linked} == {
        ("customer", decided.case_id),
        ("device", decided.case_id),
        ("merchant", decided.case_id),
    }


def test_several_who_file_at_once_file_each_alert_once(ledger: Ledger) -> None:
    """Workers and servers file side by side; a customer's flags still meet in one case."""
    ids = [f"t{n}" for n in range(40)]
    flag(ledger, ids, [f"c{n % 4}" for n in range(40)], [n / 10 for n in range(40)])
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: ledger.file_alerts(DAY_MS, 7), range(8)))
    assert sum(counts) == 40
    assert sorted((one.customer_id, one.alerts) for one in cases(ledger)) == [
        (f"c{n}", 10) for n in range(4)
    ]


def test_two_who_claim_at_once_do_not_both_have_the_case(ledger: Ledger) -> None:
    """The rules are asked on the locked row."""
    flag(ledger, ["a1"], ["a"], [0])
    ledger.file_alerts(DAY_MS)
    case_id = cases(ledger)[0].case_id

    def claim(by: By) -> str:
        try:
            return str(ledger.claim(case_id, by, HOUR_MS).assignee)
        except CaseRefused:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        held = sorted(pool.map(claim, (ANNA, BERT)))
    assert held[0] in {"anna", "bert"}
    assert held[1] == "refused"
    with pytest.raises(CaseUnknown):
        ledger.claim("case-none", ANNA, HOUR_MS)


def test_a_decision_is_undone_whole_or_not_at_all(ledger: Ledger) -> None:
    """Each of its alerts is pending, or none is."""
    flag(ledger, ["a1", "a2"], ["a", "a"], [0, 1])
    ledger.file_alerts(DAY_MS)
    case_id = cases(ledger)[0].case_id
    decide(ledger, case_id)
    with pytest.raises(CaseRefused, match="only whoever decided"):
        ledger.undo("d", BERT, HOUR_MS)
    assert ledger.undo("d", ANNA, HOUR_MS) == [case_id]
    assert ledger.due_dispositions(10) == []
    assert [one.state for one in ledger.decision("d")] == ["undone", "undone"]
    assert ledger.dispositions_of_case(case_id) == {}
    decide(ledger, case_id, decision_id="d2")
    with ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE dispositions SET effective_ms = 0")
    assert len(ledger.due_dispositions(10)) == 2
    with pytest.raises(CaseRefused, match="passed"):
        ledger.undo("d2", ANNA, HOUR_MS)
    ledger.mark_sent([one.disposition_id for one in ledger.due_dispositions(10)], [])
    assert ledger.due_dispositions(10) == []


def test_an_outcome_from_elsewhere_files_the_alert_if_nobody_did(ledger: Ledger) -> None:
    """An answer may be quicker than the queue."""
    flag(ledger, ["a1"], ["a"], [0])
    given = Outcome(None, "a1", "false_positive", "travel", None, None, "X-1", "joe", None)
    first = ledger.take_outcomes([given], LENA, DAY_MS)
    again = ledger.take_outcomes([given], LENA, DAY_MS)
    assert [one.new for one in (*first, *again)] == [True, False]
    assert cases(ledger, view="decided")[0].disposition == "false_positive"
    with pytest.raises(CaseUnknown):
        ledger.take_outcomes([given, replace(given, transaction_id="none")], LENA, DAY_MS)


def test_the_audit_log_cannot_be_changed(ledger: Ledger) -> None:
    """The database refuses, whoever asks it."""
    ledger.note_action(ANNA, "view case", customer_id="a", case_id="c")
    for statement in (
        "UPDATE audit SET actor = 'bert'",
        "UPDATE audit SET customer_id = 'b'",
        "UPDATE audit SET customer_id = 'erased-x', action = 'looked away'",
        "DELETE FROM audit",
    ):
        with (
            pytest.raises((exc.DBAPIError, Exception), match="never changed"),
            ledger.begin() as connection,
        ):
            connection.exec_driver_sql(statement)
    (entry,) = ledger.audit_page(where={"customer_id": "a"})
    assert (entry.actor, entry.role, entry.address) == ("anna", "analyst", "10.0.0.1")


def test_erasing_a_customer_leaves_cases_that_name_nobody(ledger: Ledger) -> None:
    """Decisions and counts stay; notes, links and the name in the log go."""
    flag(ledger, ["a1", "b1"], ["a", "b"], [0, 0])
    ledger.file_alerts(DAY_MS)
    case_id = next(one.case_id for one in cases(ledger) if one.customer_id == "a")
    ledger.claim(case_id, ANNA, HOUR_MS)
    ledger.work_on_case(case_work.note, case_id, ANNA, text="a lives in the red house")
    decide(ledger, case_id)
    with ledger.begin() as connection:
        erasing.erase(connection, "a", token="0", reference=None, instead={}, now_ms=START_MS)  # noqa: S106
    case = ledger.case(case_id)
    assert case is not None
    assert (case.customer_id, case.reasons, case.disposition) == ("erased-0", (), "confirmed_fraud")
    assert [one.text for one in ledger.notes(case_id)] == ["erased"]
    assert [one.transaction_id for one in ledger.decision("d")] == ["erased-0-0"]
    entries = ledger.audit_page(where={"case_id": case_id})
    assert {(one.customer_id, one.detail) for one in entries} == {("erased-0", None)}
    assert {one.actor for one in entries} == {"anna"}
    other = next(one for one in cases(ledger) if one.customer_id == "b")
    assert ledger.linked_cases(other) == []


def test_the_tiles_count_what_the_queues_show(ledger: Ledger) -> None:
    """Unassigned, mine, escalated, decided today."""
    names = [f"t{n}" for n in range(6)]
    flag(ledger, names, names, [0] * 6)
    ledger.file_alerts(DAY_MS)
    ids = [one.case_id for one in cases(ledger)]
    ledger.claim(ids[0], ANNA, HOUR_MS)
    ledger.claim(ids[1], BERT, HOUR_MS)
    ledger.work_on_case(case_work.escalate, ids[1], BERT, text=None)
    ledger.claim(ids[2], BERT, HOUR_MS)
    decide(ledger, ids[3])
    totals = ledger.case_totals("anna")
    assert (totals.unassigned, totals.mine, totals.escalated, totals.decided_today) == (2, 1, 1, 1)
    for view, count in (
        ("unassigned", 2),
        ("mine", 1),
        ("escalated", 1),
        ("decided", 1),
        ("open", 5),
    ):
        assert len(cases(ledger, view=view)) == count
        assert ledger.case_count(Asked(view=view), "anna") == count  # type: ignore[arg-type]
