"""The documentation: served by the hub alone, and true."""

import re

import pytest

from hub.operator.docs import FILES
from hub.operator.resources import SECTIONS


def test_the_page_needs_no_token_and_no_other_host(app):
    client = app.test_client()
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/api/v1/docs/")
        assert client.get(address).status_code == 200
    assert "http" not in page.text
    assert "<script>" not in page.text
    assert "style=" not in page.text


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/docs/begin.js", "/api/v1/docs/swagger-ui.css"])
def test_what_is_shown_may_load_nothing_from_elsewhere(app, path):
    policy = app.test_client().get(path).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "http" not in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("name", ["index.html", "..%2f__init__.py", "../__init__.py", "%00"])
def test_no_other_file_is_served(app, name):
    assert app.test_client().get(f"/api/v1/docs/{name}").status_code in (401, 404)


def test_every_file_of_the_page_is_there(app):
    for name in FILES:
        assert app.test_client().get(f"/api/v1/docs/{name}").status_code == 200


def test_every_operation_is_documented_with_its_roles(app):
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.0.3"
    described = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
        if isinstance(operation, dict)
    }
    for section in SECTIONS:
        for operation in section.operations:
            told = described[operation.name]
            assert told["summary"], operation.name
            assert "Roles: admin" in told["description"], operation.name
            headers = {each["name"] for each in told["parameters"] if each.get("in") == "header"}
            assert ("Idempotency-Key" in headers) == (operation.method == "POST" and operation.changes)
            assert ("If-Match" in headers) == (operation.current is not None)


def test_whoever_changes_one_thing_says_which_state_it_is_meant_for():
    for section in SECTIONS:
        for operation in section.operations:
            if operation.method in ("PUT", "PATCH", "DELETE"):
                assert operation.current is not None, operation.name


def test_every_problem_is_explained(app):
    client = app.test_client()
    for problem in client.get("/api/v1/problems").json:
        assert client.get(problem["type"]).json == problem
        assert problem["remedy"]
