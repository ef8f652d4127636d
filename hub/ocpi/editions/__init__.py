"""The OCPI editions that this hub speaks, from the oldest to the newest, in which it thinks."""

from hub.ocpi.edition import Edition
from hub.ocpi.editions import v2_1_1, v2_2_1, v2_3_0

EDITIONS: tuple[Edition, ...] = (v2_1_1.EDITION, v2_2_1.EDITION, v2_3_0.EDITION)
NEWEST: Edition = EDITIONS[-1]

BY_VERSION = {each.version: each for each in EDITIONS}


def edition(version: str) -> Edition:
    """The edition of a version number; KeyError when the hub does not speak it."""
    return BY_VERSION[version]
