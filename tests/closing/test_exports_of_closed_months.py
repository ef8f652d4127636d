"""What a closed month exports: sums that are those of the ledger, whatever happened in it, however it is
read, and nothing of what happens while it is written."""

import csv
import io
import json
import sqlite3
import threading
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest
from beancount import loader
from factories import example
from months_of import ANN, CPO, LATER, agree, cdr, close, contest, give, put, settled, step
from sqlalchemy import insert, update

from hub.clearing import rows, states
from hub.clearing.states import State
from hub.closing import ledger
from hub.closing.exports import cdr_columns, cdrs, facts, kinds, parquet_file, scheduled, statement_rows
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.closing.ledger import Entry, Posting
from hub.ocpi import instants
from hub.ocpi.document import Document, Party
from hub.settings import Settings
from hub.store import documents
from hub.store.assignments import memberships
from hub.store.cdr_facts import cdr_facts
from hub.store.clearings import clearings
from hub.store.documents import TABLES
from hub.store.parties import partner_roles, partners
from hub.store.pricebook import tariff_versions

HUB = Party("NL", "HUB")
PARTS = [("10.005", 19), ("1.335", 7)]
FORMULA = '=1+1,"x"\r\ny'


@pytest.fixture
def month(store):
    """Rated, credited, held, disputed, late, contested CDRs, a gift, a fee; another agreement is settled."""
    store.clock = lambda: LATER - 10
    agree(store, fee_per_cdr=Decimal("0.10"), fee_percent=Decimal(1))
    agree(store, emsp=Party("CH", "EDL"), currency="CHF", vat_category="AE")
    for name in ("A", "A2", "A3"):
        put(store, cdr(name, PARTS))
    put(store, cdr("B", PARTS), state=State.CREDITED)
    put(store, cdr("B-C", PARTS, of="B"))
    put(store, cdr("H", PARTS, remark=FORMULA), state=State.HELD)
    put(store, cdr("D", PARTS), state=State.DISPUTED)
    put(store, cdr("LATE", [("7.7777", 19)], ended="2026-09-30T10:00:00Z"))
    put(store, cdr("SWISS", PARTS, currency="CHF"), 2, emsp=Party("CH", "EDL"))
    give(store)
    statement = close(store).statement
    for name in ("approve", "send"):
        step(store, name, statement)
    contest(store, statement, "A2")
    settled(store, close(store, agreement=2).statement)
    return store


def written(store, folder, kind="cdr_reconciliation", form="csv", **more):
    return write(store, HUB, Order(kind, form, Wanted("2026-10")), folder, **more)


def rows_of(found):
    return list(csv.DictReader(io.StringIO(found.file.read_bytes().decode(), newline="")))


def summed(lines, *names):
    """Currency -> sums of these columns."""
    found = {}
    for line in lines:
        mine = found.setdefault(line["currency"], [Decimal(0)] * len(names))
        for place, name in enumerate(names):
            mine[place] += Decimal(line[name] or 0)
    return found


def test_the_sums_of_all_exports_are_those_of_the_ledger(month, tmp_path):  # I7
    cdrs, lines, taxes, entries = (
        rows_of(written(month, tmp_path, kind))
        for kind in ("cdr_reconciliation", "statement_lines", "tax_summary", "journal")
    )
    assert Counter(row["billing_status"] for row in cdrs) == {
        "STATED": 5,
        "SETTLED": 1,
        "HELD": 1,
        "DISPUTED": 2,
    }
    stated = [row for row in cdrs if row["statement_id"]]
    of_cdrs = [line for line in lines if line["cdr_id"] and line["kind"] != "ADJUSTMENT"]
    assert summed(stated, "declared_net") == summed(of_cdrs, "net_exact")
    amounts = ("net_total", "tax_amount", "gross_total")
    also = ("hub_fee_net", "energy_kwh_signed")
    assert summed(stated, *amounts, *also) == summed(of_cdrs, *amounts, *also)
    assert summed(lines, *amounts) == summed(taxes, *amounts)
    owed = summed([line for line in lines if line["kind"] != "FEE"], "gross_total")
    receivable = [line for line in entries if line["account"].startswith("receivable")]
    sides = summed(receivable, "debit", "credit")
    assert {currency: debit - credit for currency, (debit, credit) in sides.items()} == {
        currency: gross for currency, (gross,) in owed.items()
    }
    assert all(debit == credit for debit, credit in summed(entries, "debit", "credit").values())


