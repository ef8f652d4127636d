"""Everything about one CDR, as JSON: what it costs and why, its checks, its states, what it stands on."""

import json
from typing import Any

from sqlalchemy import select

from hub.clearing import deciding, deltas, disputes
from hub.clearing.checks import BY_CODE
from hub.clearing.clear import SAYS
from hub.clearing.disputes import Wanted
from hub.ocpi import instants, strictjson
from hub.ocpi.document import Json, Party
from hub.ocpi.wire import fold
from hub.parties import agreements
from hub.prices.book import versions
from hub.store import adjustments, charges, conflicts, documents, grounds, invoices
from hub.store.charges import Charge
from hub.store.clearings import clearings
from hub.store.unit import Unit

AMOUNTS = ("net", "gross", "expected_net", "expected_gross", "carried_net", "carried_gross")
LINKS = ("credits", "credited_by", "replaced_by", "statement_id")


def summary(row: Any) -> Json:
    """What a list tells of a CDR."""
    return {
        "cpo": str(Party.of_code(row.owner)),
        "emsp": str(Party.of_code(row.emsp)),
        "id": row.cdr_key,
        "kind": row.kind,
        "state": row.state,
        "session": row.session_key,
        "end": instants.text(row.ended_at),
        "energy": row.energy,
        "currency": row.currency,
        **{name: getattr(row, name) for name in AMOUNTS},
        "cause": row.cause,
        "codes": [code for code, _, _ in json.loads(row.codes)],
        "received_at": instants.text(row.received_at),
        **{name: getattr(row, name) for name in LINKS},
    }


def explained(unit: Unit, row: Any) -> Json:
    """All of it; `cdr` is the newest form."""
    owner = Party.of_code(row.owner)
    stored = documents.by_seq(unit, "cdrs", row.cdr_seq)
    assert stored is not None, "CDRs are never deleted"
    charge = charge_of(unit, row)
    issued = charge is not None and charge.quote is not None
    return {
        **summary(row),
        "differences": [] if issued else deltas.of_cdr(unit, row, stored.document.newest),
        "checks": [finding(*told) for told in json.loads(row.codes)],
        "states": [event(each) for each in deciding.events_of(unit, row.id)],
        "agreement": agreement(unit, row),
        "tariff": tariff(unit, row, owner, charge),
        "quote": None if charge is None or charge.quote is None else strictjson.reread(charge.quote),
        "disputes": disputes.listed(unit, Wanted(party=owner, cdr=row.cdr_key)),
        "taken_back_by": [credit(each) for each in credits_of(unit, row)],
        "invoices": [invoice(each) for each in invoices.of_cdr(unit, row.owner, row.emsp, row.cdr_key)],
        "lines": [line(each) for each in adjustments.of_cdr(unit, row.owner, row.cdr_key)],
        "conflicts": [conflict(each) for each in conflicts.of_cdr(unit, row.owner, row.cdr_key)],
        "input_hash": row.input_hash,
        "policy": None if row.policy is None else json.loads(row.policy),
        "cdr": stored.document.newest,
    }


def finding(code: str, severity: str, detail: str) -> Json:
    rule = BY_CODE.get(code)
    says = SAYS.get(code, "") if rule is None else rule.says
    remedy = "Look into the log of the worker." if rule is None else rule.remedy
    return {"code": code, "severity": severity, "says": says, "detail": detail, "remedy": remedy}


def event(each: Any) -> Json:
    return {
        "at": instants.text(each.at),
        "by": each.by,
        "from": each.before,
        "to": each.after,
        "why": each.why,
        "codes": [code for code, _, _ in json.loads(each.codes)],
    }


def credits_of(unit: Unit, row: Any) -> list[Any]:
    """The CDRs that take it back, or a part of it; those that are held, or were dropped, too."""
    mine = [clearings.c.owner == row.owner, clearings.c.credits == row.cdr_key]
    return list(unit.connection.execute(select(clearings).where(*mine).order_by(clearings.c.id)))


def credit(each: Any) -> Json:
    names = ("kind", "state", "net", "gross", "statement_id")
    return {"id": each.cdr_key, **{name: getattr(each, name) for name in names}}


def invoice(each: Any) -> Json:
    """One that bills it, and the record that tells so."""
    by = str(Party.of_code(each.owner))
    return {"id": each.invoice_id, "by": by, "record": each.record_key, "at": instants.text(each.recorded_at)}


def line(each: Any) -> Json:
    """A line of a statement that is about it."""
    names = ("id", "kind", "net", "gross", "currency", "why", "by", "statement_id")
    return {"at": instants.text(each.at), **{name: getattr(each, name) for name in names}}


def conflict(each: Any) -> Json:
    """Another CDR of the same id, which was refused; `body` in the words of its sender."""
    return {
        "first_at": instants.text(each.first_at),
        "seen_at": instants.text(each.seen_at),
        "times": each.times,
        "edition": each.edition,
        "sha256": each.sha256,
        "body": strictjson.reread(each.body),
    }


def agreement(unit: Unit, row: Any) -> Json | None:
    if row.agreement_id is None:
        return None
    found = agreements.by_id(unit, row.agreement_id)
    since = instants.text(found.valid_from)
    return {"id": found.id, "since": since, "billing": found.terms.billing, "reason": found.reason}


def charge_of(unit: Unit, row: Any) -> Charge | None:
    """The charge that this CDR bills, when the hub issued it."""
    found = None if row.session_key is None else charges.seen(unit, row.owner, fold(row.session_key))
    return found if found is not None and found.cdr_key == row.cdr_key else None


def tariff(unit: Unit, row: Any, owner: Party, charge: Charge | None) -> Json | None:
    """The version of the tariff that it stands on, and the rules that gave it."""
    if row.tariff_version_id is not None:
        version = versions.by_id(unit, row.tariff_version_id)
        rules = [] if row.rules is None else json.loads(row.rules)
    else:
        ground = None if charge is None else grounds.of_session(unit, charge.owner, charge.session_key)
        if ground is None:
            return None
        version = versions.by_number(unit, owner, ground.tariff_key, ground.tariff_version)
        rules = [each for each in (ground.rule_id, *ground.adjusted_by) if each is not None]
    if version is None:
        return None
    until = None if version.valid_to is None else instants.text(version.valid_to)
    return {
        "id": version.document.newest["id"],
        "version": version.number,
        "since": instants.text(version.valid_from),
        "until": until,
        "author": version.author,
        "reason": version.reason,
        "rules": rules,
    }
