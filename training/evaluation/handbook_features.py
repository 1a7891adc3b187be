"""The handbook's own fifteen features, for reproducing its figures."""

import numpy as np
import numpy.typing as npt
import polars as pl

from models.transaction import Transactions

WINDOWS_DAYS = (1, 7, 30)
DELAY_DAYS = 7
NAMES = (
    "amount",
    "weekend",
    "night",
    *(f"customer_count_{days}d" for days in WINDOWS_DAYS),
    *(f"customer_mean_{days}d" for days in WINDOWS_DAYS),
    *(f"terminal_count_{days}d" for days in WINDOWS_DAYS),
    *(f"terminal_risk_{days}d" for days in WINDOWS_DAYS),
)


def handbook_features(
    rows: Transactions, fraud: npt.NDArray[np.bool_], amount: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Return float32 (n, 15) in NAMES' order, for rows in order of time.

    Counts and means of a customer include the payment itself. Counts and the share of fraud of
    a terminal are those of a window that ended a week before: that long labels take.
    """
    frame = pl.DataFrame(
        {
            "at": pl.Series(rows.occurred_ms).cast(pl.Datetime("ms")),
            "customer": pl.Series(rows.customer_id.tolist(), dtype=pl.String),
            "terminal": pl.Series(rows.merchant_id.tolist(), dtype=pl.String),
            "amount": amount,
            "fraud": fraud.astype(np.float64),
            "one": np.ones(len(rows)),
        }
    )
    columns = [
        pl.col("amount"),
        (pl.col("at").dt.weekday() >= 6).cast(pl.Float64).alias("weekend"),  # noqa: PLR2004
        (pl.col("at").dt.hour() <= 6).cast(pl.Float64).alias("night"),  # noqa: PLR2004
    ]
    counts = [_sum("one", "customer", days) for days in WINDOWS_DAYS]
    columns += [
        count.alias(f"customer_count_{d}d") for d, count in zip(WINDOWS_DAYS, counts, strict=True)
    ]
    columns += [
        (_sum("amount", "customer", days) / count).alias(f"customer_mean_{days}d")
        for days, count in zip(WINDOWS_DAYS, counts, strict=True)
    ]
    delayed = {
        what: [
            _sum(what, "terminal", DELAY_DAYS + days) - _sum(what, "terminal", DELAY_DAYS)
            for days in WINDOWS_DAYS
        ]
        for what in ("one", "fraud")
    }
    columns += [
        c.alias(f"terminal_count_{d}d") for d, c in zip(WINDOWS_DAYS, delayed["one"], strict=True)
    ]
    columns += [
        pl.when(count > 0).then(frauds / count).otherwise(0.0).alias(f"terminal_risk_{days}d")
        for days, count, frauds in zip(WINDOWS_DAYS, delayed["one"], delayed["fraud"], strict=True)
    ]
    return frame.select(columns).select(NAMES).to_numpy().astype(np.float32)


def _sum(what: str, by: str, days: int) -> pl.Expr:
    return pl.col(what).rolling_sum_by("at", window_size=f"{days}d", closed="right").over(by)
