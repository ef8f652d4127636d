"""Exports over the operators' API: asked for, written by a worker, fetched whole, and taken away again."""

import hashlib
import json
from pathlib import Path

import pytest
from operators import Caller
from roaming import complete, prepare

from hub.clearing import clerk
from hub.closing.exports import scheduled
from hub.closing.exports.kinds import KINDS
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, write
from hub.operator.labour import Labour
from hub.store import job_files, tasks
from hub.store.audit import Actor
from hub.sync import retention

MARCH = "2025-03"
WANTED = {"kind": "cdr_reconciliation", "period": MARCH}


@pytest.fixture
def billed(cpo, emsp):
    """A hub that has issued a CDR in March 2025."""
    prepare(cpo, emsp)
    complete(cpo)
    clerk.everything(cpo.hub.store)
    return cpo.hub


@pytest.fixture
def finance(api) -> Caller:
    caller: Caller = api("finance")
    return caller


def asked(caller: Caller, **changes) -> int:
    answer = caller.post("/exports", WANTED | changes)
    assert answer.status_code == 202, answer.json
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['id']}"
    return answer.json["id"]


def test_an_export_is_asked_for_written_and_fetched(billed, finance, tmp_path):
    job = asked(finance)
    assert finance.get(f"/exports/{job}/file").status_code == 409  # nobody has written it yet
    assert Labour(billed).one()
    told = finance.get(f"/jobs/{job}").json
    assert (told["state"], told["error"], told["result"]["rows"]) == ("done", None, 1)
    file, beside = told["result"]["files"]
    assert (file["name"], beside["name"]) == (
        "cdr_reconciliation-2025-03.csv",
        "cdr_reconciliation-2025-03.csv.json",
    )
    fetched = finance.get(file["address"])
    assert fetched.status_code == 200
    assert fetched.mimetype == "text/csv"
    assert fetched.headers["Content-Disposition"] == f'attachment; filename="{file["name"]}"'
    assert fetched.headers["Content-Length"] == str(file["size"]) == str(len(fetched.data))
    assert hashlib.sha256(fetched.data).hexdigest() == file["sha256"]
    assert json.loads(finance.get(beside["address"]).data)["sha256"] == file["sha256"]
    unchanged = finance.get(file["address"], If_None_Match=fetched.headers["ETag"])
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    order = Order("cdr_reconciliation", "csv", Wanted(MARCH))
    here = write(billed.store, billed.settings.party, order, tmp_path).file
    assert here.read_bytes() == fetched.data  # the same books give the same bytes


def test_who_fetches_a_file_stands_in_the_audit_trail(billed, api, finance, admin):
    job = asked(finance)
    assert finance.get(f"/exports/{job}/file").status_code == 409
    Labour(billed).one()
    assert api("support").get(f"/exports/{job}/file").status_code == 403
    assert fetches(admin) == []
    for path in ("file", "sidecar", "file"):
        assert finance.get(f"/exports/{job}/{path}").status_code == 200
    file = f"export/{job}/cdr_reconciliation-2025-03.csv"
    assert [each["what"] for each in fetches(admin)] == [file, f"{file}.json", file]
    (who,) = {(each["actor"], each["via"]) for each in fetches(admin)}
    assert who == (finance.get("/me").json["user"], "API")


def fetches(caller: Caller) -> list[dict]:
    return caller.get("/audit?action=fetch").json["items"]


def test_what_cannot_be_written_is_refused_at_once(billed, finance):
    refused = [
        ({"format": "beancount"}, 422, "format"),
        ({"period": "2025-13"}, 422, "period"),
        ({"period": "9999-12"}, 422, "period"),
        ({"kind": "everything"}, 422, "kind"),
        ({"folder": "/tmp"}, 422, "folder"),
        ({"agreement": 77}, 404, None),
    ]
    for changes, status, field in refused:
        answer = finance.post("/exports", WANTED | changes)
        assert (answer.status_code, field in answer.json.get("fields", [None])) == (status, True), changes
    assert not Labour(billed).one()


def test_only_finance_of_the_whole_hub_exports(billed, finance, api):
    job = asked(finance)
    Labour(billed).one()
    for caller in (api("read-only"), api("support"), api("finance", "NL/CPO")):
        assert caller.post("/exports", WANTED).status_code == 403
        for path in (f"/exports/{job}/file", f"/exports/{job}/sidecar", "/exports/schedules"):
            assert caller.get(path).status_code == 403
    assert api("admin").get(f"/exports/{job}/file").status_code == 200
    assert api("read-only").get("/exports/kinds").status_code == 200


def test_only_the_files_of_an_export_are_fetched(billed, finance, admin):
    other = admin.post("/audit/verify").json["id"]
    Labour(billed).one()
    assert finance.get(f"/exports/{other}/file").status_code == 404
    assert finance.get("/exports/77/file").status_code == 404
    with billed.store.unit() as unit:
        stray = job_files.begin(unit, other, "x", "text/plain")
    job = asked(finance)
    Labour(billed).one()
    with billed.store.unit() as unit:  # even if a result were to name the file of another job
        named = {"files": [{"id": stray}, {"id": stray}]}
        changed = tasks.tasks.update().where(tasks.tasks.c.id == job)
        unit.connection.execute(changed.values(result=json.dumps(named).encode()))
    assert finance.get(f"/exports/{job}/file").status_code == 404


