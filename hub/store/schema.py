"""Every table there is: importing this module completes the metadata."""

from hub.store import (
    assignments,
    attempts,
    audit,
    charges,
    cursors,
    curves,
    deliveries,
    documents,
    findings,
    idempotency,
    operators,
    parties,
    pricebook,
    quarantine,
    readers,
    schedules,
    tasks,
)
from hub.store.base import metadata

__all__ = [
    "assignments",
    "attempts",
    "audit",
    "charges",
    "cursors",
    "curves",
    "deliveries",
    "documents",
    "findings",
    "idempotency",
    "metadata",
    "operators",
    "parties",
    "pricebook",
    "quarantine",
    "readers",
    "schedules",
    "tasks",
]
