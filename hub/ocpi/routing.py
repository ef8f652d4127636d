"""For whom a request is and from whom it comes, by the OCPI-to and OCPI-from headers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.ocpi.document import Party
from hub.ocpi.errors import InvalidParameter

Header = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Route:
    """`to` is None when the request is for the hub itself, or for nobody in particular (open routing)."""

    to: Party | None
    sender: Party | None


NOWHERE = Route(None, None)
"""What a request without headers says."""


def party_in(header: Header, direction: str) -> Party | None:
    """The party of one pair of headers; half a pair is refused (HUB-20)."""
    country = header(f"OCPI-{direction}-country-code")
    party = header(f"OCPI-{direction}-party-id")
    if not country and not party:
        return None
    if not country or not party:
        raise InvalidParameter(f"OCPI-{direction}-country-code and OCPI-{direction}-party-id come as a pair")
    if not (len(country) == 2 and len(party) <= 3 and (country + party).isascii()):
        raise InvalidParameter(
            f"OCPI-{direction} headers: a country code of 2 and a party id of up to 3 characters"
        )
    return Party.of(country, party)


def read(header: Header, own: Sequence[Party], hub: Party) -> Route:
    """What the headers say.

    header  finds a header by its name, without case
    own     the parties of the requesting platform: the sender must be one of them; the only one is it
            also when no header says so (HUB-09)

    A request to the hub's party, or by mistake to the sender's own, is not routed.
    """
    to, sender = party_in(header, "to"), party_in(header, "from")
    if sender is not None and sender not in own:
        raise InvalidParameter(f"OCPI-from: {sender} is not a party of this connection")
    if sender is None and len(own) == 1:
        sender = own[0]
    return Route(None if to == hub or to in own else to, sender)
