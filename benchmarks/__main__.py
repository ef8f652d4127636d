"""Runs the benchmarks: all of them, or those named; of some, the parts that are named behind them."""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from benchmarks import clearing, closing, deliveries, exports, prices, pricing, request_cost

ALL: Mapping[str, Callable[..., None]] = {
    "requests": request_cost.run,
    "deliveries": deliveries.run,
    "pricing": pricing.run,
    "prices": prices.run,
    "clearing": clearing.run,
    "closing": closing.run,
    "exports": exports.run,
}
PARTS: Mapping[str, Collection[str]] = {"prices": prices.PARTS}
"""`python -m benchmarks prices publish` runs one part alone."""
OPTIONS: Mapping[str, Collection[str]] = {"closing": ("--cdrs", "--on")}
"""`python -m benchmarks closing --cdrs 1000000 --on SQLite`: each has a value."""


def main(words: Sequence[str]) -> int:
    try:
        chosen = list(read(words)) or [(name, []) for name in ALL]
    except KeyError as unknown:
        sys.stderr.write(f"no benchmark {unknown.args[0]}; there are: {', '.join(ALL)}\n")
        return 2
    for name, parts in chosen:
        ALL[name](*parts)
    return 0


def read(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each benchmark with its parts; KeyError for a word that is neither."""
    rest = list(words)
    while rest:
        name = rest.pop(0)
        if name not in ALL:
            raise KeyError(name)
        parts = []
        while rest and rest[0] in PARTS.get(name, ()):
            parts.append(rest.pop(0))
        while len(rest) > 1 and rest[0] in OPTIONS.get(name, ()):
            parts += [rest.pop(0), rest.pop(0)]
        yield name, parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
