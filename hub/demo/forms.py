"""How a partner of each OCPI version writes its objects, from records that no version can misread."""

from dataclasses import dataclass
from decimal import Decimal

from hub.demo.identity import Identity
from hub.demo.wire import Json, later

KEPT_IN_2_1_1 = (
    "id",
    "name",
    "address",
    "city",
    "postal_code",
    "country",
    "coordinates",
    "evses",
    "operator",
    "time_zone",
    "opening_times",
    "charging_when_closed",
    "facilities",
)
TYPES_OF_2_1_1 = ("ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT")
CAPABILITIES_OF_2_1_1 = ("RFID_READER", "REMOTE_START_STOP_CAPABLE", "UNLOCK_CAPABLE")


@dataclass(frozen=True)
class Form:
    """2.2.1: the records as they are, with owner and date."""

    identity: Identity
    end_field = "end_date_time"

    @property
    def owner(self) -> Json:
        party = self.identity.first
        return {"country_code": party.country_code, "party_id": party.party_id}

    def tariff(self, record: Json, written: str) -> Json:
        return self.owner | record | {"last_updated": written}

    def location(self, record: Json, written: str) -> Json:
        evses = [self.evse(each, written) for each in record["evses"]]
        return self.owner | record | {"evses": evses, "last_updated": written}

    def evse(self, record: Json, written: str) -> Json:
        connectors = [self.connector(each, written) for each in record["connectors"]]
        return record | {"connectors": connectors, "last_updated": written}

    def connector(self, record: Json, written: str) -> Json:
        return record | {"last_updated": written}

    def token(self, uid: str, number: int, written: str) -> Json:
        return self.owner | {
            "uid": uid,
            "type": "RFID",
            "contract_id": self.contract_id(number),
            "issuer": self.identity.name,
            "valid": True,
            "whitelist": "ALLOWED",
            "last_updated": written,
        }

    def contract_id(self, number: int) -> str:
        party = self.identity.first
        return f"{party.country_code}-{party.party_id}-C{number:08d}-X"

    def session(self, session_id: str, site: Json, place: Json, token: Json, started: str) -> Json:
        cdr_token = {name: token[name] for name in ("country_code", "party_id", "uid", "type", "contract_id")}
        return self.owner | {
            "id": session_id,
            "start_date_time": started,
            "kwh": 0,
            "cdr_token": cdr_token,
            "auth_method": "WHITELIST",
            **place,
            "currency": "EUR",
            "charging_periods": [],
            "status": "ACTIVE",
            "last_updated": started,
        }


@dataclass(frozen=True)
class NewForm(Form):
    """2.3.0: taxes are named, and a tariff says whether its prices include them."""

    def tariff(self, record: Json, written: str) -> Json:
        limits = {
            name: {"before_taxes": record[name]["excl_vat"]}
            for name in ("min_price", "max_price")
            if name in record
        }
        return super().tariff(record, written) | limits | {"tax_included": "NO"}


@dataclass(frozen=True)
class OldForm(Form):
    """2.1.1: no owner in the object, one tariff a connector, the location inside the session."""

    end_field = "end_datetime"

    def tariff(self, record: Json, written: str) -> Json:
        elements = [
            each | {"price_components": [without_vat(component) for component in each["price_components"]]}
            for each in record["elements"]
        ]
        return {
            "id": record["id"],
            "currency": record["currency"],
            "elements": elements,
            "last_updated": written,
        }

    def location(self, record: Json, written: str) -> Json:
        kept = {name: record[name] for name in KEPT_IN_2_1_1 if name in record}
        evses = [self.evse(each, written) for each in record["evses"]]
        kept["coordinates"] = {name: f"{value}0" for name, value in record["coordinates"].items()}
        kind = record["parking_type"] if record["parking_type"] in TYPES_OF_2_1_1 else "OTHER"
        return kept | {"type": kind, "evses": evses, "last_updated": written}

    def evse(self, record: Json, written: str) -> Json:
        known = [each for each in record["capabilities"] if each in CAPABILITIES_OF_2_1_1]
        return super().evse(record, written) | {"capabilities": known}

    def connector(self, record: Json, written: str) -> Json:
        kept = {name: record[name] for name in ("id", "standard", "format", "power_type")}
        electric = {"voltage": record["max_voltage"], "amperage": record["max_amperage"]}
        return kept | electric | {"tariff_id": record["tariff_ids"][0], "last_updated": written}

    def token(self, uid: str, number: int, written: str) -> Json:
        return {
            "uid": uid,
            "type": "RFID",
            "auth_id": self.contract_id(number),
            "issuer": self.identity.name,
            "valid": True,
            "whitelist": "ALLOWED",
            "last_updated": written,
        }

    def session(self, session_id: str, site: Json, place: Json, token: Json, started: str) -> Json:
        return {
            "id": session_id,
            "start_datetime": started,
            "kwh": 0,
            "auth_id": token["auth_id"],
            "auth_method": "WHITELIST",
            "location": reduced(site, place),
            "currency": "EUR",
            "charging_periods": [],
            "status": "ACTIVE",
            "last_updated": started,
        }


FORMS = {"2.1.1": OldForm, "2.2.1": Form, "2.3.0": NewForm}


def of(identity: Identity) -> Form:
    return FORMS[identity.version](identity)


def without_vat(component: Json) -> Json:
    return {name: value for name, value in component.items() if name != "vat"}


def reduced(site: Json, place: Json) -> Json:
    """The location with only the EVSE and the connector of the session."""
    (evse,) = (each for each in site["evses"] if each["uid"] == place["evse_uid"])
    (connector,) = (each for each in evse["connectors"] if each["id"] == place["connector_id"])
    return site | {"evses": [evse | {"connectors": [connector]}]}


def period(start: str, volumes: dict[str, Decimal]) -> Json:
    """A charging period; volumes in kWh and hours."""
    dimensions = [{"type": kind, "volume": volume} for kind, volume in volumes.items()]
    return {"start_date_time": start, "dimensions": dimensions}


def end_of(session: Json) -> str:
    """Where the periods of a session have come to."""
    started = str(session.get("start_date_time") or session.get("start_datetime"))
    if not session["charging_periods"]:
        return started
    last = session["charging_periods"][-1]
    hours = sum(each["volume"] for each in last["dimensions"] if each["type"] in ("TIME", "PARKING_TIME"))
    return later(str(last["start_date_time"]), hours=float(hours))
