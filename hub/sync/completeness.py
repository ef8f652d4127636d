"""What should be there and is not: found each night and when it is asked for, listed as long as it is so.

session-without-cdr  a session is COMPLETED since a day, and nobody has billed it
cdr-without-session  a CDR names a session that was never heard of
cdr-without-receiver a CDR is for an eMSP that is not connected; it is owed as soon as that one connects
unlisted             the hub holds an object that its owner's whole list has no more (LOC-25)
unreadable           the owner's list has an object that the hub could not keep: see `hub quarantine list`;
                     any other that it holds and never sent is kept as soon as the list is read
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from hub.ocpi.document import Party
from hub.store import cursors, findings
from hub.store.charges import CREDITED, RATED, charges
from hub.store.clearings import clearings
from hub.store.cursors import Cursor
from hub.store.documents import TABLES
from hub.store.findings import Missing
from hub.store.invoices import invoice_records
from hub.store.parties import partner_roles, partners
from hub.store.quarantine import quarantine
from hub.store.unit import Unit
from hub.sync import counterparts
from hub.sync.intake import Sender
from hub.sync.run import Interrupted, Outcome, Run
from hub.sync.slots import SECOND

PATIENCE = 24 * 3600 * SECOND
"""How long a completed session may be without a CDR (CDRs come within a day, CDR-01)."""
SESSION_WITHOUT_CDR, CDR_WITHOUT_SESSION = "session-without-cdr", "cdr-without-session"
CDR_WITHOUT_RECEIVER = "cdr-without-receiver"
UNLISTED, UNREADABLE = "unlisted", "unreadable"

sessions, cdrs = TABLES["sessions"], TABLES["cdrs"]


def nightly(run: Run) -> Outcome:
    """Look through everything, in one transaction; before, for whom records are, each in one of its own."""
    counterparts.find_again(run.hub.store, run.stopping.is_set)
    if run.stopping.is_set():
        raise Interrupted
    return Outcome(told="see `hub sync check`", finish=look)


def look(unit: Unit, partner_id: int | None = None) -> None:
    """Bring the findings up to date, of one partner or of all; what is complete by now is cleared."""
    scope = {} if partner_id is None else {"partner_id": partner_id}
    for kind, find in FINDERS.items():
        found = (each for each in find(unit) if partner_id in (None, each.partner_id))
        findings.settle(unit, [kind], found, **scope)
    held_again(unit)


def note_unlisted(unit: Unit, sender: Sender, cursor: Cursor) -> None:
    """A list was read whole: what the hub holds of its owners and the list has not."""
    module = sender.wire.module
    owners = [party.code for party in sender.partner.parties(*module.owners)]
    ours = WRITTEN_BY_HUB[module.name](unit, owners) if module.name in WRITTEN_BY_HUB else frozenset()
    missing = [
        Missing(UNLISTED, sender.partner.id, module.name, owner, key, "its owner's list has it no more")
        for owner, key, _ in cursors.unlisted(unit, cursor, owners)
        if (owner, key) not in ours
    ]
    findings.settle(unit, [UNLISTED], missing, partner_id=sender.partner.id, module=module.name)


def issued_by_hub(unit: Unit, owners: Collection[str]) -> frozenset[tuple[str, str]]:
    """(Party.code, key) of the CDRs that the hub has written, what it took back and what takes that back
    included: no list of a CPO has to show them."""
    row = clearings.c
    billed = select(charges.c.owner, charges.c.cdr_key).where(
        charges.c.owner.in_(owners),
        charges.c.cdr_key.is_not(None),
        or_(charges.c.state == RATED, and_(charges.c.state == CREDITED, charges.c.quote.is_not(None))),
    )
    exchanged = select(row.owner, row.cdr_key).where(
        row.owner.in_(owners), or_(row.kind == "REPLACEMENT", row.replaced_by.is_not(None))
    )
    written = {tuple(each) for query in (billed, exchanged) for each in unit.connection.execute(query)}
    of_credits = select(row.owner, row.cdr_key, row.credits).where(
        row.owner.in_(owners), row.kind.in_(["CREDIT", "PARTIAL"])
    )
    taking_back = {
        (owner, key) for owner, key, of in unit.connection.execute(of_credits) if (owner, of) in written
    }
    return frozenset(written | taking_back)


def records_of_hub(unit: Unit, owners: Collection[str]) -> frozenset[tuple[str, str]]:
    """The same of invoice reconciliation records."""
    row = invoice_records.c
    issued = select(row.owner, row.record_key).where(row.owner.in_(owners), row.statement_id.is_not(None))
    return frozenset((owner, key) for owner, key in unit.connection.execute(issued))


WRITTEN_BY_HUB: Mapping[str, Callable[[Unit, Collection[str]], frozenset[tuple[str, str]]]] = {
    "cdrs": issued_by_hub,
    "invoicereconciliation": records_of_hub,
}


def held_again(unit: Unit) -> None:
    """What was unlisted and was deleted since is no finding any more."""
    for name, table in TABLES.items():
        same = and_(table.c.owner == findings.findings.c.owner, table.c.key == findings.findings.c.object_key)
        living = exists().where(same, table.c.deleted_at.is_(None))
        of_module = [findings.findings.c.kind == UNLISTED, findings.findings.c.module == name]
        unit.connection.execute(findings.findings.delete().where(*of_module, ~living))


# Each kind of finding --------------------------------------------------------------------------------------


def owned_by(owner: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(partner_roles.c.party == owner, partner_roles.c.role == "CPO")


def sessions_without_cdr(unit: Unit) -> Iterator[Missing]:
    billed = exists().where(
        cdrs.c.owner == sessions.c.owner, cdrs.c.session_id == sessions.c.key, cdrs.c.deleted_at.is_(None)
    )
    of_session = and_(charges.c.owner == sessions.c.owner, charges.c.session_key == sessions.c.key)
    late = unit.now - PATIENCE
    query: Select[Any] = (
        select(
            partner_roles.c.partner_id, sessions.c.owner, sessions.c.key, charges.c.state, charges.c.reason
        )
        .join(partner_roles, owned_by(sessions.c.owner))
        .outerjoin(charges, of_session)
        .where(sessions.c.status == "COMPLETED", sessions.c.deleted_at.is_(None))
        .where(sessions.c.received_at < late, ~billed)
        .order_by(sessions.c.seq)
    )
    for partner_id, owner, key, state, reason in unit.connection.execute(query):
        why = f"{state.lower()}: {reason}" if state and reason else "no CDR has come"
        yield Missing(SESSION_WITHOUT_CDR, partner_id, "sessions", owner, key, why)


def cdrs_without_session(unit: Unit) -> Iterator[Missing]:
    known = exists().where(sessions.c.owner == cdrs.c.owner, sessions.c.key == cdrs.c.session_id)
    query = (
        select(partner_roles.c.partner_id, cdrs.c.owner, cdrs.c.key, cdrs.c.session_id)
        .join(partner_roles, owned_by(cdrs.c.owner))
        .where(cdrs.c.session_id.is_not(None), cdrs.c.deleted_at.is_(None), ~known)
        .order_by(cdrs.c.seq)
    )
    for partner_id, owner, key, session in unit.connection.execute(query):
        yield Missing(CDR_WITHOUT_SESSION, partner_id, "cdrs", owner, key, f"no session {session} is known")


def cdrs_without_receiver(unit: Unit) -> Iterator[Missing]:
    emsp = partner_roles.alias()
    connected = (
        select(emsp.c.party)
        .join(partners, partners.c.id == emsp.c.partner_id)
        .where(emsp.c.role == "EMSP", emsp.c.party == cdrs.c.audience, partners.c.registered_at.is_not(None))
    )
    query = (
        select(partner_roles.c.partner_id, cdrs.c.owner, cdrs.c.key, cdrs.c.audience)
        .join(partner_roles, owned_by(cdrs.c.owner))
        .where(cdrs.c.deleted_at.is_(None), ~connected.exists())
        .order_by(cdrs.c.seq)
    )
    for partner_id, owner, key, audience in unit.connection.execute(query):
        why = f"no eMSP {Party.of_code(audience)} is connected"
        yield Missing(CDR_WITHOUT_RECEIVER, partner_id, "cdrs", owner, key, why)


def unreadable(unit: Unit) -> Iterator[Missing]:
    query = select(quarantine).order_by(quarantine.c.id)
    for row in unit.connection.execute(query):
        why = f"quarantine {row.id}: {row.error}"[:500]
        yield Missing(UNREADABLE, row.partner_id, row.module, "", row.object_key, why)


FINDERS: Mapping[str, Callable[[Unit], Iterator[Missing]]] = {
    SESSION_WITHOUT_CDR: sessions_without_cdr,
    CDR_WITHOUT_SESSION: cdrs_without_session,
    CDR_WITHOUT_RECEIVER: cdrs_without_receiver,
    UNREADABLE: unreadable,
}
