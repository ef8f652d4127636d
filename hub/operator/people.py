"""The users of the API and their tokens: made, found by token, disabled, revoked."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from hub.ocpi import instants
from hub.ocpi.document import Json, Party
from hub.operator.problems import Conflict, NotFound, Unfit
from hub.operator.roles import Role
from hub.store import audit
from hub.store.audit import Actor
from hub.store.engine import Store
from hub.store.operators import api_tokens, users
from hub.store.prepared import Prepared
from hub.store.pressure import is_passing
from hub.store.unit import Unit

PREFIX = "hubapi_"
"""So that people, and scanners of source code, recognise a token that lies about."""
HEADER = re.compile(r"Bearer +([\x21-\x7e]{1,256})", re.ASCII | re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}\Z")
NO_NAME = "not 1 to 100 letters, digits, spaces and . _ @ + -, a letter or digit first"
MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
USUAL_DAYS, MOST_DAYS = 90, 730


@dataclass(frozen=True, slots=True)
class User:
    """Who uses the API; party: the only operator whose objects this user sees, None for all of them."""

    id: int
    name: str
    role: Role
    party: Party | None
    created_at: int
    changed_at: int
    disabled_at: int | None = None

    def told(self) -> Json:
        return {
            "name": self.name,
            "role": str(self.role),
            "party": self.party and str(self.party),
            "disabled": self.disabled_at is not None,
        }


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a user, without what opens anything; instants in microseconds."""

    id: int
    user: str
    name: str
    created_at: int
    expires_at: int
    revoked_at: int | None
    last_used_at: int | None

    def told(self) -> Json:
        """For the audit trail."""
        return {
            "user": self.user,
            "name": self.name,
            "expires_at": instants.text(self.expires_at),
            "revoked": self.revoked_at is not None,
        }


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token a request carries, and which."""

    user: User
    token: Token


# By token --------------------------------------------------------------------------------------------------

HELD = (
    select(api_tokens, users.c.name.label("user"), *(users.c[name].label(f"user_{name}") for name in (
        "role", "party", "created_at", "changed_at", "disabled_at"
    )))
    .select_from(api_tokens.join(users))
)  # fmt: skip
BY_HASH = Prepared(every=HELD.where(api_tokens.c.hash == bindparam("hash")))
USED = Prepared(
    every=update(api_tokens)
    .where(api_tokens.c.id == bindparam("token"))
    .values(last_used_at=bindparam("now", type_=api_tokens.c.last_used_at.type))
)


def hashed(token: str) -> bytes:
    """What the database keeps; looked up as a whole, so the time that takes tells nothing of a near miss."""
    return hashlib.sha256(token.encode("ascii")).digest()


def bearer(store: Store, header: str | None) -> Bearer | None:
    """Who sends this Authorization header; None when its token opens nothing, or opens nothing any more."""
    found = HEADER.fullmatch(header or "")
    if found is None:
        return None
    with store.glance() as glance:
        row = BY_HASH.first(glance, hash=hashed(found[1]))
        now = glance.now
    if row is None or row.revoked_at is not None or row.expires_at <= now or row.user_disabled_at is not None:
        return None
    if row.last_used_at is None or abs(now - row.last_used_at) > MINUTE:
        note_use(store, row.id)
    return Bearer(user_of_token(row), token_of(row))


def note_use(store: Store, token_id: int) -> None:
    """At most once a minute; whoever only looks is answered also while nothing can be written."""
    try:
        with store.unit() as unit:
            USED.run(unit, token=token_id, now=unit.now)
    except Exception as fault:
        if not is_passing(fault):
            raise


def user_of_token(row: Any) -> User:
    party = None if row.user_party is None else Party.of_code(row.user_party)
    role = Role(row.user_role)
    return User(row.user_id, row.user, role, party, row.user_created_at, row.user_changed_at, None)


def token_of(row: Any) -> Token:
    return Token(**{name: getattr(row, name) for name in Token.__annotations__})


# Users -----------------------------------------------------------------------------------------------------


def user_of(row: Row[Any]) -> User:
    party = None if row.party is None else Party.of_code(row.party)
    return User(row.id, row.name, Role(row.role), party, row.created_at, row.changed_at, row.disabled_at)


def everyone(unit: Unit) -> list[User]:
    return [user_of(row) for row in unit.connection.execute(select(users).order_by(users.c.id))]


def by_id(unit: Unit, user_id: int) -> User:
    row = unit.connection.execute(select(users).where(users.c.id == user_id)).first()
    if row is None:
        raise NotFound(f"There is no user {user_id}.")
    return user_of(row)


def named(unit: Unit, name: str) -> User:
    row = unit.connection.execute(select(users).where(users.c.name == name)).first()
    if row is None:
        raise NotFound(f"There is no user {name!r}.", remedy="`hub user list` shows those there are.")
    return user_of(row)


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is to be."""

    name: str
    role: Role
    party: Party | None = None


