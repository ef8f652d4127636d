"""The functional modules of OCPI that this hub keeps documents of."""

from collections.abc import Mapping

from hub.ocpi.module import Module
from hub.ocpi.modules import cdrs, invoicereconciliation, locations, sessions, tariffs, tokens

MODULES: Mapping[str, Module] = {
    "locations": locations.module,
    "tariffs": tariffs.module,
    "sessions": sessions.module,
    "cdrs": cdrs.module,
    "tokens": tokens.module,
    "invoicereconciliation": invoicereconciliation.module,
}