def test_the_lines_of_statements_are_joined_to_cdrs_by_their_ids_as_written(store, tmp_path, monkeypatch):
    monkeypatch.setattr(statement_rows, "FEW", 2)
    monkeypatch.setattr(statement_rows, "PORTION", 3)
    agree(store, fee_per_cdr=Decimal("0.10"))
    ids = {"Nl-cdr-a1", "nl-cdr-b2", "NL-CDR-C3", "Ärger-ß", "-9z"}
    for name in ids:
        put(store, cdr(name, PARTS))
    put(store, cdr("Nl-cdr-a1-Back", PARTS, of="nl-CDR-b2"))
    give(store)
    close(store)
    cdrs_, lines = (
        rows_of(written(store, tmp_path, kind)) for kind in ("cdr_reconciliation", "statement_lines")
    )
    of_cdrs = [line for line in lines if line["kind"] in {"NORMAL", "CREDIT"}]
    net = {row["cdr_id"]: Decimal(row["net_total"]) for row in cdrs_}
    joined = dict.fromkeys(net, Decimal(0))
    for line in of_cdrs:
        joined[line["cdr_id"]] += Decimal(line["net_total"])
    assert (joined, len(of_cdrs)) == (net, 2 * len(net))
    assert {name.lstrip("'") for name in net} == ids | {"Nl-cdr-a1-Back"}
    others = {line["kind"]: line["cdr_id"] for line in lines if line not in of_cdrs}
    assert others == {"ADJUSTMENT": "", "FEE": ""}


def test_a_line_whose_cdr_is_not_there_tells_its_key(store, tmp_path):
    agree(store)
    put(store, cdr("Gone", PARTS))
    close(store)
    with store.unit() as unit:
        run(unit, update(clearings).values(cdr_seq=0))
    assert {line["cdr_id"] for line in rows_of(written(store, tmp_path, "statement_lines"))} == {"GONE"}


def test_a_workbook_and_the_sidecar_lead_from_its_rows_to_the_ledger(month, tmp_path):  # I7
    found = written(month, tmp_path, "cdr_reconciliation", "xlsx")
    for steps in found.told["ledger"].values():
        by_name = {step["what"]: step for step in steps}
        assert {step["what"] for step in steps} > {"Statements", "Owed by eMSPs in the ledger"}
        assert by_name["Statements"]["gross_total"] != "0.0000"
        assert by_name["Difference"] == {
            "what": "Difference", "rows": None, "net_total": "0.0000", "gross_total": "0.0000"
        }  # fmt: skip
    sheet = openpyxl.load_workbook(found.file)["Summary"]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[1] == "Difference"]
    assert [row[3:5] for row in rows] == [(0, 0)] * len(found.told["ledger"])


def test_what_the_ledger_has_besides_the_statements_is_told(month, tmp_path):
    with month.unit() as unit:
        both = [("receivable:DE/EMS", "1.23"), ("payable:NL/EXA", "-1.23")]
        sides = tuple(Entry(account, "EUR", Decimal(amount), "2026-10") for account, amount in both)
        ledger.post(unit, Posting("STATEMENT", "statement/1", "twice", LATER, ANN.name, sides))
    steps = written(month, tmp_path, "cdr_reconciliation").told["ledger"]["EUR"]
    assert (steps[-1]["what"], steps[-1]["gross_total"]) == ("Difference", "-1.2300")


def test_the_journal_is_balanced_by_another_bookkeeping_too(month, tmp_path):
    text = written(month, tmp_path, "journal", "beancount").file.read_text(encoding="utf-8")
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    postings = [posting for entry in entries for posting in getattr(entry, "postings", ())]
    assert len(postings) == len(rows_of(written(month, tmp_path, "journal")))


