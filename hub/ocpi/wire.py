"""One module in one edition: the only door for objects, on the way in and on the way out."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.ocpi import strictjson
from hub.ocpi.aliases import alias
from hub.ocpi.checking import check
from hub.ocpi.document import Document, Json, Party
from hub.ocpi.edition import Edition
from hub.ocpi.editions import EDITIONS, NEWEST
from hub.ocpi.errors import InvalidObject, NotExpressible
from hub.ocpi.leniency import mend
from hub.ocpi.module import Module
from hub.ocpi.modules import MODULES
from hub.ocpi.surroundings import Surroundings
from hub.ocpi.translation import lift, lower

ID_LENGTH = 39
"""The longest id an object may have in the newest edition: that of a credit CDR (CDR-05)."""


@dataclass(frozen=True, slots=True)
class Leniency:
    """What an operator lets pass of a sender: names of mends, and what some of them must know.

    owner  whose object it is, None when that is not certain
    now    when it came
    """

    mends: frozenset[str] = frozenset()
    owner: Party | None = None
    now: int | None = None


STRICT = Leniency()


@dataclass(frozen=True, slots=True)
class Checked:
    """An object that passed in its sender's edition.

    mended   names what leniency changed to make it pass
    written  the object as JSON, where that is known
    """

    body: Json
    mended: Mapping[str, str]
    written: bytes | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """`check` needs only the object; `lift` and `dump` may look things up in the surroundings."""

    module: Module
    edition: Edition

    @property
    def is_newest(self) -> bool:
        return self.edition is NEWEST

    def check(
        self, body: Json, leniency: Leniency = STRICT, part: str | None = None, written: bytes | None = None
    ) -> Checked:
        """The object, or one of its parts, as this edition wants it; InvalidObject names every fault.

        written  the object as JSON, when the strict reader has read and written it
        """
        name = part or self.module.name
        try:
            check(self.edition, name, body, as_read=written is not None)
        except InvalidObject:
            body, notes = mend(leniency.mends, name, body, owner=leniency.owner, now=leniency.now)
            if not notes:
                raise
            check(self.edition, name, body)
            return Checked(body, notes)
        return Checked(body, {}, written)

    def lift(self, checked: Checked, owner: Party, around: Surroundings) -> Document:
        """The document that the store keeps of a checked object."""
        newest = lift(self.edition, self.module.name, checked.body, owner, around)
        key = key_of(self.module, str(newest[self.module.id_field]), newest.get("type"))
        written = checked.written or strictjson.write(checked.body)
        return Document(
            self.module.name, owner, key, self.edition.version, checked.body, newest, checked.mended, written
        )

    def keys(self, identity: str, kind: str | None) -> tuple[str, ...]:
        """Under which keys the store may have an object that a URL of this edition names.

        kind  the type given beside the id; RFID if none is (TOK-01); 2.1.1 names tokens by their uid alone
        """
        if self.module.typed and not self.edition.routing_headers:
            kinds = dict.fromkeys((kind or "RFID", "RFID", "OTHER"))
            return tuple(key_of(self.module, identity, each) for each in kinds)
        return (key_of(self.module, identity, kind or "RFID"),)

    def id_field(self, part: str | None) -> str:
        """The field that carries the id of the object, or of one of its parts."""
        return dict(self.module.parts)[part] if part else self.module.id_field

    def dump(self, document: Document, around: Surroundings) -> Json:
        """The object in this edition: its owner's own words where they are of it, else lowered to it.

        NotExpressible when this edition has no faithful form for it.
        """
        if document.edition == self.edition.version:
            return document.sent
        return self.lowered(document.newest, document.owner, around)

    def show(self, document: Document, around: Surroundings) -> Json:
        """The same for somebody else than its owner: what this edition has no form for stays unsaid, in
        whatever words of his own the owner wrote it."""
        column = self.module.unsaid.get(self.edition.version)
        if column and self.module.promoted[column](document.newest):
            raise NotExpressible(f"{document.key} is not for readers of {self.edition.version}")
        return self.dump(document, around)

    def lowered(self, newest: Json, owner: Party, around: Surroundings) -> Json:
        """The newest form of an object in this edition; NotExpressible when it has no faithful one."""
        return lower(self.edition, self.module.name, newest, owner, around)


def key_of(module: Module, identity: str, kind: str | None) -> str:
    """How the store names an object of one owner: its id without case, and of tokens the type."""
    key = fold(alias(identity, ID_LENGTH))
    return f"{key}|{kind}" if module.typed else key


def fold(identity: str) -> str:
    """Ids compare without case (TR-60)."""
    return identity.upper()


WIRES: Mapping[tuple[str, str], Wire] = {
    (name, edition.version): Wire(module, edition)
    for name, module in MODULES.items()
    for edition in EDITIONS
    if name in edition.schemas
}
"""Every module in every edition that has it: (module name, version) -> wire."""
