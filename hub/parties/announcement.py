"""What a partner says of itself: its credentials object, read and checked."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from hub.ocpi.checking import check
from hub.ocpi.document import Json, Party
from hub.ocpi.edition import Edition
from hub.ocpi.errors import InvalidObject
from hub.ocpi.module import Role
from hub.parties.partner import PartnerRole

Acting = Callable[[Party], Collection[Role]]
"""The roles in which a 2.1.1 platform acts for its party: it cannot say so itself (CRED-25)."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """`token` opens the partner's platform, whose versions are at `url`."""

    token: str
    url: str
    roles: tuple[PartnerRole, ...]


def read(edition: Edition, body: Json, acting: Acting) -> Announcement:
    """The announcement, or InvalidObject."""
    proper = with_names(edition, body)
    check(edition, "credentials", proper)
    return Announcement(proper["token"], proper["url"], roles_of(edition, proper, acting))


def with_names(edition: Edition, body: Json) -> Json:
    """Clients in the field leave out how their parties are called: then the ids must do."""
    if not edition.has_roles:
        return with_name(body)
    roles = body.get("roles")
    if not isinstance(roles, list):
        return body
    return body | {"roles": [with_name(role) if isinstance(role, dict) else role for role in roles]}


def with_name(described: Json) -> Json:
    details = described.get("business_details") or {}
    if not isinstance(details, dict) or details.get("name"):
        return described
    name = f"{described.get('country_code')}/{described.get('party_id')}"
    return described | {"business_details": details | {"name": name}}


def roles_of(edition: Edition, body: Json, acting: Acting) -> tuple[PartnerRole, ...]:
    if edition.has_roles:
        return tuple(map(role_of, body["roles"]))
    party = party_of(body)  # CRED-25
    return tuple(PartnerRole(role, party, body["business_details"]) for role in acting(party))


def role_of(described: Json) -> PartnerRole:
    return PartnerRole(Role(described["role"]), party_of(described), described["business_details"])


def party_of(described: Json) -> Party:
    return Party.of(described["country_code"], described["party_id"])


def as_invited(invited: Collection[PartnerRole]) -> Acting:
    """The roles in which each party was invited."""

    def acting(party: Party) -> Collection[Role]:
        roles = [held.role for held in invited if held.party == party]
        if not roles:
            raise not_invited(str(party), invited, {"party_id": f"{party} is not part of the invitation"})
        return roles

    return acting


def keep_to_invitation(roles: Collection[PartnerRole], invited: Collection[PartnerRole]) -> None:
    """A partner speaks for the parties that the operator knows it to have, and no others (CRED-24)."""
    allowed = {(held.role, held.party) for held in invited}
    for number, held in enumerate(roles):
        if (held.role, held.party) not in allowed:
            fields = {f"roles[{number}]": f"{held} is not part of the invitation"}
            raise not_invited(str(held), invited, fields)


def not_invited(who: str, invited: Collection[PartnerRole], fields: dict[str, str]) -> InvalidObject:
    listed = ", ".join(map(str, invited)) or "nobody"
    return InvalidObject(f"{who} was not invited; invited by the hub's operator: {listed}", fields=fields)
