"""`hub db` on both engines."""

import json

import pytest

import migrations
from hub import cli


@pytest.fixture
def hub(capsys, monkeypatch):
    """Runs a command line against a database: (exit code, output, errors)."""

    def run(url: str, words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("HUB_DATABASE_URL", url)
        code = cli.run(words.split())
        return code, *capsys.readouterr()

    return run


def test_upgrade_brings_an_empty_database_up_to_date_and_says_so(hub, empty_url):
    newest = migrations.newest()
    assert hub(empty_url, "db upgrade") == (0, f"The database is at revision {newest}, the newest.\n", "")
    assert hub(empty_url, "db upgrade") == (0, f"The database is at revision {newest}, the newest.\n", "")


def test_status_of_a_database_that_is_up_to_date_is_success(hub, database_url):
    newest = migrations.newest()
    code, out, _ = hub(database_url, "db status --json")
    assert (code, json.loads(out)) == (0, {"current": newest, "newest": newest})


def test_status_of_an_empty_database_is_a_failure_with_the_remedy(hub, empty_url):
    code, out, err = hub(empty_url, "db status")
    assert code == 1
    assert out == f"The database is at revision base; the newest is {migrations.newest()}.\n"
    assert err == "hub: the database is not up to date. Run `hub db upgrade`.\n"


def test_looking_at_a_sqlite_file_does_not_make_it(hub, tmp_path):
    code, _, _ = hub(f"sqlite:///{tmp_path}/hub.sqlite", "db status")
    assert code == 1
    assert list(tmp_path.iterdir()) == []


def test_downgrade_takes_back_what_came_after(hub, database_url):
    assert hub(database_url, "db downgrade base") == (0, "The database is at revision base.\n", "")
    assert migrations.status(database_url).current is None


def test_an_unknown_revision_is_one_line(hub, database_url):
    code, _, err = hub(database_url, "db downgrade 9999")
    assert code == 1
    assert err.startswith("hub: Can't locate revision identified by '9999'")
    assert err.count("\n") == 1
