"""From a shadow period to another champion and back, by the commands that people type."""

import json
import re
from pathlib import Path

import pytest
from builders.gates import PASSABLE
from builders.pipeline import lineup_of
from builders.shadow_periods import BEGIN_MS, DAY_MS, write_period
from builders.workers import Crew, rounds
from plugins.bundles import make_bundle
from sqlalchemy import text

from models.bundle import load_bundle
from models.features import full_names
from service.cli import run
from service.ledger import Ledger
from service.promotion.approvals import read_approval

NOW_MS = BEGIN_MS + 120 * DAY_MS
WIDTH = len(full_names(()))


@pytest.fixture
def challenger(tmp_path: Path) -> Path:
    """Give the folder of a challenger."""
    return make_bundle(tmp_path / "other", name="other", threshold=-50.0)


@pytest.fixture
def crew(tmp_path: Path, challenger: Path, monkeypatch: pytest.MonkeyPatch) -> Crew:
    """Give a ledger with six weeks in which the challenger is better than legacy, and workers."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger.open(url)
    made = Crew(ledger, tmp_path)
    made.lineup = lineup_of(tmp_path, challengers=[challenger])
    champion = made.lineup.champion.bundle
    write_period(ledger, {champion.bundle_id: 1.0, load_bundle(challenger).bundle_id: 4.0},
                 width=WIDTH)  # fmt: skip
    monkeypatch.setenv("PENUMBRA_DATABASE_URL", url)
    monkeypatch.setenv("PENUMBRA_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("PENUMBRA_BUNDLE_PATH", str(champion.path))
    monkeypatch.setenv("PENUMBRA_CHALLENGER_PATHS", json.dumps([str(challenger)]))
    monkeypatch.setenv("PENUMBRA_LEGACY_POSITIVE", "all-but-approve")
    monkeypatch.setattr("service.ledger.wall_clock_ms", lambda: NOW_MS)
    (tmp_path / "gate.yaml").write_text(PASSABLE)
    (tmp_path / "passphrase").write_text("a long one of tests\n")
    return made


def champions(ledger: Ledger) -> list[str]:
    """Return the name of the champion of each payment of the live topic, in order."""
    with ledger.reading() as connection:
        found = connection.execute(text(
            "SELECT bundle_id FROM scores WHERE role = 'champion' AND stream = 'transactions' "
            "ORDER BY scored_ms, partition, sequence"
        ))  # fmt: skip
        return [row[0].rsplit("-", 1)[0] for row in found]


def test_a_challenger_earns_its_place_and_is_sent_back(
    crew: Crew, tmp_path: Path, challenger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shadow, evidence, two signatures, promotion, workers that follow, rollback."""
    other = load_bundle(challenger).bundle_id
    first = crew.lineup.champion.bundle.bundle_id
    pack, secret = str(tmp_path / "pack"), ["--passphrase-file", str(tmp_path / "passphrase")]

    def penumbra(*arguments: str) -> str:
        assert run(list(arguments)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    def refused(*arguments: str) -> str:
        assert run(list(arguments)) == 2
        return capsys.readouterr().err

    worker, _ = crew.worker()
    crew.send(0)
    rounds(lambda: crew.consumed() == 1, worker)

    asked = ["--bundle", other, "--gate", str(tmp_path / "gate.yaml")]
    told = penumbra("evidence", *asked, "--out", pack)
    assert "verdict: promote" in told
    assert "not met" not in told
    assert "nobody has signed" in refused("models", "promote", other, "--pack", pack)
    no_key = ["--public-key", "abc"]
    assert "no public key of 64 hex" in refused("models", "signer", "add", "eve", *no_key)
    for name in ("alice", "bob"):
        key = ["--key", str(tmp_path / f"{name}.key")]
        made = penumbra("models", "signer", "key", name, *key, *secret)
        half = ["--public-key", made.split()[-1]]
        assert f"{name} may sign" in penumbra("models", "signer", "add", name, *half)
        handed_over = penumbra("models", "sign", pack, "--as", name, *key, *secret, "--print")
        assert read_approval(handed_over).name == name
        assert f"{name} signed" in penumbra("models", "sign", pack, "--as", name, *key, *secret)
        if name == "alice":
            again = refused("models", "sign", pack, "--as", "alice", *key, *secret)
            assert "alice has signed it already" in again
            assert "only alice has signed" in refused("models", "promote", other, "--pack", pack)
    assert "signed by alice and bob" in penumbra("models", "promote", other, "--pack", pack)

    crew.send(1, partition=1)
    rounds(lambda: crew.consumed() == 2, worker)
    penumbra("models", "rollback", "--reason", "alerts doubled")
    crew.send(2)
    rounds(lambda: crew.consumed() == 3, worker)
    assert sorted(champions(crew.ledger)) == ["other", "tiny", "tiny"]

    acts = [one.action for one in crew.ledger.audit_page(limit=100, where={})]
    assert acts == ["rollback", "promote", *["sign evidence", "add signer"] * 2, "build evidence"]
    history = penumbra("models", "history").splitlines()[-3:]
    assert [line.split()[0] for line in history] == ["0", "1", "2"]
    assert first in history[0]
    assert "alerts doubled" in history[2]


def test_the_pack_holds_what_its_page_says(
    crew: Crew, tmp_path: Path, challenger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON and HTML of one evaluation, hashes of everything, and no figure without an interval."""
    bundle = load_bundle(challenger)
    pack = tmp_path / "pack"
    asked = ["--bundle", str(challenger), "--gate", str(tmp_path / "gate.yaml")]
    assert run(["evidence", *asked, "--out", str(pack)]) == 0
    evidence = json.loads((pack / "evidence.json").read_text())
    page = (pack / "evidence.html").read_text()
    assert evidence["model"]["bundle_id"] == bundle.bundle_id
    assert evidence["model"]["files"]["score.onnx"] in json.dumps(bundle.manifest["files"])
    assert evidence["champion"] == crew.lineup.champion.bundle.bundle_id
    assert evidence["windows"]["judged_days"] >= 28
    assert {one["status"] for one in evidence["findings"]} == {"met"}
    for one in evidence["findings"]:
        assert one["asked"].replace("'", "&#39;") in page
    total = sum(cell["payments"] for cell in evidence["cube"]["cells"])
    assert total == evidence["coverage"]["compared"] == evidence["coverage"]["payments"]
    (pair,) = evidence["between_models"]
    assert pair["differences"]["detection_rate"]["low"] > 0
    assert {"development", "validation", "outcomes analysis", "ongoing monitoring"} <= {
        row[1] for row in evidence["themes"]
    }
    assert "<script" not in page
    assert not re.search(r'(src|href)="', page)
    assert (pack / "gate.yaml").read_text() == PASSABLE
    said = capsys.readouterr().out
    assert "sha256" in said


def test_a_look_is_recorded_also_one_that_nobody_likes(
    crew: Crew, tmp_path: Path, challenger: Path
) -> None:
    """Whoever looks until it pleases is seen, and has more looks than were declared."""
    asked = ["evidence", "--bundle", str(challenger), "--gate", str(tmp_path / "gate.yaml")]
    for number in range(4):
        assert run([*asked, "--out", str(tmp_path / f"pack-{number}")]) == 0
    looks = crew.ledger.packs()
    assert [one.verdict for one in looks] == ["promote"] * 3 + ["keep shadowing"]
    last = json.loads(looks[-1].evaluation)
    assert [one["condition"] for one in last if one["status"] != "met"] == ["looks"]
