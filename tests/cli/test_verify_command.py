"""`hub verify` and `hub reprice`: CDRs held against their tariffs, one by one and many at once."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub import cli
from hub.ocpi import strictjson

CASES = Path(__file__).parent.parent / "tariffs" / "cases"
CDR = CASES / "x21-cdr-of-2-1-1"
ENERGY = CASES / "w01-energy" / "tariff.json"


@pytest.fixture
def hub(capsys):
    """Runs a command line: (exit code, output, errors)."""

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.run([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def file(tmp_path: Path):
    """Writes a file of JSON, or of lines of JSON."""

    def write(name: str, content: Any, *, lines: bool = False) -> Path:
        path = tmp_path / name
        parts = [
            one if isinstance(one, bytes) else strictjson.write(one)
            for one in (content if lines else [content])
        ]
        path.write_bytes(b"\n".join(parts))
        return path

    return write


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def cdr(**changes: Any) -> Any:
    return read(CDR / "session.json") | changes


def test_a_cdr_that_agrees(hub):
    code, out, errors = hub("verify", "--cdr", CDR / "session.json", "--time-zone", "Europe/Amsterdam")
    assert (code, errors) == (0, "")
    assert out.splitlines()[1].split() == ["total", "before", "taxes", "4.50", "4.5", "0.00"]
    assert "The CDR agrees with its tariff, in EUR.\n" in out


def test_without_a_time_zone_it_says_that_it_takes_utc(hub):
    code, _, errors = hub("verify", "--cdr", CDR / "session.json")
    assert code == 0
    assert errors == "hub: the time zone is not known: local times are read as UTC. See --time-zone.\n"


def test_a_cdr_that_differs_has_a_cause_and_ends_with_1(hub, file):
    code, out, _ = hub("verify", "--cdr", file("cdr.json", cdr(total_cost=2)))
    assert code == 1
    assert "Probable cause: the fixed fee was not charged [FLAT_MISSING]\n" in out
    assert "differs" in out


def test_a_verification_as_json_is_exact(hub, file):
    code, out, _ = hub("verify", "--cdr", file("cdr.json", cdr(total_cost=7)), "--json")
    told = json.loads(out, parse_float=Decimal)
    assert code == 1
    assert told["differences"] == [
        {
            "name": "total",
            "side": "before_taxes",
            "claimed": 7,
            "computed": Decimal("4.5"),
            "delta": Decimal("2.5"),
            "agrees": False,
        }
    ]
    assert told["cause"]["id"] == "FLAT_TWICE"


def test_another_version_is_tried_as_the_cause(hub, file):
    claimed = file("cdr.json", cdr(total_cost=Decimal("7.5")))
    out = hub("verify", "--cdr", claimed, "--tariff", CDR / "tariff.json", "--other", ENERGY)[1]
    assert "[TARIFF_VERSION]" in out


def test_a_credit_is_held_against_its_original(hub, file):
    credit = file("credit.json", cdr(credit=True, credit_reference_id="C9", total_cost=-4))
    out = hub("verify", "--cdr", credit, "--original", CDR / "session.json")[1]
    assert "Note: total_cost: is -4, its original cost 4.50 [credit-amount]" in out


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tariffs": []}, "Give the tariff with --tariff FILE, or correct the CDR."),
        ({"total_cost": "free"}, "total_cost: must be a number [number]"),
        ({"charging_periods": 3}, "charging_periods: must be a list [list]"),
    ],
)
def test_a_cdr_that_cannot_be_verified_is_one_line(hub, file, changes, says):
    code, out, errors = hub("verify", "--cdr", file("cdr.json", cdr(**changes)))
    assert (code, out, errors.count("\n")) == (1, "", 1)
    assert says in errors


def test_a_list_of_cdrs_is_for_reprice(hub, file):
    code, _, errors = hub("verify", "--cdr", file("cdrs.json", [cdr(), cdr()]))
    assert code == 1
    assert errors.endswith("holds 2 objects. Write the one CDR into a file.\n")


PLACE = {"id": "L1", "time_zone": "Europe/Amsterdam"}
BATCH = [
    cdr(id="1", location=PLACE),
    cdr(id="2", location=PLACE, cdr_token={"country_code": "NL", "party_id": "EMS"}),
    cdr(id="3", currency="CHF"),
    b"{not json",
    b"",
]


def test_many_cdrs_are_priced_again_by_group(hub, file):
    code, out, errors = hub("reprice", "--cdrs", file("c.jsonl", BATCH, lines=True), "--tariff", ENERGY)
    assert (code, errors) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "All, EUR Sessions Before After Change %",
        "before taxes 2 9.00 15.00 6.00 66.7",
        "",
        "2 cost more, 0 less, 0 the same.",
        "",
        "By partner Sessions Before After Change %",
        "NL/EMS 1 4.50 7.50 3.00 66.7",
        "unknown 1 4.50 7.50 3.00 66.7",
        "",
        "By location Sessions Before After Change %",
        "L1 2 9.00 15.00 6.00 66.7",
        "",
        "By hour Sessions Before After Change %",
        "10:00 2 9.00 15.00 6.00 66.7",
        "",
        "By component Sessions Before After Change %",
        "energy 2 0.00 15.00 15.00",
        "not told 2 9.00 0.00 -9.00 -100.0",
        "",
        "2 could not be priced:",
        "3: is in CHF, not in EUR",
        "line 4: " + out.rstrip().rpartition("line 4: ")[2],
    ]


def test_a_batch_as_json_is_exact(hub, file):
    batch = file("c.jsonl", BATCH, lines=True)
    code, out, _ = hub(
        "reprice", "--cdrs", batch, "--tariff", ENERGY, "--before", CDR / "tariff.json", "--json"
    )
    told = json.loads(out, parse_float=Decimal)
    assert code == 0
    assert (told["before"], told["after"], told["delta"]) == (9, 15, 6)
    assert told["groups"]["component"]["fixed"] == {"count": 2, "before": 5, "after": 0, "delta": -5}
    assert (told["unpriced"], [one["name"] for one in told["reasons"]]) == (2, ["3", "line 4"])


def test_a_policy_reads_an_open_point_otherwise(hub, file):
    batch, tariff = file("c.jsonl", [cdr()], lines=True), read(ENERGY)
    tariff["elements"][0]["price_components"][0]["step_size"] = 7000
    words = ("reprice", "--cdrs", batch, "--tariff", file("tariff.json", tariff), "--by", "component")
    assert "energy" in hub(*words)[1]
    assert "  8.75 " in hub(*words)[1]
    assert "  7.50 " in hub(*words, "--policy", "step=off")[1]


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (
            "steps=off",
            "'steps' is none of step, hours, flat, split, unknown_load, rounding, rounded, dialect.",
        ),
        ("step=never", "step is one of once, unpriced too, off; write it as step=once."),
    ],
)
def test_an_unknown_policy_says_which_there_are(hub, file, policy, says):
    batch = file("c.jsonl", BATCH, lines=True)
    code, _, errors = hub("reprice", "--cdrs", batch, "--tariff", ENERGY, "--policy", policy)
    assert code == 2
    assert says in errors


def test_several_drafts_are_tried_at_once_on_cdrs_that_are_kept_packed(hub, file, tmp_path):
    batch, columns = file("c.jsonl", BATCH, lines=True), tmp_path / "c.columns"
    words = ("--tariff", ENERGY, "--tariff", CDR / "tariff.json")
    code, out, errors = hub("reprice", "--cdrs", batch, "--columns", columns, *words, "--json")
    first, second = json.loads(out, parse_float=Decimal)
    assert (code, errors, first["tariff"]) == (0, "", str(ENERGY))
    alone = json.loads(hub("reprice", "--cdrs", batch, "--tariff", ENERGY, "--json")[1], parse_float=Decimal)
    assert first | {"reasons": alone["reasons"]} == alone | {"tariff": str(ENERGY)}
    assert {one["name"] for one in first["reasons"]} == {"line 3", "line 4"}
    again = json.loads(hub("reprice", "--columns", columns, *words, "--json")[1], parse_float=Decimal)
    assert [one["groups"] for one in again] == [first["groups"], second["groups"]]
    shown = hub("reprice", "--columns", columns, *words, "--by", "location")[1].splitlines()
    assert shown[0].split() == ["Tariff", "Sessions", "Before", "After", "Change", "%"]
    assert {path.name for path in tmp_path.glob("c.*")} == {"c.jsonl", "c.columns"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Which CDRs?"),
        (("--columns", "nowhere"), "Make it with --cdrs FILE --columns nowhere."),
        (("--columns", __file__), "holds no packed CDRs"),
    ],
)
def test_columns_that_are_none_say_how_to_make_them(hub, words, says):
    code, _, errors = hub("reprice", "--tariff", ENERGY, *words)
    assert code in (1, 2)
    assert says in errors


def test_packed_cdrs_do_not_name_tariffs(hub, file):
    batch = file("c.jsonl", BATCH, lines=True)
    both = file("both.json", [read(ENERGY), read(CDR / "tariff.json")])
    code, _, errors = hub("reprice", "--cdrs", batch, "--tariff", both, "--tariff", ENERGY)
    assert code == 1
    assert "write each tariff into a file of its own" in errors


def test_a_batch_of_nothing_fails(hub, file):
    batch = file("c.jsonl", [b"{"], lines=True)
    code, out, errors = hub("reprice", "--cdrs", batch, "--tariff", ENERGY)
    assert code == 1
    assert "1 could not be priced:" in out
    assert errors == f"hub: {batch}: none of its CDRs could be priced. See the reasons above.\n"
