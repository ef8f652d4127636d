"""What an operator may set from the environment: read once, checked at once, frozen."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from hub.ocpi.document import Party

Network = IPv4Network | IPv6Network

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg://"
POSTGRESQL_SPELLINGS = ("postgresql://", "postgres://", POSTGRESQL)
PARTY = re.compile(r"([A-Za-z]{2})[/*-]?([A-Za-z0-9]{3})", re.ASCII)
SHORTEST_SECRET = 32
HOW_TO_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
DEFAULT_PARTY = Party("NL", "HUB")
LOG_FORMATS = ("auto", "json", "text")


class SettingsError(Exception):
    """A variable that the hub cannot work with: which one, what is wrong with it, what to write instead."""

    def __init__(self, variable: str, fault: str, remedy: str) -> None:
        self.variable = variable
        self.fault = fault
        self.remedy = remedy
        super().__init__(f"{variable} {fault}. {remedy}.")


class Variable(NamedTuple):
    """A row of the table in the README."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable(
        "HUB_DATABASE_URL",
        "sqlite:///hub.sqlite",
        "Where everything is kept: a SQLite file, or `postgresql://user:password@host/database`.",
    ),
    Variable(
        "HUB_PUBLIC_URL",
        "http://127.0.0.1:8000",
        "Under which partners reach the hub; its versions are at `{HUB_PUBLIC_URL}/ocpi/versions`.",
    ),
    Variable(
        "HUB_PARTY",
        "NL/HUB",
        "Country code and party id of the hub itself.",
    ),
    Variable(
        "HUB_SECRET_KEY",
        "",
        "At least 32 characters that seal the tokens of partners in the database; to change it, write the "
        "new one before the old one, with a comma. Needed for PostgreSQL and for any address that others can "
        "reach; otherwise a key file is made beside the SQLite file.",
    ),
    Variable(
        "HUB_ALLOW_NETWORKS",
        "",
        "Networks that addresses of partners may lie in besides public ones, as `10.8.0.0/16, fd00::/8`.",
    ),
    Variable(
        "HUB_METRICS_TOKEN",
        "",
        "At least 32 characters with which Prometheus may read `/metrics`, as a bearer token. Without it "
        "`/metrics` answers only a hub of this machine alone: `HUB_PUBLIC_URL` and who asks are on loopback.",
    ),
    Variable(
        "HUB_LOG_FORMAT",
        "auto",
        "How the log is written: `json`, a line for each event; `text`, for people; `auto`, which is text on "
        "a terminal and JSON elsewhere.",
    ),
    Variable(
        "HUB_HISTORY_DAYS",
        "30",
        "For how many days each try to deliver is remembered, and what came out of tasks.",
    ),
)
DEFAULTS: Mapping[str, str] = {variable.name: variable.default for variable in VARIABLES}


