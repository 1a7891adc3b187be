"""One partition's batches into the ledger, on each database: scored, decided and counted once."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from builders.api import payment
from builders.batches import TABLES, everything, said, stream_of
from builders.pipeline import STREAM, Driver, arrivals, counters, lineup_of, rows_of
from plugins.bundles import make_bundle

from models.history import Histories
from models.instants import parse_instant
from service.errors import LedgerUnavailable, OwnershipLost, TransactionConflict
from service.ledger import Ledger
from service.pipeline.lineup import Lineup


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion, a challenger and the default rules."""
    other = make_bundle(tmp_path / "other", name="other", threshold=-50.0)
    return lineup_of(tmp_path, challengers=[other])


@pytest.fixture
def driver(ledger: Ledger, lineup: Lineup) -> Driver:
    """Give a partition on an empty ledger."""
    return Driver(ledger, lineup)


def test_batch_boundaries_leave_no_trace(
    tmp_path: Path, lineup: Lineup, request: pytest.FixtureRequest
) -> None:
    """One at a time, by sevens or all at once: the same rows, to the last bit of each feature."""
    found = []
    for size in (1, 7, 2000):
        ledger = Ledger.open(f"sqlite:///{tmp_path}/{size}.db", clock=lambda: 1)
        request.addfinalizer(ledger.close)
        Driver(ledger, lineup).take(stream_of(), size=size)
        found.append((everything(ledger), counters(ledger)))
    assert found[0] == found[1] == found[2]
    tables, counted = found[0]
    assert {name: len(rows) > 0 for name, rows in tables.items()} == dict.fromkeys(TABLES, True)
    assert counted["consumed"] == 63
    assert counted["duplicates"] == counted["dead_letters"] == counted["not_scored"] == 1


def test_both_databases_keep_the_same(tmp_path: Path, lineup: Lineup, driver: Driver) -> None:
    """Scores, features, decisions and counters do not depend on where they are kept."""
    driver.take(stream_of(), size=13)
    other = Ledger.open(f"sqlite:///{tmp_path}/other.db")
    Driver(other, lineup).take(stream_of(), size=13)
    features = [
        {row[3]: bytes(row[-3]) for row in rows_of(one, "transactions", "sequence")}
        for one in (driver.ledger, other)
    ]
    assert features[0] == features[1]
    assert counters(driver.ledger) == counters(other)
    other.close()


class Flaky:
    """A ledger whose named call fails after, or before, it has done its work, some times."""

    def __init__(self, ledger: Ledger, call: str, *, times: int, done: bool) -> None:
        self._ledger = ledger
        self._call, self._times, self._done = call, times, done
        self.calls = Counter[str]()

    def __getattr__(self, name: str) -> Any:
        """Return the ledger's own, with the failure put in."""
        real = getattr(self._ledger, name)
        if name != self._call:
            return real

        def failing(*given: Any) -> Any:
            self.calls[name] += 1
            if self.calls[name] > self._times:
                return real(*given)
            if self._done:
                real(*given)
            raise LedgerUnavailable("test", "the connection broke")

        return failing


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not pause between attempts."""
    monkeypatch.setattr("service.retrying._WAIT_MAX_S", 0.001)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("call", ["commit", "existing", "legacy_for"])
def test_a_ledger_that_is_away_for_a_moment_changes_nothing(
    ledger: Ledger, tmp_path: Path, call: str, *, done: bool
) -> None:
    """Whether the answer or the work was lost: written once, features computed once."""
    lineup = lineup_of(tmp_path, legacy_source="inline")
    flaky = Flaky(ledger, call, times=2, done=done)
    driver = Driver(flaky, lineup)  # type: ignore[arg-type]
    driver.take(stream_of())
    assert flaky.calls[call] >= 3
    calm = Ledger.open(f"sqlite:///{tmp_path}/calm.db")
    Driver(calm, lineup).take(stream_of())
    vectors = [
        [bytes(row[-3]) for row in rows_of(one, "transactions", "sequence")]
        for one in (ledger, calm)
    ]
    assert vectors[0] == vectors[1]
    assert counters(ledger) == counters(calm)
    calm.close()


@pytest.mark.usefixtures("impatient")
def test_a_ledger_that_stays_away_is_said_after_bounded_attempts(
    ledger: Ledger, lineup: Lineup
) -> None:
    """One error with the fix, and nothing written."""
    flaky = Flaky(ledger, "commit", times=10**6, done=False)
    driver = Driver(flaky, lineup)  # type: ignore[arg-type]
    with pytest.raises(LedgerUnavailable, match="PENUMBRA_DATABASE_URL"):
        driver.take(said(payment()))
    assert flaky.calls["commit"] == 8
    assert counters(ledger) == {}


def test_an_id_accepted_elsewhere_meanwhile_is_a_conflict_of_the_batch(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the batch is written; taken again, the id is known and the rest goes in."""
    driver.rest()
    other = Driver(driver.ledger, driver.lineup, partition=1)
    other.take(said(payment("shared")))
    other.rest()
    driver.merchants.refresh()
    before = counters(driver.ledger)
    # The first look-up came before the other partition's commit.
    real = driver.ledger.existing
    looks: list[Sequence[str]] = []

    def existing(ids: Sequence[str]) -> dict[str, int]:
        looks.append(ids)
        return {} if len(looks) == 1 else real(ids)

    monkeypatch.setattr(driver.ledger, "existing", existing)
    with pytest.raises(TransactionConflict):
        driver.take(said(payment("mine"), payment("shared", amount_minor=5)))
    assert counters(driver.ledger) == before
    monkeypatch.undo()
    driver.own(Histories())
    driver.take(said(payment("mine"), payment("shared", amount_minor=5)))
    assert counters(driver.ledger)["scored"] == 2
    assert [row[5] for row in rows_of(driver.ledger, "dead_letters", "id")] == ["conflict"]


def test_a_partition_taken_over_can_be_written_no_more(driver: Driver) -> None:
    """The former owner learns it from its next commit, which writes nothing."""
    driver.take(said(payment("first")))
    driver.ledger.acquire(STREAM, 0, identity=driver.identity, owner="another")
    with pytest.raises(OwnershipLost):
        driver.take(said(payment("second")))
    assert counters(driver.ledger)["consumed"] == 1


def test_a_contradiction_waits_for_no_hour(driver: Driver) -> None:
    """The same id with a later hour is refused at once; what follows in time goes on."""
    driver.take(said(payment("before")))
    later = payment("before", occurred_at="2026-07-28T23:00:00Z")
    batch = arrivals(driver.lineup, said(payment("a"), later, payment("b")), first=1)
    taken = driver.work.take(batch)
    assert (taken.records, taken.blocked_hour, taken.refused) == (2, None, 1)
    taken = driver.work.take(batch.split(2)[1])
    assert (taken.records, taken.blocked_hour) == (1, None)
    assert counters(driver.ledger)["scored"] == 3


def test_what_waits_for_an_hour_says_which(driver: Driver) -> None:
    """Records before it are taken in, it and those behind it are not."""
    driver.take(said(payment("before")))
    later = payment("later", occurred_at="2026-07-28T23:00:00Z")
    batch = arrivals(driver.lineup, said(payment("a"), later, payment("b")), first=1)
    taken = driver.work.take(batch)
    hour = parse_instant("2026-07-28T23:00:00Z")
    assert hour is not None
    assert (taken.records, taken.blocked_hour) == (1, hour // 3_600_000)
    assert driver.work.take(batch.split(1)[1]).records == 0