def few_at_once(monkeypatch, rows):
    """As if the month had many rows: in portions, groups and threads."""
    for module in (cdrs, facts):
        monkeypatch.setattr(module, "PORTION", rows)
    monkeypatch.setattr(parquet_file, "AT_ONCE", 2 * rows)
    monkeypatch.setattr(parquet_file, "GROUP", 4 * rows)


def test_what_was_written_out_is_what_is_read(month, tmp_path, monkeypatch):
    """Whatever a CDR says, and whether its text lies ready or not."""
    odd = {"remark": "", "meter_id": "a\x1eb", "session_id": "S\0", "auth_method": '"'}
    put(month, cdr("ODD", PARTS) | odd, state=State.HELD)
    put(
        month, cdr("-9", PARTS) | {"remark": "@x", "meter_id": "a\nb", "session_id": "é, ü"}, state=State.HELD
    )
    big = {"total_energy": Decimal("1e400"), "total_time": Decimal("123456789012345.6")}
    put(month, cdr("BIG", PARTS) | big, state=State.HELD)
    put(month, cdr("OLD", PARTS) | {"start_date_time": "0001-01-01T00:00:00Z"}, state=State.HELD)
    few_at_once(monkeypatch, 4)
    for form in ("csv", "parquet"):
        fresh = written(month, tmp_path / form, form=form)
        kept = written(month, tmp_path / form, form=form)
        plain = kinds.KINDS["cdr_reconciliation"]._replace(ready=None)
        with monkeypatch.context() as patched:
            patched.setitem(kinds.KINDS, "cdr_reconciliation", plain)
            read = written(month, tmp_path / f"{form}-read", form=form)
        if form == "csv":
            assert fresh.file.read_bytes() == kept.file.read_bytes() == read.file.read_bytes()
            assert fresh.told == kept.told == read.told
        else:
            assert pq.read_table(kept.file).equals(pq.read_table(read.file))
    with month.reading() as unit:
        assert len(unit.connection.execute(cdr_facts.select()).all()) == 12  # all but ODD
    for form in ("jsonl", "xlsx"):
        assert written(month, tmp_path, form=form).told["rows"] == 13


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_database_of_one_thread_at_a_time_tells_the_same(month, tmp_path, monkeypatch, form):
    few_at_once(monkeypatch, 2)
    ahead = written(month, tmp_path, form=form).file.read_bytes()
    monkeypatch.setattr(sqlite3, "threadsafety", 1)
    assert written(month, tmp_path, form=form).file.read_bytes() == ahead


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_that_is_given_up_leaves_no_thread_and_no_connection(month, tmp_path, monkeypatch, form):
    few_at_once(monkeypatch, 1)
    whole = written(month, tmp_path, form=form).file.read_bytes()
    before, at_hand = set(threading.enumerate()), len(month._idle)

    def give_up(rows_, _):
        if rows_ == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(month, tmp_path / "given up", form=form, watch=give_up)
    assert (set(threading.enumerate()), len(month._idle)) == (before, at_hand)
    assert list((tmp_path / "given up").iterdir()) == []
    assert written(month, tmp_path, form=form).file.read_bytes() == whole


def test_a_worker_writes_out_ahead_of_any_export(month):
    with month.unit() as unit:
        bad = TABLES["cdrs"].c.key == "H"
        unit.connection.execute(update(TABLES["cdrs"]).where(bad).values(sent=b"{", newest=None))
    assert [facts.write_out(month, HUB) for _ in range(2)] == [8, 0]  # all but the one that nobody can read
    with month.reading() as unit:
        assert len(unit.connection.execute(cdr_facts.select()).all()) == 8


def test_the_columns_that_last_are_told_by_the_cdr_alone(month, tmp_path):
    before = rows_of(written(month, tmp_path))
    with month.unit() as unit:
        values = dict.fromkeys(("expected_net", "cause", "rules", "policy", "input_hash", "agreement_id"))
        unit.connection.execute(update(clearings).values(values | {"codes": '[["H2", "HOLD", "x"]]'}))
    after = rows_of(written(month, tmp_path))
    lasting = [column.name for column in cdr_columns.COLUMNS if column.lasting]
    assert len(lasting) == 45
    assert [[row[name] for name in lasting] for row in before] == [
        [row[name] for name in lasting] for row in after
    ]


