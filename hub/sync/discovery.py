"""Asking a partner anew where its interfaces are, when deliveries find nothing there."""

import logging

from sqlalchemy import delete, insert

from hub.hub import Hub
from hub.ocpi.errors import OcpiError, UnsupportedVersion
from hub.parties import registration
from hub.parties.connections import Endpoints
from hub.parties.handshake import explored
from hub.parties.partner import Partner
from hub.parties.problems import PartnerProblem
from hub.store.parties import endpoints
from hub.store.unit import Unit
from hub.sync import reach
from hub.sync.waits import SECOND

log = logging.getLogger(__name__)

SELDOM = 600 * SECOND
"""A partner is asked once for all that is owed to it."""


def confirm(hub: Hub, partner: Partner) -> bool:
    """Whether the partner's version details have been read, now or lately: what they say is in the store.

    False when they cannot be read: then it is not one interface that is missing, but the whole platform.
    """
    with hub.store.reading() as unit:
        if reach.discovered_at(unit, partner.id) > unit.now - SELDOM:
            return True
    try:
        found = asked(hub, partner)
    except (OcpiError, PartnerProblem) as failure:
        log.warning("endpoints not found", extra={"partner": partner.name, "fault": str(failure)})
        return False
    with hub.store.unit() as unit:
        keep(unit, partner.id, found)
    return True


def asked(hub: Hub, partner: Partner) -> Endpoints:
    peer, spoken = registration.connected(hub, partner)
    offered = peer.versions()
    if spoken.version not in offered:
        raise UnsupportedVersion(f"{partner.name} no longer offers OCPI {spoken.version}")
    return explored(peer, spoken, offered[spoken.version], {held.role for held in partner.roles}).endpoints


def keep(unit: Unit, partner_id: int, found: Endpoints) -> None:
    rows = [
        {"partner_id": partner_id, "module": module, "role": role, "url": url}
        for (module, role), url in found.items()
    ]
    unit.connection.execute(delete(endpoints).where(endpoints.c.partner_id == partner_id))
    unit.connection.execute(insert(endpoints), rows)
    reach.discovered(unit, partner_id)
