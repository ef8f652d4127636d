"""From a sender's edition to the newest, and from the newest to a receiver's, one edition at a time."""

from hub.ocpi.document import Json, Party
from hub.ocpi.edition import Edition
from hub.ocpi.editions import EDITIONS
from hub.ocpi.surroundings import Surroundings


def lift(edition: Edition, name: str, body: Json, owner: Party, around: Surroundings) -> Json:
    """The object, already checked in its edition, in the newest one."""
    for step in EDITIONS[EDITIONS.index(edition) : -1]:
        if name in step.upgrade:
            body = step.upgrade[name](body, owner, around)
    return body


def lower(edition: Edition, name: str, newest: Json, owner: Party, around: Surroundings) -> Json:
    """The newest form in an older edition; NotExpressible when that has no faithful form for it."""
    for step in reversed(EDITIONS[EDITIONS.index(edition) : -1]):
        if name in step.downgrade:
            newest = step.downgrade[name](newest, owner, around)
    return newest
