"""The story of `hub demo`: a hub, a CPO and two eMSPs, each a process; sessions become priced CDRs."""

import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console
from rich.table import Table

import tariffs
from hub.demo import data
from hub.demo.identity import Identity, identity
from hub.demo.processes import HUB, Child, Failed, Stage, ended_by_signals, free_port, hub_environment
from hub.demo.wire import Json, read
from tariffs import Quote

SECONDS = 60.0
PLAIN: Any = {"box": None, "padding": (0, 1), "pad_edge": True}
CAST = (
    ("Example Energy", "CPO", "NL/EXA", "2.2.1"),
    ("Old Card", "EMSP", "DE/OLD", "2.1.1"),
    ("New Card", "EMSP", "NL/NEW", "2.3.0"),
)


@dataclass(frozen=True)
class Scene:
    """A session: whose token, at which connector, how it goes."""

    session_id: str
    party: str
    shape: str
    location_id: str
    evse_uid: str
    connector_id: str = "1"

    @property
    def place(self) -> Json:
        return {
            "location_id": self.location_id,
            "evse_uid": self.evse_uid,
            "connector_id": self.connector_id,
        }


SCENES = (
    Scene("DEMO-SESSION-1", "DE/OLD", "story", "EXA-LOC-001", "EXA-EVSE-00101"),
    Scene("DEMO-SESSION-2", "NL/NEW", "story-fast", "EXA-LOC-009", "EXA-EVSE-00903"),
)


@dataclass(frozen=True)
class Player:
    """A partner in its process."""

    who: Identity
    url: str

    @property
    def party(self) -> str:
        return self.who.first.name


def run(once: bool) -> int:
    """Tell the story; with `once` end with it, else stay until interrupted. 0: it came to its good end."""
    console = Console(highlight=False)
    try:
        with (
            ended_by_signals(),
            tempfile.TemporaryDirectory(prefix="hub-demo-") as folder,
            Stage(Path(folder)) as stage,
        ):
            story = Story(stage, console)
            story.tell()
            if not once:
                story.stay()
    except Failed as failure:
        Console(stderr=True, highlight=False).print(
            f"[bold red]The demo failed.[/] {failure}", soft_wrap=True
        )
        return 1
    except KeyboardInterrupt:
        console.print("\nStopped.")
        return 130 if once else 0
    return 0


