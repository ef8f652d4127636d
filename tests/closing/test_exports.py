"""Exports: the columns that were promised, sums that agree, the same bytes again, or nothing at all."""

import csv
import io
import json
import re
from decimal import Decimal
from itertools import product

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from roaming import ANN, CPO, DEAR, EMSP, complete, own, prepare
from sqlalchemy import func, select

from hub.clearing import clerk
from hub.closing import ledger
from hub.closing.exports import cells, clocks, kinds, scheduled, writing
from hub.closing.exports.cdr_columns import COLUMNS
from hub.closing.exports.cdr_reading import masked, units
from hub.closing.exports.columns import number
from hub.closing.exports.kinds import FORMATS, KINDS, FormatUnfit
from hub.closing.exports.tariff_rows import what
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.closing.ledger import Entry, Posting
from hub.closing.problems import NoSuchMonth
from hub.store.clearings import clearings

MARCH = "2025-03"
LISTED = """
schema_version, export_id, exported_at_utc, period, agreement_id, direction, cpo_country_code, cpo_party_id,
cpo_name, emsp_country_code, emsp_party_id, emsp_name, hub_party_id, cdr_id, cdr_kind, credit_reference_id,
session_id, authorization_reference, auth_method, token_uid_masked, token_type, contract_id, driver_group,
cost_center, location_id, location_name, location_country, location_state, postal_code, evse_uid, evse_id,
connector_id, connector_standard, power_type, max_power_kw, start_utc, end_utc, start_local, timezone,
duration_h, charging_h, parking_h, reservation_h, energy_kwh, energy_kwh_signed, meter_id, signed_data_status,
tariff_id, tariff_version, assignment_rule_id, currency, net_energy, net_time, net_parking, net_fixed,
net_reservation, net_adjustments, net_total, tax_code, tax_rate, tax_amount, gross_total, declared_net,
declared_gross, recomputed_net, recomputed_gross, delta_net, delta_cause, rounding_policy, fx_rate,
fx_rate_date, fx_source, reporting_currency, net_reporting, hub_fee_net, check_result, check_codes,
billing_status, hold_reason, dispute_id, dispute_status, statement_id, statement_line, invoice_id,
invoice_reference_id, payment_status, home_charging_compensation, remark, received_at_utc, last_updated_utc,
content_sha256
"""
EVIL = '=HYPERLINK("http://evil.example","click"),@x'


@pytest.fixture
def roaming(cpo, emsp):
    """A CDR of the hub, one of the CPO's that is held, one whose CPO remarks a formula."""
    prepare(cpo, emsp)
    complete(cpo)
    other = own()["cdr_token"] | {"uid": "OTHER-TOKEN-9"}
    cpo.receiver("POST", "cdrs", own(**DEAR, cdr_token=other))
    evil = own(id="-2+3", remark=EVIL, start_date_time="2025-03-10T08:00:00Z", cdr_token=other)
    cpo.receiver("POST", "cdrs", evil)
    assert clerk.everything(cpo.hub.store) == 3
    return cpo.hub


def written(hub, kind="cdr_reconciliation", form="csv", folder=None, mark=False, **wanted):
    order = Order(kind, form, Wanted(**{"period": MARCH} | wanted), mark)
    return write(hub.store, hub.settings.party, order, folder)


def rows_of(found):
    text = found.file.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_columns_are_those_listed_in_their_order(roaming, tmp_path):
    listed = [name.strip() for name in LISTED.replace("\n", " ").split(",")]
    assert [column.name for column in COLUMNS] == listed
    found = written(roaming, folder=tmp_path)
    assert found.file.read_bytes().split(b"\r\n")[0].decode().split(",") == listed
    assert all(column.meaning for kind in KINDS.values() for column in kind.columns)


