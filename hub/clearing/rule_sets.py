"""How each CPO's CDRs are checked: the usual way, changed by what an operator has set for all or for one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, delete, or_, select

from hub.clearing.checks import BY_CODE, Setting, Settings
from hub.clearing.rule import Severity
from hub.ocpi.document import Party
from hub.store import audit
from hub.store.audit import Actor
from hub.store.base import INSERTS
from hub.store.clearings import check_settings
from hub.store.prepared import Prepared
from hub.store.unit import Unit

EVERYBODY = ""


class NoSuchCheck(ValueError):
    """There is no such check; `hub check list` shows them all."""


class NoSuchLimit(ValueError):
    """The check has no such limit, or not that value."""


@dataclass(frozen=True, slots=True)
class Set:
    """What an operator has set of one check, for one CPO or, with party None, for all."""

    party: Party | None
    code: str
    setting: Setting
    author: str
    changed_at: int


SET = Prepared(
    every=select(check_settings).where(
        or_(check_settings.c.party == bindparam("everybody"), check_settings.c.party == bindparam("owner"))
    )
)


def settings_for(unit: Unit, owner: str) -> Settings:
    """What holds for the CDRs of a CPO (a Party.code): its own settings before those for all."""
    rows = SET.all(unit, everybody=EVERYBODY, owner=owner)
    merged: dict[str, Setting] = {}
    for row in sorted(rows, key=lambda row: row.party != EVERYBODY):
        usual = merged.get(row.code, Setting())
        own = setting_of(row)
        merged[row.code] = Setting(own.severity or usual.severity, {**usual.limits, **own.limits})
    return merged


def listed(unit: Unit) -> list[Set]:
    """All that was set."""
    query = select(check_settings).order_by(check_settings.c.party, check_settings.c.code)
    return [
        Set(
            Party.of_code(row.party) if row.party else None,
            row.code,
            setting_of(row),
            row.author,
            row.changed_at,
        )
        for row in unit.connection.execute(query)
    ]


def put(  # noqa: PLR0913, PLR0917 (what the trail tells)
    unit: Unit,
    party: Party | None,
    code: str,
    setting: Setting,
    actor: Actor,
    reason: str | None = None,
) -> Setting:
    """Set a check; what is left out of `setting` stays as it was set. NoSuchCheck, NoSuchLimit."""
    refuse_unknown(code, setting)
    scope = EVERYBODY if party is None else party.code
    present = own(unit, scope, code)
    merged = Setting(setting.severity or present.severity, {**present.limits, **setting.limits})
    key = {"party": scope, "code": code}
    values: dict[str, Any] = {
        "severity": merged.severity,
        "limits": json.dumps({name: str(value) for name, value in merged.limits.items()}),
        "author": actor.name,
        "changed_at": unit.now,
    }
    row = INSERTS[unit.dialect.name](check_settings).values(**key, **values)
    unit.connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=values))
    audit.record(unit, actor, "set", what(party, code), plain(present), plain(merged), reason)
    return merged


def reset(unit: Unit, party: Party | None, code: str, actor: Actor, reason: str | None = None) -> bool:
    """As usual again; False when nothing was set."""
    scope = EVERYBODY if party is None else party.code
    present = own(unit, scope, code)
    mine = (check_settings.c.party == scope) & (check_settings.c.code == code)
    if unit.connection.execute(delete(check_settings).where(mine)).rowcount == 0:
        return False
    audit.record(unit, actor, "reset", what(party, code), plain(present), None, reason)
    return True


def refuse_unknown(code: str, setting: Setting) -> None:
    if code not in BY_CODE:
        raise NoSuchCheck(f"{code}: {NoSuchCheck.__doc__}")
    known = BY_CODE[code].limits
    for name, value in setting.limits.items():
        if name not in known:
            raise NoSuchLimit(f"{code} has no limit {name!r}; it has {', '.join(known) or 'none'}")
        if not value.is_finite() or value < 0:
            raise NoSuchLimit(f"{name} of {code} must be a number that is not negative, not {value}")


def own(unit: Unit, scope: str, code: str) -> Setting:
    mine = (check_settings.c.party == scope) & (check_settings.c.code == code)
    row = unit.connection.execute(select(check_settings).where(mine)).first()
    return Setting() if row is None else setting_of(row)


def setting_of(row: Any) -> Setting:
    severity = None if row.severity is None else Severity(row.severity)
    return Setting(severity, {name: Decimal(text) for name, text in json.loads(row.limits).items()})


def what(party: Party | None, code: str) -> str:
    return f"check/{code}" if party is None else f"check/{code}/{party}"


def plain(setting: Setting) -> dict[str, Any]:
    limits: Mapping[str, str] = {name: str(value) for name, value in setting.limits.items()}
    return {"severity": setting.severity, "limits": limits}
