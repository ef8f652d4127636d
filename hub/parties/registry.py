"""The partners that the hub knows: found by token, name or party; invited, suspended, resumed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from hub.ocpi import strictjson
from hub.ocpi.document import Party
from hub.ocpi.editions import edition
from hub.ocpi.module import Role
from hub.parties import access, tokens
from hub.parties.partner import Caller, Partner, PartnerRole, PartnerSettings, Status
from hub.parties.problems import AlreadyRegistered, NoSuchPartner, NotRegistered, PartyTaken
from hub.parties.rows import COLUMNS, partner_of, settings_text
from hub.store.base import Instant
from hub.store.engine import Store
from hub.store.parties import endpoints, partner_roles, partners, tokens_in, tokens_out
from hub.store.prepared import Prepared
from hub.store.unit import Glance, Unit

JOINED = partners.outerjoin(partner_roles)
IN_ORDER = (partners.c.id, partner_roles.c.role, partner_roles.c.party)

BY_TOKEN = Prepared(
    every=select(tokens_in.c.hash, tokens_in.c.id, tokens_in.c.kind, tokens_in.c.used_at, *COLUMNS)
    .select_from(tokens_in.join(JOINED))
    .where(
        or_(
            tokens_in.c.hash == bindparam("plain", type_=LargeBinary),
            tokens_in.c.hash == bindparam("decoded", type_=LargeBinary),
        ),
        or_(tokens_in.c.expires_at.is_(None), tokens_in.c.expires_at > bindparam("now", type_=Instant)),
        partners.c.status != Status.SUSPENDED.value,
    )
)
"""In no order: the few rows of a token are sorted here, which is less than to have them sorted."""


# Who asks --------------------------------------------------------------------------------------------------


def authenticate(store: Store, candidates: Sequence[bytes]) -> Caller | None:
    """Who presents one of these tokens. It asks the database each time: a token that any process has revoked
    is dead at once, which a cache could not promise."""
    if not candidates:
        return None
    with store.glance() as glance:
        found = by_token(glance, candidates)
    if found is None:
        return None
    caller, unused = found
    if unused is not None:
        with store.unit() as unit:
            access.take_over(unit, caller.partner.id, unused)
    return caller


def by_token(unit: Unit | Glance, candidates: Sequence[bytes]) -> tuple[Caller, int | None] | None:
    """The caller; with it the id of its token when a handshake gave it that and this is its first use.

    Tokens of suspended and of unregistered partners are unknown. Whoever is not registered counts as kind A,
    also when it calls back during a handshake that the hub has begun.
    """
    hashes = {tokens.hashed(candidate): candidate for candidate in candidates}
    plain, *rest = hashes
    given = {"plain": plain, "decoded": rest[0] if rest else plain, "now": unit.now}
    rows = BY_TOKEN.all(unit, **given)
    if not rows:
        return None
    if len(rows) > 1:
        rows.sort(key=attrgetter("id", "id_1", "role", "party"))
    token_hash, token_id, kind, used_at = rows[0][:4]
    partner = partner_of(tuple(tuple(row[4:]) for row in rows if row[1] == token_id))
    token = hashes[bytes(token_hash)].decode("ascii")
    caller = Caller(partner, token, "A" if partner.registered_at is None else "C")
    return caller, token_id if kind == access.REGISTERED and used_at is None else None


# Looking up ------------------------------------------------------------------------------------------------


def matching(unit: Unit, *wanted: ColumnElement[bool]) -> list[Partner]:
    rows = unit.connection.execute(select(*COLUMNS).select_from(JOINED).where(*wanted).order_by(*IN_ORDER))
    of_each = groupby(map(tuple, rows), key=lambda row: row[0])
    return [partner_of(tuple(group)) for _, group in of_each]


def everyone(unit: Unit) -> list[Partner]:
    """Every partner there is or was, in the order of their invitation."""
    return matching(unit)


def by_id(unit: Unit, partner_id: int) -> Partner | None:
    return next(iter(matching(unit, partners.c.id == partner_id)), None)


def by_name(unit: Unit, name: str) -> Partner | None:
    return next(iter(matching(unit, partners.c.name == name)), None)


def named(unit: Unit, name: str) -> Partner:
    """The partner of this name; NoSuchPartner when there is none."""
    found = by_name(unit, name)
    if found is None:
        raise NoSuchPartner(f"There is no partner {name!r}; `hub partner list` shows those there are")
    return found


def of_party(unit: Unit, party: Party, *roles: Role) -> list[Partner]:
    """The partners that hold the party, in one of these roles if any is named."""
    held = partner_roles.alias("held")
    holders = select(held.c.partner_id).where(held.c.party == party.code)
    if roles:
        holders = holders.where(held.c.role.in_(roles))
    return matching(unit, partners.c.id.in_(holders))


def is_connected(partner: Partner) -> bool:
    """Whether requests may be sent to it."""
    return partner.registered_at is not None and partner.status is not Status.SUSPENDED


# What is sent to it ----------------------------------------------------------------------------------------


def endpoint_of(unit: Unit, partner_id: int, module: str, role: str) -> str | None:
    """The URL of the partner's own interface (SENDER or RECEIVER) of a module; None when it offers none."""
    wanted = [endpoints.c.partner_id == partner_id, endpoints.c.module == module, endpoints.c.role == role]
    return unit.connection.execute(select(endpoints.c.url).where(*wanted)).scalar()