@dataclass(frozen=True, slots=True)
class Settings:
    """The hub's settings, each already checked. Tests and `hub demo` make their own."""

    database_url: str = DEFAULTS["HUB_DATABASE_URL"]
    public_url: str = DEFAULTS["HUB_PUBLIC_URL"]
    party: Party = DEFAULT_PARTY
    secret_key: str | None = None
    allow_networks: tuple[Network, ...] = ()
    metrics_token: str | None = None
    log_format: str = DEFAULTS["HUB_LOG_FORMAT"]
    history_days: int = int(DEFAULTS["HUB_HISTORY_DAYS"])

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """A variable that is absent or empty has its default; SettingsError when one cannot be used."""
        given = {name: environ.get(name, "").strip() or default for name, default in DEFAULTS.items()}
        return cls(
            database_url=database_url(given["HUB_DATABASE_URL"]),
            public_url=public_url(given["HUB_PUBLIC_URL"]),
            party=party(given["HUB_PARTY"]),
            secret_key=secret_key(given["HUB_SECRET_KEY"]),
            allow_networks=networks(given["HUB_ALLOW_NETWORKS"]),
            metrics_token=metrics_token(given["HUB_METRICS_TOKEN"]),
            log_format=log_format(given["HUB_LOG_FORMAT"]),
            history_days=history_days(given["HUB_HISTORY_DAYS"]),
        )

    @property
    def sqlite_file(self) -> Path | None:
        """The file of the database; None on PostgreSQL."""
        name = self.database_url.removeprefix(SQLITE).partition("?")[0]
        return Path(name) if self.database_url.startswith(SQLITE) else None

    @property
    def sealing_key(self) -> str:
        """The secret that seals partners' tokens: the one that was set, or that of the key file."""
        if self.secret_key is not None:
            return self.secret_key
        if self.sqlite_file is None:
            raise missing_secret("is needed with PostgreSQL")
        return key_in(self.sqlite_file.with_name(self.sqlite_file.name + ".key"))

    def with_sealing_key(self) -> "Settings":
        """The same with the secret at hand: a key that is missing stops the start, not a delivery."""
        return replace(self, secret_key=self.sealing_key)

    @property
    def is_local(self) -> bool:
        """Whether partners reach the hub from this machine only."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    def check_exposure(self, host: str) -> None:
        """SettingsError when others can reach a server bound to `host` and no secret key was set."""
        if self.secret_key is not None:
            return
        if not is_loopback(host):
            raise missing_secret(f"is needed to listen on {host}, which others can reach")
        if not self.is_local:
            raise missing_secret(f"is needed to be reached as {self.public_url}")

    def described(self) -> Mapping[str, str]:
        """Every variable with its value as it may be shown: no secret, no password."""
        return {
            "HUB_DATABASE_URL": without_password(self.database_url),
            "HUB_PUBLIC_URL": self.public_url,
            "HUB_PARTY": str(self.party),
            "HUB_SECRET_KEY": "(set)" if self.secret_key else "",
            "HUB_ALLOW_NETWORKS": ", ".join(str(network) for network in self.allow_networks),
            "HUB_METRICS_TOKEN": "(set)" if self.metrics_token else "",
            "HUB_LOG_FORMAT": self.log_format,
            "HUB_HISTORY_DAYS": str(self.history_days),
        }

    def __repr__(self) -> str:
        """As dataclasses have it, less the secrets, so that a traceback shows none."""
        shown = {field.name: getattr(self, field.name) for field in fields(self)}
        shown["database_url"] = without_password(self.database_url)
        shown["secret_key"] = "..." if self.secret_key else None
        shown["metrics_token"] = "..." if self.metrics_token else None
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def database_url(text: str) -> str:
    """A SQLite file, or PostgreSQL through psycopg 3 however it is spelled."""
    for spelling in POSTGRESQL_SPELLINGS:
        if text.startswith(spelling):
            return POSTGRESQL + text.removeprefix(spelling)
    if not text.startswith("sqlite:"):
        raise SettingsError(
            "HUB_DATABASE_URL",
            "names a database that the hub does not know",
            "Write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
        )
    name = text.removeprefix(SQLITE).partition("?")[0]
    if not text.startswith(SQLITE) or name in {"", ":memory:"}:
        raise SettingsError(
            "HUB_DATABASE_URL",
            "names no file, and a database in memory would be lost with the process",
            "Write sqlite:///hub.sqlite, or sqlite:////var/lib/hub/hub.sqlite for an absolute path",
        )
    return text


def public_url(text: str) -> str:
    """An http(s) address without a slash at its end, to which paths can be added."""
    remedy = "Write it as https://hub.example.com, or with a path that a proxy takes away"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as fault:
        raise SettingsError("HUB_PUBLIC_URL", f"is no URL ({fault})", remedy) from fault
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise SettingsError("HUB_PUBLIC_URL", f"is no http or https address: {text!r}", remedy)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError("HUB_PUBLIC_URL", "holds a user, a query or a fragment", remedy)
    return text.rstrip("/")


def party(text: str) -> Party:
    """Two letters and three letters or digits: NL/HUB, NL-HUB or NLHUB."""
    found = PARTY.fullmatch(text)
    if found is None:
        fault = f"is no country code and party id: {text!r}"
        raise SettingsError("HUB_PARTY", fault, "Write two letters and three letters or digits, as NL/HUB")
    return Party.of(*found.groups())


def secret_key(text: str) -> str | None:
    """One key, or several with commas: the first seals, every one opens."""
    keys = [key.strip() for key in text.split(",")] if text else []
    shortest = min((len(key) for key in keys), default=SHORTEST_SECRET)
    if shortest < SHORTEST_SECRET:
        fault = f"has a key of {shortest} characters, fewer than {SHORTEST_SECRET}"
        raise SettingsError("HUB_SECRET_KEY", fault, f"Make one with: {HOW_TO_MAKE_ONE}")
    return ",".join(keys) or None


def metrics_token(text: str) -> str | None:
    """What a header can carry, and nobody can guess."""
    if text and (len(text) < SHORTEST_SECRET or not re.fullmatch("[!-~]+", text)):
        fault = f"is shorter than {SHORTEST_SECRET} characters, or has other signs than visible ASCII"
        raise SettingsError("HUB_METRICS_TOKEN", fault, f"Make one with: {HOW_TO_MAKE_ONE}")
    return text or None


def log_format(text: str) -> str:
    if text not in LOG_FORMATS:
        raise SettingsError("HUB_LOG_FORMAT", f"is {text!r}", f"Write one of: {', '.join(LOG_FORMATS)}")
    return text


def history_days(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise SettingsError("HUB_HISTORY_DAYS", f"is {text!r}", "Write a number of days, as 30")
    return int(text)


def networks(text: str) -> tuple[Network, ...]:
    """Networks in CIDR form, divided by commas or spaces."""
    return tuple(network(part) for part in re.split(r"[,\s]+", text) if part)


def network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as fault:
        remedy = "Write networks divided by commas, as 10.8.0.0/16, fd00::/8"
        raise SettingsError("HUB_ALLOW_NETWORKS", f"holds no network: {fault}", remedy) from fault


def missing_secret(fault: str) -> SettingsError:
    remedy = f"Set it, the same for every process; make one with: {HOW_TO_MAKE_ONE}"
    return SettingsError("HUB_SECRET_KEY", fault, remedy)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host; a name is not looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def key_in(file: Path) -> str:
    """The secret in the file, made at first need: for its owner only, and the same for every process."""
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        make_key(file)
        return file.read_text(encoding="ascii").strip()
    except OSError as fault:
        raise unusable(file, fault) from fault


def make_key(file: Path) -> None:
    """Written aside, then linked into place: whoever sees the file sees all of it, and the first stays."""
    aside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48) + "\n")
        os.link(aside, file)
    except FileExistsError:
        pass  # another process was first
    except OSError as fault:
        raise unusable(file, fault) from fault
    finally:
        aside.unlink(missing_ok=True)


def unusable(file: Path, fault: OSError) -> SettingsError:
    remedy = "Set HUB_SECRET_KEY, or let the hub write beside its database"
    return SettingsError("HUB_SECRET_KEY", f"is not set and {file} cannot be used ({fault.strerror})", remedy)


def without_password(url: str) -> str:
    return re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:...@", url)
