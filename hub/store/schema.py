"""Every table there is: importing this module completes the metadata."""

from hub.store import charges, cursors, deliveries, documents, findings, parties, quarantine, schedules
from hub.store.base import metadata

__all__ = [
    "charges",
    "cursors",
    "deliveries",
    "documents",
    "findings",
    "metadata",
    "parties",
    "quarantine",
    "schedules",
]
