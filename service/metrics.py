"""Every metric Penumbra shows, declared once: name, kind, unit and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric. A counter's name is shown with `_total` behind it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    help: str
    labels: tuple[str, ...] = ()


CONSUMED = Declared(
    "penumbra_consumed",
    "counter",
    "records",
    "Records taken from a source.",
    ("stream", "partition"),
)
RECORDS = Declared(
    "penumbra_records",
    "counter",
    "records",
    "What became of the records consumed; over all statuses it adds up to penumbra_consumed.",
    ("stream", "partition", "status"),
)
REMARKS = Declared(
    "penumbra_remarks",
    "counter",
    "records",
    "Records with something to remark: late, misrouted, unknown fields, exempted ids, warmed.",
    ("stream", "partition", "remark"),
)
WATERMARK_AGE = Declared(
    "penumbra_watermark_age_seconds",
    "gauge",
    "seconds",
    "Time since the newest event of a partition: how far behind the present it is.",
    ("stream", "partition"),
)
IDLE = Declared(
    "penumbra_partition_idle",
    "gauge",
    "0 or 1",
    "Whether a partition has nothing to read.",
    ("stream", "partition"),
)
ALERTS_PENDING = Declared(
    "penumbra_alerts_pending", "gauge", "alerts", "Flags that wait for their explanation."
)
ALERTS_OLDEST = Declared(
    "penumbra_alerts_pending_oldest_seconds",
    "gauge",
    "seconds",
    "How long the oldest of them has waited; 0 when none does.",
)
SEAL_HOUR = Declared(
    "penumbra_seal_hour_timestamp_seconds",
    "gauge",
    "seconds since 1970",
    "The newest sealed hour.",
)
SEALS = Declared(
    "penumbra_seals",
    "counter",
    "seals",
    "Hours sealed, with everything in or with what there was.",
    ("complete",),
)
REQUEST_SECONDS = Declared(
    "penumbra_http_request_duration_seconds",
    "histogram",
    "seconds",
    "Time to answer an HTTP request.",
    ("method", "route", "status"),
)

STATUSES = ("scored", "unscored", "duplicates", "not_scored", "kept", "dead_letters")
"""The counters of the ledger that add up to `consumed`."""
LATENCY_BUCKETS_S = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
