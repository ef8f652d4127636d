"""Columns as Arrow tables, to and from Parquet and whatever engine speaks Arrow; needs the extra `scale`."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tariffs.batch import Amounts
from tariffs.columns import OPTIONAL, Columns, decode, encode

FIXED = ("began", "end", "source")


def to_table(columns: Columns) -> pa.Table:
    """A row for each session; what periods have is lists. The arrays are not copied."""
    offsets = pa.array(columns.offsets.astype(np.int32))
    lists = {"start": columns.start, **columns.optional}
    told = {name: pa.array(getattr(columns, name)) for name in FIXED}
    told |= {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, values in lists.items()}
    if columns.exact:
        exact = [columns.exact.get(place) for place in range(len(columns))]
        told["exact"] = pa.array([None if one is None else encode(one) for one in exact], pa.binary())
    currency = {} if columns.currency is None else {"currency": columns.currency}
    return pa.table(told).replace_schema_metadata(currency)


def from_table(table: pa.Table) -> Columns:
    """The columns of a table that `to_table` made, or of some of its rows."""
    table = table.combine_chunks()
    lists = {name: _flat(table[name]) for name in ("start", *OPTIONAL) if name in table.column_names}
    exact = enumerate(table["exact"].to_pylist() if "exact" in table.column_names else ())
    metadata: Mapping[bytes, bytes] = table.schema.metadata or {}
    currency = metadata.get(b"currency")
    began, end, source = (_numbers(table[name]) for name in FIXED)
    return Columns(
        offsets=_offsets(table["start"]),
        began=began,
        end=end,
        source=source,
        start=lists.pop("start"),
        optional=lists,
        currency=None if currency is None else currency.decode(),
        exact={place: decode(one) for place, one in exact if one is not None},
    )


def amounts_table(amounts: Amounts) -> pa.Table:
    """The amounts as a table, a row for each session, in the same order."""
    named = {"before_taxes": amounts.before_taxes, "after_taxes": amounts.after_taxes, "known": amounts.known}
    return pa.table({name: pa.array(values) for name, values in named.items()})


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _numbers(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(_one(column), np.int64) if len(column) else np.zeros(0, np.int64)


def _flat(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(_one(column).flatten(), np.int64) if len(column) else np.zeros(0, np.int64)


def _offsets(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if not len(column):
        return np.zeros(1, np.int64)
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = np.asarray(_one(column).offsets, np.int64)
    found -= int(found[0])
    return found
