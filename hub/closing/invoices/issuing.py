"""The records that the hub writes for statements, in the name of who bills."""

from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Any

import msgspec
from sqlalchemy import func, select

from hub.closing import statements
from hub.closing.invoices import keeping
from hub.closing.invoices.problems import NothingListed, NotSent
from hub.ocpi import instants
from hub.ocpi.aliases import alias
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.editions import NEWEST
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import key_of
from hub.store import audit, documents
from hub.store.audit import Actor
from hub.store.clearings import clearings
from hub.store.documents import Stored
from hub.store.invoices import invoice_records
from hub.store.statements import statement_lines
from hub.store.unit import Unit
from hub.sync.counterparts import MODULE, Pair, cdrs

MOST = 10_000
"""CDRs in one record: no platform takes bodies of any size."""
TOGETHER = 5_000
"""So many CDRs are in memory at a time."""
ID_LENGTH = 36
NUMBER_LENGTH = 255
ISSUED = ("SENT", "ACCEPTED", "CONTESTED", "FINAL")
"""In these states both parties have the statement."""


class Named(msgspec.Struct):
    """All that is read of a CDR here."""

    id: str


def fits(invoice_id: str) -> bool:
    """Whether it may be the number of an invoice (IRR-01)."""
    return 1 <= len(invoice_id) <= NUMBER_LENGTH and invoice_id.isascii() and invoice_id.isprintable()


read = msgspec.json.Decoder(Named).decode


# What an operator asks for ---------------------------------------------------------------------------------


def issue(
    unit: Unit, name: str, actor: Actor, invoice_id: str | None = None, why: str | None = None
) -> list[Any]:
    """Tell the other party which CDRs the invoice of a statement bills; the rows of its records.

    invoice_id  the number of the invoice as the party that bills has it; else as it was, or the statement's
    """
    statement = statements.locked(unit, name)
    if statement.state not in ISSUED:
        raise NotSent(
            f"Statement {statement.number or statement.id} is {statement.state}: a record follows when it is "
            f"sent, by `hub statement send {statement.id}`."
        )
    before = standing(unit, statement.id)
    invoice = invoice_id or (before[0].invoice_id if before else statement.number)
    after = write(unit, statement, invoice)
    if not after:
        raise NothingListed(f"Statement {statement.number} has no CDRs, so that its invoice bills none.")
    trail(unit, actor, "issue-invoice", statement, (before, after), why)
    return after


def withdraw(unit: Unit, name: str, actor: Actor, why: str | None = None) -> list[Any]:
    """Take back the records of a statement, as though they had never been; their rows as they were."""
    statement = statements.locked(unit, name)
    before = standing(unit, statement.id)
    if not before:
        raise NothingListed(f"No record is issued for statement {statement.number or statement.id}.")
    for each in before:
        documents.remove(unit, claimed(unit, each), source=None)
    trail(unit, actor, "withdraw-invoice", statement, (before, []), why)
    return before


def trail(  # noqa: PLR0913, PLR0917 (what the trail tells)
    unit: Unit, actor: Actor, action: str, statement: Any, rows: tuple[list[Any], list[Any]], why: str | None
) -> None:
    before, after = (audited(each) for each in rows)
    audit.record(unit, actor, action, f"statement/{statement.id}", before, after, why)


def audited(rows: Sequence[Any]) -> Json:
    return {
        "invoice": rows[0].invoice_id if rows else None,
        "records": [each.record_key for each in rows],
        "listed": sum(each.listed for each in rows),
    }


# What follows from the steps of a statement ----------------------------------------------------------------


def on_sent(unit: Unit, statement: Any) -> None:
    """Both parties have the statement: its record goes out, where the hub writes those."""
    if statements.terms_of(statement).invoices_by == "HUB":
        write(unit, statement, statement.number)


def on_changed(unit: Unit, statement: Any) -> None:
    """Lines have left: what is issued lists the rest (IRR-05)."""
    before = standing(unit, statement.id)
    if before:
        write(unit, statement, before[0].invoice_id)


# Writing ---------------------------------------------------------------------------------------------------


