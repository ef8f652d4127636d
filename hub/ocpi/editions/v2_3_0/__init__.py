"""OCPI 2.3.0, edition 2, in which the hub thinks."""

from hub.ocpi.edition import Edition
from hub.ocpi.editions.v2_3_0.schemas import SCHEMAS

EDITION = Edition("2.3.0", schemas=SCHEMAS)
