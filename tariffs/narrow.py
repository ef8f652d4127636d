"""Columns of whole numbers in few bytes: each as the smallest type that holds what it varies by."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tariffs.columns import UNTOLD, Whole

TYPES = (np.uint8, np.uint16, np.uint32)


def narrowed(values: Whole) -> tuple[dict[str, Any], bytes]:
    """How to read the bytes, and the bytes: `least` + `unit` * number, of which 0 may stand for UNTOLD."""
    told = values[values != UNTOLD]
    holes = len(told) < len(values)
    least = int(told.min()) if len(told) else 0
    steps = told - least if len(told) and int(told.max()) - least < 2**63 else told
    if len(told) and steps is told:
        return {"type": "i8", "count": len(values)}, values.astype("<i8").tobytes()
    unit = int(np.gcd.reduce(steps)) or 1
    numbers = np.zeros(len(values), np.int64)
    numbers[values != UNTOLD] = steps // unit + holes
    kind = _smallest(int(numbers.max(initial=0)))
    how = {"type": np.dtype(kind).str[1:], "count": len(values), "least": least, "unit": unit, "holes": holes}
    return how, numbers.astype(np.dtype(kind).newbyteorder("<")).tobytes()


def _smallest(most: int) -> Any:
    return next((kind for kind in TYPES if most <= np.iinfo(kind).max), np.int64)


def widened(how: Mapping[str, Any], data: memoryview) -> Whole:
    """The values that `narrowed` was given."""
    numbers = np.frombuffer(data, f"<{how['type']}", how["count"]).astype(np.int64)
    if "unit" not in how:
        return numbers
    holes = numbers == 0 if how["holes"] else None
    if how["unit"] != 1:
        numbers *= how["unit"]
    offset = how["least"] - (how["unit"] if how["holes"] else 0)
    if offset:
        numbers += offset
    if holes is not None:
        numbers[holes] = UNTOLD
    return numbers
