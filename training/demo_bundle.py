"""`make demo-bundle`: simulate, train with demo.toml, put the bundle into the service's package.

The simulator is run as the product's own command, not imported: training knows files only.
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from models.bundle import load_bundle
from models.errors import PenumbraError
from models.mapping import Mapping
from training.config import TrainingConfig, load_config
from training.errors import TrainingRefused
from training.progress import Bars, Tracker
from training.work import run_training

PLACE = Path(__file__).parent.parent / "service" / "bundles" / "demo"
MOST_BYTES = 2_000_000

SIMULATION = (
    "--preset",
    "demo",
    "--seed",
    "2026",
    "--start",
    "2025-08-01",
    "--days",
    "150",
    "--customers",
    "8000",
)
"""Other customers than the demo shows (its seed differs), and all of it before the demo begins."""


def simulate(folder: Path, simulation: tuple[str, ...]) -> None:
    """Write the payments to folder/data and what their currencies were worth to rates.csv."""
    command = [sys.executable, "-m", "service.cli", "simulate", *simulation]
    command += ["--out", str(folder / "data"), "--rates", str(folder / "rates.csv")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


def make_demo_bundle(
    out: Path, simulation: tuple[str, ...], config: TrainingConfig, tracker: Tracker
) -> str:
    """Simulate, train and move the bundle to `out`, in place of an earlier one; return its id.

    Raises TrainingRefused when it came out too large to travel with the package.
    """
    with TemporaryDirectory() as folder:
        work = Path(folder)
        tracker.say("simulating payments for the demo's bundle")
        simulate(work, simulation)
        done = run_training(
            work / "data" / "transactions.parquet",
            work / "bundle",
            config=config,
            mapping=Mapping.load("canonical"),
            labels=work / "data" / "labels.parquet",
            rates=work / "rates.csv",
            now=datetime.now(UTC),
            tracker=tracker,
        )
        size = sum(file.stat().st_size for file in done.path.iterdir())
        if size > MOST_BYTES:
            raise TrainingRefused(
                f"the demo's bundle has {size:,} bytes, more than {MOST_BYTES:,}; make the network "
                "in training/demo.toml smaller"
            )
        load_bundle(done.path)
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(done.path, out)
    return done.bundle_id


def demo_config() -> TrainingConfig:
    """Return the configuration of the bundle that comes with the package."""
    return load_config(Path(str(resources.files("training") / "demo.toml")))


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=PLACE, help="Where it goes.")
@click.option("--days", type=int, help="Simulate fewer or more days.")
@click.option("--customers", type=int, help="Simulate fewer or more customers.")
def main(out: Path, days: int | None, customers: int | None) -> None:
    """Train the demo's bundle anew."""
    simulation = list(SIMULATION)
    for option, value in (("--days", days), ("--customers", customers)):
        if value is not None:
            simulation += [option, str(value)]
    with Bars() as bars:
        identity = make_demo_bundle(out, tuple(simulation), demo_config(), bars)
    click.echo(f"{identity} in {out}")


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except PenumbraError as error:
        sys.exit(f"error: {error}")
