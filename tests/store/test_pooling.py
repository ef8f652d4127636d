"""The hub works behind a pooler that gives every transaction another connection of the server."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from factories import example
from platforms import code, connected
from postgres import unprivileged
from sqlalchemy import text

from hub.app import create_app
from hub.ocpi.module import Role
from hub.settings import Settings
from hub.store.engine import Store

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SECRET = "k" * 40
PATIENCE = 60.0


@pytest.fixture
def postgresql_url(postgres, postgres_template) -> Iterator[str]:
    yield postgres.create("pooled", postgres_template)
    postgres.drop("pooled")


@pytest.fixture
def pooled_url(postgres, postgresql_url, tmp_path: Path) -> Iterator[str]:
    """The same database through PgBouncer in transaction mode, with few connections to take turns on."""
    if PGBOUNCER is None:
        pytest.skip("there is no pgbouncer on this machine")
    folder = postgres.folder / "bouncer"
    folder.mkdir()
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\npooled = host={postgres.folder} dbname=pooled user={postgres.USER}\n"
        f"[pgbouncer]\nunix_socket_dir = {folder}\nlisten_addr =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 3\nserver_round_robin = 1\nmax_client_conn = 100\n"
    )
    for path in (folder, folder / "pgbouncer.ini"):
        path.chmod(0o777)
    process = subprocess.Popen(
        [PGBOUNCER, "-q", str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL, **unprivileged()
    )
    deadline = time.monotonic() + PATIENCE
    while not list(folder.glob(".s.PGSQL.*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"postgresql://{postgres.USER}@/pooled?host={folder}&port=6432"
    process.terminate()
    process.wait(PATIENCE)
    shutil.rmtree(folder)


def prepared(url: str) -> int:
    """How many statements the server holds after one has been run often."""
    store = Store(url)
    try:
        with store.reading() as unit:
            for _ in range(20):
                unit.connection.execute(text("SELECT 1"))
            held = unit.connection.execute(text("SELECT count(*) FROM pg_prepared_statements"))
            return int(held.scalar_one())
    finally:
        store.close()


def test_statements_are_prepared_unless_the_url_says_no(postgresql_url):
    assert prepared(postgresql_url) > 0
    assert prepared(f"{postgresql_url}&prepare_threshold=50") == 0
    assert prepared(f"{postgresql_url}&prepare_threshold=0") == 0
    assert prepared(f"{postgresql_url}&prepare_threshold=none") == 0


def test_the_option_is_taken_from_the_setting(postgresql_url):
    url = postgresql_url.replace("postgresql+psycopg", "postgresql")
    settings = Settings.from_environment({"HUB_DATABASE_URL": f"{url}&prepare_threshold=0"})
    assert prepared(settings.database_url) == 0


def test_partners_write_at_the_same_time_through_a_pooler_of_transactions(pooled_url):
    app = create_app(Settings(database_url=f"{pooled_url}&prepare_threshold=0", secret_key=SECRET))
    cpo = connected(app, "NL/CPO", Role.CPO, "2.2.1")
    connected(app, "DE/MSP", Role.EMSP, "2.3.0")
    wrong: list[object] = []

    def write(thread: int) -> None:
        for number in range(12):
            body = example("2.2.1", "locations", id=f"L{thread}-{number % 3}")
            answer = cpo.put(f"locations/NL/CPO/{body['id']}", body)
            if code(answer)[1] != 1000:
                wrong.append(answer.data)

    threads = [threading.Thread(target=write, args=(each,)) for each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cpo.hub.store.engine.dialect.name == "postgresql"
    assert app.test_client().get("/health/ready").status_code == 200
    cpo.hub.store.close()
