"""Invoices: the hub tells what those of statements bill; what any invoice bills is held against the books."""

import csv
import io
from decimal import Decimal

import pytest
from months_of import ANN, CPO, EMSP, agree, cdr, close, contest, put, step
from platforms import code
from sqlalchemy import select, update

from hub.clearing import explaining
from hub.clearing.states import State
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.closing.invoices import finding, issuing, telling
from hub.closing.invoices.amounts import Amount
from hub.closing.invoices.finding import Which
from hub.closing.invoices.matching import Match
from hub.closing.invoices.problems import NoSuchInvoice, NothingListed, NotSent, SeveralInvoices
from hub.ocpi.document import Party
from hub.ocpi.module import Role
from hub.store import audit, documents
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.invoices import invoice_records
from hub.sync import completeness

MODULE = "invoicereconciliation"
PARTS = [("10.005", 19)]
NUMBER = "NLCPO-2026-000001"
AT = "2026-11-20T12:00:00.000Z"
THIRD = Party("FR", "EMS")


@pytest.fixture
def cpo(connect):
    return connect("NL/CPO", Role.CPO, "2.3.0")


@pytest.fixture
def emsp(connect):
    return connect("DE/MSP", Role.EMSP, "2.3.0")


@pytest.fixture
def books(cpo, emsp):
    """The store of a hub with both of them."""
    return cpo.hub.store


def sent(store, *ids, **terms):
    """A statement of these CDRs that both have."""
    agree(store, **terms)
    for each in ids or ("a-1", "a-2", "a-3"):
        put(store, cdr(each, PARTS))
    statement = close(store).statement
    for name in ("approve", "send"):
        statement = step(store, name, statement)
    return statement


def told(store):
    """The records that stand: id -> invoice and CDRs."""
    table = TABLES[MODULE]
    with store.reading() as unit:
        living = unit.connection.execute(select(table).where(table.c.deleted_at.is_(None)))
        newest = [documents.stored(MODULE, row).document.newest for row in living]
        return {each["id"]: (each["invoice_id"], each["cdrs"]) for each in newest}


def issue(store, statement, invoice_id=None):
    with store.unit() as unit:
        return issuing.issue(unit, str(statement.id), ANN, invoice_id)


def post(platform, *cdrs, invoice="INV-7", identity="R-1", **headers):
    party = platform.party
    body = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "id": identity,
        "invoice_id": invoice,
        "cdrs": list(cdrs),
        "last_updated": AT,
    }
    assert code(platform.receiver("POST", MODULE, body, **headers)) == (201, 1000)


def match(store, name="INV-7", amount=None, seen=None):
    with store.reading() as unit:
        found = finding.named(unit, name, Which(seen=seen))
        return telling.matched(Match(unit, found, seen is None), amount or Amount())


def exported(hub, folder):
    order = Order("cdr_reconciliation", "csv", Wanted("2026-10"), False)
    text = write(hub.store, hub.settings.party, order, folder).file.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# Issuing ---------------------------------------------------------------------------------------------------


def test_a_statement_that_is_sent_tells_what_it_bills(books, emsp):
    """In the name of the CPO, in the very ids that the eMSP has; it agrees with the statement."""
    sent(books)
    assert told(books) == {NUMBER: (NUMBER, ["a-1", "a-2", "a-3"])}
    assert [each["invoice_id"] for each in emsp.pulled(MODULE)] == [NUMBER]
    report = match(books, NUMBER, Amount(gross=Decimal("35.72"), net=Decimal("30.02")))
    assert report["agrees"], report["objections"]
    assert (report["by"], report["for"], report["billing"]) == ("NL/CPO", "DE/MSP", "DIRECT")
    assert (report["counts"]["known"], report["statement"]) == (3, NUMBER)
    assert report["statements"][0]["gross"] == Decimal("35.72")
    off = match(books, NUMBER, Amount(gross=Decimal("35.73")))
    assert off["objections"] == ["35.73 EUR gross told where 35.72 would be right"]


