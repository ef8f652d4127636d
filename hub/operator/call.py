"""One call of an operation: who asks for what, in which transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.operator.people import Bearer, User
from hub.store import audit, tasks
from hub.store.audit import Actor
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Call:
    """What a view is given.

    unit    the transaction of this call; what is done in it is done once and as a whole
    query   the parameters of the query string, read; body: the fields of the body, read
    reason  why it is done, as the caller says it
    """

    hub: Hub
    unit: Unit
    bearer: Bearer
    request_id: str
    query: Mapping[str, Any]
    body: Json
    reason: str | None = None

    @property
    def user(self) -> User:
        return self.bearer.user

    @property
    def only(self) -> Party | None:
        """The one party whose objects this user may see and change; None: those of all."""
        return self.bearer.user.party

    @property
    def actor(self) -> Actor:
        return Actor(self.user.name, "API", self.request_id)

    def sees(self, *parties: Party) -> bool:
        """Whether an object of these parties is this user's to see."""
        return self.only is None or self.only in parties

    def record(self, action: str, what: str, before: Json | None = None, after: Json | None = None) -> None:
        """Into the audit trail; see `hub.store.audit.record`."""
        audit.record(self.unit, self.actor, action, what, before, after, self.reason)

    def submit(self, kind: str, wanted: Json) -> Json:
        """Long work is done later, by a worker; the job as it is answered."""
        task = tasks.submit(self.unit, kind, wanted, self.user.name, self.only)
        self.record("submit", f"job/{task.id}", None, {"kind": kind, "input": wanted})
        return task.told()
