"""A CDR with all that is known around it: what the checks are given, so that each is a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hub.clearing.facts import Cost, Facts
from hub.ocpi.document import Json, Party
from hub.parties.terms import Terms


@dataclass(frozen=True, slots=True)
class Other:
    """Another CDR, as far as it matters here: codes of parties, ids folded, instants in microseconds, energy
    in kWh."""

    owner: str
    emsp: str
    key: str
    session_id: str | None
    evse_uid: str
    connector_id: str
    token_uid: str
    start: int
    end: int
    energy: Decimal
    credited: bool = False
    replaced: bool = False
    reference: str | None = None
    coordinates: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What a tariff makes of the CDR; `cause` is the named reason for a difference, None when there is none.

    limited  a limit of the tariff set in, so that the parts do not make up the total
    """

    net: Decimal
    gross: Decimal | None
    cause: str | None = None
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """The tariff that the hub knew to hold when the session started, beside the one the CDR carries.

    same    whether both say the same
    since, until  when it held, half-open
    """

    tariff: Json
    same: bool
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """One CDR in the newest edition, and what the hub knew when it was checked. None is not known.

    received_at  when it came; by_hub: the hub issued it itself; replaces: in the place of another
    senders      the parties of the connection that sent it
    runs_sessions  its CPO sends sessions
    others       other CDRs: of the session, of the EVSE or of the token about that time
    original     the CDR that it credits; credits: other credits of that one; parts: what these and lines have
                 taken back of it
    expected     of a session that the hub rated: the price by rules, tariff and adjustments
    carried      what the tariffs in the CDR itself make of it
    usual        prices per kWh of the last CDRs of the EVSE
    registered_key  public key of the EVSE's meter; last_key: fingerprint of the one told by the CDR before
    """

    cdr: Json
    facts: Facts
    owner: Party
    received_at: int
    by_hub: bool = False
    replaces: bool = False
    senders: tuple[Party, ...] = ()
    receivers: tuple[Party, ...] = ()
    agreement: Terms | None = None
    agreed: bool = False
    session: Json | None = None
    runs_sessions: bool = False
    location: Json | None = None
    evse: Json | None = None
    connector: Json | None = None
    token: Json | None = None
    others: tuple[Other, ...] = ()
    original: Json | None = None
    original_facts: Facts | None = None
    credits: tuple[str, ...] = ()
    parts: tuple[Cost, ...] = ()
    known: Known | None = None
    expected: Recomputed | None = None
    carried: Recomputed | None = None
    usual: tuple[Decimal, ...] = ()
    registered_key: str | None = None
    last_key: str | None = None
    mended: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_credit(self) -> bool:
        return self.cdr.get("credit") is True

    @property
    def terms(self) -> Terms:
        """Those agreed, else the usual ones."""
        return self.agreement or USUAL

    @property
    def place(self) -> Json:
        """As the CDR tells it."""
        told: Json = self.cdr["cdr_location"]
        return told

    @property
    def is_dc(self) -> bool:
        return str(self.place["connector_power_type"]) == "DC"

    @property
    def at_home(self) -> bool:
        """At a charger of the driver's own, who is paid for it: nobody sells there, and no list shows it."""
        return self.cdr.get("home_charging_compensation") is True

    @property
    def only_reserved(self) -> bool:
        """Nothing but a reservation is billed (CDR-15)."""
        return all(set(span.volumes) <= {"RESERVATION_TIME"} for span in self.facts.spans)


USUAL = Terms()