def test_in_reverse_billing_it_is_the_emsps(books, cpo):
    sent(books, billing="REVERSE")
    assert told(books).keys() == {"NLCPO-R-2026-000001"}
    with books.reading() as unit:
        row = unit.connection.execute(select(invoice_records)).one()
    assert (row.owner, row.cpo, row.emsp, row.part) == ("DEMSP", "NLCPO", "DEMSP", 1)
    assert len(cpo.pulled(MODULE)) == 1
    assert match(books, "NLCPO-R-2026-000001")["agrees"]


def test_contested_lines_leave_the_record_and_the_last_takes_it_away(books):
    """IRR-05: another record would be another invoice."""
    statement = sent(books)
    contest(books, statement, "A-2")
    assert told(books) == {NUMBER: (NUMBER, ["a-1", "a-3"])}
    report = match(books, NUMBER)
    assert report["agrees"], report["objections"]
    contest(books, statement, "A-1", "A-3")
    assert told(books) == {}
    with pytest.raises(NoSuchInvoice, match="hub invoice list"):
        match(books, NUMBER)


def test_a_party_gives_its_invoice_its_own_number(books):
    statement = sent(books)
    (row,) = issue(books, statement, "INV-7")
    assert told(books) == {NUMBER: ("INV-7", ["a-1", "a-2", "a-3"])}
    contest(books, statement, "A-1")
    assert told(books) == {NUMBER: ("INV-7", ["a-2", "a-3"])}
    assert (issue(books, statement)[0].invoice_id, row.part) == ("INV-7", 1)  # as it was
    with books.reading() as unit:
        document = TABLES[MODULE]
        revisions = unit.connection.execute(select(document.c.rev)).scalar()
        events = [each.action for each in audit.listed(unit, limit=50)]
    assert (revisions, events.count("issue-invoice")) == (3, 2)  # what says the same is no change


def test_where_the_parties_tell_it_themselves_the_hub_does_not(books):
    statement = sent(books, invoices_by="PARTY")
    assert told(books) == {}
    with pytest.raises(NothingListed), books.unit() as unit:
        issuing.withdraw(unit, str(statement.id), ANN)
    issue(books, statement, "INV-9")
    assert told(books) == {NUMBER: ("INV-9", ["a-1", "a-2", "a-3"])}


def test_nothing_is_told_of_a_statement_that_is_not_sent(books):
    agree(books)
    put(books, cdr("A", PARTS))
    with pytest.raises(NotSent, match="hub statement send 1"):
        issue(books, close(books).statement)


def test_long_lists_are_in_parts_which_come_and_go(books, monkeypatch):
    monkeypatch.setattr(issuing, "MOST", 2)
    statement = sent(books, *"abcde")
    parts = [told(books)[key][1] for key in (NUMBER, f"{NUMBER}-2", f"{NUMBER}-3")]
    assert parts == [["a", "b"], ["c", "d"], ["e"]]
    assert (match(books, NUMBER)["counts"]["known"], match(books, NUMBER)["agrees"]) == (5, True)
    contest(books, statement, "A", "C")
    left = {NUMBER: (NUMBER, ["b"]), f"{NUMBER}-2": (NUMBER, ["d"]), f"{NUMBER}-3": (NUMBER, ["e"])}
    assert told(books) == left
    contest(books, statement, "D")
    assert told(books).keys() == {NUMBER, f"{NUMBER}-3"}


def test_a_record_that_was_withdrawn_is_made_again_under_another_id(books):
    statement = sent(books)
    with books.unit() as unit:
        issuing.withdraw(unit, str(statement.id), ANN, "a mistake")
    assert told(books) == {}
    issue(books, statement)
    assert told(books).keys() == {f"{NUMBER}~2"}


def test_a_party_may_take_the_id_of_one_that_was_withdrawn(books, cpo):
    """It is the party's own then, and follows the statement no more."""
    statement = sent(books)
    with books.unit() as unit:
        issuing.withdraw(unit, str(statement.id), ANN)
    post(cpo, "a-1", identity=NUMBER, invoice="MINE")
    contest(books, statement, "A-1")
    assert told(books) == {NUMBER: ("MINE", ["a-1"])}
    assert code(cpo.receiver("DELETE", f"{MODULE}/NL/CPO/{NUMBER}")) == (200, 1000)


