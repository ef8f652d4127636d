"""What is owed: marks that a partner must hear of an object, written in the transaction that changed it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.sql.base import Executable

from hub.ocpi.module import Module
from hub.ocpi.modules import MODULES
from hub.store.base import INSERTS, Instant, Serial
from hub.store.deliveries import deliveries
from hub.store.documents import TABLES
from hub.store.invoices import invoice_records
from hub.store.parties import endpoints, partner_roles, partners
from hub.store.prepared import Prepared
from hub.store.readers import RESTRICTED, SIGHTED, SOME, sightings, tariff_readers
from hub.store.unit import Change, Unit
from hub.sync import reach
from hub.sync.outcomes import DUE, LEASED
from hub.sync.waits import SECOND

NOBODY = 0
"""No partner has this id."""
KEPT_FOR_THEM = ("cdrs", "invoicereconciliation")
"""What is kept for parties that are not connected; everything else they pull."""
HEAD_START: Mapping[str, int] = dict.fromkeys(("sessions", "tokens", "cdrs"), 600 * SECOND)
"""What somebody waits for at a charge point goes before a catalogue that was published up to so long ago."""


def owe(unit: Unit, change: Change) -> None:
    """Mark every partner that must hear of the change; the one that sent it is not told its own words.

    One statement, however many partners there are. A mark that exists is moved to the new revision: what is
    sent is always the present state.
    """
    module = MODULES[change.document.module]
    if not module.pushed(change.document.newest):
        return
    marked = MARK[module.name].run(
        unit,
        document=change.seq,
        rev=change.rev,
        now=unit.now,
        source=NOBODY if change.source is None else change.source,
        party=change.audience or "",
    )
    unit.owed = unit.owed or marked > 0


def owe_sighted(unit: Unit) -> None:
    """Mark what parties see otherwise since this transaction, for the partners that speak for them.

    What is under way was packed as they saw it before. Its claim is taken from it, so that nobody takes it
    for what is wanted now, and the next try waits until that claim would have lapsed: two tries for one
    object are never under way at once.
    """
    for mark in MARK_SIGHTED.values():
        unit.owed = mark.run(unit, now=unit.now) > 0 or unit.owed


def welcome(unit: Unit, partner_id: int) -> None:
    """A partner has just connected, or has new tokens or addresses: what it is owed is tried at once, and
    what was kept for its parties is owed now, the oldest first."""
    reach.forget(unit, partner_id)
    for mark in MARK_WAITING:
        unit.owed = mark.run(unit, partner=partner_id, now=unit.now) > 0 or unit.owed


def hearing(module: Module) -> Select[Any]:
    """The partners that are to hear of a change: of the right role, or the one party it is meant for,
    with a Receiver for the module (others pull). A suspended one hears of it when it is resumed."""
    role = select(partner_roles.c.partner_id).where(partner_roles.c.partner_id == partners.c.id)
    role = role.where(or_(*(partner_roles.c.role == each for each in sorted(module.heard_by))))
    if module.for_one:
        role = role.where(partner_roles.c.party == bindparam("party"))
    if len(module.owners) > 1:
        role = role.where(side_of(bindparam("document", type_=Serial)))
    everybody = (
        select(partners.c.id)
        .join(endpoints, endpoints.c.partner_id == partners.c.id)
        .where(endpoints.c.module == module.name, endpoints.c.role == "RECEIVER")
        .where(role.exists(), partners.c.id != bindparam("source"))
    )
    return (
        (everybody.where(may_read(role)) if module.name in RESTRICTED else everybody)
        .add_columns(
            *columns(module.name, bindparam("document", type_=Serial), bindparam("rev", type_=Integer))
        )
        .order_by(partners.c.id)  # every transaction takes its rows in this order: no deadlock
    )


def side_of(document: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a party is a side of a record in this very role: one code may be a CPO at one platform, and an
    eMSP at another."""
    record, held = invoice_records.c, partner_roles.c
    as_cpo = and_(held.role == "CPO", record.cpo == held.party)
    as_emsp = and_(held.role == "EMSP", record.emsp == held.party)
    mine = select(record.document).where(record.document == document)
    return mine.where(or_(as_cpo, as_emsp)).exists()


def may_read(role: Select[Any]) -> ColumnElement[bool]:
    """That a tariff is for all, or for a party of the partner; `role`: of its roles that hear of tariffs."""
    table = TABLES["tariffs"]
    this = table.c.seq == bindparam("document", type_=Serial)
    for_some = select(table.c.seq).where(this, table.c.audience == SOME)
    given = and_(tariff_readers.c.owner == table.c.owner, tariff_readers.c.key == table.c.key)
    reader = (
        role.join(tariff_readers, tariff_readers.c.party == partner_roles.c.party)
        .join(table, given)
        .where(this, tariff_readers.c.until.is_(None))
    )
    return or_(~for_some.exists(), reader.exists())