class Story:
    """The steps, in order."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage = stage
        self.console = console
        self.port = free_port()
        self.environment = hub_environment(stage.folder, self.port, secrets.token_urlsafe(48))
        self.hub_url = self.environment["HUB_PUBLIC_URL"]
        self.players: dict[str, Player] = {}

    def tell(self) -> None:
        self.open_the_hub()
        self.register()
        self.publish()
        self.issue_tokens()
        for scene in SCENES:
            self.charge(scene)
        self.conclude()

    def step(self, title: str) -> None:
        self.console.print(f"\n[bold cyan]{title}[/]")

    def say(self, text: str) -> None:
        self.console.print(f"  {text}", soft_wrap=True)

    # ------------------------------------------------------------------ opening and registering

    def open_the_hub(self) -> None:
        self.step("The hub opens")
        hub = self.stage.start("the hub", [*HUB, "serve", "--port", str(self.port)], self.environment)
        threading.Thread(target=drained, args=(hub,), daemon=True).start()
        versions = f"{self.hub_url}/ocpi/versions"
        self.stage.until("the hub answers", lambda: self.stage.reaches(versions) or None, SECONDS)
        self.say(f"{versions}, on a SQLite database that is thrown away at the end")

    def register(self) -> None:
        self.step("A CPO and two eMSPs register, each a process that speaks its own OCPI version")
        table = Table("Partner", "Role", "Party", "OCPI", "Address", **PLAIN)
        for name, role, party, version in CAST:
            player = self.player(name, role, party, version)
            self.players[party] = player
            table.add_row(name, role, party, version, player.url)
        self.console.print(table)

    def player(self, name: str, role: str, party: str, version: str) -> Player:
        """A partner that has registered with the token A that the hub's operator gave it."""
        invited = self.hub(
            "partner", "invite", "--name", name, "--role", role, "--party", party, "--version", version
        )
        arguments = ["-m", "hub.demo.partner", "--with-parent", "--name", name]
        arguments += ["--role", role, "--version", version, "--party", party]
        arguments += ["--versions-url", str(invited["versions_url"]), "--token", str(invited["token"])]
        child = self.stage.start(name, arguments, self.environment)
        says = read(child.line())
        return Player(identity(name, version, [(role, party)]), str(says["url"]))

    def hub(self, *words: str) -> Json:
        """What a `hub` command answers with --json."""
        try:
            done = subprocess.run(  # noqa: S603 (our own command)
                [sys.executable, *HUB, *words, "--json"],
                env=self.environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"`hub {' '.join(words)}` did not end within {SECONDS:.0f} s") from None
        if done.returncode:
            raise Failed(f"`hub {' '.join(words)}` failed: {done.stderr.decode(errors='replace').strip()}")
        return dict(read(done.stdout))

    @property
    def cpo(self) -> Player:
        return self.players[CAST[0][2]]

    @property
    def emsps(self) -> list[Player]:
        return [player for player in self.players.values() if player is not self.cpo]

    def do(self, player: Player, action: str, **arguments: object) -> Json:
        return dict(self.stage.ask("POST", f"{player.url}/demo/do/{action}", dict(arguments)))

    def held(self, player: Player, module: str, count: int) -> list[Json]:
        """The objects that a partner was sent, once there are so many."""
        url = f"{player.url}/demo/held/{module}?count={count}&seconds=1"
        what = f"{player.who.name} has received {count} {module}"

        def enough() -> list[Json] | None:
            found: list[Json] = self.stage.ask("GET", url)
            return found if len(found) >= count else None

        return self.stage.until(what, enough, SECONDS)

    # ------------------------------------------------------------------ what there is

    def publish(self) -> None:
        self.step(f"{self.cpo.who.name} publishes its charge points and prices")
        counts = self.do(self.cpo, "publish")
        self.say(
            f"{counts['locations']} locations with {counts['evses']} EVSEs, and {counts['tariffs']} tariffs, "
            f"in OCPI {self.cpo.who.version}"
        )
        table = Table("Received by", "OCPI", "Locations", "EVSEs", "Tariffs", "A connector there", **PLAIN)
        for player in self.emsps:
            locations = self.held(player, "locations", counts["locations"])
            tariffs_held = self.held(player, "tariffs", counts["tariffs"])
            evses = [evse for each in locations for evse in each["evses"]]
            numbers = (str(len(each)) for each in (locations, evses, tariffs_held))
            table.add_row(player.who.name, player.who.version, *numbers, told(evses[0]["connectors"][0]))
        self.console.print(table)

    def issue_tokens(self) -> None:
        self.step("The eMSPs issue tokens to their drivers")
        uids = [uid for player in self.emsps for uid in self.do(player, "issue")["uids"]]
        tokens = self.held(self.cpo, "tokens", len(uids))
        self.say(f"{self.cpo.who.name} now knows {len(tokens)} tokens of {len(self.emsps)} eMSPs")

    # ------------------------------------------------------------------ a session

    def charge(self, scene: Scene) -> None:
        emsp = self.players[scene.party]
        record = next(each for each in data.locations() if each["id"] == scene.location_id)
        self.step(f"A driver of {emsp.who.name} charges at {record['name']}, {record['address']}")
        token = f"{emsp.who.first.party_id}04A1B2C3D4E5F6"
        told = {"session_id": scene.session_id, "shape": scene.shape}
        begun = self.do(self.cpo, "begin", token_uid=token, place=scene.place, **told)
        self.say(f"started   {begun['started']} at {scene.evse_uid}")
        for leg in range(begun["legs"]):
            updated = self.do(self.cpo, "update", leg=leg, **told)
            self.say(f"update    {updated['until']} {updated['kwh']} kWh")
        finished = self.do(self.cpo, "finish", place=scene.place, **told)
        self.say(f"completed {finished['until']} {finished['kwh']} kWh")
        began = monotonic()
        (cdr,) = self.held(emsp, "cdrs", 1)
        self.show(scene, emsp, cdr, monotonic() - began)

    def show(self, scene: Scene, emsp: Player, cdr: Json, seconds: float) -> None:
        """The price with its reasons, and what the eMSP received: both must be the same."""
        quote = self.priced(scene)
        table = Table("Component", "Quantity", "Price", "Before taxes", "Why", **PLAIN)
        for line in quote.lines:
            amounts = (f"{line.billed_quantity} {line.unit}", str(line.unit_price), str(line.before_taxes))
            table.add_row(str(line.dimension), *amounts, line.reason)
        self.console.print(table)
        expected = quote.cdr_totals(emsp.who.version)["total_cost"]
        received = cdr["total_cost"]
        self.say(
            f"{emsp.who.name} has its CDR in OCPI {emsp.who.version}, {seconds:.1f} s after the session:"
        )
        self.say(f"  [bold]{amount(received, cdr['currency'])}[/]  ({cdr['id']})")
        if amount(received, "") != amount(expected, ""):
            raise Failed(f"The CDR says {received}, but the tariff makes it {expected}.")
        self.say("  [green]to the last digit what the tariff says[/]")

    def priced(self, scene: Scene) -> Quote:
        """The session as the CPO keeps it, priced anew by the tariff as the CPO wrote it."""
        location = self.own("locations", scene.location_id)
        (evse,) = (each for each in location["evses"] if each["uid"] == scene.evse_uid)
        connector = evse["connectors"][0]
        tariff_id = str(connector.get("tariff_id") or connector["tariff_ids"][0])
        tariff = tariffs.read_tariff(self.own("tariffs", tariff_id))
        session = tariffs.read_session(self.own("sessions", scene.session_id))
        return tariffs.price(tariff, session, location["time_zone"])

    def own(self, module: str, identity: str) -> Json:
        """An object of the CPO, from the CPO."""
        everything: list[Json] = self.stage.ask("GET", f"{self.cpo.url}/demo/own/{module}")
        return next(each for each in everything if each["id"] == identity)

    # ------------------------------------------------------------------ the end

    def conclude(self) -> None:
        self.step("What the partners think of the hub")
        complaints = [
            f"{player.who.name}: {each}"
            for player in self.players.values()
            for each in self.stage.ask("GET", f"{player.url}/demo/received")["complaints"]
        ]
        for each in sorted(set(complaints)):
            self.say(f"[yellow]{each}[/]")
        if not complaints:
            self.say("Every request and answer was exactly of their own OCPI version: no complaints")

    def stay(self) -> None:
        self.step("All of it goes on running; end it with Ctrl-C")
        self.say(f"the hub          {self.hub_url}/ocpi/versions")
        for player in self.players.values():
            self.say(f"{player.who.name:16} {player.url}/demo/received   what it was sent, word for word")
        reader = self.emsps[-1]
        connection = self.stage.ask("GET", f"{reader.url}/demo/connection")
        url = next(each["url"] for each in connection["endpoints"] if each["module"] == "cdrs")
        self.say(f"ask the hub as {reader.who.name}:")
        self.say(f"  curl -H 'Authorization: {connection['authorization']}' {url}")
        self.say("ask the hub as its operator:")
        shown = {
            name: self.environment[name] for name in ("HUB_DATABASE_URL", "HUB_SECRET_KEY", "HUB_PUBLIC_URL")
        }
        self.say(f"  {' '.join(f'{name}={value}' for name, value in shown.items())} hub partner list")
        while True:
            for child in self.stage.children:
                child.check()
            threading.Event().wait(1)


def drained(child: Child) -> None:
    """Read what a process prints, so that it never waits for a reader."""
    with suppress(Failed, ValueError, OSError, subprocess.TimeoutExpired):
        while True:
            child.line()


def told(connector: Json) -> str:
    """How the edition says the electric limits of a connector."""
    names = [name for name in ("max_voltage", "max_amperage", "voltage", "amperage") if name in connector]
    return ", ".join(f"{name} {connector[name]}" for name in names)


def amount(total: object, currency: str) -> str:
    """An amount as each edition has it: a number, or an object with taxes."""
    if not isinstance(total, Mapping):
        return f"{plain(total)} {currency} before taxes"
    net = plain(total.get("before_taxes", total.get("excl_vat")))
    taxes = "".join(f" + {plain(each['amount'])} {each['name']}" for each in total.get("taxes") or [])
    gross = f", {plain(total['incl_vat'])} with VAT" if "incl_vat" in total else ""
    return f"{net} {currency} before taxes{taxes}{gross}"


def plain(number: object) -> str:
    """A number without zeros at its end."""
    text = str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
