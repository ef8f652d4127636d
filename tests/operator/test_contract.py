"""The API against its own document, with made-up requests: no fault of ours, every answer as described."""

import pytest
import schemathesis
from factories import example
from hypothesis import HealthCheck, Phase, given, settings
from operators import SETUP
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.clearing import clerk, deciding, disputes
from hub.clearing.deciding import Decision, Filter
from hub.clearing.disputes import Claim, Word
from hub.clearing.states import State
from hub.closing import periods
from hub.closing.exports import scheduled
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order
from hub.ocpi.document import Document, Party
from hub.operator.export_kinds import wanted_of
from hub.operator.labour import Labour
from hub.operator.resources import SECTIONS
from hub.parties import agreements as book
from hub.parties.agreements import Pair, Signed
from hub.parties.terms import Terms
from hub.prices.rules import book as rule_book
from hub.prices.rules.drafts import Draft
from hub.prices.rules.rules import Kind
from hub.store import audit, documents, tasks

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
THERE = {
    "country_code": "NL",
    "party_id": "CPO",
    "partner_id": 2,
    "user_id": 1,
    "token_id": 1,
    "job_id": 1,
    "delivery_id": 1,
    "schedule_id": 1,
    "entry_id": 1,
    "event_id": 1,
    "rule_id": 1,
    "agreement_id": 1,
    "dispute_id": 1,
    "period_id": 1,
    "statement_id": 1,
    "record_id": 1,
    "code": "C4",
    "number": 1,
}
ASKED = {"/v1/invoices/match": {"invoice": "INV-2025-03"}}
"""What a query must name so that something is found."""
OBJECTS = {"locations": "L-CPO", "sessions": "S-CPO", "tariffs": "T-CPO"}


MAY_CHANGE_NOTHING = {
    "memberships.add",
    "memberships.remove",
    "curves.import",
    "tariffs.publish",
    "tariffs.set-readers",
}
"""Whoever belongs already is left as it is; a dry run is none; what says the same is no new version."""
CREDITING = {"disputes.accept"}
"""With another event for the credit."""
RECORDED = {each.name for section in SECTIONS for each in section.operations if each.changes or each.records}


@pytest.fixture
def closed(populated, tmp_path):
    """Something of all that clearing and closing know: an agreement, a closed month with its statement, a
    credit on the way, a dispute, an invoice, an export that is written and one that is written each night."""
    hub = populated.extensions["hub"]
    clerk.everything(hub.store)
    with hub.store.unit() as unit:
        for cpo in ("NL/CPO", "BE/XYZ"):
            pair = Pair(Party.of(*cpo.split("/")), Party("DE", "MSP"), "EUR")
            book.add(unit, pair, Terms(), (0, None), Signed(SETUP))
        for row in deciding.listed(unit, Filter(state=State.HELD)):
            deciding.decide(unit, row, Decision.CHECK, SETUP, None)
        for row in deciding.listed(unit, Filter(state=State.HELD)):
            deciding.decide(unit, row, Decision.ACCEPT, SETUP, None)
        disputed, stated = sorted(deciding.listed(unit, Filter(state=State.RATED)), key=lambda row: row.owner)
        rule_book.add(unit, Draft(Party("NL", "CPO"), Kind.TARIFF, tariff_id="T-CPO"), SETUP)
        night = Order("journal", "jsonl", Wanted("2025-03"))
        scheduled.add(unit, night, tmp_path, running=False, actor=SETUP)
        order = tasks.submit(unit, "export", wanted_of(night), "ann")
        written = tasks.taken(unit, order.id, 0)
    list(periods.close_all(hub.store, "2025-03", SETUP, 1))
    with hub.store.unit() as unit:
        body = example("2.3.0", "invoicereconciliation", cdrs=[stated.cdr_key, "GHOST", "GHOST"])
        record = Document("invoicereconciliation", Party("NL", "CPO"), "RECORD-1", "2.3.0", body, body)
        documents.save(unit, record, None, audience=Party("DE", "MSP"), source=None)
        disputes.open_(unit, disputed, Claim("WRONG_PRICE", None), Word("no", None, None), SETUP)
    Labour(hub).do(written)
    return {"clearing": {"object_id": stated.cdr_key}, "exports": {"job_id": order.id}}


@pytest.fixture
def operations(populated, closed, api):
    api("read-only")  # the user and the token 1, which are changed and revoked on the way
    config = schemathesis.Config.from_dict({"generation": {"allow-x00": False}})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", populated, config=config)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_every_answer_is_as_the_document_says_and_every_change_is_in_the_trail(api, operations, closed, mode):
    assert len(operations) > 40
    for operation in operations:
        admin = api("admin")  # of its own: one operation revokes tokens
        hold(operation.as_strategy(generation_mode=mode), admin, closed)


def hold(cases, admin, closed):
    """Each request as it was made up, and once more with a path that leads to something."""

    @FEW
    @given(case=cases)
    def ask(case):
        told(case, admin)
        case.path_parameters.update(there(case, closed))
        case.query.update(ASKED.get(case.path, {}))
        if case.method in ("PUT", "PATCH", "DELETE"):
            case.headers["If-Match"] = "*"
        told(case, admin)

    ask()


def told(case, admin):
    name = case.operation.definition.raw["operationId"]
    before = events(admin.app)
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {admin.token}"}, checks=CHECKS)
    done = answer.status_code < 300 and "idempotent-replayed" not in answer.headers
    written = events(admin.app) - before
    written -= written == 2 and name in CREDITING
    assert written == (name in RECORDED and done) or name in MAY_CHANGE_NOTHING


def events(app):
    with app.extensions["hub"].store.reading() as unit:
        (last,) = audit.listed(unit, limit=1)
    return last.id


def there(case, closed):
    """What the path may name so that something is found."""
    section = case.path.split("/")[2]
    known = THERE | {"object_id": OBJECTS.get(section, "x")} | closed.get(section, {})
    return {name: known[name] for name in case.path_parameters if name in known}
