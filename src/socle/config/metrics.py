"""What ``/metrics`` shows. Several worker processes share their counts through ``<home>/metrics``.

The command that starts the workers sets ``PROMETHEUS_MULTIPROC_DIR`` and empties the folder;
without it each process counts alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "socle_http_requests",
    "Requests answered, by method, route name and status.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
SECONDS = Histogram(
    "socle_http_request_seconds",
    "Time to answer a request, in seconds, by route name.",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)


class _Tasks(Collector):
    """State of the queue, read when asked: tasks waiting, running and failed; last heartbeat."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from socle.config.readiness import heartbeat_age
        from socle.foundations.tasks import queries as tasks

        waiting = GaugeMetricFamily("socle_tasks", "Tasks by state.", labels=["state"])
        for state, count in tasks.counts().items():
            waiting.add_metric([state], count)
        yield waiting
        age = heartbeat_age()
        if age is not None:
            yield GaugeMetricFamily(
                "socle_worker_heartbeat_seconds", "Since the last sign of a worker.", value=age
            )


def exposition() -> bytes:
    """Everything in the Prometheus text format."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        text = generate_latest(registry)
    else:
        text = generate_latest(REGISTRY)
    now = CollectorRegistry(auto_describe=False)
    now.register(_Tasks())
    return text + generate_latest(now)
