"""The environment is checked once, and a bad value names the variable, the fault and the remedy."""

import stat
import threading
from ipaddress import ip_network
from pathlib import Path

import pytest

from hub.ocpi.document import Party
from hub.settings import VARIABLES, Settings, SettingsError

SECRET = "s" * 40
README = Path(__file__).parent.parent / "README.md"


def test_the_embedded_default_needs_no_variable():
    assert Settings.from_environment({}) == Settings()


def test_an_empty_variable_is_as_good_as_none():
    assert Settings.from_environment({variable.name: " " for variable in VARIABLES}) == Settings()


def test_the_defaults_in_the_table_are_the_ones_in_force():
    table = {variable.name: variable.default for variable in VARIABLES}
    assert Settings.from_environment(table) == Settings()
    assert Settings().described() == table


def test_every_variable_is_read():
    settings = Settings.from_environment(
        {
            "HUB_DATABASE_URL": "sqlite:////var/lib/hub/hub.sqlite",
            "HUB_PUBLIC_URL": "https://hub.example.com/roaming/",
            "HUB_PARTY": "de-abc",
            "HUB_SECRET_KEY": SECRET,
            "HUB_ALLOW_NETWORKS": "10.8.0.0/16, fd00::/8",
            "HUB_METRICS_TOKEN": SECRET,
            "HUB_LOG_FORMAT": "json",
            "HUB_HISTORY_DAYS": "90",
        }
    )
    assert settings == Settings(
        database_url="sqlite:////var/lib/hub/hub.sqlite",
        public_url="https://hub.example.com/roaming",
        party=Party("DE", "ABC"),
        secret_key=SECRET,
        allow_networks=(ip_network("10.8.0.0/16"), ip_network("fd00::/8")),
        metrics_token=SECRET,
        log_format="json",
        history_days=90,
    )


@pytest.mark.parametrize("spelling", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_always_means_psycopg_3(spelling):
    settings = Settings.from_environment({"HUB_DATABASE_URL": f"{spelling}://ann:pw@db/hub"})
    assert settings.database_url == "postgresql+psycopg://ann:pw@db/hub"
    assert settings.sqlite_file is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUB_DATABASE_URL", "mysql://db/hub"),
        ("HUB_DATABASE_URL", "hub.sqlite"),
        ("HUB_DATABASE_URL", "sqlite://"),
        ("HUB_DATABASE_URL", "sqlite:///"),
        ("HUB_DATABASE_URL", "sqlite:///:memory:"),
        ("HUB_PUBLIC_URL", "hub.example.com"),
        ("HUB_PUBLIC_URL", "ftp://hub.example.com"),
        ("HUB_PUBLIC_URL", "https://"),
        ("HUB_PUBLIC_URL", "https://hub.example.com:99999"),
        ("HUB_PUBLIC_URL", "https://[::1"),
        ("HUB_PUBLIC_URL", "https://me@hub.example.com"),
        ("HUB_PUBLIC_URL", "https://hub.example.com?a=b"),
        ("HUB_PARTY", "HUB"),
        ("HUB_PARTY", "NLD/HUB"),
        ("HUB_PARTY", "N1/HUB"),
        ("HUB_SECRET_KEY", "too short"),
        ("HUB_SECRET_KEY", f"{SECRET},too short"),
        ("HUB_SECRET_KEY", f"{SECRET},"),
        ("HUB_ALLOW_NETWORKS", "intranet"),
        ("HUB_ALLOW_NETWORKS", "10.8.0.1/16"),
        ("HUB_METRICS_TOKEN", "too short"),
        ("HUB_METRICS_TOKEN", f"{SECRET} {SECRET}"),
        ("HUB_LOG_FORMAT", "xml"),
        ("HUB_HISTORY_DAYS", "0"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable_and_a_remedy(variable, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({variable: value})
    assert refusal.value.variable == variable
    assert str(refusal.value).startswith(f"{variable} ")
    assert refusal.value.remedy in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_bad_secret_is_not_repeated_in_the_error():
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({"HUB_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_secrets_and_passwords_are_never_shown():
    settings = Settings(
        database_url="postgresql+psycopg://ann:hun/ter:2@db/hub", secret_key=SECRET, metrics_token=SECRET
    )
    shown = repr(settings) + str(dict(settings.described()))
    assert SECRET not in shown
    assert "ter:2" not in shown


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_server_on_loopback_needs_no_secret_key(host):
    Settings().check_exposure(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hub.example.com", ""])
def test_a_server_on_a_public_address_refuses_to_start_without_a_secret_key(host):
    with pytest.raises(SettingsError, match="HUB_SECRET_KEY"):
        Settings().check_exposure(host)
    Settings(secret_key=SECRET).check_exposure(host)


def test_a_hub_behind_a_proxy_is_public_too():
    with pytest.raises(SettingsError, match="HUB_SECRET_KEY"):
        Settings(public_url="https://hub.example.com").check_exposure("127.0.0.1")


def test_the_embedded_default_makes_its_key_beside_the_database_for_its_owner_only(tmp_path: Path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/hub.sqlite")
    key = settings.sealing_key
    (file,) = tmp_path.iterdir()
    assert file.name == "hub.sqlite.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(key) >= 32
    assert settings.sealing_key == key
    assert settings.with_sealing_key().secret_key == key


def test_processes_that_start_together_use_the_same_key(tmp_path: Path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/hub.sqlite")
    start = threading.Barrier(8)
    keys = []

    def need_the_key() -> None:
        start.wait()
        keys.append(settings.sealing_key)

    threads = [threading.Thread(target=need_the_key) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["hub.sqlite.key"]


def test_a_key_that_was_set_is_used_and_no_file_is_made(tmp_path: Path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/hub.sqlite", secret_key=SECRET)
    assert settings.sealing_key == SECRET
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_changed_by_writing_the_new_one_before_the_old_one():
    keys = Settings.from_environment({"HUB_SECRET_KEY": f"{'n' * 40}, {SECRET}"}).secret_key
    assert keys == f"{'n' * 40},{SECRET}"


def test_a_key_file_that_cannot_be_made_says_so(tmp_path: Path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/nowhere/hub.sqlite")
    with pytest.raises(SettingsError, match=r"hub\.sqlite\.key cannot be used"):
        _ = settings.sealing_key


def test_postgresql_needs_a_key_that_every_machine_shares():
    with pytest.raises(SettingsError, match="HUB_SECRET_KEY is needed with PostgreSQL"):
        _ = Settings(database_url="postgresql+psycopg://db/hub").sealing_key


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_the_readme_shows_every_setting_with_its_default_and_meaning(variable):
    default = f"`{variable.default}`" if variable.default else "none"
    assert f"| `{variable.name}` | {default} | {variable.meaning} |" in README.read_text(encoding="utf-8")
