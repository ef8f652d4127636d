"""Many rows are written as they are, whatever their texts hold, and many numbers are one parameter."""

import pytest
from sqlalchemy import select

from hub.store import bulk
from hub.store.clearings import clearing_events
from hub.store.errands import Errands

NAMES = ("clearing_id", "at", "by", "after", "why", "codes")
TEXTS = [None, "", "plain", "a\tb", "a\nb\r", "\\", r"\N", "\\\\t", 'quoted "é" 漢', "\x07"]


def written(store, texts):
    with store.unit() as unit:
        rows = [(number, 2**62, "ann", "RATED", text, "[]") for number, text in enumerate(texts)]
        bulk.write(unit, clearing_events, NAMES, rows)
    with store.reading() as unit:
        columns = (clearing_events.c.clearing_id, clearing_events.c.at, clearing_events.c.why)
        return [tuple(row) for row in unit.connection.execute(select(*columns).order_by(columns[0]))]


@pytest.mark.parametrize("texts", [TEXTS, ["plain", None], [], ["one\ttab", None, "\\"]])
def test_rows_are_read_as_they_were_written(store, texts):
    assert written(store, texts) == [(number, 2**62, text) for number, text in enumerate(texts)]


def test_many_numbers_are_one_parameter_and_many_rows_some_pages(store):
    many = list(range(3 * bulk.TOGETHER + 1))
    written(store, ["x"] * len(many))
    with store.reading() as unit:
        same = bulk.among(clearing_events.c.clearing_id, unit.dialect.name)
        query = select(clearing_events.c.clearing_id).where(same)
        asked = {"ids": bulk.listed(unit, many[::2])}
        assert sorted(unit.connection.execute(query, asked).scalars()) == many[::2]
        every = bulk.ids_of(
            unit, select(clearing_events.c.clearing_id).order_by(clearing_events.c.clearing_id)
        )
        assert every.tolist() == many
        assert [len(page) for page in bulk.pages(every)] == [bulk.TOGETHER] * 3 + [1]
        assert len(list(bulk.streamed(unit, select(clearing_events.c.id)))) == len(many)


class Stop(Exception):
    """What the tests raise."""


def test_errands_are_run_in_turn_and_what_goes_wrong_in_one_is_raised(store):
    done = []
    with store.reading() as unit, Errands(unit) as errands:
        for each in errands.ahead(iter(range(3))):
            errands.do(lambda each=each: done.append(each))
    assert done == [0, 1, 2]
    with store.reading() as unit:
        with pytest.raises(Stop), Errands(unit) as errands:
            errands.do(stop)
        with pytest.raises(Stop), Errands(unit) as errands:
            list(errands.ahead(stop() for _ in range(3)))


def stop():
    raise Stop
