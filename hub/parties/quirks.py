"""What the quirks of a partner mean for what is sent to it."""

from urllib.parse import urlsplit, urlunsplit

from hub.net.pinning import Trust
from hub.ocpi import tailoring
from hub.ocpi.document import Json
from hub.ocpi.wire import Wire
from hub.parties.partner import Partner, PartnerSettings


def trust_of(partner: Partner) -> Trust:
    """Whom TLS trusts at this partner, and what the hub shows of itself: for `Client.request(trust=...)`."""
    return Trust(partner.settings.ca_file, partner.settings.client_certificate)


def page_size(partner: Partner, default: int) -> int:
    """How many objects to ask for when pulling from it."""
    return partner.settings.page_size or default


def spelled(settings: PartnerSettings, url: str) -> str:
    """The URL with or without the slash at the end of its path, as the partner wants it; a query stays."""
    parts = urlsplit(url)
    path = {"add": parts.path.rstrip("/") + "/", "strip": parts.path.rstrip("/")}
    return urlunsplit(parts._replace(path=path.get(settings.trailing_slash, parts.path)))


def unwanted(settings: PartnerSettings, module: str, newest: Json) -> str | None:
    """Why an object is not pushed to the partner; None when it is. It can still be pulled."""
    if module in settings.pull_only:
        return f"the quirk pull-only={module} is set for this partner"
    if module == "cdrs" and newest.get("credit") and not settings.credit_cdrs:
        return "the quirk no-credit-cdrs is set for this partner: settle this credit with it by hand"
    return None


def tailored(settings: PartnerSettings, wire: Wire, body: Json) -> Json:
    """What is sent of an object that is already in the partner's edition."""
    if settings.first_print:
        body = tailoring.as_first_printed(wire.module.name, body)
    if settings.known_fields_only:
        body = tailoring.only_known(wire.edition, wire.module.name, body)
    return body
