"""Who may deliver what: claims lapse, are fenced and fair, and leave alone whom there is no use in trying."""

import threading

import pytest
from delivering import Post
from platforms import Platform

from hub.ocpi.module import Role
from hub.parties import connections, registry
from hub.sync import away, claiming, settling, watching
from hub.sync.breaker import WIDTH
from hub.sync.outcomes import DEAD, DONE, DUE, LEASED, Outcome
from hub.sync.settling import Ended
from hub.sync.waits import SECOND
from hub.sync.watching import Filter


@pytest.fixture
def post(emsp: Platform) -> Post:
    return Post(emsp.hub)


def opened(post: Post) -> None:
    """Five tries in a row that found nobody."""
    for number in range(5):
        post.publish(f"L{number}")
    for _ in range(5):
        post.end(Outcome.UNREACHED, *post.claim(1), message="refused")
    assert post.claim() == []


def test_what_is_claimed_is_claimed_by_nobody_else(post):
    post.publish("A")
    (mark,) = post.claim()
    assert (mark.wanted_rev, mark.attempts, mark.ambiguous, mark.reason) == (1, 1, False, None)
    assert post.claim() == []


def test_claims_at_the_same_moment_share_what_there_is(post, connect):
    for number in range(4):
        connect(f"DE/M{number:02}", Role.EMSP, "2.2.1")
    for number in range(8):
        post.publish(f"L{number}")
    barrier, taken = threading.Barrier(4), []

    def claim(number: int) -> None:
        barrier.wait()
        for turn in range(10):
            with post.hub.store.unit() as unit:
                lease = f"{number}-{turn}"
                taken.extend(claiming.claim(unit, claiming.Turn(lease, unit.now + SECOND, 3)))

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [mark.id for mark in taken]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 5 * WIDTH - 3


def test_what_a_process_held_that_died_is_claimable_when_its_lease_lapses(post):
    post.publish("A")
    (held,) = post.claim()
    post.pass_by(44)
    assert post.claim() == []
    post.pass_by(1)
    (again,) = post.claim()
    assert (again.id, again.attempts) == (held.id, 2)


def test_a_process_that_was_stopped_too_long_writes_nothing(post):
    post.publish("A")
    (slow,) = post.claim()
    post.pass_by(46)
    (fast,) = post.claim()
    post.end(Outcome.REFUSED, slow, message="too late")
    assert post.row(fast).state == LEASED
    post.end(Outcome.ACCEPTED, fast)
    post.end(Outcome.UNREACHED, slow)
    assert (post.row(fast).state, post.row(fast).acked_rev) == (DONE, 1)


def test_many_changes_are_one_delivery_of_the_latest(post):
    for _ in range(5):
        rev = post.publish("A")
    (mark,) = post.claim()
    assert (mark.wanted_rev, rev) == (5, 5)
    post.end(Outcome.ACCEPTED, mark)
    assert post.claim() == []


def test_an_object_is_never_under_way_twice_and_is_due_again_when_it_changed_meanwhile(post):
    post.publish("A")
    (first,) = post.claim()
    post.publish("A")
    assert post.claim() == []
    post.end(Outcome.ACCEPTED, first, rev=1)
    row = post.row(first)
    assert (row.state, row.acked_rev, row.wanted_rev, row.attempts) == (DUE, 1, 2, 0)
    (second,) = post.claim()
    post.end(Outcome.ACCEPTED, second, rev=2)
    assert post.row(first).state == DONE


def test_a_change_does_not_shorten_the_wait_of_what_failed(post):
    post.publish("A")
    (mark,) = post.claim()
    post.end(Outcome.FAILED, mark, http=500)
    post.publish("A")
    assert post.claim() == []
    post.pass_by(1)
    assert [each.attempts for each in post.claim()] == [2]


def test_what_was_given_up_is_due_when_it_changes(post):
    post.publish("A")
    (mark,) = post.claim()
    post.end(Outcome.REFUSED, mark, http=200, ocpi=2001, message="name: is too long")
    row = post.row(mark)
    assert (row.state, row.reason, row.error) == (DEAD, "refused", "refused 200/2001: name: is too long")
    post.publish("A")
    (again,) = post.claim()
    assert (again.id, again.attempts) == (mark.id, 1)


def test_what_may_have_arrived_is_remembered_until_it_is_confirmed(post):
    post.publish("A")
    (mark,) = post.claim()
    post.end(Outcome.UNSURE, mark, message="timeout")
    post.pass_by(60)
    (mark,) = post.claim()
    assert mark.ambiguous
    post.end(Outcome.FAILED, mark)
    assert post.row(mark).ambiguous
    post.pass_by(60)
    post.end(Outcome.ACCEPTED, *post.claim())
    assert not post.row(mark).ambiguous


def test_patience_that_is_asked_for_is_kept(post):
    post.publish("A")
    post.end(Outcome.FAILED, *post.claim(), http=503, asked=90.0)
    post.pass_by(89)
    assert post.claim() == []
    post.pass_by(1)
    assert len(post.claim()) == 1


# Fair over partners ----------------------------------------------------------------------------------------


def test_a_partner_with_a_long_backlog_has_its_share_and_no_more(post, connect):
    for number in range(20):
        post.publish(f"L{number}")
    other = connect("DE/LAT", Role.EMSP, "2.2.1")
    post.publish("new")
    marks = post.claim(16)
    assert [mark.partner_id for mark in marks].count(other.id) == 1
    assert len(marks) == WIDTH + 1
    assert post.claim(16) == []


