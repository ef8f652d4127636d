"""The API against its own document, with made-up requests: no fault of ours, every answer as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.operator.resources import SECTIONS
from hub.store import audit

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
}
OBJECTS = {"locations": "L-CPO", "sessions": "S-CPO"}


MAY_CHANGE_NOTHING = {"memberships.add", "memberships.remove", "curves.import"}
"""Whoever belongs already is left as it is; a dry run is none."""
CHANGING = {each.name for section in SECTIONS for each in section.operations if each.changes}


@pytest.fixture
def operations(populated, api):
    api("read-only")  # the user and the token 1, which are changed and revoked on the way
    config = schemathesis.Config.from_dict({"generation": {"allow-x00": False}})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", populated, config=config)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_every_answer_is_as_the_document_says_and_every_change_is_in_the_trail(api, operations, mode):
    assert len(operations) > 40
    for operation in operations:
        admin = api("admin")  # of its own: one operation revokes tokens
        hold(operation.as_strategy(generation_mode=mode), admin)


def hold(cases, admin):
    """Each request as it was made up, and once more with a path that leads to something."""

    @FEW
    @given(case=cases)
    def ask(case):
        told(case, admin)
        case.path_parameters.update(there(case))
        if case.method in ("PUT", "PATCH", "DELETE"):
            case.headers["If-Match"] = "*"
        told(case, admin)

    ask()


def told(case, admin):
    name = case.operation.definition.raw["operationId"]
    before = events(admin.app)
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {admin.token}"}, checks=CHECKS)
    done = answer.status_code < 300 and "idempotent-replayed" not in answer.headers
    assert events(admin.app) - before == (name in CHANGING and done) or name in MAY_CHANGE_NOTHING


def events(app):
    with app.extensions["hub"].store.reading() as unit:
        (last,) = audit.listed(unit, limit=1)
    return last.id


def there(case):
    """What the path may name so that something is found."""
    section = case.path.split("/")[2]
    known = THERE | {"object_id": OBJECTS.get(section, "x")}
    return {name: known[name] for name in case.path_parameters if name in known}