def endpoints_of(unit: Unit, partner_id: int) -> dict[tuple[str, str], str]:
    """All of its interfaces: (module, role) -> URL."""
    query = select(endpoints).where(endpoints.c.partner_id == partner_id)
    rows = unit.connection.execute(query.order_by(endpoints.c.module, endpoints.c.role))
    return {(row.module, row.role): row.url for row in rows}


def token_out(unit: Unit, partner_id: int, vault: tokens.Vault) -> str | None:
    """The token that opens the partner's platform; None when it is not registered."""
    query = select(tokens_out.c.sealed).where(tokens_out.c.partner_id == partner_id)
    sealed = unit.connection.execute(query).scalar()
    return None if sealed is None else vault.unseal(sealed)


def authorization(unit: Unit, partner: Partner, vault: tokens.Vault) -> str | None:
    """The Authorization header for requests to the partner; None when nothing may be sent to it (CRED-14)."""
    token = token_out(unit, partner.id, vault) if is_connected(partner) else None
    if token is None or partner.version is None:
        return None
    return tokens.write_authorization(token, raw=partner.settings.sends_raw(edition(partner.version)))


# Coming and going ------------------------------------------------------------------------------------------


def invite(unit: Unit, name: str, roles: Iterable[tuple[Role, Party]], version: str | None = None) -> str:
    """The token A with which the partner may register these parties; an earlier invitation of it is void."""
    partner = by_name(unit, name)
    if partner is not None and partner.registered_at is not None:
        raise AlreadyRegistered(f"{name} is registered; `hub partner unregister` it before inviting it again")
    partner_id = put_down(unit, partner, name, version)
    hold_roles(unit, partner_id, [PartnerRole(role, party) for role, party in roles])
    return access.invite(unit, partner_id)


def put_down(unit: Unit, partner: Partner | None, name: str, version: str | None) -> int:
    """The id of a partner that is about to register."""
    planned: dict[str, Any] = {"status": Status.PLANNED, "version": version, "invited_at": unit.now}
    if partner is not None:
        unit.connection.execute(update(partners).where(partners.c.id == partner.id).values(planned))
        return partner.id
    new = insert(partners).values(name=name, **planned).returning(partners.c.id)
    return int(unit.connection.execute(new).scalar_one())


def planned(
    unit: Unit,
    former: Partner | None,
    name: str,
    noted: Callable[[PartnerSettings], PartnerSettings],
) -> Partner:
    """A partner with which the hub is about to register; `former` is what is known of it already."""
    partner_id = put_down(unit, former, name, None)
    partner = next(each for each in matching(unit, partners.c.id == partner_id))
    settings = noted(partner.settings)
    set_settings(unit, partner_id, settings)
    return replace(partner, settings=settings)


def hold_roles(unit: Unit, partner_id: int, roles: Sequence[PartnerRole]) -> None:
    """The partner holds these roles and no others; PartyTaken when another partner holds one (CRED-24)."""
    for held in roles:
        for other in of_party(unit, held.party, held.role):
            if other.id != partner_id:
                raise PartyTaken(f"{held} belongs to partner {other.name!r}")
    unit.connection.execute(delete(partner_roles).where(partner_roles.c.partner_id == partner_id))
    rows = [
        {
            "partner_id": partner_id,
            "role": held.role,
            "party": held.party.code,
            "business_details": strictjson.write(held.business_details).decode(),
        }
        for held in roles
    ]
    if not rows:
        return
    try:
        unit.connection.execute(insert(partner_roles), rows)
    except IntegrityError:  # at this very moment, in another transaction
        raise PartyTaken(f"Another partner holds one of {', '.join(map(str, roles))}") from None


def suspend(unit: Unit, partner: Partner) -> None:
    """Its tokens open nothing and nothing is sent to it, until it is resumed."""
    set_status(unit, partner, Status.SUSPENDED)


def resume(unit: Unit, partner: Partner) -> None:
    """Undo a suspension; NotRegistered when there is nothing to go back to."""
    if partner.registered_at is not None:
        set_status(unit, partner, Status.CONNECTED)
    elif access.is_invited(unit, partner.id):
        set_status(unit, partner, Status.PLANNED)
    else:
        raise NotRegistered(f"{partner.name} has unregistered; `hub partner invite` it again")


def set_status(unit: Unit, partner: Partner, status: Status) -> None:
    """What hub client info says of the partner (HCI-01); what follows from its return is a reaction."""
    if status is Status.CONNECTED and partner.status is not status:
        unit.joined.append(partner.id)
    unit.connection.execute(update(partners).where(partners.c.id == partner.id).values(status=status))


def set_settings(unit: Unit, partner_id: int, settings: PartnerSettings) -> None:
    text = settings_text(settings)
    unit.connection.execute(update(partners).where(partners.c.id == partner_id).values(settings=text))
