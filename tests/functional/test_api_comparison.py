"""Shadow beside legacy through the API: cells open what they count, nothing unknown is a zero."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.api import Api, api
from builders.ledger_rows import legacy_rows, own, score_rows, transaction_rows
from plugins.bundles import make_bundle

from models.labels import Labels
from models.transaction import text
from service.ledger import CHALLENGER, Commit, Ledger, SampleRows
from service.ledger.facts import DAY_MS

N = 600
FIRST_DAY = 20_600
LAST = {"from": "2026-05-27", "to": "2026-06-06"}


def story(
    ledger: Ledger, *, versions: tuple[str, str] = ("v1", "v1"), declines: bool = True
) -> None:
    """Write ten days of payments, half their legacy decisions under each version, and labels."""
    rng = np.random.default_rng(9)
    ids = [f"t{n}" for n in range(N)]
    fraud = rng.random(N) < 0.2
    risk = np.where(fraud, rng.integers(300, 1000, N), rng.integers(-1, 700, N)).astype(np.int16)
    rows = replace(
        transaction_rows(
            ids,
            occurred_ms=FIRST_DAY * DAY_MS + np.arange(N) * (10 * DAY_MS // N),
            customer_id=text([f"c{n}" for n in rng.integers(0, 200, N)]),
            reporting_minor=np.where(rng.random(N) < 0.1, -1, rng.integers(0, 90_000, N)),
            channel=rng.integers(-1, 3, N).astype(np.int8),
            mcc=rng.choice([-1, 742], N).astype(np.int16),
            country=rng.choice(np.array([None, "FR"], object), N),
            outcome=rng.choice([-1, 0, 1], N, p=[0.2, 0.7, 0.1]).astype(np.int8),
        ),
        history_days=rng.integers(0, 100, N).astype(np.int16),
        groups=[None if n % 2 else '{"age":"18-25"}' for n in range(N)],
    )
    risk[3::40] = -1
    missing = risk < 0
    scores = score_rows(
        N,
        np.flatnonzero(risk >= 650).tolist(),
        risk=risk,
        log_odds=np.where(missing, np.nan, risk / 100).astype(np.float32),
        reason=["not_finite" if one else None for one in missing.tolist()],
    )
    unscored = int(missing.sum())
    ledger.commit(
        own(ledger),
        Commit(
            next_offset=N,
            counters={"consumed": N, "scored": N - unscored, "unscored": unscored},
            transactions=rows,
            scores=[scores, replace(scores, bundle_id="next", role=CHALLENGER)],
            sample=SampleRows(np.arange(0, N, 10), 0.1),
            case_window_ms=DAY_MS,
        ),
    )
    told = ids[: N - 50]
    decision = 3 * declines * (rng.random(len(told)) < np.where(fraud[: N - 50], 0.5, 0.1))
    half = len(told) // 2
    given = replace(
        legacy_rows(told),
        decision=decision.astype(np.int8),
        ruleset_version=[versions[0]] * half + [versions[1]] * (len(told) - half),
    )
    ledger.commit(own(ledger, stream="legacy-decisions"), Commit(next_offset=N, legacy=given))
    silent = np.append(decision == 3, np.zeros(50, bool)) | (rows.transactions.outcome == 1)
    silent[np.flatnonzero(silent & ~fraud)[0]] = False  # one declined payment without a label
    named = np.flatnonzero(fraud | silent | (np.arange(N) % 7 == 0))
    ledger.keep_labels(
        Labels(
            label_id=text([f"l{n}" for n in named]),
            transaction_id=text([ids[n] for n in named]),
            is_fraud=fraud[named],
            source=text(["chargeback"] * len(named)),
            fraud_type=np.full(len(named), None, object),
            labelled_ms=np.zeros(len(named), np.int64),
            known_ms=np.zeros(len(named), np.int64),
            supersedes=np.full(len(named), None, object),
        )
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Give an API over the story, its labels ripe."""
    folder = tmp_path_factory.mktemp("comparison")
    bundle = make_bundle(folder / "bundle")
    with api(f"sqlite:///{folder}/ledger.db", folder, bundle, label_maturity_days=0) as running:
        story(running.ledger)
        yield running


def asked(served: Api, path: str, **query: Any) -> Any:
    """Return what a path answers."""
    response = served.client.get(path, params=LAST | query)
    assert response.status_code == 200, response.text
    return response.json()


