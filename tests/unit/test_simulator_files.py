"""`penumbra simulate`: files, formats, options, and mistakes told in one line."""

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from loadtest.commands import simulate
from loadtest.simulator import SimulationError, configure, read_toml
from loadtest.simulator.files import destination
from models.money import Rates
from models.transaction import Transaction

SMALL = ["--customers", "200", "--merchants", "200", "--days", "4", "--fraud-rate", "0.03"]


def run(*arguments: object) -> str:
    """Run the command; return what it printed to stdout."""
    result = CliRunner().invoke(simulate, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_folder_gets_three_parquet_files_and_nothing_else(tmp_path: Path) -> None:
    """Transactions, labels and truth; the counts printed are those of the files."""
    said = run("--out", tmp_path, *SMALL)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "labels.parquet", "transactions.parquet", "truth.parquet",
    ]  # fmt: skip
    assert f"{len(pl.read_parquet(tmp_path / 'transactions.parquet')):,} transactions" in said
    assert f"{len(pl.read_parquet(tmp_path / 'truth.parquet')):,} frauds" in said


def test_the_three_formats_hold_the_same(tmp_path: Path) -> None:
    """Parquet, CSV and JSON lines agree, value for value."""
    for form in ("parquet", "csv", "jsonl"):
        run("--out", tmp_path, "--format", form, *SMALL)
    schema = pl.read_parquet_schema(tmp_path / "transactions.parquet")
    parquet = pl.read_parquet(tmp_path / "transactions.parquet")
    assert_frame_equal(parquet, pl.read_csv(tmp_path / "transactions.csv", schema=schema))
    with (tmp_path / "transactions.jsonl").open("rb") as lines:
        decoded = [msgspec.json.decode(line, type=Transaction) for line in lines]
    assert [t.transaction_id for t in decoded] == parquet["transaction_id"].to_list()
    assert [t.device_id for t in decoded] == parquet["device_id"].to_list()
    labels = pl.read_parquet(tmp_path / "labels.parquet")
    told = [msgspec.json.decode(x) for x in (tmp_path / "labels.jsonl").read_bytes().splitlines()]
    assert [x["label_id"] for x in told] == labels["label_id"].to_list()


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_the_same_seed_writes_the_same_bytes(tmp_path: Path, form: str) -> None:
    """Two runs give files that are equal byte for byte."""
    for name in ("one", "two"):
        run("--out", tmp_path / name, "--format", form, "--seed", 9, *SMALL)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_file_out_decides_format_and_names(tmp_path: Path) -> None:
    """--out NAME.csv writes labels and truth beside it; --labels and --truth move them."""
    run("--out", tmp_path / "may.csv", "--truth", tmp_path / "secret" / "t.csv", *SMALL)
    assert (tmp_path / "may.csv").exists()
    assert (tmp_path / "may.labels.csv").exists()
    assert (tmp_path / "secret" / "t.csv").exists()


def test_options_win_over_a_toml_file(tmp_path: Path) -> None:
    """Keys of the file are used unless an option says otherwise."""
    toml = tmp_path / "portfolio.toml"
    toml.write_text("seed = 4\ndays = 3\nstart = 2026-05-01\n[novel_from]\nbust_out = 2\n")
    run("--out", tmp_path, "--config", toml, *SMALL[:4], "--days", 2)
    dates = pl.read_parquet(tmp_path / "transactions.parquet")["occurred_at"].str.slice(0, 10)
    assert {"2026-05-01", "2026-05-02"} <= set(dates)
    assert max(dates) <= "2026-05-03"


def test_rates_are_a_file_the_product_reads(tmp_path: Path) -> None:
    """--rates writes a rate for each other currency and day."""
    run("--out", tmp_path, "--rates", tmp_path / "rates.csv", *SMALL)
    rates = Rates.load(tmp_path / "rates.csv", "EUR")
    assert len(rates.days) == 5
    assert 0.005 < rates.rates["JPY"][0] < 0.008


@pytest.mark.parametrize(
    ("out", "form", "message"),
    [("a.xlsx", None, "unknown ending .xlsx"), ("a.csv", "jsonl", "ends in .csv but --format")],
)
def test_a_destination_that_cannot_be_is_refused(
    tmp_path: Path, out: str, form: str | None, message: str
) -> None:
    """The error names the path and what would do."""
    with pytest.raises(SimulationError, match=message):
        destination(tmp_path / out, form)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("customer = 3", "unknown key 'customer'"),
        ('days = "ten"', "days is 'ten'; give a int"),
        ("days = ", "is not TOML"),
        ("fraud_shares = {bust_out = true}", "table of numbers"),
    ],
)
def test_a_wrong_configuration_file_is_told_in_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    """The error names the file's key and what is expected."""
    toml = tmp_path / "wrong.toml"
    toml.write_text(text)
    with pytest.raises(SimulationError, match=message) as caught:
        configure(read_toml(toml), where="wrong.toml")
    assert "\n" not in str(caught.value)


def test_a_missing_configuration_file_is_told(tmp_path: Path) -> None:
    """The error says which file and which option."""
    with pytest.raises(SimulationError, match="check --config"):
        read_toml(tmp_path / "none.toml")


def test_an_interrupted_run_leaves_no_file_behind(tmp_path: Path) -> None:
    """An error on the way removes the parts: no file looks complete that is not."""
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "labels.csv.part").mkdir()
    with pytest.raises(SimulationError, match="cannot write"):
        run("--out", blocked, "--format", "csv", *SMALL)
    assert [p.name for p in blocked.iterdir()] == ["labels.csv.part"]


def test_the_simulator_needs_neither_torch_nor_the_service() -> None:
    """It knows the wire alone: importing it brings no network code and no service."""
    code = (
        "import sys, loadtest.commands\n"
        "unwanted = {'torch', 'service', 'training', 'kafka', 'onnxruntime', 'numba'}\n"
        "bad = unwanted & set(sys.modules)\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_core_makes_tens_of_thousands_of_transactions_a_second(tmp_path: Path) -> None:
    """Processor time for 100,000 transactions and more stays far below the budget."""
    begin = time.process_time()
    run("--out", tmp_path, "--customers", 20_000, "--days", 4)
    spent = time.process_time() - begin
    rows = pl.scan_parquet(tmp_path / "transactions.parquet").select(pl.len()).collect().item()
    assert rows / spent > 30_000
