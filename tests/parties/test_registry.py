"""Partners in the store: who they are, what they hold, whom a token names."""

from decimal import Decimal

import pytest

from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.parties import access, connections, mendings, registry, tokens
from hub.parties.connections import Connection
from hub.parties.partner import PartnerRole, PartnerSettings, Status
from hub.parties.problems import AlreadyRegistered, NameTaken, NoSuchPartner, NotRegistered, PartyTaken

EMS, TNM, CPO = Party("NL", "EMS"), Party("NL", "TNM"), Party("DE", "CPO")
VAULT = tokens.vault("a key of the tests")


def invited(store, name="EV Mobile", *roles, version=None):
    with store.unit() as unit:
        return registry.invite(unit, name, roles or [(Role.EMSP, EMS)], version)


def named(store, name="EV Mobile"):
    with store.reading() as unit:
        return registry.named(unit, name)


def caller(store, token):
    return registry.authenticate(store, [token.encode()])


def registered(store, name="EV Mobile", *roles):
    """Its token C."""
    invited(store, name, *roles)
    found = named(store, name)
    with store.unit() as unit:
        held = tuple(PartnerRole(role, party, {"name": name}) for role, party in roles or [(Role.EMSP, EMS)])
        endpoints = {("tokens", "SENDER"): "https://x.example.com/t"}
        settled = Connection("2.2.1", "https://x.example.com/v", held, endpoints, "token-b")
        assert connections.connect(unit, found.id, settled, VAULT)
        access.revoke(unit, found.id)
        return access.issue(unit, found.id, access.REGISTERED)


def test_an_invitation_names_its_partner(store):
    token = invited(store, "EV Mobile", (Role.EMSP, EMS), (Role.CPO, TNM), version="2.2.1")
    found = caller(store, token)
    assert (found.kind, found.token, found.partner) == ("A", token, named(store))
    assert found.partner.status is Status.PLANNED
    assert found.partner.version == "2.2.1"
    assert found.partner.parties() == (TNM, EMS)
    assert found.partner.parties(Role.EMSP) == (EMS,)


def test_a_registered_partner_is_known_by_its_token_in_either_form(store):
    token = registered(store)
    found = registry.authenticate(store, [b"something", token.encode()])
    assert (found.kind, found.partner.name) == ("C", "EV Mobile")
    assert registry.authenticate(store, []) is None
    assert registry.authenticate(store, [b"something"]) is None


def test_one_of_many_partners_is_found(store):
    all_of = {name: registered(store, name, (Role.CPO, Party("NL", name))) for name in ("AAA", "BBB", "CCC")}
    assert {name: caller(store, token).partner.name for name, token in all_of.items()} == {
        name: name for name in all_of
    }


def test_inviting_again_voids_the_first_token(store):
    first = invited(store)
    second = invited(store, "EV Mobile", (Role.CPO, CPO))
    assert caller(store, first) is None
    assert caller(store, second).partner.parties() == (CPO,)


def test_a_registered_partner_cannot_be_invited(store):
    registered(store)
    with pytest.raises(AlreadyRegistered, match="unregister"):
        invited(store)


def test_a_party_has_one_platform_a_role(store):
    """CRED-24"""
    invited(store)
    with pytest.raises(PartyTaken, match="NL/EMS as EMSP belongs to partner 'EV Mobile'"):
        invited(store, "Other")
    invited(store, "Same party, other role", (Role.CPO, EMS))
    with store.reading() as unit:
        assert [each.name for each in registry.of_party(unit, EMS, Role.CPO)] == ["Same party, other role"]
        assert len(registry.of_party(unit, EMS)) == 2
        assert registry.by_name(unit, "Other") is None


def test_a_partner_that_is_found_by_one_party_has_all_of_them(store):
    invited(store, "Both", (Role.EMSP, EMS), (Role.CPO, TNM))
    with store.reading() as unit:
        assert registry.of_party(unit, EMS)[0].parties() == (TNM, EMS)


def test_a_suspended_partner_is_nobody_until_it_is_resumed(store):
    token = registered(store)
    with store.unit() as unit:
        registry.suspend(unit, registry.named(unit, "EV Mobile"))
    assert caller(store, token) is None
    assert not registry.is_connected(named(store))
    with store.reading() as unit:
        assert registry.authorization(unit, named(store), VAULT) is None
    with store.unit() as unit:
        registry.resume(unit, registry.named(unit, "EV Mobile"))
    assert caller(store, token).partner.status is Status.CONNECTED


def test_an_invitation_can_be_suspended(store):
    token = invited(store)
    with store.unit() as unit:
        registry.suspend(unit, registry.named(unit, "EV Mobile"))
    assert caller(store, token) is None
    with store.unit() as unit:
        registry.resume(unit, registry.named(unit, "EV Mobile"))
    assert caller(store, token).partner.status is Status.PLANNED


