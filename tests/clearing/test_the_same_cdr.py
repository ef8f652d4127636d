"""The same CDR at once or again is one CDR; another one under its id is refused and kept as evidence."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from threading import Barrier

import pytest
from platforms import code, envelope
from roaming import CPO, own, prepare
from sqlalchemy import func, select

from hub.clearing import clerk, explaining, rows
from hub.store import conflicts, documents
from hub.store.clearings import clearings
from hub.store.conflicts import MOST
from hub.store.documents import TABLES


@pytest.fixture
def roaming(cpo, emsp):
    prepare(cpo, emsp)
    return cpo


def kept(cpo):
    with cpo.hub.store.reading() as unit:
        return conflicts.of_cdr(unit, CPO.code, "OWN-1")


def counted(cpo, table):
    with cpo.hub.store.reading() as unit:
        return unit.connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_thirty_two_posts_of_a_cdr_at_once_are_one_cdr(app, roaming):  # O1
    all_there = Barrier(32)

    def post(_):
        all_there.wait()
        alone = replace(roaming, client=app.test_client())
        answer = alone.receiver("POST", "cdrs", own())
        return code(answer), answer.headers["Location"]

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(post, range(32)))
    assert sorted(each for each, _ in answers) == [(200, 1000)] * 31 + [(201, 1000)]
    assert len({where for _, where in answers}) == 1
    assert counted(roaming, TABLES["cdrs"]) == 1
    clerk.everything(roaming.hub.store)
    assert counted(roaming, clearings) == 1


def test_another_content_under_the_same_id_is_refused_and_kept(roaming):
    roaming.receiver("POST", "cdrs", own())
    other = own(total_energy=Decimal("20.46"))
    for _ in range(2):
        refused = roaming.receiver("POST", "cdrs", other)
        assert code(refused) == (200, 2001)
        assert "never change" in envelope(refused)["status_message"]
    (conflict,) = kept(roaming)
    assert (conflict.times, json.loads(conflict.body)["total_energy"]) == (2, 20.46)
    with roaming.hub.store.reading() as unit:
        stored = documents.find(unit, "cdrs", CPO, "OWN-1")
    assert stored.document.newest["total_energy"] == Decimal("20.45")
    clerk.everything(roaming.hub.store)
    with roaming.hub.store.reading() as unit:
        told = explaining.explained(unit, rows.one(unit, CPO.code, "OWN-1"))
    assert [(each["times"], each["body"]["id"]) for each in told["conflicts"]] == [(2, "OWN-1")]


def test_no_sender_fills_the_evidence_without_end(roaming):
    roaming.receiver("POST", "cdrs", own())
    for number in range(MOST + 2):
        roaming.receiver("POST", "cdrs", own(total_energy=Decimal(number + 30)))
    assert len(kept(roaming)) == MOST
