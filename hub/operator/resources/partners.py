"""The platforms that are connected, were, or may come: who they are, what is noted, how they stand."""

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Row, and_, select

from hub.observing import standing
from hub.ocpi.document import Json, Party
from hub.ocpi.editions import EDITIONS
from hub.ocpi.module import Role
from hub.operator.call import Call
from hub.operator.fields import (
    Because,
    Instant,
    ListQuery,
    Nothing,
    PartyField,
    line,
    listed,
    sorting,
    text,
    word,
)
from hub.operator.paging import Listing
from hub.operator.problems import Conflict, Forbidden, NotFound, Unfit
from hub.operator.resources.jobs import Job
from hub.operator.roles import Role as UserRole
from hub.operator.section import ID, Located, Section
from hub.parties import introduction, mendings, registry
from hub.parties.partner import Partner, PartnerSettings, Status
from hub.parties.problems import NoSuchPartner
from hub.parties.quirk_table import DEFAULTS, QUIRKS, NoSuchValue, written
from hub.store import findings
from hub.store.parties import partner_roles, partners
from hub.store.unit import Unit

section = Section("partners", "The platforms that are connected, and what is noted of each.")

ONE = f"/partners/<int(max={ID}):partner_id>"
VERSIONS = tuple(edition.version for edition in EDITIONS)
OF_FILES = frozenset({"ca-file", "client-certificate"})
"""Quirks that name a file on the machines of the hub: whoever sets them can see which files there are."""


class HeldRole(Schema):
    role = word(*(str(role) for role in Role), required=True)
    party = PartyField(required=True)


class PartnerSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    status = word(*(str(status) for status in Status), required=True)
    version = fields.String(required=True, allow_none=True)
    versions_url = fields.String(required=True, allow_none=True)
    registered_at = Instant(required=True, allow_none=True)
    roles = fields.List(fields.Nested(HeldRole), required=True)
    quirks = fields.List(fields.String(), required=True)


class Endpoint(Schema):
    module = fields.String(required=True)
    role = fields.String(required=True)
    url = fields.String(required=True)


class Mending(Schema):
    module = fields.String(required=True)
    object = fields.String(required=True)
    notes = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    times = fields.Integer(required=True)
    last = Instant(required=True)


class PartnerDetails(PartnerSchema):
    endpoints = fields.List(fields.Nested(Endpoint), required=True)
    mendings = fields.List(
        fields.Nested(Mending),
        required=True,
        metadata={"description": "What leniency mended of its objects."},
    )


class PartnerQuery(ListQuery):
    sort = sorting("id", "name")
    status = word(*(str(status) for status in Status))
    version = word(*VERSIONS)
    party = PartyField(metadata={"description": "Those that hold this party, as NL/EMS."})


def told(partner: Partner) -> Json:
    roles = [{"role": str(held.role), "party": held.party} for held in partner.roles]
    names = ("id", "name", "version", "versions_url", "registered_at")
    plain = {name: getattr(partner, name) for name in names}
    return plain | {"status": str(partner.status), "roles": roles, "quirks": quirks_of(partner.settings)}


def quirks_of(settings: PartnerSettings) -> list[str]:
    return [each for name in QUIRKS for each in written(name, settings)]


def holders(party: Party) -> ColumnElement[bool]:
    """Of the table of partners: those that hold this party."""
    held = select(partner_roles.c.partner_id).where(partner_roles.c.party == party.code)
    return partners.c.id.in_(held)


def visible(call: Call) -> list[ColumnElement[bool]]:
    return [] if call.only is None else [holders(call.only)]


def known(call: Call, partner_id: int) -> Partner:
    """The partner; NotFound also when it is none of this user's party."""
    found = registry.by_id(call.unit, partner_id)
    if found is None or not call.sees(*found.parties()):
        raise NotFound(f"There is no partner {partner_id}.", remedy="GET /api/v1/partners lists them.")
    return found


def held_by_it_alone(party: Party) -> ColumnElement[bool]:
    """Of the table of partners: those that hold this party and no other. What is kept of a platform without
    the owner of the object may be of any party there."""
    others = select(partner_roles.c.partner_id).where(partner_roles.c.party != party.code)
    return and_(holders(party), partners.c.id.not_in(others))


def sees_whole(call: Call, partner: Partner) -> bool:
    """Whether no party of the partner is hidden from this user."""
    return call.only is None or set(partner.parties()) == {call.only}


def by_id(unit: Unit, partner_id: int) -> Partner:
    found = registry.by_id(unit, partner_id)
    if found is None:
        raise NoSuchPartner(f"There is no partner {partner_id}")
    return found


@section.get("/partners", "list", query=PartnerQuery, answers=listed(PartnerSchema))
def list_(call: Call) -> Listing:
    """List the partners."""
    wanted = visible(call)
    wanted += [partners.c[name] == call.query[name] for name in ("status", "version") if name in call.query]
    if "party" in call.query:
        wanted.append(holders(call.query["party"]))

    def of_row(row: Row[Any]) -> Json:
        return told(by_id(call.unit, row.id))

    return Listing(select(partners.c.id).where(*wanted), of_row, partners.c.id, {"name": partners.c.name})


