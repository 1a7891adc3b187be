"""`penumbra audit` from the command line: text, data, a page, a mapping."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from models.errors import PenumbraError
from training.cli import audit_command

ROWS = 3000


@dataclass(frozen=True)
class Files:
    """Where the small data lies."""

    payments: Path
    labels: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Forty days of payments, named as in the wire contract; labels in a file beside them."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("audited")
    found = Files(folder / "payments.csv", folder / "labels.csv")
    seconds = np.sort(rng.integers(0, 40 * 86_400, ROWS)) + 1_767_225_600
    when = pl.Series(seconds * 1000).cast(pl.Datetime("ms"))
    pl.DataFrame(
        {
            "transaction_id": [f"t{number}" for number in range(ROWS)],
            "occurred_at": when.dt.strftime("%Y-%m-%dT%H:%M:%S+01:00"),
            "customer_id": [f"c{number}" for number in rng.integers(0, 120, ROWS)],
            "merchant_id": [f"m{number}" for number in rng.integers(0, 40, ROWS)],
            "amount_minor": rng.integers(100, 9000, ROWS),
            "currency": ["EUR"] * ROWS,
        }
    ).write_csv(found.payments)
    fraud = np.arange(0, ROWS, 30)
    pl.DataFrame(
        {
            "transaction_id": [f"t{number}" for number in fraud],
            "is_fraud": [True] * len(fraud),
            "known_at": when.gather(fraud).dt.offset_by("2d").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    ).write_csv(found.labels)
    return found


def test_audit_prints_findings_for_people_and_machines(files: Files) -> None:
    """One line a check, or JSON."""
    arguments = [str(files.payments), "--labels", str(files.labels)]
    told = CliRunner().invoke(audit_command, arguments)
    assert told.exit_code == 0, told.output
    assert "label delay" in told.output
    data = json.loads(CliRunner().invoke(audit_command, [*arguments, "--json"]).stdout)
    assert {one["check"] for one in data["findings"]} >= {"validity", "leakage", "duplicates"}
    constant = next(one for one in data["findings"] if one["check"] == "constant columns")
    assert constant["figures"]["columns"] == ["currency"]
    assert data["verdict"]["fitness"] in told.output
    assert {one["dimension"] for one in data["scorecard"]} >= {"labels", "leakage", "stability"}


def test_audit_writes_a_page(files: Files, tmp_path: Path) -> None:
    """Beside what it prints."""
    page = tmp_path / "audit.html"
    result = CliRunner().invoke(
        audit_command, [str(files.payments), "--labels", str(files.labels), "--html", str(page)]
    )
    assert result.exit_code == 0, result.output
    assert "Verdict:" in result.output
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_audit_suggests_a_mapping_that_it_can_use(files: Files, tmp_path: Path) -> None:
    """`--suggest-mapping > mine.yaml`, and the next audit reads the file with it."""
    foreign = tmp_path / "foreign.csv"
    table = pl.read_csv(files.payments).rename(
        {"occurred_at": "booked", "customer_id": "client", "amount_minor": "amount_cents"}
    )
    table.write_csv(foreign)
    refused = CliRunner().invoke(audit_command, [str(foreign)])
    assert isinstance(refused.exception, PenumbraError)
    assert "--suggest-mapping" in str(refused.exception)
    suggested = CliRunner().invoke(audit_command, [str(foreign), "--suggest-mapping"])
    assert suggested.exit_code == 0, suggested.output
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(suggested.stdout)
    result = CliRunner().invoke(
        audit_command,
        [str(foreign), "--mapping", str(mapping), "--labels", str(files.labels), "--json"],
    )
    assert result.exit_code == 0, result.output
    found = {one["check"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["validity"]["figures"]["refused"] == 0
    assert found["label coverage"]["figures"]["stray_labels"] == 0
