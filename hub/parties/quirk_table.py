"""The quirks that an operator may note of a partner: how each is written, and why it is there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from ssl import SSLError
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from hub.net.pinning import Trust, tls_context
from hub.ocpi.document import Party
from hub.ocpi.leniency import MENDS
from hub.ocpi.modules import MODULES
from hub.parties.partner import PartnerSettings
from hub.settings import PARTY

DEFAULTS = {field.name: field.default for field in fields(PartnerSettings) if field.default is not MISSING}
MOST_IN_A_PAGE = 10_000
MOST_DAYS = 366


class NoSuchValue(ValueError):
    """What was written for a quirk makes no sense; the argument says what would."""


class Quirk(NamedTuple):
    """A row of the table.

    setting  the field of PartnerSettings that it sets
    form     how its value is written; empty when it is only there or not
    read     the value of that text
    reason   why anybody would want it
    many     whether several values may hold at once
    """

    setting: str
    form: str
    read: Callable[[str], Any]
    reason: str
    many: bool = False


# How values are read ---------------------------------------------------------------------------------------


def present(means: bool) -> Callable[[str], bool]:
    """Of a quirk that is only there or not: what it means when it is there."""

    def read(text: str) -> bool:
        if text:
            raise NoSuchValue("it takes no value")
        return means

    return read


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise NoSuchValue(f"{text!r} is none of: {', '.join(words)}")
        return text

    return read


def time_zone(text: str) -> str:
    if text not in available_timezones():
        raise NoSuchValue(f"{text!r} is no IANA time zone; write it as Europe/Amsterdam")
    return text


def percentage(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(-1)
    if not 0 <= rate <= 100:
        raise NoSuchValue(f"{text!r} is no percentage; write it as 21 or 5.5")
    return rate


def postal_code(text: str) -> str:
    if not 0 < len(text) <= 10:
        raise NoSuchValue("a postal code has 1 to 10 characters")
    return text


def party(text: str) -> Party:
    found = PARTY.fullmatch(text)
    if found is None:
        raise NoSuchValue(f"{text!r} is no country code and party id; write it as NL/EMS")
    return Party.of(*found.groups())


def host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.\-]+(:\d{1,5})?", text):
        raise NoSuchValue(f"{text!r} is no host; write it as api.example.com or api.example.com:8443")
    return text.lower()


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= MOST_IN_A_PAGE):
        raise NoSuchValue(f"{text!r} is no number from 1 to {MOST_IN_A_PAGE}")
    return int(text)


def days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:4]) <= MOST_DAYS):
        raise NoSuchValue(f"{text!r} is no number of days from 1 to {MOST_DAYS}")
    return int(text)


def authorities(text: str) -> str:
    """The absolute path of a file that TLS can use now: a fault shows here, not at the next delivery."""
    return usable(text, Trust(authorities=str(Path(text).absolute())))


def certificate(text: str) -> str:
    return usable(text, Trust(certificate=str(Path(text).absolute())))


def usable(text: str, trust: Trust) -> str:
    try:
        tls_context(trust)
    except (OSError, SSLError) as fault:
        raise NoSuchValue(f"{text} cannot be used ({fault.strerror or fault})") from fault
    return str(trust.authorities or trust.certificate)


# The table -------------------------------------------------------------------------------------------------

QUIRKS: Mapping[str, Quirk] = {
    "auth-encoding": Quirk(
        "auth_encoding",
        "base64|raw",
        one_of("base64", "raw"),
        "Its token is written to it so, whatever its version says: some 2.2.1 platforms never took to "
        "Base64, and some 2.1.1 platforms demand it.",
    ),
    "trailing-slash": Quirk(
        "trailing_slash",
        "add|strip",
        one_of("add", "strip"),
        "URLs of requests to it end with a slash, or never do: some web frameworks answer the other form "
        "with a redirect, which the hub does not follow, or with 404.",
    ),
    "ascii-only": Quirk(
        "ascii_only",
        "",
        present(True),
        "Texts are written to it in ASCII, because 2.1.1 promises no more, and some databases behind it hold "
        "no more.",
    ),
    "known-fields-only": Quirk(
        "known_fields_only",
        "",
        present(True),
        "Fields that its OCPI version does not declare are left out, because it refuses objects that have "
        "them, although OCPI asks it to ignore them.",
    ),
    "first-print": Quirk(
        "first_print",
        "",
        present(True),
        "It holds to the lengths of the first prints of 2.2.1 and 2.3.0, which have the same version number "
        "as the second: addresses are cut at 45, states at 20, and signed data over 512 is left out.",
    ),
    "no-credit-cdrs": Quirk(
        "credit_cdrs",
        "",
        present(False),
        "It cannot book CDRs with negative amounts: credits are withheld, listed by `hub delivery list`, and "
        "must be settled by hand.",
    ),
    "pull-only": Quirk(
        "pull_only",
        "|".join(MODULES),
        one_of(*MODULES),
        "Objects of the module are not pushed to it, although it offers to receive them: it rather fetches "
        "them, or its receiver is broken.",
        many=True,
    ),
    "page-size": Quirk(
        "page_size",
        "NUMBER",
        number,
        "So many objects are asked for in a page when the hub pulls from it: it breaks, or takes too long, "
        "at the usual size.",
    ),
    "lenient": Quirk(
        "lenient",
        "MEND",
        one_of(*MENDS),
        "Mend this in what it sends, because it cannot change it soon. `hub ocpi mends` says what each mend "
        "does, and why that is safe.",
        many=True,
    ),
    "time-zone": Quirk(
        "time_zone",
        "ZONE",
        time_zone,
        "Its locations are in this time zone where they do not say, as 2.1.1 allows: tariffs need local "
        "time.",
    ),
    "vat": Quirk(
        "vat",
        "PERCENT",
        percentage,
        "Its 2.1.1 prices bear this tax, which that version cannot say.",
    ),
    "postal-code": Quirk(
        "postal_code",
        "TEXT",
        postal_code,
        "It gets this where a location has no postal code, because 2.1.1 demands one.",
    ),
    "counterpart": Quirk(
        "counterpart",
        "PARTY",
        party,
        "The eMSP whose drivers a 2.1.1 CPO serves over its connection, because 2.1.1 cannot say.",
    ),
    "cdrs": Quirk(
        "hub_issues_cdrs",
        "hub|cpo",
        lambda text: one_of("hub", "cpo")(text) == "hub",
        "Who issues the CDRs of its sessions: the hub prices them, which is the rule, or the CPO does so "
        "itself.",
    ),
    "allow-host": Quirk(
        "hosts",
        "HOST",
        host,
        "Its token may be sent to this host too, because its endpoints are not where its versions URL is.",
        many=True,
    ),
    "ca-file": Quirk(
        "ca_file",
        "FILE",
        authorities,
        "Its certificate is of an authority of its own: the file holds those to trust, as PEM, on every "
        "machine of the hub.",
    ),
    "client-certificate": Quirk(
        "client_certificate",
        "FILE",
        certificate,
        "It asks for a certificate of the hub's: the file holds it with its key, as PEM, on every machine of "
        "the hub.",
    ),
    "notice-days": Quirk(
        "notice_days",
        "NUMBER",
        days,
        "It is to know of a price that changes so many days before, by agreement: who publishes one later is "
        "told so.",
    ),
    "notice-blocks": Quirk(
        "notice_blocks",
        "",
        present(True),
        "A change of prices that it would know of later than agreed is refused, and not only told.",
    ),
}


def written(name: str, settings: PartnerSettings) -> list[str]:
    """How a quirk that holds is written, as NAME=VALUE: one line for each of its values; none by default."""
    quirk = QUIRKS[name]
    value = getattr(settings, quirk.setting)
    if value == DEFAULTS[quirk.setting]:
        return []
    if not quirk.form:
        return [name]
    if name == "cdrs":
        return [f"{name}=cpo"]
    return [f"{name}={each}" for each in (sorted(value) if quirk.many else [value])]
