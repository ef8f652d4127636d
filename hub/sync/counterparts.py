"""For whom an invoice reconciliation record is: it does not say so itself, but the CDRs it lists do.

Direct billing: a CPO lists CDRs of its own, and the record is for the eMSP that pays them. Reverse billing:
an eMSP lists CDRs that it pays, and the record is for the CPO whose they are (IRR-02). Ids of CDRs are those
of the CPO in both cases.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, bindparam, func, literal_column, select

from hub.ocpi.document import Document, Party
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.modules import MODULES
from hub.ocpi.wire import key_of
from hub.store import bulk, documents
from hub.store.documents import TABLES, Stored
from hub.store.engine import Store
from hub.store.invoices import invoice_records
from hub.store.parties import partner_roles
from hub.store.unit import Unit

MODULE = "invoicereconciliation"
CPO, EMSP = "CPO", "EMSP"
MOST = 50_000
"""So many CDRs one record of a party may list: each is looked up while others wait for the database."""
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
    refuse_too_many(document)
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


def refuse_too_many(document: Document) -> None:
    count = len(document.newest["cdrs"])
    if count > MOST:
        raise InvalidParameter(
            f"This record lists {count} CDRs, and the hub takes {MOST} in one: split it into several records "
            "of the same invoice_id",
            fields={"cdrs": f"{count} are more than {MOST}"},
        )


def refuse_if_of_the_hub(unit: Unit, existing: Stored) -> None:
    """What the hub has written for a statement follows the statement."""
    if is_of_the_hub(unit, existing):
        raise InvalidParameter(
            "The hub issued this record for a statement. Contest the statement, or ask the operator of the "
            "hub to withdraw the record",
            fields={"id": "issued by the hub"},
        )


def is_of_the_hub(unit: Unit, existing: Stored) -> bool:
    if existing.module != MODULE:
        return False
    mine = select(invoice_records.c.statement_id).where(invoice_records.c.document == existing.seq)
    return unit.connection.execute(mine).scalar() is not None


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


def counting(way: str, engine: str) -> Select[Any]:
    """How many CDRs there are between the owner of a record and each other party, among those it lists.

    SQLite would read all CDRs of an eMSP: a plus keeps it from that index, and it goes by the listed keys.
    """
    mine, other = (cdrs.c.owner, cdrs.c.audience) if way == CPO else (cdrs.c.audience, cdrs.c.owner)
    plain = literal_column("+cdrs.audience") if (way, engine) == (EMSP, "sqlite") else mine
    whose = plain == bindparam("owner", type_=String)
    return (
        select(other, func.count())
        .where(whose, bulk.among(cdrs.c.key, engine, "keys", String))
        .group_by(other)
    )


COUNTING: Mapping[tuple[str, str], Select[Any]] = {
    (way, engine): counting(way, engine) for way in (CPO, EMSP) for engine in bulk.ENGINES
}


def counted(unit: Unit, owner: Party, keys: Sequence[str], way: str) -> Counter[Party]:
    """How many of these CDRs the hub knows between the owner of a record and each other party."""
    given = {"owner": owner.code, "keys": bulk.listed(unit, keys)}
    found = unit.connection.execute(COUNTING[way, unit.dialect.name], given)
    return Counter({Party.of_code(party): count for party, count in found})


def plays(unit: Unit, party: Party, role: str, partner: int | None = None) -> bool:
    """At this partner, or with None at any."""
    held = select(partner_roles.c.role).where(partner_roles.c.party == party.code)
    if partner is not None:
        held = held.where(partner_roles.c.partner_id == partner)
    return unit.connection.execute(held.where(partner_roles.c.role == role).limit(1)).first() is not None


def keys_of(document: Document) -> list[str]:
    """Under which keys the hub has the CDRs that a record lists, in its order."""
    return [key_of(MODULES["cdrs"], each, None) for each in document.newest["cdrs"]]


def find_again(store: Store, over: Callable[[], bool] = lambda: False) -> None:
    """Records of which nobody knew for whom they are may be of CDRs that have come meanwhile.

    Each in a transaction of its own, for it may list many; `over` tells when to leave off.
    """
    table = TABLES[MODULE]
    unknown = table.c.audience.is_(None), table.c.deleted_at.is_(None)
    with store.reading() as unit:
        names = unit.connection.execute(select(table.c.owner, table.c.key).where(*unknown)).all()
    for owner, key in names:
        if over():
            return
        with store.unit() as unit:
            find_one_again(unit, Party.of_code(owner), key)


def find_one_again(unit: Unit, owner: Party, key: str) -> None:
    stored = documents.claim(unit, MODULE, owner, key)
    if stored is None or stored.deleted or stored.audience is not None:  # it has changed meanwhile
        return
    try:
        pair = pair_of(unit, stored.document, None, writer_of(unit, stored.seq, owner))
    except InvalidParameter:
        return
    if pair is not None:
        documents.save(unit, stored.document, stored, audience=pair.other(owner), source=None)
