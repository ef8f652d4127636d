"""For whom an invoice reconciliation record is: it does not say so itself, but the CDRs it lists do.

Direct billing: a CPO lists CDRs of its own, and the record is for the eMSP that pays them. Reverse billing:
an eMSP lists CDRs that it pays, and the record is for the CPO whose they are (IRR-02). Ids of CDRs are those
of the CPO in both cases.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import func, select

from hub.ocpi.document import Document, Party
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import key_of
from hub.store import documents
from hub.store.documents import TABLES, Stored
from hub.store.invoices import invoice_records
from hub.store.parties import partner_roles
from hub.store.unit import Unit

MODULE = "invoicereconciliation"
CPO, EMSP = "CPO", "EMSP"
TOGETHER = 500
cdrs = TABLES["cdrs"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Whose CDRs a record lists, and who pays them."""

    cpo: Party
    emsp: Party

    def other(self, owner: Party) -> Party:
        """The one that a record of this owner is for."""
        return self.emsp if owner == self.cpo else self.cpo


def audience(
    unit: Unit, document: Document, existing: Stored | None, to: Party | None, sender: int
) -> Party | None:
    """The party that is to hear of a record; None when nobody can tell.

    existing  the record as it was; it stays for whom it is
    to        whom its sender has addressed
    sender    the partner that sends it
    """
    if existing is not None:
        refuse_if_of_another(unit, existing, sender)
        refuse_if_of_the_hub(unit, existing)
    before = None if existing is None or existing.audience is None else Party.of_code(existing.audience)
    if before is not None and to not in (None, before):
        raise InvalidParameter(
            f"This record is for {before}: DELETE it, and POST another one", fields={"id": f"is for {before}"}
        )
    pair = pair_of(unit, document, to or before, sender)
    return before if pair is None else pair.other(document.owner)


def refuse_if_of_the_hub(unit: Unit, existing: Stored) -> None:
    """What the hub has written for a statement follows the statement."""
    if existing.module != MODULE:
        return
    mine = select(invoice_records.c.statement_id).where(invoice_records.c.document == existing.seq)
    statement = unit.connection.execute(mine).scalar()
    if statement is not None:
        raise InvalidParameter(
            "The hub issued this record for a statement. Contest the statement, or ask the operator of the "
            "hub to withdraw the record",
            fields={"id": "issued by the hub"},
        )


def refuse_if_of_another(unit: Unit, existing: Stored, sender: int) -> None:
    if not is_of(unit, existing, sender):
        raise InvalidParameter(
            "Another platform that speaks for this party has a record of this id",
            fields={"id": "of another platform"},
        )


def is_of(unit: Unit, stored: Stored, partner: int) -> bool:
    """Whether an object is of this partner: a party may be a CPO at one and an eMSP at another, and what the
    one bills is none of the other's."""
    if stored.module != MODULE:
        return True
    return writer_of(unit, stored.seq, stored.document.owner) in {None, partner}


def writer_of(unit: Unit, seq: int, owner: Party) -> int | None:
    """The partner that holds the owner of a record in the role in which the record bills, if there is one."""
    record = invoice_records.c
    row = unit.connection.execute(select(record.cpo).where(record.document == seq)).first()
    if row is None:
        return None
    held = partner_roles.c
    mine = held.party == owner.code, held.role == (CPO if row.cpo == owner.code else EMSP)
    return unit.connection.execute(select(held.partner_id).where(*mine)).scalar()


def pair_of(unit: Unit, document: Document, to: Party | None, sender: int | None) -> Pair | None:
    """Between whom a record is; InvalidParameter when that cannot be.

    sender  the partner whose roles it may be of; None for whoever speaks for its owner
    """
    owner, keys = document.owner, keys_of(document)
    ways = [way for way in (CPO, EMSP) if plays(unit, owner, way, sender)]
    if to is not None:
        ways = [way for way in ways if plays(unit, to, EMSP if way == CPO else CPO)]
        if not ways:
            raise InvalidParameter(f"OCPI-to: {to} exchanges no invoices with {owner}")
    found = {way: counted(unit, owner, keys, way) for way in ways}
    way = max(ways, key=lambda each: found[each].total(), default=CPO)
    counts = found.get(way, Counter())
    if way == CPO:
        refuse_strangers(counts, owner, to)
    other = to or likeliest(counts)
    if other is None:
        return None
    return Pair(owner, other) if way == CPO else Pair(other, owner)


def refuse_strangers(counts: Counter[Party], owner: Party, to: Party | None) -> None:
    """An invoice is for one eMSP, which is not to learn of another's CDRs; their CPO knows whose they are."""
    payers = sorted(set(counts) | ({to} if to else set()))
    if len(payers) > 1:
        named = ", ".join(map(str, payers))
        raise InvalidParameter(
            f"An invoice is for one eMSP, and these CDRs of {owner} are for {named}",
            fields={"cdrs": f"of {named}"},
        )


def likeliest(counts: Counter[Party]) -> Party | None:
    """Two CPOs may have CDRs of one id: the one that has the most of them, if it is one."""
    first, *rest = (*counts.most_common(2), (None, 0))
    return None if not rest or first[1] == rest[0][1] else first[0]


def counted(unit: Unit, owner: Party, keys: Sequence[str], way: str) -> Counter[Party]:
    """How many of these CDRs the hub knows between the owner of a record and each other party."""
    mine, other = (cdrs.c.owner, cdrs.c.audience) if way == CPO else (cdrs.c.audience, cdrs.c.owner)
    found: Counter[Party] = Counter()
    for some in together(keys):
        query = select(other, func.count()).where(mine == owner.code, cdrs.c.key.in_(some)).group_by(other)
        for party, count in unit.connection.execute(query):
            found[Party.of_code(party)] += count
    return found


def plays(unit: Unit, party: Party, role: str, partner: int | None = None) -> bool:
    """At this partner, or with None at any."""
    held = select(partner_roles.c.role).where(partner_roles.c.party == party.code)
    if partner is not None:
        held = held.where(partner_roles.c.partner_id == partner)
    return unit.connection.execute(held.where(partner_roles.c.role == role).limit(1)).first() is not None


def keys_of(document: Document) -> list[str]:
    """Under which keys the hub has the CDRs that a record lists, in its order."""
    return [key_of(MODULES["cdrs"], each, None) for each in document.newest["cdrs"]]


def together(keys: Iterable[str]) -> Iterator[list[str]]:
    """In portions that one statement can name."""
    left = iter(keys)
    while some := list(islice(left, TOGETHER)):
        yield some


def find_again(unit: Unit) -> None:
    """Records of which nobody knew for whom they are may be of CDRs that have come meanwhile."""
    table = TABLES[MODULE]
    unknown = table.c.audience.is_(None), table.c.deleted_at.is_(None)
    for owner, key in unit.connection.execute(select(table.c.owner, table.c.key).where(*unknown)).all():
        stored = documents.claim(unit, MODULE, Party.of_code(owner), key)
        assert stored is not None
        with suppress(InvalidParameter):
            pair = pair_of(unit, stored.document, None, writer_of(unit, stored.seq, stored.document.owner))
            if pair is not None:
                other = pair.other(stored.document.owner)
                documents.save(unit, stored.document, stored, audience=other, source=None)
