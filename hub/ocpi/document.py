"""What the hub keeps of an object: the words of its owner, and the same in the newest edition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]
"""A JSON object as the strict reader gives it: str, bool, None, int, Decimal, list, dict."""


class Party(NamedTuple):
    """A CPO, eMSP, hub ... by its two ids, always in upper case (TR-60: they are case-insensitive)."""

    country_code: str
    party_id: str

    @classmethod
    def of(cls, country_code: str, party_id: str) -> "Party":
        return cls(country_code.upper(), party_id.upper())

    @property
    def code(self) -> str:
        """The five characters that name the party in one word, as `hub_party_id` does in 2.3.0."""
        return self.country_code + self.party_id

    @classmethod
    def of_code(cls, code: str) -> "Party":
        return cls.of(code[:2], code[2:])

    def __str__(self) -> str:
        return f"{self.country_code}/{self.party_id}"


@dataclass(frozen=True, slots=True)
class Document:
    """An object of a module.

    owner   the party whose object it is
    key     its id, folded to compare without case; of a token also its type
    edition the edition that `sent` is written in
    sent    the object as its owner wrote it, unknown fields included
    newest  the same lifted to the newest edition (the same dict when nothing changes by that)
    mended  what leniency mended before the object passed: field path -> what was done
    written `sent` as JSON, where somebody has written it already
    """

    module: str
    owner: Party
    key: str
    edition: str
    sent: Json
    newest: Json
    mended: Mapping[str, str] = field(default_factory=dict)
    written: bytes | None = field(default=None, compare=False, repr=False)
