"""Prometheus: what the ledger says at each scrape, and the times of this process's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from models.seal import HOUR_MS
from service import metrics
from service.api.reads import queue, seal_totals
from service.ledger import COUNTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

    from service.ledger import Ledger

_REMARKS = tuple(name for name in COUNTERS if name not in (*metrics.STATUSES, "consumed"))

log = structlog.get_logger(__name__)


class LedgerCollector(Collector):
    """Reads the ledger's counters when asked, so that several processes show the same."""

    def __init__(self, ledger: Ledger, clock: Callable[[], int]) -> None:
        self._ledger = ledger
        self._clock = clock

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric that comes from the ledger. Raises LedgerUnavailable."""
        now_ms = self._clock()
        yield from self._partitions(now_ms)
        waiting = queue(self._ledger)
        oldest_s = 0.0 if waiting.oldest_ms is None else (now_ms - waiting.oldest_ms) / 1000
        for declared, value in (
            (metrics.ALERTS_PENDING, float(waiting.pending)),
            (metrics.ALERTS_OLDEST, oldest_s),
        ):
            family = _gauge(declared)
            family.add_metric([], value)
            yield family
        totals = seal_totals(self._ledger)
        seals = _counter(metrics.SEALS)
        seals.add_metric(["true"], totals.complete)
        seals.add_metric(["false"], totals.incomplete)
        yield seals
        if totals.newest_hour is not None:
            hour = _gauge(metrics.SEAL_HOUR)
            hour.add_metric([], totals.newest_hour * HOUR_MS / 1000)
            yield hour

    def _partitions(self, now_ms: int) -> Iterator[Metric]:
        consumed, records = _counter(metrics.CONSUMED), _counter(metrics.RECORDS)
        remarks = _counter(metrics.REMARKS)
        age, idle = _gauge(metrics.WATERMARK_AGE), _gauge(metrics.IDLE)
        for state in self._ledger.progress():
            place = [state.stream, str(state.partition)]
            consumed.add_metric(place, state.counters["consumed"])
            for status in metrics.STATUSES:
                records.add_metric([*place, status], state.counters[status])
            for remark in _REMARKS:
                remarks.add_metric([*place, remark], state.counters[remark])
            if state.watermark_ms is not None:
                age.add_metric(place, (now_ms - state.watermark_ms) / 1000)
            idle.add_metric(place, float(state.idle))
        yield from (consumed, records, remarks, age, idle)


class Metrics:
    """The registry of one process: the ledger's counters and the times of requests."""

    def __init__(self, ledger: Ledger, clock: Callable[[], int]) -> None:
        # It would show, beside each metric, another one of when it was made.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.registry.register(LedgerCollector(ledger, clock))
        declared = metrics.REQUEST_SECONDS
        self._seconds = Histogram(
            declared.name,
            declared.help,
            declared.labels,
            buckets=metrics.LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answered request."""
        self._seconds.labels(method, route, str(status)).observe(seconds)


def _counter(declared: metrics.Declared) -> CounterMetricFamily:
    return CounterMetricFamily(declared.name, declared.help, labels=declared.labels)


def _gauge(declared: metrics.Declared) -> GaugeMetricFamily:
    return GaugeMetricFamily(declared.name, declared.help, labels=declared.labels)
