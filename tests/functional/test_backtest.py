"""A CSV through its mapping into the ledger, without a broker."""

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from builders.pipeline import counters, differing, rows_of
from plugins.bundles import make_bundle

from models.files import read_table
from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from models.replay import replay
from service.ledger import Ledger

COMMAND = str(Path(sys.executable).with_name("penumbra"))
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
MAPPING = """
transaction_id: {column: id}
occurred_at: {column: when}
customer_id: {column: who}
merchant_id: {column: where}
amount: {column: amount, unit: major}
currency: {constant: EUR}
label: {column: fraud, fraud_values: ["1"], delay_days: 2, source: chargeback}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a CSV of eight days, with bad rows, a repeat and a contradiction, and its mapping."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(400):
        when = START + timedelta(minutes=29 * number + int(rng.integers(20)))
        rows.append(
            {
                "id": f"p{number}",
                "when": when.isoformat(),
                "who": f"c{rng.integers(12)}",
                "where": f"m{rng.integers(6)}",
                "amount": f"{rng.gamma(2, 40):.2f}",
                "fraud": int(rng.random() < 0.1),
            }
        )
    rows.insert(300, rows[299] | {"id": "bad-time", "when": "soon"})
    rows.insert(310, rows[309] | {"id": "bad-amount", "amount": "-3"})
    rows.insert(320, dict(rows[319]))
    rows.insert(330, rows[329] | {"amount": "99999.00"})
    with (tmp_path / "shop.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "shop.yaml").write_text(MAPPING)
    make_bundle(tmp_path / "bundle", threshold=0.0, weights=[0.01, 0.2, 0.1, 0.3, 0.4])
    return tmp_path


def backtest(folder: Path, *more: str, code: int = 0) -> str:
    """Run the command; return what it said."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PENUMBRA_")}
    done = subprocess.run(
        [COMMAND, "backtest", "--data", str(folder / "shop.csv"),
         "--mapping", str(folder / "shop.yaml"), *more],
        env=inherited
        | {
            "PENUMBRA_VAR_DIR": str(folder / "var"),
            "PENUMBRA_BUNDLE_PATH": str(folder / "bundle"),
            "PENUMBRA_SEAL_WAIT_S": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr.strip().splitlines()[-1]


def test_every_row_is_accounted_for_explained_and_as_the_replay_has_it(folder: Path) -> None:
    """Decisions from a date on, histories before it; once more, and all are duplicates."""
    said = backtest(folder, "--from", "2026-03-03")
    ledger = Ledger.open(f"sqlite:///{folder}/var/penumbra.db")
    counted = counters(ledger, "file")
    assert counted["dead_letters"] == 3
    assert counted["duplicates"] == 1
    assert counted["warmed"] + counted["consumed"] == 404
    assert counted["consumed"] == counted["scored"] + 4
    assert f"{counted['scored']:,} scored" in said

    mapped = Mapping.load(folder / "shop.yaml").apply(
        read_table(folder / "shop.csv"), intake=Intake(Rates.none("EUR")), now_ms=2**42
    )
    _, first = np.unique(mapped.transactions.transaction_id.astype("U"), return_index=True)
    rows = mapped.transactions.take(np.sort(first))
    assert mapped.labels is not None
    expected = replay(rows, mapped.labels)
    assert differing(ledger, rows, expected.features) == []
    assert (expected.features[:, expected.names.index("merchant_frauds_7d")] > 0).any()

    alerts = rows_of(ledger, "alerts", "alert_id")
    bodies = [json.loads(row[1]) for row in rows_of(ledger, "explanations", "alert_id")]
    assert 0 < len(alerts) == len(bodies) < counted["scored"]
    assert all(body["additivity_error"] <= 1e-4 for body in bodies)
    letters = {row[5] for row in rows_of(ledger, "dead_letters", "id")}
    assert "conflict" in letters
    ledger.close()

    backtest(folder)
    ledger = Ledger.open(f"sqlite:///{folder}/var/penumbra.db")
    again = counters(ledger, "file")
    assert again["scored"] == counted["scored"]
    assert again["consumed"] == counted["consumed"] + 404
    ledger.close()


def test_a_ledger_with_another_stream_is_refused(folder: Path) -> None:
    """Its hours are sealed by another time line; the line says where to go instead."""
    ledger = Ledger.open(f"sqlite:///{folder}/var/penumbra.db")
    ledger.acquire("transactions", 0, identity="topic", owner="worker")
    ledger.close()
    said = backtest(folder, code=2)
    assert "has the stream transactions" in said
    assert "PENUMBRA_VAR_DIR" in said
