"""What a translation between editions may ask of the world around the object."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from hub.ocpi.document import Json, Party


@dataclass(frozen=True, slots=True)
class Traits:
    """What an operator has noted of a partner that changes how its objects are read or written.

    time_zone    IANA zone of its locations when it cannot say (2.1.1 may omit it)
    vat          percentage its 2.1.1 prices bear; None claims nothing
    postal_code  what a 2.1.1 partner gets where the owner gave none
    counterpart  the eMSP whose drivers a 2.1.1 CPO serves over this connection, by agreement (C4, auth_id)
    ascii_only   it takes 2.1.1's word that texts are ASCII (C1); else it gets UTF-8 as everybody
    lenient      names of the mends of `hub.ocpi.leniency` that apply to what it sends
    """

    time_zone: str | None = None
    vat: Decimal | None = None
    postal_code: str = "#NA"
    counterpart: Party | None = None
    ascii_only: bool = False
    lenient: frozenset[str] = frozenset()


class Surroundings(Protocol):
    """Look-ups for translations; every object given and returned is in the newest edition."""

    @property
    def now(self) -> int:
        """The instant of the exchange in microseconds."""

    @property
    def traits(self) -> Traits:
        """Of the partner that sends or receives."""

    def location(self, owner: Party, location_id: str) -> Json | None: ...

    def tariff(self, owner: Party, tariff_id: str) -> Json | None: ...

    def connectors_with_tariff(self, owner: Party, tariff_id: str) -> Sequence[Json]: ...

    def tokens_of_contract(self, contract_id: str) -> Sequence[Json]:
        """Tokens with this contract id, the one most recently authorised or changed first."""

    def token_asked(self) -> Json | None:
        """While an answer to `authorize` is lifted: the token asked about; of an unknown one what is certain.

        At least `uid`, `type` and `issuer` (the name of the eMSP asked); None at any other time (C5).
        """
        ...
