"""A hub at work, as the tests of whole flows have it."""

from dataclasses import dataclass

from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import registry
from hub.sync.worker import Worker


@dataclass
class Running:
    """A hub at work; `worker` can be stopped and another one started, as when a process dies."""

    hub: Hub
    worker: Worker

    @property
    def versions_url(self) -> str:
        return f"{self.hub.settings.public_url}/ocpi/versions"

    def invite(self, name: str, roles: list[tuple[str, str]], version: str | None = None) -> str:
        held = [(Role(role), Party.of(*party.split("/"))) for role, party in roles]
        with self.hub.store.unit() as unit:
            return registry.invite(unit, name, held, version)

    def new_worker(self) -> None:
        self.worker = Worker(self.hub)
        self.worker.start()
