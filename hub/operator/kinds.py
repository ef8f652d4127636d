"""What each kind of job does: one literal table of functions, which a worker calls."""

from collections.abc import Callable, Mapping
from typing import Protocol

from hub.hub import Hub
from hub.ocpi.document import Json
from hub.ocpi.errors import OcpiError
from hub.operator import clearing_kinds, export_kinds, missing_kinds
from hub.operator.price_kinds import what_if
from hub.parties import registration, registry
from hub.parties.partner import Partner
from hub.store import audit, quarantine
from hub.store.audit import Actor
from hub.sync import quarantine as rereading


class Progress(Protocol):
    """Tells how far a job is, as often as one likes, but not inside a unit of the store, which writes alone.
    It raises when the job is to be left off.

    job  the number of the job
    """

    @property
    def job(self) -> int: ...

    def __call__(self, done: int, total: int | None = None) -> None: ...


Kind = Callable[[Hub, Json, Progress], Json]
"""(the hub, what was asked for, progress) -> the result. It is done again from its beginning when its process
dies, so what it writes must bear that. What it raises of known faults becomes the job's `error`."""


def verify_audit(hub: Hub, wanted: Json, progress: Progress) -> Json:
    with hub.store.reading() as unit:
        verdict = audit.verify(unit, progress)
    breaks = [{"id": each.id, "fault": each.fault} for each in verdict.breaks]
    return {"events": verdict.count, "head": f"{verdict.last}:{verdict.head}", "breaks": breaks}


def retry_quarantine(hub: Hub, wanted: Json, progress: Progress) -> Json:
    """Every object in quarantine, or those of a partner or module, read again as they are read now."""
    with hub.store.reading() as unit:
        entries = quarantine.latest(unit, 100_000, **wanted, cut=False)
    kept = 0
    for place, entry in enumerate(entries):
        progress(place, len(entries))
        try:
            rereading.again(hub.store, entry)
            kept += 1
        except OcpiError:
            continue  # it stays, with what is wrong with it now
    progress(len(entries), len(entries))
    return {"tried": len(entries), "kept": kept}


def update_partner(hub: Hub, wanted: Json, progress: Progress) -> Json:
    updated = registration.update(hub, partner_of(hub, wanted), wanted["version"])
    noted(hub, wanted, "update")
    return {"version": updated.version}


def unregister_partner(hub: Hub, wanted: Json, progress: Progress) -> Json:
    told = registration.unregister(hub, partner_of(hub, wanted))
    noted(hub, wanted, "unregister")
    return {"told": told}


def partner_of(hub: Hub, wanted: Json) -> Partner:
    with hub.store.reading() as unit:
        return registry.named(unit, wanted["partner"])


def noted(hub: Hub, wanted: Json, action: str) -> None:
    with hub.store.unit() as unit:
        audit.record(unit, Actor(wanted["by"], "JOB"), action, f"partner/{wanted['partner']}")


KINDS: Mapping[str, Kind] = {
    "verify-audit": verify_audit,
    "retry-quarantine": retry_quarantine,
    "update-partner": update_partner,
    "unregister-partner": unregister_partner,
    "what-if": what_if,
    "decide-cdrs": clearing_kinds.decide,
    "close-month": clearing_kinds.close_month,
    "sum-differences": clearing_kinds.sum_differences,
    "replay-month": clearing_kinds.replay_month,
    "export": export_kinds.export,
    "look-for-missing": missing_kinds.look,
}
