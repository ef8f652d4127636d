"""Invoice reconciliation records over OCPI 2.3.0: sent, changed, withdrawn, pulled, by CPOs and by eMSPs."""

import pytest
from factories import example
from platforms import code, data
from sqlalchemy import select

from hub.ocpi import instants
from hub.ocpi.document import Party
from hub.ocpi.errors import InvalidParameter
from hub.ocpi.module import Role
from hub.ocpi.wire import WIRES
from hub.parties import access, registry
from hub.store import documents
from hub.store.deliveries import deliveries
from hub.store.invoices import invoice_cdrs, invoice_records
from hub.sync import completeness, counterparts, intake, sender
from hub.sync.claiming import Mark
from hub.sync.intake import NotOwn, Sender
from hub.sync.run import Interrupted, Run

MODULE = "invoicereconciliation"
NO_SUCH = {"OCPI_to_country_code": "FR", "OCPI_to_party_id": "ABC"}
LATER = "2025-03-12T00:00:00Z"


@pytest.fixture
def cpo(connect):
    return connect("NL/CPO", Role.CPO, "2.3.0")


@pytest.fixture
def emsp(connect):
    return connect("DE/MSP", Role.EMSP, "2.3.0")


def record(owner="NL/CPO", *cdrs, **changes):
    country, party = owner.split("/")
    listed = {"cdrs": list(cdrs or ("C-1", "C-2"))}
    return example("2.3.0", MODULE, country_code=country, party_id=party, **listed | changes)


def with_cdrs(cpo, *ids, of="DE/MSP"):
    """CDRs of this CPO that this eMSP pays."""
    token = example("2.3.0", "cdrs")["cdr_token"]
    token |= dict(zip(("country_code", "party_id"), of.split("/"), strict=True))
    party = {"country_code": cpo.party.country_code, "party_id": cpo.party.party_id}
    for identity in ids:
        body = example("2.3.0", "cdrs", id=identity, session_id=f"S-{identity}", cdr_token=token, **party)
        assert code(cpo.receiver("POST", "cdrs", body)) == (201, 1000)


def kept(hub):
    """Record -> CPO, eMSP, the keys it lists."""
    with hub.store.reading() as unit:
        heads = unit.connection.execute(select(invoice_records)).all()
        return {
            head.record_key: (head.cpo, head.emsp, tuple(unit.connection.execute(of(head)).scalars()))
            for head in heads
            if head.withdrawn_at is None
        }


def refused(answer):
    """Which fields are refused, and why."""
    told = answer.json
    assert told["status_code"] == 2001, told
    return {each["field"]: each["error"] for each in told["data"]}


def of(head):
    mine = select(invoice_cdrs.c.cdr_key).where(invoice_cdrs.c.document == head.document)
    return mine.order_by(invoice_cdrs.c.place)


def owed(hub):
    """(partner, method, what is sent) of each mark that is due."""
    found = []
    with hub.store.reading() as unit:
        mine = select(deliveries).where(deliveries.c.module == MODULE, deliveries.c.state == "due")
        for row in unit.connection.execute(mine):
            mark = mark_of(row)
            parcel = sender.pack(hub, unit, mark)
            found.append((row.partner_id, parcel.request.method, parcel.request))
    return found


def mark_of(row):
    return Mark(
        row.id, row.partner_id, MODULE, row.document, row.wanted_rev, 1, False, None, "", 0, row.acked_rev
    )


def confirm(hub):
    """Every partner has taken what it is owed."""
    with hub.store.unit() as unit:
        done = deliveries.update().where(deliveries.c.module == MODULE)
        unit.connection.execute(done.values(state="done", acked_rev=deliveries.c.wanted_rev))


