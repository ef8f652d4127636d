"""An export from its question to its files: whole and under its own name, or not there at all."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hub.closing.exports import agreeing, clocks
from hub.closing.exports.agreeing import Step
from hub.closing.exports.cdr_columns import SCHEMA_VERSION
from hub.closing.exports.kinds import FORMATS, KINDS, Kind, opened
from hub.closing.exports.question import Question, ReadyRows
from hub.closing.exports.sheets import Beside, File, Quick, Sheet, Style
from hub.closing.exports.shown import shown
from hub.closing.exports.snapshot import Snapshot, taken
from hub.closing.exports.tally import Tally
from hub.closing.exports.wanted import Wanted
from hub.ocpi.document import Party
from hub.store.engine import Store

Watch = Callable[[int, int | None], None]
"""Told how many rows are done, and of how many where that is known."""
UNDER_WAY = ".export-"
FORGOTTEN = 86_400
"""Seconds after which what a killed process left is taken away."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written: which kind of which rows, in which format; `mark`: with a byte order mark."""

    kind: str
    form: str
    wanted: Wanted
    mark: bool = False

    @property
    def name(self) -> str:
        """Of the file, without its folder."""
        narrowed = (f"{name}-{value.replace('/', '')}" for name, value in self.wanted.labels.items())
        stem = "-".join((self.kind, self.wanted.period, *narrowed))
        return f"{stem}.{FORMATS[self.form].ending}"


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and what the sidecar says."""

    file: Path
    sidecar: Path
    told: dict[str, Any]


def nobody(_done: int, _total: int | None) -> None:
    pass


def write(store: Store, hub: Party, order: Order, folder: Path, watch: Watch = nobody) -> Written:
    """Write the file and its sidecar into a folder, where they take the place of earlier ones.

    Nothing is left behind when that fails. The same books give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with aside(folder) as place:
        file = place / order.name
        told = filled(store, hub, order, file, watch)
        sidecar = place / f"{order.name}.json"
        sidecar.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
        for each in (file, sidecar):  # the sidecar last: where it is, all is
            settle(each)
        (folder / sidecar.name).unlink(missing_ok=True)
        found = [each.rename(folder / each.name) for each in (file, sidecar)]
    return Written(found[0], found[1], told)


@contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """A folder in the same place, that goes with all that is left in it."""
    for each in folder.glob(f"{UNDER_WAY}*"):
        if each.stat().st_mtime < time.time() - FORGOTTEN:
            shutil.rmtree(each, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=UNDER_WAY, dir=folder) as place:
        yield Path(place)


def settle(file: Path) -> None:
    """On disk before it has its name, so that no crash of the machine leaves half of it there."""
    with file.open("rb+") as opened_:
        os.fsync(opened_.fileno())


def filled(store: Store, hub: Party, order: Order, path: Path, watch: Watch) -> dict[str, Any]:
    """Write the rows; what the sidecar is to say of them."""
    kind = KINDS[order.kind]
    with taken(store, hub) as snapshot:
        question = asked(snapshot, order.kind, order.wanted)
        file = opened(order.kind, order.form, path, Style(order.mark, path.parent))
        try:
            tally = poured(file, kind, question, watch)
            facts = facts_of(order, question, tally)
            found = agreeing.steps(question, tally.by_status) if kind.agreeing else []
            file.close(beside(question, facts, tally, found) if order.form == "xlsx" else None)
        except BaseException:
            discard(file)
            raise
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    sums = {"sums": tally.as_json()} | ({"ledger": agreeing.as_json(found)} if kind.agreeing else {})
    return facts | sums | {"file": path.name, "sha256": digest}


def discard(file: Any) -> None:
    """What was begun is closed as far as it can be; it goes away anyway."""
    with suppress(Exception):  # the first fault is the one to tell
        file.close(None)


def asked(snapshot: Snapshot, kind: str, wanted: Wanted) -> Question:
    identity = snapshot.identity(
        SCHEMA_VERSION, kind, wanted.period, *wanted.labels.items(), wanted.direction, shown(snapshot, wanted)
    )
    return Question(snapshot, wanted, identity)


def poured(file: File, kind: Kind, question: Question, watch: Watch) -> Tally:
    """Text that lies ready is taken where the file can."""
    tally = Tally(kind.columns, kind.sums)
    if kind.ready is not None and isinstance(file, Quick):
        quickly(file, kind.ready(question, type(file)), tally, watch)
        return tally
    rows = kind.rows(question)
    watch(0, rows.total)
    for portion in rows.portions:
        file.write(portion)
        tally.add(portion)
        watch(tally.rows, rows.total)
    return tally


def quickly(file: Quick, rows: ReadyRows, tally: Tally, watch: Watch) -> None:
    watch(0, rows.total)
    for ready in rows.portions:
        file.write_ready(ready.parts)
        tally.sum_up(ready.summed)
        watch(tally.rows, rows.total)


def facts_of(order: Order, question: Question, tally: Tally) -> dict[str, Any]:
    return {
        "export_id": question.export_id,
        "kind": order.kind,
        "schema_version": SCHEMA_VERSION,
        "period": order.wanted.period,
        **order.wanted.labels,
        "exported_at_utc": clocks.utc(question.snapshot.at),
        "hub_party_id": question.snapshot.hub.code,
        "rows": tally.rows,
    }


def beside(question: Question, facts: dict[str, Any], tally: Tally, found: Sequence[Step]) -> Beside:
    sheets = [
        Sheet(title, KINDS[name].columns, KINDS[name].rows(question).portions)
        for title, name in (("Exceptions", "exceptions"), ("Tax", "tax_summary"))
    ]
    sums = [(currency, *found) for currency, found in sorted(tally.sums.items())]
    return Beside(list(facts.items()), sums, found, sheets)
