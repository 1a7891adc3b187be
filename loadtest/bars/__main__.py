"""`python -m loadtest.bars`: measure the main job end to end and write docs/results.md."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from loadtest.bars.bad_input import bad_input
from loadtest.bars.burst import burst
from loadtest.bars.demonstration import demonstration
from loadtest.bars.material import Material, handbook, simulated
from loadtest.bars.quality import boosted, weekly
from loadtest.bars.streaming import (
    Drill,
    broker_restarted_empty,
    drill,
    killed_three_times,
    two_workers,
)
from loadtest.bars.sums import ten_million
from loadtest.results import Figure, section, write_section
from loadtest.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DATA = Path("../shared/data/handbook_simulated.parquet")
TRAINED_UNTIL = datetime(2018, 7, 25)  # noqa: DTZ001 - the data's clock has no zone
START, END = datetime(2018, 8, 1), datetime(2018, 8, 29)  # noqa: DTZ001
TRAINING_LIMIT_S = 600
BACKTEST_LIMIT_S = 60
PARTS = (
    "train", "backtest", "stream", "simulated", "bad-input", "demo", "burst", "thresholds",
)  # fmt: skip
LEAST_ANSWERED = 0.95
SHIPPED = Path(__file__).parents[2] / "service" / "bundles" / "demo"
HANDBOOK = {"rules_path": "handbook", "id_formats": '{"transaction_id": "numeric"}'}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bars work: the data, a folder of their own, and the bundle trained there."""

    data: Path
    folder: Path

    @property
    def bundle(self) -> Path:
        """The bundle that the training bar leaves."""
        return self.folder / "bundle"


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(os.environ.get("PENUMBRA_HANDBOOK", DATA)),
    help="The handbook transactions (handbook_simulated.parquet).",
)
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("var/bars"), show_default=True
)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only these.")
@click.option(
    "--page", type=click.Path(path_type=Path), default=Path("docs/results.md"), show_default=True
)
def main(data: Path, folder: Path, parts: tuple[str, ...], page: Path) -> None:
    """Measure every bar of the main job; takes about half an hour on two cores."""
    if not data.is_file():
        raise click.ClickException(
            f"{data}: no such file; give --data or PENUMBRA_HANDBOOK, the handbook's "
            "transactions as Parquet"
        )
    folder.mkdir(parents=True, exist_ok=True)
    place = Place(data.resolve(), folder.resolve())
    measures: dict[str, tuple[str, Callable[[Place], list[Figure]]]] = {
        "train": ("Training", training),
        "backtest": ("Backtest", backtesting),
        "stream": ("Four weeks streamed", streaming),
        "simulated": ("A simulated stream with everything awkward", awkward),
        "bad-input": ("Bad input", lambda p: bad_input(p.folder / "bad", p.bundle)),
        "burst": ("A burst in which every payment is flagged", bursting),
        "thresholds": ("Any threshold over ten million decisions", lambda _: ten_million()),
        "demo": ("The demo", lambda p: demonstration(p.folder / "demo")),
    }
    missed = []
    for part in parts or PARTS:
        name, measure = measures[part]
        click.echo(f"{name} …")
        figures = measure(place)
        for figure in figures:
            click.echo(f"  {figure.line()}")
        missed += [figure.what for figure in figures if not figure.met]
        write_section(page, name, section(f"make bars ARGS='--part {part}'", figures, []))
    if missed:
        raise click.ClickException(f"{len(missed)} bars were missed: {'; '.join(missed)}")


def training(place: Place) -> list[Figure]:
    """Train on the days before 2018-07-25, baselines and report included."""
    shutil.rmtree(place.bundle, ignore_errors=True)
    config = Path(__file__).parent / "handbook.toml"
    with System(place.folder / "training") as system:
        begun = time.monotonic()
        said = system.run(
            "train", "--data", str(place.data), "--mapping", "handbook",
            "--config", str(config), "--out", str(place.bundle),
        )  # fmt: skip
        seconds = time.monotonic() - begun
    return [
        Figure(
            f"training end to end ({_told(said)})",
            f"{seconds:.0f} s",
            f"under {TRAINING_LIMIT_S} s",
            seconds < TRAINING_LIMIT_S,
        )
    ]


def _told(said: str) -> str:
    """Return what the training command said, without the folder it wrote to."""
    bundle, _, rest = said.split(";", maxsplit=1)[0].partition(" in ")
    return f"{bundle}:{rest.partition(':')[2]}"


