"""What looks wrong about the step sizes of a tariff (P-40 to P-47)."""

from collections.abc import Iterator

from tariffs.cells import Part, parts_of
from tariffs.lint.finding import Findings, Subject, finding
from tariffs.model import Dimension
from tariffs.words import WHAT, step_words

LARGE = {Dimension.ENERGY: 1000, Dimension.TIME: 900, Dimension.PARKING_TIME: 900}


def steps(subject: Subject) -> Findings:
    """Steps that are large, that differ, that cannot take effect, or that a fixed fee has."""
    yield from _of_fees(subject)
    for dimension, large in LARGE.items():
        parts = parts_of(subject.tariff.elements, None, dimension)
        for element, part in parts:
            if part.step_size >= large and part.price:
                path = f"{subject.component(element, dimension)}.step_size"
                yield finding(
                    "step-large", path, f"bills {WHAT[dimension]} {step_words(dimension, part.step_size)}"
                )
        yield from _differing(subject, dimension, parts)
    yield from _inert(subject)


def _of_fees(subject: Subject) -> Findings:
    for element, place, part in _written(subject):
        step = part.get("step_size")
        if part["type"] == Dimension.FLAT and step not in (None, 0, 1):
            path = f"elements[{element}].price_components[{place}].step_size"
            yield finding("flat-step", path, f"is {step} for a fixed fee")


def _written(subject: Subject) -> Iterator[tuple[int, int, dict[str, object]]]:
    for number, element in enumerate(subject.document["elements"]):
        for place, part in enumerate(element.get("price_components") or ()):
            yield number, place, part


def _differing(subject: Subject, dimension: Dimension, parts: list[Part]) -> Findings:
    sizes = {part.step_size for _, part in parts if part.price}
    if len(sizes) > 1:
        told = " and ".join(str(size) for size in sorted(sizes))
        yield finding("steps-differ", "elements", f"bill {WHAT[dimension]} by steps of {told}")


def _inert(subject: Subject) -> Findings:
    """Time of charging is not rounded when a priced parking time follows (P-43)."""
    if not parts_of(subject.tariff.elements, None, Dimension.PARKING_TIME):
        return
    for element, part in parts_of(subject.tariff.elements, None, Dimension.TIME):
        if part.step_size > 1 and part.price:
            path = f"{subject.component(element, Dimension.TIME)}.step_size"
            yield finding(
                "time-step-inert", path, "does nothing when the session ends parked, which has a price"
            )
            return
