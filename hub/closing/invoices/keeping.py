"""What each invoice reconciliation record lists, written down as the record is kept."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from hub.ocpi.document import Document, Party
from hub.ocpi.wire import fold
from hub.store.base import INSERTS
from hub.store.clearings import clearings
from hub.store.invoices import invoice_cdrs, invoice_records
from hub.store.unit import Change, Unit
from hub.sync import counterparts
from hub.sync.counterparts import CPO, Pair

TOGETHER = 1000
Names = tuple[str | None, str | None]
"""Party.code of the CPO and of the eMSP of a record; None of who is not known."""


def record(unit: Unit, change: Change) -> None:
    """Follow a change of a record. One that was withdrawn bills nothing any more."""
    unit.connection.execute(delete(invoice_cdrs).where(invoice_cdrs.c.document == change.seq))
    if change.gone:
        mine = update(invoice_records).where(invoice_records.c.document == change.seq)
        unit.connection.execute(mine.values(withdrawn_at=unit.now))
        return
    known = of_document(unit, change.seq)
    if change.source is None and known is not None and known.statement_id is not None:
        names = known.cpo, known.emsp
        enter(unit, change, names)
    else:
        names = names_of(unit, change)
        enter(unit, change, names, statement_id=None, part=None)
    keys = counterparts.keys_of(change.document)
    rows = [
        {"document": change.seq, "place": place, "cpo": names[0], "cdr_key": key}
        for place, key in enumerate(keys, 1)
    ]
    for some in portions(rows):
        unit.connection.execute(insert(invoice_cdrs), some)


def names_of(unit: Unit, change: Change) -> Names:
    """Between whom the record of a party is."""
    owner, writer = change.document.owner, change.source
    if writer is None:
        writer = counterparts.writer_of(unit, change.seq, owner)
    if change.audience is not None:
        pair = counterparts.pair_of(unit, change.document, Party.of_code(change.audience), writer)
        assert pair is not None, "the counterpart is given"
        return codes(pair)
    return (owner.code, None) if counterparts.plays(unit, owner, CPO, writer) else (None, owner.code)


def codes(pair: Pair) -> Names:
    return pair.cpo.code, pair.emsp.code


def enter(unit: Unit, change: Change, names: Names, **of_statement: int | None) -> None:
    """The row of a record. `of_statement` (statement_id, part) is told as the hub writes it, and stays until
    a party takes its place."""
    document = change.document
    row = {
        "document": change.seq,
        "owner": document.owner.code,
        "record_key": document.key,
        "invoice_id": document.newest["invoice_id"],
        "invoice_key": key_of(document),
        "cpo": names[0],
        "emsp": names[1],
        "listed": len(document.newest["cdrs"]),
        "recorded_at": unit.now,
        "withdrawn_at": None,
        **of_statement,
    }
    made = INSERTS[unit.dialect.name](invoice_records).values(row)
    fresh = {name: value for name, value in row.items() if name != "document"}
    unit.connection.execute(made.on_conflict_do_update(index_elements=["document"], set_=fresh))


def key_of(document: Document) -> str:
    return fold(str(document.newest["invoice_id"]))


def of_document(unit: Unit, document: int) -> Any:
    """The row of a record; None when it has none yet."""
    mine = select(invoice_records).where(invoice_records.c.document == document)
    return unit.connection.execute(mine).first()


def of_clearings() -> Select[Any]:
    """(number of the clearing, invoice) of every CDR that an invoice bills, in the order of the records."""
    line, head, row = invoice_cdrs.c, invoice_records.c, clearings.c
    joined = clearings.join(invoice_cdrs, (line.cpo == row.owner) & (line.cdr_key == row.cdr_key)).join(
        invoice_records, head.document == line.document
    )
    same = (head.cpo == row.owner, head.emsp == row.emsp)
    return select(row.id, head.invoice_id).select_from(joined).where(*same).order_by(head.document)


def last_change(unit: Unit) -> int:
    """When a record came, changed or was withdrawn last; 0 when there is none."""
    head = invoice_records.c
    query = select(func.max(head.recorded_at), func.max(head.withdrawn_at))
    return max((at for at in unit.connection.execute(query).one() if at is not None), default=0)


def portions(rows: Sequence[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while some := list(islice(left, TOGETHER)):
        yield some
