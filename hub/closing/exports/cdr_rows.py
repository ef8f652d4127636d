"""The exports whose rows are CDRs: all of a month, and those of them that are not simply paid."""

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import or_, select

from hub.closing.exports import facts
from hub.closing.exports.cdr_columns import COLUMNS, dispute
from hub.closing.exports.cdrs import Portion, portions, which
from hub.closing.exports.columns import Cells, Column, Kind
from hub.closing.exports.question import Question, ReadyRows, Rows
from hub.closing.exports.sheets import Quick
from hub.store.clearings import clearings
from hub.store.disputes import disputes

UNPAID = ("HELD", "REJECTED", "DROPPED", "DISPUTED")
OF_EXCEPTIONS = (
    "schema_version", "export_id", "exported_at_utc", "period", "agreement_id", "cpo_country_code",
    "cpo_party_id", "cpo_name", "emsp_country_code", "emsp_party_id", "emsp_name", "cdr_id", "cdr_kind",
    "session_id", "evse_id", "start_utc", "end_utc", "energy_kwh_signed", "tariff_id", "tariff_version",
    "currency", "net_total", "gross_total", "recomputed_net", "delta_net", "delta_cause", "billing_status",
    "check_result", "check_codes",
)  # fmt: skip
BY_NAME = {column.name: column for column in COLUMNS}


@lru_cache(5_000)
def details(kept: str) -> str | None:
    """What each check has to say, behind its code."""
    return "; ".join(f"{code}: {detail}" for code, _, detail in json.loads(kept) if detail) or None


EXCEPTIONS = (
    *(BY_NAME[name] for name in OF_EXCEPTIONS),
    Column("check_details", Kind.TEXT, "What the checks found, in figures.",
           lambda portion: list(map(details, portion["codes"]))),
    BY_NAME["hold_reason"],
    BY_NAME["dispute_id"],
    Column("dispute_reason", Kind.TEXT, "Why it is disputed.", dispute(lambda each: each.reason)),
    BY_NAME["dispute_status"],
)  # fmt: skip


def reconciliation(question: Question) -> Rows:
    """Every CDR of the month."""
    return of_columns(question, COLUMNS)


def ready(question: Question, file: type[Quick]) -> ReadyRows:
    """The same, of what was written out, as a file likes it."""
    ids = which(question)
    portions_ = facts.portions(question, ids)
    return ReadyRows(len(ids), (portion.ready(exact=file.exact) for portion in portions_))


def exceptions(question: Question) -> Rows:
    """Those that are held, rejected, dropped or disputed, and those that ever were disputed."""
    ever = clearings.c.id.in_(select(disputes.c.clearing_id))
    return of_columns(question, EXCEPTIONS, or_(clearings.c.state.in_(UNPAID), ever))


def of_columns(question: Question, columns: Sequence[Column], *conditions: object) -> Rows:
    ids = which(question, *conditions)
    return Rows(len(ids), (cells(portion, columns) for portion in portions(question, ids)))


def cells(portion: Portion, columns: Sequence[Column]) -> list[Cells]:
    return [column.of(portion) for column in columns]
