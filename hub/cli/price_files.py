"""What stands in the files that `hub price` reads: tariffs, and a CDR, a session or plain segments."""

from pathlib import Path
from typing import Any, NamedTuple

import click

import tariffs
from hub.cli.faults import CommandFailed
from hub.ocpi import strictjson
from hub.ocpi.errors import OcpiError
from tariffs import PricingError, Session, Tariff

LARGEST = 64 * strictjson.MIB
"""A file is the operator's own: more than what is read from partners."""


class Charged(NamedTuple):
    """A session that took place, and the tariffs that its document holds itself, as they are written."""

    session: Session
    embedded: Any


def read_charged(file: Path) -> Charged:
    """Of a CDR, a session or plain segments in any edition."""
    found = objects_in(file)
    if len(found) != 1:
        raise CommandFailed(f"{file}: holds {len(found)} objects. Write the one to be priced into a file.")
    try:
        return Charged(tariffs.read_session(found[0]), found[0].get("tariffs") or [])
    except PricingError as fault:
        raise CommandFailed(f"{file}: {fault}") from fault


def read_tariffs(file: Path) -> list[Tariff]:
    """One tariff, or a list of them."""
    documents = objects_in(file)
    if len(documents) == 1:
        return [tariff_of(file, documents[0], None)]
    return [tariff_of(file, each, number) for number, each in enumerate(documents)]


def tariff_of(file: Path, document: Any, number: int | None) -> Tariff:
    """CommandFailed names the file, the place in it, and what is wrong."""
    try:
        return tariffs.read_tariff(document)
    except PricingError as fault:
        place = "" if number is None else f"tariff {number}: "
        raise CommandFailed(f"{file}: {place}{fault}") from fault


def objects_in(file: Path) -> list[Any]:
    """The objects of a file that holds one, a list, or either in the envelope of an OCPI answer."""
    try:
        content = strictjson.read(file.read_bytes(), LARGEST)
    except OcpiError as fault:
        raise CommandFailed(f"{file}: {fault.message}") from fault
    opened = unwrapped(file, content)
    return opened if isinstance(opened, list) else [opened]


def unwrapped(file: Path, content: Any) -> Any:
    if not isinstance(content, dict) or not ({"data", "status_code"} & content.keys()):
        return content
    if content.get("data") is None:
        said = content.get("status_message") or "nothing more"
        raise CommandFailed(f"{file}: is an OCPI answer without data; it says: {said}.")
    click.echo(f"hub: {file} is an OCPI answer; its data are taken.", err=True)
    return content["data"]
