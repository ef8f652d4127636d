"""`hub price`: every case of the pricing library through the command line, and what it says of bad files."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub import cli
from hub.ocpi import strictjson

CASES = Path(__file__).parent.parent / "tariffs" / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())
WORKED = {name[:3] for name in NAMES if name.startswith("w")}
ENERGY = CASES / "w01-energy"
ZONE = ("--time-zone", "Europe/Amsterdam")


@pytest.fixture
def hub(capsys):
    """Runs a command line: (exit code, output, errors)."""

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.run([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def file(tmp_path: Path):
    """Writes a file of JSON, or of bytes as they are."""

    def write(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else strictjson.write(content))
        return path

    return write


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def of_case(name: str) -> tuple[object, ...]:
    folder = CASES / name
    zone = read(folder / "expected.json")["time_zone"]
    return (
        "price",
        "--tariff",
        folder / "tariff.json",
        "--cdr",
        folder / "session.json",
        "--time-zone",
        zone,
    )


def test_all_worked_examples_are_among_the_cases():
    assert {f"w{number:02}" for number in range(1, 37)} <= WORKED


@pytest.mark.parametrize("name", NAMES)
def test_the_case_costs_what_it_must(hub, name):
    expected = read(CASES / name / "expected.json")
    code, out, errors = hub(*of_case(name), "--json")
    told = json.loads(out, parse_float=Decimal)
    assert (code, errors) == (0, "")
    assert (told["before_taxes"], told["after_taxes"]) == (expected["before_taxes"], expected["after_taxes"])
    for share, amounts in expected.get("shares", {}).items():
        cost = told[share]
        assert (None if cost is None else [cost["before_taxes"], cost["after_taxes"]]) == amounts
    if "warnings" in expected:
        assert sorted(remark["id"] for remark in told["warnings"]) == expected["warnings"]


@pytest.mark.parametrize("name", NAMES)
def test_the_case_is_shown_with_a_reason_for_every_line(hub, name):
    _, as_json, _ = hub(*of_case(name), "--json")
    told = json.loads(as_json, parse_float=Decimal)
    code, out, errors = hub(*of_case(name))
    assert (code, errors) == (0, "")
    assert out.count(" element ") == len(told["lines"])
    assert f"total {told['currency']}" in out
    assert str(told["before_taxes"]) in out
    assert out.count("\nLimit: ") == len(told["limits"])
    assert all(f"[{remark['id']}]" in out for remark in told["warnings"])


def test_a_shown_quote_reads_like_a_bill(hub):
    _, out, _ = hub(*of_case("w06-maximum"))
    assert [line.rstrip().replace(":00:00Z", "h") for line in out.splitlines()] == [
        "What    From (UTC)            Quantity  Billed  Unit  Unit price   Net  Tax %  Gross  Why",
        "FLAT    2025-06-02T08h         1       1  flat        0.50   0.5     20    0.6  element 0: always",
        "ENERGY  2025-06-02T08h        50      50  kWh         0.25  12.5     10  13.75  element 0: always",
        "",
        "Total       Net   Tax  Gross  Measured",
        "energy     12.5  1.25  13.75",
        "fixed       0.5   0.1    0.6",
        "total EUR    10     1     11  50 kWh, 5 h",
        "Limit: max_price of tariff T1 makes 13 before taxes 10",
        "Limit: max_price of tariff T1 makes 14.35 after taxes 11",
    ]


def test_what_is_no_terminal_gets_no_colour(hub):
    _, out, _ = hub(*of_case("w15-complex-weekday"))
    assert "\x1b" not in out


def test_amounts_are_written_with_all_their_digits(hub, file):
    price = Decimal("0.123456789012")
    element = {"price_components": [{"type": "ENERGY", "price": price, "step_size": 1}]}
    tariff = file("tariff.json", read(ENERGY / "tariff.json") | {"elements": [element]})
    session = file("cdr.json", {"start": "2025-06-02T08:00:00Z", "segments": [{"hours": 1, "kwh": 3}]})
    _, out, _ = hub("price", "--tariff", tariff, "--cdr", session, *ZONE, "--json")
    assert '"before_taxes": 0.370370367036' in out


def test_a_cdr_is_priced_with_the_tariffs_it_holds(hub):
    code, out, _ = hub("price", "--cdr", CASES / "x21-cdr-of-2-1-1" / "session.json", *ZONE, "--json")
    assert code == 0
    assert json.loads(out, parse_float=Decimal)["before_taxes"] == Decimal("4.5")


def test_a_tariff_that_is_given_holds_whatever_the_cdr_holds(hub, file):
    cdr = file("cdr.json", read(CASES / "x21-cdr-of-2-1-1" / "session.json") | {"tariffs": ["unreadable"]})
    code, out, _ = hub("price", "--tariff", ENERGY / "tariff.json", "--cdr", cdr, *ZONE, "--json")
    assert code == 0
    assert json.loads(out, parse_float=Decimal)["before_taxes"] == Decimal("7.5")


def test_without_any_tariff_it_asks_for_one(hub):
    cdr = ENERGY / "session.json"
    code, out, errors = hub("price", "--cdr", cdr)
    assert (code, out) == (2, "")
    assert errors.startswith(f"hub: {cdr} holds no tariff of its own. Give one with --tariff FILE.")


def test_several_files_of_tariffs_price_the_periods_that_name_them(hub, file):
    cheap, fast = read(CASES / "x15-two-tariffs" / "tariff.json")
    files = ("--tariff", file("cheap.json", cheap), "--tariff", file("fast.json", fast))
    cdr = CASES / "x15-two-tariffs" / "session.json"
    code, out, _ = hub("price", *files, "--cdr", cdr, *ZONE, "--json")
    assert code == 0
    assert json.loads(out, parse_float=Decimal)["before_taxes"] == Decimal("6.28")


def test_an_answer_of_a_partner_is_taken_out_of_its_envelope(hub, file):
    envelope = {"status_code": 1000, "timestamp": "2025-06-02T08:00:00Z"}
    tariff = file("tariffs.json", envelope | {"data": [read(ENERGY / "tariff.json")]})
    cdr = file("cdr.json", envelope | {"data": read(ENERGY / "session.json")})
    code, out, errors = hub("price", "--tariff", tariff, "--cdr", cdr, *ZONE, "--json")
    assert code == 0
    assert json.loads(out, parse_float=Decimal)["after_taxes"] == Decimal("5.5")
    assert errors.splitlines() == [
        f"hub: {path} is an OCPI answer; its data are taken." for path in (cdr, tariff)
    ]


def test_a_partners_error_answer_is_said_to_be_one(hub, file):
    cdr = file("cdr.json", {"status_code": 2003, "status_message": "Unknown CDR"})
    code, _, errors = hub("price", "--cdr", cdr)
    assert (code, errors) == (1, f"hub: {cdr}: is an OCPI answer without data; it says: Unknown CDR.\n")


def test_without_a_time_zone_local_times_are_utc_and_it_says_so(hub):
    folder = CASES / "w01-energy"
    code, _, errors = hub("price", "--tariff", folder / "tariff.json", "--cdr", folder / "session.json")
    assert code == 0
    assert errors == "hub: the time zone is not known: local times are read as UTC. See --time-zone.\n"


def test_the_time_zone_of_the_location_is_used(hub, file):
    """A session of 2.1.1 holds its location. The tariff is dearer from midnight in Sydney."""
    night = {"start_time": "00:00", "end_time": "01:00"}
    parts = [{"type": "ENERGY", "price": 1, "step_size": 1}]
    tariff = file(
        "tariff.json",
        read(ENERGY / "tariff.json") | {"elements": [{"price_components": parts, "restrictions": night}]},
    )
    session = {
        "start_datetime": "2025-06-02T14:00:00Z",
        "end_datetime": "2025-06-02T15:00:00Z",
        "kwh": 10,
        "location": {"id": "L1", "time_zone": "Australia/Sydney"},
    }
    code, out, errors = hub("price", "--tariff", tariff, "--cdr", file("cdr.json", session), "--json")
    assert (code, errors) == (0, "")
    assert json.loads(out)["before_taxes"] == 10


BROKEN_TARIFF = b'{"id": "T", "currency": "EUR", "elements": [{"price_components": [{"type": "ENERGY"}]}]}'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BROKEN_TARIFF, "elements[0].price_components[0].price: is missing [required]"),
        (
            b"[" + BROKEN_TARIFF + b"," + BROKEN_TARIFF + b"]",
            "tariff 0: elements[0].price_components[0].price",
        ),
        (b"{}", "elements: a tariff needs at least one element [required]"),
        (b"17", "document: a tariff must be an object [object]"),
        (b'{"id": NaN}', "NaN is not a JSON number."),
        (b'{"id": 1, "id": 2}', "The field 'id' stands twice in one object."),
        (b"{", "The body is not JSON: "),
        (b"", "The body is not JSON: "),
    ],
)
def test_a_bad_tariff_is_one_line_with_file_place_and_rule(hub, file, content, says):
    path = file("tariff.json", content)
    code, out, errors = hub("price", "--tariff", path, "--cdr", ENERGY / "session.json")
    assert (code, out) == (1, "")
    assert errors.startswith(f"hub: {path}: {says}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{}", "charging_periods: there is nothing to price"),
        (b"[]", "holds 0 objects. Write the one to be priced into a file."),
        (b"[{}, {}]", "holds 2 objects. Write the one to be priced into a file."),
        (b"null", "document: a session must be an object [object]"),
        (b'{"start": "yesterday", "segments": [{}]}', "start: not an OCPI DateTime: 'yesterday' [date-time]"),
        (
            b'{"start": "2025-06-02T08:00:00Z", "currency": "CHF", "segments": [{"hours": 1}]}',
            "currency: tariffs and session differ: CHF, EUR [currency]",
        ),
    ],
)
def test_a_bad_session_is_one_line_with_file_place_and_rule(hub, file, content, says):
    path = file("cdr.json", content)
    code, out, errors = hub("price", "--tariff", ENERGY / "tariff.json", "--cdr", path, *ZONE)
    assert (code, out) == (1, "")
    assert errors.startswith(f"hub: {path}: {says}")
    assert errors.count("\n") == 1


def test_a_tariff_that_a_cdr_holds_and_cannot_be_priced_is_named(hub, file):
    cdr = read(CASES / "x21-cdr-of-2-1-1" / "session.json")
    path = file("cdr.json", cdr | {"tariffs": [*cdr["tariffs"], {"id": "B"}]})
    code, _, errors = hub("price", "--cdr", path)
    assert code == 1
    assert errors.startswith(f"hub: {path}: tariff 1: elements: a tariff needs at least one")


@pytest.mark.parametrize(
    "words",
    [
        ("--tariff", ENERGY / "tariff.json"),
        ("--cdr", "nowhere.json"),
        ("--cdr", ENERGY / "session.json", "--time-zone", "Amsterdam"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(hub, words):
    code, out, errors = hub("price", *words)
    assert (code, out) == (2, "")
    assert errors.count("\n") == 1