def test_a_record_is_posted_read_back_changed_and_withdrawn(cpo, emsp):
    """IRR-04, IRR-06"""
    with_cdrs(cpo, "C-1", "C-2")
    answer = cpo.receiver("POST", MODULE, record())
    assert code(answer) == (201, 1000)
    assert answer.headers["Location"].endswith(f"/ocpi/2.3.0/receiver/{MODULE}/NL/CPO/RECORD-1")
    assert code(cpo.receiver("POST", MODULE, record())) == (200, 1000)
    assert code(cpo.receiver("POST", MODULE, record(invoice_id="OTHER")))[1] == 2001
    path = f"{MODULE}/NL/CPO/RECORD-1"
    assert cpo.get(path) == record()
    assert kept(cpo.hub) == {"RECORD-1": ("NLCPO", "DEMSP", ("C-1", "C-2"))}
    changed = record("NL/CPO", "C-2", last_updated=LATER)
    assert code(cpo.put(path, changed)) == (200, 1000)
    assert cpo.get(path.lower().replace(MODULE.lower(), MODULE)) == changed
    assert kept(cpo.hub)["RECORD-1"][2] == ("C-2",)
    assert code(cpo.receiver("DELETE", path)) == (200, 1000)
    assert kept(cpo.hub) == {}
    assert [code(cpo.receiver(verb, path))[0] for verb in ("GET", "DELETE")] == [404, 404]
    assert code(cpo.put(f"{MODULE}/NL/CPO/RECORD-2", record(id="RECORD-2"))) == (201, 1000)
    assert code(cpo.receiver("PATCH", path, {"invoice_id": "X"}))[0] == 405


def test_what_cannot_be_is_refused(cpo, emsp, connect):
    """IRR-01, IRR-08: the owner is read from the record and checked against who sends it."""
    other = connect("BE/CPO", Role.CPO, "2.3.0")
    empty = record()
    empty["cdrs"] = []
    wrong = [empty, record(id="R" * 37), record(owner="BE/CPO"), record(owner="DE/MSP")]
    assert [code(cpo.receiver("POST", MODULE, body))[1] for body in wrong] == [2001] * 4
    with_cdrs(cpo, "C-1", "C-2")
    assert code(cpo.receiver("POST", MODULE, record())) == (201, 1000)
    path = f"{MODULE}/NL/CPO/RECORD-1"
    for stranger in (other, emsp):
        assert code(stranger.receiver("GET", path))[0] == 404
        assert code(stranger.put(path, record()))[0] == 404
        assert code(stranger.receiver("DELETE", path))[0] == 404
    assert code(cpo.put(f"{MODULE}/NL/CPO/OTHER", record()))[1] == 2001
    assert kept(cpo.hub).keys() == {"RECORD-1"}


def test_it_is_for_the_one_that_pays_or_in_reverse_for_the_cpo(cpo, emsp, connect):
    """IRR-02: pushed to it and in its list, and in nobody else's but the owner's."""
    third = connect("FR/EMS", Role.EMSP, "2.3.0")
    with_cdrs(cpo, "C-1", "C-2")
    cpo.receiver("POST", MODULE, record())
    ((partner, method, request),) = owed(cpo.hub)
    assert (partner, method, str(request.sender), str(request.to)) == (emsp.id, "POST", "NL/CPO", "DE/MSP")
    emsp.receiver("POST", MODULE, record("DE/MSP", id="BACK", invoice_id="REV-1"))
    assert kept(cpo.hub)["BACK"] == ("NLCPO", "DEMSP", ("C-1", "C-2"))
    assert {(partner, str(one.sender)) for partner, _, one in owed(cpo.hub)} == {
        (emsp.id, "NL/CPO"),
        (cpo.id, "DE/MSP"),
    }
    ids = [[each["id"] for each in one.pulled(MODULE)] for one in (cpo, emsp, third)]
    assert ids == [["RECORD-1", "BACK"], ["RECORD-1", "BACK"], []]
    since = emsp.sender("GET", f"{MODULE}?date_from={LATER}")
    assert data(since) == []
    page = emsp.sender("GET", f"{MODULE}?limit=1")
    assert page.headers["X-Total-Count"] == "2"
    assert 'rel="next"' in page.headers["Link"]


def test_it_is_new_by_post_changes_by_put_and_goes_by_delete(cpo, emsp):
    """IRR-05"""
    with_cdrs(cpo, "C-1", "C-2")
    cpo.receiver("POST", MODULE, record())
    path = f"{MODULE}/NL/CPO/RECORD-1"
    cpo.put(path, record("NL/CPO", "C-1", last_updated=LATER))
    ((_, method, request),) = owed(cpo.hub)  # it has not had the first yet
    assert (method, request.url) == ("POST", f"https://partner.example.com/DE/MSP/receiver/{MODULE}")
    confirm(cpo.hub)
    cpo.put(path, record("NL/CPO", "C-2", last_updated=LATER))
    ((_, method, request),) = owed(cpo.hub)
    assert (method, request.url.split("/receiver/")[1]) == ("PUT", path)
    confirm(cpo.hub)
    cpo.receiver("DELETE", path)
    ((_, method, request),) = owed(cpo.hub)
    assert (method, request.body) == ("DELETE", None)


