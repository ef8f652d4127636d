"""What is handed to every part of a running hub: its settings, its store, its way out."""

from dataclasses import dataclass

from hub.net.client import Client
from hub.settings import Settings
from hub.store.engine import Store


@dataclass(frozen=True)
class Hub:
    """One process's hub; no state lives in it that is not in the database."""

    settings: Settings
    store: Store
    client: Client
