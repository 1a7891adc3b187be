"""What a batch becomes: scores, decisions of the legacy, and an account of every record."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.api import payment
from builders.batches import said, stream_of
from builders.pipeline import LEGACY, STREAM, Driver, arrivals, counters, lineup_of, rows_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from plugins.bundles import make_bundle

from models.scorer import Scores
from service.ingest import legacy_commit
from service.ledger import Ledger
from service.pipeline.lineup import Lineup
from service.stream.ports import Record


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion, a challenger and the default rules."""
    other = make_bundle(tmp_path / "other", name="other", threshold=-50.0)
    return lineup_of(tmp_path, challengers=[other])


@pytest.fixture
def driver(ledger: Ledger, lineup: Lineup) -> Driver:
    """Give a partition on an empty ledger."""
    return Driver(ledger, lineup)


class Broken:
    """A scorer that raises, or knows no score for every other row."""

    def __init__(self, real: Any, *, raises: bool) -> None:
        self._real, self._raises = real, raises

    def score(self, features: NDArray[np.float32]) -> Scores:
        """Score, badly."""
        if self._raises:
            raise RuntimeError("the runtime gave up")
        found: Scores = self._real.score(features)
        found.log_odds[::2] = np.nan
        return found


@pytest.mark.parametrize("raises", [True, False])
def test_what_cannot_be_scored_is_unscored_with_its_reason(
    ledger: Ledger, lineup: Lineup, *, raises: bool
) -> None:
    """Never a 0, never "legitimate", never an alert; the batch goes on."""
    champion = lineup.champion
    broken: Any = Broken(champion.scorer, raises=raises)
    sick = replace(lineup, champion=replace(champion, scorer=broken), challengers=())
    driver = Driver(ledger, sick)
    driver.take(said(*(payment(f"t{n}", amount_minor=10**7) for n in range(4))), size=4)
    with ledger.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT status, reason, log_odds, anomaly, risk, flagged FROM scores ORDER BY sequence"
        ).all()
    wanted = "model_error: RuntimeError" if raises else "not_finite"
    bad = found if raises else found[::2]
    assert [tuple(row) for row in bad] == [("unscored", wanted, None, None, None, False)] * len(bad)
    counted = counters(ledger)
    assert counted["unscored"] == len(bad)
    assert counted.get("scored", 0) == 4 - len(bad)
    with ledger.reading() as connection:
        alerts = connection.exec_driver_sql("SELECT COUNT(*) FROM alerts").scalar()
    assert alerts == 4 - len(bad)


def test_types_that_are_not_scored_are_recorded_and_change_no_history(
    ledger: Ledger, lineup: Lineup
) -> None:
    """A refund or reversal has no score and leaves the next payment's features alone."""
    others = ("completion", "reversal", "refund", "advice")
    driver = Driver(ledger, lineup)
    driver.take(
        said(
            payment("before"),
            *(payment(kind, type=kind, amount_minor=10**9) for kind in others),
            payment("after"),
        )
    )
    driver.rest()
    quiet = Driver(ledger, lineup, partition=1)
    quiet.take(said(payment("before-2", customer_id="c2"), payment("after-2", customer_id="c2")))
    vectors = {
        row[3]: bytes(row[-3]) for row in rows_of(ledger, "transactions", "partition, sequence")
    }
    assert vectors["after"] == vectors["after-2"]
    scored = {row[2] for row in rows_of(ledger, "scores", "sequence") if row[1] == 0}
    assert scored == {0, 5}
    assert counters(ledger)["not_scored"] == 4


def test_a_batch_of_nothing_that_is_scored_is_recorded(ledger: Ledger, lineup: Lineup) -> None:
    """Refunds alone, and nothing but dead letters, are batches too."""
    driver = Driver(ledger, lineup)
    driver.take(said(payment("r", type="refund")))
    driver.take([None, b"{"])
    assert counters(ledger) == {
        "consumed": 3, "not_scored": 1, "dead_letters": 2
    }  # fmt: skip


def test_challengers_are_scored_and_raise_no_alert(driver: Driver) -> None:
    """The challenger here would flag everything; alerts are of the champion alone."""
    driver.take(stream_of())
    scores = rows_of(driver.ledger, "scores", "sequence, bundle_id")
    role = Counter((row[4], row[3]) for row in scores)
    bundles = {judge.bundle.bundle_id for judge in driver.lineup.challengers}
    assert role["challenger", next(iter(bundles))] == role["champion", _champion(driver)] == 60
    with driver.ledger.reading() as connection:
        alerted = connection.exec_driver_sql("SELECT bundle_id FROM alerts").scalars().all()
        flagged = connection.exec_driver_sql(
            "SELECT role, COUNT(*) FROM scores WHERE flagged GROUP BY role"
        ).all()
    flags = {row[0]: row[1] for row in flagged}
    assert flags["challenger"] == 60
    assert set(alerted) == {_champion(driver)}
    assert len(alerted) == flags["champion"] < 60


def _champion(driver: Driver) -> str:
    return driver.lineup.champion.bundle.bundle_id


DECIDED = {"decision": "decline", "score": 0.75, "rules": ["night"]}


