"""What a partner is: a platform, the parties it speaks for, and what the operator has noted of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from hub.ocpi.document import Party
from hub.ocpi.edition import Edition
from hub.ocpi.module import Role
from hub.ocpi.surroundings import Traits


class Status(StrEnum):
    """As hub client info tells it (HCI-01)."""

    PLANNED = "PLANNED"
    CONNECTED = "CONNECTED"
    OFFLINE = "OFFLINE"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class PartnerRole:
    """One role of a platform: a party in a role (CRED-03)."""

    role: Role
    party: Party
    business_details: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.party} as {self.role}"


@dataclass(frozen=True, slots=True)
class PartnerSettings:
    """What the operator has set for a partner; stored as JSON, every field optional there.

    hub_issues_cdrs  the hub prices completed sessions and issues their CDRs; if not, the CPO sends its own
    counterpart      the eMSP whose drivers a 2.1.1 CPO serves over its connection, by agreement
    ascii_only       its texts are ASCII, as 2.1.1 has it
    auth_encoding    how tokens are sent to it: base64, raw, or auto = as its version says (TR-05)
    hosts            besides the host of its versions URL, where its token may be sent to: "api.example.com"
                     or "api.example.com:8443"
    trailing_slash   whether URLs of requests to it end with a slash: as given, add, strip
    known_fields_only  it gets no field that its version does not declare
    first_print      it gets no text longer than the first print of its version had it (C6)
    credit_cdrs      it takes CDRs that credit others
    pull_only        names of modules that are not pushed to it
    page_size        how many objects to ask it for at a time; None leaves it to the hub
    ca_file          path of the authorities that TLS trusts at this partner, instead of the public ones
    client_certificate  path of the certificate, with its key, that the hub shows it
    notice_days      how many days before it is to know of a price that changes, by agreement
    notice_blocks    whether a change that it would know of later is refused, and not only told

    What an operator writes for each, and why, stands in `hub.parties.quirk_table`.
    """

    lenient: frozenset[str] = frozenset()
    time_zone: str | None = None
    vat: Decimal | None = None
    postal_code: str = "#NA"
    counterpart: Party | None = None
    ascii_only: bool = False
    hub_issues_cdrs: bool = True
    auth_encoding: str = "auto"
    hosts: frozenset[str] = frozenset()
    trailing_slash: str = "as given"
    known_fields_only: bool = False
    first_print: bool = False
    credit_cdrs: bool = True
    pull_only: frozenset[str] = frozenset()
    page_size: int | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    notice_days: int = 0
    notice_blocks: bool = False

    @property
    def traits(self) -> Traits:
        return Traits(
            time_zone=self.time_zone,
            vat=self.vat,
            postal_code=self.postal_code,
            counterpart=self.counterpart,
            ascii_only=self.ascii_only,
            lenient=self.lenient,
        )

    def sends_raw(self, edition: Edition) -> bool:
        """Whether its tokens go to it as they are, not in Base64 (TR-03, TR-04)."""
        return edition.raw_tokens if self.auth_encoding == "auto" else self.auth_encoding == "raw"


@dataclass(frozen=True, slots=True)
class Partner:
    """A platform that is connected, or invited, or was.

    version        of the connection; before it, the one the operator asked for, if any
    registered_at  since when it is connected; None when it is only invited, or has unregistered
    prices_vary    what it sees of prices may differ from what others see: `hub.prices.shown.showing` knows
    """

    id: int
    name: str
    status: Status
    version: str | None
    versions_url: str | None
    roles: tuple[PartnerRole, ...]
    settings: PartnerSettings = PartnerSettings()
    registered_at: int | None = None
    prices_vary: bool = False

    def parties(self, *roles: Role) -> tuple[Party, ...]:
        """Its parties in any of these roles; all of them when none is named."""
        return tuple(dict.fromkeys(held.party for held in self.roles if not roles or held.role in roles))

    def has(self, *roles: Role) -> bool:
        return any(held.role in roles for held in self.roles)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: the partner, and the token it presents; kind A before registration, C after."""

    partner: Partner
    token: str
    kind: str
