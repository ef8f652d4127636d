"""How sessions and what became of them are shown: as tables, or as JSON for scripts."""

from typing import Any

from hub.billing.remedies import REMEDIES
from hub.cli.quote_views import show_quote
from hub.cli.tables import console, show_facts, show_table
from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.store import documents, grounds
from hub.store.billed import Billed
from hub.store.charges import Charge
from hub.store.unit import Unit

TOLD = ("id", "status", "start_date_time", "end_date_time", "kwh", "location_id", "evse_uid", "connector_id")
NOT_BILLED = Charge(owner="", session_key="", state="")
HEADINGS = ("Party", "Session", "Status", "Start", "kWh", "Billing", "Reason", "Net", "", "CDR")
WAITING = {
    "COMPLETED": "not billed: the CDR is left to its CPO, and none has come yet",
    "INVALID": "never billed: the session is INVALID",
}
STATES = {
    "RATED": "billed by the hub",
    "OWN": "billed by a CDR of its CPO",
    "HELD": "held: it cannot be billed yet",
    "CREDITED": "its CDR was credited: it may be billed anew",
}


def summary(unit: Unit, billed: Billed) -> Json:
    """What a list tells of a session."""
    session, charge = billed.session.document.newest, billed.charge or NOT_BILLED
    cdr = cdr_of(unit, billed)
    return {
        "party": str(billed.session.document.owner),
        **{name: session.get(name) for name in TOLD},
        "token": session["cdr_token"]["contract_id"],
        "billing": charge.state or None,
        "code": charge.reason,
        "reason": charge.message,
        "remedy": REMEDIES.get(charge.reason or ""),
        "tariff_id": charge.tariff_id,
        "cdr_id": cdr and cdr["id"],
        "before_taxes": cdr and cdr["total_cost"]["before_taxes"],
        "currency": session["currency"],
    }


def cdr_of(unit: Unit, billed: Billed) -> Json | None:
    key = billed.charge and billed.charge.cdr_key
    found = key and documents.find(unit, "cdrs", billed.session.document.owner, key)
    return found.document.newest if found else None


def everything(unit: Unit, billed: Billed) -> Json:
    """All that is known of one session; `quote` is null unless the hub has priced it."""
    quote = billed.charge and billed.charge.quote
    return summary(unit, billed) | {
        "grounds": ground(unit, billed),
        "session": billed.session.document.newest,
        "quote": strictjson.reread(quote) if quote else None,
    }


def ground(unit: Unit, billed: Billed) -> Json | None:
    """What its charge stands on; null unless the hub has priced it."""
    charge = billed.charge
    found = charge and grounds.of_session(unit, charge.owner, charge.session_key)
    if not charge or not charge.quote or not found:
        return None
    return {
        "tariff_version": found.tariff_version,
        "rule_id": found.rule_id,
        "adjusted_by": list(found.adjusted_by),
        "policy": found.policy,
    }


def show_list(told: list[Json]) -> None:
    """The sessions, then what to do about each reason that there is."""
    show_table(HEADINGS, list(map(row, told)))
    for code in dict.fromkeys(each["code"] for each in told if each["remedy"]):
        console().print(f"{code}: {REMEDIES[code]}", soft_wrap=True)


def row(told: Json) -> tuple[Any, ...]:
    return (
        told["party"],
        told["id"],
        told["status"],
        told["start_date_time"],
        told["kwh"],
        told["billing"],
        told["code"],
        told["before_taxes"],
        told["currency"] if told["cdr_id"] else "",
        told["cdr_id"],
    )


def show_one(told: Json) -> None:
    place = "location_id", "evse_uid", "connector_id"
    show_facts(
        {
            "party": told["party"],
            "session": told["id"],
            "status": told["status"],
            "time": f"{told['start_date_time']} to {told['end_date_time'] or 'now'}",
            "place": " / ".join(str(told[name]) for name in place if told[name]),
            "token": told["token"],
            "energy": f"{told['kwh']} kWh",
            "billing": STATES.get(told["billing"], told["billing"]) or waiting(told["status"]),
            "code": told["code"],
            "reason": told["reason"],
            "what to do": told["remedy"],
            "tariff": told["tariff_id"] and tariff(told),
            "CDR": told["cdr_id"],
        }
    )
    if told["quote"]:
        console().print()
        show_quote(told["quote"])


def tariff(told: Json) -> str:
    """The tariff, its version, and what gave it."""
    stands_on = told["grounds"]
    if stands_on is None:
        return str(told["tariff_id"])
    rule = stands_on["rule_id"]
    by = "named by the connector or the session" if rule is None else f"given by rule {rule}"
    return f"{told['tariff_id']}, version {stands_on['tariff_version']}, in force at the start; {by}"


def waiting(status: str) -> str:
    return WAITING.get(status, "billed when it is completed")