def opened(served: Api, **query: Any) -> list[dict[str, Any]]:
    """Return the payments behind a cell, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = asked(served, "/v1/comparison/transactions", limit=37, **query, **cursor)
        found += page["transactions"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_every_cell_opens_exactly_the_payments_it_counts(served: Api) -> None:
    """All cells of the whole, and of a segment, page by page."""
    told = asked(served, "/v1/comparison", segment="age")
    splits: list[tuple[dict[str, str], list[dict[str, Any]]]] = [({}, told["cells"])]
    splits += [({"segment": f"age={one['name']}"}, one["cells"]) for one in told["segments"]]
    assert len(splits) == 2
    assert len(told["cells"]) > 10
    for segment, cells in splits:
        for cell in cells:
            query = {name: cell[name] for name in ("legacy", "shadow", "truth")}
            found = opened(served, **query, **segment)
            assert len({one["transaction_id"] for one in found}) == len(found) == cell["count"]
            amounts = [one["reporting_amount_minor"] or 0 for one in found]
            assert sum(amounts) == cell["amount_minor"]


@pytest.mark.parametrize(
    "dimension", ["channel", "country", "mcc", "amount", "customer_age", "age"]
)
def test_values_of_a_segment_open_their_payments(served: Api, dimension: str) -> None:
    """Whatever value the split names can be asked for, and none is lost."""
    groups = asked(served, "/v1/comparison", segment=dimension)["segments"]
    for group in groups:
        counted = sum(cell["count"] for cell in group["cells"])
        found = len(opened(served, segment=f"{dimension}={group['name']}"))
        assert found == counted, group["name"]
    total = sum(cell["count"] for group in groups for cell in group["cells"])
    assert total == (N if dimension != "age" else N // 2)


def test_days_add_up_to_the_whole(served: Api) -> None:
    """The split by day holds every payment once."""
    told = asked(served, "/v1/comparison", daily=True)
    assert len(told["by_day"]) == 10
    by_day = sum(cell["count"] for day in told["by_day"] for cell in day["cells"])
    assert by_day == sum(cell["count"] for cell in told["cells"]) == N
    assert told["coverage"]["reconciles"]


def test_the_operating_points_are_those_of_the_comparison(served: Api) -> None:
    """The simulator's sums and the payments themselves give the same rates."""
    points = asked(served, "/v1/thresholds")
    figures = asked(served, "/v1/comparison")["verdicts"]["figures"]
    assert len(figures) == 5
    for figure in figures:
        if figure["name"] == "false_positives_per_payment":
            continue
        for side in ("legacy", "shadow"):
            assert points[side][figure["name"]] == pytest.approx(figure[side]["value"])
            assert figure[side]["low"] <= figure[side]["value"] <= figure[side]["high"]
    at_threshold = asked(served, "/v1/thresholds", min_risk=650)["chosen"]
    for name in ("alerts", "frauds", "false_positives", "value_saved_minor", "profit"):
        assert at_threshold[name] == points["shadow"][name]


def test_budgets_are_kept_and_asked_detection_is_reached(served: Api) -> None:
    """A budget of alerts is not exceeded, and one threshold lower would; costs move the best."""
    within = asked(served, "/v1/thresholds", alerts_per_day=5)["chosen"]
    assert within["alerts_per_day"] <= 5
    lower = asked(served, "/v1/thresholds", min_risk=within["min_risk"] - 1)["chosen"]
    assert lower["alerts_per_day"] > 5
    finding = asked(served, "/v1/thresholds", detection_rate=0.8)["chosen"]
    assert finding["detection_rate"] >= 0.8
    cheap = asked(served, "/v1/thresholds", review_cost=0, friction_cost=0)
    dear = asked(served, "/v1/thresholds", review_cost=500, friction_cost=500)
    assert cheap["best"]["alerts"] > dear["best"]["alerts"]
    assert cheap["costs"]["review_cost"] == 0


def test_two_wishes_at_once_are_refused(served: Api) -> None:
    """There is one threshold to choose."""
    response = served.client.get("/v1/thresholds", params={"min_risk": 1, "alert_rate": 0.1})
    assert response.status_code == 422
    assert "ask for one of" in response.json()["detail"]


def test_a_window_of_centuries_is_refused(served: Api) -> None:
    """It would keep a server busy for minutes."""
    for path in ("comparison", "comparison/transactions", "thresholds"):
        answer = served.client.get(f"/v1/{path}", params={"from": "0001-01-01", "to": "9999-12-31"})
        assert answer.status_code == 422
        assert "narrow it by from and to" in answer.json()["detail"]


