"""What this process counts, for Prometheus: requests, refusals, deliveries. What lies in the database is not
counted here but asked for at each scrape, so that it is the same whichever process is asked.

With several processes on one machine, PROMETHEUS_MULTIPROC_DIR lets each scrape tell of all of them; that is
how the client library itself does it.

No label names an object or a person: partners, modules, routes and outcomes are few.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

registry = CollectorRegistry()

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

requests = Histogram(
    "hub_request_seconds",
    "Requests of partners: seconds until the answer, by route, method and class of HTTP status.",
    ("route", "method", "status"),
    buckets=SECONDS,
    registry=registry,
)
refusals = Counter(
    "hub_refusals",
    "Requests that were refused, by OCPI status code; most of these go out with HTTP 200.",
    ("code",),
    registry=registry,
)
deliveries = Counter(
    "hub_deliveries",
    "Tries to deliver, by partner, module and how they ended.",
    ("partner", "module", "outcome"),
    registry=registry,
)
delivery_seconds = Histogram(
    "hub_delivery_seconds",
    "How long partners take to answer deliveries, by partner.",
    ("partner",),
    buckets=(*SECONDS, 20.0),
    registry=registry,
)


def counted() -> bytes:
    """All of it as Prometheus reads it: of this process, or of all that share PROMETHEUS_MULTIPROC_DIR."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(registry)
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared)


ProcessCollector(registry=registry)
