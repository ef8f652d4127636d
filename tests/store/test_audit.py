"""The audit trail: nobody can change it unseen, and no two writers tear it."""

import threading
from contextlib import suppress

import pytest
import sqlalchemy as sa

from hub.store import audit
from hub.store.audit import Actor, Break
from hub.store.engine import Store

ANN = Actor("ann", "API", "request-1")


def three(store: Store) -> None:
    for number in range(3):
        with store.unit() as unit:
            audit.record(
                unit, ANN, "change", f"thing/{number}", {"a": 1, "b": 2}, {"a": 1, "b": 3}, "why not"
            )


def test_an_event_holds_hashes_and_names_of_fields_and_no_values(store):
    with store.unit() as unit:
        audit.record(unit, ANN, "change", "thing/1", {"a": 1, "s": "secret"}, {"a": 1, "s": "other"}, "why")
    with store.reading() as unit:
        (event,) = audit.listed(unit, limit=10)
        row = str(unit.connection.execute(sa.select(audit.audit_events)).one())
    assert (event.actor, event.via, event.request_id, event.reason) == ("ann", "API", "request-1", "why")
    assert event.fields == ("s",)
    assert event.before == audit.digest({"s": "secret", "a": 1})
    assert "secret" not in row


def test_what_did_not_exist_has_no_hash(store):
    with store.unit() as unit:
        audit.record(unit, ANN, "create", "thing/1", after={"a": 1})
        audit.record(unit, ANN, "delete", "thing/1", before={"a": 1})
    with store.reading() as unit:
        gone, new = audit.listed(unit, limit=10)
    assert (new.before, gone.after) == (None, None)
    assert new.after == gone.before


def test_an_untouched_chain_holds(store):
    three(store)
    with store.reading() as unit:
        verdict = audit.verify(unit)
        (last,) = audit.listed(unit, limit=1)
    assert verdict == audit.Verdict(3, 3, last.hash, ())


def test_the_database_refuses_to_change_or_delete_an_event(store):
    three(store)
    for statement in ("UPDATE audit_events SET actor = 'eve'", "DELETE FROM audit_events"):
        with pytest.raises(sa.exc.DBAPIError, match="stay as they were written"), store.unit() as unit:
            unit.connection.execute(sa.text(statement))


def tampered(store: Store, statement: str) -> audit.Verdict:
    """As somebody who owns the database can do it."""
    three(store)
    with store.unit() as unit:
        if unit.dialect.name == "sqlite":
            unit.connection.execute(sa.text("DROP TRIGGER audit_events_no_update"))
            unit.connection.execute(sa.text("DROP TRIGGER audit_events_no_delete"))
        else:
            unit.connection.execute(sa.text("DROP TRIGGER audit_events_stay ON audit_events"))
        unit.connection.execute(sa.text(statement))
    with store.reading() as unit:
        return audit.verify(unit)


def test_a_changed_event_is_named(store):
    verdict = tampered(store, "UPDATE audit_events SET reason = 'because' WHERE id = 2")
    assert verdict.breaks == (Break(2, "it was changed after it was written"),)


def test_a_changed_event_with_a_new_hash_breaks_the_next_one(store):
    verdict = tampered(store, "UPDATE audit_events SET hash = previous WHERE id = 2")
    assert [each.id for each in verdict.breaks] == [2, 3]


def test_a_missing_event_is_named(store):
    verdict = tampered(store, "DELETE FROM audit_events WHERE id = 2")
    assert verdict.breaks == (Break(3, "1 events before it are missing"),)


def test_an_event_of_a_change_that_is_undone_never_was(store):
    with suppress(ZeroDivisionError), store.unit() as unit:
        audit.record(unit, ANN, "change", "thing/1")
        raise ZeroDivisionError
    with store.reading() as unit:
        assert audit.verify(unit).count == 0


def test_writers_at_once_make_one_chain_without_a_gap(store):
    start = threading.Barrier(4)

    def write() -> None:
        start.wait()
        for _ in range(10):
            with store.unit() as unit:
                audit.record(unit, ANN, "change", "thing/1")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as unit:
        verdict = audit.verify(unit)
    assert (verdict.count, verdict.breaks) == (40, ())
