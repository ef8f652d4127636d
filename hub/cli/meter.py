"""`hub meter`: the public keys of the meters of EVSEs, with which signed values are verified."""

from pathlib import Path

import click

from hub.clearing import meters, readings
from hub.clearing.meters import KeyInTheWay, NoSuchKey
from hub.cli.acting import at_the_terminal, reason_option
from hub.cli.faults import CommandFailed
from hub.cli.frame import Group
from hub.cli.moments import MomentType
from hub.cli.opening import as_json_option, with_hub
from hub.cli.partner_words import PartyType
from hub.cli.tables import show_json, show_table
from hub.hub import Hub
from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.parties.agreements import Signed

HEADINGS = ("CPO", "EVSE", "From", "SHA-256 of the key", "By", "Reason")


@click.group(cls=Group, example="hub meter add NL/CPO EVSE-1 --key-file meter.pub")
def meter() -> None:
    """Keep the public keys of meters: a CDR whose signed values another key signed is held (check H2)."""


@meter.command("add", example="hub meter add NL/CPO EVSE-1 --key 3059301306072A8648CE3D0201...")
@click.argument("party", metavar="PARTY", type=PartyType())
@click.argument("evse", metavar="EVSE")
@click.option("--key", metavar="KEY", help="DER, in hexadecimal or Base64, as the meter's maker tells it.")
@click.option(
    "--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with it."
)
@click.option("--from", "since", type=MomentType(), metavar="WHEN", help="Since when.  [default: for ever]")
@reason_option
@with_hub
def add(
    hub: Hub,
    party: Party,
    evse: str,
    key: str | None,
    key_file: Path | None,
    since: int | None,
    reason: str | None,
) -> None:
    """Know the key of an EVSE's meter from a moment on; EVSE is its uid."""
    if (key is None) == (key_file is None):
        raise click.UsageError("Give the key with --key, or with --key-file.")
    text = key if key_file is None else plain(key_file)
    try:
        with hub.store.unit() as unit:
            signed = Signed(at_the_terminal(), reason)
            told = meters.add(unit, party, evse, (str(text), since or 0), signed)
    except (NoSuchKey, KeyInTheWay) as fault:
        raise CommandFailed(str(fault)) from fault
    click.echo(f"{party} {evse}: key {told['key'][:16]}... from {instants.text(told['valid_from'])}.")


def plain(file: Path) -> str:
    """Of PEM, what stands between its first and last line."""
    lines = file.read_text(encoding="ascii", errors="replace").split("\n")
    return "".join(line for line in lines if not line.startswith("-----"))


@meter.command("list", example="hub meter list NL/CPO")
@click.argument("party", metavar="[PARTY]", type=PartyType(), required=False)
@click.option("--evse", metavar="UID", help="Only those of this EVSE.")
@as_json_option
@with_hub
def list_(hub: Hub, party: Party | None, evse: str | None, as_json: bool) -> None:
    """Show whose keys are known, and since when each holds."""
    with hub.store.reading() as unit:
        found = meters.listed(unit, party, evse)
    told = [
        {
            "cpo": str(Party.of_code(row.owner)),
            "evse": row.evse_key,
            "from": instants.text(row.valid_from),
            "key": readings.fingerprint(row.public_key),
            "by": row.author,
            "reason": row.reason,
        }
        for row in found
    ]
    if as_json:
        keys = [{"public_key": row.public_key} for row in found]
        show_json([one | more for one, more in zip(told, keys, strict=True)])
    else:
        show_table(HEADINGS, [tuple(each.values()) for each in told])
