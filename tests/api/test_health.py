"""Whoever runs the hub can ask each process whether it lives, whether it is ready, and what it counts."""

from dataclasses import replace

import pytest
from factories import example
from sqlalchemy import text

import migrations
from hub.app import create_app
from hub.ocpi.module import Role

TOKEN = "a-token-for-prometheus-of-32-signs-"


@pytest.fixture
def made(settings):
    """made(public_url=...) -> the application with these settings."""
    apps = []

    def made(**changes):
        apps.append(create_app(replace(settings, **changes)))
        return apps[-1]

    yield made
    for app in apps:
        app.extensions["hub"].store.close()


def get(app, path, **more):
    return app.test_client().get(path, **more)


def test_a_process_that_answers_lives(app):
    answer = get(app, "/health/live")
    assert (answer.status_code, answer.json) == (200, {"status": "live"})


def test_a_process_is_ready_when_its_database_is(app):
    assert get(app, "/health/ready").json == {"status": "ready"}


def test_a_database_that_is_behind_is_not_ready_and_one_ahead_is(app):
    """While an upgrade goes on, the database is ahead of the processes that still run."""
    store = app.extensions["hub"].store
    moved = text("UPDATE alembic_version SET version_num = :to")
    with store.unit() as unit:
        unit.connection.execute(moved, {"to": "9999"})
    assert get(app, "/health/ready").status_code == 200
    with store.unit() as unit:
        unit.connection.execute(text("DELETE FROM alembic_version"))
    answer = get(app, "/health/ready")
    assert answer.status_code == 503
    assert "hub db upgrade" in answer.json["reason"]


def test_a_database_that_is_gone_is_told_and_the_process_lives(app):
    store = app.extensions["hub"].store
    with store.unit() as unit:
        unit.connection.execute(text("DROP TABLE alembic_version"))
        for table in ("attempts", "deliveries", "breakers"):
            unit.connection.execute(text(f"DROP TABLE {table}"))
    assert get(app, "/health/ready").status_code == 503
    assert get(app, "/health/live").status_code == 200
    page = get(app, "/metrics").text
    assert "hub_database_up 0.0" in page
    assert "hub_request_seconds_count" in page


def test_the_newest_revision_is_one_of_those_that_are_known():
    assert migrations.newest() in migrations.revisions()


def test_figures_need_no_token_on_this_machine_alone(app):
    assert get(app, "/metrics").status_code == 200
    assert get(app, "/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 404


@pytest.mark.parametrize("public_url", ["https://hub.example.com", "http://10.1.2.3:8000"])
def test_a_hub_that_others_reach_has_no_figures_without_a_token(made, public_url):
    """A proxy on the same machine asks from loopback, too, for whomever."""
    assert get(made(public_url=public_url), "/metrics").status_code == 404


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN} ", 200),
        (TOKEN, 401),
        (f"Token {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer é", 401),
        (None, 401),
    ],
)
def test_with_a_token_everybody_must_show_it(made, header, code):
    answer = get(made(metrics_token=TOKEN), "/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == code
    assert TOKEN not in answer.text


def test_requests_are_counted_by_route_and_class_of_status(app, cpo, emsp):
    for number in range(3):
        cpo.put(f"locations/NL/CPO/L{number}", example("2.2.1", "locations", id=f"L{number}"))
    cpo.put("locations/NL/CPO/L1", {"id": "L1"})
    get(app, "/ocpi/versions")
    get(app, "/wp-admin/setup.php")
    page = get(app, "/metrics").text
    route = "/ocpi/2.2.1/receiver/locations/<country_code>/<party_id>/<object_id>"
    assert f'hub_request_seconds_count{{method="PUT",route="{route}",status="2xx"}}' in page
    assert 'hub_request_seconds_count{method="GET",route="/ocpi/versions",status="4xx"}' in page
    assert 'hub_request_seconds_count{method="",route="(none)",status="4xx"}' in page
    assert 'hub_refusals_total{code="2001"}' in page
    assert "wp-admin" not in page


def test_figures_tell_of_partners_and_of_no_object_or_secret(app, cpo, emsp, connect):
    connect("FR/OLD", Role.EMSP, "2.1.1")
    cpo.put("locations/NL/CPO/L1", example("2.2.1", "locations", id="L1"))
    page = get(app, "/metrics").text
    assert 'hub_backlog{partner="EMSP DE/MSP"} 1.0' in page
    assert 'hub_backlog{partner="CPO NL/CPO"} 0.0' in page
    assert 'hub_backlog_age_seconds{partner="EMSP DE/MSP"}' in page
    assert 'hub_breaker{partner="EMSP DE/MSP",state="closed"} 1.0' in page
    assert 'hub_breaker{partner="EMSP DE/MSP",state="open"} 0.0' in page
    assert 'hub_dead_letters{partner="EMSP FR/OLD"} 0.0' in page
    assert "hub_held_sessions 0.0" in page
    assert "hub_database_up 1.0" in page
    assert "L1" not in page
    assert cpo.token not in page
