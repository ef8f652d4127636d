"""A picture as a list of shapes: drawn once, written as SVG or PNG."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from importlib import import_module
from io import BytesIO
from typing import Any

FONT = "Helvetica, Arial, sans-serif"
SHARPNESS = 2
"""Pixels of a PNG for each unit of the drawing: text stays crisp on screens of high density."""


class PicturesMissing(RuntimeError):
    """PNG pictures need Pillow: pip install 'ocpi-hub[pictures]'. SVG needs nothing."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke through points; `dashed` for what is only a guide."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A filled shape."""

    points: tuple[tuple[float, float], ...]
    colour: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a point; `anchor` is start, middle or end."""

    at: tuple[float, float]
    words: str
    size: int = 12
    colour: str = "#333333"
    anchor: str = "start"
    bold: bool = False


Shape = Line | Area | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes on a white ground, the later over the earlier; `title` is read to those who cannot see it."""

    width: int
    height: int
    title: str
    shapes: tuple[Shape, ...]

    def svg(self) -> str:
        """As an SVG document."""
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}">',
            f"<title>{escape(self.title)}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *(SVG[type(shape)](shape) for shape in self.shapes),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def png(self) -> bytes:
        """As a PNG; PicturesMissing when Pillow is not installed."""
        try:
            image, draw, font = (import_module(f"PIL.{name}") for name in ("Image", "ImageDraw", "ImageFont"))
        except ImportError as missing:
            raise PicturesMissing from missing
        canvas = image.new("RGB", (self.width * SHARPNESS, self.height * SHARPNESS), "#ffffff")
        brush = draw.Draw(canvas)
        for shape in self.shapes:
            PNG[type(shape)](brush, font, shape)
        written = BytesIO()
        canvas.save(written, "PNG", optimize=True)
        return written.getvalue()


def _path(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{Decimal(str(round(value, 2))).normalize():f}"


def _svg_line(line: Line) -> str:
    dash = ' stroke-dasharray="4 4"' if line.dashed else ""
    return (
        f'<polyline points="{_path(line.points)}" fill="none" stroke="{line.colour}" '
        f'stroke-width="{_number(line.width)}"{dash}/>'
    )


def _svg_area(area: Area) -> str:
    return f'<polygon points="{_path(area.points)}" fill="{area.colour}"/>'


def _svg_text(text: Text) -> str:
    (x, y), weight = text.at, ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{text.size}" fill="{text.colour}" '
        f'text-anchor="{text.anchor}"{weight}>{escape(text.words)}</text>'
    )


def _pixels(points: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    return [(x * SHARPNESS, y * SHARPNESS) for x, y in points]


def _png_line(brush: Any, _font: Any, line: Line) -> None:
    width = max(round(line.width * SHARPNESS), 1)
    if not line.dashed:
        brush.line(_pixels(line.points), fill=line.colour, width=width, joint="curve")
        return
    (x, y), (to_x, to_y) = line.points[0], line.points[-1]
    count = max(int(max(abs(to_x - x), abs(to_y - y)) // 8), 1)
    for place in range(count):
        ends = [
            (x + (to_x - x) * part / count, y + (to_y - y) * part / count) for part in (place, place + 0.5)
        ]
        brush.line(_pixels(tuple(ends)), fill=line.colour, width=width)


def _png_area(brush: Any, _font: Any, area: Area) -> None:
    brush.polygon(_pixels(area.points), fill=area.colour)


def _png_text(brush: Any, font: Any, text: Text) -> None:
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[text.anchor]
    letters = font.load_default(text.size * SHARPNESS)
    stroke = {"stroke_width": 1} if text.bold and text.size > 14 else {}
    brush.text(_pixels((text.at,))[0], text.words, fill=text.colour, font=letters, anchor=anchor, **stroke)


SVG: dict[type[Any], Callable[[Any], str]] = {Line: _svg_line, Area: _svg_area, Text: _svg_text}
PNG: dict[type[Any], Callable[[Any, Any, Any], None]] = {Line: _png_line, Area: _png_area, Text: _png_text}
