"""The files that jobs have made, kept in the database: every process serves them, and none knows their path.

A file is kept in parts of a bounded size, each written and read in a transaction of its own, so that neither
memory nor a lock grows with it. It is there once `size` is told: until then its job is at it, or has died.
"""

import hashlib
import secrets
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from hub.store.base import Instant, Serial, metadata
from hub.store.engine import Store
from hub.store.unit import Unit

job_files = Table(
    "job_files",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("made_at", Instant, nullable=False, index=True),
    Column("size", BigInteger),  # null: it is not whole
    Column("sha256", String(64)),
)

job_file_parts = Table(
    "job_file_parts",
    metadata,
    Column("file_id", ForeignKey("job_files.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 0, 1, 2 ...
    Column("content", LargeBinary, nullable=False),  # zlib
)

PART = 1024 * 1024
LARGEST = 4 * 1024**3
"""Bytes of a file; more does not belong into a database."""
QUICKLY = 1
LARGEST_ID = 2**53 - 2
"""What every reader of JSON can hold."""


class TooLargeToKeep(Exception):
    """The file is larger than 4 GiB."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file that is whole."""

    id: int
    task_id: int
    name: str
    media_type: str
    size: int
    sha256: str


def begin(unit: Unit, task_id: int, name: str, media_type: str) -> int:
    """A new file, still empty; its number, which no other file has had: who fills one that was taken away
    must not fill the next."""
    number = 1 + secrets.randbelow(LARGEST_ID)
    row = {"id": number, "task_id": task_id, "name": name, "media_type": media_type, "made_at": unit.now}
    unit.connection.execute(insert(job_files).values(row))
    return number


def fill(store: Store, file_id: int, source: BinaryIO) -> JobFile:
    """All that can be read goes into it, and it is whole. TooLargeToKeep."""
    digest, size, number = hashlib.sha256(), 0, 0
    while part := source.read(PART):
        digest.update(part)
        size += len(part)
        if size > LARGEST:
            raise TooLargeToKeep(f"{TooLargeToKeep.__doc__}")
        kept = {"file_id": file_id, "number": number, "content": zlib.compress(part, QUICKLY)}
        with store.unit() as unit:
            unit.connection.execute(insert(job_file_parts).values(kept))
        number += 1
    with store.unit() as unit:
        whole = update(job_files).where(job_files.c.id == file_id)
        unit.connection.execute(whole.values(size=size, sha256=digest.hexdigest()))
        return one(unit, file_id)


def one(unit: Unit, file_id: int) -> JobFile:
    row = unit.connection.execute(select(job_files).where(job_files.c.id == file_id)).one()
    return JobFile(**{name: getattr(row, name) for name in JobFile.__annotations__})


def of_task(unit: Unit, task_id: int, file_id: int) -> JobFile | None:
    """A file of a job; None when it was taken away."""
    mine = [job_files.c.id == file_id, job_files.c.task_id == task_id, job_files.c.size.is_not(None)]
    found = unit.connection.execute(select(job_files.c.id).where(*mine)).scalar()
    return None if found is None else one(unit, found)


def parts(store: Store, file_id: int) -> Iterator[bytes]:
    """Its content, a part at a time; it ends early when the file is taken away meanwhile."""
    number = 0
    while True:
        mine = [job_file_parts.c.file_id == file_id, job_file_parts.c.number == number]
        with store.reading() as unit:
            found = unit.connection.execute(select(job_file_parts.c.content).where(*mine)).scalar()
        if found is None:
            return
        yield zlib.decompress(found)
        number += 1


def remove(unit: Unit, file_ids: Collection[int]) -> None:
    unit.connection.execute(delete(job_files).where(job_files.c.id.in_(file_ids)))


def forget_of(unit: Unit, task_id: int) -> None:
    """Whatever a job has made so far, and what one that died has left."""
    unit.connection.execute(delete(job_files).where(job_files.c.task_id == task_id))
