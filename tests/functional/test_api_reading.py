"""What people and programs read: alerts, timelines, coverage, models, health, metrics."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from builders.api import Api, api, payment
from plugins.bundles import make_bundle
from prometheus_client.parser import text_string_to_metric_families

from models.labels import Labels
from models.transaction import text
from service import metrics
from service.ledger import Commit, LabelRows
from service.records import alert_bytes


@pytest.fixture
def served(ledger_url: str, tmp_path: Path) -> Iterator[Api]:
    """Give an API whose bundle flags everything, with the larger amounts riskier."""
    names = ("amount", "amount_known")
    bundle = make_bundle(
        tmp_path / "bundle", names=names, weights=[0.1, 0.0], threshold=-100.0,
    )  # fmt: skip
    with api(ledger_url, tmp_path, bundle) as running:
        yield running


def known(served: Api, transaction_id: str, *, fraud: bool) -> None:
    """Have a label in the ledger."""
    lease = served.ledger.acquire("fraud-labels", 0, identity="labels", owner="labels")
    now = np.array([1_785_600_000_000])
    labels = Labels(
        label_id=text([f"label-{transaction_id}"]),
        transaction_id=text([transaction_id]),
        is_fraud=np.array([fraud]),
        source=text(["chargeback"]),
        fraud_type=text([None]),
        labelled_ms=now,
        known_ms=now,
        supersedes=text([None]),
    )
    served.ledger.commit(lease, Commit(next_offset=lease.next_offset + 1, labels=LabelRows(labels)))


def test_alerts_come_in_pages_newest_first(served: Api) -> None:
    """Following the cursor shows each once, then it is null."""
    ids = [f"t{n}" for n in range(7)]
    for one in ids:
        served.score(payment(one, customer_id=one))
    seen: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        given = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = served.client.get("/v1/alerts", params=given).json()
        seen += [one["transaction_id"] for one in page["alerts"]]
        cursor, pages = page["next_cursor"], pages + 1
        moments = [one["created_at"] for one in page["alerts"]]
        assert moments == sorted(moments, reverse=True)
    assert sorted(seen) == ids
    assert pages == 3


def test_alerts_are_chosen_by_risk_and_by_what_is_known(served: Api) -> None:
    """Least risk, and open, fraud or genuine by the newest label."""
    served.score(*(payment(f"t{n}", customer_id=f"c{n}", amount_minor=10**n) for n in range(1, 5)))
    every = served.client.get("/v1/alerts").json()["alerts"]
    risks = {one["transaction_id"]: one["risk_score"] for one in every}
    assert risks["t1"] < risks["t3"] < risks["t4"]
    above = served.client.get("/v1/alerts", params={"min_risk": risks["t3"]}).json()["alerts"]
    assert {one["transaction_id"] for one in above} == {"t3", "t4"}
    known(served, "t1", fraud=True)
    known(served, "t2", fraud=False)
    for status, expected in (("fraud", {"t1"}), ("genuine", {"t2"}), ("open", {"t3", "t4"})):
        found = served.client.get("/v1/alerts", params={"status": status}).json()["alerts"]
        assert {one["transaction_id"] for one in found} == expected
        assert {one["alert_status"] for one in found} == {status}


def test_an_alert_is_shown_as_it_is_published(served: Api) -> None:
    """The API's record and the bytes for `penumbra.alerts` say the same."""
    sent = payment(device_id="phone", country="FR", mcc="0742", attributes={"unknown": 1})
    alert_id = served.score(sent).json()["alert"]["alert_id"]
    [(_, published)] = alert_bytes(served.ledger.unpublished_alerts(10), "decline")
    shown = served.client.get(f"/v1/alerts/{alert_id}").json()
    assert shown["alert"] == msgspec.json.decode(published)
    assert shown["reasons"] == shown["alert"]["explanation"]["reasons"]
    assert shown["alert_status"] == "open"
    transaction = shown["transaction"]
    assert transaction["occurred_at"] == "2026-07-01T10:00:00.000Z"
    assert transaction["utc_offset_min"] == 120
    assert {name: transaction[name] for name in ("device_id", "country", "mcc")} == {
        "device_id": "phone",
        "country": "FR",
        "mcc": "0742",
    }


@pytest.mark.parametrize("path", ["/v1/alerts/none", "/v1/alerts/%00", "/v1/customers/no/timeline"])
def test_what_is_not_there_is_a_problem(served: Api, path: str) -> None:
    """404, and where to look."""
    answered = served.client.get(path)
    assert answered.status_code == 404
    assert answered.json()["type"] == "urn:penumbra:problem:not-found"


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/customers/c/timeline"])
@pytest.mark.parametrize("cursor", ["x", "====", "bnVsbA", "W10", "WzEsIlx1MDAwMCJd", "é" * 40])
def test_a_cursor_that_is_not_ours_is_refused(served: Api, path: str, cursor: str) -> None:
    """No error of a database or a decoder comes through."""
    answered = served.client.get(path, params={"cursor": cursor})
    assert answered.status_code == 422
    assert "next_cursor" in answered.json()["detail"]


