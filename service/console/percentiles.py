"""Percentiles of this process's response times, from the histogram that Prometheus scrapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.metrics import REQUEST_SECONDS

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SHARES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class RouteTimes:
    """How long a path took: `seconds` are upper bounds of the 50th, 95th and 99th percentile.

    None where it lies beyond the last bucket.
    """

    route: str
    requests: int
    seconds: tuple[float | None, ...]


def route_times(registry: CollectorRegistry) -> list[RouteTimes]:
    """Return the times of every path that was asked for, the busiest first."""
    buckets: dict[str, dict[float, float]] = {}
    for family in registry.collect():
        if family.name != REQUEST_SECONDS.name:
            continue
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                route = f"{sample.labels['method']} {sample.labels['route']}"
                edge = float(sample.labels["le"])
                counts = buckets.setdefault(route, {})
                counts[edge] = counts.get(edge, 0.0) + sample.value
    found = [_times(route, sorted(counts.items())) for route, counts in buckets.items()]
    return sorted(found, key=lambda one: -one.requests)


def _times(route: str, counts: list[tuple[float, float]]) -> RouteTimes:
    total = counts[-1][1]
    bounds = []
    for share in SHARES:
        edge = next((edge for edge, count in counts if count >= share * total), float("inf"))
        bounds.append(None if edge == float("inf") else edge)
    return RouteTimes(route, int(total), tuple(bounds))
