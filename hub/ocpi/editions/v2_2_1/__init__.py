"""OCPI 2.2.1-d2."""

from hub.ocpi.edition import Edition
from hub.ocpi.editions.v2_2_1.schemas import SCHEMAS
from hub.ocpi.editions.v2_2_1.translation import DOWNGRADE, UPGRADE

EDITION = Edition("2.2.1", schemas=SCHEMAS, upgrade=UPGRADE, downgrade=DOWNGRADE)
