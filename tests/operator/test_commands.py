"""`hub user`, `hub token` and `hub audit`; and the trail of what the other commands change."""

import getpass
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from operators import Caller

from hub import cli
from hub.settings import Settings

Run = Callable[..., tuple[int, str, str]]
README = Path(__file__).parent.parent.parent / "README.md"


@pytest.fixture
def run(settings: Settings, capsys, monkeypatch) -> Run:
    """Runs `hub ...` on the database of the test: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(list(words))
        return code, *capsys.readouterr()

    return run


def events(run: Run) -> list[tuple[str, str]]:
    return [(each["action"], each["what"]) for each in reversed(told_events(run))]


def told_events(run: Run) -> Any:
    return json.loads(run("audit", "list", "--json")[1])


def test_a_token_from_the_command_line_opens_the_api(run, app):
    assert run("user", "add", "ann", "--role", "pricing", "--party", "NL/CPO")[0] == 0
    code, secret, told = run("token", "create", "ann", "--for", "import", "--days", "30")
    assert code == 0
    assert told.startswith("hub: token 1 of ann, until ")
    me = Caller(app, secret.strip(), "ann").get("/me").json
    assert (me["user"], me["role"], me["party"], me["token"]) == ("ann", "pricing", "NL/CPO", "import")
    assert run("token", "revoke", "1")[0] == 0
    assert Caller(app, secret.strip(), "ann").get("/me").status_code == 401
    assert secret.strip() not in run("token", "list")[1] + run("audit", "list", "--json")[1]


def test_users_are_changed_and_disabled(run):
    run("user", "add", "root", "--role", "admin")
    run("user", "add", "ann", "--role", "pricing", "--party", "NL/CPO")
    assert run("user", "set", "ann", "--role", "finance", "--every-party")[0] == 0
    assert run("user", "disable", "ann", "--reason", "has left")[0] == 0
    _, ann = json.loads(run("user", "list", "--json")[1])
    assert (ann["role"], ann["party"], ann["disabled_at"] is None) == ("finance", None, False)
    assert run("user", "enable", "ann")[0] == 0
    assert events(run) == [
        ("create", "user/root"),
        ("create", "user/ann"),
        ("change", "user/ann"),
        ("disable", "user/ann"),
        ("change", "user/ann"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", "ann", "--role", "pricing"), "There is a user 'ann' already."),
        (("user", "add", "-", "--role", "pricing"), "This cannot be the name of a user."),
        (("user", "disable", "ann"), "ann is the last administrator."),
        (("user", "disable", "bob"), "There is no user 'bob'. `hub user list`"),
        (("token", "create", "bob"), "There is no user 'bob'."),
        (("token", "revoke", "9"), "There is no token 9."),
        (("token", "list", "bob"), "There is no user 'bob'."),
    ],
)
def test_what_cannot_be_done_is_a_line_with_a_remedy(run, words, said):
    run("user", "add", "ann", "--role", "admin")
    code, out, told = run(*words)
    assert (code, out) == (1, "")
    assert told.startswith(f"hub: {said}")
    assert told.count("\n") == 1


def test_tables_line_up(run):
    run("user", "add", "ann", "--role", "admin")
    run("token", "create", "ann")
    assert run("user", "list")[1].split()[:5] == ["Name", "Role", "Party", "Created", "Disabled"]
    assert "command line" in run("token", "list", "ann")[1]
    assert f"{getpass.getuser()} " in run("audit", "list")[1]


def test_the_trail_is_verified_and_tells_its_end(run, store):
    assert run("audit", "verify")[1] == f"All 0 events hold. The last one is 0:{'0' * 64}\n"
    run("user", "add", "ann", "--role", "admin")
    run("user", "add", "bob", "--role", "support")
    code, told, _ = run("audit", "verify")
    assert code == 0
    head = told.split()[-1]
    assert head.startswith("2:")
    assert run("audit", "verify", "--head", head)[0] == 0
    with store.unit() as unit:
        where = " ON audit_events" if unit.dialect.name == "postgresql" else ""
        names = ("stay",) if where else ("no_update", "no_delete")
        for name in names:
            unit.connection.execute(sa.text(f"DROP TRIGGER audit_events_{name}{where}"))
        unit.connection.execute(sa.text("UPDATE audit_events SET actor = 'eve' WHERE id = 1"))
    code, _, told = run("audit", "verify")
    assert code == 1
    assert "event 1: it was changed after it was written" in told
    with store.unit() as unit:
        unit.connection.execute(sa.text("DELETE FROM audit_events WHERE id = 2"))
    assert f"event {head} was in the trail" in run("audit", "verify", "--head", head)[2]


def test_every_change_at_the_command_line_is_in_the_trail(run, populated):
    for words in (
        ("partner", "invite", "--name", "A", "--role", "CPO", "--party", "FR/ABC"),
        ("partner", "suspend", "NL/CPO", "--reason", "unpaid"),
        ("partner", "resume", "NL/CPO"),
        ("partner", "quirk", "set", "NL/CPO", "ascii-only"),
        ("partner", "quirk", "unset", "NL/CPO", "ascii-only"),
        ("partner", "unregister", "A"),
        ("schedule", "pause", "1"),
        ("schedule", "resume", "1"),
        ("schedule", "set", "1", "--every", "2h"),
        ("schedule", "run-now", "1"),
        ("delivery", "replay", "1"),
        ("delivery", "replay", "--all"),
    ):
        before = len(events(run))
        code, _, told = run(*words)
        assert code == 0, told
        assert len(events(run)) == before + 1, words
    assert ("suspend", "partner/CPO NL/CPO") in events(run)
    (suspended,) = [each for each in told_events(run) if each["action"] == "suspend"]
    assert (suspended["reason"], suspended["fields"]) == ("unpaid", ["status"])


def test_what_each_role_may_is_in_the_readme(run):
    """To renew it: paste what `hub user roles` prints."""
    found = re.search(r"<!-- roles: .*? -->\n(.*?)\n<!-- /roles -->", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    assert run("user", "roles")[1] == found[1] + "\n"
