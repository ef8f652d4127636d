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
    Role.FINANCE: "what was billed, what is wrong with it and what was agreed, and the audit trail",
    Role.SUPPORT: "what flows between partners: deliveries, schedules, quarantine, quirks; disputes",
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
    "partners.list": EVERYBODY,
    "partners.show": EVERYBODY,
    "partners.invite": may(bound=False),
    "partners.suspend": may(bound=False),
    "partners.resume": may(bound=False),
    "partners.update": may(SUPPORT, bound=False),
    "partners.unregister": may(bound=False),
    "partners.quirk-table": EVERYBODY,
    "partners.quirks": EVERYBODY,
    "partners.set-quirks": may(SUPPORT, bound=False),
    "partners.health": EVERYBODY,
    "locations.list": EVERYBODY,
    "locations.show": EVERYBODY,
    "sessions.list": EVERYBODY,
    "sessions.show": EVERYBODY,
    "sessions.rate": may(FINANCE, PRICING),
    "cdrs.list": EVERYBODY,
    "cdrs.show": EVERYBODY,
    "deliveries.list": EVERYBODY,
    "deliveries.show": EVERYBODY,
    "deliveries.replay": may(SUPPORT),
    "deliveries.replay-many": may(SUPPORT),
    "schedules.list": EVERYBODY,
    "schedules.show": EVERYBODY,
    "schedules.runs": EVERYBODY,
    "schedules.change": may(SUPPORT, bound=False),
    "schedules.run": may(SUPPORT),
    "quarantine.list": EVERYBODY,
    "quarantine.show": EVERYBODY,
    "quarantine.retry": may(SUPPORT),
    "quarantine.retry-many": may(SUPPORT),
    "missing.list": EVERYBODY,
    "missing.look": may(FINANCE, SUPPORT, bound=False),
    "tariffs.list": EVERYBODY,
    "tariffs.show": EVERYBODY,
    "tariffs.versions": EVERYBODY,
    "tariffs.version": EVERYBODY,
    "tariffs.diff": EVERYBODY,
    "tariffs.changes": EVERYBODY,
    "tariffs.told": EVERYBODY,
    "tariffs.create": may(PRICING),
    "tariffs.publish": may(PRICING),
    "tariffs.end": may(PRICING),
    "tariffs.revert": may(PRICING),
    "tariffs.withdraw": may(PRICING),
    "tariffs.set-readers": may(PRICING),
    "rules.list": EVERYBODY,
    "rules.show": EVERYBODY,
    "rules.balances": EVERYBODY,
    "rules.create": may(PRICING),
    "rules.end": may(PRICING),
    "rules.replace": may(PRICING),
    "rules.resolve": EVERYBODY,
    "memberships.list": EVERYBODY,
    "memberships.add": may(PRICING),
    "memberships.remove": may(PRICING),
    "prices.examine": EVERYBODY,
    "prices.lint": EVERYBODY,
    "prices.explain": EVERYBODY,
    "prices.preview": EVERYBODY,
    "prices.what-if": may(PRICING, FINANCE),
    "curves.sources": EVERYBODY,
    "curves.files": EVERYBODY,
    "curves.import": may(PRICING),
    "clearing.list": EVERYBODY,
    "clearing.show": EVERYBODY,
    "clearing.explain": EVERYBODY,
    "clearing.states": EVERYBODY,
    "clearing.differences": EVERYBODY,
    "clearing.sum-differences": may(FINANCE),
    "clearing.rounding": EVERYBODY,
    "clearing.accept": may(FINANCE),
    "clearing.drop": may(FINANCE),
    "clearing.reject": may(FINANCE),
    "clearing.check": may(FINANCE),
    "clearing.decide-many": may(FINANCE),
    "credits.returns": EVERYBODY,
    "credits.returns-file": EVERYBODY,
    "credits.credit": may(FINANCE, bound=False),
    "credits.goodwill": may(FINANCE, bound=False),
    "disputes.list": EVERYBODY,
    "disputes.show": EVERYBODY,
    "disputes.open": may(FINANCE, SUPPORT),
    "disputes.answer": may(FINANCE, SUPPORT),
    "disputes.accept": may(FINANCE),
    "disputes.decline": may(FINANCE, bound=False),
    "periods.list": EVERYBODY,
    "periods.show": EVERYBODY,
    "periods.carried": EVERYBODY,
    "periods.close": may(FINANCE, bound=False),
    "periods.replay": may(FINANCE, bound=False),
    "statements.list": EVERYBODY,
    "statements.show": EVERYBODY,
    "statements.lines": EVERYBODY,
    "statements.approve": may(FINANCE, bound=False),
    "statements.send": may(FINANCE, bound=False),
    "statements.accept": may(FINANCE),
    "statements.contest": may(FINANCE),
    "statements.finalise": may(FINANCE, bound=False),
    "invoices.list": EVERYBODY,
    "invoices.match": EVERYBODY,
    "invoices.show": EVERYBODY,
    "invoices.cdrs": EVERYBODY,
    "invoices.issue": may(FINANCE),
    "invoices.withdraw": may(FINANCE),
    "ledger.balances": may(*Role, bound=False),
    "ledger.postings": may(*Role, bound=False),
    "exports.kinds": EVERYBODY,
    "exports.create": may(FINANCE, bound=False),
    "exports.file": may(FINANCE, bound=False),
    "exports.sidecar": may(FINANCE, bound=False),
    "exports.schedules": may(FINANCE, bound=False),
    "exports.schedule": may(FINANCE, bound=False),
    "exports.add-schedule": may(FINANCE, bound=False),
    "exports.remove-schedule": may(FINANCE, bound=False),
    "checks.list": EVERYBODY,
    "checks.show": EVERYBODY,
    "checks.set": may(FINANCE, bound=False),
    "checks.reset": may(FINANCE, bound=False),
    "agreements.list": EVERYBODY,
    "agreements.show": EVERYBODY,
    "agreements.terms": EVERYBODY,
    "agreements.add": may(FINANCE, bound=False),
    "agreements.end": may(FINANCE, bound=False),
    "agreements.import": may(FINANCE, bound=False),
    "jobs.list": EVERYBODY,
    "jobs.show": EVERYBODY,
    "jobs.cancel": may(PRICING, FINANCE, SUPPORT),
    "users.list": may(bound=False),
    "users.show": may(bound=False),
    "users.create": may(bound=False),
    "users.change": may(bound=False),
    "users.tokens": may(bound=False),
    "users.token": may(bound=False),
    "users.create-token": may(bound=False),
    "users.revoke-token": may(bound=False),
    "audit.list": may(FINANCE, bound=False),
    "audit.show": may(FINANCE, bound=False),
    "audit.verify": may(FINANCE, bound=False),
}
"""By section and operation. What is not here cannot be served: `Section` looks it up as it is made."""
