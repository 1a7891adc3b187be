"""A change of champion, taken up by running workers: between batches, once, after any crash."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from builders.api import api, payment
from builders.pipeline import STREAM, lineup_of, rows_of, settings_of
from builders.promotions import Office
from builders.relays import Refusing, Stage, drain
from builders.workers import Crew, rounds
from plugins.bundles import make_bundle
from sqlalchemy import text

from service.ledger import Commit, Lease, Ledger
from service.ledger.promotion import add_promotion
from service.pipeline.lineup import Lineup
from service.promotion.errors import ChampionMissing, PromotionUnproven
from service.promotion.standing import Standing
from service.settings_refused import SettingsRefused
from service.stream.errors import DeliveryFailed


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion that flags little, and a challenger that flags everything."""
    other = make_bundle(tmp_path / "other", name="other", threshold=-50.0)
    return lineup_of(tmp_path, challengers=[other])


@pytest.fixture
def crew(ledger: Ledger, tmp_path: Path, lineup: Lineup) -> Crew:
    """Give two partitions and workers with both bundles."""
    made = Crew(ledger, tmp_path)
    made.lineup = lineup
    return made


@pytest.fixture
def office(crew: Crew, tmp_path: Path) -> Office:
    """Give people who promote on the workers' ledger."""
    return Office(crew.ledger, tmp_path, first=crew.lineup.champion.bundle.bundle_id)


def roles(ledger: Ledger) -> dict[str, dict[str, str]]:
    """Return the role of each bundle's score, by transaction."""
    query = text(
        "SELECT t.transaction_id, s.bundle_id, s.role FROM scores s JOIN transactions t ON "
        "t.stream = s.stream AND t.partition = s.partition AND t.sequence = s.sequence"
    )
    found: dict[str, dict[str, str]] = {}
    with ledger.reading() as connection:
        for transaction_id, bundle_id, role in connection.execute(query):
            assert bundle_id not in found.setdefault(transaction_id, {})
            found[transaction_id][bundle_id.rsplit("-", 1)[0]] = role
    return found


def send(crew: Crew, numbers: range) -> None:
    """Produce payments, by turns on both partitions."""
    for number in numbers:
        crew.send(number, partition=number % 2)


def test_a_running_worker_lets_the_new_champion_lead_from_the_next_batch(
    crew: Crew, office: Office
) -> None:
    """No restart; what was scored keeps its role; alerts are the champion's of the moment."""
    worker, _ = crew.worker()
    send(crew, range(8))
    rounds(lambda: crew.consumed() == 8, worker)
    other = crew.lineup.challengers[0].bundle.bundle_id
    office.promoted(other)
    send(crew, range(8, 16))
    rounds(lambda: crew.consumed() == 16, worker)
    office.roll_back()
    send(crew, range(16, 24))
    rounds(lambda: crew.consumed() == 24, worker)
    found = roles(crew.ledger)
    for number in range(24):
        led = "other" if 8 <= number < 16 else "tiny"
        follows = "tiny" if led == "other" else "other"
        assert found[f"t{number}"] == {led: "champion", follows: "challenger"}
    raised = [row for row in rows_of(crew.ledger, "alerts", "transaction_id") if row[2] == other]
    assert {row[1] for row in raised} == {f"t{number}" for number in range(8, 16)}


