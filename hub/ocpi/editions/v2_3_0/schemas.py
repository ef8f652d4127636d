"""The objects of OCPI 2.3.0, edition 2: the newest, so they are the modules' own."""

from collections.abc import Mapping

from hub.ocpi.modules.cdrs import CDR
from hub.ocpi.modules.credentials import Credentials
from hub.ocpi.modules.invoicereconciliation import InvoiceReconciliationRecord
from hub.ocpi.modules.locations import EVSE, Connector, Location
from hub.ocpi.modules.sessions import ChargingPreferences, Session
from hub.ocpi.modules.tariffs import Tariff
from hub.ocpi.modules.tokens import AuthorizationInfo, LocationReferences, Token
from hub.ocpi.modules.versions import Version, VersionDetails
from hub.ocpi.types import OcpiObject

SCHEMAS: Mapping[str, type[OcpiObject]] = {
    "locations": Location,
    "evses": EVSE,
    "connectors": Connector,
    "tariffs": Tariff,
    "sessions": Session,
    "charging_preferences": ChargingPreferences,
    "cdrs": CDR,
    "tokens": Token,
    "invoicereconciliation": InvoiceReconciliationRecord,
    "location_references": LocationReferences,
    "authorization_info": AuthorizationInfo,
    "credentials": Credentials,
    "versions": Version,
    "version_details": VersionDetails,
}
