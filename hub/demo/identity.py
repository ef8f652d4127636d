"""Who a partner is and which modules it speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.demo.wire import Json

OWNED = {"CPO": ("locations", "tariffs", "sessions", "cdrs"), "EMSP": ("tokens",)}
"""Role -> modules whose objects its parties own: it is their Sender, everybody else their Receiver."""
MODULES = OWNED["CPO"] + OWNED["EMSP"]
SHAPES = {
    "locations": "location",
    "tariffs": "tariff",
    "sessions": "session",
    "cdrs": "cdr",
    "tokens": "token",
}


@dataclass(frozen=True)
class Party:
    """A party in one role."""

    role: str
    country_code: str
    party_id: str

    @property
    def name(self) -> str:
        return f"{self.country_code}/{self.party_id}"


@dataclass(frozen=True)
class Identity:
    """A platform: its parties and the OCPI version it speaks. In 2.1.1 there is exactly one party."""

    name: str
    version: str
    parties: tuple[Party, ...]

    @property
    def first(self) -> Party:
        return self.parties[0]

    @property
    def roles(self) -> set[str]:
        return {party.role for party in self.parties}

    @property
    def has_roles(self) -> bool:
        """Whether endpoints and credentials have roles: since 2.2."""
        return self.version != "2.1.1"

    def is_ours(self, country_code: str, party_id: str) -> bool:
        wanted = f"{country_code}/{party_id}".upper()
        return any(party.name.upper() == wanted for party in self.parties)

    def sends(self) -> list[str]:
        """Modules whose Sender interface this platform has."""
        return [module for module in MODULES if any(module in OWNED[role] for role in self.roles)]

    def receives(self) -> list[str]:
        """Modules whose Receiver interface this platform has: those that the other side owns."""
        others = {"CPO": "EMSP", "EMSP": "CPO"}
        return [module for module in MODULES if any(module in OWNED[others[role]] for role in self.roles)]

    def credentials(self, token: str, versions_url: str) -> Json:
        business = {"name": self.name, "website": "https://www.example.com"}
        base: Json = {"token": token, "url": versions_url}
        if not self.has_roles:
            party = {"party_id": self.first.party_id, "country_code": self.first.country_code}
            return base | {"business_details": business} | party
        return base | {"roles": [self._role(party, business) for party in self.parties]}

    def _role(self, party: Party, business: Json) -> Json:
        ids = {"country_code": party.country_code, "party_id": party.party_id}
        return {"role": party.role, "business_details": business} | ids


def identity(name: str, version: str, parties: Sequence[tuple[str, str]]) -> Identity:
    """From (role, "NL/CPO") pairs."""
    return Identity(name, version, tuple(Party(role, *party.split("/", 1)) for role, party in parties))
