"""`hub partner quirk`: what an operator notes of a partner that is not as its OCPI version says."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import click

from hub.cli.acting import at_the_terminal
from hub.cli.frame import Group
from hub.cli.opening import as_json_option, found, look_up, name_argument, with_hub
from hub.cli.partner_views import show_one
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.parties import registry
from hub.parties.partner import PartnerSettings
from hub.parties.quirk_table import DEFAULTS, QUIRKS, NoSuchValue, Quirk, written
from hub.store import audit


class QuirkGroup(Group):
    """A group whose help lists every quirk with its reason."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Quirks"):
            formatter.write_dl([(spelling(name), quirk.reason) for name, quirk in QUIRKS.items()])
        super().format_epilog(ctx, formatter)


def spelling(name: str) -> str:
    """How the quirk is written on the command line."""
    form = QUIRKS[name].form
    return f"{name}={form}" if form else name


class Written(click.ParamType[tuple[str, str | None]]):
    """NAME, or NAME=VALUE."""

    name = "quirk"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str | None]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if name not in QUIRKS:
            self.fail(f"there is no quirk {name!r}; there are: {', '.join(QUIRKS)}.", param, ctx)
        return name, text if equals else None


quirks_argument = click.argument("quirks", metavar="QUIRK...", nargs=-1, required=True, type=Written())


@click.group(cls=QuirkGroup, example="hub partner quirk set 'EV Mobile' no-credit-cdrs page-size=50")
def quirk() -> None:
    """Note how a partner differs from what its OCPI version says, and what the hub does about it.

    Running processes heed a change at once.
    """


@quirk.command("list", example="hub partner quirk list 'EV Mobile'")
@click.argument("name", metavar="[NAME]", required=False)
@as_json_option
@with_hub
def list_(hub: Hub, name: str | None, as_json: bool) -> None:
    """Show the quirks of one partner, or of all that have any."""
    with hub.store.reading() as unit:
        partners = [found(unit, name)] if name else registry.everyone(unit)
    noted = [
        {"partner": partner.name, "quirk": each, "reason": QUIRKS[each.partition("=")[0]].reason}
        for partner in partners
        for each in held(partner.settings)
    ]
    if as_json:
        show_json(noted)
    else:
        show_table(("Partner", "Quirk", "Why one sets it"), [tuple(each.values()) for each in noted])


@quirk.command("set", example="hub partner quirk set 'EV Mobile' pull-only=tariffs trailing-slash=add")
@name_argument
@quirks_argument
@as_json_option
@with_hub
def set_(hub: Hub, name: str, quirks: Sequence[tuple[str, str | None]], as_json: bool) -> None:
    """Set quirks of a partner; those not named stay.

    Of a quirk that may have several values, each is written on its own and added to those there are.
    """
    change(hub, name, ((QUIRKS[each], with_value(each, text)) for each, text in quirks))
    show_one(hub, look_up(hub, name), as_json)


@quirk.command(example="hub partner quirk unset 'EV Mobile' pull-only=tariffs trailing-slash")
@name_argument
@quirks_argument
@as_json_option
@with_hub
def unset(hub: Hub, name: str, quirks: Sequence[tuple[str, str | None]], as_json: bool) -> None:
    """Take quirks away: with a value only that one, without all."""
    change(hub, name, ((QUIRKS[each], without_value(each, text)) for each, text in quirks))
    show_one(hub, look_up(hub, name), as_json)


def held(settings: PartnerSettings) -> list[str]:
    """Every quirk that is set, as it is written."""
    return [each for name in QUIRKS for each in written(name, settings)]


Change = Any
"""(the present value) -> the value it becomes."""


def change(hub: Hub, name: str, changes: Iterable[tuple[Quirk, Change]]) -> None:
    wanted = list(changes)  # what makes no sense is told before anything is written
    with hub.store.unit() as unit:
        partner = found(unit, name)
        settings = partner.settings
        for quirk, become in wanted:
            settings = replace(settings, **{quirk.setting: become(getattr(settings, quirk.setting))})
        registry.set_settings(unit, partner.id, settings)
        before, after = ({"quirks": held(each)} for each in (partner.settings, settings))
        audit.record(unit, at_the_terminal(), "set quirks", f"partner/{partner.name}", before, after)


def with_value(name: str, text: str | None) -> Change:
    quirk = QUIRKS[name]
    if quirk.form and not text:
        raise click.BadParameter(f"{name} needs a value; write it as {spelling(name)}.")
    value = read(name, text or "")
    return (lambda present: present | {value}) if quirk.many else lambda present: value


def without_value(name: str, text: str | None) -> Change:
    quirk = QUIRKS[name]
    if not quirk.many or text is None:
        return lambda present: DEFAULTS[quirk.setting]
    return lambda present: present - {text, text.lower()}


def read(name: str, text: str) -> Any:
    try:
        return QUIRKS[name].read(text)
    except NoSuchValue as fault:
        raise click.BadParameter(f"{name}: {fault}.") from fault