def test_cdrs_of_two_payers_are_on_no_invoice_and_no_other_emsp_learns_of_them(cpo, emsp, connect):
    other = connect("FR/EMS", Role.EMSP, "2.3.0")
    with_cdrs(cpo, "C-1")
    with_cdrs(cpo, "F-1", of="FR/EMS")
    assert code(cpo.receiver("POST", MODULE, record("NL/CPO", "C-1", "F-1")))[1] == 2001
    to = {"OCPI_to_country_code": "FR", "OCPI_to_party_id": "EMS"}
    assert code(cpo.receiver("POST", MODULE, record("NL/CPO", "C-1"), **to))[1] == 2001
    assert code(cpo.receiver("POST", MODULE, record("NL/CPO", "F-1"), **to)) == (201, 1000)
    assert (other.pulled(MODULE), emsp.pulled(MODULE)) == ([record("NL/CPO", "F-1")], [])


def test_routing_headers_say_for_whom_it_is_where_nothing_else_does(cpo, emsp):
    """IRR-11; who it is for does not change."""
    to = {"OCPI_to_country_code": "DE", "OCPI_to_party_id": "MSP"}
    assert code(cpo.receiver("POST", MODULE, record("NL/CPO", "NEW"), **to)) == (201, 1000)
    assert kept(cpo.hub)["RECORD-1"] == ("NLCPO", "DEMSP", ("NEW",))
    assert len(emsp.pulled(MODULE)) == 1
    assert code(cpo.receiver("POST", MODULE, record(id="R-2"), **NO_SUCH))[1] == 4001
    itself = {"OCPI_to_country_code": "NL", "OCPI_to_party_id": "CPO"}
    assert code(cpo.receiver("POST", MODULE, record(id="R-2"), **itself)) == (201, 1000)  # so: for nobody
    assert kept(cpo.hub)["R-2"] == ("NLCPO", None, ("C-1", "C-2"))


def test_one_for_somebody_else_is_another_record(cpo, emsp, connect):
    connect("FR/EMS", Role.EMSP, "2.3.0")
    to = {"OCPI_to_country_code": "DE", "OCPI_to_party_id": "MSP"}
    cpo.receiver("POST", MODULE, record("NL/CPO", "NEW"), **to)
    path, body = f"{MODULE}/NL/CPO/RECORD-1", record("NL/CPO", "NEWER", last_updated=LATER)
    french = {"OCPI_to_country_code": "FR", "OCPI_to_party_id": "EMS"}
    assert code(cpo.receiver("PUT", path, body, **french))[1] == 2001
    assert code(cpo.receiver("PUT", path, body)) == (200, 1000)
    assert kept(cpo.hub)["RECORD-1"] == ("NLCPO", "DEMSP", ("NEWER",))


def test_one_that_came_before_its_cdrs_is_told_when_they_are_there(cpo, emsp):
    cpo.receiver("POST", MODULE, record())
    assert kept(cpo.hub) == {"RECORD-1": ("NLCPO", None, ("C-1", "C-2"))}
    assert (owed(cpo.hub), emsp.pulled(MODULE)) == ([], [])
    with_cdrs(cpo, "C-1")
    counterparts.find_again(cpo.hub.store)
    assert kept(cpo.hub)["RECORD-1"][:2] == ("NLCPO", "DEMSP")
    ((partner, method, _),) = owed(cpo.hub)
    assert (partner, method) == (emsp.id, "POST")


def test_each_that_came_before_its_cdrs_is_looked_at_in_a_transaction_of_its_own(cpo, emsp):
    for identity in ("ONE", "TWO", "THREE"):
        cpo.receiver("POST", MODULE, record(id=identity))
    with_cdrs(cpo, "C-1")
    kept_back = iter([False, False, True])  # as the process ends, what was found stays
    counterparts.find_again(cpo.hub.store, lambda: next(kept_back))
    assert sorted(names[1] or "" for names in kept(cpo.hub).values()) == ["", "DEMSP", "DEMSP"]
    counterparts.find_again(cpo.hub.store)
    assert {names[1] for names in kept(cpo.hub).values()} == {"DEMSP"}


