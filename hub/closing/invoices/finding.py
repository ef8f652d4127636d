"""Which invoice is meant: by its number or by the id of a record, and never another party's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from hub.closing.invoices.problems import NoSuchInvoice, SeveralInvoices
from hub.ocpi.document import Party
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import fold, key_of
from hub.store.invoices import invoice_records
from hub.store.unit import Unit
from hub.sync.counterparts import MODULE

head = invoice_records.c


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice: the records that tell what it bills, all between the same two.

    owner      Party.code of who wrote it
    cpo, emsp  the same of both; None of who is not known
    """

    owner: str
    cpo: str | None
    emsp: str | None
    records: tuple[Any, ...]

    @property
    def name(self) -> str:
        return str(self.records[0].invoice_id)

    @property
    def other(self) -> str | None:
        """Whom it is for."""
        return self.emsp if self.owner == self.cpo else self.cpo


@dataclass(frozen=True, slots=True)
class Which:
    """Which invoice is meant, where its number alone does not tell.

    owner  who wrote it
    other  for whom it is
    seen   a party that sees its own only
    """

    owner: Party | None = None
    other: Party | None = None
    seen: Party | None = None


WHICHEVER = Which()


def named(unit: Unit, name: str, which: Which = WHICHEVER) -> Invoice:
    """By the number of the invoice, or by the id of one of its records; NoSuchInvoice, SeveralInvoices."""
    found = invoices(unit, [or_(head.invoice_key == fold(name), is_record(name)), *conditions(which)])
    if not found:
        raise NoSuchInvoice(f"No record tells of an invoice {name}; see `hub invoice list`.")
    if len(found) > 1:
        told = ", ".join(f"{shown(each.owner)} for {shown(each.other)}" for each in found)
        raise SeveralInvoices(
            f"Several invoices are named {name}: of {told}. Say who wrote it, and for whom."
        )
    return found[0]


def is_record(name: str) -> ColumnElement[bool]:
    return head.record_key == key_of(MODULES[MODULE], name, None)


def shown(code: str | None) -> str:
    return "somebody unknown" if code is None else str(Party.of_code(code))


def conditions(which: Which) -> list[ColumnElement[bool]]:
    wanted = [] if which.owner is None else [head.owner == which.owner.code]
    if which.other is not None:
        wanted += [of_party(which.other), head.owner != which.other.code]
    return wanted + ([] if which.seen is None else [of_party(which.seen)])


def of_party(party: Party) -> ColumnElement[bool]:
    """The records that a party has written, or is to hear of."""
    return or_(head.owner == party.code, head.cpo == party.code, head.emsp == party.code)


def invoices(unit: Unit, wanted: Sequence[ColumnElement[bool]]) -> list[Invoice]:
    """With all records of each, though only some of them are as wanted."""
    same = ("owner", "invoice_key", "cpo", "emsp")
    stands = head.withdrawn_at.is_(None)
    meant = select(*(head[name] for name in same)).where(stands, *wanted).distinct()
    found = []
    for owner, key, cpo, emsp in sorted(unit.connection.execute(meant), key=str):
        mine = (head.owner == owner, head.invoice_key == key, head.cpo.is_not_distinct_from(cpo))
        query = select(invoice_records).where(stands, *mine, head.emsp.is_not_distinct_from(emsp))
        rows = unit.connection.execute(query.order_by(head.part, head.document)).all()
        found.append(Invoice(owner, cpo, emsp, tuple(rows)))
    return found


def of_record(unit: Unit, document: int) -> Invoice:
    """The invoice that a record tells of; the record stands."""
    (found,) = invoices(unit, [head.document == document])
    return found
