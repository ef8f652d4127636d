"""Which tokens open the hub, and until when.

kind A  an invitation: opens versions and credentials until it is used to register
kind B  given in a handshake that the hub itself has begun and not yet ended
kind C  of a registered partner
"""

from sqlalchemy import delete, insert, or_, select, update

from hub.parties import tokens
from hub.store.parties import tokens_in
from hub.store.unit import Unit

INVITATION, INTENDED, REGISTERED = "A", "B", "C"
MINUTE = 60_000_000
OVERLAP = 15 * MINUTE  # CRED-13
LONGEST_HANDSHAKE = 15 * MINUTE  # what is left of a handshake that died with its process is void by then


def issue(unit: Unit, partner_id: int, kind: str, expires_at: int | None = None) -> str:
    """A new token for the partner."""
    token = tokens.new()
    row = {"hash": tokens.hashed(token.encode("ascii")), "kind": kind, "created_at": unit.now}
    unit.connection.execute(insert(tokens_in).values(partner_id=partner_id, expires_at=expires_at, **row))
    return token


def invite(unit: Unit, partner_id: int) -> str:
    """A new token A; an earlier one is void."""
    revoke(unit, partner_id)
    return issue(unit, partner_id, INVITATION)


def intend(unit: Unit, partner_id: int) -> str:
    """A token to be sent to the partner, which calls back with it before it answers."""
    return issue(unit, partner_id, INTENDED, unit.now + LONGEST_HANDSHAKE)


def give_up(unit: Unit, token: str) -> None:
    """The partner did not take the token."""
    unit.connection.execute(delete(tokens_in).where(tokens_in.c.hash == hash_of(token)))


def confirm(unit: Unit, partner_id: int, token: str) -> None:
    """The partner took the token: older ones die with its first use, at the latest after the overlap."""
    fade(unit, partner_id)
    taken = update(tokens_in).where(tokens_in.c.hash == hash_of(token))
    unit.connection.execute(taken.values(kind=REGISTERED, expires_at=None, used_at=None))


def doubt(unit: Unit, token: str) -> None:
    """Nobody knows whether the partner took the token: if it did, its first use ends the older ones."""
    taken = update(tokens_in).where(tokens_in.c.hash == hash_of(token))
    unit.connection.execute(taken.values(kind=REGISTERED, expires_at=None))


def spend(unit: Unit, partner_id: int, token: str) -> bool:
    """End an invitation (CRED-05); False when it was ended already."""
    mine = [tokens_in.c.partner_id == partner_id, tokens_in.c.kind == INVITATION]
    spent = unit.connection.execute(delete(tokens_in).where(*mine, tokens_in.c.hash == hash_of(token)))
    if spent.rowcount == 0:
        return False
    revoke(unit, partner_id)
    return True


def renew(unit: Unit, partner_id: int) -> str:
    """A new token C; older ones die with its first use, at the latest after the overlap (CRED-12)."""
    fade(unit, partner_id)
    return issue(unit, partner_id, REGISTERED)


def fade(unit: Unit, partner_id: int) -> None:
    """The partner's present tokens end with the overlap; an invitation ends now."""
    until = unit.now + OVERLAP
    mine = tokens_in.c.partner_id == partner_id
    unit.connection.execute(delete(tokens_in).where(mine, tokens_in.c.kind == INVITATION))
    lasting = or_(tokens_in.c.expires_at.is_(None), tokens_in.c.expires_at > until)
    held = [mine, tokens_in.c.kind == REGISTERED, lasting]
    unit.connection.execute(update(tokens_in).where(*held).values(expires_at=until))


def take_over(unit: Unit, partner_id: int, token_id: int) -> None:
    """The first use of a token proves that the partner has it: the older ones die."""
    mine = [tokens_in.c.partner_id == partner_id, tokens_in.c.kind == REGISTERED]
    unit.connection.execute(delete(tokens_in).where(*mine, tokens_in.c.id < token_id))
    used = update(tokens_in).where(tokens_in.c.id == token_id, tokens_in.c.used_at.is_(None))
    unit.connection.execute(used.values(used_at=unit.now, expires_at=None))


def revoke(unit: Unit, partner_id: int) -> None:
    """Every token of the partner is dead (CRED-14)."""
    unit.connection.execute(delete(tokens_in).where(tokens_in.c.partner_id == partner_id))


def is_invited(unit: Unit, partner_id: int) -> bool:
    mine = [tokens_in.c.partner_id == partner_id, tokens_in.c.kind == INVITATION]
    return unit.connection.execute(select(tokens_in.c.id).where(*mine)).first() is not None


def hash_of(token: str) -> bytes:
    return tokens.hashed(token.encode("ascii"))
