"""When what a held CDR may have waited for has come, it is looked at again."""

from sqlalchemy import ColumnElement, exists, or_, update

from hub.clearing.states import State
from hub.store.agreements import agreements
from hub.store.clearings import check_settings, clearing_events, clearings, meter_keys
from hub.store.documents import TABLES
from hub.store.pricebook import tariff_versions
from hub.store.unit import Unit

SESSIONS, TOKENS = TABLES["sessions"], TABLES["tokens"]
ROW = clearings.c
OTHER, EVENT = clearings.alias("other"), clearing_events.alias("event")
DECIDED = (State.RATED, State.DISPUTED, State.CREDITED, State.REJECTED, State.DROPPED)


def wake(unit: Unit) -> int:
    """Let be looked at again what was checked before a price, an agreement, a session, a token, a key of a
    meter or a setting came that concerns it, or another CDR of its session was decided upon; how many."""
    held = [ROW.state == State.HELD, ROW.next_check_at > unit.now]
    woken = update(clearings).where(*held, or_(*CONCERNS)).values(next_check_at=unit.now)
    return int(unit.connection.execute(woken).rowcount)


def later(column: ColumnElement[int]) -> ColumnElement[bool]:
    return column > ROW.checked_at


def decided_upon(related: ColumnElement[bool]) -> ColumnElement[bool]:
    """Another CDR of the CPO: what it credits, or one of its session."""
    of_it = (EVENT.c.clearing_id == OTHER.c.id, EVENT.c.after.in_(DECIDED), later(EVENT.c.at))
    return exists().where(OTHER.c.owner == ROW.owner, related, *of_it)


CONCERNS: tuple[ColumnElement[bool], ...] = (
    exists().where(tariff_versions.c.owner == ROW.owner, later(tariff_versions.c.recorded_at)),
    exists().where(
        agreements.c.cpo == ROW.owner,
        agreements.c.emsp == ROW.emsp,
        agreements.c.currency == ROW.currency,
        later(agreements.c.recorded_at),
    ),
    exists().where(
        SESSIONS.c.owner == ROW.owner, SESSIONS.c.key == ROW.session_key, later(SESSIONS.c.received_at)
    ),
    exists().where(TOKENS.c.owner == ROW.emsp, TOKENS.c.uid == ROW.token_key, later(TOKENS.c.received_at)),
    exists().where(
        meter_keys.c.owner == ROW.owner,
        meter_keys.c.evse_key == ROW.evse_key,
        later(meter_keys.c.recorded_at),
    ),
    decided_upon(OTHER.c.cdr_key == ROW.credits),
    decided_upon((OTHER.c.session_key == ROW.session_key) & (OTHER.c.id != ROW.id)),
    exists().where(check_settings.c.party.in_(["", ROW.owner]), later(check_settings.c.changed_at)),
)
"""What a CDR may have waited for, each found by an index."""