def sighting(module: Module) -> Select[Any]:
    """The partners with a party that sees something otherwise since this very instant."""
    table, now = TABLES[module.name], bindparam("now", type_=Instant)
    role = and_(
        partner_roles.c.party == sightings.c.party,
        or_(*(partner_roles.c.role == each for each in sorted(module.heard_by))),
    )
    endpoint = and_(
        endpoints.c.partner_id == partner_roles.c.partner_id,
        endpoints.c.module == module.name,
        endpoints.c.role == "RECEIVER",
    )
    return (
        select(partner_roles.c.partner_id)
        .select_from(sightings)
        .join(table, table.c.seq == sightings.c.document)
        .join(partner_roles, role)
        .join(endpoints, endpoint)
        .where(sightings.c.module == module.name, sightings.c.changed_at == now, table.c.deleted_at.is_(None))
        .add_columns(*columns(module.name, table.c.seq, table.c.rev))
        .distinct()  # a partner may speak for several of these parties
        .order_by(partner_roles.c.partner_id, table.c.seq)
    )


def waiting(module: Module) -> Select[Any]:
    """What is for a partner's parties and it was never owed."""
    table, name = TABLES[module.name], module.name
    known = exists().where(deliveries.c.partner_id == partners.c.id, deliveries.c.module == name)
    hears = or_(*(partner_roles.c.role == each for each in sorted(module.heard_by)))
    if len(module.owners) > 1:
        hears = and_(hears, side_of(table.c.seq))
    return (
        select(partners.c.id)
        .join(partner_roles, partner_roles.c.partner_id == partners.c.id)
        .join(endpoints, endpoints.c.partner_id == partners.c.id)
        .join(table, table.c.audience == partner_roles.c.party)
        .where(partners.c.id == bindparam("partner"), hears, table.c.deleted_at.is_(None))
        .where(endpoints.c.module == name, endpoints.c.role == "RECEIVER")
        .where(~known.where(deliveries.c.document == table.c.seq))
        .add_columns(*columns(name, table.c.seq, table.c.rev))
        .distinct()  # a party may have both roles
        .order_by(table.c.seq)
    )


def columns(module: str, document: ColumnElement[Any], rev: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    now = bindparam("now", type_=Instant)
    head_start = HEAD_START.get(module, 0)
    return [literal(module), document, rev, literal(DUE), literal(0), now - head_start, now]


MARKED = ["partner_id", "module", "document", "wanted_rev", "state", "attempts", "next_at", "owed_at"]


def marking(marks: Select[Any]) -> Prepared:
    """Insert the marks; where there is one, move it on: what waits for its next try keeps waiting."""
    return Prepared(**{name: moved(insert(deliveries), marks) for name, insert in INSERTS.items()})


def moved(statement: Any, marks: Select[Any]) -> Executable:
    present, fresh = deliveries.c.state, statement.excluded
    is_open = or_(present == DUE, present == LEASED)
    upsert: Executable = statement.from_select(MARKED, marks).on_conflict_do_update(
        index_elements=["partner_id", "module", "document"],
        set_={
            "wanted_rev": fresh.wanted_rev,
            "state": case((present == LEASED, LEASED), else_=DUE),
            "attempts": case((is_open, deliveries.c.attempts), else_=0),
            "next_at": case((is_open, deliveries.c.next_at), else_=fresh.next_at),
            "owed_at": case((is_open, deliveries.c.owed_at), else_=fresh.owed_at),
        },
    )
    return upsert


def seen_otherwise(statement: Any, marks: Select[Any]) -> Executable:
    present, fresh = deliveries.c.state, statement.excluded
    is_open = or_(present == DUE, present == LEASED)
    upsert: Executable = statement.from_select(MARKED, marks).on_conflict_do_update(
        index_elements=["partner_id", "module", "document"],
        set_={
            "wanted_rev": fresh.wanted_rev,
            "state": DUE,
            "lease": null(),
            "attempts": case((is_open, deliveries.c.attempts), else_=0),
            "next_at": case((is_open, deliveries.c.next_at), else_=fresh.next_at),
            "owed_at": case((is_open, deliveries.c.owed_at), else_=fresh.owed_at),
        },
    )
    return upsert


MARK: Mapping[str, Prepared] = {name: marking(hearing(module)) for name, module in MODULES.items()}
MARK_WAITING = tuple(marking(waiting(MODULES[name])) for name in KEPT_FOR_THEM)
MARK_SIGHTED: Mapping[str, Prepared] = {
    name: Prepared(
        **{engine: seen_otherwise(insert(deliveries), sighting(module)) for engine, insert in INSERTS.items()}
    )
    for name, module in MODULES.items()
    if name in SIGHTED
}