def test_nobody_blocks_or_changes_what_the_hub_tells(books, cpo, emsp):
    """Hostile: a CPO takes the id beforehand, changes or deletes the hub's record."""
    post(cpo, "a-1", identity=NUMBER, invoice="MINE")
    sent(books)
    assert told(books) == {NUMBER: ("MINE", ["a-1"]), f"{NUMBER}~2": (NUMBER, ["a-1", "a-2", "a-3"])}
    path = f"{MODULE}/NL/CPO/{NUMBER}~2"
    body = cpo.get(path)
    assert code(cpo.put(path, body | {"cdrs": ["a-1"], "last_updated": AT}))[1] == 2001
    assert code(cpo.receiver("DELETE", path))[1] == 2001
    assert told(books)[f"{NUMBER}~2"][1] == ["a-1", "a-2", "a-3"]
    with books.reading() as unit:  # no list of the CPO has to show it
        assert completeness.records_of_hub(unit, ["NLCPO"]) == {("NLCPO", f"{NUMBER}~2")}


# Matching (IRR-10) -----------------------------------------------------------------------------------------


def test_an_invoice_is_held_against_the_books(books, cpo, emsp):
    """Known, unknown, listed twice, on another invoice, not to be paid, left out, and the amount."""
    agree(books)
    for each in ("K", "TWICE", "OTHER", "LEFT"):
        put(books, cdr(each, PARTS))
    put(books, cdr("HELD", PARTS), state=State.HELD)
    put(books, cdr("AFTER", PARTS, ended="2026-10-20T10:00:00Z"))
    put(books, cdr("NOTHING", PARTS), agreement=None, state=State.RECEIVED)
    post(cpo, "OTHER", invoice="INV-6", identity="R-0")
    post(cpo, "k", "TWICE", "TWICE", "OTHER", "HELD", "NOTHING", "GHOST")
    report = match(books, amount=Amount(net=Decimal("40.00")))
    assert {name: number for name, number in report["counts"].items() if number} == {
        "listed": 7,
        "cdrs": 6,
        "known": 5,
        "unknown": 1,
        "repeated": 1,
        "elsewhere": 1,
        "unpayable": 1,
        "missing": 1,
        "unchecked": 1,
    }
    named = {name: [each["cdr"] for each in report[name]] for name in ("unknown", "repeated", "unpayable")}
    assert named == {"unknown": ["GHOST"], "repeated": ["TWICE"], "unpayable": ["HELD"]}
    (other,), (left,) = report["elsewhere"], report["missing"]
    assert (other["cdr"], other["also_on"], other["also_by"], other["record"]) == (
        "OTHER",
        "INV-6",
        "NL/CPO",
        "R-0",
    )
    assert (left["cdr"], left["net"], left["why"]) == ("LEFT", Decimal("10.005"), "on no invoice")
    (sum_,) = report["amounts"]
    assert (sum_["cdrs"], sum_["net"], sum_["within"]) == (5, Decimal("50.025"), True)
    (beside,) = report["told"]
    assert (beside["difference"], beside["within"]) == (Decimal("-10.025"), False)
    assert len(report["objections"]) == 7
    assert not report["agrees"]


def test_credits_count_below_nought_and_what_should_cost_less_is_told(books, cpo, emsp):
    agree(books)
    put(books, cdr("A", PARTS), state=State.CREDITED)
    put(books, cdr("A-C", PARTS, of="A"))
    put(books, cdr("B", PARTS))
    post(cpo, "A", "A-C", "B")
    (sum_,) = match(books)["amounts"]
    assert (sum_["net"], sum_["gross"], sum_["expected"]) == (
        Decimal("10.005"),
        Decimal("11.90595"),
        Decimal("10.005"),
    )
    with books.unit() as unit:
        unit.connection.execute(
            update(clearings).where(clearings.c.cdr_key == "B").values(expected_net=Decimal(9))
        )
    report = match(books)
    assert report["objections"] == ["10.005 EUR net claimed where 9 would be right"]


