"""What changed in the price book: who changed which tariff when, from which version to which, and what."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from hub.closing.exports.columns import Kind, named, turned
from hub.closing.exports.question import Question, Rows
from hub.ocpi import strictjson
from hub.store.agreements import agreements
from hub.store.pricebook import tariff_ends, tariff_versions

PORTION = 500
MOST = 40
"""So many differences are told of one change."""
OLD_TABLE = tariff_versions.alias("old")
NEW, OLD, END = tariff_versions.c, OLD_TABLE.c, tariff_ends.c

CHANGES = named(
    ("changed_utc", Kind.MOMENT, "When it was written down."),
    ("change", Kind.TEXT, "VERSION: another one follows. END: from then on none holds."),
    ("cpo", Kind.TEXT, "Whose tariff it is."),
    ("tariff_id", Kind.TEXT, "Tariff."),
    ("from_version", Kind.COUNT, "Version that held before, as was known then; empty for the first."),
    ("to_version", Kind.COUNT, "Version that holds from then on; empty at an end."),
    ("valid_from_utc", Kind.MOMENT, "From when on."),
    ("author", Kind.TEXT, "Who did it."),
    ("origin", Kind.TEXT, "OCPI: the CPO over OCPI. OPERATOR: an operator of this hub."),
    ("reason", Kind.TEXT, "Why."),
    ("withdrawn_utc", Kind.MOMENT, "When it was taken back, before it took force."),
    ("what", Kind.TEXT, "What it says otherwise, field by field."),
    ("content_sha256", Kind.TEXT, "SHA-256 of what the new version says."),
)


def changes(question: Question) -> Rows:
    """What was written down in the month, in UTC, in the order in which it was."""
    found = sorted([*versions(question), *ends(question)], key=lambda row: row[:6])
    shown = ((*row[:4], row[4] or None, row[5] or None, *row[6:]) for row in found)
    return Rows(len(found), portions(shown))


def portions(rows: Iterator[Any]) -> Iterator[Any]:
    while some := list(islice(rows, PORTION)):
        yield turned(some, len(CHANGES))


def narrowed(question: Question, table: Any) -> Iterator[Any]:
    wanted = question.wanted
    since, until = wanted.span()
    yield table.recorded_at >= since
    yield table.recorded_at < until
    if wanted.cpo is not None:
        yield table.owner == wanted.cpo.code
    if wanted.agreement is not None:
        yield table.owner.in_(select(agreements.c.cpo).where(agreements.c.id == wanted.agreement))


def versions(question: Question) -> Iterator[tuple[Any, ...]]:
    same = (OLD.owner == NEW.owner) & (OLD.key == NEW.key) & (OLD.number == NEW.supersedes)
    joined = tariff_versions.outerjoin(OLD_TABLE, same)
    after, before = (func.coalesce(each.newest, each.sent) for each in (NEW, OLD))
    query = select(tariff_versions, after.label("after"), before.label("before")).select_from(joined)
    for row in question.snapshot.streamed(query.where(*narrowed(question, NEW))):
        said = strictjson.reread(bytes(row.after))
        was = None if row.before is None else strictjson.reread(bytes(row.before))
        yield (
            row.recorded_at, "VERSION", f"{row.owner[:2]}/{row.owner[2:]}", str(said["id"]),
            row.supersedes or 0, row.number, row.valid_from, row.author, row.origin, row.reason,
            row.withdrawn_at,
            "new" if was is None else what(was, said), row.content_hash,
        )  # fmt: skip


def ends(question: Question) -> Iterator[tuple[Any, ...]]:
    same = (NEW.owner == END.owner) & (NEW.key == END.key) & (NEW.number == END.number)
    body = func.coalesce(NEW.newest, NEW.sent).label("body")
    query = select(tariff_ends, body).where(same, *narrowed(question, END))
    for row in question.snapshot.streamed(query):
        said = strictjson.reread(bytes(row.body))
        yield (
            row.recorded_at, "END", f"{row.owner[:2]}/{row.owner[2:]}", str(said["id"]), row.number, 0,
            row.at,
            row.author, row.origin, row.reason, row.withdrawn_at, "ends", None,
        )  # fmt: skip


def what(was: Any, said: Any) -> str:
    """Every field that differs, with both values, in the order of their names."""
    found = list(islice(differences(was, said, ""), MOST + 1))
    more = ["..."] if len(found) > MOST else []
    return "; ".join([*found[:MOST], *more]) or "the same"


def differences(was: Any, said: Any, path: str) -> Iterator[str]:
    before, after = parts(was), parts(said)
    if before is None or after is None:
        if was != said and path != ".last_updated":
            yield f"{path.lstrip('.')}: {brief(was)} -> {brief(said)}"
        return
    for name in sorted(before.keys() | after.keys()):
        yield from differences(before.get(name), after.get(name), f"{path}{name}")


def parts(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, dict):
        return {f".{name}": each for name, each in value.items()}
    if isinstance(value, list):
        return {f"[{place:03}]": each for place, each in enumerate(value)}
    return None


def brief(value: Any) -> str:
    told = "none" if value is None else strictjson.write(value).decode()
    return told if len(told) <= 60 else f"{told[:57]}..."
