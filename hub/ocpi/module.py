"""What a module is: a description that routes, views, store and delivery follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub.ocpi.document import Json, Party
from hub.ocpi.errors import UnknownObject


class Role(StrEnum):
    """The roles of 2.3.0, and HUB of 2.2.1 (CRED-04); PTP comes with payments (PAY-13)."""

    CPO = "CPO"
    EMSP = "EMSP"
    HUB = "HUB"
    NAP = "NAP"
    NSP = "NSP"
    OTHER = "OTHER"
    PTP = "PTP"
    SCSP = "SCSP"


def always(newest: Json) -> bool:
    """For modules whose every object is pushed."""
    return True


@dataclass(frozen=True)
class Module:
    """One functional module. The schemas of its objects stand in the editions.

    owners        roles of the parties whose objects these are; nearly always one
    receiver      verbs of the Receiver interface on one object; "PATCH@2.1.1" where only one edition has it
    sender        verbs of the Sender interface
    heard_by      roles whose parties get every object; where each is for one party, the roles that has
    heard_by_one  the single party an object is meant for, read from its newest form
    addressed     it is meant for a single party too, which does not stand in it: only the store knows it
    posted_once   it is new by POST and changes by PUT; others with POST never change
    id_field      the field that carries the id
    typed         the field `type` is part of the identity (of tokens, TOK-01)
    dated         a list of them must say since when (TR-32)
    parts         the parts of an object that have URLs of their own: (name, field of the id), outermost first
    appended      the list to which a PATCH adds (SES-02)
    allow         (newest form before, after) -> raises InvalidParameter when an object may not change so;
                  None where it may change in any way
    pushed        whether an object is sent to those that hear of it
    promoted      columns kept beside the document: column name -> reading from the newest form
    unsaid        edition -> the promoted column that is filled where an object has no form in it: its readers
                  do not even count that object (TR-33)
    missing       the error that says there is no such object
    """

    name: str
    owners: tuple[Role, ...]
    receiver: tuple[str, ...]
    sender: tuple[str, ...] = ("GET",)
    heard_by: frozenset[Role] = frozenset()
    heard_by_one: Callable[[Json], Party] | None = None
    addressed: bool = False
    posted_once: bool = False
    id_field: str = "id"
    typed: bool = False
    dated: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    appended: str | None = None
    allow: Callable[[Json | None, Json], None] | None = None
    pushed: Callable[[Json], bool] = always
    promoted: Mapping[str, Callable[[Json], str | None]] = field(default_factory=dict)
    unsaid: Mapping[str, str] = field(default_factory=dict)
    missing: type[UnknownObject] = UnknownObject

    @property
    def for_one(self) -> bool:
        """Whether each of its objects is meant for a single party."""
        return self.addressed or self.heard_by_one is not None

    @property
    def owned_by(self) -> str:
        """The roles of the owners, for people."""
        return " or ".join(self.owners)