def test_a_row_tells_what_is_known_of_a_cdr(roaming, tmp_path):
    rows = rows_of(written(roaming, folder=tmp_path))
    rated = next(row for row in rows if row["billing_status"] == "RATED")
    assert {name: rated[name] for name in ("net_total", "gross_total", "tax_amount", "recomputed_net")} == {
        "net_total": "5.6250",
        "gross_total": "6.2375",
        "tax_amount": "0.6125",
        "recomputed_net": "5.6250",
    }
    assert (rated["cpo_country_code"], rated["cpo_party_id"], rated["emsp_party_id"]) == ("NL", "CPO", "MSP")
    assert (rated["net_energy"], rated["net_fixed"], rated["net_adjustments"]) == (
        "5.1250",
        "0.5000",
        "0.0000",
    )
    assert (rated["tariff_id"], rated["agreement_id"]) == ("T", "1")
    assert "1" in {row["tariff_version"] for row in rows}
    assert (rated["end_utc"], rated["energy_kwh"]) == ("2025-03-10T10:30:00Z", "20.4500")
    assert rated["start_local"].endswith("+01:00")
    assert rated["token_uid_masked"] == "04***C3D4"
    assert "04A1B2C3D4" not in written(roaming, folder=tmp_path).file.read_text(encoding="utf-8")


def test_sums_of_the_export_are_those_of_the_database(roaming, tmp_path):  # I7
    found = written(roaming, folder=tmp_path)
    with roaming.store.reading() as unit:
        net, gross = unit.connection.execute(
            select(*(func.sum(clearings.c[name], type_=clearings.c.net.type) for name in ("net", "gross")))
        ).one()
    rows = rows_of(found)
    assert sum(Decimal(row["net_total"]) for row in rows) == net
    assert found.told["sums"] == {
        "EUR": {"rows": 3, "net_total": f"{net:.4f}", "gross_total": f"{gross:.4f}"},
    }
    assert json.loads(found.sidecar.read_bytes()) == found.told


def test_the_journal_sums_up_to_the_ledger(roaming, tmp_path):  # I1, I7
    post(roaming, "12.34", "1")
    post(roaming, "-2.00", "2")
    rows = rows_of(written(roaming, "journal", folder=tmp_path))
    with roaming.store.reading() as unit:
        balances = ledger.balances(unit, MARCH)
    told = {}
    for row in rows:
        amount = Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        key = (row["account"], row["currency"])
        told[key] = told.get(key, Decimal(0)) + amount
    assert told == balances
    assert sum(told.values()) == 0
    text = written(roaming, "journal", "beancount", tmp_path).file.read_text(encoding="utf-8")
    assert "  Assets:Receivable:DE-MSP  12.3400 EUR\n  Liabilities:Payable:NL-CPO  -12.3400 EUR\n" in text
    assert "1970-01-01 open Assets:Receivable:DE-MSP" in text
    assert rows_of(written(roaming, "journal", folder=tmp_path, period="2025-04")) == []
    assert len(rows_of(written(roaming, "journal", folder=tmp_path, cpo=CPO))) == 4


def post(hub, amount, key):
    sides = (
        Entry("receivable:DE/MSP", "EUR", Decimal(amount), MARCH, "S 19"),
        Entry("payable:NL/CPO", "EUR", -Decimal(amount), MARCH),
    )
    with hub.store.unit() as unit:
        ledger.post(unit, Posting("STATEMENT", "statement/1", key, unit.now, "ann", sides))


def test_what_a_partner_writes_is_no_formula(roaming, tmp_path):
    (row,) = [row for row in rows_of(written(roaming, folder=tmp_path)) if row["cdr_id"] == "'-2+3"]
    assert (row["remark"], row["cdr_id"]) == ("'" + EVIL, "'-2+3")
    book = openpyxl.load_workbook(written(roaming, form="xlsx", folder=tmp_path).file)
    assert [cell.data_type for line in book["Lines"] for cell in line if cell.value == EVIL] == ["s"]


def test_no_formula_begins_where_semicolons_separate_cells():
    assert cells.texts(["a;=1+1", "b; c", "-;-5"]) == ["a;'=1+1", "b; c", "'-;'-5"]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\ta", "\ra", "\na"])
def test_every_beginning_of_a_formula_is_made_harmless(cell):
    assert cells.texts(["a", cell])[1].lstrip('"').startswith("'")
    assert cells.texts([cell])[0].lstrip('"').startswith("'")
    assert cells.numbers([-12345]) == ["-1.2345"]


