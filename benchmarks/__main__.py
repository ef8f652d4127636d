"""Runs the benchmarks: all of them, or those named."""

import sys

from benchmarks import deliveries, pricing, request_cost

ALL = {"requests": request_cost.run, "deliveries": deliveries.run, "pricing": pricing.run}


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; there are: {', '.join(ALL)}\n")
        return 2
    for name in names or ALL:
        ALL[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
