"""What a partner remembers: its own objects, those it was sent, every request, every complaint."""

import threading
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace

from hub.demo.wire import Json

Key = tuple[str, str, str]
"""country code, party id, id: upper case, since ids differ in more than case."""


@dataclass(frozen=True)
class Received:
    """A request as it came, and the status that was answered (0: nothing was)."""

    method: str
    path: str
    module: str
    headers: Json
    body: object
    status: int
    at: str


@dataclass(frozen=True)
class Mishap:
    """How the next answers go wrong.

    kind     "500", "503", "401", "404", "2001", "3000", "html", "garbage", "wrong_envelope",
             "hang" (no answer for `seconds`), "drop_before" and "drop_after" (the connection is closed,
             without or after doing what was asked)
    module   only requests of this module, or of all
    times    how many answers, -1 for ever
    """

    kind: str
    module: str | None = None
    times: int = 1
    retry_after: int = 1
    seconds: float = 30.0


@dataclass
class Book:
    """Shared by the threads of the server; `changed` wakes whoever waits for something to arrive."""

    own: dict[str, dict[str, Json]] = field(default_factory=dict)
    held: dict[str, dict[Key, Json]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    mishaps: deque[Mishap] = field(default_factory=deque)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, request: Received) -> None:
        with self.changed:
            self.received.append(request)
            self.changed.notify_all()

    def complain(self, about: str, wrongs: list[str]) -> None:
        with self.changed:
            self.complaints.extend(f"{about}: {wrong}" for wrong in wrongs)
            self.changed.notify_all()

    def keep(self, module: str, key: Key, body: Json) -> bool:
        """Hold an object; True when it is new."""
        with self.changed:
            shelf = self.held.setdefault(module, {})
            fresh = folded(key) not in shelf
            shelf[folded(key)] = deepcopy(body)  # a PATCH changes ours, not what is in `received`
            self.changed.notify_all()
            return fresh

    def find(self, module: str, key: Key) -> Json | None:
        with self.changed:
            return self.held.get(module, {}).get(folded(key))

    def drop(self, module: str, key: Key) -> bool:
        with self.changed:
            return self.held.get(module, {}).pop(folded(key), None) is not None

    def publish(self, module: str, key: str, body: Json) -> None:
        """Make an object our own: it appears in our list."""
        with self.changed:
            self.own.setdefault(module, {})[key] = body

    def next_mishap(self, module: str) -> Mishap | None:
        """The first mishap that concerns the module, used up by one."""
        with self.changed:
            for place, mishap in enumerate(self.mishaps):
                if mishap.module in (None, module):
                    if mishap.times == 1:
                        del self.mishaps[place]
                    elif mishap.times > 1:
                        self.mishaps[place] = replace(mishap, times=mishap.times - 1)
                    return mishap
        return None

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether the condition came true in time; looked at after each change."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)


def folded(key: Key) -> Key:
    country_code, party_id, name = (each.upper() for each in key)
    return country_code, party_id, name