def test_what_happens_while_an_export_is_written_is_in_the_next_one(month, tmp_path, monkeypatch):
    few_at_once(monkeypatch, 1)
    for form in ("csv", "parquet", "jsonl"):
        before = written(month, tmp_path, form=form).file.read_bytes()
        during = written(month, tmp_path, form=form, watch=meddling(month))
        assert during.file.read_bytes() == before
        assert written(month, tmp_path, form=form).file.read_bytes() != before


def meddling(store):
    """Somebody who changes the books once some rows are written."""
    done = []

    def watch(rows_, _):
        if rows_ and not done:
            done.append(True)
            with store.unit() as unit:
                held = rows.one(unit, CPO.code, "H")
                states.move(unit, held, State.CHECKED, "bob", "looked at again")
                states.move(unit, rows.again(unit, held), State.HELD, "bob", f"still wrong {unit.now}")
                unit.connection.execute(update(partners).values(name="Another name"))
            later = store.clock() + 1
            store.clock = lambda: later

    return watch


@pytest.mark.parametrize(
    ("form", "table", "values"),
    [
        ("csv", cdr_facts, {"texts": "half"}),
        ("parquet", cdr_facts, {"exact": "half"}),
        ("jsonl", TABLES["cdrs"], {"sent": b"{", "newest": None}),
        ("xlsx", TABLES["cdrs"], {"sent": b"{", "newest": None}),
    ],
)
def test_rows_that_fail_in_the_middle_leave_what_was_there(month, tmp_path, monkeypatch, form, table, values):
    tmp_path /= "out"
    few_at_once(monkeypatch, 1)
    written(month, tmp_path)  # so that there are facts
    before = written(month, tmp_path, form=form)
    with month.unit() as unit:
        last = rows.one(unit, CPO.code, "SWISS").cdr_seq
        number = table.c.cdr_seq if table is cdr_facts else table.c.seq
        unit.connection.execute(update(table).where(number == last).values(values))
    here = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    seen = []
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever reads it says so)
        written(month, tmp_path, form=form, watch=lambda rows_, _: seen.append(rows_))
    assert max(seen) > 2
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == here
    assert before.file.read_bytes() == here[before.file.name]


def test_an_export_is_named_anew_when_anything_that_it_shows_changes(month, tmp_path):
    identity = partner(month, "A name")
    place(month, "2026-01-01T00:00:00Z", 11_000)
    version = tariff(month)
    changes = {
        "name": lambda unit: run(unit, update(partners).where(partners.c.id == identity).values(name="New")),
        "group": lambda unit: run(unit, insert(memberships).values(membership("FLEET", 0, None))),
        "leaves": lambda unit: run(unit, update(memberships).values(valid_to=5)),
        "taken back": lambda unit: run(
            unit, update(tariff_versions).where(tariff_versions.c.id == version).values(withdrawn_at=7)
        ),
        "held": lambda unit: run(
            unit, update(clearings).where(clearings.c.state == "HELD").values(expected_net=Decimal(3))
        ),
    }
    names = [written(month, tmp_path).told["export_id"]]
    for change in changes.values():
        with month.unit() as unit:
            change(unit)
        names += [written(month, tmp_path).told["export_id"] for _ in range(2)]
    place(month, "2026-01-02T00:00:00Z", 22_000)
    names += [written(month, tmp_path).told["export_id"] for _ in range(2)]
    assert [names.count(name) for name in dict.fromkeys(names)] == [1, *[2] * (len(changes) + 1)]


def run(unit, statement):
    unit.connection.execute(statement)


def partner(store, name):
    with store.unit() as unit:
        made = unit.connection.execute(
            insert(partners)
            .values(name=name, status="CONNECTED", settings="{}", invited_at=0)
            .returning(partners.c.id)
        ).scalar_one()
        role = {"partner_id": made, "role": "CPO", "party": CPO.code, "business_details": "{}"}
        unit.connection.execute(insert(partner_roles).values(role))
    return made