def backtesting(place: Place) -> list[Figure]:
    """Backtest the four weeks: histories, decisions and explanations, file to ledger."""
    with System(place.folder / "backtest", bundle_path=str(place.bundle), **HANDBOOK) as system:
        begun = time.monotonic()
        said = system.run(
            "backtest", "--data", str(place.data), "--mapping", "handbook",
            "--from", f"{START:%Y-%m-%d}", "--until", f"{END:%Y-%m-%d}",
        )  # fmt: skip
        seconds = time.monotonic() - begun
        pending = system.ledger.pending_alerts()
        bodies = [body for _, body in system.ledger.alerts() if body is not None]
    return [
        Figure(
            "backtest of the four weeks, process start to last explanation",
            f"{seconds:.1f} s ({said.split(';')[0]})",
            f"under {BACKTEST_LIMIT_S} s",
            seconds < BACKTEST_LIMIT_S,
        ),
        Figure("alerts left without explanation", str(pending), "0", pending == 0),
        answered(sum(body["what_if"]["found"] for body in bodies), len(bodies)),
    ]


def answered(flags: int, of: int) -> Figure:
    """Return the figure of flags of which it is said what would have changed them."""
    return Figure(
        "flags with at most three changes under which the bundle does not flag them",
        f"{flags:,} of {of:,}",
        f"{100 * LEAST_ANSWERED:.0f} %",
        flags >= LEAST_ANSWERED * of,
    )


def streaming(place: Place) -> list[Figure]:
    """Stream the four weeks three times, each disturbed in another way."""
    material = handbook(place.data, place.folder, START, END)
    expected, _ = material.expected(4)
    settings = HANDBOOK | {"bundle_path": str(place.bundle)}
    figures, drills = [], []
    for name, disturb in (
        ("killed three times", killed_three_times),
        ("two workers, one dies, one joins", two_workers),
        ("broker restarted empty", broker_restarted_empty),
    ):
        found = drill(place.folder / "stream", material, expected, disturb, **settings)
        figures += _drill_figures(name, found)
        drills.append(found)
    return figures + _weeks(material, expected, drills[0])


def awkward(place: Place) -> list[Figure]:
    """Stream a simulated fortnight: late events, back-dated labels, reversals, currencies."""
    rates = place.folder / "rates.csv"
    material = simulated(place.folder, days=24, warm_days=10, rates=rates)
    expected, _ = material.expected(4)
    figures = []
    for name, disturb in (
        ("simulated, killed three times", killed_three_times),
        ("simulated, two workers", two_workers),
        ("simulated, broker restarted empty", broker_restarted_empty),
    ):
        found = drill(place.folder / "awkward", material, expected, disturb, rates_path=str(rates))
        figures += _drill_figures(name, found)
        figures.append(
            Figure(f"{name}: late events, not-scored types", f"{found.late:,}, "
                   f"{found.not_scored:,}", "some of each",
                   found.late > 0 and found.not_scored > 0)
        )  # fmt: skip
    return figures


def bursting(place: Place) -> list[Figure]:
    """Flag every payment of a minute, with the bundle that comes along."""
    return burst(place.folder / "burst", SHIPPED)


def _drill_figures(name: str, found: Drill) -> list[Figure]:
    return [
        Figure(
            f"{name}: records accounted for exactly once",
            f"{found.accounted:,} of {found.consumed:,} ({found.scored:,} scored, "
            f"{found.duplicates:,} duplicates, {found.not_scored:,} not scored)",
            "all",
            found.accounted == found.consumed == found.streamed,
        ),
        Figure(
            f"{name}: ledger rows whose features differ from the offline replay in any bit",
            f"{found.different:,} of {found.compared:,} "
            f"({found.seals:,} hours sealed, {found.incomplete_seals} incomplete)",
            "0",
            found.different == 0 and found.compared == found.scored,
        ),
        Figure(
            f"{name}: flags with an explanation; worst additivity error, log-odds",
            f"{found.explained:,} of {found.flags:,}; {found.worst_additivity:.1e}",
            "all; 1e-4",
            found.explained == found.flags and found.worst_additivity <= 1e-4,  # noqa: PLR2004
        ),
        answered(found.answered, found.explained),
    ]


def _weeks(material: Material, expected: NDArray[np.float32], found: Drill) -> list[Figure]:
    place = {name: row for row, name in enumerate(material.rows.transaction_id.tolist())}
    streamed = np.full(len(material.rows), -np.inf)
    streamed[[place[name] for name in found.rows.transaction_id]] = found.rows.log_odds
    until = int(np.datetime64(TRAINED_UNTIL, "ms").astype(np.int64))
    first = int(np.datetime64(START, "ms").astype(np.int64))
    return weekly(material, streamed, boosted(material, expected, until), first)


if __name__ == "__main__":
    main()
