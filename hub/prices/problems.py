"""What cannot be done with the price book, each with the remedy in its message."""

from collections.abc import Sequence
from dataclasses import dataclass


class PriceProblem(Exception):
    """The price book does not allow this."""


class NoSuchTariff(PriceProblem):
    """The price book has no such tariff."""


class NoSuchVersion(PriceProblem):
    """The tariff has no such version."""


class StaleEdit(PriceProblem):
    """Somebody else has changed the tariff meanwhile: look at it again, then repeat the change."""


class Retroactive(PriceProblem):
    """That moment is past: prices are changed from now on, never backwards."""


class Overlapping(PriceProblem):
    """Two versions would hold at one moment."""


class NothingHolds(PriceProblem):
    """No version holds at that moment: there is nothing to end."""


class NotWithdrawable(PriceProblem):
    """Only what has not taken force yet can be withdrawn."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a draft is refused: where in it, by which rule, why, for which moment for example, what to do."""

    rule: str
    path: str
    message: str
    remedy: str
    example: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        example = f" For example {self.example}." if self.example else ""
        return f"{where}{self.message} [{self.rule}].{example} {self.remedy}"


class DraftRefused(PriceProblem):
    """The draft cannot be published; nothing of it was."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        more = f" And {len(refusals) - 1} more." if len(refusals) > 1 else ""
        super().__init__(f"{refusals[0]}{more}")
