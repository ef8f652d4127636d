"""`hub dispute`, `hub meter`, and what `hub cdr` gives back, as a finance clerk runs them."""

import base64
import csv
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from roaming import CPO, DEAR, complete, own, prepare, tariff
from sqlalchemy import select

from hub import cli
from hub.clearing import clerk, returns
from hub.clearing.profile import LEVELS, Way, amount
from hub.store.clearings import clearings
from tariffs import Rounding
from tariffs.rounding import to_places

PUBLIC = ec.generate_private_key(ec.SECP256R1()).public_key()
DER = PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def run(settings, monkeypatch, capsys):
    monkeypatch.setenv("HUB_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)

    def run(*words):
        code = cli.run(list(map(str, words)))
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def roaming(cpo, emsp):
    prepare(cpo, emsp)
    return cpo


@pytest.fixture
def billed(roaming):
    """The id of a CDR that the hub issued."""
    complete(roaming)
    (row,) = cleared(roaming)
    return row.cdr_key


def cleared(cpo):
    clerk.everything(cpo.hub.store)
    with cpo.hub.store.reading() as unit:
        return unit.connection.execute(select(clearings).order_by(clearings.c.id)).all()


def states(cpo):
    return [(row.kind, row.state) for row in cleared(cpo)]


def told(run, *words):
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out, parse_float=Decimal)


def test_a_dispute_from_its_beginning_to_the_credit(roaming, billed, run, tmp_path):
    (tmp_path / "mail.eml").write_text("the charger showed an error", encoding="utf-8")
    file = ("--file", tmp_path / "mail.eml")
    code, out, _ = run(
        "dispute", "open", "NL/CPO", billed, "--reason", "charger-fault", "--text", "no energy", *file
    )
    assert (code, out.startswith("Dispute 1, to be decided until 20")) == (0, True)
    assert "charger" in run("dispute", "list")[1].lower()
    assert run("dispute", "answer", 1, "--text", "see the log", "--as", "NL/CPO")[0] == 0
    shown = told(run, "dispute", "show", 1)
    assert [each["text"] for each in shown["messages"]] == ["no energy", "see the log"]
    assert len(shown["messages"][0]["sha256"]) == 64
    code, out, err = run("dispute", "accept", 1, "--replace", "--reason", "it failed")
    assert (code, "comes in its place" in out) == (0, True), err
    assert states(roaming) == [("NORMAL", "CREDITED"), ("CREDIT", "RATED"), ("REPLACEMENT", "RATED")]
    assert told(run, "dispute", "list") == []
    (closed,) = told(run, "dispute", "list", "--all")
    assert closed["outcome"] == "ACCEPTED"
    explained = told(run, "cdr", "explain", "NL/CPO", billed)
    assert [each["outcome"] for each in explained["disputes"]] == ["ACCEPTED"]
    assert "Disputes" in run("cdr", "explain", "NL/CPO", billed)[1]
    assert {"open", "answer", "accepted", "credit"} <= set(run("audit", "list")[1].split())


def test_what_cannot_be_is_told_in_a_line(roaming, billed, run):
    assert run("dispute", "show", 7)[::2] == (1, "hub: there is no dispute 7; see `hub dispute list`.\n")
    assert run("dispute", "accept", 7, "--line", "--amount", 1)[0] == 2
    assert (
        "no amount"
        in run("cdr", "goodwill", "NL/CPO", billed, "-1")[2]
        + run("cdr", "goodwill", "NL/CPO", billed, "x")[2]
    )
    roaming.receiver("POST", "cdrs", own())
    cleared(roaming)
    assert "HELD" in run("dispute", "open", "NL/CPO", "OWN-1", "--reason", "other", "--text", "x")[2]
    assert "NL/CPO issued OWN-1" in run("cdr", "credit", "NL/CPO", "OWN-1")[2]
    assert run("dispute", "reasons")[1].count("\n") == 12


def test_declined_in_part_and_goodwill(roaming, billed, run):
    opening = ("dispute", "open", "NL/CPO", billed, "--reason", "wrong-price", "--text", "too dear")
    run(*opening)
    assert run("dispute", "decline", 1, "--reason", "T held")[1] == "Dispute 1 declined.\n"
    run(*opening, "--claim", "1.50")
    assert "line 1 of the next statement" in run("dispute", "accept", 2, "--amount", "1.50")[1]
    assert "-5.00 EUR" in run("cdr", "goodwill", "NL/CPO", billed, "5.00", "--reason", "sorry")[1]
    assert "already" in run("cdr", "goodwill", "NL/CPO", billed, "5.00")[2]
    lines = told(run, "cdr", "explain", "NL/CPO", billed)["lines"]
    assert [(each["kind"], each["net"]) for each in lines] == [("PARTIAL", Decimal("-1.5")), ("GOODWILL", -5)]
    assert states(roaming) == [("NORMAL", "RATED")]


def test_a_cdr_is_credited_and_another_given_in_its_place(roaming, billed, run, tmp_path):
    body = told(run, "cdr", "explain", "NL/CPO", billed)["cdr"] | {"id": "BETTER"}
    file = tmp_path / "CDR.json"
    file.write_text(json.dumps(body, default=float), encoding="utf-8")
    code, out, err = run("cdr", "credit", "NL/CPO", billed, "--replacement", file, "--reason", "wrong")
    assert (code, out) == (0, f"{billed}: credited by {billed}-C, BETTER comes in its place.\n"), err
    assert "already" in run("cdr", "credit", "NL/CPO", billed)[2]
    assert run("cdr", "credit", "NL/CPO", billed, "--line", "--replace")[0] == 2
    file.write_text("[]", encoding="utf-8")
    assert "no CDR" in run("cdr", "credit", "NL/CPO", "BETTER", "--replacement", file)[2]


