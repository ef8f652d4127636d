"""Another process that closes a month or takes a step of a statement, and is killed in the midst of it.

>>> killed(settings, now, ("close", "2026-10", 3), nth=7)   # SIGKILL before the 7th statement; True: it died

A step is every statement that reaches the database: of SQLAlchemy, of `hub.store.prepared`, BEGIN and COMMIT.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from multiprocessing import forkserver
from typing import Any
from unittest import mock

from sqlalchemy import event

from hub.app import create_hub
from hub.closing import lifecycle, periods
from hub.settings import Settings
from hub.store import libpq
from hub.store.audit import Actor
from hub.store.engine import Store

ANN = Actor("ann", "CLI")
FORKS = multiprocessing.get_context("forkserver")
PATIENCE = 60
Command = tuple[Any, ...]


# In the test -----------------------------------------------------------------------------------------------


def killed(settings: Settings, now: int, command: Command, nth: int) -> bool:
    """Whether it was; False: it was done before the nth statement. Anything else fails the test."""
    (code,) = ended([begun(settings, now, command, nth)])
    assert code in {0, -signal.SIGKILL}, f"{command} ended with {code}"
    return code != 0


def at_once(settings: Settings, now: int, commands: Sequence[Command]) -> None:
    """As many processes, none of which is killed."""
    assert ended([begun(settings, now, each, 0) for each in commands]) == [0] * len(commands)


def begun(settings: Settings, now: int, command: Command, nth: int) -> Any:
    FORKS.set_forkserver_preload(["dying"])  # one process imports the hub, and is copied: begun in no time
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        forkserver.ensure_running()
    process = FORKS.Process(target=live, args=(settings, now, command, nth))
    process.start()
    return process


def ended(processes: Sequence[Any]) -> list[int]:
    for each in processes:
        each.join(PATIENCE)
        if each.is_alive():
            each.kill()
            each.join()
    return [each.exitcode for each in processes]


# In the process --------------------------------------------------------------------------------------------


def live(settings: Settings, now: int, command: Command, nth: int) -> None:
    hub = create_hub(settings)
    hub.store.clock = lambda: now
    count_down(hub.store, nth)
    do(hub.store, command)
    os._exit(0)  # nothing is tidied up: that takes longer than all of it


def do(store: Store, command: Command) -> None:
    what, *arguments = command
    DEEDS[what](store, *arguments)


def close(store: Store, month: str, only: int | None = None) -> None:
    """As `hub period close` does it."""
    for _ in periods.close_all(store, month, ANN, only):
        pass


def step(store: Store, name: str, statement: int) -> None:
    """As `hub statement approve` and its like do it."""
    options = {"anyway": True} if name == "approve" else {}
    with store.unit() as unit:
        getattr(lifecycle, name)(unit, str(statement), ANN, **options)


def contest(store: Store, statement: int, cdr: str, why: str) -> None:
    with store.unit() as unit:
        lifecycle.contest(unit, str(statement), {cdr}, ANN, ("WRONG_PRICE", why))


DEEDS: dict[str, Callable[..., None]] = {"close": close, "step": step, "contest": contest}


def count_down(store: Store, nth: int) -> None:
    """Die before the nth statement; with nought, never."""
    left = [nth]

    def one_more(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if store.sqlite:
        event.listen(store.engine, "connect", lambda line, _: line.set_trace_callback(one_more))
        return
    event.listen(store.engine, "before_cursor_execute", one_more)
    usual = libpq.Line._run

    def run(line: libpq.Line, *given: Any) -> Any:
        one_more()
        return usual(line, *given)

    libpq.Line._run = run  # type: ignore[method-assign]