def test_partners_take_turns(post, connect):
    ids = sorted(connect(f"DE/M{number:02}", Role.EMSP, "2.2.1").id for number in range(5))
    post.publish("A")
    served: list[int] = []
    after = 0
    for _ in range(6):
        (mark,) = post.claim(1, after)
        after = mark.partner_id
        served.append(after)
    assert len(set(served)) == 6
    assert set(ids) < set(served)


# Partners that fail ----------------------------------------------------------------------------------------


def test_after_five_failures_in_a_row_a_partner_is_left_alone_then_tried_once(post, emsp):
    opened(post)
    post.pass_by(29)
    assert post.claim() == []
    post.pass_by(2)
    (probe,) = post.claim()
    assert post.claim() == []
    post.end(Outcome.UNREACHED, probe)
    post.pass_by(59)
    assert post.claim() == []
    post.pass_by(2)
    post.end(Outcome.ACCEPTED, *post.claim())
    widths = []
    while marks := post.claim():
        widths.append(len(marks))
        post.end(Outcome.ACCEPTED, *marks)
    assert widths == [1, 2, 1]
    assert post.breaker(emsp.id).gate == "closed"


def test_a_probe_whose_process_died_is_followed_by_another(post):
    opened(post)
    post.pass_by(31)
    assert len(post.claim()) == 1
    post.pass_by(44)
    assert post.claim() == []
    post.pass_by(1)
    assert len(post.claim()) == 1


def test_a_partner_that_is_left_alone_takes_nothing_from_the_others(post, connect):
    opened(post)
    other = connect("DE/LAT", Role.EMSP, "2.2.1")
    post.publish("new")
    assert [mark.partner_id for mark in post.claim()] == [other.id]


def test_who_refuses_the_token_is_asked_every_quarter_of_an_hour(post, emsp):
    post.publish("A")
    post.publish("B")
    (first, _) = post.claim()
    post.end(Outcome.UNAUTHORISED, first, http=401, message="unknown token")
    breaker = post.breaker(emsp.id)
    assert (breaker.gate, breaker.error) == ("parked", "unauthorised 401/-: unknown token")
    post.pass_by(899)
    assert post.claim() == []
    post.pass_by(1)
    assert len(post.claim()) == 1


def test_new_credentials_end_every_pause(post, emsp):
    opened(post)
    with post.hub.store.unit() as unit:
        unit.joined.append(emsp.id)
    post.pass_by(1)
    assert post.breaker(emsp.id) is None
    assert len(post.claim()) == WIDTH


def test_a_partner_that_stays_away_is_offline_and_connected_when_it_is_back(post, emsp):
    def status() -> str:
        with post.hub.store.unit() as unit:
            away.follow(unit)
        with post.hub.store.reading() as unit:
            found = registry.by_id(unit, emsp.id)
            assert found is not None
            return found.status

    opened(post)
    post.pass_by(59)
    assert status() == "CONNECTED"
    post.pass_by(1)
    assert status() == "OFFLINE"
    post.end(Outcome.ACCEPTED, *post.claim())
    post.pass_by(59)
    assert status() == "OFFLINE"
    post.pass_by(1)
    assert status() == "CONNECTED"


# Partners that come and go ---------------------------------------------------------------------------------


def test_what_a_suspended_partner_is_owed_waits_until_it_is_resumed(post, emsp):
    post.publish("A")
    with post.hub.store.unit() as unit:
        found = registry.by_id(unit, emsp.id)
        assert found is not None
        registry.suspend(unit, found)
    assert post.claim() == []
    with post.hub.store.unit() as unit:
        registry.resume(unit, found)
    assert len(post.claim()) == 1


def test_what_changes_while_a_partner_is_suspended_is_owed_to_it(post, emsp):
    with post.hub.store.unit() as unit:
        found = registry.by_id(unit, emsp.id)
        assert found is not None
        registry.suspend(unit, found)
    post.publish("A")
    assert post.claim() == []
    with post.hub.store.unit() as unit:
        registry.resume(unit, found)
    assert len(post.claim()) == 1


def test_an_end_whose_mark_is_gone_is_not_kept_for_later(post, emsp):
    post.publish("A")
    (mark,) = post.claim()
    with post.hub.store.unit() as unit:
        found = registry.by_id(unit, emsp.id)
        assert found is not None
        connections.end(unit, found)
    with post.hub.store.unit() as unit:
        assert settling.settle(unit, [Ended(mark, Outcome.ACCEPTED, 1)], lambda low, high: high) == []


def test_what_an_unregistered_partner_was_owed_is_forgotten(post, emsp):
    post.publish("A")
    post.end(Outcome.ACCEPTED, *post.claim())
    post.publish("B")
    with post.hub.store.unit() as unit:
        found = registry.by_id(unit, emsp.id)
        assert found is not None
        connections.end(unit, found)
    with post.hub.store.reading() as unit:
        assert [owed.object_id for owed in watching.latest(unit, Filter(), 9)] == ["A"]


# Replay ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 2),
        (Filter(reason="refused"), 1),
        (Filter(reason="lost"), 1),
        (Filter(module="tariffs"), 0),
        (Filter(partner=4711), 0),
        (Filter(state=DONE), 1),
        (Filter(since=1_000_040 * SECOND), 1),
    ],
)
def test_what_was_given_up_is_replayed_by_what_it_has_in_common(post, wanted, count):
    for name in "ABC":
        post.publish(name)
    first, second, third = post.claim()
    post.end(Outcome.ACCEPTED, first)
    post.end(Outcome.REFUSED, second)
    post.pass_by(40)
    post.end(Outcome.LOST, third)
    with post.hub.store.unit() as unit:
        assert watching.replay(unit, wanted) == count
    assert len(post.claim()) == count
