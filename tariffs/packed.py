"""Billed sessions to be priced again without reading documents: columns, labels, amounts, all as bytes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np

from tariffs.batch import Share
from tariffs.batch_runner import MOST, Flags
from tariffs.columns import Columns, Whole, decode, encode, unpack
from tariffs.columns import joined as joined_columns
from tariffs.lines import Group
from tariffs.narrow import narrowed, widened
from tariffs.rounding import counted
from tariffs.what_if import UNKNOWN, Case
from tariffs.what_if_columns import Batch, Claimed, Labels

PLACES = 6
"""Amounts are kept in millionths of their currency."""
AXES = ("partner", "location", "tariff")
FORM = 1


@dataclass(frozen=True, slots=True)
class Billed:
    """A session with what is known of its bill: `number` is whose, `tariff` the one that it was priced by."""

    number: int
    case: Case
    tariff: str = UNKNOWN


@dataclass(frozen=True, eq=False)
class Packed:
    """Many of them, at places of one time zone and in one currency. `numbers` tells them apart."""

    time_zone: str
    columns: Columns
    numbers: Whole
    labels: Mapping[str, Labels]
    claimed: Claimed

    def __len__(self) -> int:
        return len(self.numbers)

    def batch(self, name: Callable[[int], str] = str) -> Batch:
        """As `what_if_columns` takes it; `name` tells what a number is called."""
        numbers = self.numbers
        return Batch(
            self.columns,
            self.time_zone,
            self.labels["partner"],
            self.labels["location"],
            lambda place: name(int(numbers[place])),
        )

    def where(self, chosen: Flags) -> "Packed":
        """Some of them."""
        if chosen.all():
            return self
        return Packed(
            self.time_zone,
            self.columns.where(chosen),
            self.numbers[chosen],
            {axis: labels.where(chosen) for axis, labels in self.labels.items()},
            self.claimed.where(chosen),
        )

    def labelled(self, axis: str, names: Iterable[str]) -> Flags:
        """Which of them bear one of these names, whatever its case."""
        wanted = {name.casefold() for name in names}
        labels = self.labels[axis]
        return np.array([name.casefold() in wanted for name in labels.names], np.bool_)[labels.codes]


def pack_billed(given: Iterable[Billed], most: int = 5_000) -> Iterator[Packed]:
    """Billed sessions by time zone and currency, up to so many together."""
    groups: dict[tuple[str, str], list[Billed]] = {}
    for one in given:
        key = one.case.time_zone, (one.case.session.currency or "").upper()
        mine = groups.setdefault(key, [])
        mine.append(one)
        if len(mine) >= most:
            yield _packed(*key, groups.pop(key))
    for (zone, currency), mine in groups.items():
        yield _packed(zone, currency, mine)


def _packed(zone: str, currency: str, given: Sequence[Billed]) -> Packed:
    named = {
        "partner": [one.case.partner for one in given],
        "location": [one.case.location for one in given],
        "tariff": [one.tariff for one in given],
    }
    return Packed(
        zone,
        unpack([encode(one.case.session) for one in given]),
        np.array([one.number for one in given], np.int64),
        {axis: _labels(names) for axis, names in named.items()},
        _claimed(currency, [one.case for one in given]),
    )


def _labels(names: Sequence[str]) -> Labels:
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return Labels(np.array([places[name] for name in names], np.int64), tuple(places))


def _claimed(currency: str, cases: Sequence[Case]) -> Claimed:
    nets = [None if case.claims is None else case.claims.total.net for case in cases]
    shares = {}
    for group in Group:
        of = [None if case.claims is None else _net(case, group) for case in cases]
        if any(net is not None for net in of):
            shares[str(group)] = Share(*_columns(of))
    net, told = _columns(nets)
    return Claimed(currency, PLACES, net, told, shares)


def _net(case: Case, group: str) -> Decimal | None:
    assert case.claims is not None
    claim = case.claims.shares.get(group)
    return None if claim is None else claim.net


def _columns(amounts: Sequence[Decimal | None]) -> tuple[Whole, Flags]:
    counted = [None if one is None else _counted(one) for one in amounts]
    held = [None if one is None or abs(one) >= MOST else one for one in counted]  # the absurd is not told
    return np.array([one or 0 for one in held], np.int64), np.array(
        [one is not None for one in held], np.bool_
    )


def _counted(amount: Decimal) -> int:
    return counted(Fraction(amount), 1, PLACES)


def joined(parts: Sequence[Packed]) -> Packed:
    """Several of one time zone and currency as one."""
    first = parts[0]
    return Packed(
        first.time_zone,
        joined_columns([part.columns for part in parts]),
        np.concatenate([part.numbers for part in parts]),
        {axis: _joined_labels([part.labels[axis] for part in parts]) for axis in first.labels},
        _joined_claims([part.claimed for part in parts]),
    )


def _joined_labels(parts: Sequence[Labels]) -> Labels:
    return _labels([part.names[code] for part in parts for code in part.codes.tolist()])


def _joined_claims(parts: Sequence[Claimed]) -> Claimed:
    names = dict.fromkeys(name for part in parts for name in part.shares)
    shares = {}
    for name in names:
        held = [part.shares.get(name) or _no_share(len(part.net)) for part in parts]
        shares[name] = Share(
            np.concatenate([one.net for one in held]), np.concatenate([one.used for one in held])
        )
    net, told = (np.concatenate([getattr(part, name) for part in parts]) for name in ("net", "told"))
    return Claimed(parts[0].currency, PLACES, net, told, shares)


def _no_share(count: int) -> Share:
    return Share(np.zeros(count, np.int64), np.zeros(count, np.bool_))


# As bytes --------------------------------------------------------------------------------------------------


def to_bytes(packed: Packed) -> bytes:
    """A head in JSON that says what follows: the columns, one after the other."""
    columns, claimed = packed.columns, packed.claimed
    arrays = {
        "numbers": packed.numbers,
        "counts": np.diff(columns.offsets),
        "began": columns.began,
        "length": columns.end - columns.began,
        "source": columns.source,
        "start": columns.start - np.repeat(columns.began, np.diff(columns.offsets)),
        **{f"column {name}": column for name, column in columns.optional.items()},
        **{f"label {axis}": labels.codes for axis, labels in packed.labels.items()},
        "net": claimed.net,
        "told": claimed.told.astype(np.int64),
        **{f"share {name}": share.net for name, share in claimed.shares.items()},
        **{f"used {name}": share.used.astype(np.int64) for name, share in claimed.shares.items()},
    }
    written = {name: narrowed(array) for name, array in arrays.items()}
    exact = {str(place): encode(session) for place, session in columns.exact.items()}
    head = {
        "form": FORM,
        "zone": packed.time_zone,
        "currency": [columns.currency, claimed.currency],
        "names": {axis: list(labels.names) for axis, labels in packed.labels.items()},
        "exact": exact,
        "arrays": {name: how for name, (how, _) in written.items()},
    }
    told = msgspec.json.encode(head)
    return b"".join([len(told).to_bytes(4, "little"), told, *(data for _, data in written.values())])


def from_bytes(data: bytes) -> Packed:
    """What `to_bytes` was given; ValueError when the bytes are none of its own."""
    size = 4 + int.from_bytes(data[:4], "little")
    head = msgspec.json.decode(data[4:size])
    if head.get("form") != FORM:
        raise ValueError("not packed sessions of this form")
    of = _arrays(head["arrays"], memoryview(data)[size:])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(of["counts"])])
    currency, claimed = head["currency"]
    exact = {
        int(place): decode(msgspec.json.decode(f'"{text}"', type=bytes))
        for place, text in head["exact"].items()
    }
    columns = Columns(
        offsets,
        of["began"],
        of["began"] + of["length"],
        of["source"],
        of["start"] + np.repeat(of["began"], of["counts"]),
        _named(of, "column "),
        currency,
        exact,
    )
    labels = {axis: Labels(codes, head["names"][axis]) for axis, codes in _named(of, "label ").items()}
    used = _named(of, "used ")
    shares = {name: Share(net, used[name] != 0) for name, net in _named(of, "share ").items()}
    return Packed(
        head["zone"],
        columns,
        of["numbers"],
        labels,
        Claimed(claimed, PLACES, of["net"], of["told"] != 0, shares),
    )


def _arrays(how: Mapping[str, Any], data: memoryview) -> dict[str, Whole]:
    sizes = [one["count"] * np.dtype(one["type"]).itemsize for one in how.values()]
    ends = list(accumulate(sizes))
    spans = zip(how.items(), sizes, ends, strict=True)
    return {name: widened(one, data[end - size : end]) for (name, one), size, end in spans}


def _named(arrays: Mapping[str, Whole], prefix: str) -> dict[str, Whole]:
    return {name.removeprefix(prefix): one for name, one in arrays.items() if name.startswith(prefix)}
