"""Every table there is: importing this module completes the metadata."""

from hub.store import (
    attempts,
    audit,
    charges,
    cursors,
    deliveries,
    documents,
    findings,
    idempotency,
    operators,
    parties,
    quarantine,
    schedules,
    tasks,
)
from hub.store.base import metadata

__all__ = [
    "attempts",
    "audit",
    "charges",
    "cursors",
    "deliveries",
    "documents",
    "findings",
    "idempotency",
    "metadata",
    "operators",
    "parties",
    "quarantine",
    "schedules",
    "tasks",
]