def test_figures_of_fraud_are_not_yet_known_before_labels_are_ripe(tmp_path: Path) -> None:
    """Null with the reason, never 0; alerts and coverage are told all the same."""
    bundle = make_bundle(tmp_path / "bundle")
    url = f"sqlite:///{tmp_path}/ledger.db"
    with api(url, tmp_path, bundle, label_maturity_days=100_000) as running:
        story(running.ledger)
        found = asked(running, "/v1/thresholds")
        assert "PENUMBRA_LABEL_MATURITY_DAYS" in found["not_yet_known"]
        assert found["best"] is None
        assert found["shadow"]["alerts"] > 0
        for name in ("detection_rate", "precision", "value_saved_minor", "profit", "frauds"):
            assert found["shadow"][name] is None
        assert found["coverage"]["mature"] == 0
        money = running.client.get("/v1/money", params={"month": "2026-06"}).json()
        assert money["current"]["gross_basis_points"] is None
        assert money["current"]["shadow"]["review_hours"] > 0


def test_a_threshold_above_every_score_is_null(tmp_path: Path) -> None:
    """Legacy flagged nothing: as few alerts are none, and a document holds no infinity."""
    bundle = make_bundle(tmp_path / "bundle")
    url = f"sqlite:///{tmp_path}/ledger.db"
    with api(url, tmp_path, bundle, label_maturity_days=0) as running:
        story(running.ledger, declines=False)
        matched = asked(running, "/v1/comparison", at="legacy_alert_rate")["verdicts"]["matched"]
    assert matched["log_odds"] is None
    assert matched["target"] == matched["realised"] == 0


def test_a_change_of_rules_is_never_mixed_silently(tmp_path: Path) -> None:
    """Two periods are refused by name, narrowed to one, or mixed knowingly."""
    bundle = make_bundle(tmp_path / "bundle")
    with api(f"sqlite:///{tmp_path}/ledger.db", tmp_path, bundle) as running:
        assert running.client.get("/v1/periods").json() == {"periods": []}
        assert running.client.get("/v1/comparison").status_code == 404
        story(running.ledger, versions=("v1", "v2"))
        periods = running.client.get("/v1/periods").json()["periods"]
        assert [one["ruleset"] for one in periods] == ["v1", "v2"]
        assert periods[0]["last_at"] < periods[1]["first_at"]
        refused = running.client.get("/v1/comparison")
        assert refused.status_code == 422
        assert "rules v1" in refused.json()["detail"]
        assert "mix=true" in refused.json()["detail"]
        one = running.client.get("/v1/comparison", params={"ruleset": "v2"}).json()
        assert sum(cell["count"] for cell in one["cells"]) == periods[1]["payments"]
        mixed = running.client.get("/v1/comparison", params={"mix": True}).json()
        assert [period["ruleset"] for period in mixed["periods"]] == ["v1", "v2"]


def test_the_review_sample_is_blind_and_ends_with_the_label(served: Api) -> None:
    """Drawn payments without a label, in pages, without any score or decision."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        response = served.client.get("/v1/review-sample", params={"limit": 20} | cursor)
        page = response.json()
        found += page["transactions"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    drawn = {f"t{n}" for n in range(0, N, 10)}
    with served.ledger.reading() as connection:
        labelled = {
            row[0] for row in connection.exec_driver_sql("SELECT transaction_id FROM labels")
        }
    assert [one["transaction_id"] for one in found] == sorted(
        drawn - labelled, key=lambda name: int(name[1:])
    )
    assert not {"risk_score", "flagged", "legacy_decision", "log_odds"} & set(found[0])


def test_coverage_tells_what_comparisons_rest_on(served: Api) -> None:
    """Of all days, and of each period; what is scored is what the cube holds."""
    found = served.client.get("/v1/coverage").json()
    covered = found["payments"]
    assert covered["reconciles"]
    assert covered["seen"] == N
    assert covered["scored"] + covered["unscored"] == N
    assert covered["unscored_reasons"] == {"not_finite": covered["unscored"]}
    assert covered["without_legacy"] == 50
    assert 0 < covered["without_rate"] < N
    assert 0 < covered["short_history"] < N
    assert covered["sampled"] == N // 10
    (period,) = found["periods"]
    assert period["period"]["ruleset"] == "v1"
    assert period["coverage"]["seen"] == N
