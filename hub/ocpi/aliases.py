"""Stand-ins for ids that an edition has no room for (C1)."""

from hashlib import sha256

HASH = 16
"""Hexadecimal digits of a stand-in: 64 bits, so that no two ids of a partner meet."""


def fits(identity: str, limit: int) -> bool:
    """Whether the id is a CiString(limit): printable ASCII and not too long (TR-72, TR-73)."""
    return len(identity) <= limit and identity.isascii() and identity.isprintable()


def alias(identity: str, limit: int) -> str:
    """The id itself where it fits, else always the same stand-in: its beginning, `~` and a hash of it.

    The hash is of the exact id: ids that differ only in case are two ids where they come from (TR-60).
    """
    if fits(identity, limit):
        return identity
    digest = sha256(identity.encode()).hexdigest()[:HASH]
    plain = "".join(sign for sign in identity if sign.isascii() and sign.isprintable())
    return f"{plain[: limit - HASH - 1]}~{digest}"
