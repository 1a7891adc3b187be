"""What is streamed: the handbook's four weeks, or a simulated month with everything awkward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.feed import Messages
from loadtest.simulator import Simulation, SimulationConfig
from loadtest.simulator.files import write_rates
from loadtest.simulator.wire import keys, wire
from models.files import read_labels, read_table
from models.hashing import kafka_partition
from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from models.replay import replay

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from models.labels import Labels
    from models.transaction import Transactions

HANDBOOK_IDS = {"transaction_id": "numeric"}
NOW_MS = 4_000_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Past transactions to warm with (a file), and what is streamed after them.

    `rows` and `labels` are all of them, in the order in which each partition gets them;
    `streamed` marks the rows that are streamed, `fraud` the truth.
    """

    past: Path
    past_labels: Path
    mapping: str
    rows: Transactions
    labels: Labels
    streamed: NDArray[np.bool_]
    fraud: NDArray[np.bool_]
    transactions: Messages
    label_messages: Messages

    def expected(self, partitions: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the offline replay's features (n, W) and late marks of all rows."""
        found = replay(
            self.rows, self.labels, partition=kafka_partition(self.rows.customer_id, partitions)
        )
        return found.features, found.late


def handbook(data: Path, folder: Path, start: datetime, end: datetime) -> Material:
    """Return the handbook data up to `end`, of which the days from `start` are streamed."""
    frame = read_table(data).filter(pl.col("TX_DATETIME") < end)
    frame = frame.sort("TX_DATETIME", maintain_order=True)
    intake = Intake(Rates.none("EUR"), id_formats=HANDBOOK_IDS)
    mapped = Mapping.load("handbook").apply(frame, intake=intake, now_ms=NOW_MS)
    if mapped.labels is None or mapped.rejections:
        raise ValueError("the handbook data is not as its mapping expects")
    labels = mapped.labels.take(mapped.labels.is_fraud)
    streamed = (frame["TX_DATETIME"] >= start).to_numpy()
    past = folder / "past.parquet"
    frame.filter(~streamed).write_parquet(past)
    live = frame.filter(streamed)
    canonical = live.select(
        transaction_id=pl.col("TRANSACTION_ID").cast(pl.String),
        occurred_at=pl.col("TX_DATETIME").dt.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        customer_id=pl.col("CUSTOMER_ID").cast(pl.String),
        merchant_id=pl.col("TERMINAL_ID").cast(pl.String),
        amount_minor=(pl.col("TX_AMOUNT") * 100).round().cast(pl.Int64),
        currency=pl.lit("EUR"),
    )
    label_frame = _label_frame(labels)
    past_labels = folder / "past.labels.parquet"
    label_frame.write_parquet(past_labels)
    return Material(
        past=past,
        past_labels=past_labels,
        mapping="handbook",
        rows=mapped.transactions,
        labels=labels,
        streamed=streamed,
        fraud=mapped.labels.is_fraud,
        transactions=Messages(
            keys(canonical), wire(canonical), mapped.transactions.occurred_ms[streamed]
        ),
        label_messages=_label_messages(label_frame, labels, _newest(mapped.transactions, streamed)),
    )


def simulated(
    folder: Path,
    *,
    days: int,
    warm_days: int,
    rates: Path,
    customers: int = 2_500,
    merchants: int = 1_500,
) -> Material:
    """Return a simulated stream: 5 % late, back-dated labels, reversals, many currencies."""
    config = SimulationConfig(
        seed=23,
        customers=customers,
        merchants=merchants,
        days=days,
        late_share=0.05,
        backdated_share=0.1,
    )
    write_rates(config, rates)
    chunks = list(Simulation(config).chunks())
    frame = pl.concat([chunk.transactions for chunk in chunks])
    label_frame = pl.concat([chunk.labels for chunk in chunks]).sort("known_at")
    truth = pl.concat([chunk.truth for chunk in chunks])
    intake = Intake(Rates.load(rates, "EUR"))
    mapped = Mapping.load("canonical").apply(frame, intake=intake, now_ms=NOW_MS)
    if mapped.rejections:
        raise ValueError(f"the simulator made a record that is refused: {mapped.rejections[0]}")
    rows = mapped.transactions
    # Warmed is what had been delivered by then, in order of time; streamed what came after.
    cut = sum(len(chunk.transactions) for chunk in chunks[:warm_days])
    streamed = np.arange(len(frame)) >= cut
    order = np.arange(len(frame))
    order[:cut] = np.argsort(rows.occurred_ms[:cut], kind="stable")
    frame, rows = frame[order], rows.take(order)
    past, past_labels = folder / "past.parquet", folder / "past.labels.parquet"
    frame[:cut].write_parquet(past)
    label_frame.write_parquet(past_labels)
    labels = read_labels(past_labels)
    live = frame[cut:]
    return Material(
        past=past,
        past_labels=past_labels,
        mapping="canonical",
        rows=rows,
        labels=labels,
        streamed=streamed,
        fraud=frame["transaction_id"].is_in(truth["transaction_id"].implode()).to_numpy(),
        transactions=Messages(keys(live), wire(live), rows.occurred_ms[cut:]),
        label_messages=_label_messages(label_frame, labels, _newest(rows, streamed)),
    )


def _newest(rows: Transactions, streamed: NDArray[np.bool_]) -> int:
    return int(rows.occurred_ms[~streamed].max())


def _label_frame(labels: Labels) -> pl.DataFrame:
    def instants(ms: NDArray[np.int64]) -> pl.Series:
        return pl.Series(ms).cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")

    return pl.DataFrame(
        {
            "transaction_id": labels.transaction_id.tolist(),
            "is_fraud": labels.is_fraud,
            "source": labels.source.tolist(),
            "labelled_at": instants(labels.labelled_ms),
            "known_at": instants(labels.known_ms),
            "label_id": labels.label_id.tolist(),
        }
    )


def _label_messages(frame: pl.DataFrame, labels: Labels, warmed_until_ms: int) -> Messages:
    """Return the labels that become known after the warm-up, in that order."""
    later = np.flatnonzero(labels.known_ms > warmed_until_ms)
    later = later[np.argsort(labels.known_ms[later], kind="stable")]
    rows = frame[later]
    return Messages(keys(rows, "transaction_id"), wire(rows), labels.known_ms[later])
