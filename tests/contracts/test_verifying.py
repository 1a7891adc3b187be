"""A stored alert computed anew: the same, bit for bit, or what differs is said."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from builders.api import as_bytes, wire
from builders.pipeline import Driver, lineup_of
from builders.streams import random_stream
from click.testing import CliRunner
from plugins.bundles import make_bundle
from sqlalchemy import text

from service.cli import penumbra
from service.erasing import erase_customer
from service.explaining import Explaining, explain_pending
from service.ledger import Ledger
from service.pipeline.lineup import Judge, Lineup
from service.snapshots import Snapshots
from service.verifying import NoSuchAlert, verify

VALUES = as_bytes(wire(random_stream(4, 120, days=3)))
NOW_MS = 1_785_600_000_000


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion."""
    return lineup_of(tmp_path)


@pytest.fixture
def judges(lineup: Lineup) -> dict[str, Judge]:
    """Give the bundles at hand."""
    return {lineup.champion.bundle.bundle_id: lineup.champion}


@pytest.fixture
def alert_id(ledger: Ledger, lineup: Lineup) -> str:
    """Give an alert that was explained."""
    Driver(ledger, lineup).take(VALUES)
    explain_pending(ledger, Explaining.of(lineup), owner="test", now_ms=NOW_MS, limit=1000)
    return str(ledger.alerts(limit=1).alerts.alert_id[0])


def change(ledger: Ledger, alert_id: str, **changed: Any) -> None:
    """Change what is stored of an alert's explanation."""
    detail = ledger.alert(alert_id)
    assert detail is not None
    body = msgspec.json.encode(msgspec.json.decode(detail.alert.body[0]) | changed)
    with ledger.begin() as connection:
        connection.execute(
            text("UPDATE explanations SET body = :body WHERE alert_id = :id"),
            {"body": body, "id": alert_id},
        )


def test_an_alert_is_the_same_bit_for_bit(
    ledger: Ledger, judges: dict[str, Judge], alert_id: str
) -> None:
    """Score, contributions, sentences and what would have changed the flag."""
    for one in {alert_id, *ledger.alerts(limit=20).alerts.alert_id}:
        found = verify(ledger, judges, one)
        assert found.verdict == "identical", found
        assert found.same_runtime
        assert found.same_wording
        assert found.compared > 40
        assert found.differences == ()


def test_what_was_changed_since_is_found(
    ledger: Ledger, judges: dict[str, Judge], alert_id: str
) -> None:
    """A figure off by its last bit, and a sentence."""
    change(ledger, alert_id, base_value=0.1, reasons=["because"])
    found = verify(ledger, judges, alert_id)
    assert found.verdict == "different"
    where = {one.where for one in found.differences}
    assert "explanation.base_value" in where
    assert any(one.startswith("explanation.reasons") for one in where)


def test_on_another_runtime_a_millionth_is_allowed_and_the_runtime_named(
    ledger: Ledger, judges: dict[str, Judge], alert_id: str
) -> None:
    """Within 1e-6 it is close; beyond, it differs."""
    detail = ledger.alert(alert_id)
    assert detail is not None
    body = msgspec.json.decode(detail.alert.body[0])
    other = body["runtime"] | {"onnxruntime": "0.1"}
    change(ledger, alert_id, runtime=other, base_value=body["base_value"] + 4e-7)
    found = verify(ledger, judges, alert_id)
    assert (found.verdict, found.same_runtime) == ("close", False)
    assert [(one.where, one.stored) for one in found.runtime] == [("onnxruntime", "0.1")]
    assert 3e-7 < found.largest < 1e-6
    change(ledger, alert_id, base_value=body["base_value"] + 4e-5)
    assert verify(ledger, judges, alert_id).verdict == "different"


def test_sentences_of_an_older_table_are_not_compared(
    ledger: Ledger, judges: dict[str, Judge], alert_id: str
) -> None:
    """A better sentence makes no alert a wrong one; figures must be the same all the same."""
    detail = ledger.alert(alert_id)
    assert detail is not None
    facts = msgspec.json.decode(detail.alert.body[0])["contributions"]
    facts[0]["text"] = "in other words"
    change(ledger, alert_id, wording="another", contributions=facts)
    found = verify(ledger, judges, alert_id)
    assert (found.verdict, found.same_wording) == ("identical", False)
    facts[0]["contribution"] += 0.5
    change(ledger, alert_id, contributions=facts)
    assert verify(ledger, judges, alert_id).verdict == "different"


def test_what_cannot_be_verified_says_why(
    ledger: Ledger, judges: dict[str, Judge], tmp_path: Path, alert_id: str
) -> None:
    """Without its bundle, without an explanation, without the alert."""
    found = verify(ledger, {}, alert_id)
    assert found.verdict == "not_verifiable"
    assert "is not at hand; name its folder with --bundle" in (found.why or "")
    with pytest.raises(NoSuchAlert, match="no alert 'none' in the ledger"):
        verify(ledger, judges, "none")
    kept = Snapshots(ledger, str(tmp_path / "state"))
    who = ledger.alerts(limit=1).alerts.decisions.customer_id[0]
    done = erase_customer(ledger, kept, who)
    gone = verify(ledger, judges, alert_id)
    assert (gone.verdict, gone.erased_ms) == ("erased", done.erased_ms)


def test_the_command_finds_the_bundle_and_tells_the_date_of_an_erasure(
    ledger: Ledger, ledger_url: str, alert_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle in use, one in the var folder, or the folder named."""
    bundle = tmp_path / "champion"
    monkeypatch.setenv("PENUMBRA_DATABASE_URL", ledger_url)
    monkeypatch.setenv("PENUMBRA_VAR_DIR", str(tmp_path / "nothing"))
    other = make_bundle(tmp_path / "else", name="else")
    monkeypatch.setenv("PENUMBRA_BUNDLE_PATH", str(other))
    run = CliRunner()
    missing = run.invoke(penumbra, ["verify", alert_id])
    assert missing.exit_code == 1
    assert "cannot be verified: its bundle tiny-" in missing.output
    named = run.invoke(penumbra, ["verify", alert_id, "--bundle", str(bundle)])
    assert named.exit_code == 0, named.output
    assert "figures and sentences the same, bit for bit" in named.output
    told = run.invoke(penumbra, ["explain", alert_id, "--svg", str(tmp_path / "alert.svg")])
    assert told.exit_code == 0, told.output
    assert "  what if  " in told.output
    picture = ET.parse(tmp_path / "alert.svg").getroot()  # noqa: S314 - our own
    assert "Base value" in picture.attrib["aria-label"]
    who = ledger.alerts(limit=1).alerts.decisions.customer_id[0]
    gone = run.invoke(penumbra, ["erase", who, "--yes", "--reference", "case 7"])
    assert gone.exit_code == 0, gone.output
    after = run.invoke(penumbra, ["verify", alert_id])
    assert after.exit_code == 0
    assert "erased on 2" in after.output
    nothing = run.invoke(penumbra, ["explain", alert_id])
    assert "nothing is kept of why" in str(nothing.exception)