def test_quotes_are_those_of_rfc_4180():
    assert cells.texts(['a"b', "a,b", "a\r\nb", None, "é"]) == ['"a""b"', '"a,b"', '"a\r\nb"', "", "é"]


def test_the_same_books_give_the_same_bytes(roaming, tmp_path):
    for kind, form in product(KINDS, [form for form in FORMATS if form != "beancount"]):
        first, second = (written(roaming, kind, form, tmp_path / name) for name in ("one", "two"))
        assert first.file.read_bytes() == second.file.read_bytes(), (kind, form)
        assert first.sidecar.read_bytes() == second.sidecar.read_bytes(), (kind, form)
        assert first.told["sha256"] == second.told["sha256"], (kind, form)


def test_rows_are_in_the_order_of_their_end_and_id(roaming, tmp_path):
    told = [(row["end_utc"], row["cdr_id"].lstrip("'")) for row in rows_of(written(roaming, folder=tmp_path))]
    assert told == sorted(told)


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_failure_in_the_middle_leaves_what_was_there(roaming, tmp_path, form, monkeypatch):
    before = written(roaming, form=form, folder=tmp_path).file.read_bytes()
    monkeypatch.setattr(writing, "facts_of", fails)
    with pytest.raises(ZeroDivisionError):
        written(roaming, form=form, folder=tmp_path)
    monkeypatch.undo()
    left = {file.name for file in tmp_path.iterdir() if file.name.startswith(("cdr", ".export"))}
    name = f"cdr_reconciliation-{MARCH}.{form}"
    assert left == {name, f"{name}.json"}
    assert (
        (tmp_path / name).read_bytes()
        == before
        == written(roaming, form=form, folder=tmp_path).file.read_bytes()
    )


def fails(*_):
    raise ZeroDivisionError


def test_a_workbook_has_its_sheets_and_sums(roaming, tmp_path):
    found = written(roaming, form="xlsx", folder=tmp_path)
    book = openpyxl.load_workbook(found.file)
    assert book.sheetnames == ["Summary", "Lines", "Exceptions", "Tax", "Dictionary"]
    names = [cell.value for cell in book["Lines"][1]]
    place = names.index("net_total")
    lines = list(book["Lines"].iter_rows(min_row=2, values_only=True))
    net = sum(Decimal(str(line[place])) for line in lines)
    assert f"{net:.4f}" == found.told["sums"]["EUR"]["net_total"]
    sums = next(row for row in book["Summary"].iter_rows(values_only=True) if row[0] == "EUR")
    assert Decimal(str(sums[2])) == net
    assert [row[0] for row in book["Dictionary"].iter_rows(min_row=2, values_only=True)] == names
    assert book["Exceptions"].max_row >= 2


def test_parquet_is_exact(roaming, tmp_path):
    table = pq.read_table(written(roaming, form="parquet", folder=tmp_path).file)
    assert table.schema.field("net_total").type == pa.decimal128(18, 4)
    rows = rows_of(written(roaming, folder=tmp_path))
    for name in ("net_total", "recomputed_net", "energy_kwh", "fx_rate", "delta_net"):
        told = [Decimal(row[name]) if row[name] else None for row in rows]
        assert table[name].to_pylist() == told
    assert str(table.schema.field("end_utc").type) == "timestamp[us, tz=UTC]"
    assert table["remark"].to_pylist().count(EVIL) == 1


def test_json_lines_have_every_column_and_exact_text(roaming, tmp_path):
    lines = written(roaming, form="jsonl", folder=tmp_path).file.read_bytes().splitlines()
    told = [json.loads(line) for line in lines]
    assert [list(each) for each in told] == [[column.name for column in COLUMNS]] * 3
    assert {type(each["net_total"]) for each in told} == {str}


def test_exceptions_are_told_with_their_codes(roaming, tmp_path):
    rows = rows_of(written(roaming, "exceptions", folder=tmp_path))
    held = {row["cdr_id"]: row for row in rows}["OWN-1"]
    assert held["billing_status"] == "HELD"
    assert "F6" in held["check_codes"].split()
    assert held["hold_reason"]
    assert held["delta_net"] == "0.1250"