def add(unit: Unit, actor: Actor, new: NewUser, reason: str | None) -> User:
    """A new user; Unfit when the name is none, Conflict when it is taken."""
    if not NAME.fullmatch(new.name):
        raise Unfit("This cannot be the name of a user.", fields={"name": NO_NAME})
    if unit.connection.execute(select(users.c.id).where(users.c.name == new.name)).first():
        raise Conflict(f"There is a user {new.name!r} already.", remedy="Take another name.")
    row = {"name": new.name, "role": new.role.value, "party": new.party and new.party.code}
    times = {"created_at": unit.now, "changed_at": unit.now}
    unit.connection.execute(insert(users).values(**row, **times))
    user = named(unit, new.name)
    audit.record(unit, actor, "create", f"user/{new.name}", None, user.told(), reason)
    return user


def change(unit: Unit, actor: Actor, user: User, reason: str | None, **values: Any) -> User:
    """Another role or party, disabled or not any more."""
    present = {"role": user.role, "party": user.party, "disabled_at": user.disabled_at} | values
    if present != {"role": Role.ADMIN, "party": None, "disabled_at": None}:
        keep_an_admin(unit, user)
    row = {name: plain(value) for name, value in values.items()}
    changed = update(users).where(users.c.id == user.id).values(**row, changed_at=unit.now)
    unit.connection.execute(changed)
    became = by_id(unit, user.id)
    action = "disable" if values.get("disabled_at") else "change"
    audit.record(unit, actor, action, f"user/{user.name}", user.told(), became.told(), reason)
    return became


def plain(value: Any) -> Any:
    return value.code if isinstance(value, Party) else value.value if isinstance(value, Role) else value


def keep_an_admin(unit: Unit, user: User) -> None:
    """Nobody can shut everybody out."""
    if user.role is not Role.ADMIN or user.disabled_at is not None or user.party is not None:
        return
    others = [
        users.c.role == Role.ADMIN.value,
        users.c.disabled_at.is_(None),
        users.c.id != user.id,
        users.c.party.is_(None),
    ]
    if unit.connection.execute(select(users.c.id).where(*others)).first() is None:
        raise Conflict(
            f"{user.name} is the last administrator.", remedy="Make another user with the role admin first."
        )


# Tokens ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is for, and for how many days it holds."""

    name: str
    days: int = USUAL_DAYS


def issue(unit: Unit, actor: Actor, user: User, new: NewToken, reason: str | None) -> tuple[Token, str]:
    """A new token, and what its holder must send: it is told once and kept nowhere."""
    if user.disabled_at is not None:
        raise Conflict(f"The user {user.name!r} is disabled.", remedy="Enable the user first.")
    secret = PREFIX + secrets.token_urlsafe(36)
    row = {"user_id": user.id, "name": new.name, "hash": hashed(secret), "created_at": unit.now}
    made = insert(api_tokens).values(**row, expires_at=unit.now + new.days * DAY).returning(api_tokens.c.id)
    token = token_by_id(unit, int(unit.connection.execute(made).scalar_one()))
    audit.record(unit, actor, "create", f"token/{token.id}", None, token.told(), reason)
    return token, secret


def revoke(unit: Unit, actor: Actor, token: Token, reason: str | None) -> Token:
    """It opens nothing from now on; Conflict when it was revoked already."""
    mine = [api_tokens.c.id == token.id, api_tokens.c.revoked_at.is_(None)]
    done = unit.connection.execute(update(api_tokens).where(*mine).values(revoked_at=unit.now))
    if done.rowcount == 0:
        raise Conflict(f"The token {token.id} was revoked already.", remedy="There is nothing to do.")
    present = token_by_id(unit, token.id)
    audit.record(unit, actor, "revoke", f"token/{token.id}", token.told(), present.told(), reason)
    return present


TOKENS = select(*api_tokens.c, users.c.name.label("user")).select_from(api_tokens.join(users))


def token_by_id(unit: Unit, token_id: int) -> Token:
    row = unit.connection.execute(TOKENS.where(api_tokens.c.id == token_id)).first()
    if row is None:
        raise NotFound(f"There is no token {token_id}.")
    return token_of(row)


def tokens_of(unit: Unit, user: User | None) -> list[Token]:
    query = TOKENS if user is None else TOKENS.where(api_tokens.c.user_id == user.id)
    return [token_of(row) for row in unit.connection.execute(query.order_by(api_tokens.c.id))]