@pytest.mark.parametrize("written", [False, True])
def test_a_worker_killed_at_a_promotion_leaves_nothing_scored_twice_or_not_at_all(
    crew: Crew, office: Office, monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    """It dies with a batch of the old champion at hand, before or after that is written."""
    one, first = crew.worker("one")
    send(crew, range(8))
    rounds(lambda: crew.consumed() == 8, one)
    other = crew.lineup.challengers[0].bundle.bundle_id
    monkeypatch.setattr(crew.ledger, "commit", _dying(crew.ledger, office, other, written=written))
    send(crew, range(8, 16))
    with pytest.raises(Killed):
        rounds(lambda: False, one)
    monkeypatch.undo()
    two, _ = crew.worker("two")
    first.close()
    rounds(lambda: crew.consumed() == 16, two)
    found = roles(crew.ledger)
    assert sorted(found) == sorted(f"t{number}" for number in range(16))
    assert all(Counter(one.values()) == {"champion": 1, "challenger": 1} for one in found.values())
    assert {found[f"t{number}"]["tiny"] for number in range(8)} == {"champion"}
    led = Counter(found[f"t{number}"]["other"] for number in range(8, 16))
    assert led["champion"] == (4 if written else 8)


def _dying(
    ledger: Ledger, office: Office, bundle_id: str, *, written: bool
) -> Callable[[Lease, Commit], Lease]:
    """Return a commit in whose midst the bundle is promoted and the worker dies."""
    real = ledger.commit

    def commit(lease: Lease, batch: Commit) -> Lease:
        if lease.stream != STREAM or batch.transactions is None:
            return real(lease, batch)
        office.promoted(bundle_id)
        if written:
            real(lease, batch)
        raise Killed

    return commit


def test_a_champion_that_is_not_here_stops_the_worker_with_the_fix(
    crew: Crew, office: Office
) -> None:
    """It scores nothing under the wrong champion, at its start or later."""
    worker, _ = crew.worker()
    office.promoted("elsewhere-0123")
    send(crew, range(4))
    with pytest.raises(ChampionMissing, match="PENUMBRA_CHALLENGER_PATHS"):
        rounds(lambda: False, worker)
    assert crew.consumed() == 0
    with pytest.raises(ChampionMissing, match="elsewhere-0123 since promotion 1"):
        Standing(crew.ledger, crew.lineup)


def test_a_champion_that_nobody_signed_for_is_not_followed(crew: Crew) -> None:
    """A row in the database is not enough: the signatures are checked again by who follows."""
    other = crew.lineup.challengers[0].bundle.bundle_id
    with crew.ledger.begin() as connection:
        add_promotion(
            connection, kind="promote", bundle_id=other, previous_id="tiny", pack_sha256="0" * 64,
            signed_by=("alice", "bob"), by="mallory", reason=None, now_ms=1,
        )  # fmt: skip
    with pytest.raises(PromotionUnproven, match="0 valid signatures"):
        Standing(crew.ledger, crew.lineup)


def test_the_api_follows_and_says_when_it_cannot(
    ledger_url: str, tmp_path: Path, lineup: Lineup
) -> None:
    """The next request is scored under the new champion; without its bundle none is."""
    champion, other = lineup.champion.bundle, lineup.challengers[0].bundle
    with api(ledger_url, tmp_path, champion.path, challenger_paths=[other.path]) as one:
        office = Office(one.ledger, tmp_path, first=champion.bundle_id)
        assert one.score(payment("t1")).json()["decision"]["bundle_id"] == champion.bundle_id
        office.promoted(other.bundle_id)
        told = one.client.get("/v1/models").json()["models"]
        assert [(m["bundle_id"], m["role"]) for m in told] == [
            (other.bundle_id, "champion"), (champion.bundle_id, "challenger"),
        ]  # fmt: skip
        answered = one.score(payment("t2")).json()
        assert answered["decision"]["bundle_id"] == other.bundle_id
        assert answered["alert"]["explanation"]["bundle_id"] == other.bundle_id
        assert one.score(payment("t1")).json()["decision"]["bundle_id"] == champion.bundle_id
        office.promoted("elsewhere-0123")
        refused = one.score(payment("t3"))
        assert refused.status_code == 503
        assert refused.json()["type"].endswith(":champion-missing")
        assert one.client.get("/readyz").status_code == 503


def test_each_change_of_champion_is_published_once_and_in_order(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Sent again byte for byte if the broker did not say that it has it."""
    stage = Stage(ledger, tmp_path)
    office = Office(ledger, tmp_path)
    office.promoted("candidate")
    office.roll_back("false alarms doubled")
    with pytest.raises(DeliveryFailed):
        drain(stage.relay(Refusing(stage.broker, "penumbra.recommendations")))
    drain(stage.relay())
    drain(stage.relay())
    sent = [record.value for record in stage.read("recommendations")]
    assert sent[:2] == sent[2:]
    promoted, back = (json.loads(value or b"") for value in sent[2:])
    assert (promoted["kind"], promoted["bundle_id"]) == ("promote", "candidate")
    assert len(promoted["signed_by"]) == 2
    assert promoted["pack_sha256"]
    assert (back["kind"], back["reason"], back["signed_by"]) == (
        "rollback", "false alarms doubled", [],
    )  # fmt: skip


def test_recommendations_go_to_shadow_topics_only(tmp_path: Path) -> None:
    """As everything that Penumbra publishes."""
    with pytest.raises(SettingsRefused, match="name it penumbra"):
        settings_of(tmp_path, topic_recommendations="live-decisions")