def decided_by_topic(ledger: Ledger, transaction_id: str) -> None:
    """Write a decision as the legacy topic brings it."""
    lease = ledger.acquire(LEGACY, 0, identity="legacy", owner="test")
    value = json.dumps(DECIDED | {"transaction_id": transaction_id}).encode()
    record = Record(lease.next_offset, None, value, 0, ())
    ledger.commit(lease, legacy_commit([record], now_ms=5))


def published(ledger: Ledger) -> dict[str, Any]:
    """Return the legacy decision that each published decision carries."""
    rows = ledger.unpublished_decisions(STREAM, 0, 0, 100)
    return dict(zip(rows.transaction_id.tolist(), rows.legacy, strict=True))


def test_built_in_rules_decide_beside_the_model(ledger: Ledger, lineup: Lineup) -> None:
    """Every scored row has a legacy decision, known as it is scored."""
    Driver(ledger, lineup).take(said(payment("a"), payment("r", type="refund")))
    found = published(ledger)
    assert list(found) == ["a"]
    assert found["a"].source == "builtin"
    assert found["a"].ruleset_version


def test_inline_decisions_come_with_the_payment(ledger: Ledger, tmp_path: Path) -> None:
    """A payment without one is compared with nothing."""
    driver = Driver(ledger, lineup_of(tmp_path, legacy_source="inline"))
    driver.take(said(payment("a", legacy=DECIDED), payment("b")))
    found = published(ledger)
    assert (found["a"].decision, found["a"].score, found["a"].rules) == (3, 0.75, ("night",))
    assert found["b"] is None


@pytest.mark.parametrize("first", ["payment", "decision"])
def test_a_decision_on_the_topic_joins_whichever_comes_first(
    ledger: Ledger, tmp_path: Path, first: str
) -> None:
    """The pair is complete either way; what was published before the decision says none."""
    driver = Driver(ledger, lineup_of(tmp_path, legacy_source="topic"))
    if first == "decision":
        decided_by_topic(ledger, "a")
    driver.take(said(payment("a")))
    before = published(ledger)
    if first == "payment":
        decided_by_topic(ledger, "a")
    with ledger.reading() as connection:
        paired = connection.exec_driver_sql(
            "SELECT transaction_id, legacy_decision FROM paired"
        ).all()
    assert [tuple(row) for row in paired] == [("a", 3)]
    assert (before["a"] is not None) == (first == "decision")
    # Published again after a crash it says what it said before.
    assert published(ledger) == before


def record_of(kind: str, number: int) -> bytes | None:
    """Return a record of some kind about one of a few payments."""
    one = payment(f"t{number}", occurred_at=f"2026-07-01T{10 + number:02d}:00:00Z")
    return {
        "payment": json.dumps(one).encode(),
        "other": json.dumps(one | {"amount_minor": 7}).encode(),
        "refund": json.dumps(one | {"type": "refund"}).encode(),
        "unknown": json.dumps(one | {"colour": 1}).encode(),
        "card": json.dumps(one | {"device_id": "4111111111111111"}).encode(),
        "broken": b"{",
        "tombstone": None,
    }[kind]


_KINDS = ("payment", "other", "refund", "unknown", "card", "broken", "tombstone")
_MIX = st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, 4)), max_size=14)


@pytest.fixture(scope="module")
def shared_lineup(tmp_path_factory: pytest.TempPathFactory) -> Lineup:
    """Give one line-up to many examples."""
    return lineup_of(tmp_path_factory.mktemp("mix"))


@contextmanager
def fresh(folder: Path) -> Iterator[Ledger]:
    """Give an empty ledger that is gone afterwards."""
    path = folder / "mix.db"
    ledger = Ledger.open(f"sqlite:///{path}")
    yield ledger
    ledger.close()
    for name in ("mix.db", "mix.db-wal", "mix.db-shm"):
        with suppress(FileNotFoundError):
            (folder / name).unlink()


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mix=_MIX, size=st.integers(1, 6))
def test_everything_that_came_in_is_accounted_for(
    tmp_path: Path, shared_lineup: Lineup, mix: list[tuple[str, int]], size: int
) -> None:
    """Consumed = scored + unscored + duplicates + not scored + dead letters, for any mix."""
    with fresh(tmp_path) as ledger:
        driver = Driver(ledger, shared_lineup)
        driver.take([record_of(*each) for each in mix], size=size)
        counted = Counter(counters(ledger))
        letters = len(rows_of(ledger, "dead_letters", "id"))
        scores = len(rows_of(ledger, "scores", "sequence"))
        rows = len(rows_of(ledger, "transactions", "sequence"))
        lease = driver.work.lease
    assert counted["consumed"] == len(mix) == lease.next_offset
    assert counted["consumed"] == sum(
        counted[name] for name in ("scored", "unscored", "duplicates", "not_scored", "dead_letters")
    )
    assert counted["dead_letters"] == letters
    assert counted["scored"] == scores
    assert rows == scores + counted["not_scored"] == lease.next_sequence


def test_what_is_refused_is_told_with_what_was_taken(driver: Driver) -> None:
    """Dead letters of the decoder and conflicts alike: both may mean that the input is wrong."""
    driver.take(said(payment("before")))
    batch = arrivals(driver.lineup, [*said(payment("a"), payment("a", amount_minor=3)), b"{"])
    taken = driver.work.take(batch)
    assert (taken.records, taken.blocked_hour, taken.refused) == (3, None, 2)
