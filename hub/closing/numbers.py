"""The numbers of documents: 1, 2, 3 ... of each series, with no gap and none twice."""

from typing import Any

from hub.closing import months
from hub.parties.terms import Terms
from hub.store.base import INSERTS
from hub.store.statements import number_series
from hub.store.unit import Unit


def next_of(unit: Unit, statement: Any, terms: Terms) -> str:
    """The next number of the CPO in this year, as NLCPO-2026-000017.

    The row of the series stays locked until the commit, and a transaction that fails takes its number back.
    Where the eMSP writes the documents, they have a series of their own: NLCPO-R-2026-000001.
    """
    year = months.of(unit.now, terms.time_zone)[:4]
    middle = "-R" if terms.billing == "REVERSE" else ""
    series = f"{statement.cpo}{middle}-{year}"
    row = INSERTS[unit.dialect.name](number_series).values(series=series, last=1)
    row = row.on_conflict_do_update(index_elements=["series"], set_={"last": number_series.c.last + 1})
    last = unit.connection.execute(row.returning(number_series.c.last)).scalar_one()
    return f"{series}-{last:06}"