def test_the_night_looks_for_them_and_leaves_off_when_the_process_ends(cpo, emsp):
    cpo.receiver("POST", MODULE, record())
    with_cdrs(cpo, "C-1")
    night = Run(cpo.hub)
    night.stopping.set()
    with pytest.raises(Interrupted):
        completeness.nightly(night)
    assert kept(cpo.hub)["RECORD-1"][1] is None
    completeness.nightly(Run(cpo.hub))
    assert kept(cpo.hub)["RECORD-1"][1] == "DEMSP"


def test_a_record_lists_as_many_cdrs_as_the_hub_looks_up_and_the_last_counts_too(cpo, emsp, connect):
    """Hostile: one request is not to keep the database from everybody, nor to hide a stranger's CDR."""
    connect("FR/EMS", Role.EMSP, "2.3.0")
    many = [f"X{number}" for number in range(counterparts.MOST - 2)]
    with_cdrs(cpo, "C-1")
    with_cdrs(cpo, "C-3", of="FR/EMS")
    foreign = cpo.receiver("POST", MODULE, record("NL/CPO", "C-1", *many, "C-3"))
    assert refused(foreign) == {"cdrs": "of DE/MSP, FR/EMS"}
    assert code(cpo.receiver("POST", MODULE, record("NL/CPO", "C-1", "C-2", *many))) == (201, 1000)
    assert kept(cpo.hub)["RECORD-1"][:2] == ("NLCPO", "DEMSP")
    longer = record("NL/CPO", "C-1", "C-2", "C-4", *many, last_updated=LATER)
    for answer in (
        cpo.receiver("POST", MODULE, longer | {"id": "LONGER"}),
        cpo.put(f"{MODULE}/NL/CPO/RECORD-1", longer),
    ):
        assert refused(answer) == {"cdrs": "50001 are more than 50000"}
        assert "several records of the same invoice_id" in answer.json["status_message"]
    assert len(kept(cpo.hub)["RECORD-1"][2]) == counterparts.MOST
    with pytest.raises(InvalidParameter):
        listed(cpo, longer | {"id": "LONGER"})


def test_one_that_was_deleted_comes_back_by_a_later_word_alone(cpo, emsp):
    """As in what a list shows: nobody brings it back who has not heard of its end."""
    with_cdrs(cpo, "C-1", "C-2")
    path = f"{MODULE}/NL/CPO/RECORD-1"
    cpo.receiver("POST", MODULE, record())
    cpo.receiver("DELETE", path)
    earlier = record(last_updated="2015-01-01T00:00:00Z")
    for answer in (
        cpo.receiver("POST", MODULE, record()),
        cpo.put(path, record()),
        cpo.receiver("POST", MODULE, earlier),
        cpo.put(path, earlier),
    ):
        assert refused(answer) == {"last_updated": "not later than what was deleted"}
        assert "was deleted" in answer.json["status_message"]
    assert listed(cpo, record()) == ["stale"]
    assert kept(cpo.hub) == {}
    assert code(cpo.put(path, record(last_updated=LATER))) == (201, 1000)
    assert kept(cpo.hub).keys() == {"RECORD-1"}


def test_two_cpos_with_cdrs_of_one_id_do_not_hear_of_each_others_invoices(cpo, emsp, connect):
    """Reverse billing: the CPO that has the most of them; nobody where that is not one."""
    other = connect("BE/CPO", Role.CPO, "2.3.0")
    with_cdrs(cpo, "C-1", "C-2")
    with_cdrs(other, "C-1")
    emsp.receiver("POST", MODULE, record("DE/MSP", id="BOTH"))
    emsp.receiver("POST", MODULE, record("DE/MSP", "C-1", id="ONE"))
    assert kept(cpo.hub) == {
        "BOTH": ("NLCPO", "DEMSP", ("C-1", "C-2")),
        "ONE": (None, "DEMSP", ("C-1",)),
    }
    assert other.pulled(MODULE) == []


def test_a_platform_of_both_roles_bills_in_both_directions(cpo, emsp, connect):
    both = connect("AT/ABC", Role.CPO, "2.3.0", ("AT/ABC", Role.EMSP))
    with_cdrs(both, "A-1")
    with_cdrs(cpo, "C-1", of="AT/ABC")
    both.receiver("POST", MODULE, record("AT/ABC", "A-1", id="DIRECT"))
    both.receiver("POST", MODULE, record("AT/ABC", "C-1", id="REVERSE"))
    assert kept(cpo.hub) == {
        "DIRECT": ("ATABC", "DEMSP", ("A-1",)),
        "REVERSE": ("NLCPO", "ATABC", ("C-1",)),
    }


