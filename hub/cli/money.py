"""A figure on the command line, with all its digits."""

from decimal import Decimal
from typing import Any

import click

LARGEST = Decimal(10) ** 9


class FigureType(click.ParamType[Decimal]):
    """A decimal number as 0.35, never a float."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            figure = value if isinstance(value, Decimal) else Decimal(str(value))
        except ArithmeticError:
            self.fail(f"{value!r} is no number; write it as 0.35.", param, ctx)
        if not figure.is_finite() or abs(figure) >= LARGEST or figure.as_tuple().exponent < -12:  # type: ignore[operator]
            self.fail(f"{value!r} is no number with at most 12 decimals.", param, ctx)
        return figure


FIGURE = FigureType()
