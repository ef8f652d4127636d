"""The engines every test of the store runs on, and databases that are ready within milliseconds.

database_url   a migrated database of the test's own; once on SQLite, once on PostgreSQL
empty_url      the same without any table
store          a Store on `database_url`
settings       Settings of a hub on `database_url` whose partners may live on this machine
"""

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from postgres import Postgres
from sqlalchemy import Engine

import hub.store.engine
from hub.settings import Settings
from hub.store.engine import Store
from migrations import upgrade

NO_POSTGRES = bool(os.environ.get("HUB_TEST_NO_POSTGRES"))
ENGINES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.skipif(NO_POSTGRES, reason="HUB_TEST_NO_POSTGRES is set")),
]
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
numbers = itertools.count(1)

# What a person has set for a hub of their own, or for the way out, is not for the tests.
for name in [name for name in os.environ if name.startswith("HUB_") and not name.startswith("HUB_TEST_")]:
    del os.environ[name]
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # processes that tests start would compile the hub, each anew
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"

# What tests write need not outlive them: in memory none of their thousands of databases waits for a disk.
MEMORY, ROOM = Path("/dev/shm"), 4 << 30


def roomy(folder: Path) -> bool:
    """A container may have one that is tiny, or where no program may be run."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    return shutil.disk_usage(folder).free >= ROOM and not os.statvfs(folder).f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and roomy(MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
if tempfile.gettempdir() == str(MEMORY):
    Postgres.PLACE = str(MEMORY)

# A slow machine is no defect; in CI the same examples every time, elsewhere new ones.
hypothesis.settings.register_profile("hub", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("hub")


# Files that take long, the longest first: one that begins when the others are done keeps everybody waiting.
LONG = (
    "operator/test_contract.py",
    "closing/test_three_months.py",
    "cli/test_serve.py",
    "demo/test_story.py",
    "store/test_migrations.py",
    "flows/test_everyone_sees_their_own_price.py",
    "sync/test_delivery_model.py",
    "tariffs/test_two_readings.py",
    "clearing/test_hostile_cdrs.py",
    "kills/test_kills.py",
    "pulls/test_slots_survive.py",
    "partners/test_life_of_a_connection.py",
    "closing/test_exports.py",
    "demo/test_month.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """With pytest-xdist: files come in the order of `LONG`, and not those first that have the most tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


def as_one(make: Callable[..., Engine]) -> Callable[..., Engine]:
    """Engines that compile a statement once for all of them: a test's own would do it anew for every test."""
    known: dict[str, Engine] = {}

    def engine(*arguments: Any, **options: Any) -> Engine:
        made = make(*arguments, **options)
        first = known.get(made.dialect.name)
        if first is not None and getattr(first.dialect, "server_version_info", None) is not None:  # connected
            made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        else:
            known[made.dialect.name] = made
        return made

    return engine


hub.store.engine.create_engine = as_one(hub.store.engine.create_engine)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for each process that runs tests, started when the first of them needs it."""
    server = Postgres()
    atexit.register(server.stop)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated database, of which a test's own is a copy."""
    upgrade(postgres.create("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, of which a test's own is a copy."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=ENGINES)
def database_engine(request: pytest.FixtureRequest) -> str:
    """sqlite and postgresql, in turn."""
    return str(request.param)


@pytest.fixture
def database_url(database_engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if database_engine == "sqlite":
        file = tmp_path / "hub.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"test_{next(numbers)}"
    yield server.create(name, request.getfixturevalue("postgres_template"))
    server.drop(name)


@pytest.fixture
def empty_url(database_engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if database_engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"empty_{next(numbers)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url, secret_key="a secret of the tests alone, 32+", allow_networks=LOOPBACK
    )
