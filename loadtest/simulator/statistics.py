"""The simulation beside the handbook's data: `python -m loadtest.simulator.statistics`.

Both are described by the same figures. Where the simulation differs on purpose, the table
says why.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.simulator import geography
from loadtest.simulator.config import SimulationConfig
from loadtest.simulator.engine import Simulation
from loadtest.simulator.figures import DAYS, FIGURES, HANDBOOK_HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST = 10
_HANDBOOK_START = datetime(2018, 4, 1)  # noqa: DTZ001 - the file's times carry no zone


def handbook(path: Path) -> pl.DataFrame:
    """Return the handbook's first 60 days as columns customer, merchant, at, hour, euros, fraud."""
    found = pl.read_parquet(path).filter(
        pl.col("TX_DATETIME") < _HANDBOOK_START + pl.duration(days=DAYS)
    )
    return found.select(
        customer=pl.col("CUSTOMER_ID"),
        merchant=pl.col("TERMINAL_ID"),
        at=pl.col("TX_DATETIME").dt.epoch("ms"),
        hour=pl.col("TX_DATETIME").dt.hour(),
        euros=pl.col("TX_AMOUNT"),
        fraud=pl.col("TX_FRAUD") == 1,
    )


def simulated(config: SimulationConfig) -> pl.DataFrame:
    """Return a simulation's payments in the columns of `handbook`."""
    euro = {
        code: float(1 / (10.0**exponent * rate))
        for code, exponent, rate in zip(
            geography.CURRENCIES, geography.EXPONENT, geography.PER_EURO, strict=True
        )
    }
    parts = []
    for chunk in Simulation(config).chunks():
        paid = chunk.transactions.filter(type="authorisation")
        parts.append(
            paid.select(
                customer="customer_id",
                merchant="merchant_id",
                at=pl.col("occurred_at")
                .str.to_datetime(time_unit="ms", time_zone="UTC")
                .dt.epoch("ms"),
                hour=pl.col("occurred_at").str.slice(11, 2).cast(pl.Int8),
                local=~pl.col("occurred_at").str.ends_with("Z"),
                euros=pl.col("amount_minor") * pl.col("currency").replace_strict(euro),
                fraud=pl.col("transaction_id").is_in(chunk.truth["transaction_id"].to_list()),
            )
        )
    return pl.concat(parts)


def describe(payments: pl.DataFrame) -> dict[str, float]:
    """Return every figure, by name, of a table of payments over 60 days."""
    ordered = payments.sort("customer", "at")
    hours = ordered.select(gap=(pl.col("at").diff().over("customer") / 3_600_000)).drop_nulls()
    gap = hours["gap"].to_numpy()
    people = payments.group_by("customer").agg(
        n=pl.len(), mean=pl.col("euros").mean(), sd=pl.col("euros").std(),
        places=pl.col("merchant").n_unique(), begins=pl.col("at").min(),
    )  # fmt: skip
    usual = people.filter(pl.col("n") >= _FEWEST)
    means = usual["mean"].to_numpy()
    # who joined later is counted from the day of joining
    begins = people["begins"].to_numpy()
    day = (payments["at"].to_numpy().max() - begins) / geography.DAY_MS
    rate = people["n"].to_numpy() / np.maximum(np.where(day > DAYS * 0.8, DAYS, day), 7)
    favourite = (
        payments.join(usual.select("customer"), on="customer", how="semi")
        .group_by("customer", "merchant")
        .len()
        .group_by("customer")
        .agg(share=pl.col("len").top_k(5).sum() / pl.col("len").sum())
    )
    busy = np.sort(payments.group_by("merchant").len()["len"].to_numpy())[::-1]
    clock = payments if "local" not in payments.columns else payments.filter(pl.col("local"))
    share = np.bincount(clock["hour"].to_numpy(), minlength=24) / len(clock)
    euros = payments["euros"].to_numpy()
    first, middle, third = np.quantile(means, [0.25, 0.5, 0.75])
    return {
        "payments a customer a day, mean": float(rate.mean()),
        "payments a customer a day, standard deviation": float(rate.std()),
        "hours between payments, lower quartile": float(np.quantile(gap, 0.25)),
        "hours between payments, median": float(np.quantile(gap, 0.5)),
        "hours between payments, upper quartile": float(np.quantile(gap, 0.75)),
        "mean amount of a customer, lower quartile (EUR)": float(first),
        "mean amount of a customer, median (EUR)": float(middle),
        "mean amount of a customer, upper quartile (EUR)": float(third),
        "amount, median (EUR)": float(np.quantile(euros, 0.5)),
        "amount, 95th percentile (EUR)": float(np.quantile(euros, 0.95)),
        "amount, 99th percentile (EUR)": float(np.quantile(euros, 0.99)),
        "sd / mean of a customer's amounts, median": float(
            (usual["sd"] / usual["mean"]).median()  # type: ignore[arg-type]
        ),
        "hour of day, total variation distance": float(np.abs(share - HANDBOOK_HOURS).sum() / 2),
        "share of payments from 0 to 6 h": float(share[:6].sum()),
        "merchants of a customer, median": float(usual["places"].median()),  # type: ignore[arg-type]
        "share of a customer's five favourites, median": float(
            favourite["share"].median()  # type: ignore[arg-type]
        ),
        "share of the busiest 1 % of merchants": _top(busy, 0.01),
        "share of the busiest 10 % of merchants": _top(busy, 0.10),
        "frauds among payments": float(payments["fraud"].mean()),  # type: ignore[arg-type]
        "customers with a fraud": float(
            payments.group_by("customer").agg(pl.col("fraud").any())["fraud"].mean()  # type: ignore[arg-type]
        ),
    }


def _top(counts: NDArray[np.integer], share: float) -> float:
    return float(counts[: max(1, int(len(counts) * share))].sum() / counts.sum())


def table(found: dict[str, float]) -> str:
    """Return figures beside the handbook's, as a Markdown table."""
    lines = ["| figure | handbook | here | allowed | why it differs |", "|---|---|---|---|---|"]
    for figure in FIGURES:
        value = found[figure.name]
        mark = "" if figure.holds(value) else " **outside**"
        low, high = figure.range
        lines.append(
            f"| {figure.name} | {figure.handbook:.3g} | {value:.3g}{mark} "
            f"| {low:.3g} to {high:.3g} | {figure.why} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table for a seed, or the handbook's own figures from its file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SimulationConfig().seed)
    parser.add_argument("--handbook", type=Path, help="describe this file in place of a simulation")
    chosen = parser.parse_args()
    if chosen.handbook is None:
        text = table(describe(simulated(SimulationConfig(seed=chosen.seed, days=DAYS))))
    else:
        found = describe(handbook(chosen.handbook))
        text = "\n".join(f"{name:50s} {value:9.4f}" for name, value in found.items())
    print(text)  # noqa: T201 - a report is what this module is run for


if __name__ == "__main__":
    main()
