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
CREDITED, OF_IT = clearings.alias("credited"), clearing_events.alias("of_it")


def wake(unit: Unit) -> int:
    """Let be looked at again what was checked before a price, an agreement, a session, a token, a key of a
    meter or a setting came that concerns it, or before what it credits was decided upon; how many."""
    held = [ROW.state == State.HELD, ROW.next_check_at > unit.now]
    woken = update(clearings).where(*held, or_(*CONCERNS)).values(next_check_at=unit.now)
    return int(unit.connection.execute(woken).rowcount)


def later(column: ColumnElement[int]) -> ColumnElement[bool]:
    return column > ROW.checked_at


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
    exists()
    .where(OF_IT.c.clearing_id == CREDITED.c.id, later(OF_IT.c.at))
    .where(CREDITED.c.owner == ROW.owner, CREDITED.c.cdr_key == ROW.credits),
    exists().where(check_settings.c.party.in_(["", ROW.owner]), later(check_settings.c.changed_at)),
)
"""What a CDR may have waited for, each found by an index."""
