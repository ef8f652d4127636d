"""August to October of two CPOs and three eMSPs, in three currencies, as it reaches the hub and is decided.

Whatever happens to CDRs happens here, over OCPI and by the functions that commands call: they come late,
twice, under a second id, from home chargers; they are held and accepted a month later, credited by the hub or
by the CPO, before and after they were stated, replaced, taken back by a line or in part, disputed in vain or
not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dying import Command
from factories import example
from flask import Flask
from platforms import Platform, code, connected
from roaming import PERIOD, own
from roaming import tariff as usual

from hub.clearing import clerk, crediting, deciding, disputes, goodwill, rows
from hub.clearing.crediting import Replacement
from hub.clearing.deciding import Decision
from hub.clearing.disputes import Claim, Remedy, Word
from hub.closing import statements
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.ocpi.module import Role
from hub.parties import agreements
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.store import adjustments
from hub.store.audit import Actor

ANN = Actor("ann", "CLI")
BEGIN = "2026-07-31T12:00:00Z"
MONTHS = ("2026-08", "2026-09", "2026-10")
CPOS = {"STROOM": Party("NL", "CPO"), "VOLT": Party("FR", "XYZ")}
EMSPS = {"EUR": Party("DE", "MSP"), "JPY": Party("BE", "BBB"), "CHF": Party("CH", "CCC")}
"""Each has agreed on one currency."""
VERSIONS = {"EUR": "2.2.1", "JPY": "2.1.1", "CHF": "2.3.0"}
"""Who speaks 2.1.1 can be sent no credit CDRs."""
TERMS: dict[tuple[str, str], dict[str, Any]] = {
    ("STROOM", "EUR"): {"time_zone": "Europe/Amsterdam", "fee_per_cdr": Decimal("0.105")},
    ("STROOM", "JPY"): {"fee_per_kwh": Decimal("0.0123"), "fee_payer": "EMSP"},
    ("STROOM", "CHF"): {"rounded": "LINE", "fee_percent": Decimal("1.5")},
    ("VOLT", "EUR"): {"billing": "REVERSE", "rounding": "HALF_EVEN", "credits": "PARTIAL"},
    ("VOLT", "JPY"): {"rounding": "DOWN", "fee_per_cdr": Decimal(1)},
    ("VOLT", "CHF"): {"vat_category": "AE", "credits": "NONE", "fee_per_kwh": Decimal("0.000001")},
}
PAIRS = list(TERMS)
SESSIONS = ((0, 1), (2,), (1,), (0, 2), (0,), (1,))
"""Of each pair, in each month."""
HOURS = Decimal("2.5")


def following(month: str) -> str:
    return f"2026-{int(month[5:]) + 1:02}"


@dataclass(frozen=True)
class Quarter:
    """The hub of it, and the partners that are connected."""

    hub: Hub
    cpos: dict[str, Platform]

    @staticmethod
    def begun(app: Flask) -> "Quarter":
        """With locations, tariffs, tokens and agreements, before the first session."""
        hub: Hub = app.extensions["hub"]
        hub.store.clock = lambda: instants.micros(BEGIN)
        cpos = {name: connected(app, str(party), Role.CPO, "2.2.1") for name, party in CPOS.items()}
        for currency, party in EMSPS.items():
            emsp = connected(app, str(party), Role.EMSP, VERSIONS[currency])
            enter_token(emsp, currency)
        for name, currency in PAIRS:
            enter_place(cpos[name], name, currency)
            with hub.store.unit() as unit:
                pair = Pair(CPOS[name], EMSPS[currency], currency)
                agreements.add(unit, pair, Terms(**TERMS[name, currency]), (0, None), Signed(ANN))
        return Quarter(hub, cpos)

    def at(self, text: str) -> None:
        self.hub.store.clock = lambda: instants.micros(text)

    def lived(self, month: str) -> None:
        """All of a month until it can be closed, and what is decided then of the one before."""
        place = MONTHS.index(month)
        self.at(f"{month}-28T23:00:00Z")
        for place_, pair in enumerate(PAIRS):
            for number in SESSIONS[place_]:
                self.charged(pair, month, number)
        self.sent_by_cpos(month)
        clerk.everything(self.hub.store)
        self.at(f"{following(month)}-01T09:00:00Z")
        if place:
            self.decided_of(MONTHS[place - 1], month)
        self.credited(month)
        self.disputed(month)
        clerk.everything(self.hub.store)
        self.at(f"{following(month)}-02T09:00:00Z")

    # What reaches the hub ----------------------------------------------------------------------------------

    def charged(self, pair: tuple[str, str], month: str, number: int) -> None:
        """A session whose CDR the hub writes."""
        kwh = Decimal(f"{10 + PAIRS.index(pair)}.{number + int(month[6])}")
        body = session(pair, f"S{number}-{month}", f"{month}-{3 + number:02}", kwh)
        name = pair[0]
        assert code(self.cpos[name].put(f"sessions/{CPOS[name]}/{body['id']}", body)) == (201, 1000)

    def sent_by_cpos(self, month: str) -> None:
        """CDRs that the CPOs write: right, twice, under two ids, from home, of nothing; and late ones."""
        for pair in PAIRS[:2]:
            assert self.post(pair, f"OWN-{month}", f"{month}-10") == (201, 1000)
            assert self.post(pair, f"OWN-{month}", f"{month}-10") == (200, 1000)
            assert self.post(pair, f"AGAIN-{month}", f"{month}-10") == (201, 1000)
        for pair in PAIRS[2:4]:
            home = {"home_charging_compensation": True}
            assert self.post(pair, f"HOME-{month}", f"{month}-11", **home) == (201, 1000)
        assert self.post(PAIRS[2], f"NIL-{month}", f"{month}-12", kwh=Decimal(0)) == (201, 1000)
        for pair in (PAIRS[0], PAIRS[4]):  # 2.5 hours until the clocks of Amsterdam say that it is over
            begin = "19:29:59" if pair == PAIRS[0] else "21:29:59"
            last = {"2026-08": "2026-07-31", "2026-09": "2026-08-31", "2026-10": "2026-09-30"}[month]
            assert self.post(pair, f"LATE-{month}", last, begin) == (201, 1000)

    def post(
        self, pair: tuple[str, str], identity: str, day: str, begin: str = "08:00:00", **changes: Any
    ) -> tuple[int, int]:
        body = cdr(pair, identity, f"{day}T{begin}Z", **changes)
        return code(self.cpos[pair[0]].receiver("POST", "cdrs", body))

    # What is decided ---------------------------------------------------------------------------------------

    def do(self, what: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        with self.hub.store.unit() as unit:
            return what(unit, *arguments, **options)

    def row(self, pair: tuple[str, str], key: str) -> Any:
        with self.hub.store.reading() as unit:
            found = rows.one(unit, CPOS[pair[0]].code, f"{key}-{pair[1]}")
        assert found is not None, (pair, key)
        return found

    def billed(self, pair: tuple[str, str], session_id: str) -> Any:
        """The row of the CDR that the hub wrote for a session, or of what came in its place."""
        with self.hub.store.reading() as unit:
            wanted = rows.clearings.select().where(
                rows.clearings.c.owner == CPOS[pair[0]].code,
                rows.clearings.c.session_key == f"{session_id}-{pair[1]}",
                rows.clearings.c.kind == "NORMAL",
            )
            return unit.connection.execute(wanted).one()

    def decided_of(self, last: str, month: str) -> None:
        """A month after they came: what was held is dropped or accepted, what was paid is credited."""
        for pair in PAIRS[:2]:
            self.do(deciding.decide, self.row(pair, f"AGAIN-{last}"), Decision.DROP, ANN, "billed by OWN")
        verdict = Decision.ACCEPT if last == MONTHS[0] else Decision.REJECT
        self.do(deciding.decide, self.row(PAIRS[2], f"NIL-{last}"), verdict, ANN, "by phone")
        self.do(crediting.credit, self.billed(PAIRS[0], f"S0-{last}"), ANN, "charged twice")
        self.do(crediting.credit_by_line, self.row(PAIRS[1], f"OWN-{last}"), ANN, "by phone")
        self.do(goodwill.give_part, self.billed(PAIRS[3], f"S0-{last}"), Decimal("0.5"), ANN, "half of it")
        self.do(goodwill.give, self.billed(PAIRS[4], f"S0-{last}"), Decimal(3), ANN, "for the trouble")
        with self.hub.store.reading() as unit:
            still = disputes.listed(unit, disputes.Wanted(is_open=True))
        for turn, each in enumerate(still, MONTHS.index(month)):
            self.ended(turn % 3, each)

    def ended(self, turn: int, dispute: Json) -> None:
        """In vain, with a credit, in part: each in turn."""
        number = dispute["id"]
        if turn == 0:
            self.do(disputes.decline, number, ANN, "the meter is right")
        elif turn == 1:
            remedy = Remedy(by_line=dispute["cdr"].startswith(("OWN", "HOME", "LATE")))
            self.do(accept, number, remedy)
        else:
            self.do(accept, number, Remedy(part=Decimal("0.25")))

    def credited(self, month: str) -> None:
        """Before they are on any statement."""
        self.do(
            crediting.credit, self.billed(PAIRS[0], f"S1-{month}"), ANN, "anew", replacement=Replacement()
        )
        self.do(crediting.credit, self.billed(PAIRS[2], f"S1-{month}"), ANN, "never charged")
        self.do(crediting.credit, self.billed(PAIRS[5], f"S1-{month}"), ANN, "by a line: those are the terms")
        self.credited_by_cpo(PAIRS[2], month, Decimal("-5.625"), Decimal("-6.2375"))
        self.credited_by_cpo(PAIRS[3], month, Decimal(-1), Decimal("-1.1"))

    def credited_by_cpo(self, pair: tuple[str, str], month: str, net: Decimal, gross: Decimal) -> None:
        """The CDR of a home charger, in whole or in part."""
        home = {"home_charging_compensation": True, "credit": True, "total_cost": price(net, gross)}
        body = cdr(pair, f"HOME-{month}", f"{month}-11T08:00:00Z", **home)
        told = body | {"id": f"{body['id']}-C", "credit_reference_id": body["id"]}
        assert code(self.cpos[pair[0]].receiver("POST", "cdrs", told)) == (201, 1000)

    def disputed(self, month: str) -> None:
        """What is disputed before a close waits for its end."""
        for pair in (PAIRS[1], PAIRS[3]):
            word = Word("nobody was there", EMSPS[pair[1]])
            self.do(disputes.open_, self.billed(pair, f"S2-{month}"), Claim("NO_SESSION"), word, ANN)

    # What becomes of statements ----------------------------------------------------------------------------

    def closed(self, month: str) -> list[Any]:
        """The statements of a month, by agreement."""
        with self.hub.store.reading() as unit:
            found = statements.listed(unit, statements.statements.c.month == month)
        return sorted(found, key=lambda each: each.agreement_id)

    def ways(self, statement: Any) -> list[Command]:
        """Most are settled; from one in three a line leaves before; one is only sent, the last is a draft."""
        name, way = statement.id, statement.agreement_id
        if way == len(PAIRS):
            return []
        steps: list[Command] = [("step", "approve", name), ("step", "send", name)]
        if way % 3 == 1:
            steps.append(("contest", name, self.first_owed(statement), "another tariff holds"))
        elif way != 2:
            steps.append(("step", "accept", name))
        return steps if way == 2 else [*steps, ("step", "finalise", name)]

    def first_owed(self, statement: Any) -> str:
        """A CDR on it of which nothing was taken back."""
        with self.hub.store.reading() as unit:
            keys = [row.cdr_key for row in statements.rows_of(unit, statement.id) if row.kind == "NORMAL"]
            told = {each.cdr_key for each in adjustments.listed(unit)}
            taken = {row.credits for row in unit.connection.execute(rows.clearings.select())}
        return next(str(key) for key in keys if key not in told | taken)


def accept(unit: Any, number: int, remedy: Remedy) -> Any:
    """By a credit CDR where the hub wrote the CDR, else by a line."""
    return disputes.accept(unit, number, remedy, ANN, "the eMSP is right")


# Documents -------------------------------------------------------------------------------------------------


def owned(name: str) -> Json:
    party = CPOS[name]
    return {"country_code": party.country_code, "party_id": party.party_id}


def token_of(currency: str) -> Json:
    party = EMSPS[currency]
    return {"country_code": party.country_code, "party_id": party.party_id, "uid": f"CARD{currency}001"}


def enter_token(emsp: Platform, currency: str) -> None:
    version = VERSIONS[currency]
    told = {"uid": f"CARD{currency}001", "last_updated": BEGIN}
    if version != "2.1.1":
        told |= token_of(currency)
    body = example(version, "tokens", **told)
    assert code(emsp.put(f"tokens/{emsp.party}/{body['uid']}", body)) == (201, 1000)


def tariff(name: str, currency: str) -> Json:
    told = {"id": f"T-{currency}", "currency": currency, "start_date_time": None, "end_date_time": None}
    return without_nothing(usual() | owned(name) | told | {"last_updated": BEGIN})


def enter_place(cpo: Platform, name: str, currency: str) -> None:
    priced = tariff(name, currency)
    assert code(cpo.put(f"tariffs/{CPOS[name]}/{priced['id']}", priced)) == (201, 1000)
    connector = example("2.2.1", "connectors", id="1", tariff_ids=[priced["id"]], last_updated=BEGIN)
    evse = example("2.2.1", "evses", connectors=[connector], last_updated=BEGIN, **evse_of(name, currency))
    told = owned(name) | {"id": f"SITE-{currency}", "evses": [evse], "last_updated": BEGIN}
    location = example("2.2.1", "locations", **told)
    assert code(cpo.put(f"locations/{CPOS[name]}/SITE-{currency}", location)) == (201, 1000)


def evse_of(name: str, currency: str) -> Json:
    return {"uid": f"E-{currency}", "evse_id": f"{str(CPOS[name]).replace('/', '*')}*E{currency}"}


def session(pair: tuple[str, str], identity: str, day: str, kwh: Decimal) -> Json:
    name, currency = pair
    begin, end = f"{day}T08:00:00Z", f"{day}T10:30:00Z"
    told = owned(name) | {
        "id": f"{identity}-{currency}",
        "start_date_time": begin,
        "end_date_time": end,
        "status": "COMPLETED",
        "kwh": kwh,
        "currency": currency,
        "total_cost": None,
        "authorization_reference": f"{identity}-{name}-{currency}",
        "location_id": f"SITE-{currency}",
        "evse_uid": f"E-{currency}",
        "connector_id": "1",
        "charging_periods": [period(begin, kwh)],
        "last_updated": f"{day}T10:31:00Z",
    }
    body = example("2.2.1", "sessions", **told)
    return body | {"cdr_token": body["cdr_token"] | token_of(currency)}


def period(begin: str, kwh: Decimal) -> Json:
    energy, time = PERIOD["dimensions"]
    return {"start_date_time": begin, "dimensions": [energy | {"volume": kwh}, time | {"volume": HOURS}]}


def cdr(
    pair: tuple[str, str], identity: str, begin: str, kwh: Decimal = Decimal("20.5"), **changes: Any
) -> Json:
    """At 0.25 a kWh with 10 % VAT, and 0.50 at the start with 20 %."""
    name, currency = pair
    end = instants.text(instants.micros(begin) + 9_000_000_000)
    energy = kwh * Decimal("0.25")
    body = own(
        id=f"{identity}-{currency}",
        authorization_reference=f"{identity}-{name}-{currency}",
        currency=currency,
        tariffs=[tariff(name, currency)],
        charging_periods=[period(begin, kwh) | {"tariff_id": f"T-{currency}"}],
        start_date_time=begin,
        end_date_time=end,
        last_updated=end,
        total_energy=kwh,
        total_energy_cost=price(energy, energy * Decimal("1.1")),
        **owned(name)
        | {"total_cost": price(energy + Decimal("0.50"), energy * Decimal("1.1") + Decimal("0.60"))}
        | changes,
    )
    place = {"id": f"SITE-{currency}", "evse_uid": f"E-{currency}", "connector_id": "1"}
    place |= {"evse_id": evse_of(name, currency)["evse_id"]}
    return body | {
        "cdr_token": body["cdr_token"] | token_of(currency),
        "cdr_location": body["cdr_location"] | place,
    }


def price(net: Decimal, gross: Decimal) -> Json:
    return {"excl_vat": net, "incl_vat": gross}


def without_nothing(body: Json) -> Json:
    return {name: value for name, value in body.items() if value is not None}
