"""CDRs of made-up months, cleared and ready to be closed, without the partners that would send them."""

from decimal import Decimal

from factories import example
from sqlalchemy import select

from hub.clearing import rows, states
from hub.clearing.facts import facts_of
from hub.clearing.states import State
from hub.closing import lifecycle, periods
from hub.ocpi import instants
from hub.ocpi.document import Document, Party
from hub.ocpi.wire import fold
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store import adjustments, documents
from hub.store.adjustments import Line
from hub.store.audit import Actor
from hub.store.clearings import clearings

ANN = Actor("ann", "CLI")
CPO, EMSP = Party("NL", "CPO"), Party("DE", "MSP")
LATER = instants.micros("2026-12-05T12:00:00Z")
WAYS = {
    State.RECEIVED: (),
    State.HELD: (State.CHECKED, State.HELD),
    State.RATED: (State.CHECKED, State.RATED),
    State.DISPUTED: (State.CHECKED, State.RATED, State.DISPUTED),
    State.CREDITED: (State.CHECKED, State.RATED, State.CREDITED),
}


def agree(store, cpo=CPO, emsp=EMSP, currency="EUR", **terms):
    """Their agreement since ever; its id."""
    with store.unit() as unit:
        made = agreements.add(unit, Pair(cpo, emsp, currency), Terms(**terms), (0, None), Signed(ANN))
    return made.id


def price(net, percentage):
    tax = {"name": "VAT", "percentage": percentage, "amount": net * Decimal(percentage) / 100}
    return {"before_taxes": net, "taxes": [tax]}


def cdr(identity, parts, ended="2026-10-10T10:00:00Z", of=None, **changes):
    """A CDR whose energy and parking cost these (net, percentage)."""
    costs = [price(Decimal(net), percentage) for net, percentage in parts]
    sign = -1 if of else 1
    taxes = [tax | {"amount": sign * tax["amount"]} for cost in costs for tax in cost["taxes"]]
    total = {"before_taxes": sign * sum(cost["before_taxes"] for cost in costs), "taxes": taxes}
    names = ("total_energy_cost", "total_parking_cost")
    told = dict.fromkeys((*names, "total_fixed_cost", "total_time_cost", "total_reservation_cost"))
    told |= dict(zip(names, costs, strict=False))
    credit = {"credit": True, "credit_reference_id": of} if of else {}
    return example(
        "2.3.0",
        "cdrs",
        id=identity,
        session_id=f"S-{identity}",
        end_date_time=ended,
        total_energy=Decimal("10.5"),
        **told | credit | {"total_cost": total} | changes,
    )


def put(store, body, agreement=1, state=State.RATED, cpo=CPO, emsp=EMSP):
    """Store a CDR and bring it into a state; the id of its clearing."""
    token = body["cdr_token"] | {"country_code": emsp.country_code, "party_id": emsp.party_id}
    body |= {"country_code": cpo.country_code, "party_id": cpo.party_id, "cdr_token": token}
    key = fold(body["id"])
    with store.unit() as unit:
        document = Document("cdrs", cpo, key, "2.3.0", body, body)
        documents.save(unit, document, None, audience=emsp, source=None)
        stored = documents.find(unit, "cdrs", cpo, key)
        rows.enter(unit, stored, facts_of(body))
        for step in WAYS[state]:
            found = rows.one(unit, cpo.code, key)
            states.move(unit, found, step, "ann", agreement_id=agreement, engine="1")
        return rows.one(unit, cpo.code, key).id


def give(store):
    """The CPO gives 1.50 and the VAT of it back in October, for no CDR."""
    given = Line(
        key="gift/1",
        kind="GOODWILL",
        cpo=CPO.code,
        emsp=EMSP.code,
        currency="EUR",
        net=Decimal("-1.5"),
        gross=None,
        taxes=((Decimal(19), Decimal("-0.285")),),
        service_at=instants.micros("2026-10-09T00:00:00Z"),
        by="ann",
    )
    with store.unit() as unit:
        adjustments.add(unit, given)


def close(store, month="2026-10", agreement=1):
    store.clock = lambda: LATER
    with store.unit() as unit:
        return periods.close(unit, agreement, month, ANN)


def close_again(store, month="2026-10", agreement=1):
    """The statement of a month that is closed."""
    return close(store, month, agreement).statement


def step(store, name, statement, *arguments, **options):
    with store.unit() as unit:
        return getattr(lifecycle, name)(unit, str(statement.id), *arguments, ANN, **options)


def contest(store, statement, *keys, because="WRONG_PRICE"):
    with store.unit() as unit:
        return lifecycle.contest(unit, str(statement.id), set(keys), ANN, (because, "too dear"))


def settled(store, statement):
    for name in ("approve", "send", "accept", "finalise"):
        statement = step(store, name, statement)
    return statement


def cleared(store):
    """Key -> row of every CDR."""
    with store.reading() as unit:
        return {row.cdr_key: row for row in unit.connection.execute(select(clearings))}
