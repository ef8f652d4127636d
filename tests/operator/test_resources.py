"""What is seen and changed over the operators' API."""

from operators import Caller

from hub.parties import registry
from hub.store import deliveries


def test_an_explanation_tells_exact_amounts_as_strings(populated, admin):
    told = admin.get("/sessions/NL/CPO/S-CPO").json
    assert (told["billing"], told["before_taxes"], told["currency"], told["kwh"]) == (
        "RATED",
        "5",
        "EUR",
        "20",
    )
    assert told["explanation"]["before_taxes"] == "5"
    assert told["explanation"]["after_taxes"] == "5.5"
    cdr = admin.get(f"/cdrs/NL/CPO/{told['cdr_id']}").json
    assert cdr["explanation"] == told["explanation"]
    assert (cdr["before_taxes"], cdr["taxes"]) == ("5", "0.5")


def test_a_held_session_tells_why_and_what_to_do(populated, admin):
    (held, _) = admin.get("/sessions?billing=HELD").json["items"]
    assert (held["code"], held["cdr_id"]) == ("LOCATION_UNKNOWN", None)
    assert held["remedy"]
    assert admin.post("/sessions/NL/CPO/H-CPO/rate").json["billing"] == "HELD"
    assert admin.post("/sessions/NL/CPO/S-CPO/rate").status_code == 409


def test_objects_are_filtered(populated, admin):
    def ids(path: str) -> list[str]:
        return sorted(each["id"] for each in admin.get(path).json["items"])

    assert ids("/locations?party=be/xyz") == ["L-XYZ"]
    assert ids("/sessions?billing=RATED&party=NL/CPO") == ["S-CPO"]
    assert ids("/sessions?location_id=nowhere") == ["H-CPO", "H-XYZ"]
    assert ids("/locations?updated_since=2025-03-10T09:00:00%2B01:00") == []
    assert ids("/locations?updated_before=2025-03-10T09:00:00%2B01:00") == ["L-CPO", "L-XYZ"]
    assert len(ids("/cdrs?session_id=s-cpo")) == 1


def test_ids_are_found_without_case_and_with_a_slash(populated, admin):
    assert admin.get("/locations/nl/cpo/l-cpo").json["id"] == "L-CPO"
    assert admin.get("/locations/NL/CPO/L%2FCPO").status_code == 404


def test_a_partner_is_invited_and_suspended_and_comes_back(populated, admin):
    roles = [{"role": "CPO", "party": "FR/ABC"}]
    invited = admin.post("/partners", {"name": "A", "roles": roles, "version": "2.2.1"})
    assert invited.status_code == 201
    assert invited.json["versions_url"].endswith("/ocpi/versions")
    assert admin.get(invited.headers["Location"]).json["status"] == "PLANNED"
    assert admin.post("/partners/2/suspend", {"reason": "unpaid"}).json["status"] == "SUSPENDED"
    assert admin.post("/partners/2/resume").json["status"] == "CONNECTED"
    assert admin.post("/partners/2/resume").status_code == 409
    actions = [each["action"] for each in admin.get("/audit?what=partner/").json["items"]]
    assert actions == ["resume", "suspend", "invite"]


def test_a_party_that_is_taken_or_our_own_is_no_invitation(populated, admin):
    for party, status in (("NL/CPO", 409), ("NL/HUB", 422)):
        body = {"name": "A", "roles": [{"role": "CPO", "party": party}]}
        assert admin.post("/partners", body).status_code == status


def put_quirks(caller: Caller, *quirks: str):
    return caller.change("PUT", "/partners/2/quirks", {"quirks": list(quirks)})


def test_quirks_are_what_was_put_and_nothing_else(populated, admin):
    said = ["pull-only=tariffs", "pull-only=tokens", "page-size=50", "ascii-only"]
    assert sorted(put_quirks(admin, *said).json["quirks"]) == sorted(said)
    assert put_quirks(admin, "cdrs=cpo").json == {"quirks": ["cdrs=cpo"]}
    with populated.extensions["hub"].store.reading() as unit:
        partner = registry.by_id(unit, 2)
    assert partner is not None
    assert (partner.settings.hub_issues_cdrs, partner.settings.page_size) == (False, None)


def test_every_quirk_that_makes_no_sense_is_named(populated, admin):
    answer = put_quirks(admin, "page-size=50", "nonsense", "page-size=x", "vat", "ascii-only=1")
    assert answer.status_code == 422
    assert set(answer.json["fields"]) == {"quirks.1", "quirks.2", "quirks.3", "quirks.4"}
    assert admin.get("/partners/2/quirks").json == {"quirks": []}


def test_only_an_administrator_names_files_of_the_machine(populated, api):
    assert put_quirks(api("support"), "ca-file=/etc/hostname").status_code == 403
    assert put_quirks(api("support"), "ascii-only").status_code == 200


def test_deliveries_are_listed_and_replayed(populated, admin):
    (delivery, *_) = admin.get("/deliveries?module=tariffs&state=due").json["items"]
    assert delivery["object_id"] == "T-XYZ"
    assert admin.post(f"/deliveries/{delivery['id']}/replay").json["tries"] == []
    assert admin.post("/deliveries/replay", {"module": "tariffs", "partner": 1}).json == {"count": 2}
    for unclear in ({}, {"everything": True, "module": "tariffs"}):
        assert admin.post("/deliveries/replay", unclear).status_code == 422


def test_deliveries_are_found_by_how_their_last_try_ended(populated, admin):
    table = deliveries.deliveries
    with populated.extensions["hub"].store.unit() as unit:
        unit.connection.execute(table.update().where(table.c.id == 1).values(reason="refused", state="dead"))
    assert [each["id"] for each in admin.get("/deliveries?reason=refused").json["items"]] == [1]
    assert admin.get("/deliveries?reason=lost").json["total"] == 0
    again = admin.post("/deliveries/replay", {"outcome": "refused", "reason": "they have mended it"})
    assert again.json == {"count": 1}
    assert admin.get("/audit?limit=1").json["items"][0]["reason"] == "they have mended it"


def test_a_schedule_is_set_paused_and_run(populated, admin):
    (schedule, *_) = admin.get("/schedules?job=pull").json["items"]
    place = f"/schedules/{schedule['id']}"
    changed = admin.change("PATCH", place, {"every": "0 3 * * *", "splay": 0, "paused": True}).json
    assert (changed["every"], changed["paused"]) == ("0 3 * * *", True)
    assert changed["next_at"].endswith("T03:00:00Z")
    assert admin.change("PATCH", place, {"every": "now and then"}).status_code == 422
    assert admin.change("PATCH", place, {"paused": False}).json["paused"] is False
    assert admin.post(f"{place}/run").json["next_at"] < changed["next_at"]
    assert admin.get(f"{place}/runs").json == {"items": []}


def test_what_is_still_bad_stays_in_quarantine_and_says_why(populated, admin):
    answer = admin.post("/quarantine/1/retry")
    assert answer.status_code == 422
    assert answer.json["fields"]
    assert admin.get("/quarantine/1").json["raw"] == '{"name":"x"}'


def test_how_the_hub_stands_with_a_partner(populated, admin):
    told = admin.get("/partners/1/health").json
    assert (told["gate"], told["backlog"], told["given_up"]) == ("closed", 10, 0)