@section.get(ONE, "show", answers=PartnerDetails)
def show(call: Call, partner_id: int) -> Json:
    """Show a partner: its parties, its endpoints, its quirks, and what was mended of its objects."""
    partner = known(call, partner_id)
    interfaces = registry.endpoints_of(call.unit, partner.id)
    mended = mendings.of_partner(call.unit, partner.id) if sees_whole(call, partner) else []
    return told(partner) | {
        "endpoints": [{"module": name, "role": side, "url": url} for (name, side), url in interfaces.items()],
        "mendings": [
            {"object": each.object_key, "last": each.seen_at}
            | {name: getattr(each, name) for name in ("module", "notes", "times")}
            for each in mended
        ],
    }


# Invitations -----------------------------------------------------------------------------------------------


class NewPartner(Because):
    name = line(100, required=True)
    roles = fields.List(fields.Nested(HeldRole), required=True, validate=validate.Length(1, 20))
    version = word(*VERSIONS, metadata={"description": "Let it register in this OCPI version only."})


class Invitation(Schema):
    partner = fields.Nested(PartnerSchema, required=True)
    versions_url = fields.String(required=True)
    token = fields.String(
        required=True, allow_none=True, metadata={"description": "Token A: shown this once."}
    )


@section.post("/partners", "invite", takes=NewPartner, answers=Invitation, status=201, shown=("token",))
def invite(call: Call) -> Located:
    """Make a token A and the URL with which a partner can register itself.

    Give both to the partner over a channel that you trust. To invite a partner again voids the token before.
    """
    roles = [(Role(each["role"]), each["party"]) for each in call.body["roles"]]
    if any(party == call.hub.settings.party for _, party in roles):
        party = call.hub.settings.party
        raise Unfit(f"{party} is the hub itself.", fields={"roles": f"{party} is the hub itself"})
    name = call.body["name"]
    before = registry.by_name(call.unit, name)
    token = registry.invite(call.unit, name, roles, call.body.get("version"))
    partner = registry.named(call.unit, name)
    call.record("invite", f"partner/{name}", None if before is None else plain(before), plain(partner))
    url = introduction.versions_url(call.hub.settings)
    answer = {"partner": told(partner), "versions_url": url, "token": token}
    return Located(answer, f"/api/v1/partners/{partner.id}")


def plain(partner: Partner) -> Json:
    """For the audit trail."""
    return PartnerSchema().dump(told(partner))  # type: ignore[no-any-return]


# Changes ---------------------------------------------------------------------------------------------------


@section.post(f"{ONE}/suspend", "suspend", takes=Because, answers=PartnerDetails, current=show)
def suspend(call: Call, partner_id: int) -> Json:
    """Shut a partner out at once, and send it nothing."""
    partner = known(call, partner_id)
    registry.suspend(call.unit, partner)
    return changed(call, partner, "suspend")


@section.post(f"{ONE}/resume", "resume", takes=Because, answers=PartnerDetails, current=show)
def resume(call: Call, partner_id: int) -> Json:
    """Let a suspended partner in again, with the tokens it has."""
    partner = known(call, partner_id)
    if partner.status is not Status.SUSPENDED:
        raise Conflict(f"{partner.name} is {partner.status}.", remedy="There is nothing to resume.")
    registry.resume(call.unit, partner)
    return changed(call, partner, "resume")


def changed(call: Call, before: Partner, action: str) -> Json:
    call.record(action, f"partner/{before.name}", plain(before), plain(known(call, before.id)))
    return show(call, before.id)


class Update(Because):
    version = word(*VERSIONS, load_default=None, metadata={"description": "To change to; else it stays."})


@section.post(f"{ONE}/update", "update", takes=Update, answers=Job, status=202)
def update(call: Call, partner_id: int) -> Json:
    """Exchange new tokens with a partner, and look again at what it offers: a job."""
    wanted = {"partner": known(call, partner_id).name, "version": call.body["version"]}
    return call.submit("update-partner", wanted | {"by": call.user.name})


@section.post(f"{ONE}/unregister", "unregister", takes=Because, answers=Job, status=202)
def unregister(call: Call, partner_id: int) -> Json:
    """End a connection or an invitation, and tell the partner: a job. Its objects stay."""
    return call.submit("unregister-partner", {"partner": known(call, partner_id).name, "by": call.user.name})


# Quirks ----------------------------------------------------------------------------------------------------


class Quirks(Schema):
    quirks = fields.List(
        text(300),
        required=True,
        validate=validate.Length(max=200),
        metadata={"description": "NAME or NAME=VALUE; of one with several values, one entry for each."},
    )


class NewQuirks(Quirks, Because):
    """All that are to hold: those that are left out are taken away."""