def test_one_code_of_two_platforms_is_two_parties(connect, cpo, emsp):
    """Hostile: the eMSP AT/TWO is another company than the CPO of that code (CRED-24 is of roles)."""
    runs, drives = connect("AT/TWO", Role.CPO, "2.3.0"), connect("AT/TWO", Role.EMSP, "2.3.0")
    with_cdrs(runs, "A-1")
    with_cdrs(cpo, "C-1", of="AT/TWO")
    assert code(runs.receiver("POST", MODULE, record("AT/TWO", "A-1"))) == (201, 1000)
    path = f"{MODULE}/AT/TWO/RECORD-1"
    assert [code(drives.receiver(verb, path))[0] for verb in ("GET", "DELETE")] == [404, 404]
    assert code(drives.put(path, record("AT/TWO", "C-1", last_updated=LATER)))[1] == 2001
    drives.receiver("POST", MODULE, record("AT/TWO", "A-1", id="FALSE"))
    drives.receiver("POST", MODULE, record("AT/TWO", "C-1", id="BACK"))
    cpo.receiver("POST", MODULE, record("NL/CPO", "C-1", id="FOR-TWO"))
    counterparts.find_again(cpo.hub.store)
    assert kept(cpo.hub) == {
        "RECORD-1": ("ATTWO", "DEMSP", ("A-1",)),
        "FALSE": (None, "ATTWO", ("A-1",)),
        "BACK": ("NLCPO", "ATTWO", ("C-1",)),
        "FOR-TWO": ("NLCPO", "ATTWO", ("C-1",)),
    }
    seen = [[each["id"] for each in one.pulled(MODULE)] for one in (runs, drives, emsp)]
    assert seen == [["RECORD-1"], ["FALSE", "BACK", "FOR-TWO"], ["RECORD-1"]]
    assert {partner for partner, _, _ in owed(cpo.hub)} == {emsp.id, cpo.id, drives.id}


def listed(cpo, *bodies):
    """What becomes of records that stand in the list of this CPO."""
    found = []
    with cpo.hub.store.unit() as unit:
        source = Sender(registry.by_id(unit, cpo.id), WIRES[MODULE, "2.3.0"])
        for body in bodies:
            owner, checked = source.check(body, unit.now)
            found.append(intake.keep(unit, source, checked, owner).value)
    return found


def test_records_are_pulled_by_the_same_rules(cpo, emsp):
    """IRR-03: what a list shows is passed on; an older word changes nothing."""
    with_cdrs(cpo, "C-1", "C-2")
    assert listed(cpo, record(), record()) == ["new", "same"]
    newer = record("NL/CPO", "C-2", last_updated=LATER)
    assert listed(cpo, newer, record()) == ["changed", "stale"]
    assert kept(cpo.hub) == {"RECORD-1": ("NLCPO", "DEMSP", ("C-2",))}
    assert {partner for partner, _, _ in owed(cpo.hub)} == {emsp.id}
    with pytest.raises(NotOwn):
        listed(cpo, record("BE/CPO"))


def test_older_versions_have_no_such_module(connect):
    old = connect("NL/OLD", Role.CPO, "2.2.1")
    assert old.sender("GET", MODULE).status_code == 404
    for version, has in (("2.1.1", False), ("2.2.1", False), ("2.3.0", True)):
        told = data(old.call("GET", f"/ocpi/{version}"))
        assert (MODULE in {each["identifier"] for each in told["endpoints"]}) == has


def test_who_connects_later_is_owed_what_was_kept_for_it(app, cpo, emsp):
    with_cdrs(cpo, "C-1", "C-2")
    with cpo.hub.store.unit() as unit:
        access.revoke(unit, emsp.id)
        unit.connection.execute(deliveries.delete())
    cpo.receiver("POST", MODULE, record())
    with cpo.hub.store.unit() as unit:
        unit.connection.execute(deliveries.delete())
        unit.joined.append(emsp.id)
    ((partner, method, _),) = owed(cpo.hub)
    assert (partner, method) == (emsp.id, "POST")
    with cpo.hub.store.reading() as unit:
        stored = documents.find(unit, MODULE, Party("NL", "CPO"), "RECORD-1")
        assert stored.last_updated == instants.micros(record()["last_updated"])