def test_what_a_statement_has_and_its_invoice_has_not_is_missing(books, cpo, emsp):
    """And the other way round; a party's own record with the number of the statement."""
    sent(books, invoices_by="PARTY")
    put(books, cdr("NEXT", PARTS, ended="2026-11-02T10:00:00Z"))
    post(cpo, "a-1", "a-2", "NEXT", invoice=NUMBER.lower())
    report = match(books, NUMBER)
    assert [each["cdr"] for each in report["missing"]] == ["A-3"]
    assert [each["cdr"] for each in report["unstated"]] == ["NEXT"]
    assert report["missing"][0]["why"] == "on its statement"


def test_the_hubs_invoice_and_the_partys_own_bill_the_same_twice(books, cpo, emsp, tmp_path):
    sent(books)
    post(cpo, "a-1")
    for name, other in ((NUMBER, "INV-7"), ("INV-7", NUMBER)):
        (twice,) = match(books, name)["elsewhere"]
        assert (twice["cdr"], twice["also_on"]) == ("A-1", other)
    with books.reading() as unit:
        row = unit.connection.execute(select(clearings).where(clearings.c.cdr_key == "A-1")).one()
        told = explaining.explained(unit, row)["invoices"]
    assert [(each["id"], each["by"]) for each in told] == [(NUMBER, "NL/CPO"), ("INV-7", "NL/CPO")]
    cells = {each["cdr_id"]: each["invoice_id"] for each in exported(cpo.hub, tmp_path)}
    assert cells == {"a-1": f"{NUMBER}; INV-7", "a-2": NUMBER, "a-3": NUMBER}


def test_a_party_learns_of_no_cdr_that_is_not_its_own(books, cpo, emsp, connect, tmp_path):
    """Hostile: ids of CDRs that somebody else pays are as unknown as those that do not exist."""
    connect("FR/EMS", Role.EMSP, "2.3.0")
    agree(books)
    agree(books, emsp=THIRD)
    put(books, cdr("MINE", PARTS))
    put(books, cdr("THEIRS", PARTS), agreement=2, emsp=THIRD)
    post(cpo, "THEIRS", invoice="INV-FR", identity="R-FR")
    post(emsp, "MINE", "THEIRS", "GHOST", invoice="REV-1", identity="R-REV")
    for seen in (None, EMSP, CPO):
        report = match(books, "REV-1", seen=seen)
        assert [each["cdr"] for each in report["unknown"]] == ["GHOST", "THEIRS"]
        assert report["unknown"][1] == report["unknown"][0] | {"cdr": "THEIRS"}
        assert (report["elsewhere"], report["counts"]["known"]) == ([], 1)
    assert match(books, "INV-FR")["elsewhere"] == []  # what an eMSP claims of others bills nothing
    with pytest.raises(NoSuchInvoice):
        match(books, "INV-FR", seen=EMSP)
    cells = {each["cdr_id"]: each["invoice_id"] for each in exported(cpo.hub, tmp_path)}
    assert cells == {"MINE": "REV-1", "THEIRS": "INV-FR"}


def test_one_number_may_be_of_two_invoices(books, cpo, emsp):
    agree(books)
    put(books, cdr("A", PARTS))
    post(cpo, "A", invoice="1")
    post(emsp, "A", invoice="1")
    with pytest.raises(SeveralInvoices, match="DE/MSP for NL/CPO, NL/CPO for DE/MSP"):
        match(books, "1")
    with books.reading() as unit:
        found = finding.named(unit, "1", Which(owner=EMSP))
        assert (found.owner, found.other) == ("DEMSP", "NLCPO")
        assert finding.named(unit, "1", Which(other=EMSP)).owner == "NLCPO"
        assert telling.shown(found)["billing"] == "REVERSE"
