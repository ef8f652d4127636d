"""Every table there is: importing this module completes the metadata."""

from hub.store import charges, deliveries, documents, parties
from hub.store.base import metadata

__all__ = ["charges", "deliveries", "documents", "metadata", "parties"]