def write(unit: Unit, statement: Any, invoice_id: str) -> list[Any]:
    """The records of a statement as it stands: new, changed or left as they are; their rows.

    What leaves a statement leaves the record that lists it, and nothing moves to another one; a record that
    lists nothing any more is withdrawn.
    """
    before = standing(unit, statement.id)
    ids = list(ids_of(unit, statement.id)) if before else ids_of(unit, statement.id)
    stay = set(ids) if before else set()
    listed: set[str] = set()
    for row in before:
        own = claimed(unit, row).document.newest["cdrs"]
        put(unit, statement, row.part, row, invoice_id, [each for each in own if each in stay])
        listed.update(own)
    fresh = (each for each in ids if each not in listed)
    for part, some in enumerate(portions(fresh), max((row.part for row in before), default=0) + 1):
        put(unit, statement, part, None, invoice_id, some)
    return standing(unit, statement.id)


def portions(ids: Iterator[str]) -> Iterator[list[str]]:
    """So many as one record lists."""
    while some := list(islice(ids, MOST)):
        yield some


def standing(unit: Unit, statement_id: int) -> list[Any]:
    """The records that are issued for a statement, by their parts."""
    head = invoice_records.c
    mine = select(invoice_records).where(head.statement_id == statement_id, head.withdrawn_at.is_(None))
    return list(unit.connection.execute(mine.order_by(head.part)))


def ids_of(unit: Unit, statement_id: int) -> Iterator[str]:
    """The ids of the CDRs on a statement, in the order of its lines."""
    line, after = statement_lines.c, 0
    query = (
        select(line.number, func.coalesce(cdrs.c.newest, cdrs.c.sent).label("body"))
        .join(clearings, clearings.c.id == line.clearing_id)
        .join(cdrs, cdrs.c.seq == clearings.c.cdr_seq)
        .where(line.statement_id == statement_id, line.left_in.is_(None), line.part == 1)
        .order_by(line.number)
        .limit(TOGETHER)
    )
    while rows := unit.connection.execute(query.where(line.number > after)).all():
        yield from (read(bytes(row.body)).id for row in rows)
        after = rows[-1].number


def put(  # noqa: PLR0913, PLR0917 (what makes a record)
    unit: Unit, statement: Any, part: int, present: Any, invoice_id: str, listed: list[str]
) -> None:
    """One record: withdrawn when it lists nothing, and left as it is when it says so already."""
    stored = None if present is None else claimed(unit, present)
    if stored is not None and not listed:
        documents.remove(unit, stored, source=None)
        return
    told = {"invoice_id": invoice_id, "cdrs": listed}
    if stored is None or any(stored.document.newest[name] != value for name, value in told.items()):
        save(unit, statement, part, stored, told)


def save(unit: Unit, statement: Any, part: int, stored: Stored | None, told: Json) -> None:
    pair = pair_of(statement)
    owner = pair.emsp if statements.terms_of(statement).billing == "REVERSE" else pair.cpo
    identity = (
        free_id(unit, owner, statement.number, part) if stored is None else stored.document.newest["id"]
    )
    body = {
        "country_code": owner.country_code,
        "party_id": owner.party_id,
        "id": identity,
        **told,
        "last_updated": instants.text(moment(unit, stored)),
    }
    key = key_of(MODULES[MODULE], identity, None)
    document = Document(MODULE, owner, key, NEWEST.version, body, body)
    change = documents.save(unit, document, stored, audience=pair.other(owner), source=None)
    keeping.enter(unit, change, keeping.codes(pair), statement_id=statement.id, part=part)


def pair_of(statement: Any) -> Pair:
    return Pair(Party.of_code(statement.cpo), Party.of_code(statement.emsp))


def moment(unit: Unit, stored: Stored | None) -> int:
    """Later than it was before, also within the same millisecond."""
    return unit.now if stored is None else max(unit.now, stored.last_updated + 1000)


def claimed(unit: Unit, row: Any) -> Stored:
    stored = documents.claim(unit, MODULE, Party.of_code(row.owner), row.record_key)
    assert stored is not None, "records are never removed"
    return stored


def free_id(unit: Unit, owner: Party, number: str, part: int) -> str:
    """The number of the statement, with that of the part from 2 on; another where the party has such a record
    itself, or one of that name was withdrawn."""
    plain = number if part == 1 else f"{number}-{part}"
    for again in count(1):
        identity = alias(plain if again == 1 else f"{plain}~{again}", ID_LENGTH)
        if documents.claim(unit, MODULE, owner, key_of(MODULES[MODULE], identity, None)) is None:
            return identity
    raise AssertionError("there is always another number")
