"""`hub tariff`: lint, explain, preview and diff through the command line."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from hub import cli
from hub.ocpi import strictjson

CASES = Path(__file__).parent.parent / "tariffs" / "cases"
COMPLEX = CASES / "w15-complex-weekday" / "tariff.json"
ENERGY = CASES / "w01-energy" / "tariff.json"
ZONE = ("--time-zone", "Europe/Amsterdam")


@pytest.fixture
def hub(capsys):
    """Runs a command line: (exit code, output, errors)."""

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.run(["tariff", *(str(word) for word in words)])
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


def tariff(**changes: Any) -> Any:
    return read(ENERGY) | changes


def element(price: str, **restrictions: Any) -> Any:
    part = {"type": "ENERGY", "price": Decimal(price), "vat": 10, "step_size": 1}
    return {"price_components": [part], "restrictions": restrictions}


def test_a_sound_tariff_has_nothing_to_say(hub):
    assert hub("lint", ENERGY, *ZONE) == (0, "1 tariff: 0 errors, 0 warnings.\n", "")


def test_warnings_do_not_fail_and_errors_do(hub, file):
    assert hub("lint", COMPLEX)[0] == 0
    behind = file("tariff.json", tariff(elements=[element("0.25"), element("0.20", max_kwh=5)]))
    code, out, errors = hub("lint", behind, ENERGY)
    assert (code, errors) == (1, "")
    assert out.splitlines() == [
        "error unreachable  T1: elements[1].price_components[0]",
        "    is never reached: element 0 covers every moment of it",
        "    Move it before the elements that cover it, or remove it.",
        "",
        "2 tariffs: 1 error, 0 warnings.",
    ]


def test_a_gap_is_shown_with_an_example(hub, file):
    day = file("tariff.json", tariff(elements=[element("0.25", start_time="08:00", end_time="20:00")]))
    _, out, _ = hub("lint", day)
    assert "    for example Monday" in out
    assert ", 00:00\n" in out


def test_findings_as_json_have_rule_place_and_remedy(hub, file):
    bad = file("tariff.json", tariff(currency="EUX"))
    code, out, _ = hub("lint", bad, "--json")
    (found,) = json.loads(out)
    assert code == 1
    assert (found["id"], found["path"], found["severity"]) == ("currency-unknown", "currency", "error")
    assert found["remedy"]
    assert found["tariff"] == "T1"


def test_the_tariffs_of_a_connector_are_looked_at_together(hub, file):
    first = tariff(id="A", end_date_time="2026-03-01T00:00:00Z")
    second = tariff(id="B", start_date_time="2026-04-01T00:00:00Z")
    both = file("both.json", [first, second])
    assert hub("lint", both)[1] == "2 tariffs: 0 errors, 0 warnings.\n"
    assert "warning validity-gap  B: tariffs[1].start_date_time" in hub("lint", both, "--together")[1]
    broken = file("broken.json", [first, {"id": "B"}])
    assert hub("lint", broken, "--together")[2].startswith(
        "hub: elements: a tariff needs at least one element"
    )


def test_no_json_is_one_line(hub, file):
    code, out, errors = hub("lint", file("tariff.json", b"{"))
    assert (code, out, errors.count("\n")) == (1, "", 1)
    assert errors.startswith("hub: ")


def test_a_tariff_in_plain_words(hub):
    code, out, errors = hub("explain", COMPLEX, *ZONE)
    assert (code, errors) == (0, "")
    assert "Monday to Friday  09:00-18:00  2.00 EUR            5.00 EUR          2.50 EUR\n" in out
    assert hub("explain", COMPLEX, *ZONE, "--markdown")[1].startswith("## Tariff T1, in EUR\n")
    (told,) = json.loads(hub("explain", COMPLEX, *ZONE, "--json")[1])
    assert told["table"]["headings"] == [
        "Days",
        "Time",
        "Charging, per hour",
        "Parked, per hour",
        "Start fee",
    ]


def test_a_preview_over_the_night_of_25_hours(hub):
    lines = hub(
        "preview", CASES / "w24-step-of-parking" / "tariff.json", *ZONE, "--from", "2026-10-25T00:00"
    )[1]
    assert [line.rstrip() for line in lines.splitlines()] == [
        "Prices in EUR (before taxes) for a session that begins then, Europe/Amsterdam:",
        "From (local)      For   Per hour charging  Per hour parked",
        "Sun 25 Oct 00:00  18 h               1.20             1.00",
        "Sun 25 Oct 17:00  3 h                2.40             1.00",
        "Sun 25 Oct 20:00  3 h                2.40             free",
        "",
        "Sessions from Sun 25 Oct 00:00, EUR before / after taxes:",
        "        30 min    1 h       4 h",
        "10 kWh  0.60 / ?  1.34 / ?  4.34 / ?",
        "20 kWh  0.60 / ?  1.20 / ?  4.43 / ?",
        "50 kWh  0.60 / ?  1.20 / ?  4.80 / ?",
    ]


def test_a_preview_as_json_is_exact(hub):
    out = hub("preview", ENERGY, *ZONE, "--from", "2026-06-01T08:00", "--hours", 48, "--json")[1]
    told = json.loads(out, parse_float=Decimal)
    assert (told["start"], told["end"]) == ("2026-06-01T06:00:00Z", "2026-06-03T06:00:00Z")
    assert told["steps"][0]["ENERGY"]["after_taxes"] == Decimal("0.275")
    assert [one["before_taxes"] for one in told["examples"][:3]] == [Decimal("2.5")] * 3


def test_a_preview_is_drawn(hub, tmp_path):
    pytest.importorskip("PIL", reason="the extra `pictures` is not installed")
    svg, png = tmp_path / "prices.svg", tmp_path / "prices.png"
    code, _, errors = hub("preview", ENERGY, *ZONE, "--svg", svg, "--png", png)
    assert code == 0
    assert errors.splitlines() == [f"hub: drawn into {svg}.", f"hub: drawn into {png}."]
    assert ET.fromstring(svg.read_text(encoding="utf-8")).tag.endswith("svg")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_png_without_pillow_says_what_to_do(hub, tmp_path, monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("tariffs.drawing.import_module", missing)
    code, _, errors = hub("preview", ENERGY, "--png", tmp_path / "prices.png")
    assert code == 1
    assert errors == ("hub: PNG pictures need Pillow: pip install 'ocpi-hub[pictures]'. SVG needs nothing.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "noon"), "'noon' is no time; write it as 2026-03-28T12:00."),
        (("--power", "fast"), "'fast' is no power in kW; write it as 11 or 3.7."),
        (("--power", "NaN"), "'NaN' is no power in kW; write it as 11 or 3.7."),
        (("--hours", "0"), "0 is not in the range 1<=x<=744."),
        (("--time-zone", "Mars"), "'Mars' is no IANA time zone; write it as Europe/Amsterdam."),
    ],
)
def test_a_preview_that_is_asked_for_wrongly_says_how(hub, words, says):
    code, out, errors = hub("preview", ENERGY, *words)
    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert says in errors


def test_a_preview_of_two_currencies_is_refused(hub, file):
    code, _, errors = hub("preview", ENERGY, file("other.json", tariff(currency="CHF")))
    assert code == 1
    assert errors == (
        "hub: currency: the tariffs differ: CHF, EUR [currency]. "
        "Preview tariffs of one connector, in one currency.\n"
    )


def test_two_tariffs_are_compared(hub, file):
    evening = file(
        "new.json", tariff(elements=[element("0.5", start_time="17:00", end_time="20:00"), element("0.25")])
    )
    code, out, errors = hub("diff", ENERGY, evening, *ZONE)
    assert (code, errors) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()[:9]] == [
        "What changed:",
        "element 0 is added: ENERGY 0.50 EUR per kWh, 10 % VAT (from 17:00 to 20:00)",
        "",
        "Prices of sessions that begin then:",
        "every day, 17:00-20:00: ENERGY 0.25 EUR per kWh -> 0.50 EUR per kWh",
        "",
        "Of 510 sample sessions 73 cost more, 0 less, 437 the same.",
        "Session Before After Change",
        "every day 18:00, 50 kWh in 30 min 12.50 25.00 12.50",
    ]
    told = json.loads(hub("diff", ENERGY, evening, *ZONE, "--json")[1], parse_float=Decimal)
    assert (told["dearer"], told["cheaper"], len(told["impacts"])) == (73, 0, 73)


def test_a_tariff_beside_itself(hub):
    assert hub("diff", ENERGY, ENERGY)[1] == "Nothing that decides a price has changed.\n"


def test_several_tariffs_in_a_file_cannot_be_compared(hub):
    both = CASES / "x15-two-tariffs" / "tariff.json"
    code, _, errors = hub("diff", both, ENERGY)
    assert code == 1
    assert errors == f"hub: {both}: holds 2 tariffs. Write the one to be compared into a file.\n"