def place(store, updated, watts):
    like = cdr("X", PARTS)["cdr_location"]
    connector = example("2.3.0", "connectors", id=like["connector_id"], max_electric_power=watts)
    evse = example("2.3.0", "evses", uid=like["evse_uid"], connectors=[connector])
    body = example("2.3.0", "locations", id=like["id"], evses=[evse], last_updated=updated)
    with store.unit() as unit:
        key = like["id"].upper()
        document = Document("locations", CPO, key, "2.3.0", body, body)
        documents.save(
            unit, document, documents.find(unit, "locations", CPO, key), audience=None, source=None
        )


def tariff(store):
    row = {"owner": CPO.code, "key": "t", "number": 1, "edition": "2.3.0", "content_hash": "x"}
    row |= {"valid_from": 0, "recorded_at": 0, "author": "ann", "origin": "OCPI", "sent": b'{"id":"T"}'}
    with store.unit() as unit:
        made = insert(tariff_versions).values(row).returning(tariff_versions.c.id)
        return unit.connection.execute(made).scalar_one()


def membership(name, since, until, owner=CPO):
    contract = cdr("X", PARTS)["cdr_token"]["contract_id"].upper()
    told = {"owner": owner.code, "kind": "GROUP", "name": name, "member": contract}
    return told | {"valid_from": since, "valid_to": until, "author": "ann", "reason": "r", "recorded_at": 0}


def test_the_group_of_drivers_is_that_at_the_start(month, tmp_path):
    began = instants.micros(cdr("X", PARTS)["start_date_time"])
    with month.unit() as unit:
        for each in (
            membership("BEFORE", 0, began),
            membership("THEN", began, began + 1),
            membership("AFTER", began + 1, None),
            membership("ELSEWHERE", 0, None, Party("FR", "OTH")),
        ):
            run(unit, insert(memberships).values(each))
    assert {row["driver_group"] for row in rows_of(written(month, tmp_path))} == {"THEN"}


def test_an_export_that_fails_each_night_stops_no_other(month, tmp_path):
    (tmp_path / "file").write_text("no folder")
    hub = Standing(month, replace(Settings.from_environment({}), party=HUB))
    with month.unit() as unit:
        for folder in (tmp_path / "file", tmp_path / "good"):
            order = Order("journal", "csv", Wanted("2026-10"))
            scheduled.add(unit, order, folder, running=False, actor=ANN)
    assert scheduled.write_due(hub) == 1
    with month.reading() as unit:
        bad, good = scheduled.listed(unit)
    assert (bad.written_at, good.told) == (None, "journal-2026-11.csv")
    assert bad.told.startswith("not written: FileExistsError")
    assert bad.next_at == bad.added_at + scheduled.AGAIN


class Standing:
    """As much of a hub as writes exports."""

    def __init__(self, store, settings):
        self.store, self.settings = store, settings


def test_the_sidecar_says_what_the_file_says(month, tmp_path):
    found = written(month, tmp_path)
    told = json.loads(found.sidecar.read_bytes())
    sums = summed(rows_of(found), "net_total", "gross_total")
    assert {
        currency: [Decimal(each["net_total"]), Decimal(each["gross_total"])]
        for currency, each in told["sums"].items()
    } == sums
    assert sum(each["rows"] for each in told["sums"].values()) == told["rows"] == 9


def test_a_cdr_that_cannot_be_kept_ready_is_no_work_without_end(store):
    """The sign that stands between texts in one: it came before such signs were refused."""
    agree(store)
    body = cdr("ODD", [("1", 19)])
    put(store, body | {"cdr_location": body["cdr_location"] | {"name": "a\x1eb"}})
    assert facts.write_out(store, HUB) == 0  # or the next look would be at once
    put(store, cdr("NEXT", [("1", 19)]))
    assert [facts.write_out(store, HUB) for _ in range(2)] == [1, 0]
