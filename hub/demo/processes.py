"""The processes of the story: started, watched, and stopped whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Self, TypeVar

import requests

from hub.demo.wire import Json, read, write

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
HUB = ("-c", "import sys, hub.cli; hub.cli.main(sys.argv[1:])")
GRACE = 10.0


class Failed(Exception):
    """A step of the story did not come to its end."""


class Child:
    """A process of ours; what it logs goes to a file, of which the end is shown when it dies."""

    def __init__(self, name: str, arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(  # noqa: S603 (our own interpreter and modules)
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop the others in order
            )

    def check(self) -> None:
        """Failed if the process has ended."""
        code = self.process.poll()
        if code is not None:
            last = self.log.read_text(errors="replace").strip().splitlines()[-12:]
            raise Failed(f"{self.name} ended by itself with code {code}. Its last words:\n" + "\n".join(last))

    def line(self) -> bytes:
        """The next line of its output."""
        assert self.process.stdout is not None
        found = self.process.stdout.readline()
        if not found:
            self.process.wait(GRACE)
            self.check()
        return bytes(found)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class Stage:
    """Where the processes play: a temporary folder, and everybody who must be stopped at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []
        self._exits = ExitStack()
        self._session = self._exits.enter_context(requests.Session())
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> Child:
        child = Child(name, arguments, self.folder / f"{len(self.children)}.log", environment)
        self.children.append(child)
        self._exits.callback(child.stop)
        return child

    def ask(self, method: str, url: str, body: Json | None = None, seconds: float = 60.0) -> Any:
        """What a partner's controls answer; Failed when it is a refusal."""
        data = None if body is None else write(body)
        try:
            answer = self._session.request(method, url, data=data, timeout=seconds)
        except requests.RequestException as error:
            for child in self.children:
                child.check()
            raise Failed(f"{method} {url}: {error}") from None
        if answer.status_code != 200:
            says = answer.text if answer.status_code == 409 else f"HTTP {answer.status_code}"
            raise Failed(f"{method} {url}: {says}")
        return read(answer.content)

    def reaches(self, url: str) -> bool:
        """Whether anybody answers there."""
        try:
            self._session.get(url, timeout=2)
        except requests.RequestException:
            return False
        return True

    def until(self, what: str, look: Callable[[], T | None], seconds: float) -> T:
        """What `look` finds, once it does; Failed when that takes too long, or somebody has died."""
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found is not None:
                return found
            for child in self.children:
                child.check()
            if time.monotonic() > end:
                raise Failed(f"After {seconds:.0f} s still waiting until {what}.")
            time.sleep(0.05)


def hub_environment(folder: Path, port: int, secret: str) -> dict[str, str]:
    """The settings of the hub of the story; nothing of the caller's own hub is taken over."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return others | {
        "HUB_DATABASE_URL": f"sqlite:///{folder / 'hub.sqlite'}",
        "HUB_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HUB_PARTY": "NL/HUB",
        "HUB_SECRET_KEY": secret,
        "HUB_ALLOW_NETWORKS": "127.0.0.0/8",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP are as Ctrl-C, so that nobody is left behind; and SIGINT is, which a shell
    lets its background jobs ignore."""

    def interrupted(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    former = {number: signal.signal(number, interrupted) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
