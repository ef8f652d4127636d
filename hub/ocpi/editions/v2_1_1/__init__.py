"""OCPI 2.1.1-d2."""

from hub.ocpi.edition import Edition
from hub.ocpi.editions.v2_1_1.schemas import SCHEMAS
from hub.ocpi.editions.v2_1_1.translation import DOWNGRADE, UPGRADE

EDITION = Edition(
    "2.1.1",
    schemas=SCHEMAS,
    upgrade=UPGRADE,
    downgrade=DOWNGRADE,
    raw_tokens=True,
    routing_headers=False,
    patch_needs_last_updated=False,
    patch_appends_periods=False,
    case_sensitive_ids=True,
    has_roles=False,
)
