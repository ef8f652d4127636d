"""What a server of PostgreSQL does for one transaction while this process reckons: a thread waits for it.

SQLite works inside this process, and gives and takes the interpreter at every row: there all is done in turn.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from hub.store.unit import Unit

Each = TypeVar("Each")


class Errands:
    """One thread, that alone uses the connection as long as this is open; what goes wrong in it is raised
    where it is waited for.

    >>> with Errands(unit) as errands:
    ...     for page in errands.ahead(read(unit)):
    ...         errands.do(lambda made=reckoned(page): write(unit, made))
    """

    def __init__(self, unit: Unit) -> None:
        beside = unit.dialect.name == "postgresql"
        self._pool = ThreadPoolExecutor(1, "errands") if beside else None
        self._last: Future[Any] | None = None

    def ahead(self, steps: Iterator[Each]) -> Iterator[Each]:
        """The same, each fetched while the one before is looked at."""
        if self._pool is None:
            yield from steps
            return
        coming = self._pool.submit(next, steps, None)
        while (found := coming.result()) is not None:
            coming = self._pool.submit(next, steps, None)
            yield found

    def do(self, work: Callable[[], object]) -> None:
        """Done before the next is begun, and at the end at the latest."""
        if self._pool is None:
            work()
            return
        self._done()
        self._last = self._pool.submit(work)

    def _done(self) -> None:
        if self._last is not None:
            self._last.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)
        if kind is None:
            self._done()