def test_what_a_try_that_died_has_left_goes_with_the_next(billed, finance):
    job = asked(finance)
    with billed.store.unit() as unit:
        left = job_files.begin(unit, job, "half", "text/csv")
        unit.connection.execute(job_files.job_file_parts.insert().values(file_id=left, number=0, content=b""))
    Labour(billed).one()
    with billed.store.reading() as unit:
        files = unit.connection.execute(job_files.job_files.select()).all()
        parts = unit.connection.execute(job_files.job_file_parts.select()).all()
    assert "half" not in {each.name for each in files}
    assert len(files) == len(parts) == 2


def test_a_job_that_is_left_off_leaves_no_file(billed, finance):
    job = asked(finance)

    class Cancelled:
        """Somebody cancels it when its rows are written."""

        job = 0

        def __call__(self, done, total=None):
            if done:
                raise tasks.Lost

    progress = Cancelled()
    progress.job = job
    with billed.store.reading() as unit:
        task = tasks.one(unit, job)
    with pytest.raises(tasks.Lost):
        Labour(billed).kinds["export"](billed, json.loads(task.input), progress)
    with billed.store.reading() as unit:
        assert unit.connection.execute(job_files.job_files.select()).all() == []


def test_files_are_kept_for_a_week(billed, finance):
    job = asked(finance)
    Labour(billed).one()
    (kept,) = [each for each in retention.KEPT if each.what == "files that tasks have made"]
    with billed.store.unit() as unit:
        week = kept.days(billed.settings) * retention.DAY
        assert kept.forget(unit, unit.now - week, 100) == 0
        assert kept.forget(unit, unit.now + 1, 100) == 2
        assert unit.connection.execute(job_files.job_file_parts.select()).all() == []
    gone = finance.get(f"/exports/{job}/file")
    assert (gone.status_code, "again" in gone.json["remedy"]) == (404, True)


def test_a_large_file_comes_in_parts(billed, tmp_path, monkeypatch):
    monkeypatch.setattr(job_files, "PART", 1000)
    content = bytes(range(256)) * 20
    path = tmp_path / "large"
    path.write_bytes(content)
    with billed.store.unit() as unit:
        job = tasks.submit(unit, "export", {}, "ann").id
        made = job_files.begin(unit, job, "large", "text/plain")
    with path.open("rb") as source:
        whole = job_files.fill(billed.store, made, source)
    found = list(job_files.parts(billed.store, made))
    assert (len(found), b"".join(found)) == (6, content)
    assert (whole.size, whole.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(job_files, "LARGEST", 4000)
    with billed.store.unit() as unit:
        other = job_files.begin(unit, job, "larger", "text/plain")
    with path.open("rb") as source, pytest.raises(job_files.TooLargeToKeep):
        job_files.fill(billed.store, other, source)


def test_every_column_is_explained(api, app):
    kinds = api("read-only").get("/exports/kinds").json["items"]
    assert [each["kind"] for each in kinds] == list(KINDS)
    for each in kinds:
        assert [column["name"] for column in each["columns"]] == [c.name for c in KINDS[each["kind"]].columns]
        assert all(column["meaning"] for column in each["columns"])
    assert "beancount" not in kinds[0]["formats"]
    assert "beancount" in kinds[-1]["formats"]


# Schedules -------------------------------------------------------------------------------------------------


def test_scheduled_exports_are_seen_added_beside_others_and_removed(billed, finance, admin, tmp_path):
    nightly = {
        "kind": "journal",
        "format": "jsonl",
        "folder": str(tmp_path),
        "cpo": "NL/CPO",
        "running": True,
    }
    refused = finance.post("/exports/schedules", nightly)
    assert (refused.status_code, list(refused.json["fields"])) == (422, ["folder"])
    with billed.store.unit() as unit:  # as somebody does on the machine
        order = Order("tax_summary", "csv", Wanted(MARCH))
        scheduled.add(unit, order, Path(tmp_path), running=False, actor=Actor("root", "CLI"))
    made = finance.post("/exports/schedules", nightly | {"reason": "for the ERP"})
    assert made.status_code == 201
    assert (made.json["kind"], made.json["cpo"], made.json["running"]) == ("journal", "NL/CPO", True)
    assert admin.get("/audit?limit=1").json["items"][0]["reason"] == "for the ERP"
    listed = finance.get("/exports/schedules").json["items"]
    assert [each["kind"] for each in listed] == ["tax_summary", "journal"]
    assert scheduled.write_due(billed) == 2
    assert "journal" in finance.get(made.headers["Location"]).json["told"]
    one = f"/exports/schedules/{made.json['id']}"
    assert finance.send("DELETE", one).status_code == 428
    assert finance.change("DELETE", one).json["id"] == made.json["id"]
    assert finance.get(one).status_code == 404
    escaping = nightly | {"folder": f"{tmp_path}/../{tmp_path.name}"}
    assert finance.post("/exports/schedules", escaping).status_code == 422
