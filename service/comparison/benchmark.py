"""`python -m service.comparison.benchmark`: how long the simulator takes on ten million decisions.

The sums are made by the functions that a commit makes them with, from invented payments; the
payments themselves are not written, since the simulator never reads them. Prints JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from service.api.telling import simulator_of
from service.comparison.windowed import windowed
from service.comparison.windows import Window
from service.ledger import Ledger, rollups
from service.ledger.case_openings import CASE_FLOOR
from service.ledger.cells import summed
from service.ledger.facts import CASE_CUT, DAY_MS, NOT_TOLD, Facts, Key, Part, parts
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BUNDLE = "benchmark-000000000000"
FIRST_DAY = 20_000
PARTITIONS = 4
LABELLED_LATER = 0.5
FRAUD_RATE, LEGACY_RATE, GENUINE_LABELS = 0.005, 0.01, 0.1
LEGACY_KNOWN, RETURNED, OPENING = 0.99, 0.02, 0.7
LEAST_FRAUD_RISK, FLAGGED_FROM = 200, 400


@click.command()
@click.option("--decisions", type=int, default=10_000_000, show_default=True)
@click.option("--days", type=int, default=120, show_default=True)
@click.option("--queries", type=int, default=300, show_default=True)
@click.option(
    "--database-url", help="Another database than a SQLite file of its own; an empty one."
)
def main(decisions: int, days: int, queries: int, database_url: str | None) -> None:
    """Measure thresholds over random windows, before the lanes are folded and after."""
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{Path(folder) / 'benchmark.db'}"
        settings = Settings.load(database_url=url, legacy_positive="decline")
        ledger = Ledger.open(url)
        rng = np.random.default_rng(0)
        begun = time.process_time()
        for day in range(days):
            _write(ledger, rng, FIRST_DAY + day, decisions // days)
        written = time.process_time() - begun
        found: dict[str, Any] = {
            "decisions": decisions,
            "days": days,
            "partitions": PARTITIONS,
            "written_us_a_decision": 1e6 * written / decisions,
            "not_folded": _measured(ledger, settings, rng, days, queries),
        }
        with ledger.begin() as connection:
            rollups.fold(connection, FIRST_DAY + days - 1)
        found["folded"] = _measured(ledger, settings, rng, days, queries)
        ledger.close()
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


def _write(ledger: Ledger, rng: np.random.Generator, day: int, n: int) -> None:
    """Write a day of every partition, and labels that come later by a lane of their own."""
    for partition in range(PARTITIONS):
        now = _invented(rng, day, n // PARTITIONS)
        later = (now.truth == 1) & (rng.random(len(now)) < LABELLED_LATER)
        first = replace(now, truth=np.where(later, -1, now.truth))
        with ledger.begin() as connection:
            rollups.add(connection, ("transactions", partition), parts(first))
            rollups.add(connection, ("transactions", partition), _cases(rng, now, day))
            moves = chain(parts(first.take(later), -1), parts(now.take(later)))
            rollups.add(connection, ("fraud-labels", 0), moves)


def _invented(rng: np.random.Generator, day: int, n: int) -> Facts:
    fraud = rng.random(n) < FRAUD_RATE
    genuine_risk = np.minimum(-120 * np.log10(rng.random(n)), 999)
    risk = np.where(fraud, rng.integers(LEAST_FRAUD_RISK, 1000, n), genuine_risk).astype(np.int64)
    labelled = fraud | (rng.random(n) < GENUINE_LABELS)
    declines = rng.random(n) < np.where(fraud, 0.4, LEGACY_RATE)
    amount = np.round(rng.lognormal(8, 1.2, n)).astype(np.int64)
    version = "rules-1" if day < FIRST_DAY + 60 else "rules-2"
    known = rng.random(n) < LEGACY_KNOWN
    return Facts(
        occurred_ms=day * DAY_MS + rng.integers(0, DAY_MS, n),
        bundle_id=np.full(n, BUNDLE, object),
        role=np.full(n, "champion", object),
        ruleset=np.where(known, version, NOT_TOLD).astype(object),
        risk=risk,
        flagged=risk >= FLAGGED_FROM,
        outcome=rng.choice(np.array([-1, 0, 1]), n, p=[0.1, 0.85, 0.05]),
        legacy=np.where(known, np.where(declines, 3, 0), -1),
        truth=np.where(labelled, fraud.astype(np.int64), -1),
        amount=amount,
        returned=np.where(rng.random(n) < RETURNED, amount, 0),
        priced=np.ones(n, bool),
        channel=rng.integers(0, 5, n),
        mcc=rng.integers(0, 300, n) * 29,
        country=rng.choice(np.array([f"{a}{b}" for a in "ABCD" for b in "EFGHI"], object), n),
        history_days=rng.integers(0, 900, n),
        groups=np.full(n, None, object),
    )


def _cases(rng: np.random.Generator, facts: Facts, day: int) -> list[tuple[Key, Part]]:
    risk = facts.risk[(facts.risk >= CASE_FLOOR) & (rng.random(len(facts)) < OPENING)]
    nothing = np.zeros(len(risk), np.int64)
    cells = summed(risk, np.ones(len(risk), np.int64), nothing, nothing)
    first = day * DAY_MS
    key = Key(CASE_CUT, BUNDLE, "champion", day, NOT_TOLD)
    return [(key, Part(first, first + DAY_MS - 1, (), cells))]


def _measured(
    ledger: Ledger, settings: Settings, rng: np.random.Generator, days: int, queries: int
) -> dict[str, float]:
    """Return milliseconds of a query, by the wall's clock and the processor's."""

    def ask() -> None:
        first, last = np.sort(rng.integers(0, days, 2))
        _asked(ledger, settings, Window(FIRST_DAY + int(first), FIRST_DAY + int(last)), rng)

    def ask_all() -> None:
        _asked(ledger, settings, Window(FIRST_DAY, FIRST_DAY + days - 1), rng)

    some, whole = _timed(ask, queries), _timed(ask_all, queries // 3)
    return {
        f"{name}_{clock}_p{share}_ms": float(np.percentile(times[:, column], share))
        for name, times in (("any_window", some), ("whole", whole))
        for column, clock in enumerate(("wall", "cpu"))
        for share in (50, 99)
    }


def _timed(ask: Callable[[], None], times: int) -> NDArray[np.float64]:
    found = np.empty((times, 2))
    ask()
    for row in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        ask()
        found[row] = time.perf_counter() - wall, time.process_time() - cpu
    return found * 1000


def _asked(ledger: Ledger, settings: Settings, window: Window, rng: np.random.Generator) -> None:
    """Ask what `/v1/thresholds` asks: a window, a budget, the best, the whole curve."""
    now_ms = (window.last_day + 60) * DAY_MS
    found = windowed(ledger, settings, window, now_ms=now_ms, mix=True)
    made = simulator_of(ledger, settings, found, {})
    made.within(float(rng.integers(0, 1000)) * window.days)
    made.best()
    for risk in range(0, 1001, 10):
        made.at(risk)


if __name__ == "__main__":
    main()
