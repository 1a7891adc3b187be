"""Erasing a customer, on each database: nothing of them is left, and every figure stands."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders.api import as_bytes, wire
from builders.pipeline import STREAM, Driver, counters, lineup_of, rows_of, state_of, tell
from builders.streams import random_labels, random_stream
from sqlalchemy import text

from models.errors import BadInput
from models.history import Histories
from service.erasing import erase_customer
from service.errors import OwnershipLost
from service.explaining import Explaining, explain_pending
from service.ledger import Ledger
from service.ledger.tables import metadata
from service.pipeline.lineup import Lineup
from service.snapshots import Snapshots

ROWS = random_stream(4, 120, days=3)
VALUES = as_bytes(wire(ROWS))
WHO = "c2"
NOW_MS = 1_785_600_000_000


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion and the default rules."""
    return lineup_of(tmp_path)


@pytest.fixture
def driver(ledger: Ledger, lineup: Lineup) -> Driver:
    """Give a ledger with payments, labels, alerts explained, and dead letters of the customer."""
    tell(ledger, random_labels(4, ROWS))
    found = Driver(ledger, lineup)
    found.take(VALUES)
    mine = json.loads(VALUES[next(row for row, who in enumerate(ROWS.customer_id) if who == WHO)])
    conflict = json.dumps(mine | {"amount_minor": 1}).encode()
    found.take([conflict, b'{"customer_id": "c22"'])
    explain_pending(ledger, Explaining.of(lineup), owner="test", now_ms=NOW_MS, limit=1000)
    return found


@pytest.fixture
def kept(ledger: Ledger, tmp_path: Path) -> Snapshots:
    """Give a folder of snapshots."""
    return Snapshots(ledger, str(tmp_path / "state"))


def figures(ledger: Ledger) -> list[tuple[Any, ...]]:
    """Return what comparisons read: every paired row without the names in it."""
    columns = (
        "occurred_ms, merchant_id, type, outcome, amount_minor, currency, reporting_minor, "
        "channel, mcc, country, status, log_odds, risk, flagged, threshold, legacy_decision, "
        "legacy_score, legacy_rules, is_fraud, fraud_type, labelled_ms, known_ms"
    )
    query = text(f"SELECT {columns} FROM paired ORDER BY stream, partition, sequence")
    with ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def everything_said(ledger: Ledger) -> str:
    """Return all that the ledger holds, as text."""
    return repr([rows_of(ledger, table.name, "1") for table in metadata.sorted_tables])


def test_nothing_of_the_customer_is_left_and_every_figure_stands(
    ledger: Ledger, driver: Driver, kept: Snapshots
) -> None:
    """Ids, features, explanations and raw records go; scores, truths and counters stay."""
    kept.save(driver.work.lease, driver.work.histories)
    before, counted, of_customer = figures(ledger), counters(ledger), ledger.timeline(WHO)
    ids = of_customer.transactions.transaction_id.tolist()
    assert f"'{WHO}'" in everything_said(ledger)
    done = erase_customer(ledger, kept, WHO, reference="case 7")
    assert done.transactions == len(ids) > 10
    assert done.alerts == len([one for one in of_customer.alert_id if one is not None]) > 0
    assert done.labels > 0
    assert done.dead_letters == 1
    said = everything_said(ledger)
    assert f"'{WHO}'" not in said
    assert f'"{WHO}"' not in said
    assert [one for one in ids if f"'{one}'" in said] == []
    assert figures(ledger) == before
    assert counters(ledger) == counted
    gone = ledger.timeline(done.stand_in)
    assert len(gone.transactions) == len(ids)
    assert ledger.dead_letters()[-1].payload == b'{"customer_id": "c22"'
    bodies = dict(rows[:2] for rows in rows_of(ledger, "explanations", "alert_id"))
    erased = [bodies[one] for one in of_customer.alert_id if one is not None]
    assert all(b"erased_at_ms" in body and b"contributions" not in body for body in erased)
    assert len(bodies) > len(erased)


def test_a_customer_is_also_gone_from_snapshots_and_memory(
    ledger: Ledger, driver: Driver, kept: Snapshots, tmp_path: Path
) -> None:
    """Restored histories are those of all other customers, with a snapshot and without one."""
    kept.save(driver.work.lease, driver.work.histories)
    expected = Histories.restore(driver.work.histories.snapshot())
    assert expected.forget(WHO)
    others = expected.customers
    erase_customer(ledger, kept, WHO)
    lease = ledger.acquire(STREAM, 0, identity="topic", owner="other")
    assert state_of(kept.restore(lease, "EUR")) == state_of(expected)
    (file,) = (tmp_path / "state").rglob("*.state")
    assert not Histories.restore(file.read_bytes()).forget(WHO)
    file.unlink()
    bare = kept.restore(lease, "EUR")
    assert bare.customers == others + 1  # the stand-in, who never pays again
    assert not bare.forget(WHO)


def test_a_worker_that_still_remembers_can_write_no_more(
    ledger: Ledger, driver: Driver, kept: Snapshots, tmp_path: Path
) -> None:
    """Neither rows computed on the old history nor a snapshot of it."""
    old = driver.work.histories
    erase_customer(ledger, kept, WHO)
    with pytest.raises(OwnershipLost):
        kept.save(driver.work.lease, old)
    assert list((tmp_path / "state").rglob("*.state")) == []
    with pytest.raises(OwnershipLost):
        driver.take(as_bytes(wire(random_stream(5, 3, days=0.01))))


def test_alerts_waiting_for_an_explanation_are_not_explained_any_more(
    ledger: Ledger, lineup: Lineup, kept: Snapshots
) -> None:
    """Nor published: there is nothing to explain them from."""
    Driver(ledger, lineup).take(VALUES)
    erase_customer(ledger, kept, WHO)
    explaining = Explaining.of(lineup)
    explain_pending(ledger, explaining, owner="test", now_ms=NOW_MS, limit=1000)
    assert not len(ledger.lease_alerts("x", NOW_MS + 9**9, 1, 9, bundles=explaining.bundles))
    sent = ledger.unpublished_alerts(1000)
    assert len(sent) > 0
    assert not any(str(who).startswith("erased-") for who in sent.decisions.customer_id)


def test_of_an_unknown_customer_nothing_is_erased(
    ledger: Ledger, driver: Driver, kept: Snapshots
) -> None:
    """It is said so in one line, and nobody loses a partition."""
    with pytest.raises(BadInput, match="nothing of a customer 'nobody'; nothing is erased"):
        erase_customer(ledger, kept, "nobody")
    assert rows_of(ledger, "erasures", "stand_in") == []
    driver.rest()