def test_a_timeline_shows_each_transaction_once_also_those_of_one_instant(served: Api) -> None:
    """Pages part between instants, never within one."""
    moments = [0, 1, 1, 1, 2, 3, 3, 4]
    served.score(
        *(
            payment(f"t{n}", occurred_at=f"2026-07-01T12:00:{second:02d}Z")
            for n, second in enumerate(moments)
        ),
        payment("refund", type="refund", occurred_at="2026-07-01T12:01:00Z"),
        payment("other", customer_id="someone else"),
    )
    for limit in (1, 2, 3, 50):
        seen: list[str] = []
        cursor = None
        while True:
            given = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = served.client.get("/v1/customers/customer/timeline", params=given).json()
            seen += [one["transaction"]["transaction_id"] for one in page["entries"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen[0] == "refund"
        assert sorted(seen[1:]) == [f"t{n}" for n in range(len(moments))]


def test_coverage_accounts_for_everything(served: Api) -> None:
    """Counters add up in all, by stream and by partition; histories and seals are told."""
    served.score(*(payment(f"t{n}", customer_id=f"c{n}") for n in range(9)), payment(currency="?"))
    found = served.client.get("/v1/coverage").json()
    [stream] = found["streams"]
    every = [found, stream, *stream["partitions"]]
    assert {one["reconciles"] for one in every} == {True}
    assert (found["counters"]["consumed"], found["counters"]["dead_letters"]) == (10, 1)
    assert sum(one["counters"]["consumed"] for one in stream["partitions"]) == 10
    assert (found["seals"]["complete"], found["seals"]["incomplete"]) == (1, 0)
    assert found["short_history"] == {"customers": 9, "share": 1.0}
    assert found["alerts_pending"] == 0


def test_models_tell_champion_and_challengers(ledger_url: str, tmp_path: Path) -> None:
    """Each with its id, its threshold and where it comes from."""
    champion = make_bundle(tmp_path / "a", name="first", threshold=2.0)
    challenger = make_bundle(tmp_path / "b", name="second")
    with api(ledger_url, tmp_path, champion, challenger_paths=[challenger]) as served:
        found = served.client.get("/v1/models").json()["models"]
    assert [(one["name"], one["role"]) for one in found] == [
        ("first", "champion"),
        ("second", "challenger"),
    ]
    assert found[0]["threshold_probability"] == pytest.approx(0.8808, abs=1e-4)
    assert found[0]["data"] == {"rows": 1000, "frauds": 8}


def test_health_and_readiness_say_what_is_missing(served: Api) -> None:
    """Alive is not ready: histories not restored are named."""
    assert served.client.get("/healthz").json() == {"status": "alive", "problems": []}
    assert served.client.get("/readyz").json() == {"status": "ready", "problems": []}
    served.parts.source.partitions[0]._work = None  # as after a lost lease
    answered = served.client.get("/readyz")
    assert (answered.status_code, answered.json()["status"]) == (503, "not_ready")
    assert "1 of 4 HTTP partitions" in answered.json()["problems"][0]


def test_metrics_are_those_declared_and_agree_with_the_ledger(served: Api) -> None:
    """Names, kinds and labels come from one table; figures from the counters."""
    served.score(payment())
    served.score(payment())
    families = {
        family.name: family
        for family in text_string_to_metric_families(served.client.get("/metrics").text)
    }
    declared = {one.name: one for one in vars(metrics).values() if type(one) is metrics.Declared}
    assert families.keys() == declared.keys()
    for name, family in families.items():
        assert family.type == declared[name].kind
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(declared[name].labels)
    by_status: dict[str, float] = {}
    for sample in families[metrics.RECORDS.name].samples:
        by_status[sample.labels["status"]] = (
            by_status.get(sample.labels["status"], 0) + sample.value
        )
    assert {name: value for name, value in by_status.items() if value} == {
        "scored": 1,
        "duplicates": 1,
    }
    answered = [
        sample
        for sample in families[metrics.REQUEST_SECONDS.name].samples
        if sample.name.endswith("_count") and sample.labels["route"] == "/v1/score"
    ]
    assert [sample.value for sample in answered] == [2]


def test_the_description_is_one_page_that_loads_nothing(served: Api) -> None:
    """Every path is on it, and no address of another host."""
    page = served.client.get("/docs")
    document = served.client.get("/openapi.json").json()
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for path in document["paths"]:
        assert path in page.text
    assert re.findall(r"(?:src|href)=\"(?!#|/openapi\.json)[^\"]*", page.text) == []
    assert "<script" not in page.text
