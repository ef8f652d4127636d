"""The table of what exports tell of a CDR by itself: written out once, since a CDR never changes."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, String, Table, Text

from hub.store.base import INSERTS, Serial, metadata
from hub.store.unit import Unit

cdr_facts = Table(
    "cdr_facts",
    metadata,
    Column("cdr_seq", Serial, primary_key=True, autoincrement=False),  # in `cdrs`
    Column("layout", String(24), nullable=False),  # of which columns: those of another layout do not count
    Column("contract", String(80)),  # of the driver, folded
    Column("apart", Text, nullable=False),  # JSON: what columns that may change need of the CDR
    Column("texts", Text, nullable=False),  # JSON: columns that never change, as CSV has them
    Column("exact", Text),  # the same without what makes formulas harmless; null: it is the same
)
"""Nothing stands here that is not in the CDR: a row that is missing is made when it is needed."""


def keep(unit: Unit, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write some, over those of an earlier layout."""
    made = list(rows)
    if not made:
        return
    adding = INSERTS[unit.dialect.name](cdr_facts)
    news = {name: adding.excluded[name] for name in made[0] if name != "cdr_seq"}
    unit.connection.execute(adding.on_conflict_do_update(index_elements=["cdr_seq"], set_=news), made)