class QuirkSchema(Schema):
    name = fields.String(required=True)
    form = fields.String(required=True, metadata={"description": "How its value is written; empty: none."})
    many = fields.Boolean(required=True)
    reason = fields.String(required=True)


class QuirkList(Schema):
    items = fields.List(fields.Nested(QuirkSchema), required=True)


@section.get("/quirks", "quirk-table", query=Nothing, answers=QuirkList)
def quirk_table(call: Call) -> Json:
    """List the quirks that there are, and why one would note each."""
    return {"items": [{"name": name} | quirk._asdict() for name, quirk in QUIRKS.items()]}


@section.get(f"{ONE}/quirks", "quirks", answers=Quirks)
def quirks(call: Call, partner_id: int) -> Json:
    """Show what is noted of a partner."""
    return {"quirks": quirks_of(known(call, partner_id).settings)}


@section.put(f"{ONE}/quirks", "set-quirks", takes=NewQuirks, answers=Quirks, current=quirks)
def set_quirks(call: Call, partner_id: int) -> Json:
    """Note these quirks of a partner, and no others. Running processes heed it at once."""
    partner = known(call, partner_id)
    before = quirks(call, partner_id)
    refuse_files(call, before["quirks"])
    registry.set_settings(call.unit, partner.id, with_quirks(partner.settings, call.body["quirks"]))
    after = quirks(call, partner_id)
    call.record("set quirks", f"partner/{partner.name}", before, after)
    return after


def refuse_files(call: Call, before: list[str]) -> None:
    new = {each.partition("=")[0] for each in set(call.body["quirks"]) ^ set(before)} & OF_FILES
    if new and call.user.role is not UserRole.ADMIN:
        names = ", ".join(sorted(new))
        raise Forbidden(f"{names}: only an administrator names files on the machines of the hub.")


def with_quirks(settings: PartnerSettings, entries: list[str]) -> PartnerSettings:
    """The settings with these quirks and no others; Unfit names every entry that makes no sense."""
    values = {QUIRKS[name].setting: DEFAULTS[QUIRKS[name].setting] for name in QUIRKS}
    faults = {}
    for place, entry in enumerate(entries):
        name, _, said = entry.partition("=")
        try:
            add(values, name, said)
        except NoSuchValue as fault:
            faults[f"quirks.{place}"] = str(fault)
    if faults:
        raise Unfit("These are no quirks.", fields=faults, remedy="GET /api/v1/quirks lists them.")
    return replace(settings, **values)


def add(values: dict[str, Any], name: str, said: str) -> None:
    if name not in QUIRKS:
        raise NoSuchValue(f"there is no quirk {name!r}")
    quirk = QUIRKS[name]
    if quirk.form and not said:
        raise NoSuchValue(f"{name} needs a value, as {name}={quirk.form}")
    value = quirk.read(said)
    values[quirk.setting] = values[quirk.setting] | {value} if quirk.many else value


# Health ----------------------------------------------------------------------------------------------------


class Incomplete(Schema):
    kind = fields.String(required=True)
    module = fields.String(required=True)
    owner = fields.String(required=True)
    object = fields.String(required=True)
    detail = fields.String(required=True)
    first_at = Instant(required=True)


class Health(Schema):
    partner = fields.String(required=True)
    status = fields.String(required=True)
    gate = word(*standing.GATES, required=True, metadata={"description": "closed: deliveries flow."})
    until = Instant(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    backlog = fields.Integer(required=True, metadata={"description": "Objects that it is owed."})
    oldest = Instant(required=True, allow_none=True)
    given_up = fields.Integer(required=True, metadata={"description": "Dead letters."})
    heard_at = Instant(required=True, allow_none=True)
    pulls = fields.Dict(
        keys=fields.String(), values=Instant(), required=True, metadata={"description": "Module: last pull."}
    )
    findings = fields.List(
        fields.Nested(Incomplete), required=True, metadata={"description": "What should be there and is not."}
    )


@section.get(f"{ONE}/health", "health", answers=Health)
def health(call: Call, partner_id: int) -> Json:
    """Show how the hub stands with a partner: what it is owed, whether it answers, what is not complete."""
    partner = known(call, partner_id)
    stands = next((each for each in standing.standings(call.unit) if each.id == partner.id), None)
    if stands is None:
        raise Conflict(f"{partner.name} has never been connected.", remedy="Wait until it has registered.")
    names = ("status", "gate", "until", "error", "backlog", "oldest", "heard_at", "pulls")
    return {name: getattr(stands, name) for name in names} | {
        "partner": partner.name,
        "given_up": standing.given_up(call.unit).get(partner.id, 0),
        "findings": [
            incomplete(each)
            for each in findings.all_of(call.unit, partner.id)
            if sees_whole(call, partner) or (call.only and each.missing.owner == call.only.code)
        ],
    }


def incomplete(finding: findings.Finding) -> Json:
    missing = finding.missing
    plain = {name: getattr(missing, name) for name in ("kind", "module", "owner", "detail")}
    return plain | {"object": missing.object_key, "first_at": finding.first_at}