# The file of what is returned ------------------------------------------------------------------------------


@pytest.fixture
def rejected(roaming, run):
    roaming.receiver("POST", "cdrs", own(id="=1+2", authorization_reference="@x", **DEAR))
    cleared(roaming)
    assert run("cdr", "reject", "NL/CPO", "=1+2", "--reason", "-too dear")[0] == 0
    return roaming


def test_rejected_cdrs_go_back_with_codes_sentences_and_amounts(rejected, run, tmp_path):
    file = tmp_path / "returned.csv"
    code, out, _ = run("cdr", "returns", "NL/CPO", "--out", file)
    assert (code, out) == (0, f"1 rejected CDR in {file}.\n")
    with file.open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["cdr_id"], row["reason"]) == ("'=1+2", "'-too dear")  # no formula for a spreadsheet
    assert (row["declared_net"], row["expected_net"], row["delta_net"]) == ("5.75", "5.625", "0.125")
    assert "F6" in row["codes"].split(" | ")
    assert row["says"]
    assert not (tmp_path / "returned.csv.part").exists()


def test_the_same_as_json_lines_has_the_very_words(rejected, run):
    (line,) = run("cdr", "returns", "NL/CPO", "--format", "jsonl")[1].splitlines()
    entry = json.loads(line, parse_float=Decimal)
    assert (entry["cdr_id"], entry["delta_net"], entry["emsp"]) == ("=1+2", Decimal("0.125"), "DE/MSP")
    assert tuple(entry) == returns.COLUMNS
    assert run("cdr", "returns", "DE/XXX", "--format", "jsonl")[1] == ""


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_text_is_a_formula_and_a_number_stays_one(text):
    assert returns.cell(text) == f"'{text}"
    assert returns.cell(Decimal("-1.50")) == "-1.50"


# How a CPO rounds ------------------------------------------------------------------------------------------


def rounded_cdrs(cpo, way):
    """CDRs of 0.027 for each 100 Wh, rounded so."""
    element = {"price_components": [{"type": "ENERGY", "price": Decimal("0.27"), "vat": 10, "step_size": 1}]}
    for number in range(1, 18):
        kwh = Decimal(number) / 10
        net = to_places(Fraction(kwh * Decimal("0.27")), 1, 2, way)
        dear = tariff() | {"elements": [element]}
        body = own(id=f"OWN-{number}", total_energy=kwh, total_cost={"excl_vat": net}, tariffs=[dear])
        volumes = [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": Decimal("2.5")}]
        body["charging_periods"] = [body["charging_periods"][0] | {"dimensions": volumes}]
        cpo.receiver("POST", "cdrs", body)


def test_how_a_cpo_rounds_is_seen_from_its_cdrs(roaming, run):
    rounded_cdrs(roaming, Rounding.HALF_EVEN)
    cleared(roaming)
    found = told(run, "cdr", "profile", "NL/CPO")
    assert (found["looked_at"], found["telling"]) == (17, 17)
    assert {(each["mode"], each["decimals"]) for each in found["best"]} == {("HALF_EVEN", 2)}
    assert "HALF_EVEN" in run("cdr", "profile", "NL/CPO")[1]


def test_a_total_of_rounded_parts_is_not_the_rounded_total():
    parts = [Fraction(5, 1000), Fraction(5, 1000)]
    ways = [Way(Rounding.HALF_UP, 2, level) for level in LEVELS]
    assert [amount(way, sum(parts), parts) for way in ways] == [Decimal("0.01"), Decimal("0.02")]


def test_without_cdrs_nothing_tells(roaming, run):
    assert "Nothing tells" in run("cdr", "profile", "NL/CPO")[1]
    assert told(run, "cdr", "profile", "NL/CPO")["best"] == []


# Keys of meters --------------------------------------------------------------------------------------------


def test_keys_of_meters_are_kept_with_the_moment_from_which_they_hold(roaming, run, tmp_path):
    pem = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "meter.pub").write_bytes(pem)
    assert run("meter", "add", CPO, "EVSE-1", "--key", DER.hex())[0] == 0
    later = ("--from", "2025-06-01T00:00:00Z", "--reason", "new meter")
    assert run("meter", "add", CPO, "evse-1", "--key-file", tmp_path / "meter.pub", *later)[0] == 0
    first, second = told(run, "meter", "list", CPO)
    assert (first["from"], second["from"]) == ("1970-01-01T00:00:00Z", "2025-06-01T00:00:00Z")
    assert first["key"] == second["key"]
    assert base64.b64decode(second["public_key"]) == DER
    assert told(run, "meter", "list", "--evse", "OTHER") == []
    assert "EVSE-1" in run("meter", "list")[1]


def test_what_is_no_key_or_holds_already_is_refused(roaming, run):
    assert "no public key" in run("meter", "add", CPO, "EVSE-1", "--key", "00ff")[2]
    assert run("meter", "add", CPO, "EVSE-1")[0] == 2
    run("meter", "add", CPO, "EVSE-1", "--key", DER.hex())
    assert "another moment" in run("meter", "add", CPO, "EVSE-1", "--key", DER.hex())[2]
