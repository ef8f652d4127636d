"""What an eMSP does: it publishes the tokens of its drivers."""

from collections.abc import Callable
from typing import Any

from hub.demo import forms
from hub.demo.actor import Actor, put
from hub.demo.wire import Json, now, stamp

UIDS = ("04A1B2C3D4E5F6", "04B2C3D4E5F6A7", "04C3D4E5F6A7B8")


def issue(actor: Actor) -> Json:
    """Make a few tokens our own and push them; their uids, which start with our party id."""
    form = forms.of(actor.identity)
    uids = [f"{actor.identity.first.party_id}{uid}" for uid in UIDS]
    for number, uid in enumerate(uids, 1):
        put(actor, "tokens", uid, form.token(uid, number, stamp(now())))
    return {"uids": uids}


ACTIONS: dict[str, Callable[..., Any]] = {"issue": issue}
