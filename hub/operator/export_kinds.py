"""The long work of exports: a file is written aside, and then kept where every process finds it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from hub.closing.exports.kinds import FormatMissing, FormatUnfit
from hub.closing.exports.wanted import Wanted
from hub.closing.exports.writing import Order, Written, write
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.operator.problems import Conflict
from hub.store import job_files
from hub.store.job_files import JobFile, TooLargeToKeep

KIND = "export"
SIDECAR = "application/json"
MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson",
    "beancount": "text/plain",
}
"""Of the formats of `hub.closing.exports.kinds`."""
PARTIES = ("cpo", "emsp")


class Watch(Protocol):
    """Of `hub.operator.kinds.Progress`."""

    @property
    def job(self) -> int: ...

    def __call__(self, done: int, total: int | None = None) -> None: ...


def wanted_of(order: Order) -> Json:
    """What is meant, as the input of a job keeps it."""
    wanted = order.wanted
    told = {"kind": order.kind, "period": wanted.period, "format": order.form, "mark": order.mark}
    parties = {name: getattr(wanted, name) and str(getattr(wanted, name)) for name in PARTIES}
    return told | {"agreement": wanted.agreement} | parties


def order_of(told: Json) -> Order:
    """The opposite."""
    cpo, emsp = (told[name] and Party.of(*told[name].split("/")) for name in PARTIES)
    return Order(
        told["kind"], told["format"], Wanted(told["period"], told["agreement"], cpo, emsp), told["mark"]
    )


def export(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """Write an export, keep its two files; what an earlier try has left is taken away first."""
    order = order_of(wanted)
    with hub.store.unit() as unit:
        job_files.forget_of(unit, progress.job)
    begun: list[int] = []
    try:
        with tempfile.TemporaryDirectory(prefix="hub-export-") as folder:
            written = write(hub.store, hub.settings.party, order, Path(folder), progress)
            files = kept(hub, written, order, progress, begun)
    except (FormatMissing, FormatUnfit, TooLargeToKeep) as fault:
        forget(hub, begun)
        raise Conflict(str(fault)) from fault
    except BaseException:
        forget(hub, begun)
        raise
    return told(written, files, progress.job)


def kept(hub: Hub, written: Written, order: Order, progress: Watch, begun: list[int]) -> list[JobFile]:
    """The file and its sidecar; `begun` gets the number of each before it is filled."""
    found = []
    for path, media_type in ((written.file, MEDIA_TYPES[order.form]), (written.sidecar, SIDECAR)):
        progress(written.told["rows"], written.told["rows"])
        with hub.store.unit() as unit:
            begun.append(job_files.begin(unit, progress.job, path.name, media_type))
        with path.open("rb") as source:
            found.append(job_files.fill(hub.store, begun[-1], source))
    return found


def forget(hub: Hub, begun: list[int]) -> None:
    with hub.store.unit() as unit:
        job_files.remove(unit, begun)


def told(written: Written, files: list[JobFile], job: int) -> Json:
    addresses = (f"/api/v1/exports/{job}/file", f"/api/v1/exports/{job}/sidecar")
    return {name: written.told[name] for name in ("export_id", "rows", "sums")} | {
        "files": [
            {name: getattr(file, name) for name in ("id", "name", "media_type", "size", "sha256")}
            | {"address": address}
            for file, address in zip(files, addresses, strict=True)
        ],
    }
