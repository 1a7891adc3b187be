"""Alerts are pending until explained, explained once, and invisible until then."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from builders.ledger_rows import BUNDLE, START_MS, labels, legacy_rows, own, score_rows, scored

from service.ledger import Commit, ExplanationRows, Ledger

LEASE_MS = 60_000


def raise_alerts(ledger: Ledger, ids: list[str], partition: int = 0) -> None:
    """Record these transactions, every one flagged; risk rises along the list."""
    lease = own(ledger, partition)
    batch = scored(ids, next_offset=lease.next_offset + len(ids), flagged=range(len(ids)))
    ledger.commit(lease, batch)


def explain(ledger: Ledger, alert_ids: Sequence[str], body: bytes = b"{}") -> int:
    """Save the same explanation for each alert."""
    n = len(alert_ids)
    return ledger.save_explanations(
        ExplanationRows(alert_ids, [body] * n, ["deeplift"] * n, START_MS)
    )


def test_pending_alerts_come_highest_risk_first_with_their_inputs(ledger: Ledger) -> None:
    """An explainer gets the stored feature vector bit for bit and the decision to explain."""
    raise_alerts(ledger, ["t1", "t2", "t3"])
    pending = ledger.lease_alerts("explainer-1", START_MS, LEASE_MS, 2, bundles=[BUNDLE])
    assert pending.alert_id == ["alert-t3", "alert-t2"]
    vector = pending.features[0]
    assert vector is not None
    assert vector.dtype == np.float32
    np.testing.assert_array_equal(vector, np.arange(8, 12, dtype=np.float32) / 3)
    decisions = pending.decisions
    assert decisions.transaction_id.tolist() == ["t3", "t2"]
    assert decisions.log_odds.tolist() == [3.5, 3.5]
    assert decisions.risk.tolist() == [902, 901]
    assert decisions.bundle_id.tolist() == [BUNDLE, BUNDLE]


def test_a_leased_alert_is_given_to_nobody_else_until_its_lease_ends(ledger: Ledger) -> None:
    """A second explainer gets the rest; what the first did not explain comes back in time."""
    raise_alerts(ledger, ["t1", "t2", "t3"])
    first = ledger.lease_alerts("one", START_MS, LEASE_MS, 2, bundles=[BUNDLE])
    second = ledger.lease_alerts("two", START_MS, LEASE_MS, 2, bundles=[BUNDLE])
    assert second.alert_id == ["alert-t1"]
    assert (
        len(ledger.lease_alerts("two", START_MS + LEASE_MS - 1, LEASE_MS, 9, bundles=[BUNDLE])) == 0
    )
    explain(ledger, first.alert_id[:1])
    again = ledger.lease_alerts("two", START_MS + LEASE_MS, LEASE_MS, 9, bundles=[BUNDLE])
    assert again.alert_id == ["alert-t2", "alert-t1"]


def test_alerts_of_other_bundles_are_left_to_those_who_have_them(ledger: Ledger) -> None:
    """In a fleet with two champions an explainer holds no alert it could not explain."""
    raise_alerts(ledger, ["t1"])
    assert len(ledger.lease_alerts("one", START_MS, LEASE_MS, 9, bundles=["another"])) == 0
    assert len(ledger.lease_alerts("two", START_MS, LEASE_MS, 9, bundles=["another", BUNDLE])) == 1


def test_many_explainers_at_once_share_the_work(ledger: Ledger) -> None:
    """Concurrent explainers lease every alert, and none twice."""
    ids = [f"t{n}" for n in range(60)]
    raise_alerts(ledger, ids)

    def work(name: str) -> list[str]:
        mine: list[str] = []
        while len(leased := ledger.lease_alerts(name, START_MS, LEASE_MS, 7, bundles=[BUNDLE])):
            explain(ledger, leased.alert_id)
            mine += leased.alert_id
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, [f"explainer-{n}" for n in range(4)]))
    given = [alert for share in shares for alert in share]
    assert sorted(given) == sorted(f"alert-{i}" for i in ids)
    assert len(ledger.unpublished_alerts(100)) == 60


def test_an_alert_is_invisible_until_it_is_explained(ledger: Ledger) -> None:
    """Neither the queue, nor a look at one alert, nor the outbox shows a pending alert."""
    raise_alerts(ledger, ["t1", "t2"])
    assert len(ledger.alerts().alerts) == 0
    assert ledger.alert("alert-t1") is None
    assert len(ledger.unpublished_alerts(10)) == 0
    assert ledger.timeline("customer-0").alert_id.tolist() == [None]
    explain(ledger, ["alert-t1"])
    assert ledger.alerts().alerts.alert_id == ["alert-t1"]
    assert ledger.timeline("customer-0").alert_id.tolist() == ["alert-t1"]
    assert ledger.unpublished_alerts(10).alert_id == ["alert-t1"]
    assert ledger.lease_alerts("one", START_MS, LEASE_MS, 9, bundles=[BUNDLE]).alert_id == [
        "alert-t2"
    ]


def test_the_first_explanation_stays(ledger: Ledger) -> None:
    """An explainer whose lease had ended cannot replace what was shown."""
    raise_alerts(ledger, ["t1", "t2"])
    assert explain(ledger, ["alert-t1"], b'{"first": 1}') == 1
    assert explain(ledger, ["alert-t1", "alert-t2"], b'{"second": 1}') == 1
    found = ledger.unpublished_alerts(10)
    assert dict(zip(found.alert_id, found.body, strict=True)) == {
        "alert-t1": b'{"first": 1}',
        "alert-t2": b'{"second": 1}',
    }


def test_published_alerts_are_not_published_again(ledger: Ledger) -> None:
    """A mark by alert takes it out of the outbox and leaves it in the queue."""
    raise_alerts(ledger, ["t1", "t2"])
    explain(ledger, ["alert-t1", "alert-t2"])
    ledger.mark_alerts_published(["alert-t1"])
    assert ledger.unpublished_alerts(10).alert_id == ["alert-t2"]
    assert len(ledger.alerts().alerts) == 2


def test_the_queue_is_paged_without_gaps_or_repeats(ledger: Ledger) -> None:
    """Following cursors gives each explained alert once, although all are of one instant."""
    ids = [f"t{n}" for n in range(7)]
    raise_alerts(ledger, ids)
    explain(ledger, [f"alert-{i}" for i in ids])
    seen: list[str] = []
    cursor = None
    while True:
        page = ledger.alerts(cursor=cursor, limit=3)
        seen += page.alerts.alert_id
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [f"alert-{i}" for i in reversed(ids)]


def test_the_queue_can_be_narrowed(ledger: Ledger) -> None:
    """By least risk, and by what is known of the transaction."""
    ids = ["t1", "t2", "t3"]
    raise_alerts(ledger, ids)
    explain(ledger, [f"alert-{i}" for i in ids])
    truth = own(ledger, stream="fraud-labels")
    truth = ledger.commit(
        truth, Commit(next_offset=1, labels=labels(["l1"], ["t1"], is_fraud=True))
    )
    ledger.commit(truth, Commit(next_offset=2, labels=labels(["l2"], ["t2"], is_fraud=False)))
    assert ledger.alerts(min_risk=901).alerts.alert_id == ["alert-t3", "alert-t2"]
    assert ledger.alerts(status="open").alerts.alert_id == ["alert-t3"]
    assert ledger.alerts(status="fraud").alerts.alert_id == ["alert-t1"]
    assert ledger.alerts(status="genuine").alerts.alert_id == ["alert-t2"]
    assert ledger.alerts().is_fraud == [None, False, True]


def test_one_alert_tells_its_whole_story(ledger: Ledger) -> None:
    """The alert comes with its transaction, the stored features, the legacy decision, truth."""
    batch = scored(
        ["t1", "t2"],
        next_offset=2,
        flagged=[1],
        scores=[score_rows(2, [1], legacy_known=np.array([False, True]))],
        legacy=legacy_rows(["t2"], source="inline"),
    )
    ledger.commit(own(ledger), batch)
    explain(ledger, ["alert-t2"], b'{"base_value": 1}')
    detail = ledger.alert("alert-t2")
    assert detail is not None
    assert detail.alert.body == [b'{"base_value": 1}']
    assert detail.transaction.amount_minor.tolist() == [101]
    assert detail.is_fraud is None
    (legacy,) = detail.alert.decisions.legacy
    assert legacy is not None
    assert legacy.rules == ("amount_high", "night")
    assert detail.features is not None
    assert detail.features.tobytes() == (np.arange(4, 8, dtype="<f4") / 3).tobytes()
    assert ledger.alert("alert-none") is None


def test_a_timeline_is_one_customers_past_newest_first(ledger: Ledger) -> None:
    """It shows all of the customer's transactions, scored or not, and can go on further back."""
    lease = own(ledger)
    lease = ledger.commit(lease, scored(["a0", "b0", "c0", "a1"], next_offset=4, flagged=[3]))
    unscored = scored(["a2"], next_offset=5, scores=[], counters={"consumed": 1, "not_scored": 1})
    ledger.commit(lease, unscored)
    found = ledger.timeline("customer-0")
    assert found.transactions.transaction_id.tolist() == ["a1", "a2", "a0"]
    assert found.risk.tolist() == [903, -1, 10]
    assert np.isnan(found.log_odds).tolist() == [False, True, False]
    assert found.flagged.tolist() == [True, False, False]
    older = ledger.timeline("customer-0", before_ms=START_MS + 1, limit=1)
    assert older.transactions.transaction_id.tolist() == ["a2"]
    assert len(ledger.timeline("nobody").transactions) == 0
