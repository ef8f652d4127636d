"""`hub partner` as an operator runs it."""

import json
import ssl

import click
import pytest
from certificates import self_signed
from odd_platform import OddPlatform

from hub import cli
from hub.cli.partner import partner
from hub.parties import mendings, registry


@pytest.fixture
def run(hub, capsys, monkeypatch):
    """Runs `hub partner ...` beside the hub that is served: (exit code, output, errors)."""
    monkeypatch.setenv("HUB_DATABASE_URL", hub.settings.database_url)
    monkeypatch.setenv("HUB_PUBLIC_URL", hub.settings.public_url)
    monkeypatch.setenv("HUB_SECRET_KEY", hub.settings.secret_key)
    monkeypatch.setenv("HUB_ALLOW_NETWORKS", "127.0.0.0/8")
    monkeypatch.setitem(cli.hub.commands, "partner", partner)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["partner", *words])
        return code, *capsys.readouterr()

    return run


INVITE = ("invite", "--name", "EV Mobile", "--role", "EMSP", "--party", "NL/EMS")


def test_an_invitation_is_what_a_partner_needs(run, platform, versions_url):
    code, out, _ = run(*INVITE, "--version", "2.2.1", "--json")
    invitation = json.loads(out)
    assert (code, set(invitation)) == (0, {"token", "versions_url"})
    assert invitation["versions_url"] == versions_url
    platform("2.2.1", "EMSP", "NL/EMS").register(invitation["versions_url"], invitation["token"])
    _, out, _ = run("list", "--json")
    (listed,) = json.loads(out)
    assert (listed["name"], listed["status"], listed["version"]) == ("EV Mobile", "CONNECTED", "2.2.1")
    assert listed["roles"] == [{"role": "EMSP", "country_code": "NL", "party_id": "EMS"}]


def test_roles_and_parties_go_in_pairs(run):
    code, _, _ = run(*INVITE, "--role", "CPO", "--party", "nl-tnm")
    assert code == 0
    _, out, _ = run("show", "NL/TNM", "--json")
    assert [tuple(role.values()) for role in json.loads(out)["roles"]] == [
        ("CPO", "NL", "TNM"),
        ("EMSP", "NL", "EMS"),
    ]
    code, _, err = run("invite", "--name", "X", "--role", "CPO", "--party", "NL/AAA", "--party", "NL/BBB")
    assert (code, err.count("\n")) == (2, 1)


def test_the_hub_registers_with_a_platform(run, odd):
    other: OddPlatform = odd()
    code, out, err = run(
        "register", "--versions-url", other.versions_url, "--token", "token-b", "--name", "Odd", "--json"
    )
    assert (code, err) == (0, "")
    registered = json.loads(out)
    assert (registered["name"], registered["status"]) == ("Odd", "CONNECTED")
    assert "token-b" not in out
    assert run("update", "Odd")[0] == 1  # the platform does not know its second token
    other.takes = {"token-b2"}
    assert run("update", "Odd")[0] == 0
    assert run("unregister", "NL/EMS") == (0, "NL/EMS is unregistered.\n", "")


def test_a_platform_with_an_authority_of_its_own_asks_for_a_certificate(run, odd, tmp_path):
    file = str(self_signed(tmp_path))
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    demanding.load_cert_chain(file)
    demanding.load_verify_locations(file)
    demanding.verify_mode = ssl.CERT_REQUIRED
    other: OddPlatform = odd(tls=demanding)
    words = ("register", "--versions-url", other.versions_url, "--token", "token-b", "--name", "Odd")
    assert "tls" in run(*words)[2]
    assert run(*words, "--ca-file", file)[0] == 1
    assert run(*words, "--ca-file", "nowhere.pem")[0] == 2
    code, out, err = run(*words, "--ca-file", file, "--client-certificate", file, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["settings"]["ca_file"] == file
    other.takes = {"token-b2"}
    assert run("update", "Odd")[0] == 0


def test_a_platform_that_cannot_be_reached_is_one_line(run):
    code, _, err = run("register", "--versions-url", "http://127.0.0.1:9/v", "--token", "t")
    assert (code, err.count("\n")) == (1, 1)
    assert "refused" in err


def test_suspending_and_resuming(run, hub):
    _, out, _ = run(*INVITE, "--json")
    token = json.loads(out)["token"].encode()
    assert run("suspend", "EV Mobile")[0] == 0
    assert registry.authenticate(hub.store, [token]) is None
    assert run("resume", "EV Mobile")[0] == 0
    assert registry.authenticate(hub.store, [token]) is not None
    assert run("unregister", "EV Mobile")[1] == "EV Mobile is unregistered, but could not be told.\n"
    code, _, err = run("resume", "EV Mobile")
    assert (code, err) == (1, "hub: EV Mobile has unregistered; `hub partner invite` it again\n")


def test_a_partner_is_renamed_unless_another_has_the_name(run, hub):
    run(*INVITE)
    run("invite", "--name", "Other", "--role", "CPO", "--party", "DE/AAA")
    assert run("rename", "EV Mobile", "EVM") == (0, "EV Mobile is now EVM.\n", "")
    code, _, err = run("rename", "EVM", "Other")
    assert (code, err.count("\n")) == (1, 1)
    assert run("rename", "EVM", "x" * 101)[0] == 2
    assert run("show", "EVM")[0] == 0


def test_an_unknown_partner_is_one_line_with_the_remedy(run):
    code, _, err = run("suspend", "Nobody")
    assert (code, err) == (1, "hub: There is no partner 'Nobody'; `hub partner list` shows those there are\n")


def test_the_hub_cannot_invite_itself(run):
    code, _, err = run("invite", "--name", "Me", "--role", "CPO", "--party", "NL/HUB")
    assert (code, "NL/HUB is the hub itself" in err) == (1, True)


def test_tables_line_up_and_show_what_was_mended(run, hub):
    run(*INVITE)
    run("invite", "--name", "A", "--role", "CPO", "--party", "DE/AAA")
    with hub.store.unit() as unit:
        mendings.record(unit, registry.named(unit, "A").id, "tariffs", "T1", {"elements[0]": "seconds cut"})
    lines = run("list")[1].splitlines()
    assert (
        len({line.index(word) for line, word in zip(lines, ("Parties", "NL/EMS", "DE/AAA"), strict=True)})
        == 1
    )
    assert "elements[0]: seconds cut" in run("show", "A")[1]


def test_keys_are_replaced(run):
    assert run("reseal") == (0, "0 tokens are sealed with the first key.\n", "")


def test_every_command_shows_an_example():
    assert isinstance(partner, click.Group)
    for name, command in partner.commands.items():
        assert f"hub partner {name}" in command.get_help(click.Context(command))
