"""Who may do what: one row for every operation of the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user is there for."""

    ADMIN = "admin"
    PRICING = "pricing"
    FINANCE = "finance"
    SUPPORT = "support"
    READ_ONLY = "read-only"


PURPOSES: Mapping[Role, str] = {
    Role.ADMIN: "everything, users and tokens included",
    Role.PRICING: "tariffs, rules and what else makes a price",
    Role.FINANCE: "what was billed, and the audit trail",
    Role.SUPPORT: "what flows between partners: deliveries, schedules, quarantine, quirks",
    Role.READ_ONLY: "looks, and changes nothing",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """Of one operation: the roles that have it, and whether users who are bound to one party have it too."""

    roles: frozenset[Role]
    bound: bool = True


def may(*roles: Role, bound: bool = True) -> Permission:
    """These, and admin."""
    return Permission(frozenset({Role.ADMIN, *roles}), bound)


EVERYBODY = may(*Role)
PRICING, FINANCE, SUPPORT = Role.PRICING, Role.FINANCE, Role.SUPPORT

PERMISSIONS: Mapping[str, Permission] = {
    "me.show": EVERYBODY,
}
"""By section and operation. What is not here cannot be served: `Section` looks it up as it is made."""