def test_a_change_of_price_is_told_field_by_field(roaming, tmp_path):
    (row,) = rows_of(written(roaming, "tariff_changes", folder=tmp_path))
    assert (row["tariff_id"], row["to_version"], row["from_version"], row["what"]) == ("T", "1", "", "new")
    said = what(
        {"a": [{"price": Decimal("0.25")}], "last_updated": 1}, {"a": [{"price": 1}], "last_updated": 2}
    )
    assert said == "a[000].price: 0.25 -> 1"


def test_a_month_is_narrowed_to_whom_it_concerns(roaming, tmp_path):
    assert len(rows_of(written(roaming, folder=tmp_path, emsp=EMSP, agreement=1))) >= 1
    assert rows_of(written(roaming, folder=tmp_path, emsp=CPO)) == []
    assert rows_of(written(roaming, folder=tmp_path, period="2025-02")) == []
    mine = written(roaming, folder=tmp_path, cpo=CPO)
    assert mine.file.name == "cdr_reconciliation-2025-03-cpo-NLCPO.csv"
    assert {row["direction"] for row in rows_of(mine)} == {"RECEIVABLE"}
    for none in ("2025-13", "9999-12", "0000-01"):
        with pytest.raises(NoSuchMonth):
            Wanted(none)


def test_a_mark_is_written_where_it_is_wanted(roaming, tmp_path):
    assert written(roaming, folder=tmp_path, mark=True).file.read_bytes().startswith(b"\xef\xbb\xbfschema")


def test_beancount_is_for_the_journal_alone(roaming, tmp_path):
    with pytest.raises(FormatUnfit):
        written(roaming, form="beancount", folder=tmp_path)
    assert not [file for file in tmp_path.iterdir() if "export" in file.name]


def test_an_export_is_written_each_night(roaming, tmp_path):
    order = Order("exceptions", "csv", Wanted(MARCH, None, CPO))
    folder = tmp_path / "nightly"
    with roaming.store.unit() as unit:
        scheduled.add(unit, order, folder, running=True, actor=ANN)
    assert [scheduled.write_due(roaming) for _ in range(2)] == [1, 0]
    assert sorted(file.name for file in folder.glob("*.csv")) == [
        "exceptions-2025-02-cpo-NLCPO.csv",
        "exceptions-2025-03-cpo-NLCPO.csv",
    ]
    with roaming.store.reading() as unit:
        (row,) = scheduled.listed(unit)
    assert clocks.utc(row.next_at) == "2025-03-11T04:00:00Z"
    with roaming.store.unit() as unit:
        scheduled.remove(unit, row.id, ANN)


def test_numbers_round_half_away_from_nought():
    assert [number(each) for each in (1_250_049, 1_250_050, -1_250_050, -1_250_049)] == [
        12500,
        12501,
        -12501,
        -12500,
    ]
    texts = (b"5", b"5.125", b"-0.25", b"1e2", b"0.00005", b"-1.00005")
    assert [units(each) for each in texts] == [50000, 51250, -2500, 1000000, 1, -10001]


def test_clocks_are_those_of_the_place():
    at = 1_761_440_400_000_000  # 2025-10-26T01:00:00Z, where summer time has just ended
    assert clocks.local(at, "Europe/Berlin") == "2025-10-26T02:00:00+01:00"
    assert clocks.local(at - 1, "Europe/Berlin") == "2025-10-26T02:59:59.999999+02:00"


def test_a_uid_is_told_in_part():
    assert [masked(each) for each in ("04A1B2C3D4", "ABC", "")] == ["04***C3D4", "***BC", "***"]


def test_what_is_missing_is_told(monkeypatch, roaming, tmp_path):
    monkeypatch.setitem(kinds.FORMATS, "parquet", FORMATS["parquet"]._replace(needs="no_such_library"))
    with pytest.raises(kinds.FormatMissing, match=re.escape("ocpi-hub[parquet]")):
        written(roaming, form="parquet", folder=tmp_path)
