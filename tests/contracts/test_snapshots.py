"""Snapshots only save time: restored histories are those that never stopped."""

from pathlib import Path

import pytest
from builders.api import as_bytes, wire
from builders.pipeline import Driver, lineup_of, rows_of, state_of, tell
from builders.streams import random_labels, random_stream

from service.holding import TransactionHolding
from service.ledger import Ledger
from service.pipeline.lineup import Lineup
from service.seals import SealedMerchants
from service.settings import Settings
from service.snapshots import KEPT, Snapshots

ROWS = random_stream(4, 120, days=3)
VALUES = as_bytes(wire(ROWS))


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion and the default rules."""
    return lineup_of(tmp_path)


@pytest.fixture
def driver(ledger: Ledger, lineup: Lineup) -> Driver:
    """Give a partition, with labels to come."""
    tell(ledger, random_labels(4, ROWS))
    return Driver(ledger, lineup)


@pytest.fixture
def kept(ledger: Ledger, tmp_path: Path) -> Snapshots:
    """Give a folder of snapshots."""
    return Snapshots(ledger, str(tmp_path / "state"))


def restart(driver: Driver, kept: Snapshots) -> bytes:
    """Restore as another worker would; return the state."""
    merchants = SealedMerchants(driver.ledger)
    lease = driver.ledger.acquire("transactions", 0, identity="topic", owner="other")
    histories = kept.restore(lease, "EUR")
    driver.merchants = merchants
    driver.own(histories)
    return state_of(histories)


def files(folder: Path) -> list[Path]:
    """Return the snapshots in a folder, oldest first."""
    return sorted(folder.rglob("*.state"), key=lambda p: int(p.name.split("-")[0]))


def test_a_restored_state_is_the_one_that_never_stopped(driver: Driver, kept: Snapshots) -> None:
    """From a snapshot and the rows after it, bit for bit, and so are the features that follow."""
    driver.take(VALUES[:50])
    kept.save(driver.work.lease, driver.work.histories)
    driver.take(VALUES[50:90])
    state = state_of(driver.work.histories)
    assert restart(driver, kept) == state
    driver.take(VALUES[90:])
    stored = [bytes(row[-3]) for row in rows_of(driver.ledger, "transactions", "sequence")]
    calm = Ledger.open(f"sqlite:///{Path(kept._root).parent}/calm.db")
    tell(calm, random_labels(4, ROWS))
    Driver(calm, driver.lineup).take(VALUES)
    assert stored == [bytes(row[-3]) for row in rows_of(calm, "transactions", "sequence")]
    calm.close()


def test_without_any_snapshot_the_ledger_is_replayed(driver: Driver, kept: Snapshots) -> None:
    """All of a partition's rows, in their order."""
    driver.take(VALUES)
    state = state_of(driver.work.histories)
    assert restart(driver, kept) == state


@pytest.mark.parametrize("harm", ["flip a byte", "cut it short", "remove it"])
def test_a_damaged_newest_snapshot_falls_back_to_the_one_before(
    driver: Driver, kept: Snapshots, tmp_path: Path, harm: str
) -> None:
    """The result is the same; only more rows are applied again."""
    for start in (0, 60):
        driver.take(VALUES[start : start + 60])
        kept.save(driver.work.lease, driver.work.histories)
    newest = files(tmp_path / "state")[-1]
    data = bytearray(newest.read_bytes())
    if harm == "flip a byte":
        data[len(data) // 2] ^= 1
        newest.write_bytes(data)
    elif harm == "cut it short":
        newest.write_bytes(data[:100])
    else:
        newest.unlink()
    state = state_of(driver.work.histories)
    assert restart(driver, kept) == state


def test_a_snapshot_ahead_of_the_ledger_is_not_used(driver: Driver, kept: Snapshots) -> None:
    """Such a one is of a ledger restored from an older backup."""
    driver.take(VALUES[:60])
    state = state_of(driver.work.histories)
    driver.take(VALUES[60:])
    kept.save(driver.work.lease, driver.work.histories)
    with driver.ledger.begin() as connection:
        connection.exec_driver_sql("DELETE FROM transactions WHERE sequence >= 60")
        connection.exec_driver_sql("UPDATE partitions SET next_sequence = 60")
    assert restart(driver, kept) == state


def test_old_snapshots_are_removed_and_forgotten(
    driver: Driver, kept: Snapshots, tmp_path: Path
) -> None:
    """Neither files nor what the ledger knows of them grow with time."""
    for start in range(0, 100, 20):
        driver.take(VALUES[start : start + 20])
        kept.save(driver.work.lease, driver.work.histories)
        kept.save(driver.work.lease, driver.work.histories)
    lease = driver.work.lease
    known = kept._known(lease)
    assert [one.sequence for one in known] == [100, 80]
    assert [path.name.split("-")[0] for path in files(tmp_path / "state")] == ["80", "100"]
    assert len(known) == KEPT
    assert list((tmp_path / "state").rglob("*.part")) == []


def test_a_folder_that_cannot_be_written_does_not_end_the_worker(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It only saves time: the partition goes on and tries again later."""
    settings = Settings.load(var_dir=tmp_path, snapshot_every_s=0.000001)
    broken = Snapshots(driver.ledger, str(tmp_path / "state"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken._files, "pipe_file", full)
    lease = driver.ledger.acquire("transactions", 0, identity="topic", owner="test")
    holding = TransactionHolding(
        driver.ledger,
        lease,
        settings,
        driver.clock,
        lineup=driver.lineup,
        intake=driver.lineup.intake(settings),
        merchants=driver.merchants,
        snapshots=broken,
    )
    holding._work = driver.work
    driver.own(driver.work.histories)
    driver.take(VALUES[:10])
    holding._work = driver.work
    holding.snapshot_if_due()
    assert broken._known(lease) == []
    monkeypatch.undo()
    driver.take(VALUES[10:20])
    holding.snapshot_if_due()
    assert [one.sequence for one in broken._known(lease)] == [20]
