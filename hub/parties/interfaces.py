"""Which side of a module a platform plays, where its version does not say so itself (VER-05)."""

from collections.abc import Collection, Mapping

from hub.ocpi.module import Role
from hub.ocpi.modules import MODULES

SENDER, RECEIVER = "SENDER", "RECEIVER"
CREDENTIALS = "credentials"

SENDERS: Mapping[str, tuple[Role, ...]] = {
    **{name: module.owners for name, module in MODULES.items()},
    "commands": (Role.EMSP,),  # VER-03
    "chargingprofiles": (Role.EMSP,),
    "hubclientinfo": (Role.HUB,),
}
"""Who plays the Sender of a module; everybody else plays its Receiver. Where several roles play the Sender,
each plays the Receiver too, for it hears from the others (IRR-02)."""


def played(module: str, roles: Collection[Role]) -> tuple[str, ...]:
    """The sides that a platform in these roles plays: one, or both when it has roles on either side."""
    if module == CREDENTIALS:
        return (SENDER,)  # VER-04: the side means nothing there
    owners = SENDERS[module]
    sides = {SENDER for role in roles if role in owners}
    sides |= {RECEIVER for role in roles if role not in owners or len(owners) > 1}
    return tuple(sorted(sides, reverse=True))


def faced(module: str, roles: Collection[Role]) -> tuple[str, ...]:
    """The sides that the hub plays towards a platform in these roles."""
    opposite = {SENDER: RECEIVER, RECEIVER: SENDER}
    return tuple(opposite[side] for side in played(module, roles))