def test_who_has_unregistered_cannot_be_resumed(store):
    """CRED-14, CRED-15"""
    token = registered(store)
    with store.unit() as unit:
        connections.end(unit, registry.named(unit, "EV Mobile"))
        with pytest.raises(NotRegistered, match="invite"):
            registry.resume(unit, registry.named(unit, "EV Mobile"))
    assert caller(store, token) is None
    with store.reading() as unit:
        assert registry.token_out(unit, named(store).id, VAULT) is None
        assert registry.endpoint_of(unit, named(store).id, "tokens", "SENDER") is None


def test_what_is_sent_to_a_partner_bears_its_token(store):
    """TR-03, TR-04, TR-05"""
    registered(store)
    with store.reading() as unit:
        assert registry.authorization(unit, named(store), VAULT) == "Token dG9rZW4tYg=="
    with store.unit() as unit:
        registry.set_settings(unit, named(store).id, PartnerSettings(auth_encoding="raw"))
    with store.reading() as unit:
        assert registry.authorization(unit, named(store), VAULT) == "Token token-b"
        assert registry.endpoint_of(unit, named(store).id, "tokens", "SENDER") == "https://x.example.com/t"
        assert registry.endpoint_of(unit, named(store).id, "tokens", "RECEIVER") is None


def test_tokens_are_sealed_anew_with_the_first_key(store):
    registered(store)
    with store.unit() as unit:
        assert connections.reseal(unit, tokens.vault("newer key,a key of the tests")) == 1
    with store.reading() as unit:
        assert registry.token_out(unit, named(store).id, tokens.vault("newer key")) == "token-b"


def test_settings_come_back_as_they_were_set(store):
    invited(store)
    settings = PartnerSettings(
        lenient=frozenset({"times_with_seconds"}),
        time_zone="Europe/Amsterdam",
        vat=Decimal("5.5"),
        counterpart=EMS,
        hub_issues_cdrs=False,
        hosts=frozenset({"api.example.com"}),
    )
    with store.unit() as unit:
        registry.set_settings(unit, named(store).id, settings)
    assert named(store).settings == settings
    assert named(store).settings.traits.lenient == {"times_with_seconds"}
    with store.unit() as unit:
        registry.set_settings(unit, named(store).id, PartnerSettings())
    assert named(store).settings == PartnerSettings()


def test_a_change_is_seen_at_the_next_request(store):
    """Nothing is remembered between requests that another process may have changed."""
    token = registered(store)
    before = caller(store, token).partner
    with store.unit() as unit:
        registry.set_settings(unit, before.id, PartnerSettings(postal_code="0000"))
    assert caller(store, token).partner.settings.postal_code == "0000"


def test_mendings_are_counted_and_the_latest_stands(store):
    invited(store)
    partner_id = named(store).id
    with store.unit() as unit:
        mendings.record(unit, partner_id, "tariffs", "T1", {"elements": "one"})
        mendings.record(unit, partner_id, "tariffs", "T2", {"elements": "one"})
    with store.unit() as unit:
        mendings.record(unit, partner_id, "tariffs", "T1", {"elements": "two"})
    with store.reading() as unit:
        first, second = mendings.of_partner(unit, partner_id)
    assert (first.object_key, first.times, first.notes) == ("T1", 2, {"elements": "two"})
    assert (second.object_key, second.times) == ("T2", 1)


def test_a_partner_can_be_renamed_but_not_to_anothers_name(store):
    invited(store)
    invited(store, "Other", (Role.CPO, CPO))
    with store.unit() as unit:
        connections.rename(unit, registry.named(unit, "EV Mobile").id, "EVM")
        with pytest.raises(NameTaken):
            connections.rename(unit, registry.named(unit, "EVM").id, "Other")
    assert named(store, "EVM").parties() == (EMS,)


def test_an_unknown_name_is_told_with_the_remedy(store):
    with store.reading() as unit, pytest.raises(NoSuchPartner, match="hub partner list"):
        registry.named(unit, "Nobody")


def test_a_token_in_doubt_works_beside_the_older_one_until_it_is_used(store):
    """CRED-13"""
    old = registered(store)
    partner_id = named(store).id
    with store.unit() as unit:
        new = access.intend(unit, partner_id)
    assert caller(store, new).kind == "C"
    assert caller(store, old).kind == "C"  # use during the exchange decides nothing
    with store.unit() as unit:
        access.doubt(unit, new)
    assert caller(store, old).kind == "C"
    assert caller(store, new).kind == "C"
    assert caller(store, old) is None
    assert caller(store, new).kind == "C"


def test_a_token_of_an_exchange_that_died_ends_by_itself(store):
    invited(store)
    with store.unit() as unit:
        token = access.intend(unit, named(store).id)
    assert caller(store, token).kind == "A"
    present = store.clock
    store.clock = lambda: present() + access.LONGEST_HANDSHAKE + 1
    assert caller(store, token) is None
